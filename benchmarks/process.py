"""Programs that are run to their end: the time that they take, on the clock and of the processors, and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
_COMPILED = ROOT / "build" / "compiled"  # modules, of all checkouts


class Cost(NamedTuple):
    wall: float  # seconds
    processors: float  # seconds, user and system
    peak: float  # MB


def measured(command: list[str], folder: Path, checkout: Path = ROOT) -> Cost:
    """Run a program in a checkout; what it and its children took, by the operating system's account (POSIX).

    Args:
        folder: where its output is kept, as log.txt.
        checkout: whose core it imports.
    """
    log = folder / "log.txt"
    started = time.monotonic()
    with open(log, "w") as output:
        environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONPYCACHEPREFIX": str(_COMPILED)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # users' modules are compiled once
        child = subprocess.Popen(command, cwd=checkout, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command[:4])} ... ended with {child.returncode}:\n{log.read_text()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def python(*arguments: object) -> list[str]:
    """A call of this Python."""
    return [sys.executable, *map(str, arguments)]
