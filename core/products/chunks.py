"""Reading arrays of an HDF5 file along their chunks: what was read last stays, so that no chunk is read twice in a pass
over rows. HDF5 itself keeps no chunk above 1 MB, and products have some of 15. Where several passes follow, compressed
chunks are kept decoded (:mod:`.decoded`)."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from ..io.gdal_errors import hdf5_silence
from ..io.grid import Window
from .decoded import DecodedChunks

MOST_KEPT = 420_000_000  # bytes of an array that stay in memory
_PIECE = 64_000_000  # bytes that are read in one call, as whole chunks


class ChunkedArray:
    """An array of rows, columns and bands.

    Args:
        array: GDAL's array.
        axes: the order of its axes, of "r", "c" and "b"; "rc" for a single band.
        dtype: numpy's name of what is read.
        kind: GDAL's type that numbers are converted to; None for the stored one.
        read: (call, window) -> its bytes; raises the reader's error.

    Attributes:
        rows, cols, bands: its size.
        high, deep: rows and bands of a chunk; 1 where there are no chunks.
        nbytes: of all of it, as it is read.
    """

    def __init__(
        self, array: Any, axes: str, dtype: str, kind: Any, read: Callable[[Callable[[], Any], Window], Any]
    ) -> None:
        self._array, self._axes, self._dtype, self._kind, self._read = array, axes, np.dtype(dtype), kind, read
        sizes = [dimension.GetSize() for dimension in array.GetDimensions()]
        chunks = [int(size or 1) for size in array.GetBlockSize()] or [1] * len(sizes)
        size, chunk = dict(zip(axes, sizes)), dict(zip(axes, chunks))
        self.rows, self.cols, self.bands = size["r"], size["c"], size.get("b", 1)
        self._chunk = tuple(chunk.get(axis, 1) for axis in "brc")
        self.deep, self.high = self._chunk[0], self._chunk[1]
        self.nbytes = int(np.prod([float(count) for count in sizes])) * self._dtype.itemsize
        self._kept: tuple[tuple[slice, ...], np.ndarray] | None = None
        self._decoded: DecodedChunks | None = None

    def keep_decoded(self) -> None:
        """Keep from now on what is decoded, in a file, as the array will be read several times."""
        if self._decoded is None:
            self._decoded = DecodedChunks((self.bands, self.rows, self.cols), self._chunk, self._dtype)

    def close(self) -> None:
        """Let go of all that is kept."""
        self._kept = None
        if self._decoded is not None:
            self._decoded.close()

    def keeps(self, rows: int, bands: int) -> bool:
        """Whether so many rows of so many bands can stay in memory.

        Args:
            rows, bands: their number.

        Returns:
            Whether they can.
        """
        return rows * bands * self.cols * self._dtype.itemsize <= MOST_KEPT

    def read(self, window: Window, first: int, stop: int) -> np.ndarray:
        """A window of some bands.

        Args:
            window: inside the array.
            first, stop: of the bands, from 0.

        Returns:
            (bands, rows, columns) of the array's type, to be read only.
        """
        wanted = (
            slice(first, stop),
            slice(window.row, window.row + window.rows),
            slice(window.col, window.col + window.cols),
        )
        if self._kept is None or not all(
            have.start <= want.start and want.stop <= have.stop for have, want in zip(self._kept[0], wanted)
        ):
            sizes = self.bands, self.rows, self.cols
            whole = tuple(
                slice(want.start // step * step, min(-(-want.stop // step) * step, size))
                for want, step, size in zip(wanted, self._chunk, sizes)
            )
            count = int(np.prod([axis.stop - axis.start for axis in whole])) * self._dtype.itemsize
            self._kept = self._filled(whole if count <= MOST_KEPT else wanted)
        have, values = self._kept
        inside = tuple(slice(want.start - at.start, want.stop - at.start) for want, at in zip(wanted, have))
        return values[inside]

    def release(self, row: int) -> None:
        """Free what stays of rows that end at one, or before it.

        Args:
            row: the first row that will be read.
        """
        if self._kept is not None and self._kept[0][1].stop <= row:
            self._kept = None

    def _filled(self, place: tuple[slice, ...]) -> tuple[tuple[slice, ...], np.ndarray]:
        """The bands of a place, each a plane; read in pieces of whole chunks along the columns. The rows that it begins
        with are taken from what was read before, where that has them; else that is freed first."""
        bands, rows, cols = ((axis.start, axis.stop) for axis in place)
        before, self._kept, known = self._kept, None, 0
        if before is not None and before[0][0] == place[0] and before[0][2] == place[2]:
            known = min(before[0][1].stop, rows[1]) - rows[0] if before[0][1].start <= rows[0] else 0
        if before is None or known <= 0:
            before, known = None, 0
        values = np.empty([axis.stop - axis.start for axis in place], self._dtype)
        if before is not None:
            first = rows[0] - before[0][1].start
            values[:, :known] = before[1][:, first : first + known]
            before = None
        rest, missing = (place[0], slice(rows[0] + known, rows[1]), place[2]), values[:, known:]
        if missing.size and (self._decoded is None or not self._decoded.take(rest, missing)):
            self._read_pieces(missing, bands, (rows[0] + known, rows[1]), cols)
            if self._decoded is not None:
                self._decoded.put(rest, missing)
        return place, values

    def _read_pieces(
        self, values: np.ndarray, bands: tuple[int, int], rows: tuple[int, int], cols: tuple[int, int]
    ) -> None:
        column = values[:, :, :1].nbytes
        step = max(1, _PIECE // (column * self._chunk[2])) * self._chunk[2]
        for left in range(cols[0], cols[1], step):
            right = min(left + step, cols[1])
            piece = self._piece(bands, rows, (left, right))
            for row in range(piece.shape[1]):  # each of them fits in the processor's cache, where it is transposed
                values[:, row, left - cols[0] : right - cols[0]] = piece[:, row]

    def _piece(self, bands: tuple[int, int], rows: tuple[int, int], cols: tuple[int, int]) -> np.ndarray:
        """(bands, rows, columns), as a view of the order on disk."""
        spans = {"b": bands, "r": rows, "c": cols}
        start = [spans[axis][0] for axis in self._axes]
        count = [spans[axis][1] - spans[axis][0] for axis in self._axes]
        window = Window(rows[0], cols[0], rows[1] - rows[0], cols[1] - cols[0])
        options = {} if self._kind is None else {"buffer_datatype": self._kind}
        with hdf5_silence:
            data = self._read(lambda: self._array.Read(array_start_idx=start, count=count, **options), window)
        values = np.frombuffer(data, self._dtype).reshape(count)
        if len(count) == 2:
            return values[None] if self._axes == "rc" else values.T[None]
        return values.transpose([self._axes.index(axis) for axis in "brc"])
