"""Files of one sharper image in one unit: declared scales are applied, other levels over the same HSI are warned of.
Where one file declares no scale, as an export may lose it, the levels say whether its numbers need one.

The level of a file is compared with that of each of several bands of the HSI below it: other ground changes some of
these ratios, another unit or gain all of them alike. It changes contrasts as well, which haze over dark water does not
(own).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..io.band_remedies import scale_command
from ..io.grid import Window
from ..io.reader import Block, RasterReader
from ..runtime.progress import Progress
from .nearest import NearestReader
from .placement import mapping_between, positions_on
from .placing import overlap_window
from .reader_view import ReaderView

_APART = 1.5  # levels that differ by more are those of another unit or gain
_ROWS, _BANDS = 32, 9  # of the HSI that are looked at, at most
_LEAST = 64  # pixels that a level is taken from


class RescaledReader(ReaderView):
    """An open raster in the unit of another one.

    Args:
        reader: the open raster.
        gain, offset: (bands,) float64, by which its numbers become those of the other.
    """

    def __init__(self, reader: RasterReader, gain: np.ndarray, offset: np.ndarray) -> None:
        super().__init__(reader)
        self._gain, self._offset, self.dtype = gain, offset, "float32"

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._gain, self._offset)

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        values, valid = self._reader.read(window, bands, read_ahead)
        chosen = slice(None) if bands is None else list(bands)
        gain, offset = (each[chosen, None, None].astype(np.float32) for each in (self._gain, self._offset))
        return Block(np.where(valid, values * gain + offset, np.float32(0.0)), valid)

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """As :meth:`RasterReader.read_stored`."""
        return self.read(Window(row, 0, rows, self.grid.cols)).values


def in_one_unit(hsi: RasterReader, pans: Sequence[RasterReader], progress: Progress) -> list[RasterReader]:
    """The files of a sharper image in the unit of the first.

    Args:
        hsi: the open HSI.
        pans: the open files, of as many bands.
        progress: receives warnings of files whose numbers are of another unit nevertheless.

    Returns:
        The files, or views of them.

    Raises:
        InputError: a file is damaged, or shares no ground with the HSI.
    """
    first, made = _levels(hsi, pans[0], progress), [pans[0]]
    for original in pans[1:]:
        pan, level = original, _levels(hsi, original, progress)
        if _scaling(pan) != _scaling(pans[0]):
            view = _rescaled(pan, pans[0])
            rescaled, plain = _levels(hsi, view, progress), _undeclared(pan, pans[0])
            if plain is not None and _distance(first, level) < _distance(first, rescaled):
                progress.info(
                    f"{plain.name} declares no scale; the numbers of {pan.name} and {pans[0].name} fit as they are."
                )
            else:
                progress.info(f"The numbers of {pan.name} are brought to the scale of {pans[0].name}.")
                pan, level = view, rescaled
        factor = _factor(first, level)
        if factor is not None:
            progress.warning(_unlike(pan, original, pans[0], factor))
        made.append(pan)
    return made


def _scaling(pan: RasterReader) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(pan.metadata.scales), tuple(pan.metadata.offsets)


def _rescaled(pan: RasterReader, first: RasterReader) -> RescaledReader:
    """A file in the unit of the first, by the scales and offsets of both."""
    (scales, offsets), (to, zero) = np.array(_scaling(pan)), np.array(_scaling(first))
    return RescaledReader(pan, scales / to, (offsets - zero) / to)


def _undeclared(*pans: RasterReader) -> RasterReader | None:
    """The one of some files that declares neither scale nor offset: its numbers may be stored as the others' are."""
    plain = [pan for pan in pans if set(pan.metadata.scales) == {1.0} and set(pan.metadata.offsets) == {0.0}]
    return plain[0] if plain else None


def _unlike(pan: RasterReader, original: RasterReader, first: RasterReader, factor: float) -> str:
    """What is said of a file whose numbers are ``factor`` times those of the first."""
    scales, remedy = set((first if pan is original else original).metadata.scales), ""  # by which it is taken
    if len(scales) == 1 and {*original.metadata.offsets, *first.metadata.offsets} == {0.0}:
        remedy = f": {scale_command(original.source, float(f'{scales.pop() / factor:.3g}'))}"
    return (
        f"The numbers of {pan.name} are about {factor:.3g} times those of {first.name} over what the HSI shows alike, "
        f"so that the detail of one of both is wrong: bring them to one unit and brightness{remedy}."
    )


def _levels(hsi: RasterReader, pan: RasterReader, progress: Progress) -> np.ndarray | None:
    """(2, bands of the PAN, some bands of the HSI) the PAN's level over that of the HSI below it, and its contrast over
    the HSI's; None for unknown."""
    if bool(hsi.grid.crs) != bool(pan.grid.crs) or positions_on(hsi.grid, pan.grid) is None:
        return None
    window, low = overlap_window(hsi, pan), hsi.grid
    high = NearestReader(pan, mapping_between(low, pan.grid), low)
    good = [band for band, flag in enumerate(hsi.metadata.bbl) if flag] or list(range(hsi.bands))
    bands = [good[i] for i in np.unique(np.linspace(0, len(good) - 1, _BANDS).round().astype(int))]
    sharp, coarse = _Moments(pan.bands), _Moments(len(bands))
    for row in np.unique(np.linspace(window.row, window.row + window.rows - 1, _ROWS).round().astype(int)):
        progress.check()
        line = Window(int(row), window.col, 1, window.cols)
        above, below = high.read(line), hsi.read(line, bands)
        both = above.valid.all(axis=0) & below.valid.all(axis=0)
        sharp.add(above.values[:, both])
        coarse.add(below.values[:, both])
    if sharp.count < _LEAST or (sharp.found() <= 0).any() or (coarse.found() <= 0).any():
        return None
    return sharp.found()[:, :, None] / coarse.found()[:, None]


class _Moments:
    """Means and standard deviations of bands."""

    def __init__(self, bands: int) -> None:
        self.count, self._sums = 0, np.zeros((2, bands))

    def add(self, values: np.ndarray) -> None:
        """Take (bands, n) values."""
        self.count += values.shape[1]
        self._sums += [(values.astype(np.float64) ** power).sum(axis=1) for power in (1, 2)]

    def found(self) -> np.ndarray:
        """(2, bands): the means, and the standard deviations."""
        mean, square = self._sums / max(self.count, 1)
        return np.stack([mean, np.sqrt(np.maximum(square - mean**2, 0.0))])


def _distance(first: np.ndarray | None, other: np.ndarray | None) -> float:
    """How far two levels are apart, as a logarithm; infinite where one is unknown."""
    return math.inf if first is None or other is None else float(np.median(np.abs(np.log(other / first)[0])))


def _factor(first: np.ndarray | None, other: np.ndarray | None) -> float | None:
    """By what the level of another file is higher than that of the first, if it is for each band of both."""
    if first is None or other is None:
        return None
    level, contrast = np.log(other / first)
    sign, apart = (1 if level.min() > 0 else -1), math.log(_APART)
    alike = (sign * level).min() > apart and sign * np.median(contrast) > apart / 2
    return float(np.exp(np.median(level))) if alike else None
