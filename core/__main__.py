"""The program ``ssml``, and ``python -m core`` in a checkout: the command line."""

from __future__ import annotations

import atexit
import gc
import os
import sys

# Before numpy and PyTorch are loaded: this program has its own threads. OpenBLAS would split small products between
# threads of its own, and both would let threads that wait spin, which takes the cores from those that work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def run() -> int:
    """The whole program; returns its exit code."""
    from .runtime.memory import keep_memory, spare_memory

    keep_memory()
    atexit.register(gc.freeze)  # what is still there at the end, the system takes back faster than Python
    from .cli.main import main

    return main(scarce=spare_memory)


if __name__ == "__main__":
    sys.exit(run())
