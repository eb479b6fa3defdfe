"""Jobs in processes of their own, to be killed, or to run beside each other."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Callable

from core.runtime.errors import InputError

from .jobs import JOBS, At, Files

# A server that has PyTorch loaded makes each process at once, and no thread of this one is copied into it.
_MAKING = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
if sys.platform != "win32":
    _MAKING.set_forkserver_preload(["torch", "core.workflows.sharpen", "tests.faults.jobs"])
_SECONDS = 120  # to wait for a process at most


def pause(name: str, files: Files, folder: str, moment: int, way: Connection) -> None:
    """Run a job; at that moment say so, and stand still."""

    def stand() -> None:
        way.send("standing")
        way.recv()

    JOBS[name].run(files, folder, At(moment, stand))
    way.send("done")


def tell(name: str, files: Files, folder: str, limit: int, way: Connection) -> None:
    """Run a job with files of at most ``limit`` bytes; say the sentence that it is refused with, or ""."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        JOBS[name].run(files, folder, At())
        way.send("")
    except InputError as error:
        way.send(str(error))
    except BaseException as error:
        way.send(f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def running(work: Callable[..., None], *arguments: Any) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process that does ``work(*arguments, connection)``, and the other end of the connection; killed at the end."""
    here, there = _MAKING.Pipe()
    process = _MAKING.Process(target=work, args=(*arguments, there), daemon=True)
    process.start()
    there.close()
    try:
        yield process, here
    finally:
        process.kill()
        process.join()
        here.close()


def heard(way: Connection) -> Any:
    """What a process says next."""
    assert way.poll(_SECONDS), "the process says nothing"
    return way.recv()


def kill(process: BaseProcess) -> None:
    """As the system does when memory runs out, or a user who has had enough."""
    os.kill(process.pid, signal.SIGKILL)
    process.join()
