"""A raster some of whose samples count as missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..io.grid import Window
from ..io.reader import Block, RasterReader
from ..runtime.progress import Progress
from .defects import Defects, find_defects
from .reader_view import ReaderView


class MaskedReader(ReaderView):
    """An open raster some of whose samples count as missing; closes it with itself.

    Args:
        reader: the open raster.
        places: by band, (n,) int64, as :attr:`.defects.Defects.places`.
    """

    def __init__(self, reader: RasterReader, places: Mapping[int, np.ndarray]) -> None:
        super().__init__(reader)
        self._places, self.always_valid = dict(places), False

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._places)

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


def without_defects(
    reader: RasterReader, window: Window, progress: Progress | None = None
) -> tuple[RasterReader, Defects]:
    """A raster without the samples that hold a number but no value.

    Args:
        reader: the open raster.
        window: the pixels to look at.
        progress: asked for cancellation.

    Returns:
        ``reader`` itself where there are none, else a view of it; and what was found, ``counted`` of what is returned.
    """
    found = find_defects(reader, window, progress)
    if not found.places:
        return reader, found
    found.counted = None
    return MaskedReader(reader, found.places), found
