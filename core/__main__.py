"""``python -m core``: the command line."""

from __future__ import annotations

import os
import sys

# Before numpy and PyTorch are loaded: this program has its own threads. OpenBLAS would split small products between
# threads of its own, and both would let threads that wait spin, which takes the cores from those that work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if __name__ == "__main__":
    from .cli import main

    sys.exit(main())
