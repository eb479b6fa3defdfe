"""A field of displacements: how far the PAN must be moved, in each place of the HSI by another amount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..io.grid import Axis, Grid, Window
from ..io.nodes import between_nodes
from ..io.reader import RasterReader
from .mosaic import MosaicReader
from .reader_view import ReaderView
from .warp import WarpedReader


@dataclass(frozen=True, eq=False)
class ShiftField:
    """How far the PAN must be moved to lie on the HSI, besides the shift of the whole of it.

    Attributes:
        y, x: (rows, columns) float32, PAN pixels towards higher rows and columns.
        confidence: (rows, columns) float32, 0 (unknown, not moved) to 1.
        grid: of these, in the HSI's reference system.
    """

    y: np.ndarray
    x: np.ndarray
    confidence: np.ndarray
    grid: Grid

    @property
    def largest(self) -> float:
        """Length of the largest displacement, PAN pixels."""
        return float(np.hypot(self.y, self.x).max())

    @property
    def typical(self) -> float:
        """Root mean square of the displacements' length, PAN pixels."""
        return float(np.sqrt(np.mean(self.y.astype(np.float64) ** 2 + self.x.astype(np.float64) ** 2)))


@dataclass(frozen=True, eq=False)
class FieldMapping:
    """Where the pixels of a grid whose axes are the PAN's lie in the PAN when it is moved by a shift and a field.

    Attributes:
        field: of displacements.
        shift: (rows, columns) of the whole PAN, PAN pixels.
        start: row and column of the PAN at which the grid begins.
        origin: row and column of the PAN at which the field begins, any real numbers.
        step: rows and columns of the PAN from one displacement to the next.
    """

    field: ShiftField
    shift: tuple[float, float]
    start: tuple[int, int]
    origin: tuple[float, float]
    step: tuple[float, float]

    def positions(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the PAN; displacements are interpolated linearly between those of the field.

        Args:
            rows, cols: (...) float64, both of one shape, positions on the grid, pixel edges at whole numbers.

        Returns:
            rows and columns of the PAN, (...) float64 of the same shape.
        """
        row, col = rows + self.start[0], cols + self.start[1]
        count = self.field.y.shape
        top, below = _between((row - self.origin[0]) / self.step[0], count[0])
        left, right = _between((col - self.origin[1]) / self.step[1], count[1])
        moved = [between_nodes(plane, top, left, below, right) for plane in (self.field.y, self.field.x)]
        return row - self.shift[0] - moved[0], col - self.shift[1] - moved[1]


def _between(position: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The sample before each position, and how far the position is on the way to the next; edges are replicated."""
    place = np.clip(position - 0.5, 0.0, count - 1.0)
    before = np.minimum(place.astype(np.intp), max(count - 2, 0))
    return before, place - before


def moved_by_field(pan: RasterReader, window: Window, shift: tuple[float, float], field: ShiftField) -> ReaderView:
    """The PAN moved by a shift and a field, on its own grid.

    Args:
        pan: the open PAN.
        window: of its pixels, those of the result; less the edge whose ground the PAN does not show.
        shift: (rows, columns) in PAN pixels.
        field: of displacements besides.

    Returns:
        The PAN, resampled once; it closes the raster with itself.
    """
    axes = list(zip(field.grid.axes, pan.grid.axes))
    origin, step = [_offset(*pair) for pair in axes], [low.step / high.step for low, high in axes]
    for _ in range(2):  # what is cut off moves the edge
        mapping = FieldMapping(field, shift, (window.row, window.col), (origin[0], origin[1]), (step[0], step[1]))
        window = _inside(mapping, pan.grid, window)
    mapping = FieldMapping(field, shift, (window.row, window.col), (origin[0], origin[1]), (step[0], step[1]))
    if isinstance(pan, (WarpedReader, MosaicReader)):
        once = pan.through(mapping, pan.grid.crop(window))
        if once is not None:
            return once
    return WarpedReader(pan, mapping, pan.grid.crop(window), _inside(mapping, pan.grid, window) == window)


def _offset(low: Axis, high: Axis) -> float:
    """Where the first of the coarse pixels begins, in fine ones."""
    return (low.start - high.start) / high.step


def _inside(mapping: FieldMapping, grid: Grid, window: Window) -> Window:
    """The window without the edges that lie outside of the raster."""
    margin = int(np.ceil(mapping.field.largest + max(abs(part) for part in mapping.shift))) + 1
    spans = []
    for axis, (count, size) in enumerate(zip((window.rows, window.cols), (grid.rows, grid.cols))):
        first, last, half = 0, count, count // 2
        for near in (range(min(margin, half)), range(max(half, count - margin), count)):
            along = np.arange((window.cols, window.rows)[axis]) + 0.5
            line, other = np.meshgrid(np.array(near) + 0.5, along, indexing="ij")
            at = mapping.positions(*((line, other) if axis == 0 else (other, line)))[axis]
            outside = np.flatnonzero(((at < 0) | (at > size)).any(axis=1))
            if outside.size and near.start == 0:
                first = int(outside[-1]) + 1
            elif outside.size:
                last = near[int(outside[0])]
        spans.append((first, last))
    return window.part(*spans)
