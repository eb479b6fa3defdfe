"""Sampling of an image at any positions by cubic convolution: where a grid is warped, and where an image is moved by
another amount in each place.

Positions count from the image's corner, pixel edges at whole numbers: a sample stands at .5, the centre of its pixel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .resample import CUBIC_A

_PAD = 2  # pixels by which edges are replicated, as far as the kernel reaches


def _polynomials() -> np.ndarray:
    """(4, 4) float64: of each tap the coefficients of 1, t, t^2, t^3, t the distance from the second tap.

    Keys' kernel with its centroid put on the position by the smallest change of the weights, as
    :func:`.resample.cubic_line` does it: written out, each weight stays a cubic polynomial.
    """
    a = CUBIC_A
    taps = np.array(
        [
            [0.0, a, -2 * a, a],
            [1.0, 0.0, -(a + 3), a + 2],
            [0.0, -a, 2 * a + 3, -(a + 2)],
            [0.0, 0.0, a, -a],
        ]
    )
    centroid = np.arange(-1, 3) @ taps - np.array([0.0, 1.0, 0.0, 0.0])
    arm = np.arange(4) - 1.5
    return taps - arm[:, None] * centroid / (arm @ arm)


_TAPS = _polynomials()


class Samples(NamedTuple):
    """What was sampled.

    Attributes:
        values: (bands, n) float64.
        weights: (bands, n) float64, the sum of the weights that lie on valid pixels.
        touched: (bands, n) float64, the share of the absolute weights that lie on others, 0 to 1.
    """

    values: np.ndarray
    weights: np.ndarray
    touched: np.ndarray


def cubic_taps(t: np.ndarray) -> list[np.ndarray]:
    """Weights of the four samples around positions: cubic convolution, a = -0.75, with its centroid on the position.

    Args:
        t: of any shape, float64, distance from the second of the samples, 0 to 1.

    Returns:
        Four arrays of the same shape, float64.
    """
    return [((c3 * t + c2) * t + c1) * t + c0 for c0, c1, c2, c3 in _TAPS.tolist()]


def sample_cubic(planes: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Values of images at positions; edges are replicated.

    Args:
        planes: (bands, rows, columns) float64.
        rows, cols: (n,) float64, positions.

    Returns:
        (bands, n) float64.
    """
    place = _Place(planes.shape, rows, cols)
    return np.stack([place.sum(place.padded(plane)) for plane in planes])


def sample_valid(planes: np.ndarray, valid: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> Samples:
    """Sums of what is valid around positions; edges are replicated.

    Args:
        planes: (bands, rows, columns) float64.
        valid: (bands, rows, columns) bool.
        rows, cols: (n,) float64, positions.

    Returns:
        Weighted sums, not divided by their weights.
    """
    place = _Place(planes.shape, rows, cols)
    values, weights, touched = [], [], []
    for plane, known in zip(planes, valid):
        if known.all():
            values.append(place.sum(place.padded(plane)))
            weights.append(np.ones(len(rows)))
            touched.append(np.zeros(len(rows)))
            continue
        inside = place.padded(known.astype(np.float64))
        values.append(place.sum(place.padded(np.where(known, plane, 0.0))))
        weights.append(place.sum(inside))
        touched.append(place.absolute(1.0 - inside) / place.absolute(np.ones_like(inside)))
    return Samples(np.stack(values), np.stack(weights), np.stack(touched))


class _Place:
    """The samples around positions, and their weights."""

    def __init__(self, shape: tuple[int, ...], rows: np.ndarray, cols: np.ndarray) -> None:
        self._width = shape[2] + 2 * _PAD
        first, weights = [], []
        for positions, count in zip((rows, cols), shape[1:]):
            place = np.clip(positions, 0.0, count) - 0.5
            base = np.floor(place)
            weights.append(cubic_taps(place - base))
            first.append(base.astype(np.intp) + (_PAD - 1))
        self._index = first[0] * self._width + first[1]
        self._y, self._x = weights

    def padded(self, plane: np.ndarray) -> np.ndarray:
        """(samples,) float64: the plane, its edges replicated, as one row."""
        return np.pad(plane, _PAD, mode="edge").ravel()

    def sum(self, flat: np.ndarray) -> np.ndarray:
        """(n,) float64: the weighted sums."""
        return self._weighted(flat, self._y, self._x)

    def absolute(self, flat: np.ndarray) -> np.ndarray:
        """(n,) float64: sums with the absolute weights."""
        return self._weighted(flat, [np.abs(w) for w in self._y], [np.abs(w) for w in self._x])

    def _weighted(self, flat: np.ndarray, y: list[np.ndarray], x: list[np.ndarray]) -> np.ndarray:
        total = np.zeros(len(self._index))
        for row, of_row in enumerate(y):
            line = np.zeros(len(self._index))
            for col, of_col in enumerate(x):
                line += of_col * flat[row * self._width + col :].take(self._index, mode="clip")
            total += of_row * line
        return total
