"""A part of a scene as a scene of its own, on the same open files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..io.grid import Window, align
from ..runtime.progress import Progress
from .guide import scan_pan
from .joined import CroppedReader
from .scan import scan_bands
from .scene import Scene


def part_of(scene: Scene, window: Window, progress: Progress | None = None) -> Scene:
    """A view of some of the HSI pixels under the output and of the PAN's pixels there; the scene closes its files.

    Args:
        scene: the open scene.
        window: HSI pixels, counted from the first one under the output.
        progress: asked for cancellation.

    Returns:
        The view. What the scene leaves out of learning, or fades, is left out of it, too.

    Raises:
        InputError: the part is too small, or holds no pixel that can be used.
    """
    low, progress = scene.alignment.hsi, progress or Progress()
    hsi = CroppedReader(scene.hsi, Window(low.row + window.row, low.col + window.col, window.rows, window.cols))
    alignment = align(hsi.grid, scene.pan.grid, scene.hsi.source, scene.pan.source)
    scan = scan_bands(hsi, alignment.hsi, progress)
    uncovered = scan_pan(scene.pan, alignment.pan, progress)
    top, left, (rows, cols) = window.row + alignment.hsi.row, window.col + alignment.hsi.col, scan.valid.shape

    def cut(mask: np.ndarray | None) -> np.ndarray | None:
        return None if mask is None else mask[top : top + rows, left : left + cols]

    left_out = cut(scene.left_out)
    return replace(
        scene,
        hsi=hsi,
        alignment=alignment,
        good=scan.good,
        empty=scan.empty,
        low_valid=scan.valid if left_out is None else scan.valid & ~left_out,
        low_present=scan.present,
        missing=scan.missing,
        regressions=scene.regressions if np.array_equal(scan.good, scene.good) else scan.regressions,
        complete=scan.complete and not uncovered,
        uncovered=uncovered,
        defects=None,
        left_out=left_out,
        faded=cut(scene.faded),
        _cached={},
    )
