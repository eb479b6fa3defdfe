"""Which high-resolution pixels lie in each low-resolution one, where the axes of both grids are parallel."""

from __future__ import annotations

import numpy as np

from ..io.ratio import Ratio, ratio_per_axis

_EDGE = 0.01  # high-resolution pixels: what overlaps by less does not


def touched(low: int, ratio: float, phase: float = 0.0) -> np.ndarray:
    """The high-resolution pixels that each low-resolution one touches, along one axis.

    Args:
        low: low-resolution pixels.
        ratio: high-resolution pixels per low-resolution pixel.
        phase: distance from the low grid's corner to the high grid's, in high-resolution pixels.

    Returns:
        (2, low) int: the first, and the one after the last; they may lie outside of the image.
    """
    edges = np.arange(low + 1) * ratio - phase
    spans: np.ndarray = np.stack([np.floor(edges[:-1] + _EDGE), np.ceil(edges[1:] - _EDGE)]).astype(int)
    return spans


def all_valid(
    valid: np.ndarray, low: tuple[int, int], ratio: Ratio, phase: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    """Whether all high-resolution pixels that a low-resolution one touches are valid, of those that exist.

    Args:
        valid: (..., rows, columns) bool, at high resolution.
        low: (rows, columns) of the low-resolution image.
        ratio: high-resolution pixels per low-resolution pixel.
        phase: (y, x) from the low grid's corner to the high grid's, in high-resolution pixels.

    Returns:
        (..., rows, columns) bool, at low resolution.
    """
    if valid.all():
        return np.ones((*valid.shape[:-2], *low), bool)
    for axis, count, one, offset in zip((-2, -1), low, ratio_per_axis(ratio), phase):
        size = valid.shape[axis]
        first, last = np.clip(touched(count, one, offset), 0, size)
        valid = _counted(valid, axis, first, last) == _along(last - first, axis)
    return valid


def footprints(
    valid: np.ndarray, low: tuple[int, int], ratio: Ratio, phase: tuple[float, float], crop: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which low-resolution pixels lie on valid high-resolution ones alone: all those that they touch exist, lie inside
    the crop and are valid.

    Args:
        valid: (rows, columns) bool, at high resolution.
        low: (rows, columns) of the low-resolution image.
        ratio: high-resolution pixels per low-resolution pixel.
        phase: (y, x) of the corner of the high-resolution image from that of the other, in high-resolution pixels.
        crop: high-resolution pixels left out along each edge.

    Returns:
        ``low`` bool; and (rows,) bool and (columns,) bool of rows and columns inside the crop, whatever is valid.
    """
    edges = []
    for size, count, one, offset in zip(valid.shape, low, ratio_per_axis(ratio), phase):
        first, last = touched(count, one, offset)
        edges.append((first >= crop) & (last <= size - crop))
    inside = edges[0][:, None] & edges[1][None, :]
    return all_valid(valid, low, ratio, phase) & inside, edges[0], edges[1]


def _counted(valid: np.ndarray, axis: int, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """How many pixels of each run along an axis are valid."""
    shape = list(valid.shape)
    shape[axis] = 1
    count = np.concatenate([np.zeros(shape, np.int32), np.cumsum(valid, axis=axis, dtype=np.int32)], axis=axis)
    held: np.ndarray = np.take(count, last, axis=axis) - np.take(count, first, axis=axis)
    return held


def _along(values: np.ndarray, axis: int) -> np.ndarray:
    return values[:, None] if axis == -2 else values
