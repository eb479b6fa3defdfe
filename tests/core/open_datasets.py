"""GDAL's datasets that Python holds: what is open when QGIS ends GDAL is freed twice."""

from __future__ import annotations

import gc

from osgeo import gdal


def open_datasets() -> int:
    """How many there are."""
    return sum(isinstance(held, gdal.Dataset) for held in gc.get_objects())
