"""How much memory a piece of work takes (the highest resident size of this process while it runs), and what is free."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading

_POLL_SECONDS = 0.02


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
