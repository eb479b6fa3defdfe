"""The sum of bands that explains the PAN, in spite of clouds and of ground that has changed.

A least-squares fit follows a cloud that only one of the images shows. So each block gives a fit of its own, too, and
the one whose error is least over the better part of all pixels is taken (least quantile of squares, Rousseeuw, 1984);
coherent areas of large residuals are then left out (own).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..runtime.progress import Progress
from .tiles import Tiles

_RIDGE = 1e-3  # of the bands' mean variance, so that neighbours share a weight
_BLOCK = 16  # HSI pixels along the edge of a block
_ALONG, _SMALL_BLOCK = 3, 8  # blocks along each axis; where there would be fewer, they are smaller
_QUANTILE = 0.4  # of the pixels have to fit: up to about half may have changed
_SAMPLE = 5_000  # pixels that fits are compared on
_BOX = 2  # HSI pixels around a pixel over which residuals are averaged: edges cancel, clouds do not
_OUTLIER, _LEAST_KEPT = 5.0, 0.3  # standard deviations of averaged residuals; share of the ground that stays
_WORSE, _UNLIKE = (
    3.0,
    0.5,
)  # a block is not alike whose unexplained share is so many times the usual one, and above this
_ALIKE = 8  # pixels that count as one observation, as neighbours are alike


@dataclass(frozen=True)
class Explained:
    """The PAN at a position, as the bands explain it.

    Attributes:
        sums: of each tile, (rows, columns) float64, the sum of bands.
        pan: of each tile, (rows, columns) float64.
        valid: of each tile, (rows, columns) bool.
        same: of each tile, (rows, columns) bool, the valid pixels that show the same in both images.
        correlation: of sum and PAN over these, 0 to 1.
        fit: (bands + 1,) float64, the weights of the bands and the constant that make the sums.
    """

    sums: list[np.ndarray]
    pan: list[np.ndarray]
    valid: list[np.ndarray]
    same: list[np.ndarray]
    correlation: float
    fit: np.ndarray

    @property
    def share(self) -> float:
        """Of the valid pixels, those that show the same in both images, 0 to 1."""
        return sum(int(same.sum()) for same in self.same) / max(1, sum(int(valid.sum()) for valid in self.valid))

    def block_errors(self, masks: list[np.ndarray] | None = None) -> np.ndarray:
        """How well blocks are explained.

        Args:
            masks: of each tile, (rows, columns) bool, the pixels that count; None for all valid ones.

        Returns:
            (blocks,) float64: of each block the share of the PAN's variance that is not explained, NaN where too few
            pixels count or there is no contrast.
        """
        residuals = [pan - total for pan, total in zip(self.pan, self.sums)]
        return _block_errors(residuals, self.pan, self.valid if masks is None else masks)

    def same_blocks(self) -> np.ndarray:
        """(blocks,) bool: whether most of a block shows the same in both images."""
        return np.array([same[block].mean() >= 0.5 for same in self.same for block in _blocks(same.shape)])


def explain(tiles: Tiles, shift: tuple[float, float], progress: Progress) -> Explained:
    """Fit the PAN at a position by the HSI's bands.

    Args:
        tiles: of the scene.
        shift: (rows, columns) in PAN pixels, by which the PAN is moved.
        progress: asked whether to stop.

    Returns:
        The fit.
    """
    degraded = tiles.pan(shift, progress)
    pan = [values for values, _ in degraded]
    valid = [tile.valid & known for tile, (_, known) in zip(tiles.tiles, degraded)]
    stacks = [np.concatenate([t.values.reshape(len(t.values), -1), p.reshape(1, -1)]) for t, p in zip(tiles.tiles, pan)]
    chosen = np.concatenate([s[:, v.ravel()] for s, v in zip(stacks, valid)], axis=1).astype(np.float64)
    fit = _most_agreed(tiles, stacks, valid, chosen, progress)
    same = valid
    for _ in range(2):
        progress.check()
        residuals = [_residual(stack, fit, plane.shape) for stack, plane in zip(stacks, pan)]
        same = _alike_blocks(residuals, pan, _coherent(residuals, valid))
        kept = np.concatenate([s[:, v.ravel()] for s, v in zip(stacks, same)], axis=1).astype(np.float64)
        fit = _fit(kept)
    sums = [p - _residual(stack, fit, p.shape) for stack, p in zip(stacks, pan)]
    correlation = _adjusted(_correlation(kept, fit), len(kept) - 1, kept.shape[1] / _ALIKE)
    return Explained(sums, pan, valid, same, correlation, fit)


def _most_agreed(
    tiles: Tiles, stacks: list[np.ndarray], valid: list[np.ndarray], chosen: np.ndarray, progress: Progress
) -> np.ndarray:
    """The fit, of all pixels or of one block, with the least error over the better part of the pixels."""
    sample = chosen[:, :: max(1, chosen.shape[1] // _SAMPLE)]
    best, least = _fit(chosen), math.inf
    fits = [best]
    for stack, here in zip(stacks, valid):
        blocks = _blocks(here.shape)
        for rows, cols in blocks[:: max(1, len(blocks) // 16)]:
            inside = here[rows, cols].ravel()
            if inside.sum() >= inside.size // 2:
                block = stack.reshape(len(stack), *here.shape)[:, rows, cols].reshape(len(stack), -1)
                fits.append(_fit(block[:, inside].astype(np.float64)))
    for fit in fits:
        progress.check()
        error = np.abs(sample[-1] - fit[:-1] @ sample[:-1] - fit[-1])
        error = float(np.quantile(error, _QUANTILE)) if error.size else math.inf
        if error < least:
            best, least = fit, error
    return best


def _fit(samples: np.ndarray) -> np.ndarray:
    """Weights of bands and a constant, (bands + 1,), of samples (bands + 1, n), the last of which is the PAN."""
    bands = len(samples) - 1
    if not samples.shape[1]:
        return np.zeros(bands + 1)
    mean = samples.mean(axis=1)
    centred = samples - mean[:, None]
    products = centred @ centred.T / samples.shape[1]
    ridge = _RIDGE * max(np.trace(products[:-1, :-1]) / bands, 1e-30)
    weights = np.linalg.solve(products[:-1, :-1] + ridge * np.eye(bands), products[:-1, -1])
    return np.append(weights, mean[-1] - weights @ mean[:-1])


def multiple_correlation(samples: np.ndarray) -> float:
    """How well bands explain the PAN, less what as many bands explain by chance.

    Args:
        samples: (bands + 1, n) float64, the last row the PAN; taken as independent.

    Returns:
        0 to 1, no unit; NaN where there are too few samples to tell.
    """
    bands, count = len(samples) - 1, samples.shape[1]
    return _adjusted(_correlation(samples, _fit(samples)), bands, count) if count > 4 * (bands + 1) else math.nan


def _correlation(samples: np.ndarray, fit: np.ndarray) -> float:
    if samples.shape[1] < 2:
        return 0.0
    total, pan = fit[:-1] @ samples[:-1], samples[-1]
    total, pan = total - total.mean(), pan - pan.mean()
    spread = float(total @ total) * float(pan @ pan)
    return float(total @ pan) / math.sqrt(spread) if spread > 0 else 0.0


def _adjusted(correlation: float, bands: int, count: float) -> float:
    """Without what as many bands explain by chance."""
    if correlation <= 0 or count <= bands + 2:
        return 0.0
    return math.sqrt(max(0.0, 1 - (1 - correlation**2) * (count - 1) / (count - bands - 1)))


def _block_errors(residuals: list[np.ndarray], pan: list[np.ndarray], valid: list[np.ndarray]) -> np.ndarray:
    errors = []
    for residual, plane, known in zip(residuals, pan, valid):
        sums = _block_sums(np.ones(known.shape))
        counts = _block_sums(known.astype(float))
        left, spread = (_block_spread(values, known, counts) for values in (residual, plane))
        told = (counts >= sums // 2) & (spread > 0)
        errors.append(np.where(told, left / np.where(told, spread, 1.0), math.nan).ravel())
    return np.concatenate(errors)


def _block_sums(values: np.ndarray) -> np.ndarray:
    """(rows, columns) of blocks: the sums of (rows, columns) samples."""
    for axis, edges in enumerate(_edges(values.shape)):
        values = np.add.reduceat(values, edges[:-1], axis=axis)
    return values


def _block_spread(values: np.ndarray, known: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(rows, columns) of blocks: the variance of the known of (rows, columns) samples."""
    counts = np.maximum(counts, 1.0)
    means = _block_sums(np.where(known, values, 0.0)) / counts
    for axis, edges in enumerate(_edges(values.shape)):
        means = means.repeat(np.diff(edges), axis)
    squares = np.where(known, values - means, 0.0) ** 2
    spread: np.ndarray = _block_sums(squares) / counts
    return spread


