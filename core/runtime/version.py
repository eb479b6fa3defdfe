"""The version of this software."""

from __future__ import annotations

import re
from pathlib import Path


def _version() -> str:
    """What metadata.txt says, which lies beside this package in a checkout and in the plugin; where the package was
    installed, what pip was told of it then; "unknown" where there is neither."""
    try:
        text = (Path(__file__).parents[2] / "metadata.txt").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    found = re.match(r"\[general\]\s+name=SSML .*?^version=(\S+)", text, re.MULTILINE | re.DOTALL)
    if found:
        return found.group(1)
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ssml-core")
    except PackageNotFoundError:
        return "unknown"


__version__ = _version()
