"""Sliding windows that hold valid pixels only."""

from __future__ import annotations

import numpy as np


def whole_windows(valid: np.ndarray, size: int) -> np.ndarray:
    """Where windows hold valid pixels only.

    Args:
        valid: (r, c) bool.
        size: width and height of the windows in pixels.

    Returns:
        (r - size + 1, c - size + 1) bool, by the windows' upper left pixels.
    """
    count = np.zeros((valid.shape[0] + 1, valid.shape[1] + 1), dtype=np.int64)
    count[1:, 1:] = np.cumsum(np.cumsum(valid, axis=0, dtype=np.int64), axis=1)
    held = count[size:, size:] - count[:-size, size:] - count[size:, :-size] + count[:-size, :-size]
    return held == size * size


def window_sums(plane: np.ndarray, size: int) -> np.ndarray:
    """Sums over sliding windows, by doubling, so that no running sum loses digits.

    Args:
        plane: (r, c) float64.
        size: width and height of the windows in pixels.

    Returns:
        (r - size + 1, c - size + 1) float64.

    Raises:
        ValueError: the size is not positive.
    """
    return _run_sums(_run_sums(plane, size, 0), size, 1)


def _run_sums(plane: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Sums of ``size`` neighbours along an axis."""

    def run(start: int, stop: int) -> np.ndarray:
        return plane[start:stop] if axis == 0 else plane[:, start:stop]

    outputs = plane.shape[axis] - size + 1
    total: np.ndarray | None = None
    covered, width = 0, 1
    while width <= size:
        if size & width:
            part = run(covered, covered + outputs)
            total = part if total is None else total + part
            covered += width
            if covered == size:
                return total
        count = plane.shape[axis]
        plane = run(0, count - width) + run(width, count)
        width *= 2
    raise ValueError(f"a window has at least one row, not {size}")
