"""GDAL's failures, caught where they happen: nothing is printed, no global setting of GDAL is changed."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import IO, Any, Callable

from osgeo import gdal, osr


class GdalMessages:
    """What GDAL complained of inside one :func:`gdal_messages` block."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self._raised: list[str] = []

    def __call__(self, severity: int, number: int, text: str) -> None:
        """GDAL's error handler; warnings are ignored.

        Args:
            severity: GDAL's class of error.
            number: GDAL's number of the error, which is not used.
            text: GDAL's message.
        """
        if severity >= gdal.CE_Failure:
            self.failures.append(" ".join(text.split()))

    def call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Call a function of GDAL. Of an exception only the text is kept: its traceback would keep the dataset open
        until after the block.

        Args:
            function: the function.
            *arguments: its arguments.
            **options: its arguments by name.

        Returns:
            What it returns; None where it raises RuntimeError.
        """
        try:
            return function(*arguments, **options)
        except RuntimeError as error:
            self._raised.append(" ".join(str(error).split()))
            return None

    @property
    def write_failures(self) -> list[str]:
        """The failures that concern the file; a PROJ installation without its database writes files all the same."""
        return self._raised + [text for text in self.failures if not text.startswith("PROJ:")]

    def words(self) -> str:
        """GDAL's message as the end of a sentence: `` (GDAL: ...)``, empty where there is none."""
        text = (self.failures or self._raised or [""])[-1]
        text = text.split(" May be caused by: ")[0]  # with exceptions, new GDAL repeats its earlier messages
        return f" (GDAL: {text[:300].rstrip('.')})" if text else ""


def open_quietly(messages: GdalMessages, name: str, *arguments: Any, **options: Any) -> gdal.Dataset | None:
    """Open a dataset. The HDF5 library prints what is wrong with a damaged file itself, past GDAL's error handlers:
    these lines are caught.

    Args:
        messages: of the :func:`gdal_messages` block.
        name: what to open.
        *arguments: of ``gdal.OpenEx``, after the name.
        **options: of ``gdal.OpenEx``.

    Returns:
        The dataset; None where it cannot be opened.
    """
    with hdf5_silence if _holds_hdf5(name) else nullcontext():
        return messages.call(gdal.OpenEx, name, *arguments, **options)


def _holds_hdf5(name: str) -> bool:
    """Whether a file, or the container that a subdataset's name speaks of, has the signature of HDF5."""
    return any(_has_signature(path) for path in [name, *re.findall('"([^"]+)"', name), *name.split(":")])


def _has_signature(path: str) -> bool:
    if "\0" in path or not os.path.isfile(path):
        return False
    with suppress(OSError), open(path, "rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"
    return False


class _Hdf5Silence:
    """Keeps what HDF5 prints off the file descriptor 2; what others print there meanwhile is printed afterwards. One
    thread at a time, so that the descriptor always comes back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._saved = -1
        self._caught: IO[bytes] | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self._saved = os.dup(2)
            self._caught = tempfile.TemporaryFile()
            os.dup2(self._caught.fileno(), 2)
        except OSError:  # a program with windows may have no such descriptor
            self._caught = None

    def __exit__(self, *exception: object) -> None:
        try:
            if self._saved >= 0:
                os.dup2(self._saved, 2)
            if self._caught is not None:
                with self._caught as caught:
                    caught.seek(0)
                    others = _HDF5_LINES.sub(b"", caught.read())
                if others:
                    os.write(2, others)
        finally:
            if self._saved >= 0:
                os.close(self._saved)
            self._saved, self._caught = -1, None
            self._lock.release()


_HDF5_LINES = re.compile(rb"HDF5-DIAG: .*\n(?:  #\d+: .*\n|    (?:major|minor): .*\n)*")
hdf5_silence = _Hdf5Silence()


@contextmanager
def gdal_messages(raising: bool = True) -> Iterator[GdalMessages]:
    """Collect GDAL's failures of this thread in the yielded object instead of printing them.

    Calls inside may raise RuntimeError or return None or an error code, as the process has GDAL set up; after
    :meth:`GdalMessages.call` both look alike. GDAL 3.7 and newer are told, for this thread and block only, what to do.

    Args:
        raising: whether they raise. A dataset must be closed without: a destructor cannot raise, it prints; and where
            ``Close`` raises, GDAL 3.10 frees the dataset twice, which ends the process.

    Yields:
        The collected failures.
    """
    messages = GdalMessages()
    with ExitStack() as stack:
        for module in (gdal, osr):
            if hasattr(module, "ExceptionMgr"):
                stack.enter_context(module.ExceptionMgr(useExceptions=raising))
        gdal.PushErrorHandler(messages)
        stack.callback(gdal.PopErrorHandler)
        yield messages


def driver_name(dataset: gdal.Dataset) -> str:
    """The short name of the driver that opened a dataset.

    Args:
        dataset: the dataset.

    Returns:
        As "ENVI"; "" of a view of an array, which has none.
    """
    driver = dataset.GetDriver()
    return "" if driver is None else str(driver.ShortName)
