"""Scenes for classical methods, and what these make of them, put together."""

from __future__ import annotations

import numpy as np
import pytest

from core.fusion.classical import ClassicalMethod
from core.fusion.engine import fuse
from core.io.grid import Window
from core.operators.pair import Operators
from core.products.pair import open_pair

NODATA = -9999.0
GAIN = 0.3


@pytest.fixture
def write_scene(tmp_path, make_raster):
    """A function that writes an HSI and a PAN and opens them as a scene; ``shift`` of the PAN in PAN pixels."""
    opened = []

    def write(hsi, pan, ratio, shift=(0.0, 0.0)):
        step = 30.0 / ratio
        transform = (500000.0 + shift[1] * step, step, 0.0, 5800000.0 - shift[0] * step, 0.0, -step)
        number = len(opened)
        paths = (
            make_raster(tmp_path / f"hsi{number}.tif", hsi.astype(np.float32), nodata=NODATA),
            make_raster(tmp_path / f"pan{number}.tif", pan.astype(np.float32), transform, nodata=NODATA),
        )
        opened.append(open_pair(*paths))
        return opened[-1]

    yield write
    for scene in opened:
        scene.close()


def smooth(rng, rows, cols):
    """A positive random image that has structure of several sizes."""
    image = rng.random((rows, cols)) * 0.3
    for size in (3, 7, 15):
        coarse = rng.random((rows // size + 2, cols // size + 2))
        image += np.kron(coarse, np.ones((size, size)))[:rows, :cols]
    return image


def random_scene(write_scene, ratio=3, shift=(0.0, 0.0), shape=(30, 26), bands=5, gaps=None, seed=0, units=(1.0, 1.0)):
    """Mixed spectra under a PAN that is related to them, all positive."""
    rng = np.random.default_rng(seed)
    operators = Operators(shape, (shape[0] * ratio, shape[1] * ratio), ratio, (0.0, 0.0), GAIN)
    layers = np.stack([smooth(rng, *operators.high) for _ in range(3)])
    truth = np.tensordot(rng.random((bands, 3)) + 0.1, layers, 1) * 400
    hsi, pan = operators.down(truth), truth[:3].mean(axis=0)[None].copy()
    if gaps is not None:
        gaps(hsi, pan)
    return write_scene(hsi * units[0], pan * units[1], ratio, shift)


def collect(scene, fitted, window=None, memory=None, limits=None):
    window = window or Window(0, 0, *scene.high_shape)
    values = np.full((scene.hsi.bands, window.rows, window.cols), np.nan, np.float32)
    valid = np.zeros(values.shape, bool)
    for piece in fuse(scene, fitted, window, memory, limits=limits):
        top, left = piece.window.row - window.row, piece.window.col - window.col
        place = slice(top, top + piece.window.rows), slice(left, left + piece.window.cols)
        values[:, place[0], place[1]] = piece.values
        valid[:, place[0], place[1]] = piece.valid
    return values, valid


def fit(method, scene, iterations=0):
    return ClassicalMethod(method, GAIN, iterations).fit(scene)
