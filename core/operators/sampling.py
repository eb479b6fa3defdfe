"""Sampling of an image at any positions, by cubic convolution or cubic B-splines: where a grid is warped, and where an
image is moved by another amount in each place.

Positions count from the image's corner, pixel edges at whole numbers: a sample stands at .5, the centre of its pixel.
"""

from __future__ import annotations

import math
from typing import Callable

import numpy as np

from .fill import fill_invalid
from .resample import CUBIC_A

SPLINE_REACH = 15  # samples to either side that a spline depends on
_PAD = 2  # pixels by which edges are replicated, as far as the kernel reaches
_SPREAD = 12  # samples to either side that a coefficient depends on: farther ones weigh less than 1e-7
_FILLED = 4  # rings of samples that are not valid around valid ones
_Taps = Callable[[np.ndarray], list[np.ndarray]]


def _cubic_polynomials() -> np.ndarray:
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


_CUBIC_TAPS = _cubic_polynomials()
_SPLINE_TAPS = np.array([[1, -3, 3, -1], [4, 0, -6, 3], [1, 3, 3, -3], [0, 0, 0, 1]]) / 6


def _polynomials_at(t: np.ndarray, taps: np.ndarray) -> list[np.ndarray]:
    return [((c3 * t + c2) * t + c1) * t + c0 for c0, c1, c2, c3 in taps.tolist()]


def cubic_taps(t: np.ndarray) -> list[np.ndarray]:
    """Weights of the four samples around positions: cubic convolution, a = -0.75, with its centroid on the position.

    Args:
        t: of any shape, float64, distance from the second of the samples, 0 to 1.

    Returns:
        Four arrays of the same shape, float64.
    """
    return _polynomials_at(t, _CUBIC_TAPS)


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


class SplineImage:
    """Images that are interpolated by cubic B-splines: each passes through its samples, and of fine detail more is kept
    than by cubic convolution of as few samples (Unser, 1999). Edges are replicated.

    Args:
        planes: (bands, rows, columns) float64.
        valid: (bands, rows, columns) bool; other samples are filled by those around them.
    """

    def __init__(self, planes: np.ndarray, valid: np.ndarray) -> None:
        self._valid = valid
        self._planes = planes
        if not valid.all():
            self._planes = np.concatenate(
                [
                    fill_invalid(plane[None], known, _FILLED, float(plane[known].mean()) if known.any() else 0.0)
                    for plane, known in zip(planes, valid)
                ]
            )
        self._coefficients = [_coefficients(plane) for plane in self._planes]

    def at(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values at positions.

        Args:
            rows, cols: (n,) float64, positions.

        Returns:
            Values (bands, n) float64; and how much of them rests on samples that are not valid, (bands, n) float64: the
            share of the absolute weights that cubic convolution would give them.
        """
        spline = _Place(self._planes.shape, rows, cols, spline_taps)
        values, touched = np.empty((len(self._planes), len(rows))), np.zeros((len(self._planes), len(rows)))
        for band, (plane, known) in enumerate(zip(self._planes, self._valid)):
            found = spline.sum(self._coefficients[band])
            # A position on a sample has its very bits.
            values[band] = np.where(spline.exact, spline.nearest(plane), found) if spline.exact.any() else found
            if not known.all():
                cubic = _Place(self._planes.shape, rows, cols)
                inside = cubic.padded(known.astype(np.float64))
                touched[band] = cubic.absolute(1.0 - inside) / cubic.absolute(np.ones_like(inside))
        return values, touched


def spline_taps(t: np.ndarray) -> list[np.ndarray]:
    """Weights of the four coefficients around positions, of cubic B-splines.

    Args:
        t: of any shape, float64, distance from the second of the coefficients, 0 to 1.

    Returns:
        Four arrays of the same shape, float64.
    """
    return _polynomials_at(t, _SPLINE_TAPS)


def _coefficients(plane: np.ndarray) -> np.ndarray:
    """(samples,) float64, as :meth:`_Place.padded` pads: what B-splines are weighted with to pass through samples."""
    pole = math.sqrt(3.0) - 2.0
    weights = pole ** np.abs(np.arange(-_SPREAD, _SPREAD + 1.0))
    weights /= weights.sum()
    for axis in (0, 1):
        margin = _SPREAD + _PAD
        padded = np.pad(plane, [(margin, margin) if axis == along else (0, 0) for along in (0, 1)], mode="edge")
        count = padded.shape[axis] - 2 * _SPREAD
        plane = np.zeros([count if axis == along else size for along, size in enumerate(padded.shape)])
        for offset, weight in enumerate(weights.tolist()):
            plane += weight * (padded[offset : offset + count] if axis == 0 else padded[:, offset : offset + count])
    return plane.ravel()


class _Place:
    """The samples around positions, and their weights."""

    def __init__(self, shape: tuple[int, ...], rows: np.ndarray, cols: np.ndarray, taps: _Taps = cubic_taps) -> None:
        self._width = shape[2] + 2 * _PAD
        first, weights, self.exact = [], [], np.ones(len(rows), bool)
        for positions, count in zip((rows, cols), shape[1:]):
            place = np.clip(positions, 0.0, count) - 0.5
            base = np.floor(place)
            weights.append(taps(place - base))
            self.exact &= place == base
            first.append(base.astype(np.intp) + (_PAD - 1))
        self._index = first[0] * self._width + first[1]
        self._y, self._x = weights

    def padded(self, plane: np.ndarray) -> np.ndarray:
        """(samples,) float64: the plane, its edges replicated, as one row."""
        return np.pad(plane, _PAD, mode="edge").ravel()

    def sum(self, flat: np.ndarray) -> np.ndarray:
        """(n,) float64: the weighted sums."""
        return self._weighted(flat, self._y, self._x)

    def nearest(self, plane: np.ndarray) -> np.ndarray:
        """(n,) float64: the samples at or before the positions."""
        return self.padded(plane)[self._width + 1 :].take(self._index, mode="clip")

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
