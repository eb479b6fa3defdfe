"""What the bands of a raster are: wavelengths, widths, bad bands, names, scaling, nodata.

Two styles are in use and both are read. *Per-band items*: ``wavelength``, ``wavelength_units``, ``fwhm`` and ``bbl`` of
every band, or GDAL's IMAGERY domain (``CENTRAL_WAVELENGTH_UM``, ``FWHM_UM``). *ENVI*: lists in the header of the whole
file, which GDAL shows as the dataset's ENVI domain. GeoTIFF is written with both kinds of per-band items, ENVI with a
header.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from osgeo import gdal

from .encoding import representable
from .wavelengths import NAME_WITH_WAVELENGTH, parse_number, tidy, unit_converters, wavelength_in_name

_Entry = TypeVar("_Entry")

_DTYPE_NAMES = {
    "GDT_Byte": "uint8",
    "GDT_Int8": "int8",
    "GDT_UInt16": "uint16",
    "GDT_Int16": "int16",
    "GDT_UInt32": "uint32",
    "GDT_Int32": "int32",
    "GDT_UInt64": "uint64",
    "GDT_Int64": "int64",
    "GDT_Float16": "float16",
    "GDT_Float32": "float32",
    "GDT_Float64": "float64",
}
# The names that this GDAL knows: Int64 since 3.5, Int8 since 3.7, Float16 since 3.11.
DTYPE_OF_GDAL = {getattr(gdal, key): name for key, name in _DTYPE_NAMES.items() if hasattr(gdal, key)}
GDAL_OF_DTYPE = {name: code for code, name in DTYPE_OF_GDAL.items()}


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
    """

    names: tuple[str, ...]
    wavelengths: tuple[float | None, ...]
    fwhm: tuple[float | None, ...]
    bbl: tuple[int, ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    nodata: float | None
    dtype: str

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, field)) for field in ("names", "wavelengths", "fwhm", "bbl", "scales", "offsets")}
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

        def chosen(entries: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
            return tuple(entries[i] for i in indices)

        return dataclasses.replace(
            self,
            names=chosen(self.names),
            wavelengths=chosen(self.wavelengths),
            fwhm=chosen(self.fwhm),
            bbl=chosen(self.bbl),
            scales=chosen(self.scales),
            offsets=chosen(self.offsets),
        )

    def replace(self, **changes: Any) -> RasterMetadata:
        """A copy with some attributes changed.

        Args:
            **changes: new values by attribute.

        Returns:
            The copy.
        """
        return dataclasses.replace(self, **changes)


def data_bands(dataset: gdal.Dataset) -> list[int]:
    """GDAL's numbers (from 1) of the bands that carry data: all but alpha bands.

    Args:
        dataset: the open raster.

    Returns:
        The numbers, ascending.
    """
    numbers = range(1, dataset.RasterCount + 1)
    return [n for n in numbers if dataset.GetRasterBand(n).GetColorInterpretation() != gdal.GCI_AlphaBand]


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


def common_dtype(dtypes: Sequence[str]) -> str:
    """The numpy name of the smallest type that holds all of ``dtypes``.

    Args:
        dtypes: numpy names.

    Returns:
        numpy name.
    """
    return str(np.result_type(*{np.dtype(name) for name in dtypes}))


def read_metadata(dataset: gdal.Dataset) -> RasterMetadata:
    """Read the metadata of a GDAL dataset's bands (alpha bands left out), whichever style they are written in.

    Args:
        dataset: the open raster.

    Returns:
        The metadata; wavelengths and widths in nm.
    """
    numbers = data_bands(dataset)
    bands = [dataset.GetRasterBand(n) for n in numbers]
    items = [_lower_keys(band.GetMetadata()) for band in bands]
    imagery = [_lower_keys(band.GetMetadata("IMAGERY")) for band in bands]
    whole = {**_lower_keys(dataset.GetMetadata()), **_lower_keys(dataset.GetMetadata("ENVI"))}
    names = tuple(band.GetDescription() or "" for band in bands)
    lists = {key: _envi_list(whole.get(key), dataset.RasterCount) for key in ("wavelength", "fwhm", "bbl")}
    of_band = {key: [entries[n - 1] if entries else None for n in numbers] for key, entries in lists.items()}

    raw_waves, raw_fwhm, units, bbl = [], [], [], []
    for i, item in enumerate(items):
        raw_waves.append(parse_number(item.get("wavelength", of_band["wavelength"][i])))
        raw_fwhm.append(parse_number(item.get("fwhm", of_band["fwhm"][i])))
        unit = item.get("wavelength_units") or item.get("wavelength_unit") or _envi_units(whole)
        units.append(unit.strip().lower())
        good = parse_number(item.get("bbl", of_band["bbl"][i]))
        bbl.append(1 if good is None or good > 0 else 0)
    to_nm = unit_converters(raw_waves, units)

    wavelengths, fwhm = [], []
    for i, convert in enumerate(to_nm):
        wave, width = convert(raw_waves[i], raw_fwhm[i])
        if wave is None:
            wave = _micrometres(imagery[i].get("central_wavelength_um")) or wavelength_in_name(names[i])
        wavelengths.append(wave)
        fwhm.append(width if width is not None else _micrometres(imagery[i].get("fwhm_um")))

    dtype = common_dtype([band_dtype(band) or "float64" for band in bands])
    nodata = [representable(band.GetNoDataValue(), band_dtype(band) or "float64") for band in bands]
    return RasterMetadata(
        names=names,
        wavelengths=tuple(wavelengths),
        fwhm=tuple(fwhm),
        bbl=tuple(bbl),
        scales=tuple(1.0 if band.GetScale() is None else float(band.GetScale()) for band in bands),
        offsets=tuple(0.0 if band.GetOffset() is None else float(band.GetOffset()) for band in bands),
        nodata=next((float(value) for value in nodata if value is not None), None),
        dtype=dtype,
    )


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
    envi = dataset.GetDriver().ShortName == "ENVI"
    for i in range(metadata.bands):
        band = dataset.GetRasterBand(i + 1)
        name = _envi_name(metadata.names[i]) if envi else metadata.names[i]
        if name:
            band.SetDescription(name)
        if metadata.nodata is not None:
            whole_number = band_dtype(band) in ("int64", "uint64")
            band.SetNoDataValue(int(metadata.nodata) if whole_number else float(metadata.nodata))
        if set(metadata.scales) != {1.0} or set(metadata.offsets) != {0.0}:
            band.SetScale(metadata.scales[i])
            band.SetOffset(metadata.offsets[i])
        if not envi:
            _write_band_items(band, metadata, i)
    if envi:
        _write_envi_header(dataset, metadata)


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
    if items:
        dataset.SetMetadata(items, "ENVI")


def _envi_name(name: str) -> str:
    """A band name as an ENVI header can hold it: no commas and braces, and without the wavelength in brackets, which
    GDAL adds to the name of a band when it reads ENVI."""
    name = re.sub(r"\s*,\s*", "; ", name).replace("{", "(").replace("}", ")").replace("\n", " ")
    return NAME_WITH_WAVELENGTH.sub("", name) if wavelength_in_name(name) is not None else name


def _envi_units(whole: dict[str, str]) -> str:
    return whole.get("wavelength_units") or whole.get("wavelength units") or ""


def _envi_list(text: str | None, count: int) -> list[str] | None:
    """The entries of ``{a, b, ...}``; None if it is no list of ``count`` entries."""
    if text is None:
        return None
    entries = [entry.strip() for entry in text.strip().strip("{}").split(",")]
    return entries if len(entries) == count else None


def _lower_keys(items: dict[str, str] | None) -> dict[str, str]:
    return {key.lower(): value for key, value in (items or {}).items()}


def _micrometres(text: str | None) -> float | None:
    value = parse_number(text)
    return None if value is None else tidy(value * 1e3)


def _text(value: float) -> str:
    return repr(round(float(value), 9))
