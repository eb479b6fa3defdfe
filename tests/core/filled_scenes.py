"""Scenes of which a part is filled with a number that no file declares."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

LOW = (500000.0, 30.0, 0.0, 4600000.0, 0.0, -30.0)
HIGH = (500000.0, 7.5, 0.0, 4600000.0, 0.0, -7.5)
SIZE, RATIO = 48, 4


def reflectance(bands=12, size=SIZE * RATIO, seed=0):
    """(bands, size, size), 0.03 to 0.9: fields with edges, a spectrum each, and noise."""
    rng = np.random.default_rng(seed)
    fields = np.kron(rng.random((3, size // 6, size // 6)), np.ones((1, 6, 6)))
    spectra = rng.uniform(0.05, 0.3, (bands, 3))
    return (0.03 + np.einsum("bk,kyx->byx", spectra, fields) + rng.normal(0, 0.002, (bands, size, size))).clip(0.005)


def coarse(image):
    bands, rows, cols = image.shape
    return image.reshape(bands, rows // RATIO, RATIO, cols // RATIO, RATIO).mean(axis=(2, 4))


def stored(image, dtype):
    if dtype == "float32":
        return image.astype(dtype)
    return np.rint(image * (250 if dtype == "uint8" else 10000)).astype(dtype)


def shape_of(name, size):
    y, x = np.mgrid[0:size, 0:size]
    u, v = y / size - 0.5, x / size - 0.5
    return {
        "ragged side": x < size // 5 + (y // 4) % 4,
        "rotated footprint": np.maximum(abs(0.9 * u + 0.4 * v), abs(0.9 * v - 0.4 * u)) > 0.35,
        "corner": y + x < size // 8,
        "frame of one pixel": (y == 0) | (x == 0) | (y == size - 1) | (x == size - 1),
        "one column": x == size - 1,
        "more than half": y + x < 1.15 * size,
    }[name]


@pytest.fixture
def pair(make_raster, tmp_path):
    """A function: the files of an HSI with a fill and its PAN."""

    def make(dtype="int16", value=-9999, **more):
        image = reflectance()
        hsi = stored(coarse(image), dtype)
        hsi[:, shape_of("ragged side", SIZE)] = value
        pan = stored(image.mean(axis=0)[None], "uint16")
        return make_raster(tmp_path / "hsi.tif", hsi, LOW, **more), make_raster(tmp_path / "pan.tif", pan, HIGH)

    return make


def values(path):
    return gdal.Open(path).ReadAsArray()
