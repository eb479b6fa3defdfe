"""Print, one a line, what pip can be run from: "" if it is installed, then the wheels that come with ensurepip."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from pathlib import Path


def main() -> None:
    """Look in the places where a Python keeps pip."""
    sys.path.pop(0)
    if importlib.util.find_spec("pip") is not None:
        print()
    folders = [sysconfig.get_config_var("WHEEL_PKG_DIR")]
    spec = importlib.util.find_spec("ensurepip")
    if spec is not None and spec.origin:
        folders.append(str(Path(spec.origin).parent / "_bundled"))
    for folder in filter(None, folders):
        for wheel in sorted(Path(folder).glob("pip-*.whl"), reverse=True):
            print(wheel)


if __name__ == "__main__":
    main()
