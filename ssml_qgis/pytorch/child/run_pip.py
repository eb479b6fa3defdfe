"""Run pip: ``run_pip.py PIP ARGUMENT...``; PIP is a wheel or zipapp of pip to run, "" for the one that is installed.

Ends when its standard input is closed, so that no pip goes on where QGIS itself has been ended.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading


def _end_with_parent() -> None:
    # os.read and not sys.stdin, whose lock would be held when the interpreter shuts down.
    while os.read(0, 1):
        pass
    os._exit(130)


def main() -> None:
    """Hand the arguments on to pip."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pip = sys.argv[1]
    # The first entry is this script's own folder.
    sys.path[:1] = [pip] if pip else []
    sys.argv[:] = ["pip", *sys.argv[2:]]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
