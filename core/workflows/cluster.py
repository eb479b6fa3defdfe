"""Fusion on a Dask cluster: workers compute strips of one scene, and the one who asked puts them into one raster.

A strip has the very bits that it has where the scene is fused as a whole (:class:`..fusion.engine.Share`). Workers
stage finished strips in a hidden folder beside the output and write nothing else; Dask gives the strip of a worker that
is lost to another one. A worker stops as soon as that folder is gone, so nobody works for a job that has ended.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from ..fusion.engine import Fused, Share, fuse, shares
from ..fusion.method import FittedMethod
from ..io.grid import Window
from ..io.metadata import RasterMetadata
from ..runtime.atomic_files import working_folder
from ..runtime.devices import require_torch
from ..runtime.errors import InputError, MissingDependencyError
from ..runtime.progress import Progress
from ..runtime.versions import versions
from ..scene.scene import Scene
from .dask_versions import check_scheduler, check_workers
from .output import Outputs, valid_pixels

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
LOCAL_WORKERS = 2
LEAST_ROWS = 512  # of a strip: its margins, which are computed twice, shall not be most of it
_CONNECT_TIMEOUT = 10.0  # seconds to wait for a scheduler
_TIMEOUT = 60.0  # seconds to wait for a worker where there is none, and for a file to be seen
_POLL_INTERVAL = 0.1  # seconds
_EXACT_VERSIONS = ("SSML", "numpy", "PyTorch")  # versions on which the last digits depend


@dataclass(frozen=True)
class StripJob:
    """What a worker computes with; it is pickled, and the files of the scene are opened where it is unpickled.

    Attributes:
        scene, method: what is fused, and the method that was fitted to it.
        window: of the output. stored: of the raster. disagreement: whether it is wanted.
        folder: where strips are staged.
        threads: of PyTorch on a CPU. versions: of what the result is computed with. By default those that are in use
            where the job is started.
    """

    scene: Scene
    method: FittedMethod
    window: Window
    stored: RasterMetadata
    disagreement: bool
    folder: str
    threads: int = field(default_factory=lambda: require_torch().get_num_threads())
    versions: dict[str, str] = field(default_factory=versions)


@contextlib.contextmanager
def connect(address: str, progress: Progress) -> Iterator[Client]:
    """A client of a scheduler, or of a cluster of processes on this machine.

    Args:
        address: of the scheduler, or "local".
        progress: receives a message.

    Yields:
        The client.

    Raises:
        MissingDependencyError: Dask is not installed.
        InputError: no scheduler answers, or one of another version of Dask.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise MissingDependencyError(
            "Fusing on a cluster needs Dask, which is not installed; install it into the Python in use (python -m pip "
            "install dask[distributed])."
        ) from None
    with contextlib.ExitStack() as stack:
        target: Any = address
        if address == LOCAL:
            target = LocalCluster(
                n_workers=LOCAL_WORKERS,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
                silence_logs=logging.CRITICAL,
            )
            stack.enter_context(target)
        try:
            if address != LOCAL:
                check_scheduler(address, _CONNECT_TIMEOUT)
            client = Client(target, timeout=_CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, ValueError):
            raise InputError(
                f"No Dask scheduler answers at {address}; start one (dask scheduler), or give {LOCAL} to use this "
                "machine."
            ) from None
        stack.callback(client.close, timeout=1)
        progress.info(f"Fusing on the Dask cluster at {_scheduler(client)}.")
        yield client


def _scheduler(client: Client) -> str:
    """Its address; the client forgets it when the connection is lost."""
    address = client.scheduler.address if client.scheduler is not None else None
    return address or "an address that is no longer known"


