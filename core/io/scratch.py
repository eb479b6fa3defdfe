"""A raster that is written once, read a few times and removed: rows as they are stored, all bands of a row together,
without GDAL, whose block cache takes as long as all else about such a file."""

from __future__ import annotations

import contextlib
import os

import numpy as np

from ..runtime.atomic_files import folder_of
from ..runtime.errors import InputError
from .grid import Grid, Window
from .metadata import RasterMetadata
from .reader import RasterReader
from .remedies import Source


class ScratchRaster(RasterReader):
    """A raster in a file without a header; reads as any raster does. A context manager that removes the file.

    Args:
        path: file to write.
        grid: its pixel grid.
        metadata: of its bands; ``dtype`` is the type on disk.

    Raises:
        InputError: the file cannot be written.
    """

    def __init__(self, path: str, grid: Grid, metadata: RasterMetadata) -> None:
        self.path, self.name = path, os.path.basename(path)
        self.grid, self.metadata = grid, metadata
        self.bands, self.dtype = metadata.bands, metadata.dtype
        self._numbers, self._dtypes = list(range(self.bands)), [self.dtype] * self.bands
        self._nodata, self._masks, self._alpha = [metadata.nodata] * self.bands, [0] * self.bands, []
        self._can_be_complete = np.dtype(self.dtype).kind in "iu"
        self.always_valid = self._can_be_complete and metadata.nodata is None
        try:
            self._dataset = open(path, "w+b", buffering=0)  # noqa: SIM115 - it is closed with the raster
        except OSError as error:
            raise self._failure(error) from None

    @property
    def source(self) -> Source:
        """The raster as sentences name it."""
        return Source(self.name)

    def write_stored(self, stored: np.ndarray, row: int, col: int) -> None:
        """Write a window; all pixels are written before any is read.

        Args:
            stored: (rows, bands, columns) of the type on disk.
            row, col: where the window's corner lies in the raster.

        Raises:
            InputError: the file cannot be written, as when the disk is full.
            ValueError: the shape or the type does not fit.
        """
        _, bands, cols = stored.shape
        if bands != self.bands or stored.dtype != self.dtype:
            raise ValueError(f"Expected (rows, {self.bands}, cols) {self.dtype}, got {stored.shape} {stored.dtype}.")
        whole, size = cols == self.grid.cols, stored.dtype.itemsize
        # Whole rows lie together; of others the columns of each row and band.
        pieces = [stored] if whole else [line for plane in stored for line in plane]
        try:
            for number, piece in enumerate(pieces):
                line = row * bands + number
                self._dataset.seek((line * self.grid.cols + col) * size)
                rest = np.ascontiguousarray(piece).data.cast("B")
                while len(rest):  # a write may take a part
                    rest = rest[self._dataset.write(rest) :]
        except OSError as error:
            raise self._failure(error) from None

    def close(self) -> None:
        """Remove the file."""
        self._dataset.close()
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.path)

    def release(self) -> None:
        """Nothing is buffered."""

    def _raster(self, window: Window, numbers: list[int], dtype: str | None, mask: bool = False) -> np.ndarray:
        first, last, cols = min(numbers), max(numbers), self.grid.cols
        whole = (first, last) == (0, self.bands - 1)
        held = np.empty((window.rows, last + 1 - first, cols), self.dtype)
        for number, piece in enumerate([held] if whole else held):
            self._dataset.seek(((window.row + number) * self.bands + first) * cols * held.dtype.itemsize)
            rest = piece.data.cast("B")
            while len(rest):  # a read may take a part
                count = self._dataset.readinto(rest)
                if not count:
                    raise self._failure(OSError("it was cut off"))
                rest = rest[count:]
        some = held[:, :, window.col : window.col + window.cols].transpose(1, 0, 2)
        return some if numbers == list(range(first, last + 1)) else some[np.array(numbers) - first]

    def _failure(self, error: OSError) -> InputError:
        return InputError(
            f"{self.name} could not be kept in {folder_of(self.path)}: {error.strerror or error}; see whether the "
            "disk is full, or choose another place."
        )
