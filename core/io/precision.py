"""Whether numbers survive float32, in which images are read: a large offset leaves few digits for what lies on it."""

from __future__ import annotations

import numpy as np

from .grid import Window
from .reader import RasterReader

_WIDE = ("int32", "uint32", "int64", "uint64", "float64")  # types that hold more digits than float32
_STEPS = 32.0  # of float32 in a standard deviation: from here on rounding is below 1 % of it
_EXACT = 2.0**24  # whole numbers up to here are exact in float32
_STRIPS = 8
_SAMPLES = 4_000_000  # that are read at most


def bands_that_lose_digits(reader: RasterReader) -> tuple[list[int], float, float]:
    """The good bands whose spread is hardly larger than the steps of float32 at their level, in a sample of rows.

    Args:
        reader: the raster, with all its bands.

    Returns:
        Bands counted from 0; the level and the standard deviation of the first of them, in stored units, 0 where there
        is none.

    Raises:
        InputError: the file is damaged.
    """
    if reader.dtype not in _WIDE:
        return [], 0.0, 0.0
    rows, cols = reader.grid.rows, reader.grid.cols
    height = int(np.clip(_SAMPLES // (_STRIPS * reader.bands * cols), 1, max(1, rows // _STRIPS)))
    strips = min(_STRIPS, max(2, rows // reader.block_rows))  # high blocks cost as much as all of their rows
    values, valid = [], []
    for start in np.unique(np.linspace(0, rows - height, strips).astype(int)).tolist():
        values.append(reader.read_stored(start, height).astype(np.float64).reshape(reader.bands, -1))
        valid.append(reader.read(Window(start, 0, height, cols)).valid.reshape(reader.bands, -1))
    found = []
    for band, (stored, mask) in enumerate(zip(np.concatenate(values, axis=1), np.concatenate(valid, axis=1))):
        chosen = stored[mask & np.isfinite(stored)]
        if not reader.metadata.bbl[band] or chosen.size < 2:
            continue
        level, spread = float(np.abs(chosen).max()), float(chosen.std())
        exact = reader.dtype != "float64" and level < _EXACT
        if not exact and 0 < spread < _STEPS * float(np.spacing(np.float32(min(level, 3e38)))):
            found.append((band, level, spread))
    reader.release()
    return ([band for band, _, _ in found], *found[0][1:]) if found else ([], 0.0, 0.0)
