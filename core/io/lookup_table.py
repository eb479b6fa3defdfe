"""A geographic lookup table (GLT): the column and row, from 1, of the image pixel at each pixel of a map grid."""

from __future__ import annotations

import numpy as np

from ..runtime.errors import InputError
from .geolocation_arrays import GeolocationArrays
from .grid import Grid
from .positions import to_map

_SMOOTH = 10.0  # image pixels: standard deviation of the Gaussian that evens out the jitter of nearest neighbours
_REACH = 30
_PASSES = (
    3  # each smooths what those before left: waves of 50 pixels pass, and jitter is halved against one of 4 pixels
)
_LEAST = 0.3  # share of the image's pixels that the table must name


class LookupTable(GeolocationArrays):
    """The map coordinates of an image's pixels, as the table's entries say on average.

    An entry is the nearest image pixel of a map pixel, so places jitter by up to half a pixel. They are averaged for
    each image pixel; what a cubic polynomial leaves of them is smoothed, thrice (own; to smooth what smoothing left is
    Tukey's twicing, 1977). Negative entries are filled gaps, and count for the result's outline only.

    Args:
        columns, lines: (rows, columns) int of the table, from 1; 0 for none, negative where a gap was filled.
        grid: the table's map grid.
        size: (rows, columns) of the image.
        name: of the table, for errors.
        places: X and Y, (rows, columns) float64 of the image in the grid's reference system, where they are known
            exactly; None takes the table's.

    Attributes:
        grid: the table's map grid.
        filled: (rows, columns) bool, where the table has an entry.

    Raises:
        InputError: it names pixels that the image has not, or too few of it.
    """

    def __init__(
        self,
        columns: np.ndarray,
        lines: np.ndarray,
        grid: Grid,
        size: tuple[int, int],
        name: str = "the table",
        places: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        self.grid, self.filled = grid, (columns != 0) & (lines != 0)
        rows, cols = size
        largest = int(np.abs(lines).max(initial=0)), int(np.abs(columns).max(initial=0))
        if largest[0] > rows or largest[1] > cols:
            raise InputError(
                f"{name} names row {largest[0]} and column {largest[1]}, but the image has {rows} rows and {cols} "
                "columns; choose the table of this image."
            )
        if places is not None:
            about = "geolocation arrays and a geographic lookup table (GLT)"
            super().__init__(*places, grid.crs, about=about)
            return
        own = (columns > 0) & (lines > 0)
        at = np.nonzero(own)
        place = (lines[own].astype(np.int64) - 1) * cols + columns[own] - 1
        counts = np.bincount(place, minlength=rows * cols).reshape(size)
        if not np.count_nonzero(counts) >= _LEAST * counts.size:
            raise InputError(
                f"{name} names {np.count_nonzero(counts)} of {counts.size} pixels of the image, too few to place it; "
                "choose the table of this image."
            )
        x, y = (
            _smooth(np.bincount(place, values, rows * cols).reshape(size), counts)
            for values in to_map(grid, at[0] + 0.5, at[1] + 0.5)
        )
        super().__init__(x, y, grid.crs, about="a geographic lookup table (GLT)")


def _smooth(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Smooth coordinates, (rows, columns) float64, of sums of jittering ones."""
    rows, cols = (np.linspace(-1.0, 1.0, count) for count in sums.shape)
    powers = [(i, j) for i in range(4) for j in range(4 - i)]
    known = counts > 0
    mean = sums[known].sum() / counts.sum()
    values = np.where(known, sums / np.maximum(counts, 1) - mean, 0.0)
    row, col = np.nonzero(known)
    chosen = slice(None, None, max(1, len(row) // 40_000))
    terms = np.stack([rows[row[chosen]] ** i * cols[col[chosen]] ** j for i, j in powers], 1)
    fitted = np.linalg.lstsq(terms, values[row[chosen], col[chosen]], rcond=None)[0]
    plain = sum(w * rows[:, None] ** i * cols[None, :] ** j for w, (i, j) in zip(fitted, powers))
    weights = np.minimum(counts, 4).astype(float)
    total, smooth = np.maximum(_gaussian(weights), 1e-9), plain
    for _ in range(_PASSES):
        smooth = smooth + _gaussian(np.where(known, values - smooth, 0.0) * weights) / total
    return smooth + mean


def _gaussian(plane: np.ndarray) -> np.ndarray:
    """Sums weighted by a Gaussian; nothing lies beyond the edges."""
    taps = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / _SMOOTH) ** 2)
    for axis in (0, 1):
        padded = np.pad(plane, [(_REACH, _REACH) if axis == one else (0, 0) for one in (0, 1)])
        parts = (np.take(padded, np.arange(k, k + plane.shape[axis]), axis) * tap for k, tap in enumerate(taps))
        plane = sum(parts)
    return plane
