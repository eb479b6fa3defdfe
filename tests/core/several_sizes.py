"""Ground that an HSI of 60 m, sharp bands of 10 m and bands of 20 m show, as files."""

from __future__ import annotations

import numpy as np

from core.io.array_image import ArrayImage
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.operators.pair import Operators

SIDE, RATIO, GAIN = 96, 6, 0.3
X, Y = 500000.0, 5800000.0
KNOWN = {"mtf": GAIN, "shift": "none", "contradictions": "off"}
WAVES = tuple(400.0 + 40.0 * band for band in range(12))


def degraded(values, ratio):
    """(bands, rows, columns) of 10 m as a sensor of larger pixels sees it."""
    side = SIDE // ratio
    return Operators((side, side), (SIDE, SIDE), ratio, (0.0, 0.0), GAIN).down(values.astype(np.float32))


def write(path, values, pixel, waves=(), left=0):
    """A GeoTIFF of (bands, rows, columns), ``left`` pixels further east than the others."""
    metadata = RasterMetadata.plain(len(values), "float32")
    metadata = metadata.replace(wavelengths=tuple(waves)) if len(waves) else metadata
    grid = Grid(X + left * pixel, Y, pixel, -pixel, *values.shape[1:], "EPSG:32633")
    ArrayImage(values.astype(np.float32), grid, metadata).write(path)
    return str(path)


def ground(others):
    """The truth (12 bands), three sharp bands, and others that show something else, all at 10 m: mixtures of five
    sources."""
    rng = np.random.default_rng(0)
    sources = rng.random((5, SIDE, SIDE)) * 0.1
    for size in (4, 9, 17):
        coarse = rng.random((5, SIDE // size + 2, SIDE // size + 2))
        sources += np.kron(coarse, np.ones((1, size, size)))[:, :SIDE, :SIDE]
    mixed = rng.random((12, 5)), rng.random((3, 5)) * [1, 1, 0.2, 0, 0], rng.random((others, 5))
    return tuple(100 + 300 * np.tensordot(mixing, sources, 1) for mixing in mixed)
