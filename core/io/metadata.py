"""What the bands of a raster are: wavelengths, widths, bad bands, names, scaling, nodata.

All styles in use are read (:mod:`.band_sources`). GeoTIFF is written with per-band items (``wavelength``,
``wavelength_units``, ``fwhm``, ``bbl``, and GDAL's IMAGERY domain), ENVI with lists in its header.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from osgeo import gdal

from .band_sources import list_entries, listed_numbers, read_sources, readable
from .declared_nodata import declared_nodata
from .encoding import representable
from .gdal_errors import driver_name
from .masks import data_bands
from .wavelengths import ANGSTROM, corrected, without_repeated_wavelength, without_wavelength

_TYPES = ("Int8", "UInt16", "Int16", "UInt32", "Int32", "UInt64", "Int64", "Float16", "Float32", "Float64")
# Those that this GDAL knows: Int64 since 3.5, Int8 since 3.7, Float16 since 3.11.
_KNOWN_TYPES = [name for name in _TYPES if hasattr(gdal, f"GDT_{name}")]
GDAL_OF_DTYPE = {"uint8": gdal.GDT_Byte, **{name.lower(): getattr(gdal, f"GDT_{name}") for name in _KNOWN_TYPES}}
DTYPE_OF_GDAL = {code: name for name, code in GDAL_OF_DTYPE.items()}
_OF_BANDS = ("names", "wavelengths", "fwhm", "bbl", "scales", "offsets")  # the fields with one entry a band


@dataclass(frozen=True)
class RasterMetadata:
    """The metadata of the bands of a raster; every tuple has one entry a band.

    Attributes:
        names: band names, empty where a band has none.
        wavelengths: centre wavelengths in nm, None where unknown; in file order, which need not ascend.
        fwhm: full widths at half maximum in nm, None where unknown.
        bbl: bad-band list: 1 good, 0 bad.
        scales, offsets: physical value = stored number * scale + offset.
        nodata: the stored number that stands for "no value", None for none. Where bands have different ones this is
            the first band's that has any: reading masks each band by its own, an output has this one in all bands.
            A number that the data type cannot hold marks nothing and counts as none.
        dtype: numpy name of the data type on disk, such as "uint16".
        reflectance_factor: ENVI's reflectance scale factor, where the scales are one divided by it; None elsewhere.
            ENVI is written with it, other formats with the scales.
        wavelength_factor: by which stated wavelengths that cannot be, as 420,000 nm, were multiplied; 0.1 for numbers
            without a unit that were taken for angstroms; 1 for others.
    """

    names: tuple[str, ...]
    wavelengths: tuple[float | None, ...]
    fwhm: tuple[float | None, ...]
    bbl: tuple[int, ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    nodata: float | None
    dtype: str
    reflectance_factor: float | None = None
    wavelength_factor: float = 1.0

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, field)) for field in _OF_BANDS}
        if len(lengths) != 1:
            raise ValueError(f"All tuples of RasterMetadata must have one entry a band, got lengths {sorted(lengths)}.")

    @classmethod
    def plain(cls, bands: int, dtype: str, nodata: float | None = None) -> RasterMetadata:
        """Metadata of bands without any description.

        Args:
            bands: number of bands.
            dtype: numpy name of the type on disk.
            nodata: the nodata value; None for none.

        Returns:
            The metadata.
        """
        unknown = (None,) * bands
        return cls(("",) * bands, unknown, unknown, (1,) * bands, (1.0,) * bands, (0.0,) * bands, nodata, dtype)

    @property
    def bands(self) -> int:
        """Number of bands."""
        return len(self.names)

    def select(self, indices: Sequence[int]) -> RasterMetadata:
        """The metadata of some bands.

        Args:
            indices: bands, counted from 0, in the order of the result.

        Returns:
            The metadata of these bands.
        """
        return self.replace(**{field: tuple(getattr(self, field)[i] for i in indices) for field in _OF_BANDS})

    def replace(self, **changes: Any) -> RasterMetadata:
        """A copy with some attributes changed.

        Args:
            **changes: new values by attribute.

        Returns:
            The copy.
        """
        return dataclasses.replace(self, **changes)


def band_dtype(band: gdal.Band) -> str | None:
    """numpy name of a band's data type, None if this software cannot read it (complex numbers).

    Args:
        band: GDAL's band.

    Returns:
        numpy name, or None.
    """
    signed_byte = (
        band.DataType == gdal.GDT_Byte and band.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE"
    )
    return "int8" if signed_byte else DTYPE_OF_GDAL.get(band.DataType)


def read_metadata(dataset: gdal.Dataset) -> RasterMetadata:
    """Read the metadata of a GDAL dataset's bands (alpha bands left out), whichever style they are written in.

    Args:
        dataset: the open raster.

    Returns:
        The metadata; wavelengths and widths in nm.
    """
    numbers = data_bands(dataset)
    bands = [dataset.GetRasterBand(n) for n in numbers]
    found = read_sources(dataset, numbers)
    waves, widths, wavelength_factor = corrected(found.wavelengths, found.fwhm)
    if found.in_angstroms:
        wavelength_factor = ANGSTROM
    listed = {key: listed_numbers(dataset, numbers, key) for key in ("scales", "offsets")}
    stated = [_or(band.GetScale(), number, 1.0) for band, number in zip(bands, listed["scales"])]
    scales = tuple(scale if scale and math.isfinite(scale) else 1.0 for scale in stated)  # 0 says nothing
    offsets = tuple(_or(band.GetOffset(), number, 0.0) for band, number in zip(bands, listed["offsets"]))
    factor = found.reflectance_scale_factor
    if factor == 1.0 or set(scales) != {1.0} or set(offsets) != {0.0}:
        factor = None
    if factor is not None:
        scales = (1.0 / factor,) * len(bands)
    dtypes = [band_dtype(band) or "float64" for band in bands]
    nodata = [representable(value, dtype) for value, dtype in zip(declared_nodata(dataset, numbers), dtypes)]
    return RasterMetadata(
        names=tuple(without_repeated_wavelength(name) for name in _names(dataset, numbers)),
        wavelengths=waves,
        fwhm=widths,
        bbl=found.bbl,
        scales=scales,
        offsets=offsets,
        nodata=next((float(value) for value in nodata if value is not None), None),
        dtype=str(np.result_type(*{np.dtype(name) for name in dtypes})),
        reflectance_factor=factor,
        wavelength_factor=wavelength_factor,
    )


def _or(own: float | None, listed: float | None, plain: float) -> float:
    """What a band says itself, else what a list of the file says, else nothing."""
    return float(own) if own not in (None, plain) else plain if listed is None else listed


def _names(dataset: gdal.Dataset, numbers: Sequence[int]) -> list[str]:
    """Descriptions of bands; where none has any, the entries of ``long_name``."""
    own = [readable(dataset.GetRasterBand(n).GetDescription()) for n in numbers]
    entries = list_entries(readable(dataset.GetMetadataItem("long_name")))
    listed = len(entries) == dataset.RasterCount > 1 and not any(own)
    return [entries[n - 1] for n in numbers] if listed else own


def write_metadata(dataset: gdal.Dataset, metadata: RasterMetadata) -> None:
    """Write ``metadata`` to a dataset that is open for writing: ENVI gets a header, all others per-band items.

    To be called before pixels are written. The data type is the dataset's own and stays.

    Args:
        dataset: open for writing.
        metadata: of its bands.

    Raises:
        ValueError: the dataset has another number of bands.
    """
    if dataset.RasterCount != metadata.bands:
        raise ValueError(f"The dataset has {dataset.RasterCount} bands, the metadata {metadata.bands}.")
    envi = driver_name(dataset) == "ENVI"
    scaled = set(metadata.scales) != {1.0} or set(metadata.offsets) != {0.0}
    by_bands = scaled and not (envi and _has_factor(metadata))
    for i in range(metadata.bands):
        band = dataset.GetRasterBand(i + 1)
        name = _envi_name(metadata.names[i]) if envi else metadata.names[i]
        if name:
            band.SetDescription(name)
        if metadata.nodata is not None:
            whole_number = band_dtype(band) in ("int64", "uint64")
            band.SetNoDataValue(int(metadata.nodata) if whole_number else float(metadata.nodata))
        if by_bands:
            band.SetScale(metadata.scales[i])
            band.SetOffset(metadata.offsets[i])
        if not envi:
            _write_band_items(band, metadata, i)
    if envi:
        _write_envi_header(dataset, metadata)


def _has_factor(metadata: RasterMetadata) -> bool:
    """Whether the reflectance scale factor says all of the scales, which may have been replaced."""
    factor = metadata.reflectance_factor
    return factor is not None and set(metadata.scales) == {1.0 / factor} and set(metadata.offsets) == {0.0}


def _write_band_items(band: gdal.Band, metadata: RasterMetadata, i: int) -> None:
    wave, width = metadata.wavelengths[i], metadata.fwhm[i]
    items: dict[str, str] = {}
    imagery: dict[str, str] = {}
    if wave is not None:
        items.update(wavelength=_text(wave), wavelength_units="Nanometers")
        imagery["CENTRAL_WAVELENGTH_UM"] = _text(wave / 1e3)
    if width is not None:
        items.update(fwhm=_text(width), wavelength_units="Nanometers")
        imagery["FWHM_UM"] = _text(width / 1e3)
    if items or 0 in metadata.bbl:
        items["bbl"] = str(metadata.bbl[i])
    if items:
        band.SetMetadata(items)
    if imagery:
        band.SetMetadata(imagery, "IMAGERY")


def _write_envi_header(dataset: gdal.Dataset, metadata: RasterMetadata) -> None:
    """ENVI knows lists of the whole file only: an unknown entry among known ones is written as 0."""
    items = {}
    for key, values in (("wavelength", metadata.wavelengths), ("fwhm", metadata.fwhm)):
        if any(value is not None for value in values):
            items[key] = "{" + ", ".join("0" if value is None else _text(value) for value in values) + "}"
            items["wavelength_units"] = "Nanometers"
    if items or 0 in metadata.bbl:
        items["bbl"] = "{" + ", ".join(str(good) for good in metadata.bbl) + "}"
    if metadata.reflectance_factor is not None and _has_factor(metadata):
        items["reflectance_scale_factor"] = f"{metadata.reflectance_factor:.15g}"
    if items:
        dataset.SetMetadata(items, "ENVI")


def _envi_name(name: str) -> str:
    """A band name as an ENVI header can hold it: no commas and braces, and without the wavelength in brackets, which
    GDAL adds to the name of a band when it reads ENVI."""
    name = re.sub(r"\s*,\s*", "; ", name).replace("{", "(").replace("}", ")").replace("\n", " ")
    return without_wavelength(name)


def _text(value: float) -> str:
    return repr(round(float(value), 9))
