"""Rasters written in one go, and what lies on the disk then."""

from __future__ import annotations

import numpy as np
from osgeo import gdal

from core.io.metadata import RasterMetadata
from core.io.writer import RasterWriter


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path, grid, values, valid=None, dtype="int16", nodata=None, **options):
    values = np.asarray(values, float)
    values = values[None] if values.ndim == 2 else values
    valid = np.ones(values.shape[1:], bool) if valid is None else np.asarray(valid, bool)
    with RasterWriter(path, grid, RasterMetadata.plain(len(values), dtype, nodata), **options) as writer:
        writer.write(values, valid)


def raw(path, dtype):
    dataset = gdal.Open(str(path))
    shape = (dataset.RasterCount, dataset.RasterYSize, dataset.RasterXSize)
    return np.frombuffer(dataset.ReadRaster(), dtype).reshape(shape)
