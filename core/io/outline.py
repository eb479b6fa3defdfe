"""The outline of a raster by its geotransform, in any reference system."""

from __future__ import annotations

import math

import numpy as np
from osgeo import osr

from .gdal_errors import gdal_messages
from .remedies import RasterFacts, spatial_reference

_EDGE = 32  # steps along each edge of an image


def _outline_pixels(rows: int, cols: int) -> np.ndarray:
    """Points around an image, clockwise from its first corner.

    Args:
        rows: number of rows.
        cols: number of columns.

    Returns:
        (points, 2) float64, columns and rows in pixels.
    """
    along = np.arange(_EDGE) / _EDGE
    zero, one = np.zeros(_EDGE), np.ones(_EDGE)
    x = np.concatenate([along, one, 1 - along, zero]) * cols
    y = np.concatenate([zero, along, one, 1 - along]) * rows
    return np.stack([x, y], 1)


def outline_of(raster: RasterFacts, crs: str) -> np.ndarray | None:
    """The outline of a raster by its geotransform.

    Args:
        raster: the raster.
        crs: WKT of the outline's reference system; where either is unknown, both are taken to be the same.

    Returns:
        (points, 2) float64 in map units; None where it cannot be transformed.
    """
    x0, dx, rx, y0, ry, dy = raster.transform
    col, row = _outline_pixels(raster.rows, raster.cols).T
    points = np.stack([x0 + col * dx + row * rx, y0 + col * ry + row * dy], 1)
    return points if crs == raster.crs or not crs or not raster.crs else _projected(points, raster.crs, crs)


def _projected(points: np.ndarray, source: str, target: str) -> np.ndarray | None:
    with gdal_messages() as messages:
        systems = map(spatial_reference, (source, target))
        transformation = messages.call(osr.CreateCoordinateTransformation, *systems)
        found = transformation and messages.call(transformation.TransformPoints, points.tolist())
    moved = np.array(found or [[math.inf] * 3], float)[:, :2]
    return moved if len(moved) == len(points) and np.isfinite(moved).all() else None
