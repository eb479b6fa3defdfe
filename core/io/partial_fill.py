"""Where an undeclared fill value fills some bands only, in connection with the border: the detectors of a sensor see
other ground there, as VNIR and SWIR of airborne and some spaceborne sensors do.

Water is 0 in the short-wave infrared, too, where negative reflectance was set to 0. So only the lowest number counts,
and only (own rules)

* where the band beside the filled ones shows what it shows elsewhere, not a surface that is dark in it;
* where the filled bands end at once: few of the samples beside them are nearly as low.
"""

from __future__ import annotations

import math

import numpy as np

from .smeared_fill import Blocks, grown

_MANY = 8  # bands: from here on filled bands follow each other, and they and the others are more than one
_PATTERNS = 6  # sets of filled bands that are looked at, the most frequent ones
_NEAR = 0.25  # of the samples beside filled ones: where more are nearly as low, the surface is dark
_DARK = 0.2  # of the other pixels: where fewer are as dark as half of the filled ones, the surface is dark
_SAMPLED, _FEWEST = 65536, 16  # pixels that are compared, about, and at least


def filled_in_some(
    blocks: Blocks, bits: np.ndarray, beside: np.ndarray, value: float, near: np.ndarray, least: int
) -> np.ndarray | None:
    """The pixels of which some bands have a number that is no value there.

    Args:
        blocks: makes a pass over some bands of the raster.
        bits: (rows, columns) uint16, bit b: band b has the number, and the pixel hangs together with the border; 0
            where all bands have it.
        beside: (rows, columns) bool, pixels that hang together with none of these, and are valid.
        value: the number, as float32 holds it.
        near: (bands, 1, 1), how near to it other numbers show the same surface.
        least: pixels of a set of bands.

    Returns:
        (rows, columns) bool; None for none.
    """
    patterns, counts = np.unique(bits[bits > 0], return_counts=True)
    found = np.zeros(bits.shape, bool)
    for at in np.argsort(-counts, kind="stable")[:_PATTERNS]:
        filled = _bands_of(int(patterns[at]), len(near))
        if counts[at] >= least and _may_be(filled, len(near)):
            here = bits == patterns[at]
            if _ends_at_once(blocks, here, filled, value, near) and _shows_as_elsewhere(blocks, here, beside, filled):
                found |= here
    return found if found.any() else None


def _bands_of(pattern: int, bands: int) -> list[int]:
    return [band for band in range(bands) if pattern >> band & 1]


def _may_be(filled: list[int], bands: int) -> bool:
    """Whether the bands may be those of one detector, and the others of another."""
    return bands < _MANY or (1 < len(filled) < bands - 1 and filled[-1] - filled[0] == len(filled) - 1)


def _ends_at_once(blocks: Blocks, here: np.ndarray, filled: list[int], value: float, near: np.ndarray) -> bool:
    around, close, count = grown(here) & ~here, 0, 0
    for rows, values, valid in blocks():
        low = valid[filled] & around[rows] & (values[filled] != value)
        count += int(low.sum())
        close += int((low & (np.abs(values[filled] - value) <= near[filled])).sum())
    return count > 0 and close <= _NEAR * count


def _shows_as_elsewhere(blocks: Blocks, here: np.ndarray, beside: np.ndarray, filled: list[int]) -> bool:
    """Whether the band next to the filled ones is as bright there as elsewhere."""
    step = max(1, math.isqrt(here.size // _SAMPLED))
    inside, outside = [], []
    for rows, values, valid in blocks():
        others = [band for band in range(len(values)) if band not in filled]
        band = min(others, key=lambda other: min(abs(other - one) for one in filled))
        inside.append(values[band][here[rows] & valid[band]])
        outside.append(values[band][beside[rows] & valid[band]][:: step * step])
    within, elsewhere = np.concatenate(inside), np.concatenate(outside)
    if min(within.size, elsewhere.size) < _FEWEST:
        return False
    return bool(np.mean(elsewhere <= np.median(within)) >= _DARK)
