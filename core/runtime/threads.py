"""Threads: pieces of work side by side, and a background writer.

The numeric libraries release Python's lock while they compute, so threads use all cores. While they do, OpenBLAS
must not split numpy's matrix products between threads of its own, which burn time waiting for each other: with
threadpoolctl (an optional package) it is limited to one.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Callable

from .errors import Cancelled
from .progress import Forwarded, Progress

_POLL_SECONDS = 0.2  # between two checks for cancellation
_PATIENCE = 0.5  # seconds that a cancelled job waits for its thread: Cancel is answered within one


def ignore_overflow() -> None:
    """Set numpy's handling of numbers that overflow or are not defined for this thread: they are not warned of.

    Every thread has a setting of its own. Results are checked for such numbers where they are written.
    """
    import numpy as np  # here, as QGIS loads this when it starts

    np.seterr(all="ignore")


def usable_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def wait_for(future: Future, progress: Progress) -> Any:
    """Wait for a future, with checks for cancellation.

    Args:
        future: the future.
        progress: asked for cancellation.

    Returns:
        The future's result.

    Raises:
        Cancelled: the user asked to stop before it was there.
    """
    progress.check()
    while not wait([future], _POLL_SECONDS).done:
        progress.check()
    return future.result()


def run_cancellable(work: Callable[[], Any], progress: Progress) -> Any:
    """Run ``work`` in a thread, so that a call that takes seconds can be abandoned when the user cancels.

    Args:
        work: called without arguments, in a thread of its own.
        progress: asked for cancellation.

    Returns:
        What ``work`` returns.

    Raises:
        Cancelled: the user asked to stop; the thread ends by itself when ``work`` does. And what ``work`` raises.
    """
    pool = ThreadPoolExecutor(1, "ssml", ignore_overflow)
    future = pool.submit(work)
    try:
        return wait_for(future, progress)
    finally:
        pool.shutdown(wait=future.done())


class Beside(Forwarded):
    """Work on a thread of its own while the caller goes on; a context manager. It is the progress that the caller goes
    on with: what the work raises is raised as soon as that is asked whether to stop.

    Args:
        work: called without arguments.
        progress: receives the caller's progress; asked for cancellation.
    """

    def __init__(self, work: Callable[[], Any], progress: Progress) -> None:
        super().__init__(progress)
        self._pool = ThreadPoolExecutor(1, "ssml", ignore_overflow)
        self._future = self._pool.submit(work)

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *exception: object) -> None:
        kind = exception[0]
        stopped = isinstance(kind, type) and issubclass(kind, Cancelled)
        wait([self._future], _PATIENCE if stopped else None)
        self._pool.shutdown(wait=self._future.done())  # no thread is left behind but one that takes long to cancel

    def result(self) -> Any:
        """Wait for the work.

        Returns:
            What it returned.

        Raises:
            Cancelled: the user asked to stop before it was there. And what the work raised.
        """
        return wait_for(self._future, self._outer)

    def cancelled(self) -> bool:
        """As :meth:`Progress.cancelled`; raises what the work raised."""
        if self._future.done():
            self._future.result()
        return self._outer.cancelled()


class _UnsplitProducts:
    """While a thread is inside, a matrix product of numpy is computed by the thread that asks for it."""

    def __init__(self) -> None:
        self._lock, self._inside, self._limits = threading.Lock(), 0, None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._limits = _one_thread_each()
            self._inside += 1

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._limits is not None:
                self._limits.restore_original_limits()


def _one_thread_each() -> Any:
    """Limits the libraries of linear algebra that are loaded; None without threadpoolctl."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return None
    return threadpool_limits(1, user_api="blas")


_unsplit_products = _UnsplitProducts()


class Workers:
    """A pool of threads; a context manager that finishes the work it has begun and drops what waits.

    Args:
        count: of threads; one for each core by default.
        prepare: called by each thread before its first piece of work.
    """

    def __init__(self, count: int | None = None, prepare: Callable[[], object] | None = None) -> None:
        self.count = count or usable_cores()
        self._prepare = prepare
        self._pool = ThreadPoolExecutor(self.count, "ssml", self._begin)

    def _begin(self) -> None:
        ignore_overflow()
        if self._prepare is not None:
            self._prepare()

    def __enter__(self) -> Workers:
        _unsplit_products.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
        _unsplit_products.__exit__()

    def close(self) -> None:
        """What leaving the context does, for one that was not entered."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future:
        """Begin a piece of work.

        Args:
            work: the function.
            *arguments: its arguments.

        Returns:
            The future of its result.
        """
        return self._pool.submit(work, *arguments)

    def run(self, work: Callable[[Any], Any], items: Iterable[Any], progress: Progress) -> list[Any]:
        """Map ``work`` over items, in parallel.

        Args:
            work: a function of one item.
            items: its arguments.
            progress: asked for cancellation.

        Returns:
            The results, in the order of the items.

        Raises:
            Cancelled: the user asked to stop. And what ``work`` raises.
        """
        futures = [self.submit(work, item) for item in items]
        try:
            return [wait_for(future, progress) for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def ahead(self, work: Callable[[Any], Any], items: Iterable[Any], progress: Progress) -> Iterator[Any]:
        """Map ``work`` over items one by one, the next one while the caller uses the one before.

        Args:
            work: a function of one item; never called twice at once.
            items: its arguments.
            progress: asked for cancellation.

        Yields:
            The results, in the order of the items.

        Raises:
            Cancelled: the user asked to stop. And what ``work`` raises.
        """
        following: Future | None = None
        for item in items:
            ready = () if following is None else (wait_for(following, progress),)
            following = self.submit(work, item)
            yield from ready
        if following is not None:
            yield wait_for(following, progress)


class BackgroundWriter:
    """Does pieces of work one after the other on a thread of its own while the caller goes on; a context manager.

    At most ``depth`` pieces wait: then the caller does, so that memory stays bounded. What a piece raises is raised at
    the next call or at the end of the ``with`` block.

    Args:
        progress: asked for cancellation while the caller waits.
        depth: pieces of work that may wait, 1 or more.
    """

    def __init__(self, progress: Progress, depth: int = 2) -> None:
        self._progress, self._depth = progress, depth
        self._waiting: deque[Future] = deque()
        self._worker = Workers(1)

    def __enter__(self) -> BackgroundWriter:
        return self

    def __exit__(self, kind: type | None, *others: object) -> None:
        try:
            while kind is None and self._waiting:
                self._take()
        finally:
            self._worker.close()

    def __call__(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Queue a piece of work; waits where ``depth`` pieces are queued.

        Args:
            work: the function.
            *arguments: its arguments.
        """
        while len(self._waiting) >= self._depth or (self._waiting and self._waiting[0].done()):
            self._take()
        self._waiting.append(self._worker.submit(work, *arguments))

    def _take(self) -> None:
        wait_for(self._waiting.popleft(), self._progress)
