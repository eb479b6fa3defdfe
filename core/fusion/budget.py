"""How large the pieces of a fusion may be: an estimate of the memory that they take, and the largest that fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from ..io.geotiff_layout import BLOCK_COLS, BLOCK_ROWS, block_cols
from ..io.grid import Window
from ..operators.consistency import effective_support
from ..operators.linear import Span
from ..operators.resample import GAUSSIAN_CUT
from ..operators.tiles import tile_cols
from ..scene.scene import Scene
from .mapping import BANDS
from .method import FittedMethod
from .pipeline import LOW_ROWS, Heights

BLOCK = BLOCK_ROWS  # strips start at multiples of this many rows
PIECES_ALIVE = 4  # being made, waiting to be written, being written
_STRIP_BYTES = 32e6  # of a piece: more does not make it faster
_STREAM_BYTES = 230e6  # of all rows that are kept: more does not make the share of the margins much smaller
_AFTER_OTHERS = 0.8  # as much in each of several panels: those before leave gaps in the heap too small to be used
_NETWORKS = 0.4  # their share of the work, about


@dataclass(frozen=True)
class Limits:
    """Of the pieces' sizes.

    Attributes:
        panel_cols: panels start at multiples of as many columns at most: where blocks of a file do, or these would be
            written twice.
        plane_rows: of planes at once: the first and the last strip overlap with no other work.
    """

    panel_cols: int = BLOCK_COLS
    plane_rows: int = 320


class Cut(NamedTuple):
    """How a fusion is cut.

    Attributes:
        heights: of the strips, in rows.
        panels: columns (start, stop) of each panel.
    """

    heights: Heights
    panels: tuple[Span, ...]


def choose_cut(
    scene: Scene, method: FittedMethod, window: Window, budget: float, itemsize: int, limits: Limits | None = None
) -> Cut:
    """Of the cuts that keep within a budget, the one with the smallest share of margins; the narrowest panels where no
    cut fits.

    Args:
        scene: what is fused.
        method: fitted to this scene.
        window: the part of the output.
        budget: bytes.
        itemsize: bytes of an output sample.
        limits: of the pieces' sizes.

    Returns:
        the cut.
    """
    limits, estimate = limits or Limits(), _Estimate(scene, method, itemsize)
    step, candidates = block_cols(window.cols, limits.panel_cols), []
    for count in range(1, max(1, window.cols // step) + 1):
        panels = _panels(window, count, step)
        cols = max(right - left for left, right in panels)
        heights = estimate.usual_heights(cols, 1 if count == 1 else _AFTER_OTHERS, limits.plane_rows)
        while (taken := estimate.bytes(heights, cols)) > budget and heights.planes > BLOCK:
            heights = _limited(heights, heights.planes - BLOCK)
        cost = math.inf if taken > budget else sum(estimate.cost(heights, *panel) for panel in panels)
        candidates.append((cost, Cut(heights, panels)))
    least, cut = min(candidates, key=lambda candidate: candidate[0])
    return cut if least < math.inf else candidates[-1][1]


def lower(heights: Heights) -> Heights:
    """The next smaller heights, for when memory runs out.

    Args:
        heights: that were too large.

    Returns:
        about half of them, at least one block of rows.
    """
    return _limited(heights, max(BLOCK, heights.planes // 2 // BLOCK * BLOCK))


def _limited(heights: Heights, planes: int) -> Heights:
    return Heights(min(heights.strip, planes), planes)


def _panels(window: Window, count: int, step: int) -> tuple[Span, ...]:
    """Panels of about the same size, which start at multiples of ``step`` columns of the window."""
    marks = [round(window.cols * number / count / step) * step for number in range(count)] + [window.cols]
    return tuple((window.col + left, window.col + right) for left, right in zip(marks, marks[1:]))


class _Estimate:
    """What the pieces of a fusion take."""

    def __init__(self, scene: Scene, method: FittedMethod, itemsize: int) -> None:
        self._bands, self._ratios, self._itemsize = scene.hsi.bands, scene.ratios, itemsize
        self._guides = scene.guides
        self._low_cols, self._high_cols = scene.low_shape[1], scene.high_shape[1]
        self._method, self._field = method, method.support.receptive_field
        # HSI pixels to the left and to the right that a pixel depends on: effective residuals, what they are degraded
        # from, and what it is interpolated from.
        iterations = method.iterations
        chain = min(effective_support(iterations), (GAUSSIAN_CUT + 1) * (iterations - 1)) + GAUSSIAN_CUT + 2
        self._margin = chain if iterations else 2
        self._ahead = 6 * iterations + 6  # HSI rows, roughly, that are read before the first pixel is finished

    def cost(self, heights: Heights, left: int, right: int) -> float:
        """How much there is to compute for a panel, in columns."""

        def wide(margin: float) -> float:
            return min(right + margin, self._high_cols) - max(left - margin, 0)

        margin, tall = self._margin * self._ratios[1], 1 + 2 * self._field / heights.planes
        return (1 - _NETWORKS) * wide(margin) + _NETWORKS * tall * wide(margin + self._field)

    def usual_heights(self, cols: int, share: float, plane_rows: int) -> Heights:
        """Those that are enough, with a share of the usual bytes."""
        strip = max(BLOCK, int(share * _STRIP_BYTES / (self._bands * cols * self._itemsize)) // BLOCK * BLOCK)
        heights = Heights(min(strip, plane_rows), plane_rows)
        while heights.planes > BLOCK and self._stream_bytes(heights, cols) > share * _STREAM_BYTES:
            heights = _limited(heights, heights.planes - BLOCK)
        return heights

    def bytes(self, heights: Heights, cols: int) -> float:
        """All that the pieces take."""
        finished = PIECES_ALIVE * self._itemsize * self._bands * heights.strip * cols
        chunk = 0.0
        if self._method.coefficients is None:
            rows = heights.strip + 2 * GAUSSIAN_CUT * self._ratios[0]
            chunk = 2 * 4 * 4 * min(self._bands, BANDS) * self._wide(cols)[0] * rows
        support = self._method.support
        taken = support.bytes_at_work + support.tile_bytes * self._tile(heights, cols)
        return finished + self._stream_bytes(heights, cols) + chunk + taken

    def _tile(self, heights: Heights, cols: int) -> int:
        """Pixels of a tile, with its margins."""
        tall, wide = self._made(heights, cols)
        return tall * min(tile_cols(wide, tall, self._method.support.tile, self._field) + 2 * self._field, wide)

    def _made(self, heights: Heights, cols: int) -> tuple[int, int]:
        """Rows and columns of planes at once, with the margin that they are computed with."""
        wide = min(math.ceil(self._wide(cols)[0]) + 2 * self._field, self._high_cols)
        return heights.planes + 2 * self._field, wide

    def _stream_bytes(self, heights: Heights, cols: int) -> float:
        """Of rows of the images that finished ones are made from, and of planes while they are made."""
        method, (wide, low_wide) = self._method, self._wide(cols)
        low_step = max(LOW_ROWS, heights.strip / self._ratios[0])
        hsi = 4 * self._bands * low_wide * (2 * heights.planes / self._ratios[0] + self._ahead + 3 * low_step)
        residuals = 4 * self._bands * low_wide * (method.iterations + 3) * (low_step + 14)
        kept = (
            4 * (method.planes_count + 1 + self._guides) * wide * (2 * heights.planes + self._ahead * self._ratios[0])
        )
        made = (method.support.bytes_per_pixel + 8 * (method.planes_count + 2)) * math.prod(self._made(heights, cols))
        return hsi + residuals + kept + made

    def _wide(self, cols: int) -> tuple[float, float]:
        """Columns of either grid that a panel of so many depends on."""
        margin, ratio = self._margin, self._ratios[1]
        wide = min(cols + 2 * margin * ratio, self._high_cols)
        return wide, min(cols / ratio + 2 * (margin + self._field / ratio + 2), self._low_cols)
