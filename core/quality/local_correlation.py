"""Local correlation of the bands of an image with the PAN, masked and streamed over blocks of rows."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Optional

import numpy as np

from .windows import CarriedRows, Run, Tile, WindowMeans, tiles, whole_windows

_TOGETHER = 8  # bands that a thread takes at once
_CONSTANT = 1e-12  # of the mean square about the bands' origin: a variance below this is rounding


class _PanTile(NamedTuple):
    """A tile of a band of the PAN: its values about its origin; means and variances of its windows, a variance infinite
    where a window is not usable; whether it is, and how many are."""

    values: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
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
        return np.where(np.isfinite(found), np.clip(found, -1.0, 1.0), math.nan)

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
        groups = (range(first, min(first + _TOGETHER, self.bands)) for first in range(0, self.bands, _TOGETHER))
        return [functools.partial(self._correlate_all, stack, group, places) for group in groups]

    def _pan_tile(
        self, plane: np.ndarray, origin: float, invalid: np.ndarray | None, whole: np.ndarray, place: Tile
    ) -> _PanTile:
        means = self._window_means(place)
        values, work, _ = means.inputs
        _about_origin(plane[place.under], origin, invalid, values)
        mean, square = means.of(values, 0), means.of(np.multiply(values, values, out=work), 1)
        variance = square - mean * mean
        usable = np.zeros(mean.shape, bool)
        usable[:, : place.cols] = whole[place.windows]
        usable &= variance > _CONSTANT * square
        variance[~usable] = math.inf
        return _PanTile(values.copy(), mean.copy(), variance, usable, int(np.count_nonzero(usable)))

    def _correlate_all(self, stack: np.ndarray, bands: range, places: Sequence[_Place]) -> None:
        """Add the windows of some bands, tile by tile: what they share of the PAN stays in the cache."""
        planes = [self._above.plane(stack, band) for band in bands]
        for place, invalid, pans in places:
            self._check()
            means = self._window_means(place)
            for band, plane in zip(bands, planes):
                _about_origin(plane[place.under], self._origin[band], invalid, means.inputs[0])
                self._correlate(band, means, pans)

    def _correlate(self, band: int, means: WindowMeans, pans: Sequence[_PanTile]) -> None:
        """Add a tile of one band."""
        values, work, scale = means.inputs
        mean, variance = means.of(values, 0), means.of(np.multiply(values, values, out=work), 1)
        largest, work, scale = variance.max(), work[: len(mean)], scale[: len(mean)]
        variance -= np.multiply(mean, mean, out=work)
        constant = None
        if not variance.min() > _CONSTANT * largest:
            constant = ~(variance > _CONSTANT * (variance + work))
            variance[constant] = math.inf
        for number, pan in enumerate(pans):
            correlation = means.of(np.multiply(values, pan.values, out=means.inputs[1]), 2)
            correlation -= np.multiply(mean, pan.mean, out=work)
            correlation /= np.sqrt(np.multiply(variance, pan.variance, out=scale), out=scale)
            windows = pan.windows if constant is None else np.count_nonzero(pan.usable & ~constant)
            self._totals[band, number] += correlation.sum()
            self._windows[band, number] += windows

    def _window_means(self, tile: Tile) -> WindowMeans:
        """Each thread has its own for each of the few shapes of tiles."""
        made = self._of_thread.__dict__.setdefault("made", {})
        if tile.shape not in made:
            made[tile.shape] = WindowMeans(self.size, tile, 3)
        return made[tile.shape]


def _about_origin(samples: np.ndarray, origin: float, invalid: np.ndarray | None, out: np.ndarray) -> None:
    """Write samples about an origin, 0 where not valid."""
    np.copyto(out, samples)
    out -= origin
    if invalid is not None:
        out[invalid] = 0.0
