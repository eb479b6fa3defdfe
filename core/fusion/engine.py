"""Fusion of a scene of any size, in strips of rows, within a memory budget.

``Y = Y_0 + U E`` with ``Y_0`` what a method makes of the scene (:class:`Plan`) and ``E`` the consistency projection
(docs/architecture.md). Most methods are linear, ``Y_0 = U X + C S`` with some planes ``S``, and then ``D Y_0`` takes no
more than ``D S``; for the others each band is degraded. Each quantity is a stream of rows computed from rows of
others, so each row of a raster is read once and each row of the networks' residual is computed once. A raster too wide
for the budget is worked through in panels of columns with margins that are thrown away; since all operators and
networks have a finite support, the result does not depend on how the raster was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from ..physics.consistency import DEFAULT_ITERATIONS, correction, residual_spans
from ..physics.planes import network_planes
from ..physics.prior import Statistics, degraded_pan, high_valid, hsi_stream, pan_stream, scene_operators
from ..physics.resample import GAUSSIAN_CUT, Span
from ..progress import Progress
from ..raster.grid import Window
from ..raster.rows import RowStream
from ..raster.scene import Scene

DEFAULT_MEMORY = 1.0  # GB
BLOCK = 16  # strips start at multiples of this many rows, as the blocks of the files that are written do
_PANEL = 512  # panels start at multiples of this many columns
_MOST_ROWS = 256
_BANDS = 16


class Residual(Protocol):
    """What networks add to the prior."""

    receptive_field: int
    bytes_per_pixel: int
    alignment: int  # what it is given starts at multiples of this many pixels of the scene
    planes_dtype: str  # "float64" where the last digit of the planes must not depend on how they were cut

    def __call__(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K + 2, rows, columns) to the residual (K, rows, columns) and the networks' disagreement (rows, columns)."""


