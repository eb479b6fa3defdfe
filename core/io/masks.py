"""Which bands of a raster are masks of the others: mask bands, and alpha bands that are no data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from osgeo import gdal

if TYPE_CHECKING:
    from .grid import Window

_NO_MASK = (gdal.GMF_ALL_VALID, gdal.GMF_NODATA)  # flags of a band without a mask besides its nodata value
_ROWS = 64  # of an alpha band that are looked at
_STEPS = 8  # of transparency that a mask may have whatever their shares
_MASK_SHARE = 0.9  # of the numbers of an alpha band, at least, are 0 or the one that marks valid pixels
_VALID_SHARE = 0.5  # of those that are not 0, at least, are that one: water is 0 in a near infrared band, too


class Fill(NamedTuple):
    """A number that fills all bands of a region at the border of a raster, though it is not declared as nodata.

    Attributes:
        value: the number, as it is stored.
        pixels: of the regions that it fills.
        share: of all pixels of the raster, 0 to 1.
        region: (rows, columns) bool, where it stands for "no value"; None for wherever a sample has it.
        mixed: (rows, columns) bool, pixels beside it that are mixtures of it with data; None for none.
        partly: (rows, columns) bool, pixels in which the bands that have the number have no value, and others have one;
            None for none.
    """

    value: float
    pixels: int
    share: float
    region: np.ndarray | None
    mixed: np.ndarray | None = None
    partly: np.ndarray | None = None

    @property
    def masks(self) -> list[np.ndarray]:
        """Where pixels have no value whatever number they have, each (rows, columns) bool."""
        return [mask for mask in (self.region, self.mixed) if mask is not None]

    @property
    def in_some(self) -> int:
        """Pixels in which it fills some bands only."""
        return 0 if self.partly is None else int(self.partly.sum())

    def leave_out(self, window: Window, values: np.ndarray, valid: np.ndarray) -> None:
        """Take samples that have the number where some bands have no value as not valid.

        Args:
            window: pixels of the raster.
            values, valid: (bands, rows, columns) of it, float32 and bool; ``valid`` is changed.
        """
        if self.partly is not None:
            rows, cols = slice(window.row, window.row + window.rows), slice(window.col, window.col + window.cols)
            valid &= ~(self.partly[rows, cols] & (values == np.float32(self.value)))


def data_bands(dataset: gdal.Dataset) -> list[int]:
    """GDAL's numbers (from 1) of the bands that carry data: all but alpha bands. A band that is marked as alpha but
    whose numbers are not mostly 0 and one other number carries data (a fourth band is often marked so by mistake).

    Args:
        dataset: the open raster.

    Returns:
        The numbers, ascending.
    """
    numbers = range(1, dataset.RasterCount + 1)
    alpha = gdal.GCI_AlphaBand
    return [
        n
        for n in numbers
        if dataset.GetRasterBand(n).GetColorInterpretation() != alpha or not _is_mask(dataset.GetRasterBand(n))
    ]


def _is_mask(band: gdal.Band) -> bool:
    """Whether nearly all numbers of an alpha band are 0 or one other number; the rest are half-transparent edges."""
    count = band.YSize
    rows = sorted({round(row) for row in np.linspace(0, count - 1, min(count, _ROWS))})
    lines = [band.ReadRaster(0, row, band.XSize, 1, buf_type=gdal.GDT_Float64) for row in rows]
    values = np.frombuffer(b"".join(line for line in lines if line), np.float64)
    found, counts = np.unique(values[values != 0], return_counts=True)
    if found.size < _STEPS:
        return True
    either = values.size - counts.sum() + counts.max()
    return bool(either >= _MASK_SHARE * values.size and counts.max() >= _VALID_SHARE * counts.sum())


def alpha_notes(dataset: gdal.Dataset, numbers: list[int], name: str) -> tuple[str, ...]:
    """What is to be said of bands that are marked as alpha but carry data.

    Args:
        dataset: the open raster.
        numbers: GDAL's numbers (from 1) of its bands with data.
        name: the raster's, for the sentences.

    Returns:
        A sentence for each such band.
    """
    return tuple(
        f"Band {n} of {name} is marked as alpha, but its numbers are data and no mask (0, and one other number): it is "
        "used as a band like the others."
        for n in numbers
        if dataset.GetRasterBand(n).GetColorInterpretation() == gdal.GCI_AlphaBand
    )


def mask_sources(dataset: gdal.Dataset, numbers: list[int]) -> list[int]:
    """For every band the number of the band whose mask applies to it; one mask serves a whole dataset.

    Args:
        dataset: the open raster.
        numbers: GDAL's numbers (from 1) of its bands with data.

    Returns:
        One number for each of them, 0 for none.
    """
    flags = {number: dataset.GetRasterBand(number).GetMaskFlags() for number in numbers}
    masked = [n for n in numbers if flags[n] not in _NO_MASK and not flags[n] & gdal.GMF_ALPHA]
    shared = [n for n in masked if flags[n] & gdal.GMF_PER_DATASET]
    return [shared[0] if n in shared else n if n in masked else 0 for n in numbers]
