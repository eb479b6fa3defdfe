"""Pixels beside a fill value that are mixtures of it with data: an image was resampled before its fill was declared.

Bilinear and cubic kernels mix over one to three pixels. The mixtures lie far from all other data, on the fill's side
of it or, by the negative lobes of the kernel, beyond it, in all bands alike. Where many of the pixels next to a fill
are so, all that lie as far from it as such pixels do, and one pixel farther, count as mixtures (own).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

Blocks = Callable[[], Iterator[tuple[slice, np.ndarray, np.ndarray]]]
"""Makes a pass over a raster: rows, values (bands, rows, columns) and valid of the same shape."""

_REACH = 4  # pixels: kernels reach no farther
_MANY, _SOME = 0.25, 0.05  # of the pixels next to the fill, and of those farther away: so many are mixtures
_MARGIN = 0.5  # of the range of data, beyond it
_FAR = 1.0  # of that range: a fill that lies nearer leaves no trace that could be told
_SAMPLED, _FEWEST = 65536, 8  # pixels that the range is taken from, about, and at least


def mixtures(blocks: Blocks, region: np.ndarray, value: float) -> np.ndarray | None:
    """The pixels around a fill that are mixtures of it with data.

    Args:
        blocks: makes a pass over some bands of the raster.
        region: (rows, columns) bool, where the fill is.
        value: the fill, as float32 holds it.

    Returns:
        (rows, columns) bool; None for none.
    """
    rings, reached = [], region
    for _ in range(_REACH):
        wider = grown(reached)
        rings.append(wider & ~reached)
        reached = wider
    limits = _range(blocks, reached)
    if limits is None:
        return None
    low, high = limits
    span = high - low
    if not ((value < low - _FAR * span) | (value > high + _FAR * span)).all():
        return None
    beyond = np.zeros(region.shape, bool)
    margin = _MARGIN * span[:, None, None]
    for rows, values, valid in blocks():
        outside = (values < low[:, None, None] - margin) | (values > high[:, None, None] + margin)
        beyond[rows] = (outside & valid).all(axis=0)
    shares = [float(beyond[ring].mean()) if ring.any() else 0.0 for ring in rings]
    if shares[0] < _MANY:
        return None
    width = 1 + max(place for place, share in enumerate(shares) if share >= _SOME)
    mixed: np.ndarray = np.logical_or.reduce(rings[: width + 1])
    return mixed


def _range(blocks: Blocks, near: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The least and the highest usual number of each band away from the fill, (bands,); None where too little is."""
    kept, step = [], max(1, math.isqrt(near.size // _SAMPLED))
    for rows, values, valid in blocks():
        usable = valid.all(axis=0) & ~near[rows]
        kept.append(values[:, ::step, ::step][:, usable[::step, ::step]])
    sample = np.concatenate(kept, axis=1)
    if sample.shape[1] < _FEWEST:
        return None
    low, high = np.percentile(sample, (1, 99), axis=1)
    return (low, high) if (high > low).all() else None


def grown(region: np.ndarray) -> np.ndarray:
    """A region and the pixels that touch it, also at corners.

    Args:
        region: (rows, columns) bool.

    Returns:
        (rows, columns) bool.
    """
    wide = region.copy()
    wide[1:] |= region[:-1]
    wide[:-1] |= region[1:]
    result = wide.copy()
    result[:, 1:] |= wide[:, :-1]
    result[:, :-1] |= wide[:, 1:]
    return result
