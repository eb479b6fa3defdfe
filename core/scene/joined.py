"""Rasters on one grid, read as one; and parts of rasters."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..io.grid import Window
from ..io.metadata import RasterMetadata
from ..io.reader import Block, RasterReader
from .reader_view import ReaderView


class CroppedReader(ReaderView):
    """A window of an open raster, which it closes with itself.

    Args:
        reader: the open raster.
        window: pixels of it.
    """

    def __init__(self, reader: RasterReader, window: Window) -> None:
        super().__init__(reader)
        self._window, self.grid = window, reader.grid.crop(window)

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._window)

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        rows, cols = (window.row, window.row + window.rows), (window.col, window.col + window.cols)
        return self._reader.read(self._window.part(rows, cols), bands, read_ahead)

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """As :meth:`RasterReader.read_stored`."""
        left = self._window.col
        return self._reader.read_stored(self._window.row + row, rows)[..., left : left + self._window.cols]


class JoinedReader(ReaderView):
    """The bands of several open rasters of as many rows and columns, one raster after the other.

    Args:
        readers: the open rasters; the grid is that of the first.
        owned: what is closed with them, as a folder that holds their files; it does not travel to other processes.
    """

    def __init__(self, readers: Sequence[RasterReader], owned: contextlib.ExitStack | None = None) -> None:
        super().__init__(readers[0])
        self._readers, self._owned = list(readers), owned
        self.name = " with ".join(dict.fromkeys(reader.name for reader in readers))
        files = dict.fromkeys(name for reader in readers for name in (reader.file, *reader.others))
        self.file, self.others = " with ".join(files), tuple(files)[1:]
        parts = [reader.metadata for reader in readers]
        self.always_valid = all(reader.always_valid for reader in readers)
        of_bands: dict[str, Any] = {
            name: tuple(value for part in parts for value in getattr(part, name))
            for name in ("names", "wavelengths", "fwhm", "bbl", "scales", "offsets")
        }
        nodata = None if self.always_valid else math.nan
        self.dtype, self.bands = "float32", sum(reader.bands for reader in readers)
        self.metadata = RasterMetadata(**of_bands, nodata=nodata, dtype="float32")
        told = [reader.origin.detectors for reader in readers]
        self.origin = self.origin._replace(detectors=sum(told, ()) if all(told) else ())
        self._places = [(part, band) for part, reader in enumerate(readers) for band in range(reader.bands)]

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._readers,)

    @property
    def band_numbers(self) -> list[int]:
        """Counted from 1 through all rasters."""
        return list(range(1, self.bands + 1))

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        chosen = [self._places[band] for band in (range(self.bands) if bands is None else bands)]
        values = np.empty((len(chosen), window.rows, window.cols), np.float32)
        valid = np.empty(values.shape, bool)
        for part, reader in enumerate(self._readers):
            here = [place for place, (owner, _) in enumerate(chosen) if owner == part]
            if here:
                block = reader.read(window, [chosen[place][1] for place in here], read_ahead)
                values[here], valid[here] = block
        return Block(values, valid)

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """As :meth:`RasterReader.read_stored`."""
        values, valid = self.read(Window(row, 0, rows, self.grid.cols))
        return np.where(valid, values, np.float32(math.nan))

    def release(self) -> None:
        """As :meth:`RasterReader.release`."""
        for reader in self._readers:
            reader.release()

    def close(self) -> None:
        """Close all rasters."""
        for reader in self._readers:
            reader.close()
        if self._owned is not None:
            self._owned.close()
