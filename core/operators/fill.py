"""Filling of invalid pixels before a filter sees them, so that they do not bleed into their neighbours."""

from __future__ import annotations

import numpy as np

_NEIGHBOURS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]


def fill_invalid(values: np.ndarray, valid: np.ndarray, passes: int, fallback: np.ndarray | float) -> np.ndarray:
    """Replace invalid pixels by the mean of their valid neighbours, ring by ring (own).

    The support is finite: what a pixel gets depends on pixels at most ``passes`` away, so that a raster filled in
    pieces that overlap by ``passes`` pixels equals the raster filled as a whole.

    Args:
        values: (bands, rows, columns) float32 or float64.
        valid: (rows, columns) bool.
        passes: number of rings.
        fallback: value, scalar or (bands,), any dtype, for what is further than ``passes`` pixels from valid ones.

    Returns:
        Same shape, same dtype: ``values`` itself where everything is valid, else a filled copy.
    """
    if valid.all():
        return values
    rows, cols = valid.shape
    filled = values.copy()
    filled[:, ~valid] = np.reshape(np.asarray(fallback, values.dtype), (-1, 1))
    filled_mask = np.pad(valid, 1)
    for _ in range(passes):
        inner = filled_mask[1:-1, 1:-1]
        near = np.zeros_like(inner)
        for dy, dx in _NEIGHBOURS:
            near |= filled_mask[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + cols]
        y, x = np.nonzero(near & ~inner)
        if not len(y):
            break
        total = np.zeros((len(values), len(y)), values.dtype)
        count = np.zeros(len(y), values.dtype)
        for dy, dx in _NEIGHBOURS:
            use = filled_mask[y + 1 + dy, x + 1 + dx]
            total[:, use] += filled[:, y[use] + dy, x[use] + dx]
            count += use
        filled[:, y, x] = total / count
        filled_mask[y + 1, x + 1] = True
    return filled