def _alike_blocks(residuals: list[np.ndarray], pan: list[np.ndarray], valid: list[np.ndarray]) -> list[np.ndarray]:
    """The valid pixels without the blocks that fit much worse than the better part of them."""
    errors = _block_errors(residuals, pan, valid)
    known = errors[np.isfinite(errors)]
    if not known.size:
        return valid
    limit = max(_WORSE * float(np.quantile(known, _QUANTILE)), _UNLIKE)
    fitting, kept = ~(errors > limit), []
    for here in valid:
        edges = _edges(here.shape)
        counts = [len(each) - 1 for each in edges]
        blocks, fitting = np.split(fitting, [math.prod(counts)])
        kept.append(here & blocks.reshape(counts).repeat(np.diff(edges[0]), 0).repeat(np.diff(edges[1]), 1))
    return kept


def _residual(stack: np.ndarray, fit: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    residual: np.ndarray = (stack[-1] - fit[:-1] @ stack[:-1] - fit[-1]).reshape(shape)
    return residual


def _coherent(residuals: list[np.ndarray], valid: list[np.ndarray]) -> list[np.ndarray]:
    """The valid pixels without areas that one image shows otherwise than the other."""
    means = [
        box_mean(np.where(v, r, 0.0)) / np.maximum(box_mean(v.astype(float)), 1e-9) for r, v in zip(residuals, valid)
    ]
    sizes = np.concatenate([np.abs(m[v]) for m, v in zip(means, valid)])
    if not sizes.size:
        return valid
    worst = [_worst_near(np.where(v, np.abs(m), 0.0)) for m, v in zip(means, valid)]
    # 0.524 standard deviations hold 40 per cent of a normal distribution. The more precise a fit, the less it takes to
    # be an outlier: where too little ground would be left, the part that fits best is kept.
    limit = _OUTLIER * float(np.quantile(sizes, _QUANTILE)) / 0.524
    limit = max(limit, float(np.quantile(np.concatenate([w[v] for w, v in zip(worst, valid)]), _LEAST_KEPT)))
    return [v & (w <= limit) for w, v in zip(worst, valid)]


def _worst_near(image: np.ndarray) -> np.ndarray:
    """The largest of the 5 x 5 samples around each."""
    for axis in (0, 1):
        padded = np.pad(image, [(_BOX, _BOX) if each == axis else (0, 0) for each in (0, 1)])
        parts = [padded.take(range(first, first + image.shape[axis]), axis) for first in range(2 * _BOX + 1)]
        image = np.maximum.reduce(parts)
    return image


def box_mean(image: np.ndarray, reach: int = _BOX) -> np.ndarray:
    """Mean over squares of samples, 5 x 5 by default, edges repeated.

    Args:
        image: (rows, columns) float32 or float64.
        reach: samples to either side that count.

    Returns:
        (rows, columns) of the same dtype.
    """
    size = 2 * reach + 1
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (reach + 1, reach)
        total = np.cumsum(np.pad(image, pad, mode="edge"), axis=axis)
        count = image.shape[axis]
        image = (total.take(range(size, size + count), axis) - total.take(range(count), axis)) / size
    return image


def _edges(shape: tuple[int, ...]) -> list[np.ndarray]:
    """Where the blocks of an image begin along either axis, and where the last one ends."""
    edge = _BLOCK if min(shape) >= _ALONG * _BLOCK else _SMALL_BLOCK
    return [np.linspace(0, count, max(1, count // edge) + 1).astype(int) for count in shape]


def _blocks(shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    rows, cols = ([slice(int(a), int(b)) for a, b in zip(each[:-1], each[1:])] for each in _edges(shape))
    return [(row, col) for row in rows for col in cols]
