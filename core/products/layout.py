"""What a product's reader is made of: where its bands lie, and what the product says of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, NamedTuple, Optional

import numpy as np

from ..io.wavelengths import is_plausible, to_nanometres
from ..runtime.errors import InputError
from .members import Members


class BandFile(NamedTuple):
    """A band of a product.

    Attributes:
        path: the file that it lies in, as GDAL opens it.
        number: its number there, from 1.
        shift: (rows, columns) by which its pixels lie behind those of the image, as of :class:`.cube.Part`.
    """

    path: str
    number: int = 1
    shift: tuple[int, int] = (0, 0)


class Flag(NamedTuple):
    """A quality raster on the image's grid.

    Attributes:
        path: the file that it lies in, as GDAL opens it.
        number: its number there, from 1.
        invalid: (rows, columns) int32 of it -> (rows, columns) bool, where pixels are not valid.
    """

    path: str
    number: int
    invalid: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Layout:
    """One image of a product. Tuples have one entry a band; None leaves what the files themselves say.

    Attributes:
        bands: where they lie; all on one grid.
        product: its name, as "EnMAP L2A".
        names, wavelengths, fwhm, bbl, scales, offsets: as in :class:`..io.metadata.RasterMetadata`.
        nodata: numbers that stand for "no value" in all bands, besides what the files declare; an output has the first.
        flags: rasters that say which pixels are not valid.
        sensor: as :data:`..operators.sensors.SENSORS` calls it; "" where it is none of these.
        acquired: date and time of the acquisition, as the product writes it.
        provenance: what was taken from where, as "wavelengths from METADATA.XML".
        notes: sentences about what the product says and cannot be used, for the user.
        detectors: the detector of each band, as "VNIR"; empty where the product does not tell.
    """

    bands: tuple[BandFile, ...]
    product: str
    names: Optional[tuple[str, ...]] = None
    wavelengths: Optional[tuple[Optional[float], ...]] = None
    fwhm: Optional[tuple[Optional[float], ...]] = None
    bbl: Optional[tuple[int, ...]] = None
    scales: Optional[tuple[float, ...]] = None
    offsets: Optional[tuple[float, ...]] = None
    nodata: tuple[float, ...] = ()
    flags: tuple[Flag, ...] = ()
    sensor: str = ""
    acquired: str = ""
    provenance: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()


LayOut = Callable[[Members, str], Layout]
"""What a product's file offers to the table: (its files, role) -> the image of that role."""


def numbers(texts: Sequence[str], what: str, source: str) -> tuple[float, ...]:
    """Finite numbers out of the texts of a product's metadata.

    Args:
        texts: one for each band.
        what: they are, for the error.
        source: the file that says them.

    Returns:
        The numbers.

    Raises:
        InputError: one is no number.
    """
    try:
        found = tuple(float(text) for text in texts)
    except ValueError:
        found = (math.nan,)
    if not all(map(math.isfinite, found)):
        raise InputError(f"{source} has {what} that are no numbers; get a fresh copy of the product.")
    return found


def check_bands(count: int, bands: int, source: str, image: str) -> None:
    """Make sure that metadata describes as many bands as there are.

    Args:
        count: bands that the metadata describes.
        bands: bands that the image has.
        source: file of the metadata.
        image: file of the image.

    Raises:
        InputError: the numbers differ.
    """
    if count != bands:
        raise InputError(
            f"{source} describes {count} bands, but {image} has {bands}; get the whole product. A part that was cut "
            "out of it can be used under another name, as a raster of its own."
        )


def check_wavelengths(count: int, bands: int, name: str) -> None:
    """Make sure that a cube has a wavelength for each of its bands.

    Args:
        count: wavelengths that there are.
        bands: bands of the cube.
        name: its file.

    Raises:
        InputError: the numbers differ.
    """
    if count != bands:
        raise InputError(f"{name} has {bands} bands and {count} wavelengths; get a fresh copy of the product.")


def spectral(
    wavelengths: Sequence[float], fwhm: Sequence[float], source: str, unit: str = "nm"
) -> tuple[tuple[Optional[float], ...], tuple[Optional[float], ...]]:
    """Wavelengths and widths in nm, checked: they must be possible, and each width smaller than its wavelength.

    Args:
        wavelengths: one for each band; 0 for unknown.
        fwhm: one for each band, or none.
        source: the file that says them.
        unit: of both.

    Returns:
        Wavelengths and widths; None where unknown.

    Raises:
        InputError: they cannot be those of an optical sensor.
    """
    given: list[float | None] = list(fwhm) if len(fwhm) == len(wavelengths) else [0.0] * len(wavelengths)
    bands = to_nanometres(list(wavelengths), given, [unit.strip().lower()] * len(given))
    waves, widths = [wave for wave, _ in bands], [width for _, width in bands]
    pairs = [(wave, width) for wave, width in zip(waves, widths) if wave is not None and width is not None]
    if not any(waves) or not is_plausible(waves) or any(width >= wave for wave, width in pairs):
        raise InputError(
            f"The wavelengths in {source} cannot be those of an optical sensor; get a fresh copy of the product."
        )
    return tuple(waves), tuple(widths)
