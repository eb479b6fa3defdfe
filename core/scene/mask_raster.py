"""Pixels that a user masks: a raster that is not 0 where nothing is to be learned, on any grid."""

from __future__ import annotations

import math

import numpy as np

from ..io.grid import Axis, Grid, Window
from ..io.positions import beside, refined
from ..io.reader import RasterReader
from ..io.row_stream import row_strips
from ..io.unplaced import crs_sentence
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .nearest import NearestReader
from .placement import mapping_between, positions_on
from .scene import Scene

_SAMPLES = 8_000_000  # of the mask, read at once
_MOST_PLACES = 32  # along the edge of an HSI pixel, at which a mask on other axes is looked at
_EDGE = 0.01  # of a mask pixel: what overlaps by less does not


def masked_pixels(scene: Scene, mask: RasterReader, progress: Progress | None = None) -> np.ndarray:
    """The HSI pixels that a mask covers.

    Args:
        scene: the HSI and the PAN.
        mask: open raster of one band; not 0 and not nodata where a pixel is masked.
        progress: asked whether to stop.

    Returns:
        (rows, columns) bool on the HSI's grid under the output: pixels that some masked pixel overlaps.

    Raises:
        InputError: the raster has several bands, no CRS, or one that cannot be transformed to the HSI's.
    """
    grid = _under_output(scene)
    result = np.zeros((grid.rows, grid.cols), bool)
    if mask.bands != 1:
        raise InputError(f"{mask.name} has {mask.bands} bands, but a mask (--mask, MASK) has one; choose another.")
    along = beside(mask.grid, grid)
    if along is None:
        return _apart(mask, grid, scene.hsi, progress)
    (y, x), (mask_y, mask_x) = grid.axes, along.axes
    down, right = _under(y, mask_y), _under(x, mask_x)
    step = max(1, _SAMPLES // mask.grid.cols)
    for start, stop in row_strips(mask.grid.rows, step, progress):
        block = mask.read(Window(start, 0, stop - start, mask.grid.cols))
        set_there = (block.values[0] != 0) & block.valid[0]
        if not set_there.any():
            continue
        held = _some(set_there.T, right).T
        result |= _some(held, np.clip(down - start, 0, stop - start))
    return result


def covered_pixels(scene: Scene, mask: RasterReader, progress: Progress | None = None) -> np.ndarray:
    """The HSI pixels whose centres a mask's raster lies on, whatever it holds there.

    Args:
        scene: the HSI and the PAN.
        mask: open raster that :func:`masked_pixels` has taken.
        progress: asked whether to stop.

    Returns:
        (rows, columns) bool on the HSI's grid under the output.
    """
    grid = _under_output(scene)
    mapping, cols = mapping_between(grid, mask.grid), np.arange(grid.cols) + 0.5
    result = np.zeros((grid.rows, grid.cols), bool)
    for start, stop in row_strips(grid.rows, max(1, _SAMPLES // grid.cols), progress):
        places = np.meshgrid(np.arange(start, stop) + 0.5, cols, indexing="ij")
        row, col = mapping.positions(*places)
        with np.errstate(invalid="ignore"):
            result[start:stop] = (row >= 0) & (row < mask.grid.rows) & (col >= 0) & (col < mask.grid.cols)
    return result


def _under_output(scene: Scene) -> Grid:
    rows, cols = scene.low_shape
    corner = scene.alignment.hsi
    return scene.hsi.grid.crop(Window(corner.row, corner.col, rows, cols))


def _apart(mask: RasterReader, grid: Grid, hsi: RasterReader, progress: Progress | None) -> np.ndarray:
    """As :func:`masked_pixels`, of a mask that does not lie along the image's axes: it is looked at in places that are
    no farther apart than its pixels."""
    if bool(grid.crs) != bool(mask.grid.crs):
        raise InputError(crs_sentence(hsi.grid.facts(hsi.source), mask.grid.facts(mask.source)))
    exact = positions_on(grid, mask.grid)
    if exact is None:
        raise InputError(
            f"{mask.name} and {hsi.name} have coordinate reference systems that cannot be transformed into each other; "
            "reproject the mask (--mask, MASK) to that of the image."
        )
    rows, cols = np.array([grid.rows / 2, grid.rows / 2 + 1, grid.rows / 2]), np.full(3, grid.cols / 2)
    cols[2] += 1
    at = np.array(exact(rows, cols))
    longest = float(np.nanmax(np.abs(at[:, 1:] - at[:, :1]), initial=1.0))
    times = min(_MOST_PLACES, max(2, math.ceil(2 * longest)))
    fine = refined(grid, times)
    places = NearestReader(mask, mapping_between(fine, mask.grid), fine)
    result = np.zeros((grid.rows, grid.cols), bool)
    for start, stop in row_strips(grid.rows, max(1, _SAMPLES // (fine.cols * times)), progress):
        block = places.read(Window(start * times, 0, (stop - start) * times, fine.cols))
        there = (block.values[0] != 0) & block.valid[0]
        result[start:stop] = there.reshape(stop - start, times, grid.cols, times).any(axis=(1, 3))
    return result


def _under(low: Axis, mask: Axis) -> np.ndarray:
    """(2, pixels) int: the first pixel of the mask under each pixel of the image, and the one after the last."""
    edges = (low.start + np.arange(low.count + 1) * low.step - mask.start) / mask.step
    first, last = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    spans = np.stack([np.floor(first + _EDGE), np.ceil(last - _EDGE)]).astype(int)
    return np.clip(spans, 0, mask.count)


def _some(mask: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Whether some row is set of each span of rows, (spans, columns)."""
    counts = np.concatenate([np.zeros((1, mask.shape[1]), np.int64), np.cumsum(mask, axis=0)])
    some: np.ndarray = counts[spans[1]] > counts[spans[0]]
    return some
