"""The files and options of every job, declared once. Loads neither numpy nor GDAL nor PyTorch."""

from __future__ import annotations

from .fusion import CLASSICAL, FUSE, INFO, SHARPEN, TRAIN
from .inspection import INSPECT
from .products import OPENPRODUCT
from .quality import ASSESS, COMPARE, SIMULATE

JOBS = (INSPECT, SHARPEN, TRAIN, FUSE, CLASSICAL, SIMULATE, ASSESS, COMPARE, INFO, OPENPRODUCT)
