"""A raster some of whose samples count as missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..io.grid import Window
from ..io.reader import Block, RasterReader
from ..io.remedies import Source


class MaskedReader(RasterReader):
    """An open raster some of whose samples count as missing; closes it with itself.

    Args:
        reader: the open raster.
        places: by band, (n,) int64, as :attr:`.defects.Defects.places`.
    """

    def __init__(self, reader: RasterReader, places: Mapping[int, np.ndarray]) -> None:
        self._reader, self._places = reader, dict(places)
        self.path, self.name, self.grid, self.dtype = reader.path, reader.name, reader.grid, reader.dtype
        self.metadata, self.bands, self.always_valid = reader.metadata, reader.bands, False
        self.fills, self.notes, self._block_rows = reader.fills, reader.notes, reader.block_rows

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._places)

    @property
    def band_numbers(self) -> list[int]:
        """As :attr:`RasterReader.band_numbers`."""
        return self._reader.band_numbers

    @property
    def source(self) -> Source:
        """As :attr:`RasterReader.source`."""
        return self._reader.source

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """As :meth:`RasterReader.read_stored`."""
        return self._reader.read_stored(row, rows)

    def release(self) -> None:
        """As :meth:`RasterReader.release`."""
        self._reader.release()

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        values, valid = self._reader.read(window, bands, read_ahead)
        for place, band in enumerate(range(self.bands) if bands is None else bands):
            flat = self._places.get(int(band))
            if flat is None:
                continue
            ends = window.row * self.grid.cols, (window.row + window.rows) * self.grid.cols
            first, last = np.searchsorted(flat, ends)
            rows, cols = np.divmod(flat[first:last], self.grid.cols)
            inside = (cols >= window.col) & (cols < window.col + window.cols)
            here = place, rows[inside] - window.row, cols[inside] - window.col
            valid[here], values[here] = False, 0.0
        return Block(values, valid)