class Plan(Protocol):
    """A method that has seen the scene: what it makes of each part, before the projection.

    Attributes:
        mean: (bands,), what stands for HSI pixels far from valid ones. pan_mean: the same for the PAN.
        reach: PAN pixels around a pixel that its planes depend on. alignment: parts, with that margin, start and end at
            multiples of this many PAN pixels, or with the image.
        count: K, number of planes.
        bytes_per_pixel: what :meth:`planes` takes while it works, per pixel of its part.
        coefficients: (bands, K) of a linear method, ``Y_0 = U X + C S``; None for others, which have :meth:`fuse`.
    """

    mean: np.ndarray
    pan_mean: float
    reach: int
    alignment: int
    count: int
    bytes_per_pixel: int
    coefficients: np.ndarray | None

    def planes(
        self, hsi: np.ndarray, pan: np.ndarray, part: tuple[Span, Span], origin: tuple[int, int], progress: Progress
    ) -> np.ndarray:
        """What all bands share, on a part of the high-resolution grid.

        Args:
            hsi: (bands, rows, columns) of the HSI, from ``origin`` on, all that the up-sampled part depends on.
            pan: (1, rows, columns), exactly the part.

        Returns:
            (K, rows, columns) float32, or K + 1 planes, the last of which is the networks' disagreement.
        """

    def fuse(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """Turn some up-sampled bands (bands, rows, columns) into fused ones, in place."""


class Formula(Protocol):
    """What is to be computed.

    Attributes:
        gain: the HSI's MTF gain.
        iterations: of the consistency projection.
    """

    gain: float
    iterations: int

    def plan(self, scene: Scene, progress: Progress) -> Plan:
        """The method, made ready for a scene."""


@dataclass(frozen=True)
class Recipe:
    """The regression prior, and what networks add to it.

    Attributes:
        statistics: the scene-wide numbers; the regression prior among them.
        gain, iterations: see :class:`Formula`.
        residual: the networks; None for the prior alone.
    """

    statistics: Statistics
    gain: float
    iterations: int = DEFAULT_ITERATIONS
    residual: Residual | None = None

    def plan(self, scene: Scene, progress: Progress) -> Plan:
        """Degrades the PAN."""
        return _PriorPlan(self, scene, progress)


class _PriorPlan:
    """``S``: the PAN's detail in its own units, and the networks' residual."""

    def __init__(self, recipe: Recipe, scene: Scene, progress: Progress) -> None:
        statistics = recipe.statistics
        self.mean, self.pan_mean = statistics.mean, statistics.pan_mean
        self.count, self.coefficients = statistics.components + 1, statistics.coefficients
        self.reach = recipe.residual.receptive_field if recipe.residual is not None else 0
        self.alignment = recipe.residual.alignment if recipe.residual is not None else 1
        self.bytes_per_pixel = recipe.residual.bytes_per_pixel if recipe.residual is not None else 0
        self._statistics, self._residual = statistics, recipe.residual
        self._dtype = np.dtype(recipe.residual.planes_dtype if recipe.residual is not None else "float32")
        self._operators = scene_operators(scene, recipe.gain)
        self._pan_low = degraded_pan(scene, self._operators, self.pan_mean, progress)

    def planes(
        self, hsi: np.ndarray, pan: np.ndarray, part: tuple[Span, Span], origin: tuple[int, int], progress: Progress
    ) -> np.ndarray:
        """See :class:`Plan`."""
        matrix, shift = self._statistics.encoder
        top, left = origin
        pan_low = self._pan_low[:, top : top + hsi.shape[1], left : left + hsi.shape[2]]
        matrix, hsi, pan, pan_low = (array.astype(self._dtype, copy=False) for array in (matrix, hsi, pan, pan_low))
        components = np.tensordot(matrix, hsi, 1) - shift
        seen = network_planes(self._operators, self._statistics, components, pan, pan_low, part, origin)
        detail = (seen[-1:] * np.float32(self._statistics.detail_std)).astype(np.float32, copy=False)
        if self._residual is None:
            return np.concatenate([detail, np.zeros((self.count - 1, *detail.shape[1:]), np.float32)])
        residual, disagreement = self._residual(seen)
        return np.concatenate([detail, residual, disagreement[None]])

    def fuse(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """See :class:`Plan`."""
        raise NotImplementedError("a linear method is given by its coefficients")


class Fused(NamedTuple):
    """Finished pixels: ``window`` of the output, ``values`` (bands, rows, columns), ``valid`` (rows, columns) or
    (bands, rows, columns) where bands differ, ``disagreement`` (rows, columns), zeros without networks."""

    window: Window
    values: np.ndarray
    valid: np.ndarray
    disagreement: np.ndarray


def fuse(
    scene: Scene,
    recipe: Formula,
    window: Window | None = None,
    memory: float | None = None,
    progress: Progress | None = None,
) -> Iterator[Fused]:
    """Fuse a scene, piece by piece.

    Args:
        window: the part of the output that is wanted, all by default; its pixels are those of the whole output.
        memory: budget in GB, 1 by default.

    Yields:
        Pieces that cover the window, from top to bottom within a panel.
    """
    progress = progress or Progress()
    window = window or Window(0, 0, *scene.high_shape)
    plan = recipe.plan(scene, progress)
    rows, cols = _piece(scene, recipe, plan, window, (memory or DEFAULT_MEMORY) * 1e9)
    done = 0
    for left in range(window.col, window.col + window.cols, cols):
        right = min(left + cols, window.col + window.cols)
        panel = Window(window.row, left, window.rows, right - left)
        strips = _Panel(scene, recipe, plan, panel, rows, progress)
        top = window.row
        while top < window.row + window.rows:
            progress.check()
            bottom = min(top + strips.rows, window.row + window.rows)
            try:
                values, valid, disagreement = strips.compute(top, bottom)
            except MemoryError:
                if rows <= BLOCK:
                    raise
                rows = max(BLOCK, rows // 2 // BLOCK * BLOCK)
                strips.resize(rows)
                progress.info(f"Memory ran out; going on in strips of {rows} rows.")
                continue
            yield Fused(Window(top, left, bottom - top, right - left), values, valid, disagreement)
            strips.forget(bottom)
            done += (bottom - top) * (right - left)
            progress.set(done / (window.rows * window.cols))
            top = bottom


def _piece(scene: Scene, recipe: Formula, plan: Plan, window: Window, budget: float) -> tuple[int, int]:
    """Rows and columns of the pieces that keep within the budget, in bytes."""
    cols = window.cols
    while True:
        for rows in range(_MOST_ROWS, 0, -BLOCK):
            if _bytes(scene, recipe, plan, rows, cols) <= budget:
                return rows, cols
        if cols <= _PANEL:
            return BLOCK, cols
        cols = max(_PANEL, cols // 2 // _PANEL * _PANEL)


def _bytes(scene: Scene, recipe: Formula, plan: Plan, rows: int, cols: int) -> float:
    """Estimate of what a piece takes."""
    bands, ratio = scene.hsi.bands, scene.ratio
    margin = _margin(recipe) * ratio  # rows of residual kept on each side
    high = 3.5 * 4 * bands * rows * cols
    low = 6 * 4 * bands * (rows / ratio + 2 * _margin(recipe)) * (cols / ratio + 2 * _margin(recipe))
    streams = 8 * (plan.count + 2) * (rows + 2 * margin) * (cols + 2 * margin)
    planes = plan.bytes_per_pixel * (rows + 2 * plan.reach) * (cols + 2 * (margin + plan.reach))
    chunk = 0.0
    if plan.coefficients is None:
        chunk = 4 * 4 * min(bands, _BANDS) * (rows + 2 * GAUSSIAN_CUT * ratio) * (cols + 2 * margin)
    return high + low + streams + planes + chunk


def _margin(recipe: Formula) -> int:
    """HSI pixels of margin, roughly."""
    return 6 * recipe.iterations + 6


class _Panel:
    """A panel of columns, as a chain of row streams. Spans are (start, stop) on the scene's grids."""

    def __init__(self, scene: Scene, recipe: Formula, plan: Plan, panel: Window, rows: int, progress: Progress) -> None:
        self.scene, self.recipe, self.panel, self.rows = scene, recipe, panel, rows
        self._plan, self._progress = plan, progress
        self._operators = operators = scene_operators(scene, recipe.gain)
        self._weight = scene.low_covered.astype(np.float32)
        high_rows, high_cols = scene.high_shape

        # Which part of each image the panel depends on, from the output back to the inputs.
        self._out = (panel.row, panel.row + panel.rows), (panel.col, panel.col + panel.cols)
        self._lift = operators.up.support(*self._out)
        widest = residual_spans(operators.round_trip, max(recipe.iterations, 1), *self._lift)[0]
        self._residual = widest
        needed = operators.down.support(*widest) if recipe.iterations else self._out
        self._high = tuple(_union(a, b) for a, b in zip(needed, self._out))
        self._seen = tuple(self._reached(span, count) for span, count in zip(self._high, (high_rows, high_cols)))
        low_seen = operators.up.support(*self._seen)
        low_trip = operators.round_trip.support(*widest)
        self._low = tuple(_union(_union(a, b), c) for a, b, c in zip(low_seen, low_trip, self._lift))

        # A low-resolution strip is as high as its high-resolution strip.
        low_step = max(1, rows // scene.ratio)
        self._pan = pan_stream(scene, rows, plan.pan_mean, self._seen[0][0])
        self._hsi = hsi_stream(scene, low_step, plan.mean, self._low[0][0])
        self._high_planes = RowStream(self._high[0][1], self._compute_high_planes, rows, self._high[0][0])
        self._low_planes = RowStream(widest[0][1], self._compute_low_planes, low_step, widest[0][0])
        self._residuals = RowStream(widest[0][1], self._compute_residual, low_step, widest[0][0])

    def resize(self, rows: int) -> None:
        """Go on in strips of another height."""
        self.rows = rows
        for stream in (self._pan, self._high_planes):
            stream.step = rows
        for stream in (self._hsi, self._low_planes, self._residuals):
            stream.step = max(1, rows // self.scene.ratio)

    def compute(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, mask and disagreement of output rows ``start`` to ``stop``."""
        operators, cols = self._operators, self._out[1]
        part = (start, stop), cols
        lift = operators.up.support(*part)
        low, corner = self._hsi_part(*lift), (lift[0][0], lift[1][0])
        change = None
        if self.recipe.iterations:
            spans = residual_spans(operators.round_trip, self.recipe.iterations, *lift)[0]
            origin = spans[0][0], self._residual[1][0]
            change = correction(
                self._residuals.get(*spans[0]),
                operators.round_trip,
                self.recipe.iterations,
                self._weight[spans[0][0] : spans[0][1], origin[1] : self._residual[1][1]],
                lift,
                origin,
            )
        linear = self._plan.coefficients is not None
        values = operators.up.part(low + change if linear and change is not None else low, *part, corner)
        planes = self._high_planes.get(start, stop)
        left = cols[0] - self._high[1][0]
        planes = planes[..., left : left + cols[1] - cols[0]]
        self._progress.check()
        for bands in self._chunks():
            self._fuse(values[bands], planes, bands)
            if change is not None and not linear:
                values[bands] += operators.up.part(change[bands], *part, corner)
        count = self._plan.count
        disagreement = planes[count] if len(planes) > count else np.zeros(planes.shape[1:], np.float32)
        return values, self._valid(start, stop), disagreement

    def forget(self, before: int) -> None:
        """Let go of what no output row from ``before`` on depends on."""
        operators = self._operators
        if before >= self._out[0][1]:
            return
        part = (before, self._out[0][1]), self._out[1]
        lift = operators.up.support(*part)
        widest = residual_spans(operators.round_trip, max(self.recipe.iterations, 1), *lift)[0][0][0]
        self._residuals.forget(widest)
        self._low_planes.forget(widest)
        high = (
            min(before, operators.down.y.support(widest, self._residual[0][1])[0]) if self.recipe.iterations else before
        )
        self._high_planes.forget(high)
        seen = self._reached((high, high + 1), self.scene.high_shape[0])[0]
        self._pan.forget(seen)
        low = operators.up.y.support(seen, self._seen[0][1])[0]
        self._hsi.forget(min(low, operators.round_trip.y.support(widest, self._residual[0][1])[0], lift[0][0]))

    def _hsi_part(self, rows: Span, cols: Span) -> np.ndarray:
        return self._hsi.get(*rows)[..., cols[0] : cols[1]]

    def _chunks(self) -> Iterator[slice]:
        """Some bands at a time, so that what is computed of them stays small."""
        for first in range(0, self.scene.hsi.bands, _BANDS):
            self._progress.check()
            yield slice(first, min(first + _BANDS, self.scene.hsi.bands))

    def _fuse(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """Up-sampled bands to Y_0, in place."""
        if self._plan.coefficients is None:
            self._plan.fuse(values, planes, bands)
            return
        flat = planes[: self._plan.count].reshape(self._plan.count, -1)
        values += (self._plan.coefficients[bands] @ flat).reshape(values.shape)

    def _compute_high_planes(self, start: int, stop: int) -> np.ndarray:
        """(K or K + 1, rows, columns): the method's planes."""
        self._progress.check()
        cols = self._seen[1]
        rows = self._reached((start, stop), self.scene.high_shape[0])
        low = self._operators.up.support(rows, cols)
        pan = self._pan.get(*rows)[..., cols[0] : cols[1]]
        origin = low[0][0], low[1][0]
        planes = self._plan.planes(self._hsi_part(*low), pan, (rows, cols), origin, self._progress)
        left = self._high[1][0] - cols[0]
        inner = planes[:, start - rows[0] : stop - rows[0], left : left + self._high[1][1] - self._high[1][0]]
        return np.ascontiguousarray(inner)

    def _compute_low_planes(self, start: int, stop: int) -> np.ndarray:
        """(K, rows, columns): D of the high-resolution planes."""
        self._progress.check()
        rows, cols = (start, stop), self._residual[1]
        needed = self._operators.down.support(rows, cols)
        planes = self._high_planes.get(*needed[0])[: self._plan.count]
        return self._operators.down.part(planes, rows, cols, (needed[0][0], self._high[1][0]))

    def _compute_residual(self, start: int, stop: int) -> np.ndarray:
        """(bands, rows, columns): X - D Y_0."""
        self._progress.check()
        rows, cols = (start, stop), self._residual[1]
        needed = self._operators.round_trip.support(rows, cols)
        values = self._hsi_part(*(_union(a, b) for a, b in zip(needed, (rows, cols))))
        origin = min(needed[0][0], rows[0]), min(needed[1][0], cols[0])
        own = values[:, rows[0] - origin[0] : rows[1] - origin[0], cols[0] - origin[1] : cols[1] - origin[1]]
        if self._plan.coefficients is None:
            return own - self._lowered(values, rows, cols, origin)
        planes = self._low_planes.get(*rows)
        lowered = self._operators.round_trip.part(values, rows, cols, origin)
        return own - lowered - np.tensordot(self._plan.coefficients, planes, 1)

    def _lowered(self, values: np.ndarray, rows: Span, cols: Span, origin: tuple[int, int]) -> np.ndarray:
        """(bands, rows, columns): D Y_0, band by band; ``values`` are the HSI's from ``origin`` on."""
        operators = self._operators
        part = operators.down.support(rows, cols)
        planes = self._high_planes.get(*part[0])
        left = part[1][0] - self._high[1][0]
        planes = planes[..., left : left + part[1][1] - part[1][0]]
        result = np.empty((len(values), rows[1] - rows[0], cols[1] - cols[0]), np.float32)
        for bands in self._chunks():
            lifted = operators.up.part(values[bands], *part, origin)
            self._fuse(lifted, planes, bands)
            result[bands] = operators.down.part(lifted, rows, cols, (part[0][0], part[1][0]))
        return result

    def _valid(self, start: int, stop: int) -> np.ndarray:
        scene, (left, right) = self.scene, self._out[1]
        pan = scene.pan_rows(start, stop).valid
        valid = high_valid(scene, start, stop, pan)[:, left:right]
        others = np.flatnonzero(~scene.good & ~scene.empty)
        if scene.good.all():
            return valid
        valid = np.repeat(valid[None], scene.hsi.bands, axis=0)
        valid[scene.empty] = False
        if len(others):
            rows, cols = scene.low_owner(0)[start:stop], scene.low_owner(1)[left:right]
            bands = scene.hsi_band_valid(int(rows[0]), int(rows[-1]) + 1, list(others))
            valid[others] &= bands[:, rows - rows[0]][:, :, cols]
        return valid

    def _reached(self, span: Span, count: int) -> Span:
        """What the planes of a span of rows or columns, of ``count``, depend on, aligned."""
        step = self._plan.alignment
        start, stop = max(0, span[0] - self._plan.reach), span[1] + self._plan.reach
        return start // step * step, min(count, -(-stop // step) * step)


def _union(first: Span, second: Span) -> Span:
    return min(first[0], second[0]), max(first[1], second[1])
