"""Files that say something of their bands, and copies of them as jobs make these."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.metadata import GDAL_OF_DTYPE
from core.io.reader import RasterReader
from core.io.writer import RasterWriter

ENVI = (
    "ENVI\nsamples = 4\nlines = 3\nbands = 3\nheader offset = 0\nfile type = ENVI Standard\ndata type = 12\n"
    "interleave = bsq\nbyte order = 0\n"
    "map info = {UTM, 1, 1, 500000, 5800000, 30, 30, 33, North, WGS-84, units=Meters}\n"
)


@pytest.fixture
def envi(tmp_path):
    """A function: an ENVI file of three bands with more lines in its header; its path."""

    def write(lines, name="h.img"):
        np.arange(1, 37, dtype="<u2").tofile(tmp_path / name)
        (tmp_path / name).with_suffix(".hdr").write_text(ENVI + lines)
        return str(tmp_path / name)

    return write


def copied(path, target):
    """A raster read and written as jobs do; the path of the copy."""
    with RasterReader(path) as reader:
        block = reader.read()
        with RasterWriter(target, reader.grid, reader.metadata) as writer:
            writer.write(block.values, block.valid)
    return str(target)


@pytest.fixture
def pair(tmp_path, make_raster):
    """A function: an HSI of numbers that a byte cannot hold and a PAN of ratio 3; their paths."""

    def write(dtype):
        rng = np.random.default_rng(3)
        hsi = (rng.random((3, 12, 12)) * 9000 + 1000).astype(dtype)
        low, high = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0), (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
        pan = np.kron(hsi.mean(0), np.ones((3, 3))).astype(np.float32) + rng.random((36, 36), np.float32)
        kind = GDAL_OF_DTYPE[dtype]
        return make_raster(tmp_path / "hsi.tif", hsi, low, kind=kind), make_raster(tmp_path / "pan.tif", pan, high)

    return write
