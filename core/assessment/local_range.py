"""Samples that cannot be: far outside of what the HSI holds around them, or below zero where the HSI is not.

Each strip of a result is checked while it is written, against the 3 x 3 HSI pixels around each of its samples and the
spread of each band over the whole scene; so what is found does not depend on how the result was cut (own).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..fusion.engine import Fused, Low
from ..io.encoding import equals_nodata
from ..io.metadata import RasterMetadata
from ..operators.extremes import extreme
from ..operators.linear import Span
from ..scene.distribution import sample_strips
from ..scene.scene import Scene

# Local ranges of the HSI, and standard deviations of the band besides, beyond which a sample lies far outside. Of the
# truths of eight degraded real pairs at most 0.06 % of the samples and 0.5 % of the pixels do (docs/notebook).
OUTSIDE, SPREAD = 5.0, 3.0
_PLACES = 10  # that are named
_AT_ONCE = 400_000  # samples that are counted at a time
_BANDS = 64  # that are looked at together: some HSI rows of them stay in the processor's cache


class Limits(NamedTuple):
    """What samples in some HSI pixels can be, in DN.

    Attributes:
        least: (bands, rows, columns) float32, the lower limit.
        most: (bands, rows, columns) float32, the upper limit.
        floor: (bands, rows, columns) float32, 0 in physical units where no HSI pixel around is below it, else minus
            infinity.
    """

    least: np.ndarray
    most: np.ndarray
    floor: np.ndarray


def band_spread(scene: Scene) -> np.ndarray:
    """The standard deviation of each band, from some strips of rows that are spread over the whole scene.

    Args:
        scene: the open HSI and PAN.

    Returns:
        (bands,) float32 in DN; 0 where a band has no values.
    """

    def compute() -> np.ndarray:
        strips = []
        for start, stop in sample_strips(scene):
            block = scene.hsi_rows(start, stop)
            strips.append(block.values[:, block.valid])
        scene.hsi.release()
        if not strips:
            return np.zeros(scene.hsi.bands, np.float32)
        spread: np.ndarray = np.concatenate(strips, axis=1).std(axis=1, dtype=np.float64).astype(np.float32)
        return spread

    return scene.cached("band spread", compute)


class RangeCheck:
    """Counts and maps samples that cannot be, strip by strip, and limits them where that is asked for.

    Args:
        scene: what is fused.
        clip: whether samples beyond a limit are set to it.

    Attributes:
        excess: (rows, columns) float32, of each HSI pixel of the scene how far its farthest sample lay beyond a limit,
            in standard deviations of the band; 0 where all were within.
        samples, seen: how many lay beyond a limit, and how many were seen.
        negative: of them, below 0 where no HSI pixel around is.
        pixels: of the output with such a sample, and ``of``, how many have values.
    """

    def __init__(self, scene: Scene, clip: bool = False) -> None:
        metadata = scene.hsi.metadata
        self._scene, self._clip = scene, clip
        self._owners = [scene.low_owner(axis) for axis in (0, 1)]
        self._good = np.flatnonzero(scene.good)
        self._spread = band_spread(scene)[self._good, None, None]
        self._rounding = 1.0 if np.dtype(metadata.dtype).kind in "iu" else 0.0
        zeros = [0.0 - offset / scale for scale, offset in zip(metadata.scales, metadata.offsets)]
        self._zero = np.array(zeros, np.float32)[self._good, None, None]
        self.excess = np.zeros(scene.low_shape, np.float32)
        self.samples = self.seen = self.negative = self.pixels = self.of = 0

    def __call__(self, piece: Fused, stored: RasterMetadata) -> None:
        """Check a finished strip; its values are changed where they are limited.

        Args:
            piece: of the output, as the file stores it.
            stored: of the file.
        """
        part = piece.window
        places = [
            owner[start : start + size]
            for owner, start, size in zip(self._owners, (part.row, part.col), (part.rows, part.cols))
        ]
        (top, left), (bottom, right) = ([int(own[end]) for own in places] for end in (0, -1))
        spans = (top, bottom + 1), (left, right + 1)
        around = [(max(0, a - 1), min(n, b + 1)) for (a, b), n in zip(spans, self._scene.low_shape)]
        inner = np.s_[:, top - around[0][0] : bottom + 1 - around[0][0], left - around[1][0] : right + 1 - around[1][0]]
        low = self._around(piece.low, (around[0], around[1]))
        places = [own - own[0] for own in places]
        touched, known = (np.zeros((part.rows, part.cols), bool) for _ in range(2))
        farthest = np.zeros((bottom + 1 - top, right + 1 - left), np.float32)
        for start in range(0, len(self._good), _BANDS):
            some = slice(start, start + _BANDS)
            bands = _as_slice(self._good[some])
            values, valid = piece.values[bands], None
            # A result holds its nodata value where it is not valid, and only there.
            if not self._scene.complete and stored.nodata is not None:
                valid = ~equals_nodata(values, stored.nodata)
            self.seen += values.size if valid is None else int(np.count_nonzero(valid))
            known |= True if valid is None else valid.any(axis=0)
            limits = self._limits(low[bands], inner, some)
            least, most = _reduced(values, valid, places)
            beyond = np.maximum(np.maximum(limits.least, limits.floor) - least, most - limits.most)
            cells = beyond > 0
            if cells.any():
                excess = (beyond / np.maximum(self._spread[some], np.float32(1e-30))).max(axis=0)
                np.maximum(farthest, excess, out=farthest)
                touched |= self._count(piece.values, valid, stored, limits, (self._good[some], cells, *places))
        self.of += int(np.count_nonzero(known))
        self.pixels += int(np.count_nonzero(touched))
        here = np.s_[top : bottom + 1, left : right + 1]
        np.maximum(self.excess[here], farthest, out=self.excess[here])

    def _around(self, low: Low | None, spans: tuple[Span, Span]) -> np.ndarray:
        """(bands, rows, columns) float32, DN of some HSI pixels of the scene."""
        if low is None:
            values: np.ndarray = self._scene.hsi_rows(*spans[0], spans[1]).values
            return values
        top, left = (slice(a - origin, b - origin) for (a, b), origin in zip(spans, low.origin))
        return low.values[:, top, left]

    def _limits(self, around: np.ndarray, inner: tuple[slice, ...], some: slice) -> Limits:
        """What samples of some of the good bands can be in the inner ones of some HSI pixels."""
        least, most = (extreme(around, take)[inner] for take in (np.minimum, np.maximum))
        margin = OUTSIDE * (most - least) + SPREAD * self._spread[some] + np.float32(self._rounding)
        floor = np.where(least >= self._zero[some], self._zero[some], np.float32(-np.inf))
        return Limits(least - margin, most + margin, floor)

    def _count(
        self, result: np.ndarray, valid: np.ndarray | None, stored: RasterMetadata, limits: Limits, found: tuple
    ) -> np.ndarray:
        """Count exactly in the bands and HSI pixels with a sample beyond a limit, and limit it.

        Args:
            result: (all bands, rows, columns).
            valid: (bands, rows, columns) bool, of some bands.
            found: the numbers of these, (bands, rows, columns) bool of the HSI pixels in question, and the one that
                each row and each column of the result is in.

        Returns:
            (rows, columns) bool, where a sample is beyond.
        """
        bands, cells, *places = found
        touched = np.zeros(result.shape[1:], bool)
        (tops, heights), (lefts, widths) = (_spans(own) for own in places)
        shape = int(heights.max()), int(widths.max())
        every = np.argwhere(cells)
        step = max(1, _AT_ONCE // (shape[0] * shape[1]))
        for start in range(0, len(every), step):
            number, row, col = every[start : start + step].T
            # Samples of each HSI pixel; where it has fewer than others its last ones stand twice and do not count.
            rows, cols = np.arange(shape[0])[:, None], np.arange(shape[1])
            counted = (rows < heights[row, None, None]) & (cols < widths[col, None, None])
            rows = tops[row, None, None] + np.minimum(rows, heights[row, None, None] - 1)
            cols = lefts[col, None, None] + np.minimum(cols, widths[col, None, None] - 1)
            values = result[bands[number][:, None, None], rows, cols]
            least, most, floor = (limit[number, row, col][:, None, None] for limit in limits)
            least = np.maximum(least, floor)
            known = counted if valid is None else counted & valid[number[:, None, None], rows, cols]
            low, high = (values < least) & known, (values > most) & known
            beyond = low | high
            rows, cols = (np.broadcast_to(each, beyond.shape)[beyond] for each in (rows, cols))
            touched[rows, cols] = True
            self.samples += len(rows)
            self.negative += int(np.count_nonzero((values < floor) & known))
            if self._clip:
                ends = [np.broadcast_to(each, beyond.shape) for each in (least, most)]
                values[low] = _inside(ends[0][low], stored, 1)
                values[high] = _inside(ends[1][high], stored, -1)
                numbers = np.broadcast_to(bands[number][:, None, None], beyond.shape)[beyond]
                result[numbers, rows, cols] = values[beyond]
        return touched

    def facts(self) -> dict[str, Any]:
        """What was found, as JSON and reports have it: ``clip``, ``outside`` and ``negative`` (samples), ``seen``
        (samples), ``pixels`` and ``of`` (of the output), and ``places``: ``row``, ``column`` (HSI pixels of the scene,
        from 0) and ``excess`` of the ten farthest."""
        found = np.flatnonzero(self.excess)
        order = found[np.argsort(self.excess.flat[found], kind="stable")[::-1][:_PLACES]]
        places = [
            {"row": int(row), "column": int(col), "excess": round(float(self.excess[row, col]), 4)}
            for row, col in zip(*np.unravel_index(order, self.excess.shape))
        ]
        return {
            "clip": "range" if self._clip else "none",
            "outside": self.samples,
            "negative": self.negative,
            "seen": self.seen,
            "pixels": self.pixels,
            "of": self.of,
            "places": places,
        }


def _as_slice(numbers: np.ndarray) -> slice | np.ndarray:
    """Increasing numbers; as a slice, which copies nothing, where none is left out."""
    first, last = int(numbers[0]), int(numbers[-1])
    return slice(first, last + 1) if last - first + 1 == len(numbers) else numbers


def _spans(own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First place and number of places of each HSI pixel that a row or column of samples is in."""
    counts = np.bincount(own)
    return np.cumsum(counts) - counts, counts


