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
_IDENTITY = "import os, sys; print(ascii((sys.version, os.path.realpath(sys.base_prefix))))"


def run(
    command: Sequence[str],
    progress: Progress,
    line: Callable[[str], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, list[str]]:
    """Run a program; its standard input stays open as long as this process lives.

    Args:
        command: the program and its arguments.
        progress: asked again and again whether to stop.
        line: called with each line that the program prints, as it comes.
        environment: of the program; that of this process by default.

    Returns:
        Its exit code, and the lines that it has printed.

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
            env=environment,
            encoding="utf-8",
            errors="replace",
            # Without this, Windows opens a console window.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise InputError(f"{command[0]} cannot be started ({error.strerror or error}); install QGIS again.") from None
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(child, lines), daemon=True).start()
    printed: list[str] = []
    with child, contextlib.ExitStack() as at_the_end:  # then streams are closed, and the program is waited for
        at_the_end.callback(child.kill)  # does nothing where it has ended
        while True:
            progress.check()
            with contextlib.suppress(queue.Empty):
                text = lines.get(timeout=_POLL)
                if text is None:
                    break
                printed.append(text.rstrip())
                if line:
                    line(printed[-1])
        while child.poll() is None:  # its output is closed, it is about to end
            progress.check()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_POLL)
    return child.returncode, printed


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
    mine = ascii((sys.version, os.path.realpath(sys.base_prefix)))
    for candidate in dict.fromkeys(_candidates()):
        if output_of([candidate, "-c", _IDENTITY])[1].strip() == mine:
            return candidate
    raise InputError(
        f"The program of QGIS's Python ({sys.version.split()[0]} in {sys.base_prefix}) was not found; install PyTorch "
        "by hand, as docs/how-to-install.md shows."
    )


def _candidates() -> Iterator[str]:
    major, minor = sys.version_info[:2]
    windows = sys.platform == "win32"
    names = ["python.exe", "python3.exe"] if windows else [f"python{major}.{minor}", f"python{major}", "python"]
    here = Path(sys.executable or os.curdir)
    if here.stem.lower().startswith("python"):
        yield str(here)
    bases = [Path(base) for base in (sys.exec_prefix, sys.base_exec_prefix, sys.base_prefix)]
    for folder in [*bases, *(base / "bin" for base in bases), here.parent / "bin", here.parent]:
        for name in names:
            if (folder / name).is_file():
                yield str(folder / name)
    yield from filter(None, map(shutil.which, names))


def output_of(command: Sequence[str], seconds: float = 20) -> tuple[int, str]:
    """Exit code and output of a program that answers at once; (-1, why) if it does not."""
    try:
        done = subprocess.run(  # nosec B603 - a list of arguments, no shell
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.SubprocessError) as error:
        return -1, str(error)
    return done.returncode, done.stdout
