"""Fusion of a scene of any size, in strips of rows, within a memory budget.

Each quantity is a stream of rows computed from rows of others (:mod:`.pipeline`), so each row of a raster is read once
and each row of the networks' residual is computed once. A wide raster is worked through in panels of columns with
margins that are thrown away, so that it takes no more memory than a narrow one; since all operators and networks have a
finite support, the result does not depend on how the raster was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..io.grid import Window
from ..io.metadata import RasterMetadata
from ..operators.linear import Span
from ..runtime.memory import free_memory, trim_heap
from ..runtime.progress import Progress
from ..runtime.threads import Workers
from ..scene.scene import Scene
from .budget import BLOCK, Cut, Limits, choose_cut, lower
from .eta import Eta
from .method import FittedMethod
from .pipeline import Pipeline

DEFAULT_MEMORY, LEAST_MEMORY = 1.0, 0.125  # GB
_SHARE = 0.5  # of what is free
_TRIM_ROWS = 1024  # after which the heap is trimmed: pieces of many sizes leave gaps too small to be used


class Low(NamedTuple):
    """The HSI pixels that finished pixels were made of, those beside them included.

    Attributes:
        values: (bands, rows, columns) float32, DN, valid until the next pixels are asked for.
        origin: (row, column) of the first one in the scene.
    """

    values: np.ndarray
    origin: tuple[int, int]


class Fused(NamedTuple):
    """Finished pixels. In memory all bands of a row lie together.

    Attributes:
        window: of the output.
        values: (bands, rows, columns) float32, or of the type of the file.
        valid: (rows, columns) bool, or (bands, rows, columns) where bands differ.
        disagreement: (rows, columns) float32 of the networks, zeros without any.
        low: the HSI pixels around; None where they were made elsewhere.
    """

    window: Window
    values: np.ndarray
    valid: np.ndarray
    disagreement: np.ndarray
    low: Low | None = None


class Share(NamedTuple):
    """A part of a fusion that is done in parts.

    Attributes:
        rows: (start, stop) of the output.
        cut: of the whole fusion.
    """

    rows: Span
    cut: Cut


def shares(
    scene: Scene,
    method: FittedMethod,
    window: Window,
    rows: int,
    memory: float | None = None,
    stored: RasterMetadata | None = None,
    limits: Limits | None = None,
) -> list[Share]:
    """Cut a fusion into parts.

    Args:
        scene: what is fused.
        method: fitted to this scene.
        window: the part of the output that is fused.
        rows: of a part, at least: a part is some whole strips.
        memory: see :func:`fuse`.
        stored: see :func:`fuse`.
        limits: of the pieces' sizes, for tests.

    Returns:
        the parts, from top to bottom.
    """
    itemsize = np.dtype("float32" if stored is None else stored.dtype).itemsize
    cut = choose_cut(scene, method, window, memory_budget(memory) * 1e9, itemsize, limits)
    strip = cut.heights.strip
    step, end = max(1, -(-rows // strip)) * strip, window.row + window.rows
    return [Share((top, min(top + step, end)), cut) for top in range(window.row, end, step)]


def fuse(
    scene: Scene,
    method: FittedMethod,
    window: Window | None = None,
    memory: float | None = None,
    progress: Progress | None = None,
    stored: RasterMetadata | None = None,
    share: Share | None = None,
    limits: Limits | None = None,
) -> Iterator[Fused]:
    """Fuse a scene, piece by piece; the expected time is logged as soon as a part of it was measured.

    Args:
        scene: what is fused.
        method: fitted to this scene.
        window: the part of the output that is fused, all by default; its pixels are those of the whole output (to
            1e-5 of the data range: the last digits depend on how an image is cut).
        memory: budget in GB; by default 1, halved where that is more than half of what is free.
        progress: the share done, the ETA, and whether to stop.
        stored: of the file that the pixels go to; then ``values`` are of its type, rounded, and its nodata value
            stands where they are not valid. By default they are float32.
        share: the part of this fusion that is to be done, all by default. Its pixels are those that all of it has
            there, to the last bit.
        limits: of the pieces' sizes, for tests.

    Yields:
        Pieces that cover the window, or the share's rows of it, from top to bottom within a panel.

    Raises:
        Cancelled: the user stopped the job.
        MemoryError: even the smallest strips do not fit.
    """
    progress = progress or Progress()
    window = window or Window(0, 0, *scene.high_shape)
    if share is None:
        (share,) = shares(scene, method, window, window.rows, memory, stored, limits)
    (first, end), (heights, panels) = share
    done, total = 0, (end - first) * window.cols
    eta = Eta(Window(first, window.col, end - first, window.cols), progress)
    with Workers() as workers:
        for left, right in panels:
            trim_heap()
            panel = Window(window.row, left, window.rows, right - left)
            with Pipeline(scene, method, panel, heights, workers, progress, stored, (first, end)) as pipeline:
                for piece in _strips(pipeline, (first, end), progress):
                    done += piece.window.rows * piece.window.cols
                    yield piece
                    del piece  # its memory is free before the next one is computed
                    progress.set(done / total)
                    eta(done, pipeline)
            heights = pipeline.heights


def _strips(pipeline: Pipeline, rows: Span, progress: Progress) -> Iterator[Fused]:
    """The finished strips of a panel, from top to bottom; lower ones where memory runs out."""
    panel, (top, end) = pipeline.panel, rows
    while top < end:
        progress.check()
        bottom = min(top + pipeline.heights.strip, end)
        try:
            values, valid, disagreement, low = pipeline.compute(top, bottom)
        except MemoryError:
            if pipeline.heights.planes <= BLOCK:
                raise
            pipeline.resize(lower(pipeline.heights))
            progress.info(f"Memory ran out; going on in strips of {pipeline.heights.planes} rows.")
            continue
        part = Window(top, panel.col, bottom - top, panel.cols)
        yield Fused(part, values.transpose(1, 0, 2), valid, disagreement, Low(*low))
        del values, valid, disagreement, low
        pipeline.forget(bottom)
        if top // _TRIM_ROWS != bottom // _TRIM_ROWS:
            trim_heap()
        top = bottom


def memory_budget(memory: float | None) -> float:
    """The budget that is given, or else the usual one: halved as often as what is free asks for, and not in finer
    steps, since the last digits of a result depend on how it was cut.

    Args:
        memory: GB, or None.

    Returns:
        GB.
    """
    if memory:
        return memory
    free, budget = free_memory(), DEFAULT_MEMORY
    while free is not None and budget > LEAST_MEMORY and budget > _SHARE * free / 1e9:
        budget /= 2
    return budget