def fuse_on_cluster(
    client: Client,
    scene: Scene,
    method: FittedMethod,
    outputs: Outputs,
    memory: float | None,
    progress: Progress,
    window: Window,
    stored: RasterMetadata,
) -> Iterator[Fused]:
    """The same pieces that :func:`..fusion.engine.fuse` gives, from top to bottom, made by workers.

    Args:
        client: of the cluster.
        scene: what is fused.
        method: fitted to the scene.
        outputs: the rasters that will be written; strips are staged beside the fused one.
        memory: budget of each worker in GB.
        progress: receives progress; asked whether to stop.
        window: of the output.
        stored: metadata of the raster.

    Yields:
        Pieces that cover the window.

    Raises:
        InputError: a worker cannot do what it is asked to, or there is none.
        Cancelled: the user stopped the job.
    """
    _wait_for_workers(client, progress)
    check_workers(client)
    count = len(client.nthreads())
    rows = max(LEAST_ROWS, -(-window.rows // (2 * count)))
    parts = shares(scene, method, window, rows, memory, stored)
    progress.info(f"Strips of {parts[0].rows[1] - parts[0].rows[0]} rows: {len(parts)}; workers: {count}.")
    with working_folder(outputs.output) as folder:
        job = StripJob(scene, method, window, stored, bool(outputs.disagreement), folder)
        waiting: deque[tuple[Share, Future]] = deque()
        try:
            for part in parts:
                while len(waiting) > len(client.nthreads()):  # so that few strips are staged at a time
                    yield from _finished(client, job, waiting, progress)
                key = f"strip-{os.path.basename(folder)}-{part.rows[0]}"
                waiting.append((part, client.submit(make_strip, job, part, key=key, pure=False)))
            while waiting:
                yield from _finished(client, job, waiting, progress)
        finally:
            with contextlib.suppress(Exception):
                client.cancel([future for _, future in waiting])


def _wait_for_workers(client: Client, progress: Progress) -> None:
    sentence = f"The Dask cluster at {_scheduler(client)} has no worker; start some (dask worker ADDRESS)."
    _wait_until(client.nthreads, sentence, progress)


def _wait_until(ready: Callable[[], object], sentence: str, progress: Progress) -> None:
    """Polls; refuses with the sentence when it takes too long."""
    until = time.monotonic() + _TIMEOUT
    while not ready():
        progress.check()
        if time.monotonic() > until:
            raise InputError(sentence)
        time.sleep(_POLL_INTERVAL)


def _finished(
    client: Client, job: StripJob, waiting: deque[tuple[Share, Future]], progress: Progress
) -> Iterator[Fused]:
    """The pieces of the first strip that was asked for."""
    (start, stop), future = waiting[0][0].rows, waiting[0][1]
    looked = time.monotonic()
    while future.status == "pending":
        progress.check()
        if time.monotonic() > looked + 1.0:
            _wait_for_workers(client, progress)
            looked = time.monotonic()
        time.sleep(_POLL_INTERVAL)
    path = _result(future, start, stop)
    waiting.popleft()
    # A folder on the network may be seen late.
    sentence = f"{path}, which a worker wrote, cannot be seen here; write to a folder that all share."
    _wait_until(lambda: os.path.exists(path), sentence, progress)
    for piece in _read_strip(path, job.disagreement):
        yield piece
        progress.set((piece.window.row + piece.window.rows - job.window.row) / job.window.rows)
    os.remove(path)


def _result(future: Future, start: int, stop: int) -> str:
    from distributed import KilledWorker

    if future.status in ("cancelled", "lost"):
        raise InputError("The connection to the Dask scheduler was lost; start again when it runs.")
    try:
        return future.result()
    except KilledWorker:
        raise InputError(
            f"Worker after worker was lost with rows {start} to {stop}; see in their logs why, and lower --memory if "
            "it ran out."
        ) from None
    except (ImportError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "deserializ" not in str(error):
            raise
        raise InputError(
            "The Dask scheduler or a worker cannot load this software; install it into the Python of each (pip install "
            '".[torch,dask]" in its folder), and start the job with the program ssml.'
        ) from None


# What follows runs on workers.

_ONE_STRIP = threading.Lock()  # a strip uses all cores


class _WhileFolderExists(Progress):
    """Stops when the folder of the strips is gone."""

    def __init__(self, folder: str) -> None:
        self._folder, self._looked, self._gone = folder, 0.0, False

    def cancelled(self) -> bool:
        if time.monotonic() > self._looked + 0.5:
            self._looked, self._gone = time.monotonic(), not os.path.isdir(self._folder)
        return self._gone


def make_strip(job: StripJob, share: Share) -> str:
    """Fuse a strip and stage it.

    Args:
        job: the fusion that the strip is a part of.
        share: the strip.

    Returns:
        the staged file.

    Raises:
        InputError: says on which worker, and what to do.
    """
    try:
        with _ONE_STRIP, _threads(job.threads):
            return _make_strip(job, share)
    except OSError as error:
        raise InputError(
            f"The worker {_address()} cannot write to {job.folder} ({error.strerror or error}); make room, and write "
            "the output to a folder that all workers share."
        ) from None
    except InputError as error:
        raise InputError(f"On the worker {_address()}: {error}") from None


@np.errstate(all="ignore")  # as in every job
def _make_strip(job: StripJob, share: Share) -> str:
    if not os.path.isdir(job.folder):
        raise InputError(f"{job.folder} cannot be seen; write the output to a folder that all workers share.")
    progress = _WhileFolderExists(job.folder)
    here = versions()
    for name in _EXACT_VERSIONS:
        if here.get(name) != job.versions.get(name):
            raise InputError(
                f"{name} is {here.get(name)} but {job.versions.get(name)} where the job was started; install the same "
                "versions, on which the last digits depend."
            )
    path = os.path.join(job.folder, f"{share.rows[0]}.strip")
    partial = f"{path}.{os.getpid()}.{secrets.token_hex(4)}"
    with open(partial, "wb") as file:
        for piece in fuse(job.scene, job.method, job.window, progress=progress, stored=job.stored, share=share):
            _write_piece(file, piece, job.scene, job.disagreement)
    os.replace(partial, path)
    return path


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    torch = require_torch()
    former = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(former)


def _address() -> str:
    from distributed import get_worker

    return get_worker().address


def _write_piece(file: Any, piece: Fused, scene: Scene, disagreement: bool) -> None:
    arrays: list[Any] = [np.array(astuple(piece.window)), piece.values.transpose(1, 0, 2)]
    if disagreement:
        arrays += [piece.disagreement, valid_pixels(piece, scene)]
    for array in arrays:
        np.save(file, array, allow_pickle=False)


def _read_strip(path: str, disagreement: bool) -> Iterator[Fused]:
    """The pieces of a staged strip; without a disagreement all are marked as valid, whatever has the nodata value."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        while file.tell() < size:
            window = Window(*(int(number) for number in np.load(file, allow_pickle=False)))
            values = np.load(file, allow_pickle=False).transpose(1, 0, 2)
            difference = np.broadcast_to(np.float32(0), (window.rows, window.cols))
            valid = np.broadcast_to(np.True_, difference.shape)
            if disagreement:
                difference, valid = (np.load(file, allow_pickle=False) for _ in range(2))
            yield Fused(window, values, valid, difference)
