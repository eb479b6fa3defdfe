"""The program ``ssml``, and ``python -m core`` in a checkout: the command line."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys

# Before numpy and PyTorch are loaded: this program has its own threads. OpenBLAS would split small products between
# threads of its own, and both would let threads that wait spin, which takes the cores from those that work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Options of the C library's allocator, by the numbers of glibc's malloc.h: two heaps for all threads, as with one two
# networks that learn side by side wait for each other, and more heaps keep more; all pieces from a heap, however large;
# nothing given back but what is free beyond 1 GB. Else each step of learning and each tile asks for the same memory
# again, page by page.
_MALLOPT = {"M_ARENA_MAX": (-8, 2), "M_MMAP_MAX": (-4, 0), "M_TRIM_THRESHOLD": (-1, 1 << 30)}


def keep_memory() -> None:
    """Set the options of the allocator, before there are other threads."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # another C library
        return
    for option in _MALLOPT.values():
        mallopt(*option)


def run() -> int:
    """The whole program; returns its exit code."""
    keep_memory()
    atexit.register(gc.freeze)  # what is still there at the end, the system takes back faster than Python
    from .cli.main import main

    return main()


if __name__ == "__main__":
    sys.exit(run())
