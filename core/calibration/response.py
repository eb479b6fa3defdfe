"""Which bands a PAN is made of: the degraded PAN as a sum of bands with weights that are not negative (own)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runtime.progress import Progress
from ..scene.scene import Scene
from .explain import Explained, explain
from .guide import comparable
from .tiles import Tiles, read_tiles

_SAMPLE = 20_000  # pixels of the regression, over the whole scene
_RIDGE = 1e-4  # of the bands' mean variance, so that neighbours, which are alike, share a weight
_TAIL = 0.05  # of the weights lie below, and above, the range of the PAN: noise gives distant bands some


@dataclass(frozen=True)
class Response:
    """The PAN as a sum of bands.

    Attributes:
        bands: (n,) int, the good bands, counted from 0, in the order of their wavelengths where all are known.
        weights: (n,) float64, not negative, of bands in physical units; their sum is 1, or 0 where nothing is
            explained.
        r2: share of the degraded PAN's variance that the sum explains, 0 to 1, no unit.
        inferred: (n,) bool, the bands that lie beyond the range of the PAN: it shows their detail only as far as they
            are like those within.
    """

    bands: np.ndarray
    weights: np.ndarray
    r2: float
    inferred: np.ndarray


def pan_response(scene: Scene, shift: tuple[float, float] = (0.0, 0.0), progress: Progress | None = None) -> Response:
    """Find the bands that make the PAN, on pixels that show the same in both images.

    Args:
        scene: the HSI and the PAN.
        shift: (rows, columns) in PAN pixels, by which the PAN's position is moved.
        progress: asked whether to stop.

    Returns:
        The response.

    Raises:
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()
    scene = comparable(scene, progress)
    tiles = read_tiles(scene, progress)
    bands = _ordered(scene)
    values, pan = _samples(tiles, explain(tiles, shift, progress), bands, progress)
    if values.shape[1] < 2 or not pan.var() > 0:
        return Response(bands, np.zeros(len(bands)), 0.0, np.ones(len(bands), bool))
    values -= values.mean(axis=1, keepdims=True)
    pan = pan - pan.mean()
    products, target = values @ values.T / pan.size, values @ pan / pan.size
    ridge = _RIDGE * max(np.trace(products) / len(bands), 1e-30)
    weights = non_negative(products + ridge * np.eye(len(bands)), target)
    r2 = 1.0 - float(np.mean((pan - weights @ values) ** 2) / pan.var())
    total = weights.sum()
    shares = weights / total if total > 0 else weights
    return Response(bands, shares, min(max(r2, 0.0), 1.0), beyond(shares))


def non_negative(products: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least squares with unknowns that are not negative, by the active set of Lawson and Hanson (1974).

    Args:
        products: (n, n) float64, the products of the regressors with each other, positive definite.
        target: (n,) float64, their products with what they explain.

    Returns:
        (n,) float64, the ``x >= 0`` with the least ``x products x / 2 - target x``.
    """
    count = len(target)
    solution, free = np.zeros(count), np.zeros(count, bool)
    limit = 1e-10 * max(float(np.abs(target).max(initial=0.0)), 1e-300)
    for _ in range(3 * count):
        slope = np.where(free, -np.inf, target - products @ solution)
        if slope.max(initial=-np.inf) <= limit:
            break
        free[slope.argmax()] = True
        trial = _solved(products, target, free)
        while free.any() and trial[free].min() <= 0:
            stopped = free & (trial <= 0)
            part = float((solution[stopped] / np.maximum(solution[stopped] - trial[stopped], 1e-300)).min())
            solution = np.maximum(solution + part * (trial - solution), 0.0)
            free &= ~(stopped & (solution <= 1e-14 * max(solution.max(), 1e-300)))
            solution[~free] = 0.0
            trial = _solved(products, target, free)
        solution = trial
    return solution


def _solved(products: np.ndarray, target: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Least squares where only some unknowns are not 0."""
    solution = np.zeros(len(target))
    solution[free] = np.linalg.solve(products[np.ix_(free, free)], target[free])
    return solution


def _samples(tiles: Tiles, fit: Explained, bands: np.ndarray, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """(bands, n) float64 in physical units but for the offset, and the degraded PAN (n,), pixels spread evenly."""
    scene, scales = tiles.scene, np.array(tiles.scene.hsi.metadata.scales, np.float64)[bands]
    total = sum(int(np.count_nonzero(same)) for same in fit.same)
    step = max(1, -(-total // _SAMPLE))
    values, pan = [], []
    for tile, plane, same in zip(tiles.tiles, fit.pan, fit.same):
        progress.check()
        rows, cols = (places[::step] for places in np.nonzero(same))
        if rows.size:
            block = scene.hsi_rows(*tile.rows, tile.cols).values
            values.append(block[bands[:, None], rows, cols].astype(np.float64))
            del block  # before the next one is read
            pan.append(plane[rows, cols])
    if not values:
        return np.zeros((len(bands), 0)), np.zeros(0)
    return np.concatenate(values, axis=1) * scales[:, None], np.concatenate(pan)


def _ordered(scene: Scene) -> np.ndarray:
    good = np.flatnonzero(scene.good)
    waves = [scene.hsi.metadata.wavelengths[band] for band in good]
    known = [wave for wave in waves if wave is not None]
    return good[np.argsort(known, kind="stable")] if len(known) == len(waves) else good


def beyond(shares: np.ndarray) -> np.ndarray:
    """Which bands lie outside of those that hold nearly all of the weights.

    Args:
        shares: (n,) float64, not negative, of bands in the order of their wavelengths.

    Returns:
        (n,) bool; all where no band has a weight.
    """
    reached = np.cumsum(shares)
    if not shares.size or not reached[-1] > 0:
        return np.ones(len(shares), bool)
    first, last = np.searchsorted(reached, [_TAIL * reached[-1], (1.0 - _TAIL) * reached[-1]])
    order = np.arange(len(shares))
    outside: np.ndarray = (order < first) | (order > last)
    return outside
