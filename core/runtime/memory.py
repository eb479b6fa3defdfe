"""How much memory a piece of work takes (the highest resident size of this process while it runs), and what is free."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading

_POLL_SECONDS = 0.02
_SCARCE = 0.5  # GB
# Options of the C library's allocator, by the numbers of glibc's malloc.h: two heaps for all threads, as with one two
# networks that learn side by side wait for each other, and more heaps keep more; all pieces from a heap, however large;
# nothing given back but what is free beyond 1 GB. Else each step of learning and each tile asks for the same memory
# again, page by page.
_KEEPING = {"M_ARENA_MAX": (-8, 2), "M_MMAP_MAX": (-4, 0), "M_TRIM_THRESHOLD": (-1, 1 << 30)}
# Where memory is scarce: large pieces are the system's own, and it has them back as soon as they are not used.
_SPARING = {"M_MMAP_MAX": (-4, 1 << 16), "M_MMAP_THRESHOLD": (-3, 200_000), "M_TRIM_THRESHOLD": (-1, 16 << 20)}


class PeakMemory:
    """A context manager that watches the process from a thread of its own.

    Attributes:
        before: bytes in use when it was entered, None where the system does not report it.
        peak: the most bytes in use while it ran, None where the system does not report it.
    """

    def __init__(self) -> None:
        self.before: int | None = None
        self.peak: int | None = None
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> PeakMemory:
        self.before = self.peak = _resident_size()
        if self.before is not None:
            self._thread = threading.Thread(target=self._watch, name="ssml-peak-memory", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
            self._sample()

    def _watch(self) -> None:
        while not self._done.wait(_POLL_SECONDS):
            self._sample()

    def _sample(self) -> None:
        self.peak = max(self.peak or 0, _resident_size() or 0)


def free_memory() -> int | None:
    """Bytes of memory that programs can still have; None where the system does not report it."""
    if sys.platform == "win32":
        return _free_memory_of_windows()
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            sizes = dict(line.split(":") for line in file)
        return int(sizes["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None


def is_scarce(budget: float | None) -> bool:
    """Whether a budget is so small that less memory is worth more time.

    Args:
        budget: GB; None for the usual one.

    Returns:
        Whether it is.
    """
    return budget is not None and 0 < budget <= _SCARCE


def keep_memory() -> None:
    """Keep memory that is free for what asks for it next, which is faster. For a program that has the process for
    itself, before there are other threads."""
    _set_allocator(_KEEPING)


def spare_memory() -> None:
    """Give large pieces back as soon as they are free, which takes less memory and more time. For a program that has
    the process for itself."""
    _set_allocator(_SPARING)


def _set_allocator(options: dict[str, tuple[int, int]]) -> None:
    with contextlib.suppress(OSError, TypeError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for option in options.values():
            mallopt(*option)


def trim_heap() -> None:
    """Trim the heap: return its free pages to the system, where the C library can (glibc); they are allocated again on
    demand."""
    with contextlib.suppress(OSError, TypeError, AttributeError):  # TypeError: Windows has no library of that name
        ctypes.CDLL(None).malloc_trim(0)


def _resident_size() -> int | None:
    """The bytes that this process has in memory; None where the system does not report them."""
    if sys.platform == "win32":
        return _resident_size_of_windows()
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


if sys.platform == "win32":

    def _free_memory_of_windows() -> int | None:
        class Status(ctypes.Structure):
            _fields_ = (
                ("size", ctypes.c_ulong),
                ("load", ctypes.c_ulong),
                ("total", ctypes.c_ulonglong),
                ("free", ctypes.c_ulonglong),
                ("others", ctypes.c_ulonglong * 5),
            )

        status = Status()
        status.size = ctypes.sizeof(status)
        return status.free if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else None

    def _resident_size_of_windows() -> int:
        """GetProcessMemoryInfo of psapi."""
        from ctypes import wintypes

        class Counters(ctypes.Structure):
            _fields_ = [("cb", wintypes.DWORD), ("PageFaultCount", wintypes.DWORD)] + [
                (name, ctypes.c_size_t)
                for name in (
                    "PeakWorkingSetSize",
                    "WorkingSetSize",
                    "QuotaPeakPagedPoolUsage",
                    "QuotaPagedPoolUsage",
                    "QuotaPeakNonPagedPoolUsage",
                    "QuotaNonPagedPoolUsage",
                    "PagefileUsage",
                    "PeakPagefileUsage",
                )
            ]

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        query = kernel.K32GetProcessMemoryInfo
        query.argtypes = [wintypes.HANDLE, ctypes.POINTER(Counters), wintypes.DWORD]
        counters = Counters()
        counters.cb = ctypes.sizeof(Counters)
        query(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.cb)
        return int(counters.WorkingSetSize)
