"""How large the pieces of a fusion may be: an estimate of the memory that they take, and the largest that fit."""

from __future__ import annotations

import math

from ..physics.consistency import felt
from ..physics.resample import GAUSSIAN_CUT, Span
from ..raster.grid import Window
from ..raster.scene import Scene
from ..raster.writer import BLOCK_COLS, BLOCK_ROWS, block_cols
from .method import Formula, Plan
from .panel import BANDS, LOW_ROWS, Heights

BLOCK = BLOCK_ROWS  # strips start at multiples of this many rows
PIECES_ALIVE = 4  # being made, waiting to be written, being written
_PANEL = BLOCK_COLS  # panels start where blocks do, or these would be written twice; at most so many columns apart
_STRIP_BYTES = 32e6  # of a piece: more does not make it faster
_STREAM_BYTES = 230e6  # of all rows that are kept: more does not make the share of the margins much smaller
_AFTER_OTHERS = 0.8  # as much in each of several panels: those before leave gaps that nothing fits into
_NETWORKS = 0.4  # their share of the work, about
_MOST_ROWS = 320  # of planes: the first and the last strip have nothing to overlap with


def choose_pieces(
    scene: Scene, recipe: Formula, plan: Plan, window: Window, budget: float, itemsize: int
) -> tuple[Heights, tuple[Span, ...]]:
    """Heights of the strips and columns (start, stop) of the panels: of those that keep within a budget, the ones with
    the smallest share of margins.

    Args:
        budget: bytes.
        itemsize: bytes of an output sample.
    """
    choices: list[tuple[float, Heights, tuple[Span, ...]]] = []
    step = block_cols(window.cols, _PANEL)
    for count in range(1, max(1, window.cols // step) + 1):
        panels = _panels(window, count, step)
        cols = max(right - left for left, right in panels)
        heights = _usual(scene, recipe, plan, cols, itemsize, 1 if count == 1 else _AFTER_OTHERS)
        while (taken := _bytes(scene, recipe, plan, heights, cols, itemsize)) > budget and heights.planes > BLOCK:
            heights = _limited(heights, heights.planes - BLOCK)
        cost = math.inf if taken > budget else sum(_cost(scene, recipe, plan, heights, *panel) for panel in panels)
        choices.append((cost, heights, panels))
    fitting = [choice for choice in choices if choice[0] < math.inf]
    _, heights, panels = min(fitting, key=lambda choice: choice[0]) if fitting else choices[-1]  # the narrowest
    return heights, panels


def _panels(window: Window, count: int, step: int) -> tuple[Span, ...]:
    """Panels of about the same size, which start at multiples of ``step`` columns of the window."""
    marks = [round(window.cols * number / count / step) * step for number in range(count)] + [window.cols]
    return tuple((window.col + left, window.col + right) for left, right in zip(marks, marks[1:]))


def _cost(scene: Scene, recipe: Formula, plan: Plan, heights: Heights, left: int, right: int) -> float:
    """How much there is to compute for a panel, in columns."""

    def wide(margin: int) -> int:
        return min(right + margin, scene.high_shape[1]) - max(left - margin, 0)

    margin, tall = _sideways(recipe) * scene.ratio, 1 + 2 * plan.reach / heights.planes
    return (1 - _NETWORKS) * wide(margin) + _NETWORKS * tall * wide(margin + plan.reach)


def _sideways(recipe: Formula) -> int:
    """HSI pixels to the left and to the right that a pixel depends on: of the residual's pixels that it feels, of what
    they are degraded from, and of what it is interpolated from."""
    if not recipe.iterations:
        return 2
    return min(felt(recipe.iterations), (GAUSSIAN_CUT + 1) * (recipe.iterations - 1)) + GAUSSIAN_CUT + 2


def _ahead(recipe: Formula) -> int:
    """HSI rows, roughly, that are read before the first pixel is finished."""
    return 6 * recipe.iterations + 6


def lower(heights: Heights) -> Heights:
    """The next smaller ones."""
    return _limited(heights, max(BLOCK, heights.planes // 2 // BLOCK * BLOCK))


def _limited(heights: Heights, planes: int) -> Heights:
    return Heights(min(heights.strip, planes), planes)


def _usual(scene: Scene, recipe: Formula, plan: Plan, cols: int, itemsize: int, share: float) -> Heights:
    """Those that are enough, with a share of the usual bytes."""
    strip = max(BLOCK, int(share * _STRIP_BYTES / (scene.hsi.bands * cols * itemsize)) // BLOCK * BLOCK)
    heights = Heights(min(strip, _MOST_ROWS), _MOST_ROWS)
    while heights.planes > BLOCK and _stream_bytes(scene, recipe, plan, heights, cols) > share * _STREAM_BYTES:
        heights = _limited(heights, heights.planes - BLOCK)
    return heights


def _bytes(scene: Scene, recipe: Formula, plan: Plan, heights: Heights, cols: int, itemsize: int) -> float:
    """Estimate of what the pieces take."""
    finished = PIECES_ALIVE * itemsize * scene.hsi.bands * heights.strip * cols
    chunk = 0.0
    if plan.coefficients is None:
        rows = heights.strip + 2 * GAUSSIAN_CUT * scene.ratio
        chunk = 2 * 4 * 4 * min(scene.hsi.bands, BANDS) * _wide(scene, recipe, plan, cols)[0] * rows
    return finished + _stream_bytes(scene, recipe, plan, heights, cols) + chunk + plan.bytes_at_work


def _stream_bytes(scene: Scene, recipe: Formula, plan: Plan, heights: Heights, cols: int) -> float:
    """Of rows of the images that finished ones are made from, and of planes while they are made."""
    bands, ratio, ahead = scene.hsi.bands, scene.ratio, _ahead(recipe)
    wide, low_wide = _wide(scene, recipe, plan, cols)
    low_step = max(LOW_ROWS, heights.strip / ratio)
    hsi = 4 * bands * low_wide * (2 * heights.planes / ratio + ahead + 3 * low_step)
    residuals = 4 * bands * low_wide * (recipe.iterations + 3) * (low_step + 14)
    kept = 4 * (plan.count + 2) * wide * (2 * heights.planes + ahead * ratio)
    made = (heights.planes + 2 * plan.reach) * min(wide + 2 * plan.reach, scene.high_shape[1])
    return hsi + residuals + kept + (plan.bytes_per_pixel + 8 * (plan.count + 2)) * made


def _wide(scene: Scene, recipe: Formula, plan: Plan, cols: int) -> tuple[float, float]:
    """Columns of either grid that a panel of so many depends on."""
    margin, ratio = _sideways(recipe), scene.ratio
    wide = min(cols + 2 * margin * ratio, scene.high_shape[1])
    return wide, min(cols / ratio + 2 * (margin + plan.reach / ratio + 2), scene.low_shape[1])
