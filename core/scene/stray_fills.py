"""Fill values inside an image that nobody declared: clouds cut out with -9999, samples lost in single bands (own).

A number counts as one where a band has it again and again, and nothing else between it and half of it: numbers below
-999 or above 1e9 that stand so far off are no data, nor are negative ones as large as the data themselves, as -1 among
reflectances. A negative number that all of many bands have at a pixel is none there, either, though single bands may
have it. Numbers that data may have (0, the type's highest) are left to :mod:`.defects`.
"""

from __future__ import annotations

import numpy as np

from ..io.grid import Window
from ..io.masks import Fill
from ..io.reader import RasterReader
from ..io.row_stream import row_strips
from ..runtime.progress import Progress

_SAMPLES = 8_000_000  # read at once
_LOW, _HUGE = -999.0, 1e9  # from here on down and up
_LEAST = 3  # samples of all bands that have it, or pixels
_AS_LARGE = 0.2  # of what the bands' highest numbers usually are: a negative number so large is none of the noise
_WHOLE = 5.0  # times the step of whole numbers: what is smaller is noise
_SMALLEST = 1e-30
_MANY = 8  # bands: from here on no chance makes all of them equal


class StrayFills:
    """Numbers of the rows seen so far.

    Args:
        bands: (n,) int, those that are looked at.
        dtype: of the raster.
        cols: columns of the raster.
    """

    def __init__(self, bands: np.ndarray, dtype: str, cols: int) -> None:
        self.bands, self._cols = bands, cols
        self._least = _WHOLE if np.dtype(dtype).kind in "iu" else 0.0
        self._counts: dict[tuple[int, float], int] = {}
        self._nearest: dict[tuple[int, int], float] = {}  # by band and sign, how far the other numbers reach
        self._most = np.full(bands.size, -np.inf)  # of each band
        self._shared: dict[float, list[np.ndarray]] = {}  # by number, flat indices of pixels that have it in all bands

    def add(
        self, values: np.ndarray, valid: np.ndarray, least: np.ndarray, most: np.ndarray, corner: tuple[int, int]
    ) -> None:
        """Look at some rows.

        Args:
            values, valid: (bands, rows, columns) float32 and bool.
            least, most: (bands,) float32, of the valid samples.
            corner: row and column of the raster at which they begin.
        """
        np.maximum(self._most, most[self.bands], out=self._most)
        low = min(-_LOW, _bound(most[self.bands], self._least))
        for sign, extreme, bound in ((-1, -least, low), (1, most, _HUGE)):
            for band in self.bands[np.isfinite(extreme[self.bands])]:
                key = int(band), sign
                reach = float(extreme[band])
                if reach >= bound:
                    far = sign * values[band][valid[band]]
                    others = far[far != extreme[band]]
                    place = int(band), sign * reach
                    self._counts[place] = self._counts.get(place, 0) + far.size - others.size
                    reach = float(others.max()) if others.size else -np.inf
                self._nearest[key] = max(self._nearest.get(key, -np.inf), reach)
        if self.bands.size >= _MANY and (least[self.bands] < 0).all():
            self._add_shared(values[self.bands], valid[self.bands], corner)

    def _add_shared(self, values: np.ndarray, valid: np.ndarray, corner: tuple[int, int]) -> None:
        same = (values[0] < 0) & (values.max(axis=0) == values.min(axis=0)) & valid.all(axis=0)
        rows, cols = np.nonzero(same)
        numbers, flat = values[0][same], (rows + corner[0]) * np.int64(self._cols) + cols + corner[1]
        for number in np.unique(numbers):
            self._shared.setdefault(float(number), []).append(flat[numbers == number])

    def shared(self) -> dict[float, np.ndarray]:
        """By negative number, the flat indices, (n,) int64, rows first, of the pixels that have it in all bands."""
        found = {number: np.concatenate(parts) for number, parts in self._shared.items()}
        return {float(str(np.float32(number))): flat for number, flat in found.items() if flat.size >= _LEAST}

    def result(self) -> dict[float, dict[int, int]]:
        """By number, as float32 holds it: by band, counted from 0, how many samples have it."""
        found: dict[float, dict[int, int]] = {}
        low = min(-_LOW, _bound(self._most, self._least)) if (self._most > 0).any() else -_LOW
        for (band, number), count in self._counts.items():
            if -low < number < 0:
                continue
            sign = 1 if number > 0 else -1
            rivals = [sign * other for each, other in self._counts if each == band and other not in (number, -number)]
            reach = max(self._nearest[band, sign], *rivals, -np.inf)
            if reach < abs(number) / 2:  # or the band holds nothing else
                found.setdefault(float(str(np.float32(number))), {})[band] = count
        return {number: bands for number, bands in found.items() if sum(bands.values()) >= _LEAST}


def _bound(most: np.ndarray, least: float) -> float:
    """From which size on negative numbers are no noise, by the highest number of each band."""
    known = most[np.isfinite(most)]
    level = float(np.median(known)) if known.size else 0.0
    return max(least, _AS_LARGE * level, _SMALLEST)


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
    if reader.settled or not _can_hold(reader.dtype):
        return {}
    rows, cols = reader.grid.rows, reader.grid.cols
    found = StrayFills(np.flatnonzero(reader.metadata.bbl), reader.dtype, cols)
    for start, stop in row_strips(rows, max(1, _SAMPLES // (reader.bands * cols)), progress):
        values, valid = reader.read(Window(start, 0, stop - start, cols), read_ahead=True)
        extremes = [_extremes(band, None if reader.always_valid else ok) for band, ok in zip(values, valid)]
        least, most = np.array(extremes, np.float32).T
        found.add(values, valid, least, most, (start, 0))
    return take_strays(reader, found)


def _can_hold(dtype: str) -> bool:
    """Whether a type has numbers that count as a fill value here: 8 and 16 bits without a sign have none."""
    kind = np.dtype(dtype)
    return kind.kind not in "iu" or np.iinfo(kind).min < 0 or np.iinfo(kind).max >= _HUGE


def _extremes(values: np.ndarray, valid: np.ndarray | None) -> tuple[float, float]:
    """The least and the largest valid sample of a band, while it is in the cache; ``valid`` is None where all are."""
    chosen = values if valid is None or valid.all() else values[valid]
    return (float(chosen.min()), float(chosen.max())) if chosen.size else (np.inf, -np.inf)


def take_strays(reader: RasterReader, found: StrayFills) -> dict[float, dict[int, int]]:
    """Take fill values that were found inside a raster as "no value", wherever a sample has them or all bands do.

    Args:
        reader: the raster.
        found: in all of its rows, or those that are used.

    Returns:
        As :meth:`StrayFills.result`, with those that all bands share.
    """
    strays, rows, cols = found.result(), reader.grid.rows, reader.grid.cols
    for number, bands in strays.items():
        reader.add_fill(Fill(number, sum(bands.values()), 0.0, None))
    for number, flat in found.shared().items():
        if number not in strays:
            region = np.zeros(rows * cols, bool)
            region[flat] = True
            reader.add_fill(Fill(number, flat.size, 0.0, region.reshape(rows, cols)))
            strays[number] = {int(band): flat.size for band in found.bands}
    return strays
