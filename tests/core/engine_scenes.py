"""Random scenes for the engine, a stand-in for networks, and the pieces of a result put together."""

from __future__ import annotations

import numpy as np
import pytest

from core.fusion.engine import fuse
from core.fusion.prior import RegressionPrior
from core.io.grid import Window
from core.products.pair import open_pair
from core.runtime.progress import Progress
from core.scene.statistics import scene_statistics

NODATA = -9999.0


class BoxFilter:
    """Stands for networks: the mean over a window of every plane, zeros outside the image as convolutions have."""

    bytes_at_work, tile, tile_bytes = 100, 64, 1.0
    alignment, planes_dtype, engine = 1, "float32", ""

    def __init__(self, reach: int) -> None:
        self.receptive_field = reach

    def __call__(self, planes, progress=None, margins=(0, 0)):
        size, reach = 2 * self.receptive_field + 1, self.receptive_field
        padded = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)))
        rows, cols = planes.shape[1:]
        total = sum(padded[:, y : y + rows, x : x + cols] for y in range(size) for x in range(size)) / size**2
        total = total.astype(np.float32)
        total[:, : margins[0]] = total[:, rows - margins[1] :] = (
            np.nan
        )  # of what is not wanted nothing may come through
        return total[:-2] * 0.3 + total[-1:], np.abs(total[0] - planes[0])


@pytest.fixture
def open_scene(tmp_path, make_raster):
    opened = []

    def make(shape, ratio, shift=(0.0, 0.0), bands=4, seed=0, gaps=None, name=""):
        """A random scene; ``shift`` of the PAN's corner in PAN pixels; ``gaps(hsi, pan)`` may mark invalid pixels."""
        rng = np.random.default_rng(seed)
        hsi = (rng.random((bands, *shape)) * 1000).astype(np.float32)
        pan = (rng.random((1, shape[0] * ratio, shape[1] * ratio)) * 500).astype(np.float32)
        if gaps is not None:
            gaps(hsi, pan)
        step = 30.0 / ratio
        transform = (500000.0 + shift[1] * step, step, 0.0, 5800000.0 - shift[0] * step, 0.0, -step)
        paths = (
            make_raster(tmp_path / f"hsi{name}.tif", hsi, nodata=NODATA),
            make_raster(tmp_path / f"pan{name}.tif", pan, transform, nodata=NODATA),
        )
        opened.append(open_pair(*paths))
        return opened[-1]

    yield make
    for scene in opened:
        scene.close()


def collect(scene, method, window=None, memory=None, limits=None):
    """The pieces put together: values, mask, disagreement; every pixel once."""
    window = window or Window(0, 0, *scene.high_shape)
    shape = window.rows, window.cols
    values = np.full((scene.hsi.bands, *shape), np.nan, np.float32)
    valid = np.zeros((scene.hsi.bands, *shape), bool)
    difference, times = np.zeros(shape, np.float32), np.zeros(shape, int)
    for piece in fuse(scene, method.fit(scene, Progress()), window, memory, limits=limits):
        top, left = piece.window.row - window.row, piece.window.col - window.col
        place = slice(top, top + piece.window.rows), slice(left, left + piece.window.cols)
        values[:, place[0], place[1]] = piece.values
        valid[:, place[0], place[1]] = piece.valid
        difference[place] = piece.disagreement
        times[place] += 1
    assert (times == 1).all()
    return values, valid, difference


def method_for(scene, components=2, iterations=2, residual=None):
    return RegressionPrior(scene_statistics(scene, 0.3, components), 0.3, iterations, residual)
