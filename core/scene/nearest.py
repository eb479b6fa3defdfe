"""A raster on another grid by nearest neighbour: each pixel has the value of the one that its centre lies in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..io.grid import Grid, Window
from ..io.reader import Block, RasterReader
from .reader_view import ReaderView
from .warp import Mapping

_SAMPLES = 8_000_000  # of the raster that are held at once, about


class NearestReader(ReaderView):
    """An open raster as it lies on another grid; closes it with itself.

    Args:
        raster: the open raster.
        mapping: where each pixel of the grid lies in it.
        grid: the new grid.
        filled: (rows, columns) bool on the new grid coarsened by ``coarser``: elsewhere nothing is valid; None for all.
        coarser: pixels of the grid along the edge of one of ``filled``.
    """

    def __init__(
        self, raster: RasterReader, mapping: Mapping, grid: Grid, filled: np.ndarray | None = None, coarser: int = 1
    ) -> None:
        super().__init__(raster)
        self._mapping, self._filled, self._coarser = mapping, filled, coarser
        self.grid, self.always_valid = grid, False

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._mapping, self.grid, self._filled, self._coarser)

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        chosen = list(range(self.bands)) if bands is None else [int(band) for band in bands]
        values = np.zeros((len(chosen), window.rows, window.cols), np.float32)
        valid = np.zeros(values.shape, bool)
        self._fill(window, chosen, values, valid)
        return Block(values, valid)

    def _fill(self, window: Window, bands: list[int], values: np.ndarray, valid: np.ndarray) -> None:
        rows = np.arange(window.row, window.row + window.rows)[:, None]
        cols = np.arange(window.col, window.col + window.cols)[None, :]
        at = self._mapping.positions(*(np.array(axis) for axis in np.broadcast_arrays(rows + 0.5, cols + 0.5)))
        size = self._reader.grid.rows, self._reader.grid.cols
        with np.errstate(invalid="ignore"):
            inside = np.logical_and.reduce([(axis >= 0) & (axis < count) for axis, count in zip(at, size)])
        if self._filled is not None:
            inside &= self._filled[rows // self._coarser, cols // self._coarser]
        if not inside.any():
            return
        row, col = (axis[inside].astype(np.intp) for axis in at)
        part = Window(int(row.min()), int(col.min()), int(np.ptp(row)) + 1, int(np.ptp(col)) + 1)
        if len(bands) * part.rows * part.cols > _SAMPLES and window.rows * window.cols > 1:
            for here in _halves(window.rows, window.cols):
                spans = ((here[0].start, here[0].stop), (here[1].start, here[1].stop))
                place = (slice(None), *here)
                self._fill(window.part(*spans), bands, values[place], valid[place])
            return
        block = self._reader.read(part, bands)
        from_there = slice(None), row - part.row, col - part.col
        values[:, inside], valid[:, inside] = block.values[from_there], block.valid[from_there]


def _halves(rows: int, cols: int) -> list[tuple[slice, slice]]:
    """A window cut in two along its longer edge."""
    if rows >= cols:
        return [(slice(0, rows // 2), slice(0, cols)), (slice(rows // 2, rows), slice(0, cols))]
    return [(slice(0, rows), slice(0, cols // 2)), (slice(0, rows), slice(cols // 2, cols))]
