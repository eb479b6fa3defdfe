"""Whether the HSI shows a dark or bright surface where the PAN has its lowest or highest number: then that number is a
value (a saturated cloud, black water), and no fill (own)."""

from __future__ import annotations

import numpy as np

from ..io.grid import Window
from ..io.masks import Fill
from ..io.positions import beside
from ..io.reader import RasterReader
from ..scene.nearest import NearestReader
from ..scene.placement import mapping_between, positions_on

_ROWS = 64  # of the HSI that are read
_BANDS = 5
_LIGHT = (400.0, 900.0)  # nm, where PANs see
_LEAST = 8  # HSI pixels inside and outside, for the two to be compared
_EXTREME = 0.1  # of the other pixels: so few are as dark or as bright as half of those inside


def same_surface(hsi: RasterReader, pan: RasterReader, fill: Fill, some: bool = False) -> bool:
    """Compare the HSI inside and outside of what seems to be filled in the PAN.

    Args:
        hsi: the open HSI, whose own fills are known.
        pan: the open PAN.
        fill: of the PAN.
        some: whether to look where some of its bands have the number, instead of where the first one has it.

    Returns:
        Whether the HSI is about as dark or bright there as the number is; False where it has no values there, or where
        the two do not lie on each other.
    """
    low, high = hsi.grid, beside(pan.grid, hsi.grid)
    apart = high is None
    if high is None:
        if bool(low.crs) != bool(pan.grid.crs) or positions_on(low, pan.grid) is None:
            return False
        pan, high = NearestReader(pan, mapping_between(low, pan.grid), low), low
    rows = np.unique(np.linspace(0, low.rows - 1, min(low.rows, _ROWS)).round().astype(int))
    cols = np.floor((low.x + (np.arange(low.cols) + 0.5) * low.dx - high.x) / high.dx).astype(int)
    inside, outside = [], []
    for row in rows:
        at = int(np.floor((low.y + (row + 0.5) * low.dy - high.y) / high.dy))
        known = (cols >= 0) & (cols < high.cols) & (0 <= at < high.rows)
        if not known.any():
            continue
        values, valid = hsi.read(Window(int(row), 0, 1, low.cols), _bands(hsi))
        filled, shown = np.zeros(low.cols, bool), pan.read(Window(at, 0, 1, high.cols))
        if apart:  # beyond the PAN there is nothing
            known &= shown.valid[0, 0]
        equal = shown.values[:, 0, cols[known]] == np.float32(fill.value)
        filled[known] = equal.any(axis=0) & ~equal.all(axis=0) if some else equal[0]
        level, known = values[:, 0].mean(axis=0, dtype=np.float64), known & valid[:, 0].all(axis=0)
        inside.append(level[known & filled])
        outside.append(level[known & ~filled])
    within, others = np.concatenate([np.zeros(0), *inside]), np.concatenate([np.zeros(0), *outside])
    if min(within.size, others.size) < _LEAST:
        return False
    shares = np.mean(others >= np.median(within)), np.mean(others <= np.median(within))
    return bool(shares[0 if fill.value > 0 else 1] <= _EXTREME)


def _bands(hsi: RasterReader) -> list[int]:
    waves = hsi.metadata.wavelengths
    good = [band for band, flag in enumerate(hsi.metadata.bbl) if flag] or list(range(hsi.bands))
    seen = [band for band in good if (wave := waves[band]) is not None and _LIGHT[0] <= wave <= _LIGHT[1]] or good
    return [seen[i] for i in np.unique(np.linspace(0, len(seen) - 1, _BANDS).round().astype(int))]
