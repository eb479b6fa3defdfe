"""Local correlation of the bands of an image with the PAN, masked and streamed over blocks of rows."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Optional

import numpy as np

from .windows import CarriedRows, Run, Tile, WindowSums, tiles, whole_windows

_CONSTANT = 1e-12  # of the mean square about the bands' origin: a variance below this is rounding


class _PanTile(NamedTuple):
    """A tile of a band of the PAN: its values about its origin; of the windows of n pixels their sums, the reciprocal
    of n standard deviations, 0 where a window is not usable, whether it is, and how many are."""

    values: np.ndarray
    total: np.ndarray
    scale: np.ndarray
    usable: np.ndarray
    windows: int


_Place = tuple[Tile, Optional[np.ndarray], Sequence[_PanTile]]  # with the pixels under it that are not valid


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
        self._totals, self._windows = np.zeros((bands, pans)), np.zeros((bands, pans), np.int64)
        self._origin = np.zeros(0)  # of each band, once a pixel was valid
        self._above = CarriedRows(size)
        self._of_thread = threading.local()

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
        found = np.where(self._windows > 0, self._totals / np.maximum(self._windows, 1), -np.inf).max(axis=1)
        return np.where(np.isfinite(found), found, math.nan)

    def _bands(self, stack: np.ndarray, mask: np.ndarray, whole: np.ndarray) -> list[Callable[[], None]]:
        """The work of each band."""
        origin = self._origin
        if not len(origin):
            planes = (self._above.plane(stack, band) for band in range(len(stack)))
            self._origin = origin = np.array([plane[mask].mean(dtype=np.float64) for plane in planes])
        pans = [(self._above.plane(stack, band), origin[band]) for band in range(self.bands, len(stack))]
        places = []
        for place in tiles(whole.shape[0], whole.shape[1], self.size):
            invalid = None if mask[place.under].all() else ~mask[place.under]
            places.append((place, invalid, [self._pan_tile(*pan, invalid, whole, place) for pan in pans]))
        return [functools.partial(self._correlate, stack, band, places) for band in range(self.bands)]

    def _pan_tile(
        self, plane: np.ndarray, origin: float, invalid: np.ndarray | None, whole: np.ndarray, place: Tile
    ) -> _PanTile:
        sums = self._window_sums(place)
        values, squares = sums.inputs
        _about_origin(plane[place.under], origin, invalid, values)
        total, square = sums.of(values, 0), sums.of(np.multiply(values, values, out=squares), 1)
        square *= self.size**2
        variance = square - total * total
        usable = np.zeros(total.shape, bool)
        usable[:, : place.cols] = whole[place.windows]
        usable &= variance > _CONSTANT * square
        scale = np.zeros(total.shape)
        scale[usable] = 1.0 / np.sqrt(variance[usable])
        return _PanTile(values.copy(), total.copy(), scale, usable, int(np.count_nonzero(usable)))

    def _correlate(self, stack: np.ndarray, band: int, places: Sequence[_Place]) -> None:
        """Add the windows of one band, tile by tile."""
        self._check()
        plane, origin, count = self._above.plane(stack, band), self._origin[band], self.size**2
        for place, invalid, pans in places:
            sums = self._window_sums(place)
            values, work = sums.inputs
            _about_origin(plane[place.under], origin, invalid, values)
            total, deviation = sums.of(values, 0), sums.of(np.multiply(values, values, out=work), 1)
            deviation *= count
            least = deviation * _CONSTANT
            deviation -= total * total
            varies = deviation > least
            varying = bool(varies.all())
            if not varying:
                deviation[~varies] = 1.0
            np.sqrt(deviation, out=deviation)
            for number, pan in enumerate(pans):
                correlation = sums.of(np.multiply(values, pan.values, out=work), 2)
                correlation *= count
                correlation -= total * pan.total
                correlation *= pan.scale
                correlation /= deviation
                np.minimum(correlation, 1.0, out=correlation)
                np.maximum(correlation, -1.0, out=correlation)
                if not varying:
                    correlation[~varies] = 0.0
                self._totals[band, number] += correlation.sum()
                self._windows[band, number] += pan.windows if varying else np.count_nonzero(pan.usable & varies)

    def _window_sums(self, tile: Tile) -> WindowSums:
        """Each thread has its own for each of the few shapes of tiles."""
        made = self._of_thread.__dict__.setdefault("made", {})
        if tile.shape not in made:
            made[tile.shape] = WindowSums(self.size, tile, 3)
        return made[tile.shape]


def _about_origin(samples: np.ndarray, origin: float, invalid: np.ndarray | None, out: np.ndarray) -> None:
    """Write samples about an origin, 0 where not valid."""
    np.copyto(out, samples)
    out -= origin
    if invalid is not None:
        out[invalid] = 0.0
