"""Scoring of a result against the HSI and the PAN that it was made of, in runs of rows, with bounded memory."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable

import numpy as np

from ..io.grid import Alignment, Window
from ..io.row_stream import RowStream
from ..operators.fill import fill_invalid
from ..operators.footprints import footprints
from ..operators.pair import Operators
from ..operators.resample import Gains
from ..quality.blocks import BLOCK
from ..quality.consistency import ConsistencyResidual
from ..quality.no_reference import NoReferenceIndices
from ..runtime.memory import trim_heap
from ..runtime.progress import Progress, Silent
from ..runtime.threads import Workers
from ..scene.streams import FILL_HIGH
from . import reference as scoring
from .reference import EstimatedView, View

_GROUP = 16  # bands that a thread reads and degrades at once
_LOW_ROWS = 8  # of the HSI, degraded to at once


@dataclass(frozen=True)
class FusedPair:
    """What a result was made of, and how it is scored against that.

    Attributes:
        hsi: the HSI, the window ``alignment.hsi``.
        alignment: how the result lies on it.
        pan: the PAN under the result.
        under: the part of the result that it covers; elsewhere no pixel counts.
        bands: good bands, counted from 0.
        gain: MTF gain of the degradations.
        crop: pixels of the result left out at each side.
    """

    hsi: View
    alignment: Alignment
    pan: View
    under: Window
    bands: Sequence[int]
    gain: Gains
    crop: int


def score_full_resolution(fused: View, pair: FusedPair, progress: Progress) -> dict:
    """The indices that need no reference, and the consistency.

    Pixels count at full resolution where the good bands and the PAN are valid, inside the crop; HSI pixels that are
    valid themselves and whose own pixels of the result all exist and count. Invalid pixels are filled
    from their neighbours before a degradation. Blocks begin at the upper-left pixel that can count. Where the HSI
    misses samples in single bands, those of pixels that miss a tenth of the bands at most are estimated from the other
    bands, in the HSI and in the result.

    Args:
        fused: the result, the window ``alignment.pan``.
        pair: what it was made of.
        progress: receives progress; asked whether to stop.

    Returns:
        what :meth:`.NoReferenceIndices.result` returns; ``consistency``, in ``per_band`` too; ``hsi_pixels``, the
        number of HSI pixels that count.
    """
    hsi = EstimatedView.of(pair.hsi, progress)
    if hsi is not pair.hsi:
        fused, pair = EstimatedView.of(fused, progress), replace(pair, hsi=hsi)
    with Workers() as workers:
        return _FullResolution(fused, pair, workers, progress).scores()


class _FullResolution:
    def __init__(self, fused: View, pair: FusedPair, workers: Workers, progress: Progress) -> None:
        self.fused, self.hsi, self.alignment = fused, pair.hsi, pair.alignment
        self.pan, self.under = pair.pan, pair.under
        self.bands, self.crop, self.progress = list(pair.bands), pair.crop, progress
        self.high = fused.window.rows, fused.window.cols
        self.low = pair.hsi.window.rows, pair.hsi.window.cols
        self.down = Operators(self.low, self.high, self.alignment.ratios, self.alignment.phase, pair.gain).down
        self.pans = list(range(self.pan.reader.bands))
        self.indices = NoReferenceIndices(len(self.bands), self.alignment.ratio, progress.check, pans=len(self.pans))
        self.residual = ConsistencyResidual(len(self.bands))
        self.workers = workers
        self._reading = threading.Lock()  # a raster is read by one thread at a time
        self._planes = 4 * (len(self.bands) + len(self.pans))  # that are held at once
        covered = (self.under.rows, self.under.cols) == self.high
        self.fills = not (covered and self.fused.reader.always_valid and self.pan.reader.always_valid)

    def scores(self) -> dict:
        """One pass over the result where nothing has to be filled before it is degraded, else two."""
        progress: Progress = self.progress
        low: Progress = Silent(progress)
        if self.fills:
            progress, low = progress.part(0.0, 0.55), progress.part(0.55, 1.0)
        high = self._scan_high(progress)
        valid, produce = np.ones(self.high, bool), functools.partial(self._next_narrowed, high)
        if self.fills:
            valid, means = self._mask_and_means(high)
            trim_heap()
            produce = functools.partial(self._filled_narrowed, valid, means)
        counted, inside = self._counted(valid)
        narrow = RowStream(self.high[0], produce, self.fused.step(self._planes, BLOCK))
        self._scan_low(narrow, counted, inside, low)
        for _ in high:
            pass
        trim_heap()
        result = self.indices.result()
        result["consistency"], result["per_band"]["consistency"] = self.residual.result()
        result["hsi_pixels"] = int(np.count_nonzero(counted))
        if not result["hsi_pixels"]:
            result["notes"].append(
                "The consistency is left out: no HSI pixel has only valid pixels of the result under it."
            )
        return result

    def _side_by_side(self, work: Callable[[Any], None], items: Iterable[Any]) -> list[None]:
        return self.workers.run(work, items, self.progress)

    def _pan_rows(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the PAN on the pixels of the result: values (M, r, c), in physical units, and valid (r, c)."""
        under, rows = self.under, stop - start
        top, bottom = max(start, under.row), min(stop, under.row + under.rows)
        if (bottom - top, under.cols) == (rows, self.high[1]):
            values, valid = self.pan.rows(top - under.row, bottom - under.row, self.pans, self.progress)
            return values, np.ones(values.shape[1:], bool) if valid is None else valid.all(axis=0)
        values = np.zeros((len(self.pans), rows, self.high[1]), np.float32)
        mask = np.zeros(values.shape[1:], bool)
        if top < bottom:
            block = self.pan.read(top - under.row, bottom - under.row, self.pans)
            here = np.s_[top - start : bottom - start, under.col : under.col + under.cols]
            values[:, here[0], here[1]], mask[here] = block[0], block[1].all(axis=0)
        return values, mask

    def _scan_high(self, progress: Progress) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
        """Add all rows to the indices; yields them, see :meth:`_high_rows`."""
        spans = self.fused.blocks(self._planes, progress, BLOCK)
        for start, stop, stack, here in self.workers.ahead(self._high_rows, spans, self.progress):
            top, bottom = max(self.crop, start) - start, min(self.high[0] - self.crop, stop) - start
            if top < bottom:
                part = np.s_[..., top:bottom, self.crop : self.high[1] - self.crop]
                self.indices.update_high(stack[part], here[part], self._side_by_side)
            yield start, stop, stack, here

    def _high_rows(self, span: tuple[int, int]) -> tuple[int, int, np.ndarray, np.ndarray]:
        """Rows; of them the bands of the result and, last, the PAN (B + M, r, c), and where all are valid (r, c)."""
        (start, stop), bands = span, len(self.bands)
        pan, here = self._pan_rows(start, stop)
        values, valid = self.fused.rows(start, stop, self.bands, self.progress)
        stack = np.empty((stop - start, bands + len(pan), self.high[1]), np.result_type(values, pan)).transpose(1, 0, 2)
        stack[:bands], stack[bands:] = values, pan
        if valid is not None:
            here &= valid.all(axis=0)
        return start, stop, stack, here

    def _mask_and_means(self, high: Iterable[tuple[int, int, np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
        """(rows, columns) bool, the valid pixels, and (B + M,) float32, the means of the bands and of the PAN there, by
        which invalid pixels are filled; 0 where there are none."""
        mask = np.empty(self.high, bool)
        total = np.zeros(len(self.bands) + len(self.pans))
        for start, stop, stack, here in high:
            mask[start:stop] = here
            of_rows = stack.sum(axis=2) if here.all() else stack.sum(axis=2, where=here)
            total += of_rows.sum(axis=1, dtype=np.float64)
        return mask, (total / max(int(np.count_nonzero(mask)), 1)).astype(np.float32)

    def _counted(self, valid: np.ndarray) -> tuple[np.ndarray, tuple[slice, slice]]:
        """(rows, columns) bool, the HSI pixels that count, and the rectangle outside of which none can."""
        counted, *edges = footprints(valid, self.low, self.alignment.ratios, self.alignment.phase, self.crop)
        spans = () if self.hsi.reader.always_valid else self.hsi.blocks(len(self.bands), Progress())
        for start, stop in spans:
            self.progress.check()
            counted[start:stop] &= self.hsi.read(start, stop, self.bands, self.progress)[1].all(axis=0)
        found = [np.flatnonzero(edge) for edge in edges]
        rows, cols = (slice(int(at[0]), int(at[-1]) + 1) if at.size else slice(0, 0) for at in found)
        return counted, (rows, cols)

    def _scan_low(
        self, narrow: RowStream, counted: np.ndarray, inside: tuple[slice, slice], progress: Progress
    ) -> None:
        (rows, cols), count, step = inside, len(self.bands), self._low_step()
        starts = range(rows.start, rows.stop, step)
        for place, start in enumerate(starts):
            progress.set(place / len(starts))
            stop = min(start + step, rows.stop)
            top, bottom = self.down.y.support(start, stop)
            narrow.forget(top)
            kept = narrow.get(top, bottom)
            degraded = np.empty((len(kept), stop - start, self.low[1]), np.float32)
            self._side_by_side(functools.partial(self._lower, kept, (start, stop), top, degraded), self._groups())
            truth = self.hsi.read(start, stop, self.bands, progress)[0]
            self.residual.update(degraded[:count], truth, counted[start:stop])
            low = degraded[:count, :, cols], truth[:, :, cols], degraded[count:, :, cols], counted[start:stop, cols]
            self.indices.update_low(*low, self._side_by_side)
        progress.set(1.0)

    def _low_step(self) -> int:
        """Rows of the HSI that are degraded to at once."""
        most = scoring.SAMPLES // (2 * len(self.bands) * self.low[1] * self.alignment.footprint)
        return max(1, min(_LOW_ROWS, most))

    def _groups(self) -> list[slice]:
        """The bands and, last, the PAN, some at a time."""
        total, count = len(self.bands) + len(self.pans), len(self.bands)
        ends = [*range(0, count, _GROUP), count]
        return [slice(*span) for span in zip(ends, ends[1:])] + [slice(count, total)]

    def _next_narrowed(
        self, high: Iterator[tuple[int, int, np.ndarray, np.ndarray]], start: int, stop: int
    ) -> np.ndarray:
        """As :meth:`_narrowed`, of the rows that are added to the other indices next."""
        stack = next(high)[2]
        return self._narrowed(stop - start, lambda some: stack[some].astype(np.float32, order="C"))

    def _filled_narrowed(self, valid: np.ndarray, means: np.ndarray, start: int, stop: int) -> np.ndarray:
        """As :meth:`_narrowed`, invalid pixels filled."""
        passes = 0 if valid[start:stop].all() else FILL_HIGH * self.alignment.footprint
        top, bottom = max(0, start - passes), min(self.high[0], stop + passes)

        def read(some: slice) -> np.ndarray:
            if some.start < len(self.bands):
                with self._reading:
                    values = self.fused.read(top, bottom, self.bands[some], self.progress)[0]
            else:
                values = self._pan_rows(top, bottom)[0].astype(np.float32)
            return fill_invalid(values, valid[top:bottom], passes, means[some])[:, start - top : stop - top]

        return self._narrowed(stop - start, read)

    def _narrowed(self, rows: int, read: Callable[[slice], np.ndarray]) -> np.ndarray:
        """(B + M, rows, columns of the HSI) float32: rows of the bands and, last, of the PAN, degraded along the
        columns, which are so few that they are kept until all rows that need them are degraded."""
        narrow = np.empty((len(self.bands) + len(self.pans), rows, self.low[1]), np.float32)

        def work(some: slice) -> None:
            narrow[some] = self.down.x.apply(read(some), -1)

        self._side_by_side(work, self._groups())
        return narrow

    def _lower(self, kept: np.ndarray, rows: tuple[int, int], top: int, out: np.ndarray, some: slice) -> None:
        """Degrade rows of some bands along the rows."""
        out[some] = self.down.y.apply(kept[some], -2, *rows, top)
