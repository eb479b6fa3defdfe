"""``python -m core``: the command line."""

from __future__ import annotations

import ctypes
import os
import sys

# Before numpy and PyTorch are loaded: this program has its own threads. OpenBLAS would split small products between
# threads of its own, and both would let threads that wait spin, which takes the cores from those that work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_M_ARENA_MAX = -8  # of glibc's malloc.h


def _one_heap() -> None:
    """Let threads share one heap: glibc's heaps of threads give memory back that is asked for again at once, page by
    page, and what each of them keeps adds up."""
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    except (OSError, TypeError, AttributeError):  # another C library
        pass


if __name__ == "__main__":
    _one_heap()
    from .cli import main

    sys.exit(main())
