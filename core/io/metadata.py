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
from typing import Any

import numpy as np
from osgeo import gdal

from .encoding import representable
from .wavelengths import NAME_WITH_WAVELENGTH, parse_number, tidy, to_nanometres, wavelength_in_name

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
    for key in ("wavelength", "fwhm", "bbl"):
        entries = _envi_list(whole.get(key), dataset.RasterCount)
        for item, n in zip(items, numbers if entries else ()):
            item.setdefault(key, entries[n - 1])
    numeric = {key: [parse_number(item.get(key)) for item in items] for key in ("wavelength", "fwhm", "bbl")}
    unit = whole.get("wavelength_units") or whole.get("wavelength units") or ""
    units = [(item.get("wavelength_units") or item.get("wavelength_unit") or unit).strip().lower() for item in items]

    wavelengths, fwhm = [], []
    for i, (wave, width) in enumerate(to_nanometres(numeric["wavelength"], numeric["fwhm"], units)):
        if wave is None:
            wave = _micrometres(imagery[i].get("central_wavelength_um")) or wavelength_in_name(names[i])
        wavelengths.append(wave)
        fwhm.append(width if width is not None else _micrometres(imagery[i].get("fwhm_um")))

    dtypes = [band_dtype(band) or "float64" for band in bands]
    nodata = [representable(band.GetNoDataValue(), dtype) for band, dtype in zip(bands, dtypes)]
    return RasterMetadata(
        names=names,
        wavelengths=tuple(wavelengths),
        fwhm=tuple(fwhm),
        bbl=tuple(1 if flag is None or flag > 0 else 0 for flag in numeric["bbl"]),
        scales=tuple(1.0 if band.GetScale() is None else float(band.GetScale()) for band in bands),
        offsets=tuple(0.0 if band.GetOffset() is None else float(band.GetOffset()) for band in bands),
        nodata=next((float(value) for value in nodata if value is not None), None),
        dtype=str(np.result_type(*{np.dtype(name) for name in dtypes})),
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


def _envi_list(text: str | None, count: int) -> list[str]:
    """The entries of ``{a, b, ...}``; none if it is no list of ``count`` entries."""
    entries = [entry.strip() for entry in (text or "").strip().strip("{}").split(",")]
    return entries if text is not None and len(entries) == count else []


def _lower_keys(items: dict[str, str] | None) -> dict[str, str]:
    return {key.lower(): value for key, value in (items or {}).items()}


def _micrometres(text: str | None) -> float | None:
    value = parse_number(text)
    return None if value is None else tidy(value * 1e3)


def _text(value: float) -> str:
    return repr(round(float(value), 9))
