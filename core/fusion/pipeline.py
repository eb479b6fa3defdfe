"""A panel of columns of the output as a chain of row streams, from the rasters to finished strips."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from functools import partial
from typing import Callable, NamedTuple

import numpy as np

from ..io.grid import Window
from ..io.metadata import RasterMetadata
from ..io.row_stream import RowStream
from ..operators.linear import Separable, Span
from ..runtime.progress import Progress, Silent
from ..runtime.threads import Workers, wait_for
from ..scene.scene import Scene
from ..scene.streams import hsi_stream, output_valid, pan_stream, scene_operators
from .dependencies import Stage, panel_dependencies, union
from .fading import Fading, fuse_bands
from .mapping import LinearMapping, NonlinearMapping, Target, band_chunks
from .method import FittedMethod, Part

LOW_ROWS = 4  # HSI rows at once, at least


class Heights(NamedTuple):
    """Rows at once.

    Attributes:
        strip: of the output.
        planes: of the planes, which are few but need a margin.
    """

    strip: int
    planes: int


class _Stoppable(Silent):
    """Progress of work on other threads: it is cancelled when the panel is given up, too."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress)
        self.stopped = threading.Event()

    def cancelled(self) -> bool:
        return self.stopped.is_set() or super().cancelled()


class Pipeline:
    """The streams of a panel of columns; a context manager.

    The planes of the next rows are computed on a thread of its own while the bands of the present ones are.

    Args:
        scene: what is fused.
        method: fitted to this scene.
        panel: the part of the output.
        heights: rows at once.
        workers: threads that share the bands.
        progress: asked whether to stop.
        stored: how a file stores the result; None for float32.
        rows: of the output that will be asked for, all of the panel's by default. They are computed from the same runs
            of rows as in the whole panel, so that they are the same to the last bit.

    Attributes:
        waited: seconds spent waiting for planes.
    """

    def __init__(
        self,
        scene: Scene,
        method: FittedMethod,
        panel: Window,
        heights: Heights,
        workers: Workers,
        progress: Progress,
        stored: RasterMetadata | None = None,
        rows: Span | None = None,
    ) -> None:
        self.scene, self.panel, self.heights = scene, panel, heights
        self._method, self._progress, self._workers, self._stored = method, progress, workers, stored
        self._operators = operators = scene_operators(scene, method.mtf_gain)
        self._rows, cols = panel_dependencies(operators, method, panel)
        self._residual_trip = Separable(operators.round_trip.y, cols.residual_trip)
        self._out = panel.row, panel.row + panel.rows
        self._cols = cols.needs((panel.col, panel.col + panel.cols))
        extent = self._rows.needs(self._out)
        low_step = self._low_step(heights)
        self._pan = pan_stream(scene, heights.planes, method.pan_mean, extent.pan[0], self._cols.pan)
        self._hsi = hsi_stream(scene, low_step, method.mean, extent.hsi[0], self._cols.hsi, method.guide)
        self._high_planes = _stream(self._compute_high_planes, heights.planes, extent.high_planes)
        self._residuals = [
            _stream(partial(self._compute_residual, number), low_step, span)
            for number, span in enumerate(extent.residuals)
        ]
        self._low_planes = _stream(self._compute_low_planes, low_step, extent.low_planes or (0, 0))
        self._planes_span = extent.high_planes  # the rows that are computed
        if rows is not None:
            self._skip(rows)
        self._fading = Fading(scene, operators.up)
        self._mapping: LinearMapping | NonlinearMapping
        if method.coefficients is None:
            self._mapping = NonlinearMapping(operators.up, method, self._fading, workers, progress)
        else:
            self._mapping = LinearMapping(operators.up, self._cols, method.coefficients, workers, progress)
        self._ahead = Workers(1)
        self._stoppable = _Stoppable(progress)
        self._begun: tuple[Span, Future] | None = None
        self.waited = 0.0

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stoppable.stopped.set()
        self._ahead.close()
        for stream in (self._pan, self._hsi, *self._streams().values()):
            stream.forget(stream.next)  # they refer to the pipeline and it to them: Python would free them late

    @property
    def planes_done(self) -> float:
        """Share of the planes that was computed."""
        start, stop = self._planes_span
        return (self._high_planes.next - start) / (stop - start)

    def _streams(self) -> dict[Stage, RowStream]:
        planes: dict[Stage, RowStream] = {"low_planes": self._low_planes, "high_planes": self._high_planes}
        return {**dict(enumerate(self._residuals)), **planes}

    def _skip(self, rows: Span) -> None:
        """Leave out all that some output rows do not depend on."""
        streams = self._streams()

        def whole_runs(stage: Stage, span: Span) -> Span:
            runs = streams[stage].runs(*span)
            streams[stage].skip(runs[0])
            if stage == "high_planes":
                self._planes_span = runs
            return runs

        needs = self._rows.needs(rows, whole_runs)
        self._pan.skip(needs.pan[0])
        self._hsi.skip(needs.hsi[0])

    def forget(self, before: int) -> None:
        """Release the rows that no later output row depends on, but for those that have yet to be computed.

        Args:
            before: the first output row that will still be asked for.
        """
        if before >= self._out[1]:
            return
        streams = self._streams()

        def remaining(stage: Stage, _: Span) -> Span | None:
            stream = streams[stage]
            return (stream.next, stream.rows) if stream.next < stream.rows else None

        needs = self._rows.needs((before, self._out[1]), remaining)
        for stream, span in zip(self._residuals, needs.residuals):
            stream.forget(span[0])
        if needs.low_planes is not None:
            self._low_planes.forget(needs.low_planes[0])
        self._high_planes.forget(needs.high_planes[0])
        self._pan.forget(needs.pan[0])
        self._hsi.forget(needs.hsi[0])

    def resize(self, heights: Heights) -> None:
        """Go on in strips of other heights.

        Args:
            heights: rows at once.
        """
        self.heights, low_step = heights, self._low_step(heights)
        for stream in (self._pan, self._high_planes):
            stream.step = heights.planes
        for stream in (self._hsi, self._low_planes, *self._residuals):
            stream.step = low_step
        if self._begun is not None:
            self._begun[1].cancel()
            self._begun = None

    def _low_step(self, heights: Heights) -> int:
        return max(LOW_ROWS, int(heights.strip // self.scene.ratios[0]))

    def compute(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple]:
        """Compute rows of the output.

        Args:
            start: the first row.
            stop: the row after the last one.

        Returns:
            values (rows, bands, columns) of the stored type (float32 by default), the mask (rows, columns) or
            (bands, rows, columns) bool, the networks' disagreement (rows, columns) float32, and what the values were
            made of: (bands, rows, columns) float32 of the HSI and (row, column) of its first pixel in the scene.

        Raises:
            Cancelled: the user stopped the job.
        """
        rows = self._operators.up.y.support(start, stop)
        correction = None
        for stream, span in zip(self._residuals, self._cols.residuals):
            share = _columns(stream.get(*rows), span, self._cols.lifted)
            correction = share.copy() if correction is None else np.add(correction, share, out=correction)
        planes = _columns(self._high_planes.get(start, stop), self._cols.high_planes, self._cols.output)
        self._progress.check()
        valid = output_valid(self.scene, (start, stop), self._cols.output)
        low = _columns(self._hsi.get(*rows), self._cols.hsi, self._cols.lifted)
        target = Target.empty(self.scene.hsi.bands, planes.shape[1:], valid, self._stored)
        part = Part((start, stop), self._cols.output, (rows[0], self._cols.lifted[0]))
        self._mapping(low, correction, planes, part, target)
        count = self._method.planes_count
        disagreement = planes[count] if len(planes) > count else np.zeros(planes.shape[1:], np.float32)
        return target.values, valid, disagreement, (low, part.origin)

    def _compute_high_planes(self, start: int, stop: int) -> np.ndarray:
        """(K or K + 1, rows, columns): the method's planes; those of the rows that follow are begun."""
        self._progress.check()
        if self._begun is not None and self._begun[0] == (start, stop):
            present = self._begun[1]
        else:
            present = self._begin(start, stop)
        self._begun = None
        if stop < self._planes_span[1]:
            following = stop, min(stop + self.heights.planes, self._high_planes.rows)
            self._begun = following, self._begin(*following)
        started = time.monotonic()
        planes = wait_for(present, self._progress)
        self.waited += time.monotonic() - started
        return planes

    def _begin(self, start: int, stop: int) -> Future:
        """Read what the planes of some rows depend on, and have them computed."""
        rows, cols, span = self._rows.reached((start, stop)), self._cols.pan, self._cols.high_planes
        low = self._operators.up.support(rows, cols)
        pan, hsi = self._pan.get(*rows), _columns(self._hsi.get(*low[0]), self._cols.hsi, low[1])
        part = Part(rows, cols, (low[0][0], low[1][0]))

        def work() -> np.ndarray:
            planes = self._method.planes(hsi, pan, part, self._stoppable)
            kept = np.ascontiguousarray(_columns(planes[:, start - rows[0] : stop - rows[0]], cols, span))
            return self._faded(kept, (start, stop), span)

        return self._ahead.submit(work)

    def _faded(self, planes: np.ndarray, rows: Span, cols: Span) -> np.ndarray:
        """The planes of a linear method without detail where the PAN contradicts the HSI; of others it is their bands
        that fade."""
        kept = None if self._method.coefficients is None else self._fading.kept(rows, cols)
        if kept is not None:
            planes[: self._method.planes_count] *= kept
        return planes

    def _compute_low_planes(self, start: int, stop: int) -> np.ndarray:
        """(K, rows, columns): D of the high-resolution planes."""
        self._progress.check()
        rows, cols = (start, stop), self._cols.residuals[0]
        needed = self._operators.down.y.support(*rows)
        planes = self._high_planes.get(*needed)[: self._method.planes_count]
        return self._operators.down.part(planes, rows, cols, (needed[0], self._cols.high_planes[0]))

    def _compute_residual(self, number: int, start: int, stop: int) -> np.ndarray:
        """(bands, rows, columns): R_0 = X - D Y_0, and R_{i+1} = R_i - D U R_i."""
        self._progress.check()
        rows, cols = (start, stop), self._cols.residuals[number]
        source, held, trip = self._hsi, self._cols.hsi, self._operators.round_trip
        if number:
            source, held, trip = self._residuals[number - 1], self._cols.residuals[number - 1], self._residual_trip
        needed = trip.support(rows, cols)
        (top, bottom), around = union(needed[0], rows), union(needed[1], cols)
        values = _columns(source.get(top, bottom), held, around)
        own = _columns(values[:, start - top : stop - top], around, cols)
        part, coefficients = Part(rows, cols, (top, around[0])), self._method.coefficients

        def add_round_trip(bands: slice) -> None:
            result[bands] += trip.part(values[bands], *part)

        if number:
            result = np.zeros(own.shape, np.float32)
        elif coefficients is None:
            result = self._degraded_bands(values, part)
        else:
            result = np.tensordot(coefficients, self._low_planes.get(*rows), 1)
        if number or coefficients is not None:
            self._workers.run(add_round_trip, band_chunks(len(values), self._progress), self._progress)
        np.subtract(own, result, out=result)
        result *= self.scene.low_projected[start:stop, cols[0] : cols[1]]
        return result

    def _degraded_bands(self, values: np.ndarray, part: Part) -> np.ndarray:
        """(bands, rows, columns): D Y_0, band by band; ``values`` are the HSI's from the part's origin on."""
        operators = self._operators
        high = operators.down.support(part.rows, part.cols)
        planes = _columns(self._high_planes.get(*high[0]), self._cols.high_planes, high[1])
        result = np.empty((len(values), part.rows[1] - part.rows[0], part.cols[1] - part.cols[0]), np.float32)
        kept = self._fading.kept(*high)

        def work(bands: slice) -> None:
            lifted = operators.up.part(values[bands], *high, part.origin)
            fuse_bands(self._method, lifted, planes, bands, kept)
            result[bands] = operators.down.part(lifted, part.rows, part.cols, (high[0][0], high[1][0]))

        self._workers.run(work, band_chunks(len(values), self._progress), self._progress)
        return result


def _stream(produce: Callable[[int, int], np.ndarray], step: int, span: Span) -> RowStream:
    return RowStream(span[1], produce, step, span[0])


def _columns(image: np.ndarray, held: Span, span: Span) -> np.ndarray:
    """The columns ``span`` of an image that holds the columns ``held``."""
    return image[..., span[0] - held[0] : span[1] - held[0]]
