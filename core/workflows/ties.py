"""How sure a difference between two methods is, by the jackknife over blocks of the image (Künsch, 1989)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..quality.reference import PixelMaps

_BLOCKS = 8  # along each axis, at most
_LEAST_PIXELS = 4  # of a block along an axis: errors of pixels beside each other are alike
_CERTAIN = 1.645  # standard deviations: nine of ten differences that are nothing but chance are smaller


def practically_equal(one: PixelMaps, other: PixelMaps, base: PixelMaps) -> bool:
    """Whether two methods differ by no more than where in the image they were scored would make them.

    Args:
        one, other: maps of their differences from the truth, of one shape.
        base: of what their scores are divided by.

    Returns:
        Whether the difference of their scores, as :data:`.ranking.RULE` says but from all bands' errors in one, is
        within its uncertainty; False where the image is too small to tell.
    """
    blocks = list(_blocks(one.rmse.shape))
    if len(blocks) < 4:
        return False
    sums = np.array([[_sums(maps, block) for block in blocks] for maps in (one, other, base)])
    kept = sums.sum(axis=1, keepdims=True) - sums  # without each block in turn
    difference = np.subtract(*_scores(kept))
    count = len(blocks)
    deviation = np.sqrt((count - 1) / count * np.square(difference - difference.mean()).sum())
    whole = np.subtract(*_scores(sums.sum(axis=1, keepdims=True)))
    return bool(abs(whole[0]) <= _CERTAIN * deviation)


def _blocks(shape: Sequence[int]) -> list[tuple[slice, slice]]:
    """Blocks of nearly one size that cover the map."""
    counts = [max(1, min(_BLOCKS, length // _LEAST_PIXELS)) for length in shape]
    edges = [np.linspace(0, length, count + 1).round().astype(int) for length, count in zip(shape, counts)]
    rows, cols = ([slice(*ends) for ends in zip(one[:-1], one[1:])] for one in edges)
    return [(row, col) for row in rows for col in cols]


def _sums(maps: PixelMaps, block: tuple[slice, slice]) -> tuple[float, float, float, float]:
    """Squared error and its pixels, angle and its pixels."""
    error, angle = maps.rmse[block].astype(np.float64), maps.angle[block].astype(np.float64)
    return (
        float(np.nansum(np.square(error))),
        float(np.isfinite(error).sum()),
        float(np.nansum(angle)),
        float(np.isfinite(angle).sum()),
    )


def _scores(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the two methods, from (3, n, 4) sums of the two and the base."""
    squares, pixels, angles, others = np.moveaxis(sums, -1, 0)
    errors = np.sqrt(squares / np.maximum(pixels, 1))
    means = angles / np.maximum(others, 1)
    relative = [each[:2] / np.maximum(each[2], 1e-30) for each in (errors, means)]
    first, second = (relative[0] + relative[1]) / 2
    return first, second
