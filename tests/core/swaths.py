"""A made scene seen in sensor geometry: a turned and slightly curved swath with longitudes and latitudes, a PAN on the
map beside it, and the lookup table that belongs to it."""

from __future__ import annotations

import numpy as np
from osgeo import osr

PIXEL = 30.0  # m, of the HSI; 10 m of the PAN
CORNER = 500000.0, 5800000.0  # of the PAN, EPSG:32633
SHAPE = 24, 26  # rows and columns of the HSI
WAVES = [450.0, 550.0, 650.0, 760.0, 860.0, 1380.0, 1600.0, 2200.0]
WATER = 5  # the band in water vapour


def ground(x, y):
    """Brightness, 0 to 1, at map coordinates."""
    u, v = np.asarray(x) - CORNER[0], np.asarray(y) - CORNER[1]
    waves = ((410.0, 140.0, 0.2), (165.0, 230.0, 1.0), (-124.0, 185.0, 2.1), (290.0, -107.0, 0.7), (92.0, 99.0, 3.0))
    return 0.5 + sum(0.07 * np.sin(2 * np.pi * (u / a + v / b) + phase) for a, b, phase in waves)


def on_map(rows, cols, moved=(0.0, 0.0)):
    """Map coordinates of positions in the swath, pixel edges at whole numbers; ``moved``: by how many pixels."""
    r, c = np.broadcast_arrays(np.asarray(rows, float) + moved[0], np.asarray(cols, float) + moved[1])
    c = c + 0.002 * (r - SHAPE[0] / 2) ** 2 / 6
    angle = np.deg2rad(14.0)
    x = CORNER[0] + 190.0 + PIXEL * (c * np.cos(angle) + r * np.sin(angle))
    y = CORNER[1] - 40.0 - PIXEL * (r * np.cos(angle) - c * np.sin(angle)) - 190.0
    return x, y


def degrees(x, y):
    """Longitudes and latitudes of map coordinates."""
    systems = [osr.SpatialReference(), osr.SpatialReference()]
    for system, code in zip(systems, (32633, 4326)):
        system.ImportFromEPSG(code)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    transform = osr.CoordinateTransformation(*systems)
    points = np.stack([np.ravel(x), np.ravel(y)], 1)
    found = np.array(transform.TransformPoints(points.tolist()))
    return found[:, 0].reshape(np.shape(x)), found[:, 1].reshape(np.shape(x))


def places(shape=SHAPE, moved=(0.0, 0.0)):
    """Longitudes and latitudes of pixel centres, (rows, columns)."""
    rows, cols = np.mgrid[: shape[0], : shape[1]] + 0.5
    return degrees(*on_map(rows, cols, moved))


def hsi(bands=8, shape=SHAPE, moved=(0.0, 0.0)):
    """(bands, rows, columns) float32 that the swath sees, each pixel the mean of its area."""
    fine = 6
    rows, cols = (np.mgrid[: shape[0] * fine, : shape[1] * fine] + 0.5) / fine
    seen = ground(*on_map(rows, cols, moved)).reshape(shape[0], fine, shape[1], fine).mean((1, 3))
    return np.stack([seen * (0.3 + 0.6 * i / bands) + 0.02 for i in range(bands)]).astype(np.float32)


def pan(rows=120, cols=140):
    """(rows, columns) uint16 on the map, 10 m."""
    y, x = np.mgrid[:rows, :cols] * 10.0 + 5.0
    return np.rint(ground(CORNER[0] + x, CORNER[1] - y) * 1e4).astype(np.uint16)


def lookup_table(mirrored=False):
    """Columns and lines from 1 of the nearest pixel, and the geotransform of their grid in degrees."""
    lon, lat = places()
    step = (lon.max() - lon.min()) / 34, (lat.max() - lat.min()) / 36
    west, north = lon.min() - step[0], lat.max() + step[1]
    rows, cols = np.mgrid[:38, :36]
    x, y = west + (cols + 0.5) * step[0], north - (rows + 0.5) * step[1]
    far = ((x[..., None] - lon.ravel()) / step[0]) ** 2 + ((y[..., None] - lat.ravel()) / step[1]) ** 2
    nearest = far.argmin(-1)
    line, column = nearest // SHAPE[1] + 1, nearest % SHAPE[1] + 1
    if mirrored:
        column = SHAPE[1] + 1 - column
    inside = far.min(-1) < 0.7
    transform = (west, step[0], 0.0, north, 0.0, -step[1])
    return np.where(inside, column, 0).astype(np.int32), np.where(inside, line, 0).astype(np.int32), transform


def wkt(code=4326):
    system = osr.SpatialReference()
    system.ImportFromEPSG(code)
    return system.ExportToWkt()
