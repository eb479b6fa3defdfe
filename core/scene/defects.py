"""Samples that hold a number but no value: dead detectors and failed retrievals, found in one pass over the HSI.

Only what is sure counts as missing. A column (or row) of one band that is exactly constant, while the columns beside it
vary, comes of a dead detector, unless its number is so frequent in the band that whole lines have it by chance. An
exact 0 or -1 in a band whose spectral neighbours are far above 0 in the same pixel is a failed retrieval, and so is a
long run of -1 (:mod:`.filled_runs`). Stripes, hot pixels and saturated samples (the highest number of the integer type)
are only counted (own).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ..io.grid import Window
from ..io.reader import RasterReader
from ..io.row_stream import row_strips
from ..runtime.progress import Progress
from .filled_runs import FilledRuns
from .scan import ValidCount
from .stray_fills import StrayFills, take_strays

_SAMPLES = 16_000_000  # read at once
_LEAST_LINE = 16  # pixels of a column or row that can be told to be dead
_MOST_DEAD = 0.05  # share of a band's columns: where more are constant, the band is like that
_VARIES = 0.05  # of the band's range: by so much the columns beside a dead one vary at least
_LONGEST_RUN = 6  # zeros one after another: the bands around longer ones are too far apart to compare
_FAR_ABOVE = 0.25  # of a band's mean: values far above 0
_ALSO = -1.0  # stands for a failed retrieval as 0 does
_LEAST_BANDS = 16  # fewer are too far apart to tell a failed 0 from a dark band
_STRIPE, _OUTLIER = 0.25, 20.0  # of the band's mean, and of its usual difference: from here on a column is a stripe
_HOT = 5.0  # times what a row's largest sample is usually, and in the bands beside: it is hot
_PIXELS, _SURE = (
    4096,
    3.0,
)  # spectra that are kept, or looked at at once; times the usual difference of bands that are next to each other
_SATURATED = 1e-3  # share of a band's pixels: fewer saturated ones are usual
_MOST_ZEROS, _MOST_BANDS = 0.2, 0.1  # share of the bands: a pixel with more zeros, a line dead in more, is like that
_ALIKE, _CHANCE = (
    8,
    0.01,
)  # pixels that count as one observation, as neighbours are alike; below it no line is by chance
_STEPS = 5.0  # times the step of whole numbers: what is smaller may come of rounding


@dataclass
class Defects:
    """What was found.

    Attributes:
        places: by band, counted from 0: (n,) int64 flat indices (rows first) into the raster of samples that count as
            missing, in ascending order.
        lines: by band, how many columns and rows are dead.
        zeros: by band, how many samples are failed retrievals, 0 or -1.
        stripes: by band, how many columns are brighter or darker than those beside them, in this band alone.
        hot: by band, how many rows hold a sample far above all that the band and those next to it hold.
        saturated: by band, how many samples have the highest number of the type, where they are many.
        strays: by fill value that is found inside the image, by band, how many samples have it.
        counted: how many samples are valid, these left as they are; None where that was not counted.
    """

    places: dict[int, np.ndarray] = field(default_factory=dict)
    lines: dict[int, int] = field(default_factory=dict)
    zeros: dict[int, int] = field(default_factory=dict)
    stripes: dict[int, int] = field(default_factory=dict)
    hot: dict[int, int] = field(default_factory=dict)
    saturated: dict[int, int] = field(default_factory=dict)
    strays: dict[float, dict[int, int]] = field(default_factory=dict)
    counted: ValidCount | None = field(default=None, repr=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.places or self.strays or self.stripes or self.hot or self.saturated)


def find_defects(reader: RasterReader, window: Window, progress: Progress | None = None) -> Defects:
    """Look through a raster. Fill values that are found inside it are added to those of the reader.

    Args:
        reader: the raster.
        window: the pixels to look at.
        progress: asked for cancellation.

    Returns:
        What was found; nothing in nearly all images.
    """
    scan = _scanned(reader, window, progress)
    strays = {} if reader.settled else take_strays(reader, scan.strays)
    if strays:
        scan = _scanned(reader, window, progress)
    found = scan.result()
    found.strays, found.counted = strays, scan.counted
    return found


def _scanned(reader: RasterReader, window: Window, progress: Progress | None) -> _Scan:
    scan = _Scan(reader, window)
    step = max(1, _SAMPLES // (reader.bands * window.cols))
    for start, stop in row_strips(window.rows, step, progress):
        values, valid = reader.read(window.part((start, stop), (0, window.cols)))
        scan.add(values, valid, start)
        del values, valid  # before the next ones are read
    return scan


class _Scan:
    """Numbers of the rows seen so far."""

    def __init__(self, reader: RasterReader, window: Window) -> None:
        self.window, self.cols = window, reader.grid.cols
        self.listed = np.array([flag != 0 for flag in reader.metadata.bbl])
        self.strays, bands = StrayFills(np.flatnonzero(self.listed), reader.dtype, self.cols), reader.bands
        self.least = [np.full((bands, count), np.inf, np.float32) for count in (window.cols, window.rows)]
        self.most = [np.full((bands, count), -np.inf, np.float32) for count in (window.cols, window.rows)]
        self.column_total, self.column_count = np.zeros((bands, window.cols)), np.zeros((bands, window.cols), np.int64)
        self.row_count = np.zeros((bands, window.rows), np.int64)
        self.saturated = np.zeros(bands, np.int64)
        kind = np.dtype(reader.dtype)
        self.counted = ValidCount(self.listed, (window.rows, window.cols))
        self.top = float(np.float32(np.iinfo(kind).max)) if kind.kind in "iu" else None
        self.step = max(1, math.isqrt(window.rows * window.cols // _PIXELS))
        self.sample: list[np.ndarray] = []  # spectra (bands, n) spread over the scene
        # Of each 0 that may be one: band, row, column, and (2, n) the bands around the run it is in, and their values.
        self.zeros: list[tuple[np.ndarray, ...]] = []
        self.runs = FilledRuns(self.listed)

    def add(self, values: np.ndarray, valid: np.ndarray, start: int) -> None:
        whole = bool(valid.all())
        self.counted.add(None if whole else valid, start, start + values.shape[1])
        first = -start % self.step
        self.sample.append(values[:, first :: self.step, :: self.step].reshape(len(values), -1))
        low = values if whole else np.where(valid, values, np.float32(np.inf))
        high = values if whole else np.where(valid, values, np.float32(-np.inf))
        rows = slice(start, start + values.shape[1])
        by_row = low.min(axis=2), high.max(axis=2)
        corner = self.window.row + start, self.window.col
        self.strays.add(values, valid, by_row[0].min(axis=1), by_row[1].max(axis=1), corner)
        self.least[1][:, rows], self.most[1][:, rows] = by_row
        np.minimum(self.least[0], low.min(axis=1), out=self.least[0])
        np.maximum(self.most[0], high.max(axis=1), out=self.most[0])
        self.column_total += values.sum(axis=1, dtype=np.float64)
        self.column_count += values.shape[1] if whole else np.count_nonzero(valid, axis=1)
        self.row_count[:, rows] = values.shape[2] if whole else np.count_nonzero(valid, axis=2)
        for band in np.flatnonzero(by_row[1].max(axis=1) == self.top) if self.top is not None else ():
            self.saturated[band] += np.count_nonzero(valid[band] & (values[band] == self.top))
        if np.count_nonzero(self.listed) >= _LEAST_BANDS and (by_row[0][self.listed] <= 0).any():
            self._add_zeros(values, valid, start)
            if (by_row[0][self.listed] <= _ALSO).any():
                self.runs.add(values, valid, start)

    def _add_zeros(self, values: np.ndarray, valid: np.ndarray, start: int) -> None:
        used = np.flatnonzero(self.listed)
        zero = valid[used] & ((values[used] == 0) | (values[used] == _ALSO))
        zero &= zero.sum(axis=0) <= _MOST_ZEROS * len(used)
        pixels = np.stack(np.nonzero(zero.any(axis=0)))
        for part in np.split(pixels, range(_PIXELS, pixels.shape[1], _PIXELS), axis=1):
            y, x = part
            spectra, number = values[used[:, None], y, x], np.arange(len(used))[:, None]
            there = (spectra != 0) & (spectra != _ALSO)
            before = np.maximum.accumulate(np.where(there, number, -1), axis=0)
            after = np.minimum.accumulate(np.where(there, number, len(used))[::-1], axis=0)[::-1]
            bounded = (before >= 0) & (after < len(used)) & (after - before <= _LONGEST_RUN + 1)
            place, which = np.nonzero(zero[:, y, x] & bounded)
            others = np.stack([before[place, which], after[place, which]])
            self.zeros.append((used[place], y[which] + start, x[which], used[others], spectra[others, which]))

    def result(self) -> Defects:
        self.total, self.count = self.column_total.sum(axis=1), self.column_count.sum(axis=1)
        found = Defects()
        flat: dict[int, list[np.ndarray]] = {}
        for axis in (0, 1):
            for band, line in zip(*np.nonzero(self._dead(axis))):
                pixels = np.arange(self.window.rows if axis == 0 else self.window.cols)
                rows, cols = (pixels, line) if axis == 0 else (line, pixels)
                flat.setdefault(int(band), []).append(self._flat(rows, cols))
                found.lines[int(band)] = found.lines.get(int(band), 0) + 1
        failed = self._failed()
        for band, place in self.runs.result(self.total / np.maximum(self.count, 1), self.count).items():
            failed[band] = np.union1d(failed.get(band, np.zeros(0, np.int64)), self._flat(*place))
        for band, indices in failed.items():
            new = np.setdiff1d(indices, np.concatenate(flat.get(band, [np.zeros(0, np.int64)])))
            if len(new):
                flat.setdefault(band, []).append(new)
                found.zeros[band] = len(new)
        found.places = {band: np.unique(np.concatenate(parts)) for band, parts in flat.items()}
        found.hot = self._counted(self._hot())
        striped = self._striped() & ~self._dead(0)
        striped[list(found.hot)] = False  # hot pixels spoil the means of their columns
        found.stripes = self._counted(striped)
        found.saturated = {
            int(band): int(self.saturated[band]) for band in np.flatnonzero(self.saturated > _SATURATED * self.count)
        }
        return found

    def _counted(self, lines: np.ndarray) -> dict[int, int]:
        return {int(band): int(np.count_nonzero(lines[band])) for band in np.flatnonzero(lines.any(axis=1))}

    def _beside(self, used: np.ndarray, array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each used band the array of the used band before it and of that after it; of the other one at an end."""
        order = np.arange(len(used))
        before, after = np.where(order > 0, order - 1, 1), np.where(order < len(used) - 1, order + 1, len(used) - 2)
        return array[used[before]], array[used[after]]

    def _striped(self) -> np.ndarray:
        """(bands, columns) bool: the mean differs from those beside it far more than in the bands before and after."""
        striped = np.zeros(self.column_total.shape, bool)
        used = self._usable()
        if min(self.window.rows, self.window.cols) < _LEAST_LINE or not len(used):
            return striped
        mean = self.column_total / np.maximum(self.column_count, 1)
        relative = mean / np.where(self.total > 0, self.total / np.maximum(self.count, 1), 1.0)[:, None]
        step = np.zeros(mean.shape)
        step[:, 1:-1] = relative[:, 1:-1] - (relative[:, :-2] + relative[:, 2:]) / 2
        before, after = self._beside(used, step)
        own = step[used]
        # The first and the last band have one neighbour; the two beside them say how it goes on.
        after[0], before[-1] = 2 * own[1] - own[2], 2 * own[-2] - own[-3]
        least = np.minimum(np.abs(own - before), np.abs(own - after))
        usual = np.median(least[:, 1:-1], axis=1, keepdims=True)
        padded = np.pad(least, ((0, 0), (1, 1)))
        peak = (least >= padded[:, :-2]) & (least >= padded[:, 2:])  # the columns beside a stripe differ as well
        striped[used] = peak & self._well_known()[used] & (usual > 0) & (least > _STRIPE) & (least > _OUTLIER * usual)
        striped[used] &= least * (self.total / np.maximum(self.count, 1))[used, None] >= _STEPS * self._rounding()
        return striped

    def _well_known(self) -> np.ndarray:
        """(bands, columns) bool: columns that hold most of their samples, as those beside them do: the means of others
        are of other ground."""
        most = np.pad(2 * self.column_count > self.window.rows, ((0, 0), (1, 1)), constant_values=True)
        known: np.ndarray = most[:, :-2] & most[:, 1:-1] & most[:, 2:]
        return known

    def _hot(self) -> np.ndarray:
        """(bands, rows) bool."""
        hot = np.zeros(self.most[1].shape, bool)
        used = self._usable()
        if not len(used):
            return hot
        mean = np.maximum(self.total / np.maximum(self.count, 1), 1e-30)
        most = np.where(np.isfinite(self.most[1]), self.most[1], 0.0)
        hot[used] = True
        for numbers in (most / mean[:, None], most):  # in itself, too: an absorption band has a low mean
            before, after = self._beside(used, numbers)
            hot[used] &= numbers[used] > _HOT * np.maximum(before, after)
            hot[used] &= numbers[used] > _HOT * np.median(numbers[used], axis=1, keepdims=True)
        return hot

    def _rounding(self) -> float:
        """By how much numbers differ at least: 1 where all are whole, 0 where there is no such step."""
        return 1.0 if self.top is not None or all(np.array_equal(part, np.rint(part)) for part in self.sample) else 0.0

    def _usable(self) -> np.ndarray:
        """The bands with a mean above 0, where there are enough to compare neighbours."""
        used = np.flatnonzero(self.listed & (self.total > 0))
        return used if len(used) >= _LEAST_BANDS else used[:0]

    def _usual_deviation(self) -> np.ndarray:
        """(bands,) how far samples lie from the mean of the bands beside them, as a share of the bands' means: what 99
        of 100 do not exceed, zeros left out; infinite for bad bands."""
        used = np.flatnonzero(self.listed)
        values = np.concatenate(self.sample, axis=1)[used]
        values = np.where(values == _ALSO, 0.0, values)
        level = values.sum(axis=1) / np.maximum(np.count_nonzero(values, axis=1), 1)  # zeros must not lower it
        relative = values / np.where(level > 0, level, 1.0)[:, None]
        before, after = self._beside(np.arange(len(used)), relative)
        beside = self._beside(np.arange(len(used)), values)
        known = (values != 0) & (beside[0] != 0) & (beside[1] != 0)  # else zeros hide each other
        deviation = np.where(known, np.abs(relative - (before + after) / 2), np.nan)
        result = np.full(len(self.listed), np.inf)
        some = np.isfinite(deviation).any(axis=1)
        result[used[some]] = np.nanquantile(deviation[some], 0.99, axis=1)
        return result

    def _flat(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        return (rows + self.window.row) * np.int64(self.cols) + cols + self.window.col

    def _dead(self, axis: int) -> np.ndarray:
        """(bands, columns or rows) bool."""
        least, most = self.least[axis], self.most[axis]
        pixels = self.window.rows if axis == 0 else self.window.cols
        if pixels < _LEAST_LINE or least.shape[1] < _LEAST_LINE:
            return np.zeros(least.shape, bool)
        spread = np.where(least <= most, most, 0.0) - np.where(least <= most, least, 0.0)
        enough = (self.column_count, self.row_count)[axis] >= _LEAST_LINE  # valid samples: a few are equal by chance
        constant = (spread == 0) & enough
        whole = np.where(constant, -np.inf, most).max(axis=1) - np.where(constant, np.inf, least).min(axis=1)
        varies = (spread > _VARIES * whole[:, None]) & (whole[:, None] > 0)
        beside = np.ones(least.shape, bool)  # a line of the image's edge has one neighbour
        beside[:, 1:] &= varies[:, :-1] | constant[:, :-1]
        beside[:, :-1] &= varies[:, 1:] | constant[:, 1:]
        dead = constant & beside & self.listed[:, None]
        lines = constant.shape[1]
        dead &= (constant.sum(axis=1) <= max(3.0, _MOST_DEAD * lines))[:, None]  # else the band has few values
        dead &= constant.sum(axis=0) <= max(1.0, _MOST_BANDS * len(constant))  # else all bands are like that there
        for band, line in zip(*np.nonzero(dead)):
            dead[band, line] = self._chance(band, least[band, line], pixels, lines) < _CHANCE
        return dead

    def _chance(self, band: int, number: float, pixels: int, lines: int) -> float:
        """How many lines of a band have one number throughout by chance, by its share of the other lines."""
        share = float(np.mean([np.mean(part[band] == number) for part in self.sample if part[band].size]))
        others = max(0.0, (share - 1 / lines) / (1 - 1 / lines))
        return lines * others ** (pixels / _ALIKE)

    def _failed(self) -> dict[int, np.ndarray]:
        """By band, the flat indices of zeros between bands far above 0."""
        if not self.zeros:
            return {}
        band, y, x, others, values = (np.concatenate(parts, axis=-1) for parts in zip(*self.zeros))
        mean = self.total / np.maximum(self.count, 1)
        above = (mean[others] > 0) & (values > _FAR_ABOVE * mean[others])
        comparable = mean[band] > _FAR_ABOVE * mean[others]  # else an absorption band, where 0 is usual
        relative = values / np.where(mean[others] > 0, mean[others], 1.0)
        sure = (above & comparable).all(axis=0)
        sure &= relative.mean(axis=0) > _SURE * self._usual_deviation()[band]
        least = _STEPS * self._rounding()
        sure &= (relative.mean(axis=0) * mean[band] >= least) & (values >= least).all(axis=0)
        band, flat = band[sure], self._flat(y[sure], x[sure])
        return {int(each): np.sort(flat[band == each]) for each in np.unique(band)}
