"""Fill values inside an image that nobody declared: clouds cut out with -9999, samples lost in single bands (own).

A number counts as one where a band has it again and again, and nothing else between it and half of it: numbers below
-999 or above 1e9 that stand so far off are no data. Numbers that data may have (0, the type's highest) are left to
:mod:`.defects`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..io.grid import Window
from ..io.masks import Fill
from ..io.reader import RasterReader
from ..io.row_stream import row_strips
from ..runtime.progress import Progress

_SAMPLES = 16_000_000  # read at once
_LOW, _HUGE = -999.0, 1e9  # from here on down and up
_LEAST = 3  # samples of all bands that have it


class StrayFills:
    """Numbers of the rows seen so far.

    Args:
        bands: (n,) int, those that are looked at.
    """

    def __init__(self, bands: np.ndarray) -> None:
        self._bands = bands
        self._counts: dict[tuple[int, float], int] = {}
        self._nearest: dict[tuple[int, int], float] = {}  # by band and sign, how far the other numbers reach

    def add(self, values: np.ndarray, valid: np.ndarray, least: np.ndarray, most: np.ndarray) -> None:
        """Look at some rows.

        Args:
            values, valid: (bands, rows, columns) float32 and bool.
            least, most: (bands,) float32, of the valid samples.
        """
        for sign, extreme, bound in ((-1, -least, -_LOW), (1, most, _HUGE)):
            for band in self._bands[np.isfinite(extreme[self._bands])]:
                key = int(band), sign
                reach = float(extreme[band])
                if reach >= bound:
                    far = sign * values[band][valid[band]]
                    others = far[far != extreme[band]]
                    place = int(band), sign * reach
                    self._counts[place] = self._counts.get(place, 0) + far.size - others.size
                    reach = float(others.max()) if others.size else -np.inf
                self._nearest[key] = max(self._nearest.get(key, -np.inf), reach)

    def result(self) -> dict[float, dict[int, int]]:
        """By number, as float32 holds it: by band, counted from 0, how many samples have it."""
        found: dict[float, dict[int, int]] = {}
        for (band, number), count in self._counts.items():
            sign = 1 if number > 0 else -1
            rivals = [sign * other for each, other in self._counts if each == band and other not in (number, -number)]
            reach = max(self._nearest[band, sign], *rivals, -np.inf)
            if np.isfinite(reach) and reach < abs(number) / 2:
                found.setdefault(float(str(np.float32(number))), {})[band] = count
        return {number: bands for number, bands in found.items() if sum(bands.values()) >= _LEAST}


def look_for_strays(reader: RasterReader, progress: Progress | None = None) -> dict[float, dict[int, int]]:
    """Look through a raster for fill values inside it, in a pass of its own, and take them as "no value" there.

    Args:
        reader: the open raster.
        progress: asked for cancellation.

    Returns:
        As :meth:`StrayFills.result`; nothing where a user has said which numbers are nodata.

    Raises:
        InputError: the file is damaged.
    """
    if reader.settled:
        return {}
    found = StrayFills(np.flatnonzero(reader.metadata.bbl))
    rows, cols = reader.grid.rows, reader.grid.cols
    for start, stop in row_strips(rows, max(1, _SAMPLES // (reader.bands * cols)), progress):
        values, valid = reader.read(Window(start, 0, stop - start, cols), read_ahead=True)
        least = np.where(valid, values, np.inf).min(axis=(1, 2))
        most = np.where(valid, values, -np.inf).max(axis=(1, 2))
        found.add(values, valid, least, most)
    strays = found.result()
    take_strays(reader, strays)
    return strays


def take_strays(reader: RasterReader, strays: Mapping[float, Mapping[int, int]]) -> None:
    """Take fill values that were found inside a raster as "no value", wherever a sample has them.

    Args:
        reader: the raster.
        strays: as :meth:`StrayFills.result`.
    """
    for number, bands in strays.items():
        reader.add_fill(Fill(number, sum(bands.values()), 0.0, None))
