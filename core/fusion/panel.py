"""A panel of columns of the output as a chain of row streams, from the rasters to finished strips."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Callable, NamedTuple

import numpy as np

from ..physics.consistency import felt, residual_spans
from ..physics.prior import high_valid, hsi_stream, pan_stream, scene_operators
from ..physics.resample import Separable, Span
from ..progress import Progress
from ..raster.grid import Window
from ..raster.metadata import RasterMetadata
from ..raster.rows import RowStream
from ..raster.scene import Scene
from ..raster.stored import store
from ..workers import Workers, wait_for
from .mapping import BandMapping
from .method import Formula, Plan

BANDS = 16  # at once, where a method is not linear
LOW_ROWS = 4  # HSI rows at once, at least


class Heights(NamedTuple):
    """Rows at once: of the output (``strip``), and of the planes (``planes``), which are few but need a margin."""

    strip: int
    planes: int


class _Stoppable(Progress):
    """What work on other threads is told: it ends when the panel is given up, too."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self.stopped = progress, threading.Event()

    def cancelled(self) -> bool:
        return self.stopped.is_set() or self._progress.cancelled()


class Panel:
    """A panel of columns; a context manager. Spans are (start, stop) on the scene's grids.

    The planes of the next rows are computed on a thread of its own while the bands of the present ones are.

    Args:
        panel: the part of the output.
        stored: how a file stores the result; None for float32.
        rows: of the output that will be asked for, all of the panel's by default. They are computed from the same runs
            of rows as in the whole panel, so that they are the same to the last bit.

    Attributes:
        waited: seconds for which nothing could be done but wait for planes.
    """

    def __init__(
        self,
        scene: Scene,
        recipe: Formula,
        plan: Plan,
        panel: Window,
        heights: Heights,
        workers: Workers,
        progress: Progress,
        stored: RasterMetadata | None = None,
        rows: Span | None = None,
    ) -> None:
        self.scene, self.recipe, self.panel, self.heights = scene, recipe, panel, heights
        self._plan, self._progress, self._workers = plan, progress, workers
        self._dtype = np.dtype("float32" if stored is None else stored.dtype)
        self._nodata = None if stored is None else stored.nodata
        self._as_stored = stored is not None
        self._operators = operators = scene_operators(scene, recipe.gain)
        high_rows, high_cols = scene.high_shape

        # Which part of each image the panel depends on, from the output back to the inputs.
        self._out = (panel.row, panel.row + panel.rows), (panel.col, panel.col + panel.cols)
        self._lift = operators.up.support(*self._out)
        reach, (left, right) = felt(recipe.iterations), self._lift[1]
        near = max(0, left - reach), min(scene.low_shape[1], right + reach)
        self._near_trip = Separable(operators.round_trip.y, operators.round_trip.x.within(*near))
        self._spans = residual_spans(self._near_trip, max(recipe.iterations, 1), *self._lift)
        widest = self._spans[0]
        needed = operators.down.support(*widest) if recipe.iterations else self._out
        self._high = tuple(_union(a, b) for a, b in zip(needed, self._out))
        self._seen = tuple(self._reached(span, count) for span, count in zip(self._high, (high_rows, high_cols)))
        low_seen = operators.up.support(*self._seen)
        low_trip = operators.round_trip.support(*widest)
        self._low = tuple(_union(_union(a, b), c) for a, b, c in zip(low_seen, low_trip, self._lift))

        low_step = self._low_step(heights)
        self._pan = pan_stream(scene, heights.planes, plan.pan_mean, self._seen[0][0], self._seen[1])
        self._hsi = hsi_stream(scene, low_step, plan.mean, self._low[0][0], self._low[1])
        self._high_planes = RowStream(self._high[0][1], self._compute_high_planes, heights.planes, self._high[0][0])
        self._low_planes = RowStream(widest[0][1], self._compute_low_planes, low_step, widest[0][0])
        self._residuals = [
            RowStream(rows[1], self._residual_of(number), low_step, rows[0])
            for number, (rows, _) in enumerate(self._spans[: recipe.iterations])
        ]
        self._begins, self._ends = self._high[0]  # the planes that are computed
        if rows is not None:
            self._skip(*rows)
        self._mapping = None
        if plan.coefficients is not None:
            width = self._lift[1][1] - self._lift[1][0]
            self._mapping = BandMapping(operators.up, self._out[1], self._lift[1][0], width, plan.coefficients)
        self._ahead = Workers(1)
        self._stoppable = _Stoppable(progress)
        self._begun: tuple[Span, Future] | None = None
        self.waited = 0.0

    def __enter__(self) -> Panel:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stoppable.stopped.set()
        self._ahead.close()
        for stream in (self._pan, self._hsi, self._high_planes, self._low_planes, *self._residuals):
            stream.forget(stream.next)  # they hold the panel and the panel holds them: Python would find out late

    @property
    def planes_done(self) -> float:
        """Share of the planes that was computed."""
        start, stop = self._begins, self._ends
        return (self._high_planes.next - start) / (stop - start)

    def _skip(self, start: int, stop: int) -> None:
        """Leave out all that output rows ``start`` to ``stop`` do not depend on."""
        operators = self._operators
        lift = operators.up.y.support(start, stop)
        low, high, needed = lift, (start, stop), lift
        for stream in reversed(self._residuals):
            runs = stream.runs(*_union(needed, lift))
            stream.skip(runs[0])
            needed = _union(operators.round_trip.y.support(*runs), runs)
        if self._residuals:
            low = _union(low, needed)
            if self._plan.coefficients is not None:
                runs = self._low_planes.runs(*runs)
                self._low_planes.skip(runs[0])
            high = _union(high, operators.down.y.support(*runs))
        high = self._high_planes.runs(*high)
        self._high_planes.skip(high[0])
        self._begins, self._ends = high
        seen = self._reached(high, self.scene.high_shape[0])
        self._pan.skip(seen[0])
        self._hsi.skip(_union(low, operators.up.y.support(*seen))[0])

    def resize(self, heights: Heights) -> None:
        """Go on in strips of other heights."""
        self.heights, low_step = heights, self._low_step(heights)
        for stream in (self._pan, self._high_planes):
            stream.step = heights.planes
        for stream in (self._hsi, self._low_planes, *self._residuals):
            stream.step = low_step
        if self._begun is not None:
            self._begun[1].cancel()
            self._begun = None

    def _low_step(self, heights: Heights) -> int:
        return max(LOW_ROWS, heights.strip // self.scene.ratio)

    def compute(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values (rows, bands, columns), mask and disagreement of output rows ``start`` to ``stop``."""
        operators, part = self._operators, ((start, stop), self._out[1])
        rows, cols = operators.up.support(*part)
        corner = rows[0], cols[0]
        change = None
        for stream, (_, span) in zip(self._residuals, self._spans):
            share = stream.get(*rows)[..., cols[0] - span[0] : cols[1] - span[0]]
            change = share.copy() if change is None else np.add(change, share, out=change)
        planes = self._high_planes.get(start, stop)
        left = part[1][0] - self._high[1][0]
        planes = planes[..., left : left + part[1][1] - part[1][0]]
        self._progress.check()
        valid = self._valid(start, stop)
        out = np.empty((stop - start, self.scene.hsi.bands, part[1][1] - part[1][0]), self._dtype)
        low = self._hsi_part(rows, cols)
        if self._mapping is not None:
            low = low if change is None else low + change
            made, mask = planes[: self._plan.count], None
            if self._as_stored and not (valid.all() and np.isfinite(low).all() and np.isfinite(made).all()):
                mask = valid
            self._mapping(low, rows[0], made, (start, stop), out, mask, self._nodata, self._workers, self._progress)
        else:
            self._band_by_band(low, change, planes, part, corner, valid, out)
        count = self._plan.count
        disagreement = planes[count] if len(planes) > count else np.zeros(planes.shape[1:], np.float32)
        return out, valid, disagreement

    def _band_by_band(
        self,
        low: np.ndarray,
        change: np.ndarray | None,
        planes: np.ndarray,
        part: tuple[Span, Span],
        corner: tuple[int, int],
        valid: np.ndarray,
        out: np.ndarray,
    ) -> None:
        """A method that is not linear."""

        def work(bands: slice) -> None:
            values = self._operators.up.part(low[bands], *part, corner)
            self._plan.fuse(values, planes, bands)
            if change is not None:
                values += self._operators.up.part(change[bands], *part, corner)
            place = out[:, bands].transpose(1, 0, 2)
            if not self._as_stored:
                place[...] = values
                return
            mask = valid if valid.ndim == 2 else valid[bands]
            everything = mask.all() and np.isfinite(values).all()
            store(values, None if everything else np.broadcast_to(mask, values.shape), self._nodata, place)

        self._workers.run(work, list(self._chunks()), self._progress)

    def forget(self, before: int) -> None:
        """Let go of what no output row from ``before`` on depends on, nor anything that has yet to be computed."""
        operators = self._operators
        if before >= self._out[0][1]:
            return
        lift = operators.up.y.support(before, self._out[0][1])[0]
        low = lift
        for stream, later in zip(self._residuals, [*self._residuals[1:], None]):
            kept = lift
            if later is not None and later.next < later.rows:
                kept = min(kept, later.next, operators.round_trip.y.support(later.next, later.rows)[0])
            stream.forget(kept)
        high = before
        if self._residuals and self._residuals[0].next < self._residuals[0].rows:
            following = self._residuals[0].next
            low = min(low, following, operators.round_trip.y.support(following, self._residuals[0].rows)[0])
            self._low_planes.forget(following)
            if self._plan.coefficients is not None:
                following = self._low_planes.next
            if following < self._residuals[0].rows:
                high = min(high, operators.down.y.support(following, self._residuals[0].rows)[0])
        self._high_planes.forget(high)
        if self._high_planes.next < self._high[0][1]:
            seen = self._reached((self._high_planes.next, self._high[0][1]), self.scene.high_shape[0])[0]
            self._pan.forget(seen)
            low = min(low, operators.up.y.support(seen, self._seen[0][1])[0])
        self._hsi.forget(low)

    def _hsi_part(self, rows: Span, cols: Span) -> np.ndarray:
        left = self._low[1][0]
        return self._hsi.get(*rows)[..., cols[0] - left : cols[1] - left]

    def _chunks(self) -> Iterator[slice]:
        """Some bands at a time, so that what is computed of them stays small."""
        for first in range(0, self.scene.hsi.bands, BANDS):
            self._progress.check()
            yield slice(first, min(first + BANDS, self.scene.hsi.bands))

    def _compute_high_planes(self, start: int, stop: int) -> np.ndarray:
        """(K or K + 1, rows, columns): the method's planes; those of the rows that follow are begun."""
        self._progress.check()
        if self._begun is not None and self._begun[0] == (start, stop):
            present = self._begun[1]
        else:
            present = self._begin(start, stop)
        self._begun = None
        if stop < self._ends:
            following = stop, min(stop + self.heights.planes, self._high[0][1])
            self._begun = following, self._begin(*following)
        started = time.monotonic()
        planes = wait_for(present, self._progress)
        self.waited += time.monotonic() - started
        return planes

    def _begin(self, start: int, stop: int) -> Future:
        """Read what the planes of some rows depend on, and have them computed."""
        cols = self._seen[1]
        rows = self._reached((start, stop), self.scene.high_shape[0])
        low = self._operators.up.support(rows, cols)
        pan = self._pan.get(*rows)
        hsi, origin = self._hsi_part(*low), (low[0][0], low[1][0])
        left = self._high[1][0] - cols[0]

        def work() -> np.ndarray:
            planes = self._plan.planes(hsi, pan, (rows, cols), origin, self._stoppable)
            inner = planes[:, start - rows[0] : stop - rows[0], left : left + self._high[1][1] - self._high[1][0]]
            return np.ascontiguousarray(inner)

        return self._ahead.submit(work)

    def _compute_low_planes(self, start: int, stop: int) -> np.ndarray:
        """(K, rows, columns): D of the high-resolution planes."""
        self._progress.check()
        rows, cols = (start, stop), self._spans[0][1]
        needed = self._operators.down.support(rows, cols)
        planes = self._high_planes.get(*needed[0])[: self._plan.count]
        return self._operators.down.part(planes, rows, cols, (needed[0][0], self._high[1][0]))

    def _residual_of(self, number: int) -> Callable[[int, int], np.ndarray]:
        return self._compute_residual if number == 0 else lambda start, stop: self._compute_next(number, start, stop)

    def _compute_residual(self, start: int, stop: int) -> np.ndarray:
        """(bands, rows, columns): R_0 = X - D Y_0."""
        self._progress.check()
        rows, cols = (start, stop), self._spans[0][1]
        needed = self._operators.round_trip.support(rows, cols)
        values = self._hsi_part(*(_union(a, b) for a, b in zip(needed, (rows, cols))))
        origin = min(needed[0][0], rows[0]), min(needed[1][0], cols[0])
        own = values[:, rows[0] - origin[0] : rows[1] - origin[0], cols[0] - origin[1] : cols[1] - origin[1]]
        if self._plan.coefficients is None:
            lowered = self._lowered(values, rows, cols, origin)
        else:
            planes = self._low_planes.get(*rows)
            lowered = np.tensordot(self._plan.coefficients, planes, 1)
            self._add(self._operators.round_trip, values, rows, cols, origin, lowered)
        np.subtract(own, lowered, out=lowered)
        lowered *= self.scene.low_covered[start:stop, cols[0] : cols[1]]
        return lowered

    def _compute_next(self, number: int, start: int, stop: int) -> np.ndarray:
        """(bands, rows, columns): R_{i+1} = R_i - D U R_i."""
        self._progress.check()
        rows, cols, before = (start, stop), self._spans[number][1], self._spans[number - 1]
        needed = _union(self._operators.round_trip.y.support(*rows), rows)
        values = self._residuals[number - 1].get(*needed)
        left = before[1][0]
        own = values[:, start - needed[0] : stop - needed[0], cols[0] - left : cols[1] - left]
        result = np.zeros(own.shape, np.float32)
        self._add(self._near_trip, values, rows, cols, (needed[0], left), result)
        np.subtract(own, result, out=result)
        result *= self.scene.low_covered[start:stop, cols[0] : cols[1]]
        return result

    def _add(
        self,
        round_trip: Separable,
        values: np.ndarray,
        rows: Span,
        cols: Span,
        origin: tuple[int, int],
        total: np.ndarray,
    ) -> None:
        """Add D U of ``values``, which start at ``origin``, to ``total``."""

        def work(bands: slice) -> None:
            total[bands] += round_trip.part(values[bands], rows, cols, origin)

        self._workers.run(work, list(self._chunks()), self._progress)

    def _lowered(self, values: np.ndarray, rows: Span, cols: Span, origin: tuple[int, int]) -> np.ndarray:
        """(bands, rows, columns): D Y_0, band by band; ``values`` are the HSI's from ``origin`` on."""
        operators = self._operators
        part = operators.down.support(rows, cols)
        planes = self._high_planes.get(*part[0])
        left = part[1][0] - self._high[1][0]
        planes = planes[..., left : left + part[1][1] - part[1][0]]
        result = np.empty((len(values), rows[1] - rows[0], cols[1] - cols[0]), np.float32)

        def work(bands: slice) -> None:
            lifted = operators.up.part(values[bands], *part, origin)
            self._plan.fuse(lifted, planes, bands)
            result[bands] = operators.down.part(lifted, rows, cols, (part[0][0], part[1][0]))

        self._workers.run(work, list(self._chunks()), self._progress)
        return result

    def _valid(self, start: int, stop: int) -> np.ndarray:
        scene, (left, right) = self.scene, self._out[1]
        if scene.complete:
            return np.broadcast_to(np.True_, (stop - start, right - left))
        valid = high_valid(scene, start, stop, scene.pan_rows(start, stop, (left, right)).valid, (left, right))
        others = np.flatnonzero(~scene.good & ~scene.empty)
        if scene.good.all():
            return valid
        valid = np.repeat(valid[None], scene.hsi.bands, axis=0)
        valid[scene.empty] = False
        if len(others):
            rows, cols = scene.low_owner(0)[start:stop], scene.low_owner(1)[left:right]
            spans = [(int(owners[0]), int(owners[-1]) + 1) for owners in (rows, cols)]
            bands = scene.hsi_band_valid(*spans[0], list(others), spans[1])
            valid[others] &= bands[:, rows - rows[0]][:, :, cols - cols[0]]
        return valid

    def _reached(self, span: Span, count: int) -> Span:
        """What the planes of a span of rows or columns, of ``count``, depend on, aligned."""
        step = self._plan.alignment
        start, stop = max(0, span[0] - self._plan.reach), span[1] + self._plan.reach
        return start // step * step, min(count, -(-stop // step) * step)


def _union(first: Span, second: Span) -> Span:
    return min(first[0], second[0]), max(first[1], second[1])
