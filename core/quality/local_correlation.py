"""Local correlation of the bands of an image with the PAN, masked and streamed over blocks of rows."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np

from .windows import CarriedRows, Run, whole_windows, window_sums

_SAMPLES = 30_000  # of a band at once: what fits into a processor's cache
_CONSTANT = 1e-12  # of the mean square about the bands' origin: a variance below this is rounding


class LocalCorrelation:
    r"""Mean over windows of Pearson's correlation of each band with the PAN.

    The windows are size x size pixels and slide by one pixel. Left out are those that hold an invalid pixel or reach
    over the border, and those in which the band or the PAN is constant, where no correlation is defined (own).

    Source: Scarpa and Ciotola, Remote Sensing 14(8), 2022, doi:10.3390/rs14081808.

    Args:
        bands: the number of bands B.
        size: width and height of the windows in pixels.
        check: called at every band; may raise to stop the work.
        pans: the number M of the PAN's bands; of several, each band is taken with the one that it correlates with most.
    """

    def __init__(self, bands: int, size: int, check: Callable[[], None] | None = None, pans: int = 1) -> None:
        self.size, self.bands = size, bands
        self._check = check or (lambda: None)
        self._sums, self._windows = np.zeros((bands, pans)), np.zeros((bands, pans), np.int64)
        self._origin: np.ndarray | None = None
        self._above = CarriedRows(size)

    def update(
        self, stack: np.ndarray, valid: np.ndarray, run: Run = map, beside: Sequence[Callable[[], None]] = ()
    ) -> None:
        """Add the next rows.

        Args:
            stack: (B + M, r, c) of any dtype, the bands and, last, the PAN's.
            valid: (r, c) bool; where it is False the values may be anything, NaN too.
            run: as ``map``; that of a pool of threads computes bands side by side.
            beside: other work that may run side by side with the bands; it is begun first.
        """
        mask = self._above.mask(valid)
        whole = whole_windows(mask, self.size)
        work = [*beside, *(self._bands(stack, mask, whole) if whole.any() else ())]
        for _ in run(lambda piece: piece(), work):
            pass
        self._above.keep(mask, stack)

    def result(self) -> np.ndarray:
        """(B,) float64 in [-1, 1]; NaN for a band without any window."""
        found = np.where(self._windows > 0, self._sums / np.maximum(self._windows, 1), -np.inf).max(axis=1)
        return np.where(np.isfinite(found), found, math.nan)

    def _bands(self, stack: np.ndarray, mask: np.ndarray, whole: np.ndarray) -> list[Callable[[], None]]:
        """The work of each band."""
        origin = self._origin
        if origin is None:
            planes = (self._above.plane(stack, band) for band in range(len(stack)))
            self._origin = origin = np.array([plane[mask].mean(dtype=np.float64) for plane in planes])
        work = []
        for number in range(len(stack) - self.bands):
            place = self.bands + number
            moments = self._moments(self._above.plane(stack, place), origin[place], mask)
            moments[3][:, : whole.shape[1]] &= whole
            moments[3][:, whole.shape[1] :] = False
            work += self._with_pan(stack, mask, number, (*moments, origin))
        return work

    def _with_pan(
        self, stack: np.ndarray, mask: np.ndarray, number: int, moments: tuple[np.ndarray, ...]
    ) -> list[Callable[[], None]]:
        """The work of each band with one of the PAN's bands."""
        pan, pan_mean, pan_variance, usable, origin = moments
        step = max(1, _SAMPLES // usable.shape[1])

        def correlate(band: int) -> None:
            self._check()
            plane = self._above.plane(stack, band)
            correlation, chosen = np.empty(usable.shape), usable.copy()
            for top in range(0, len(usable), step):
                here = slice(top, min(top + step, len(usable)))
                under = slice(top, here.stop + self.size - 1)
                values, mean, variance, varies = self._moments(plane[under], origin[band], mask[under])
                chosen[here] &= varies
                values *= pan[under]
                covariance = window_sums(values, self.size)
                covariance /= self.size**2
                mean *= pan_mean[here]
                covariance -= mean
                variance *= pan_variance[here]
                with np.errstate(divide="ignore", invalid="ignore"):  # of windows that are left out
                    np.sqrt(variance, out=variance)
                    np.divide(covariance, variance, out=correlation[here])
            found = correlation[chosen]
            np.minimum(found, 1.0, out=found)
            self._sums[band, number] += np.maximum(found, -1.0, out=found).sum()
            self._windows[band, number] += found.size

        return [functools.partial(correlate, band) for band in range(self.bands)]

    def _moments(
        self, plane: np.ndarray, origin: float, mask: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Values about the origin; their means and variances in the windows, float64, and where they vary, bool."""
        values = np.subtract(plane, origin, dtype=np.float64)
        if not mask.all():
            values[~mask] = 0.0
        mean = window_sums(values, self.size)
        mean /= self.size**2
        square = window_sums(values * values, self.size)
        square /= self.size**2
        variance = square - mean * mean
        square *= _CONSTANT
        return values, mean, variance, variance > square
