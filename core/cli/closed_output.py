"""Standard output and error that may lose their reader, as in ``... | head``: then a program ends silently.

Python ignores SIGPIPE and raises BrokenPipeError where a write finds nobody at the other end; what is still buffered
fails once more while the interpreter ends. A broken pipe of another kind, as to a worker process, is no such thing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

EXIT_CODE = 141  # 128 + SIGPIPE: what a shell says of programs that the signal ends
_CLOSED = {errno.EPIPE, errno.ESHUTDOWN, *([errno.EINVAL] if os.name == "nt" else [])}


class OutputClosed(BaseException):
    """The reader of standard output or error is gone. No Exception, so that no handler of failures takes it for one."""


class _WatchedStream:
    """A text stream that raises :class:`OutputClosed` where its own pipe is broken."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _closed_output_raised():
            return self._stream.write(text)

    def flush(self) -> None:
        with _closed_output_raised():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _closed_output_raised() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _CLOSED:
            raise OutputClosed from None
        raise


@contextlib.contextmanager
def watched_output() -> Iterator[None]:
    """Standard output and error are watched, and flushed at the end; where there is none, output is discarded.

    Raises:
        OutputClosed: the reader of one of them is gone. Nothing that is still buffered will be tried again.
    """
    with contextlib.ExitStack() as stack:
        streams = []
        for stream, redirect in (
            (sys.stdout, contextlib.redirect_stdout),
            (sys.stderr, contextlib.redirect_stderr),
        ):
            if stream is None:  # the program was started with the descriptor closed, or has no console
                stream = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
            streams.append(_WatchedStream(stream))
            stack.enter_context(redirect(streams[-1]))
        try:
            yield
            for watched in streams:
                watched.flush()
        except OutputClosed:
            _forget(streams)
            raise


def _forget(streams: list[_WatchedStream]) -> None:
    """Let what is buffered for a closed pipe go nowhere, so that ending the interpreter does not fail on it."""
    for stream in streams:
        try:
            stream.flush()
        except OutputClosed:
            with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
