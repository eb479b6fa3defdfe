"""Fusion of a scene of any size, in strips of rows, within a memory budget.

``Y = Y_0 + U E`` with ``Y_0`` what a method makes of the scene (:class:`.method.Plan`) and ``E`` the consistency
projection (docs/architecture.md). Most methods are linear, ``Y_0 = U X + C S`` with some planes ``S``, and then
``D Y_0`` takes no more than ``D S``; for the others each band is degraded. Each quantity is a stream of rows computed
from rows of others, so each row of a raster is read once and each row of the networks' residual is computed once. A
wide raster is worked through in panels of columns with margins that are thrown away, so that it takes no more memory
than a narrow one; since all operators and networks have a finite support, the result does not depend on how the raster
was cut.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..peak_memory import free_memory, give_back_free_memory
from ..physics.consistency import DEFAULT_ITERATIONS
from ..physics.planes import network_planes
from ..physics.prior import Statistics, degraded_pan, scene_operators
from ..physics.resample import Span
from ..progress import Progress, spoken_duration
from ..raster.grid import Window
from ..raster.metadata import RasterMetadata
from ..raster.scene import Scene
from ..workers import Workers
from .budget import BLOCK, choose_pieces, lower
from .method import Formula, Plan, Residual
from .panel import Heights, Panel

DEFAULT_MEMORY, LEAST_MEMORY = 1.0, 0.125  # GB
_SHARE = 0.5  # of what is free
_WORTH_SAYING = 5.0  # seconds to go
_TELLING = 6  # strips, whose time tells that of all
_KEPT_ROWS = 1024  # after which what is free is given back: pieces of many sizes leave gaps that none fits into


@dataclass(frozen=True)
class Recipe:
    """The regression prior, and what networks add to it.

    Attributes:
        statistics: the scene-wide numbers; the regression prior among them.
        gain, iterations: see :class:`.method.Formula`.
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
        self.bytes_per_pixel = 4 * (2 * self.count + 2)
        self.bytes_at_work = recipe.residual.bytes_at_work if recipe.residual is not None else 0
        self._statistics, self._residual = statistics, recipe.residual
        self._dtype = np.dtype(recipe.residual.planes_dtype if recipe.residual is not None else "float32")
        self._operators = scene_operators(scene, recipe.gain)
        self._pan_low = degraded_pan(scene, self._operators, self.pan_mean, progress)

    def planes(
        self, hsi: np.ndarray, pan: np.ndarray, part: tuple[Span, Span], origin: tuple[int, int], progress: Progress
    ) -> np.ndarray:
        """See :class:`.method.Plan`."""
        matrix, shift = self._statistics.encoder
        top, left = origin
        pan_low = self._pan_low[:, top : top + hsi.shape[1], left : left + hsi.shape[2]]
        matrix, hsi, pan, pan_low = (array.astype(self._dtype, copy=False) for array in (matrix, hsi, pan, pan_low))
        components = np.tensordot(matrix, hsi, 1) - shift
        seen = network_planes(self._operators, self._statistics, components, pan, pan_low, part, origin)
        detail = (seen[-1:] * np.float32(self._statistics.detail_std)).astype(np.float32, copy=False)
        if self._residual is None:
            return np.concatenate([detail, np.zeros((self.count - 1, *detail.shape[1:]), np.float32)])
        (start, stop), end = part[0], self._operators.up.y.outputs
        margins = self.reach if start > 0 else 0, self.reach if stop < end else 0
        residual, disagreement = self._residual(seen, progress, margins)
        return np.concatenate([detail, residual, disagreement[None]])

    def fuse(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """See :class:`.method.Plan`."""
        raise NotImplementedError("a linear method is given by its coefficients")


class Fused(NamedTuple):
    """Finished pixels: ``window`` of the output, ``values`` (bands, rows, columns), ``valid`` (rows, columns) or
    (bands, rows, columns) where bands differ, ``disagreement`` (rows, columns), zeros without networks. In memory all
    bands of a row lie together."""

    window: Window
    values: np.ndarray
    valid: np.ndarray
    disagreement: np.ndarray


class Share(NamedTuple):
    """A part of a fusion that is done in parts: some ``rows`` (start, stop) of its window, and how all of it is cut:
    ``heights`` of the strips and columns (start, stop) of the ``panels``."""

    rows: Span
    heights: Heights
    panels: tuple[Span, ...]


def shares(
    scene: Scene,
    recipe: Formula,
    window: Window,
    rows: int,
    memory: float | None = None,
    progress: Progress | None = None,
    stored: RasterMetadata | None = None,
) -> list[Share]:
    """Cut a fusion into parts; see :func:`fuse` for what is not explained here.

    Args:
        rows: of a part, at least: a part is some whole strips.
    """
    plan = recipe.plan(scene, progress or Progress())
    heights, panels = _cut(scene, recipe, plan, window, memory, stored)
    step, end = max(1, -(-rows // heights.strip)) * heights.strip, window.row + window.rows
    return [Share((top, min(top + step, end)), heights, panels) for top in range(window.row, end, step)]


def fuse(
    scene: Scene,
    recipe: Formula,
    window: Window | None = None,
    memory: float | None = None,
    progress: Progress | None = None,
    stored: RasterMetadata | None = None,
    share: Share | None = None,
) -> Iterator[Fused]:
    """Fuse a scene, piece by piece; how long it will take is said as soon as a part of it tells.

    Args:
        window: the part of the output that is wanted, all by default; its pixels are those of the whole output (to
            1e-5 of the data range: the last digits depend on how an image is cut).
        memory: budget in GB; by default 1, halved where that is more than half of what is free.
        stored: of the file that the pixels go to; then ``values`` are of its type, rounded, and its nodata value
            stands where they are not valid. By default they are float32.
        share: the part of this fusion that is to be done, all by default. Its pixels are those that all of it has
            there, to the last bit.

    Yields:
        Pieces that cover the window, or the share's rows of it, from top to bottom within a panel.
    """
    progress = progress or Progress()
    window = window or Window(0, 0, *scene.high_shape)
    plan = recipe.plan(scene, progress)
    first, end = window.row, window.row + window.rows
    if share is None:
        heights, panels = _cut(scene, recipe, plan, window, memory, stored)
    else:
        (first, end), heights, panels = share
    done, forecast = 0, _Forecast(Window(first, window.col, end - first, window.cols), progress)
    with Workers() as workers:
        for left, right in panels:
            give_back_free_memory()
            area = Window(window.row, left, window.rows, right - left)
            with Panel(scene, recipe, plan, area, heights, workers, progress, stored, (first, end)) as panel:
                top = first
                while top < end:
                    progress.check()
                    bottom = min(top + heights.strip, end)
                    try:
                        values, valid, disagreement = panel.compute(top, bottom)
                    except MemoryError:
                        if heights.planes <= BLOCK:
                            raise
                        heights = lower(heights)
                        panel.resize(heights)
                        progress.info(f"Memory ran out; going on in strips of {heights.planes} rows.")
                        continue
                    piece = Window(top, left, bottom - top, right - left)
                    yield Fused(piece, values.transpose(1, 0, 2), valid, disagreement)
                    panel.forget(bottom)
                    if top // _KEPT_ROWS != bottom // _KEPT_ROWS:
                        give_back_free_memory()
                    done += piece.rows * piece.cols
                    progress.set(done / ((end - first) * window.cols))
                    forecast(done, panel)
                    top = bottom


class _Forecast:
    """Says once how long a fusion still takes, as soon as a few of its strips tell: by the time that finished pixels
    took after the first, which wait for what all need; or, where planes take longest, as networks do, by the share of
    them that is there, if that is more. The first strips come before whoever writes them has to be waited for."""

    def __init__(self, window: Window, progress: Progress) -> None:
        self._window, self._progress = window, progress
        self._started, self._told = time.monotonic(), False
        self._first: tuple[float, int] | None = None

    def __call__(self, done: int, panel: Panel) -> None:
        """``done`` pixels are finished."""
        if self._told:
            return
        rows, cols, area, heights = self._window.rows, self._window.cols, panel.panel, panel.heights
        passed = time.monotonic() - self._started
        if self._first is None:
            self._first = passed, done
            return
        telling = min(max(_TELLING * heights.strip, heights.planes), area.rows) * area.cols
        if done < min(0.2 * rows * cols, telling):
            return
        left = (passed - self._first[0]) / (done - self._first[1]) * (rows * cols - done)
        if panel.waited > 0.5 * passed:
            left = max(left, passed * (cols / (panel.planes_done * area.cols) - 1.0))
        self._told = True
        if left >= _WORTH_SAYING:
            self._progress.info(f"Fusing {rows} x {cols} pixels: about {spoken_duration(left)} to go.")


def _cut(
    scene: Scene, recipe: Formula, plan: Plan, window: Window, memory: float | None, stored: RasterMetadata | None
) -> tuple[Heights, tuple[Span, ...]]:
    itemsize = np.dtype("float32" if stored is None else stored.dtype).itemsize
    return choose_pieces(scene, recipe, plan, window, (memory or _usual_memory()) * 1e9, itemsize)


def _usual_memory() -> float:
    """GB; halved as often as what is free asks for, and not in finer steps, since the last digits of a result depend on
    how it was cut."""
    free, budget = free_memory(), DEFAULT_MEMORY
    while free is not None and budget > LEAST_MEMORY and budget > _SHARE * free / 1e9:
        budget /= 2
    return budget
