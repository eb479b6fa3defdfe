"""How large the pieces of a fusion may be: an estimate of the memory that they take, and the largest that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..physics.resample import GAUSSIAN_CUT
from ..raster.grid import Window
from ..raster.scene import Scene
from .panel import BANDS, LOW_ROWS, Heights

if TYPE_CHECKING:
    from .engine import Formula, Plan

BLOCK = 16  # strips start at multiples of this many rows, as the blocks of the files that are written do
PIECES_ALIVE = 4  # being made, waiting to be written, being written
_PANEL = 512  # panels start at multiples of this many columns
_STRIP_BYTES = 32e6  # of a piece: more does not make it faster
_PLANE_BYTES = 44e6  # of all planes at once: more does not make the margins' share much smaller
_MOST_ROWS = 320  # of planes: the first and the last strip have nothing to overlap with
_BLOCKS = 100e6  # bytes: GDAL's blocks of the files that are read, and what libraries hold


def choose_pieces(
    scene: Scene, recipe: Formula, plan: Plan, window: Window, budget: float, itemsize: int
) -> tuple[Heights, int]:
    """Heights of the strips and columns of the panels that keep within a budget.

    Args:
        budget: bytes.
        itemsize: bytes of an output sample.
    """
    cols = window.cols
    while True:
        heights = _usual(scene, plan, cols, itemsize)
        while True:
            if _bytes(scene, recipe, plan, heights, cols, itemsize) <= budget:
                return heights, cols
            if heights.planes <= BLOCK:
                break
            heights = lower(heights)
        if cols <= _PANEL:
            return heights, cols
        cols = max(_PANEL, cols // 2 // _PANEL * _PANEL)


def lower(heights: Heights) -> Heights:
    """The next smaller ones."""
    planes = max(BLOCK, heights.planes // 2 // BLOCK * BLOCK)
    return Heights(min(heights.strip, planes), planes)


def _usual(scene: Scene, plan: Plan, cols: int, itemsize: int) -> Heights:
    planes = max(BLOCK, min(_MOST_ROWS, int(_PLANE_BYTES / (4 * (plan.count + 1) * cols)) // BLOCK * BLOCK))
    strip = max(BLOCK, int(_STRIP_BYTES / (scene.hsi.bands * cols * itemsize)) // BLOCK * BLOCK)
    return Heights(min(strip, planes), planes)


def _bytes(scene: Scene, recipe: Formula, plan: Plan, heights: Heights, cols: int, itemsize: int) -> float:
    """Estimate of what the pieces take."""
    bands, ratio = scene.hsi.bands, scene.ratio
    high_cols, low_cols = scene.high_shape[1], scene.low_shape[1]
    margin = 6 * recipe.iterations + 6  # HSI pixels, roughly: how far the projection reaches
    wide, low_wide = min(cols + 2 * margin * ratio, high_cols), min(cols / ratio + 2 * margin, low_cols)
    low_step = max(LOW_ROWS, heights.strip / ratio)
    finished = PIECES_ALIVE * itemsize * bands * heights.strip * cols
    hsi = 4 * bands * low_wide * (2 * heights.planes / ratio + margin + 3 * low_step)
    residuals = 4 * bands * low_wide * (recipe.iterations + 3) * (low_step + 14)
    kept = 4 * (plan.count + 2) * wide * (2 * heights.planes + margin * ratio)
    made = (heights.planes + 2 * plan.reach) * min(wide + 2 * plan.reach, high_cols)
    planes = (plan.bytes_per_pixel + 8 * (plan.count + 2)) * made
    chunk = 0.0
    if plan.coefficients is None:
        chunk = 2 * 4 * 4 * min(bands, BANDS) * wide * (heights.strip + 2 * GAUSSIAN_CUT * ratio)
    return finished + hsi + residuals + kept + planes + chunk + plan.bytes_at_work
