"""Fusion of a scene of any size, in strips of rows, within a memory budget.

``Y = U (X + E) + g (P - P_L) + V dz`` (docs/architecture.md). Each quantity is a stream of rows computed from rows of
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
from ..physics.resample import Span
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

    def __call__(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K + 2, rows, columns) to the residual (K, rows, columns) and the networks' disagreement (rows, columns)."""


@dataclass(frozen=True)
class Recipe:
    """What is to be computed.

    Attributes:
        statistics: the scene-wide numbers; the regression prior among them.
        gain: the HSI's MTF gain.
        iterations: of the consistency projection.
        residual: the networks; None for the prior alone.
    """

    statistics: Statistics
    gain: float
    iterations: int = DEFAULT_ITERATIONS
    residual: Residual | None = None


class Fused(NamedTuple):
    """Finished pixels: ``window`` of the output, ``values`` (bands, rows, columns), ``valid`` (rows, columns) or
    (bands, rows, columns) where bands differ, ``disagreement`` (rows, columns), zeros without networks."""

    window: Window
    values: np.ndarray
    valid: np.ndarray
    disagreement: np.ndarray


def fuse(
    scene: Scene,
    recipe: Recipe,
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
    pan_low = degraded_pan(scene, scene_operators(scene, recipe.gain), recipe.statistics.pan_mean, progress)
    rows, cols = _piece(scene, recipe, window, (memory or DEFAULT_MEMORY) * 1e9)
    done = 0
    for left in range(window.col, window.col + window.cols, cols):
        right = min(left + cols, window.col + window.cols)
        panel = Window(window.row, left, window.rows, right - left)
        strips = _Panel(scene, recipe, panel, pan_low, rows, progress)
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


def _piece(scene: Scene, recipe: Recipe, window: Window, budget: float) -> tuple[int, int]:
    """Rows and columns of the pieces that keep within the budget, in bytes."""
    cols = window.cols
    while True:
        for rows in range(_MOST_ROWS, 0, -BLOCK):
            if _bytes(scene, recipe, rows, cols) <= budget:
                return rows, cols
        if cols <= _PANEL:
            return BLOCK, cols
        cols = max(_PANEL, cols // 2 // _PANEL * _PANEL)


def _bytes(scene: Scene, recipe: Recipe, rows: int, cols: int) -> float:
    """Estimate of what a piece takes."""
    bands, ratio = scene.hsi.bands, scene.ratio
    margin = _margin(recipe) * ratio  # rows of residual kept on each side
    high = 3.5 * 4 * bands * rows * cols
    low = 6 * 4 * bands * (rows / ratio + 2 * _margin(recipe)) * (cols / ratio + 2 * _margin(recipe))
    streams = 8 * (recipe.statistics.components + 3) * (rows + 2 * margin) * (cols + 2 * margin)
    network = 0.0
    if recipe.residual is not None:
        reach = recipe.residual.receptive_field
        network = recipe.residual.bytes_per_pixel * (rows + 2 * reach) * (cols + 2 * (margin + reach))
    return high + low + streams + network


def _margin(recipe: Recipe) -> int:
    """HSI pixels of margin, roughly."""
    return 6 * recipe.iterations + 6


class _Panel:
    """A panel of columns, as a chain of row streams. Spans are (start, stop) on the scene's grids."""

    def __init__(
        self, scene: Scene, recipe: Recipe, panel: Window, pan_low: np.ndarray, rows: int, progress: Progress
    ) -> None:
        self.scene, self.recipe, self.panel, self.rows = scene, recipe, panel, rows
        self._progress = progress
        self._pan_low = pan_low
        self._operators = operators = scene_operators(scene, recipe.gain)
        self._coefficients = recipe.statistics.coefficients
        self._encoder = recipe.statistics.encoder
        self._weight = scene.low_covered.astype(np.float32)
        reach = recipe.residual.receptive_field if recipe.residual is not None else 0
        high_rows, high_cols = scene.high_shape

        # Which part of each image the panel depends on, from the output back to the inputs.
        self._out = (panel.row, panel.row + panel.rows), (panel.col, panel.col + panel.cols)
        self._lift = operators.up.support(*self._out)
        widest = residual_spans(operators.round_trip, max(recipe.iterations, 1), *self._lift)[0]
        self._residual = widest
        needed = operators.down.support(*widest) if recipe.iterations else self._out
        self._high = tuple(_union(a, b) for a, b in zip(needed, self._out))
        self._seen = tuple(
            (max(0, span[0] - reach), min(count, span[1] + reach))
            for span, count in zip(self._high, (high_rows, high_cols))
        )
        low_seen = operators.up.support(*self._seen)
        low_trip = operators.round_trip.support(*widest)
        self._low = tuple(_union(_union(a, b), c) for a, b, c in zip(low_seen, low_trip, self._lift))

        # A low-resolution strip is as high as its high-resolution strip.
        low_step = max(1, rows // scene.ratio)
        self._pan = pan_stream(scene, rows, recipe.statistics.pan_mean, self._seen[0][0])
        self._hsi = hsi_stream(scene, low_step, recipe.statistics.mean, self._low[0][0])
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
        low = self._hsi_part(*lift)
        if self.recipe.iterations:
            spans = residual_spans(operators.round_trip, self.recipe.iterations, *lift)[0]
            origin = spans[0][0], self._residual[1][0]
            low = low + correction(
                self._residuals.get(*spans[0]),
                operators.round_trip,
                self.recipe.iterations,
                self._weight[spans[0][0] : spans[0][1], origin[1] : self._residual[1][1]],
                lift,
                origin,
            )
        values = operators.up.part(low, *part, (lift[0][0], lift[1][0]))
        planes = self._high_planes.get(start, stop)
        left = cols[0] - self._high[1][0]
        planes = planes[..., left : left + cols[1] - cols[0]]
        self._progress.check()
        flat = planes[:-1].reshape(len(planes) - 1, -1)
        for first in range(0, len(values), _BANDS):  # some bands at a time, so that the product stays small
            some = values[first : first + _BANDS]
            some += (self._coefficients[first : first + _BANDS] @ flat).reshape(some.shape)
        return values, self._valid(start, stop), planes[-1]

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
        reach = self.recipe.residual.receptive_field if self.recipe.residual is not None else 0
        seen = max(0, high - reach)
        self._pan.forget(seen)
        low = operators.up.y.support(seen, self._seen[0][1])[0]
        self._hsi.forget(min(low, operators.round_trip.y.support(widest, self._residual[0][1])[0], lift[0][0]))

    def _hsi_part(self, rows: Span, cols: Span) -> np.ndarray:
        return self._hsi.get(*rows)[..., cols[0] : cols[1]]

    def _compute_high_planes(self, start: int, stop: int) -> np.ndarray:
        """(K + 2, rows, columns): the PAN's detail in its own units, the residual, and the disagreement."""
        self._progress.check()
        statistics, operators = self.recipe.statistics, self._operators
        reach = self._high[1][0] - self._seen[1][0], self._seen[1][1] - self._high[1][1]
        rows = (max(self._seen[0][0], start - self._reach()), min(self._seen[0][1], stop + self._reach()))
        low = operators.up.support(rows, self._seen[1])
        values = self._hsi_part(*low)
        matrix, shift = self._encoder
        components = np.tensordot(matrix, values, 1) - shift
        planes = network_planes(
            operators,
            statistics,
            components,
            self._pan.get(*rows)[..., self._seen[1][0] : self._seen[1][1]],
            self._pan_low[:, low[0][0] : low[0][1], low[1][0] : low[1][1]],
            (rows, self._seen[1]),
            (low[0][0], low[1][0]),
        )
        inner = slice(start - rows[0], stop - rows[0]), slice(reach[0], planes.shape[-1] - reach[1])
        detail = planes[-1:, inner[0], inner[1]] * np.float32(statistics.detail_std)
        if self.recipe.residual is None:
            nothing = np.zeros((statistics.components + 1, *detail.shape[1:]), np.float32)
            return np.concatenate([detail, nothing])
        residual, disagreement = self.recipe.residual(planes)
        return np.concatenate([detail, residual[:, inner[0], inner[1]], disagreement[None, inner[0], inner[1]]])

    def _compute_low_planes(self, start: int, stop: int) -> np.ndarray:
        """(K + 1, rows, columns): D of the high-resolution planes."""
        self._progress.check()
        rows, cols = (start, stop), self._residual[1]
        needed = self._operators.down.support(rows, cols)
        planes = self._high_planes.get(*needed[0])[:-1]
        return self._operators.down.part(planes, rows, cols, (needed[0][0], self._high[1][0]))

    def _compute_residual(self, start: int, stop: int) -> np.ndarray:
        """(bands, rows, columns): X - D Y_0."""
        self._progress.check()
        rows, cols = (start, stop), self._residual[1]
        needed = self._operators.round_trip.support(rows, cols)
        values = self._hsi_part(*(_union(a, b) for a, b in zip(needed, (rows, cols))))
        origin = min(needed[0][0], rows[0]), min(needed[1][0], cols[0])
        own = values[:, rows[0] - origin[0] : rows[1] - origin[0], cols[0] - origin[1] : cols[1] - origin[1]]
        planes = self._low_planes.get(*rows)
        lowered = self._operators.round_trip.part(values, rows, cols, origin)
        return own - lowered - np.tensordot(self._coefficients, planes, 1)

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

    def _reach(self) -> int:
        return self.recipe.residual.receptive_field if self.recipe.residual is not None else 0


def _union(first: Span, second: Span) -> Span:
    return min(first[0], second[0]), max(first[1], second[1])
