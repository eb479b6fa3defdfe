"""Sampling of an image at any positions, by cubic convolution or B-splines: where a grid is warped, and where an image
is moved by another amount in each place.

Positions count from the image's corner, pixel edges at whole numbers: a sample stands at .5, the centre of its pixel.
"""

from __future__ import annotations

import functools
import math
from typing import Callable

import numpy as np

from .fill import fill_invalid
from .resample import CUBIC_A

_RUN = 128  # coefficients along an axis that one matrix product computes
_SPREAD = 19  # samples to either side that a coefficient depends on: farther ones weigh less than 1e-6
SPLINE_REACH = _SPREAD + 3  # samples to either side that a spline depends on
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
_SPLINE_TAPS = (
    np.array(
        [
            [1, -5, 10, -10, 5, -1],
            [26, -50, 20, 20, -20, 5],
            [66, 0, -60, 0, 30, -10],
            [26, 50, 20, -20, -20, 10],
            [1, 5, 10, 10, 5, -5],
            [0, 0, 0, 0, 0, 1],
        ]
    )
    / 120
)


def _polynomials_at(t: np.ndarray, taps: np.ndarray) -> list[np.ndarray]:
    found = []
    for *lower, highest in taps.tolist():
        value = np.full_like(t, highest)
        for coefficient in reversed(lower):
            value = value * t + coefficient
        found.append(value)
    return found


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
    """Images that are interpolated by quintic B-splines: each passes through its samples, and nearly all of the detail
    is kept (Unser, 1999): of waves of 2.8 pixels 97 %, cubic ones keep 91 %. Beyond the edges values go on as they are
    mirrored in the outermost sample, so that planes pass there, too.

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
    """Weights of the six coefficients around positions, of quintic B-splines.

    Args:
        t: of any shape, float64, distance from the third of the coefficients, 0 to 1.

    Returns:
        Six arrays of the same shape, float64.
    """
    return _polynomials_at(t, _SPLINE_TAPS)


def _response() -> list[float]:
    """Of the filter that makes coefficients of samples, the weights, symmetric, :data:`_SPREAD` to either side."""
    angle = 2.0 * math.pi * np.arange(129) / 256
    weights = np.fft.irfft(120.0 / (66.0 + 52.0 * np.cos(angle) + 2.0 * np.cos(2.0 * angle)))
    chosen = np.concatenate([weights[_SPREAD:0:-1], weights[: _SPREAD + 1]])
    return (chosen / chosen.sum()).tolist()


_RESPONSE = _response()


@functools.lru_cache(maxsize=64)
def _prefilter(count: int) -> np.ndarray:
    """(count, count + 2 * _SPREAD) float64: the filter along an axis as a banded matrix; products with it take a third
    of the time of a sum over shifted planes."""
    matrix = np.zeros((count, count + 2 * _SPREAD))
    for offset, weight in enumerate(_RESPONSE):
        matrix[np.arange(count), np.arange(count) + offset] = weight
    return matrix


def _coefficients(plane: np.ndarray) -> np.ndarray:
    """(samples,) float64, as :meth:`_Place.padded` pads: what B-splines are weighted with to pass through samples."""
    margin = _SPREAD + len(_SPLINE_TAPS) // 2
    for axis in (0, 1):
        around = [(margin, margin) if axis == along else (0, 0) for along in (0, 1)]
        padded = np.pad(plane, around, mode="reflect", reflect_type="odd")
        count = padded.shape[axis] - 2 * _SPREAD
        plane = np.empty([count if axis == along else size for along, size in enumerate(padded.shape)])
        for start in range(0, count, _RUN):
            stop = min(start + _RUN, count)
            filtering = _prefilter(stop - start)
            if axis == 0:
                plane[start:stop] = filtering @ padded[start : stop + 2 * _SPREAD]
            else:
                plane[:, start:stop] = padded[:, start : stop + 2 * _SPREAD] @ filtering.T
    return plane.ravel()


class _Place:
    """The samples around positions, and their weights."""

    def __init__(self, shape: tuple[int, ...], rows: np.ndarray, cols: np.ndarray, taps: _Taps = cubic_taps) -> None:
        first, weights, self.exact = [], [], np.ones(len(rows), bool)
        for positions, count in zip((rows, cols), shape[1:]):
            place = np.clip(positions, 0.0, count) - 0.5
            base = np.floor(place)
            weights.append(taps(place - base))
            self.exact &= place == base
            first.append(base.astype(np.intp) + 1)
        self._pad = len(weights[0]) // 2  # pixels by which edges are replicated, as far as the kernel reaches
        self._width = shape[2] + 2 * self._pad
        self._index = first[0] * self._width + first[1]
        self._y, self._x = weights

    def padded(self, plane: np.ndarray) -> np.ndarray:
        """(samples,) float64: the plane, its edges replicated, as one row."""
        return np.pad(plane, self._pad, mode="edge").ravel()

    def sum(self, flat: np.ndarray) -> np.ndarray:
        """(n,) float64: the weighted sums."""
        return self._weighted(flat, self._y, self._x)

    def nearest(self, plane: np.ndarray) -> np.ndarray:
        """(n,) float64: the samples at or before the positions."""
        before = self._pad - 1
        return self.padded(plane)[before * (self._width + 1) :].take(self._index, mode="clip")

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
