"""Scenes with a sharper image of several bands, made in the test, and what is fused of them."""

from __future__ import annotations

import numpy as np
import pytest

from core.fusion.engine import fuse
from core.fusion.prior import RegressionPrior
from core.operators.pair import Operators
from core.scene.statistics import scene_statistics

HIGH = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
LOW = (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)
RATIO, SIDE, BANDS = 4, 96, 9


def sharp_bands(count, seed=0):
    """(count, SIDE, SIDE) positive images that have little to do with each other."""
    rng = np.random.default_rng(seed)
    image = rng.random((count, SIDE, SIDE)) * 0.2
    for size in (3, 7, 15):
        coarse = rng.random((count, SIDE // size + 2, SIDE // size + 2))
        image += np.kron(coarse, np.ones((1, size, size)))[:, :SIDE, :SIDE]
    return 100 + 400 * image


def mixed(guides, seed=1):
    """(truth, HSI): each band a combination of the sharp bands."""
    mixing = np.random.default_rng(seed).random((BANDS, len(guides)))
    truth = np.tensordot(mixing, guides, 1)
    return truth, Operators((SIDE // RATIO,) * 2, (SIDE, SIDE), RATIO).down(truth)


@pytest.fixture
def write(make_raster, tmp_path):
    """Writes an HSI and a sharper image, and gives both paths."""

    def make(hsi, pan, name="", **more):
        return (
            make_raster(tmp_path / f"hsi{name}.tif", np.asarray(hsi, np.float32), LOW, **more),
            make_raster(tmp_path / f"pan{name}.tif", np.asarray(pan, np.float32), HIGH, **more),
        )

    return make


def result(scene, method, **more):
    """(bands, rows, columns) of the fused image."""
    pieces = list(fuse(scene, method, **more))
    out = np.zeros((scene.hsi.bands, *scene.high_shape), np.float32)
    for piece in pieces:
        window = piece.window
        out[:, window.row : window.row + window.rows, window.col : window.col + window.cols] = piece.values
    return out


def prior(scene):
    return RegressionPrior(scene_statistics(scene, 0.3, 4), 0.3, 5).fit(scene)


def error(found, truth):
    inner = np.s_[:, 8:-8, 8:-8]
    return float(np.sqrt(np.mean((found[inner] - truth[inner]) ** 2)) / truth.std())
