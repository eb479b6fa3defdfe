"""An image in memory, with its grid and the metadata of its bands: what a raster file says, for arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..runtime.errors import InputError
from ..runtime.paths import StrPath
from .encoding import representable
from .geotiff_layout import BLOCK_ROWS
from .grid import Grid
from .metadata import GDAL_OF_DTYPE, RasterMetadata
from .ratio import MAX_RATIO, MIN_RATIO
from .reader import RasterReader
from .row_stream import row_strips
from .writer import RasterWriter

_ROWS = 4 * BLOCK_ROWS  # that are copied at once


@dataclass(frozen=True)
class ArrayImage:
    """An image in memory.

    Attributes:
        values: (bands, rows, columns), stored numbers (DN), any dtype of a raster, which ``metadata.dtype`` names.
        grid: the pixel grid.
        metadata: of the bands.
    """

    values: np.ndarray
    grid: Grid
    metadata: RasterMetadata

    def write(self, path: StrPath) -> None:
        """Write a GeoTIFF that holds the very numbers.

        Args:
            path: the GeoTIFF.

        Raises:
            InputError: it cannot be written, as when the disk is full.
        """
        with RasterWriter(path, self.grid, self.metadata, compress="NONE") as writer:
            for start, stop in row_strips(self.grid.rows, _ROWS):
                writer.write_stored(self.values[:, start:stop].transpose(1, 0, 2), start)

    @classmethod
    def read(cls, path: StrPath) -> ArrayImage:
        """All of a raster, as it is stored.

        Args:
            path: any raster.

        Returns:
            The image, of the type on disk.

        Raises:
            InputError: it cannot be read.
        """
        with RasterReader(path) as reader:
            values = np.empty((reader.bands, reader.grid.rows, reader.grid.cols), reader.dtype)
            for start, stop in row_strips(reader.grid.rows, _ROWS):
                values[:, start:stop] = reader.read_stored(start, stop - start)
            return cls(values, reader.grid, reader.metadata)


def checked(array: np.ndarray, name: str) -> np.ndarray:
    """An array whose numbers a raster can hold, in the byte order of the machine.

    Args:
        array: any shape, any dtype.
        name: what to call it in the error.

    Returns:
        Same shape, same dtype, in native byte order; float32 of float16, which GDAL cannot write.

    Raises:
        InputError: it has no numbers, or complex ones.
    """
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype.name not in GDAL_OF_DTYPE:
        raise InputError(f"{name} has numbers of type {array.dtype}, which no raster can hold; convert it to float32.")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def unmasked(array: np.ndarray, name: str, nodata: float | None) -> tuple[np.ndarray, float | None]:
    """An array without a mask: masked numbers become the nodata value, or NaN; of integers without such a value, the
    array's fill value, or the type's lowest or highest number, whichever no valid number has.

    Args:
        array: (bands, rows, columns), any dtype of a raster; masked or not.
        name: what to call it in the error.
        nodata: the nodata value; None for none.

    Returns:
        Same shape and dtype, without a mask, and the nodata value.

    Raises:
        InputError: valid integers have all these numbers.
    """
    if not isinstance(array, np.ma.MaskedArray):
        return array, nodata
    values, mask = array.data, np.ma.getmaskarray(array)
    if not mask.any() or (nodata is not None and representable(nodata, array.dtype.name) is None):
        return values, nodata
    if nodata is None and array.dtype.kind == "f":
        return array.filled(np.nan), None
    if nodata is None:
        limits, valid = np.iinfo(array.dtype), values[~mask]
        free = (int(n) for n in (array.fill_value, limits.min, limits.max) if not (valid == n).any())
        nodata = next(free, None)
        if nodata is None:
            raise InputError(f"The masked array {name} has all numbers of {array.dtype}; convert it to float32.")
    return array.filled(nodata), nodata


def as_number(value: Any, what: str) -> float:
    """A number that a caller gave.

    Args:
        value: what was given.
        what: to call it in the error, as "The nodata value of hsi".

    Returns:
        The number.

    Raises:
        InputError: it is none.
    """
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{what} is {value!r}, but it must be one number; give a number.") from None


def metadata_of(array: np.ndarray, name: str, nodata: float | None) -> RasterMetadata:
    """The metadata of an array of which only the nodata value is known; bands are named by their numbers, from 1.

    Args:
        array: (bands, rows, columns), any dtype of a raster.
        name: what to call it in the error.
        nodata: the nodata value; None for none.

    Returns:
        The metadata.

    Raises:
        InputError: the array's type has no such number.
    """
    nodata = None if nodata is None else as_number(nodata, f"The nodata value of {name}")
    if nodata is not None and representable(nodata, array.dtype.name) is None:
        raise InputError(f"{name} has numbers of type {array.dtype}, among which there is no nodata value {nodata:g}.")
    plain = RasterMetadata.plain(len(array), array.dtype.name, nodata)
    return plain.replace(names=tuple(str(number) for number in range(1, len(array) + 1)))


def with_wavelengths(image: ArrayImage, wavelengths: Sequence[float | None]) -> ArrayImage:
    """The image with wavelengths in nm, None or NaN where unknown.

    Args:
        image: the image.
        wavelengths: one for each band, nm; None or NaN where unknown.

    Returns:
        The image with these wavelengths; the pixels are shared.

    Raises:
        InputError: one is no number or not positive, or how many there are is not the number of bands.
    """
    shape = np.asarray(wavelengths, object).shape
    if len(shape) != 1:
        raise InputError(f"wavelengths has the shape {shape}; give one number for each band.")
    numbers = [math.nan if wave is None else as_number(wave, "A wavelength") for wave in wavelengths]
    waves = [wave if math.isfinite(wave) else None for wave in numbers]
    if len(waves) != image.metadata.bands:
        raise InputError(
            f"There are {len(waves)} wavelengths for {image.metadata.bands} bands; give one for each band."
        )
    wrong = [wave for wave in waves if wave is not None and wave <= 0]
    if wrong:
        raise InputError(f"A wavelength is {wrong[0]:g}; give positive numbers in nm, None where one is unknown.")
    return ArrayImage(image.values, image.grid, image.metadata.replace(wavelengths=tuple(waves)))


def pair_of_arrays(
    hsi: np.ndarray, pan: np.ndarray, ratio: float, nodata: float | None = None, pan_nodata: float | None = None
) -> tuple[ArrayImage, ArrayImage]:
    """An HSI and a PAN that cover the same ground from the same upper left corner, without a place on the map: a PAN
    pixel is one unit, and the lower left corner of the PAN is the origin.

    Args:
        hsi: (bands, rows, columns), any dtype of a raster, DN.
        pan: (rows * ratio, columns * ratio), rounded, or (M, rows * ratio, columns * ratio), any dtype of a raster, DN.
        ratio: PAN pixels per HSI pixel, any real number from 1.5 to 40.
        nodata: nodata value of the HSI; None for none.
        pan_nodata: nodata value of the PAN; None for none.

    Returns:
        The HSI and the PAN.

    Raises:
        InputError: shapes or types do not fit.
    """
    number = isinstance(ratio, (int, float, np.integer, np.floating)) and not isinstance(ratio, bool)
    if not number or not MIN_RATIO <= ratio <= MAX_RATIO:
        raise InputError(
            f"The ratio of arrays is {ratio}, but it must be a number from {MIN_RATIO:g} to {MAX_RATIO:g}."
        )
    if hsi.ndim != 3 or not hsi.size:
        raise InputError(f"hsi has the shape {hsi.shape}; give an array of (bands, rows, columns).")
    rows, cols = _fine(hsi.shape[1:], ratio)
    if pan.ndim not in (2, 3) or pan.shape[-2:] != (rows, cols) or not pan.size:
        last = _bands_last(hsi.shape, pan.shape, ratio)
        if last:
            turned = " and ".join(f"np.moveaxis({name}, -1, 0)" for name in last)
            raise InputError(f"The bands of {' and '.join(last)} lie last, but they must lie first; give {turned}.")
        raise InputError(
            f"pan has the shape {pan.shape}, but with an HSI of {hsi.shape[1]} x {hsi.shape[2]} pixels and ratio "
            f"{ratio} it must be {(rows, cols)}, or several bands of it; give arrays that show the same ground, or "
            "DataArrays with coordinates."
        )
    images = []
    for array, name, step, value in (
        (hsi, "hsi", ratio, nodata),
        (pan.reshape(-1, rows, cols), "pan", 1, pan_nodata),
    ):
        array, value = unmasked(array, name, value)
        array = checked(array, name)
        grid = Grid(0.0, float(rows), float(step), -float(step), array.shape[1], array.shape[2])
        images.append(ArrayImage(array, grid, metadata_of(array, name, value)))
    return images[0], images[1]


def _fine(shape: Sequence[int], ratio: float) -> tuple[int, int]:
    return round(shape[0] * ratio), round(shape[1] * ratio)


def _bands_last(hsi: tuple[int, ...], pan: tuple[int, ...], ratio: float) -> list[str]:
    """Which of the two shapes have their bands last, so that they would fit if these lay first."""
    for low, which in ((hsi[1:], []), (hsi[:2], ["hsi"])):
        fine = _fine(low, ratio)
        if which and pan[-2:] == fine:
            return which
        if len(pan) == 3 and pan[:2] == fine:
            return [*which, "pan"]
    return []
