"""A fill value that nobody declared: one number in all bands of a region at the border of a raster.

Bands of real data differ, so a number that all bands of a pixel share is looked for along the border first, which costs
a few rows of a few bands. Only where there is one, these bands are read as a whole for the region that hangs together
with the border. What is no fill (own rules):

* a number in some of the bands, unless these are a detector's (:mod:`.partial_fill`);
* a region inside the raster, such as a dark lake of 0;
* saturation: around it, many pixels have the number in some bands (few bands, or the type's highest number);
* a surface that is dark or bright in all bands: most pixels around it have nearly the same number in all of them;
* in a single band, a number that is neither the lowest nor the highest of all, or one whose neighbours are nearly the
  same: a calm sea, or a bright cloud.

Numbers that data may have as well (0, the type's highest, those between others) stand for "no value" inside the region
only; any other number wherever a sample has it. Whether a number of a PAN is saturation or black water is told by the
HSI (:mod:`..products.same_surface`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..runtime.progress import Progress
from .grid import Window
from .masks import Fill
from .partial_fill import filled_in_some
from .reader import RasterReader
from .row_stream import row_strips
from .smeared_fill import grown, mixtures

_PROBES = 9  # bands that are looked at
_BORDER_ROWS = 128  # whose first and last pixels are looked at
_CANDIDATES = 3  # numbers that are followed up
_MANY = 8  # bands: from here on no chance makes all of them equal
_LEAST = {True: 3, False: 16}  # pixels of a region, with many bands and with few
_LEAST_OF_ONE = 64  # pixels of a region in one band
_LEAST_RUN = 12  # pixels that follow each other along the border, in one band
_SATURATED = 0.25  # of the pixels around a region: from here on it is saturated, not filled
_MOST_EQUAL = 0.2  # of the other pixels: where more have equal bands, equal bands tell nothing
_NEAR, _NEAR_USUAL = 0.1, 0.02  # of the range of all numbers: neighbours so near show the same surface
_LOW, _HUGE = -999.0, 1e9  # no surface is so dark or bright in all bands
_SAMPLED_ROWS = 64  # from which that range is taken
_DARK = 0.5  # of the pixels around a region that show the same surface in all bands: it is a dark or bright surface
_SAMPLES = 4_000_000  # read at once
_PIXELS = 16_000_000  # of a single band that are looked at, evenly spaced
_ALL = 0.9  # of the bands, at least, that a fill has; the rest may be dead
_CHECKED = 6  # pixels at which all bands are compared


def undeclared_fills(reader: RasterReader, progress: Progress | None = None) -> list[Fill]:
    """Fill values of a raster that it does not declare as nodata.

    Args:
        reader: the open raster.
        progress: asked for cancellation.

    Returns:
        The values; none in most rasters.

    Raises:
        InputError: the file is damaged where it is looked at.
    """
    progress = progress or Progress()
    good = [band for band, flag in enumerate(reader.metadata.bbl) if flag] or list(range(reader.bands))
    bands = _varying(reader, [good[round(i)] for i in np.linspace(0, len(good) - 1, min(len(good), _PROBES))])
    found, candidates = [], _candidates(reader, bands, progress)
    for value in candidates:
        fill = _Region(reader, bands, value, candidates, progress).fill(good)
        if fill is not None:
            found.append(fill)
    reader.release()
    return found


def _varying(reader: RasterReader, bands: list[int]) -> list[int]:
    """The bands that are not one number throughout, as dead ones are; all of them where less than half vary."""
    rows = [reader.grid.rows * quarter // 4 for quarter in (1, 2, 3)]
    numbers = np.concatenate([reader.read(Window(row, 0, 1, reader.grid.cols), bands).values for row in rows], axis=2)
    varying = [band for band, plane in zip(bands, numbers) if plane.min() < plane.max()]
    return varying if 2 * len(varying) > len(bands) else bands


def _candidates(reader: RasterReader, bands: list[int], progress: Progress) -> np.ndarray:
    """Numbers that all of these bands share at pixels of the border, the most frequent first, and 0 where some of the
    bands have it."""
    sides = [_read(reader, bands, [Window(row, 0, 1, reader.grid.cols)]) for row in {0, reader.grid.rows - 1}]
    rows = np.unique(np.linspace(0, reader.grid.rows - 1, min(reader.grid.rows, _BORDER_ROWS)).round().astype(int))
    for col in {0, reader.grid.cols - 1}:
        progress.check()
        sides.append(_read(reader, bands, [Window(int(row), col, 1, 1) for row in rows]))
    each = [np.where((side == side[0]).all(axis=0), side[0], np.nan) for side in sides]  # NaN is invalid, or differs
    if len(bands) == 1:
        each = [_long_runs(side) for side in each]
    shared = np.concatenate(each)
    values, counts = np.unique(shared[np.isfinite(shared)], return_counts=True)
    values = values[np.argsort(-counts, kind="stable")][:_CANDIDATES]
    some = len(bands) > 1 and any((_long_runs(line) == 0).any() for side in sides for line in side)
    return np.append(values, np.float32(0)) if some and 0 not in values else values


def _read(reader: RasterReader, bands: list[int], windows: list[Window]) -> np.ndarray:
    """The pixels of some windows in a row, (bands, pixels) float32; NaN where they are invalid."""
    blocks = [reader.read(window, bands) for window in windows]
    lines = [np.where(block.valid, block.values, np.float32(np.nan)).reshape(len(bands), -1) for block in blocks]
    return np.concatenate(lines, axis=1)


def _long_runs(side: np.ndarray) -> np.ndarray:
    """The numbers that follow each other often enough, once for each pixel."""
    starts = np.flatnonzero(np.concatenate([[True], side[1:] != side[:-1]]))
    lengths = np.diff(np.append(starts, side.size))
    return np.repeat(side[starts], np.where(lengths >= min(_LEAST_RUN, side.size), lengths, 0))


class _Region:
    """Where a number fills some bands, in connection with the border.

    Args:
        reader: the open raster.
        bands: counted from 0.
        value: the number, as float32.
        candidates: all numbers that are followed up.
        progress: asked for cancellation.
    """

    def __init__(
        self,
        reader: RasterReader,
        bands: list[int],
        value: np.float32,
        candidates: np.ndarray,
        progress: Progress,
    ) -> None:
        self._reader, self._bands, self._value, self._progress = reader, bands, value, progress
        grid = reader.grid
        self._step = 1 if len(bands) > 1 else max(1, math.ceil((grid.rows * grid.cols / _PIXELS) ** 0.5))
        shape = -(-grid.rows // self._step), -(-grid.cols // self._step)
        filled, self._near, self._valid = (np.zeros(shape, bool) for _ in range(3))
        self._bits = np.zeros(shape, np.uint16)  # bit b: band b has the number
        self._lowest, self._highest = np.inf, -np.inf  # of all other numbers
        self._same, self._others = 0, 0  # pixels with none of the candidates: whose bands are equal, and all
        self._nearness = self._near_numbers()
        for rows, values, valid in self._blocks():
            equal = (values == value) & valid
            filled[rows], self._valid[rows] = equal.all(axis=0), valid.all(axis=0)
            for band, plane in enumerate(equal):
                self._bits[rows] |= plane.astype(np.uint16) << np.uint16(band)
            self._near[rows] = (np.abs(values - value) <= self._nearness).all(axis=0)
            others = values[valid & ~equal]
            if others.size:
                self._lowest, self._highest = min(self._lowest, others.min()), max(self._highest, others.max())
            plain = valid.all(axis=0) & ~np.isin(values[0], candidates)
            self._others += int(plain.sum())
            self._same += int((plain & (values == values[0]).all(axis=0)).sum())
        self._region = connected_to_border(filled, progress)

    def _blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """The bands, every so many rows and columns, from top to bottom."""
        grid, step = self._reader.grid, self._step
        if step > 1:
            for number, row in enumerate(range(0, grid.rows, step)):
                self._progress.check()
                block = self._reader.read(Window(row, 0, 1, grid.cols), self._bands)
                yield slice(number, number + 1), block.values[..., ::step], block.valid[..., ::step]
            return
        for start, stop in row_strips(grid.rows, max(1, _SAMPLES // (len(self._bands) * grid.cols)), self._progress):
            block = self._reader.read(Window(start, 0, stop - start, grid.cols), self._bands)
            yield slice(start, stop), block.values, block.valid

    def _near_numbers(self) -> np.ndarray:
        """How near other numbers are to this one when they show the same surface, (bands, 1, 1): numbers that fills
        seldom have must stand out more."""
        grid = self._reader.grid
        rows = np.unique(np.linspace(0, grid.rows - 1, min(grid.rows, _SAMPLED_ROWS)).round().astype(int))
        blocks = [self._reader.read(Window(int(row), 0, 1, grid.cols), self._bands) for row in rows]
        usual = self._value <= 0 or self._value > _HUGE or len(self._bands) > 1
        step = 1.0 if np.dtype(self._reader.dtype).kind in "iu" else 0.0
        near = []
        for band in range(len(self._bands)):
            planes = [(block.values[band], block.valid[band]) for block in blocks]
            others = np.concatenate([plane[valid & (plane != self._value)] for plane, valid in planes])
            low, high = np.percentile(others, (2, 98)) if others.size else (0.0, 0.0)
            near.append(max(step, (_NEAR_USUAL if usual else _NEAR) * float(high - low)))
        return np.array(near, np.float32)[:, None, None]

    def fill(self, good: list[int]) -> Fill | None:
        """What the number is, if it is a fill value.

        Args:
            good: all good bands, counted from 0.
        """
        count, partly = int(self._region.sum()), self._in_some()
        least = _LEAST_OF_ONE if len(self._bands) == 1 else _LEAST[len(good) >= _MANY]
        if count >= least and not self._fills_all(good, partly):
            return None
        if count < least:
            if partly is None:
                return None
            count, self._region = 0, np.zeros_like(self._region)
        exact, highest = self._exact(self._region if partly is None or count else partly)
        like_data = highest or exact == 0 or self._lowest <= self._value <= self._highest
        region = self._region if like_data and self._step == 1 else None
        mixed = mixtures(self._blocks, self._region, float(self._value)) if self._step == 1 and count else None
        return Fill(exact, count * self._step**2, count / self._region.size, region, mixed, partly)

    def _fills_all(self, good: list[int], partly: np.ndarray | None) -> bool:
        """Whether the number fills all bands of the region."""
        single, highest = len(self._bands) == 1, self._exact(self._region)[1]
        filled = self._region if partly is None else self._region | partly
        around = grown(filled) & self._valid & ~filled
        if not around.any():
            return False
        some, near = float((self._bits[around] > 0).mean()), float(self._near[around].mean())
        if single:
            possible = self._value == 0 or not self._lowest < self._value < self._highest
            return possible and near <= _SATURATED
        many = len(good) >= _MANY
        surface = near > _DARK or ((highest or not many) and some > _SATURATED)
        surface = surface and bool(_LOW < self._value < _HUGE)  # what lies beside came of resampling
        possible = self._others > 0 and self._same <= _MOST_EQUAL * self._others  # not an image of nothing else
        return possible and not surface and self._in_all(good)

    def _in_some(self) -> np.ndarray | None:
        """The pixels of which it fills some bands only, (rows, columns) bool; None for none."""
        if len(self._bands) == 1 or self._value > min(0.0, self._lowest):
            return None
        enough = 1 + (len(self._bands) >= _MANY)  # bands: zeros of a single one come of noise
        count = np.zeros(self._bits.shape, np.uint8)
        for band in range(len(self._bands)):
            count += (self._bits >> np.uint16(band) & np.uint16(1)).astype(np.uint8)
        near_border = connected_to_border(count >= enough, self._progress)
        bits = np.where(near_border & ~self._region, self._bits, np.uint16(0))
        alone = not self._region.any()
        if alone and len(self._bands) < _MANY:  # black water in a near infrared band
            return None
        least = _LEAST_OF_ONE if alone else _LEAST[False]
        beside = self._valid & ~near_border
        return filled_in_some(self._blocks, bits, beside, float(self._value), self._nearness, least)

    def _exact(self, filled: np.ndarray) -> tuple[float, bool]:
        """The number as it is stored in some pixels, and whether it is the highest of an integer type."""
        row, col = (int(at[0]) * self._step for at in np.nonzero(filled))
        stored = self._reader.read_stored(row, 1)[:, 0, col]
        with np.errstate(over="ignore"):
            stored = stored[np.flatnonzero(stored.astype(np.float32) == self._value)[0]]
        if stored.dtype.kind == "f":
            return float(str(stored)), False  # 3.4e38 rather than what float32 makes of it
        return float(stored), bool(stored == np.iinfo(stored.dtype).max)

    def _in_all(self, good: list[int]) -> bool:
        """Whether the number fills all good bands but a few dead ones, at most of some pixels of the region."""
        rows, cols = np.nonzero(self._region)
        chosen = np.unique(np.linspace(0, rows.size - 1, _CHECKED).round().astype(int))
        full = 0
        for at in chosen:
            block = self._reader.read(Window(int(rows[at]), int(cols[at]), 1, 1), good)
            full += float((block.valid & (block.values == self._value)).mean()) >= _ALL
        return full * 3 >= chosen.size * 2


def connected_to_border(mask: np.ndarray, progress: Progress | None = None) -> np.ndarray:
    """The part of a mask that hangs together with the border; pixels touch at corners, too.

    Args:
        mask: (rows, columns) bool.
        progress: asked for cancellation.

    Returns:
        (rows, columns) bool.
    """
    progress = progress or Progress()
    reached = np.zeros_like(mask)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        reached[edge] = mask[edge]
    count = -1
    while count != (count := int(reached.sum())):
        progress.check()
        for rows, before in ((range(len(mask)), -1), (range(len(mask) - 1, -1, -1), 1)):
            for row in rows:
                other = reached[row + before] if 0 <= row + before < len(mask) else None
                _spread(mask[row], reached[row], other)
    return reached


def _spread(mask: np.ndarray, reached: np.ndarray, other: np.ndarray | None) -> None:
    """Reach whole runs of a row of the mask that touch what is reached in it or in the row beside it."""
    seeds = reached.copy()
    if other is not None:
        seeds |= other
        seeds[1:] |= other[:-1]
        seeds[:-1] |= other[1:]
    seeds &= mask
    if not seeds.any():
        return
    starts = mask.copy()
    starts[1:] &= ~mask[:-1]
    runs = np.cumsum(starts)
    touched = np.zeros(int(runs[-1]) + 1, bool)
    touched[runs[seeds]] = True
    reached |= touched[runs] & mask
