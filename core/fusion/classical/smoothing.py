"""Filters on the PAN's own grid that some methods are defined by. Edges are replicated, or windows end there."""

from __future__ import annotations

import math

import numpy as np

from ...io.ratio import Ratio, ratio_per_axis

_SPLINE = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0  # cubic B-spline


def pixel_reach(ratio: float) -> int:
    """Pixels on each side that :func:`pixel_mean` depends on.

    Args:
        ratio: R along an axis.

    Returns:
        Half of R - 1, rounded up.
    """
    return math.ceil((ratio - 1) / 2)


def pixel_mean(image: np.ndarray, ratio: Ratio) -> np.ndarray:
    """Mean over a rectangle as large as an HSI pixel, centred on each PAN pixel: the outer taps count as far as the
    rectangle covers them.

    Args:
        image: (rows, columns) float32 or float64.
        ratio: R, of both axes or of each.

    Returns:
        the same shape and the same dtype.
    """
    for axis, one in enumerate(ratio_per_axis(ratio)):
        weights = np.ones(2 * pixel_reach(one) + 1)
        weights[[0, -1]] = (one - (len(weights) - 2)) / 2 if len(weights) > 1 else one
        image = _along(image, weights / one, 1, axis)
    return image


def wavelet_levels(ratio: float) -> int:
    """Number of dyadic levels that comes nearest to the ratio.

    Args:
        ratio: R.

    Returns:
        at least 1.
    """
    return max(1, round(float(np.log2(ratio))))


def wavelet_approximation(image: np.ndarray, levels: int) -> np.ndarray:
    """What remains of an image when its finest wavelet planes are taken away, by the undecimated a-trous algorithm: the
    cubic B-spline with 2^j - 1 zeros between its taps, j = 0, 1, ... (Nunez et al., 1999). A pixel depends on
    2 (2^levels - 1) pixels on each side.

    Args:
        image: (rows, columns) float32 or float64.
        levels: number of planes taken away.

    Returns:
        the same shape and the same dtype.
    """
    for level in range(levels):
        image = _along(_along(image, _SPLINE, 2**level, 0), _SPLINE, 2**level, 1)
    return image


def window_mean(images: np.ndarray, radius: tuple[int, int]) -> np.ndarray:
    """Mean over a window of 2 radius + 1 pixels along each axis, as much of it as lies inside the image.

    Args:
        images: (..., rows, columns) float64.
        radius: in pixels, along rows' and columns' axis.

    Returns:
        the same shape, float64.
    """
    for axis in (-1, -2):
        count, reach = images.shape[axis], radius[axis]
        sums = np.cumsum(images, axis=axis)
        sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis)), sums], axis=axis)
        high = np.minimum(np.arange(count) + reach + 1, count)
        low = np.maximum(np.arange(count) - reach, 0)
        size = (high - low).astype(float).reshape([-1] + [1] * (-1 - axis))
        images = (np.take(sums, high, axis) - np.take(sums, low, axis)) / size
    return images


def _along(image: np.ndarray, weights: np.ndarray, step: int, axis: int) -> np.ndarray:
    """Symmetric weights along an axis, at a step of ``step`` pixels."""
    reach, count = len(weights) // 2 * step, image.shape[axis]
    padded = np.pad(image, [(reach, reach) if one == axis else (0, 0) for one in (0, 1)], mode="edge")
    total = np.zeros_like(image)
    for place, weight in enumerate(weights):
        start = place * step
        part = padded[start : start + count] if axis == 0 else padded[:, start : start + count]
        total += part * image.dtype.type(weight)
    return total