def _within(offset: np.ndarray, count: np.ndarray, size: int) -> np.ndarray:
    """(n, size) bool: which of so many places, from an offset on, are one of the first ``count``."""
    place = offset[:, None] + np.arange(size)
    within: np.ndarray = (place >= 0) & (place < count[:, None])
    return within


def _reduced(values: np.ndarray, valid: np.ndarray | None, places: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(bands, HSI rows, HSI columns): the least and the most of the samples in each HSI pixel."""
    lines = values.transpose(1, 0, 2)  # in memory all bands of a row lie together
    known = None if valid is None else valid.transpose(1, 0, 2)
    (tops, heights), (lefts, widths) = (_spans(own) for own in places)
    found: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    sizes = int(widths.min()), int(widths.max())
    for top, height in zip(tops, heights):  # rows few enough to stay in the processor's cache
        some = lines[top : top + height]
        ends: tuple[tuple[np.ufunc, float], ...] = (np.minimum, np.inf), (np.maximum, -np.inf)
        for made, (take, end) in zip(found, ends):
            rows = some if known is None else np.where(known[top : top + height], some, np.float32(end))
            made.append(_of_columns(take.reduce(rows, axis=0), (lefts, lefts + widths), sizes, take))
    least, most = (np.stack(made, axis=1) for made in found)
    return least, most


def _of_columns(line: np.ndarray, ends: tuple[np.ndarray, ...], sizes: tuple[int, int], take: np.ufunc) -> np.ndarray:
    """(bands, HSI columns): the least or the most of (bands, columns) in each HSI pixel, whose widths lie between two
    sizes, from those of runs of 2, 4 ... columns."""
    run, (first, last) = 1, ends
    while 2 * run <= sizes[0]:
        line = take(line[:, :-run], line[:, run:])
        run *= 2
    made: np.ndarray = line.take(first, axis=1)
    for step in range(run, sizes[1], run):
        take(made, line.take(np.minimum(first + step, last - run), axis=1), out=made)
    return made


def _inside(limits: np.ndarray, stored: RasterMetadata, inwards: int) -> np.ndarray:
    """Limits in the type of the file, rounded inwards (1: upwards, -1: downwards), none of them its nodata value."""
    dtype, nodata = np.dtype(stored.dtype), stored.nodata
    if dtype.kind == "f":
        made = limits.astype(dtype)
        if nodata is not None:
            clash = equals_nodata(made, nodata)
            made[clash] = np.nextafter(made[clash], dtype.type(inwards * np.inf))
        return made
    ends, whole = np.iinfo(dtype), (np.ceil if inwards > 0 else np.floor)(limits.astype(np.float64))
    if nodata is not None:
        whole[whole == int(nodata)] += inwards
    result: np.ndarray = np.clip(whole, ends.min, ends.max).astype(dtype)
    return result
