"""Programs that run beside QGIS: their lines as they come, and an end within a moment when the user cancels."""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import shutil
import subprocess  # nosec B404 - runs QGIS's own Python and nvidia-smi, never through a shell
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ..core.runtime.errors import InputError
from ..core.runtime.progress import Progress

CHILD = Path(__file__).parent / "child"
"""The scripts that run in a process of their own."""

_POLL = 0.2
"""Seconds between two questions whether to stop."""
_IDENTITY = "import os, sys; print(sys.version); print(os.path.realpath(sys.base_prefix))"


def run(
    command: Sequence[str],
    progress: Progress,
    line: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a program and hand over each line that it prints; returns its exit code.

    Its standard input stays open as long as this process lives.

    Raises:
        Cancelled: the user stopped; the program has been ended.
        InputError: it cannot be started.
    """
    try:
        child = subprocess.Popen(  # nosec B603 - a list of arguments, no shell
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ if environment is None else environment),
            text=True,
            encoding="utf-8",
            errors="replace",
            # Without this, Windows opens a console window.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise InputError(f"{command[0]} cannot be started ({error.strerror or error}); install QGIS again.") from None
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(child, lines), daemon=True)
    reader.start()
    try:
        while True:
            progress.check()
            with contextlib.suppress(queue.Empty):
                text = lines.get(timeout=_POLL)
                if text is None:
                    break
                line(text.rstrip())
        while child.poll() is None:  # its output is closed, it is about to end
            progress.check()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_POLL)
        return child.returncode
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _read(child: subprocess.Popen, lines: queue.Queue[str | None]) -> None:
    with contextlib.suppress(ValueError):  # closed meanwhile
        for text in child.stdout or ():
            lines.put(text)
    lines.put(None)


@functools.lru_cache(maxsize=1)
def qgis_python() -> str:
    """The program that runs scripts with the very Python inside QGIS.

    ``sys.executable`` is QGIS itself on Windows and macOS, and any Python of the search path in an embedded one, so
    each candidate is asked who it is.

    Raises:
        InputError: none of them is it.
    """
    mine = (sys.version, os.path.realpath(sys.base_prefix))
    for candidate in dict.fromkeys(_candidates()):
        if _identity(candidate) == mine:
            return candidate
    raise InputError(
        f"The program of QGIS's Python ({sys.version.split()[0]} in {sys.base_prefix}) was not found; install PyTorch "
        "by hand, as docs/how-to-install.md shows."
    )


def _candidates() -> Iterator[str]:
    major, minor = sys.version_info[:2]
    names = [f"python{major}.{minor}", f"python{major}", "python"]
    if sys.platform == "win32":
        names = ["python.exe", "python3.exe"]
    here = Path(sys.executable or os.curdir)
    if here.stem.lower().startswith("python"):
        yield str(here)
    bases = [Path(base) for base in (sys.exec_prefix, sys.base_exec_prefix, sys.base_prefix)]
    for folder in [*bases, *(base / "bin" for base in bases), here.parent / "bin", here.parent]:
        for name in names:
            if (folder / name).is_file():
                yield str(folder / name)
    for name in names:
        found = shutil.which(name)
        if found:
            yield found


def _identity(python: str) -> tuple[str, str] | None:
    code, text = output_of([python, "-c", _IDENTITY])
    *version, prefix = text.strip().splitlines() or [""]
    return ("\n".join(version), prefix) if code == 0 else None


def output_of(command: Sequence[str], seconds: float = 20) -> tuple[int, str]:
    """Exit code and output of a program that answers at once; (-1, why) if it does not."""
    try:
        done = subprocess.run(  # nosec B603 - a list of arguments, no shell
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.SubprocessError) as error:
        return -1, str(error)
    return done.returncode, done.stdout
