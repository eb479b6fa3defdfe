"""Filters on the PAN's own grid that some methods are defined by. Edges are replicated, or windows end there."""

from __future__ import annotations

import numpy as np

_SPLINE = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0  # cubic B-spline


def pixel_mean(image: np.ndarray, ratio: int) -> np.ndarray:
    """Mean over a square as large as an HSI pixel, centred on each PAN pixel: R taps, or R + 1 of which the outer ones
    count half. A pixel depends on R // 2 pixels on each side.

    Args:
        image: (rows, columns) float32 or float64.
        ratio: R.

    Returns:
        the same shape and the same dtype.
    """
    weights = np.ones(ratio) if ratio % 2 else np.array([0.5, *[1.0] * (ratio - 1), 0.5])
    return _separable(image, weights / ratio, 1)


def wavelet_levels(ratio: int) -> int:
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
        image = _separable(image, _SPLINE, 2**level)
    return image


def window_mean(images: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a window of (2 radius + 1)^2 pixels, as much of it as lies inside the image.

    Args:
        images: (..., rows, columns) float64.
        radius: in pixels.

    Returns:
        the same shape, float64.
    """
    for axis in (-1, -2):
        count = images.shape[axis]
        sums = np.cumsum(images, axis=axis)
        sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis)), sums], axis=axis)
        high = np.minimum(np.arange(count) + radius + 1, count)
        low = np.maximum(np.arange(count) - radius, 0)
        size = (high - low).astype(float).reshape([-1] + [1] * (-1 - axis))
        images = (np.take(sums, high, axis) - np.take(sums, low, axis)) / size
    return images


def _separable(image: np.ndarray, weights: np.ndarray, step: int) -> np.ndarray:
    """Symmetric weights along both axes, at a step of ``step`` pixels."""
    reach = len(weights) // 2 * step
    for axis in (0, 1):
        count = image.shape[axis]
        padded = np.pad(image, [(reach, reach) if one == axis else (0, 0) for one in (0, 1)], mode="edge")
        total = np.zeros_like(image)
        for place, weight in enumerate(weights):
            start = place * step
            part = padded[start : start + count] if axis == 0 else padded[:, start : start + count]
            total += part * image.dtype.type(weight)
        image = total
    return image
