"""What a file says of its bands, in each of the styles in use: wavelengths, widths, good bands, scale.

*Per-band items*: ``wavelength``, ``wavelength_units``, ``fwhm``, ``bbl`` or ``good_band``; GDAL's IMAGERY domain
(``CENTRAL_WAVELENGTH_UM``, ``FWHM_UM``), which GDAL makes of ENVI headers too, rounded to whole nm; a dimension of
netCDF or of a multidimensional array (``NETCDF_DIM_wavelength``, ``DIM_wavelength_VALUE`` and ``_UNIT``).
*Lists* of the whole file: those of an ENVI header, which GDAL shows as the dataset's ENVI domain.
*Names*: "402.3 nm", "Band 12 (0.45 Micrometers)".
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from osgeo import gdal

from .declared_nodata import nodata_notes
from .wavelengths import (
    in_angstroms,
    is_known_unit,
    is_optical_unit,
    parse_number,
    tidy,
    to_nanometres,
    wavelength_in_name,
)

_GOOD = ("bbl", "good_band", "good_bands", "good_wavelengths")  # 1, true: good; the first that is there counts
_LISTS = ("wavelength", "fwhm", *_GOOD)
_SCALES = ("data_gain_values", "data_offset_values")  # of ENVI, which GDAL makes each band's scale and offset of
_FLAGS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
_DIMENSION = re.compile(r"netcdf_dim_(.+)|dim_(.+)_value")
_WAVELENGTH_DIMENSION = re.compile(r"(?:.*_)?(?:wavelengths?|wavenumbers?|wave|wl|wvl|lambda)(?:_.*)?")
_ROUNDING = 0.5 + 1e-6  # nm by which a number that is rounded to whole nm may be off


@dataclass(frozen=True)
class BandSources:
    """What is known of the bands of a dataset; one entry a band.

    Attributes:
        wavelengths, fwhm: nm, None where unknown.
        bbl: 1 good, 0 bad.
        reflectance_scale_factor: of an ENVI header, stored number = reflectance * factor; None where there is none.
        in_angstroms: whether the wavelengths come without a unit, and were taken for angstroms.
    """

    wavelengths: tuple[float | None, ...]
    fwhm: tuple[float | None, ...]
    bbl: tuple[int, ...]
    reflectance_scale_factor: float | None
    in_angstroms: bool = False


def read_sources(dataset: gdal.Dataset, numbers: Sequence[int]) -> BandSources:
    """Read what any of the styles says; of several, exact numbers go before rounded ones.

    Args:
        dataset: the open raster.
        numbers: GDAL's numbers (from 1) of the bands.

    Returns:
        What is known of these bands.
    """
    bands = [dataset.GetRasterBand(n) for n in numbers]
    items = [_lower_keys(band.GetMetadata()) for band in bands]
    whole = _of_dataset(dataset)
    dimension = _dimension(items, whole, dataset.RasterCount, numbers)
    waves, widths, units = _stated(items, whole, dataset.RasterCount, numbers)
    stated = to_nanometres(waves, widths, units)
    imagery = [_lower_keys(band.GetMetadata("IMAGERY")) for band in bands]
    wavelengths, fwhm = [], []
    for i, band in enumerate(bands):
        central = _micrometres(imagery[i].get("central_wavelength_um"))
        named = wavelength_in_name(readable(band.GetDescription()))
        wavelengths.append(_most_exact(stated[i][0], dimension[i], central, named))
        fwhm.append(_most_exact(stated[i][1], _micrometres(imagery[i].get("fwhm_um"))))
    factor = parse_number(whole.get("reflectance_scale_factor") or whole.get("reflectance scale factor"))
    assumed = in_angstroms(waves, units) and [wave for wave, _ in stated] == wavelengths
    good = tuple(_good(item) for item in items)
    return BandSources(tuple(wavelengths), tuple(fwhm), good, factor or None, assumed)


def _stated(
    items: list[dict[str, str]], whole: dict[str, str], count: int, numbers: Sequence[int]
) -> tuple[list[float | None], list[float | None], list[str]]:
    """Wavelengths and widths by items of the bands or lists of the whole file, which are put among these, and units."""
    for key in _LISTS:
        entries = list_entries(whole.get(key))
        if len(entries) == count:
            for item, n in zip(items, numbers):
                item.setdefault(key, entries[n - 1])
    unit = whole.get("wavelength_units") or whole.get("wavelength units") or ""
    units = [(item.get("wavelength_units") or item.get("wavelength_unit") or unit).strip().lower() for item in items]
    waves, widths = ([parse_number(item.get(key)) for item in items] for key in ("wavelength", "fwhm"))
    return waves, widths, units


def file_notes(dataset: gdal.Dataset, numbers: Sequence[int], name: str, beside: str = "") -> tuple[str, ...]:
    """Sentences about what a file says of its bands, and is not used: lists of another length, scales of 0, units of
    wavelengths and nodata values that are not known.

    Args:
        dataset: the open raster.
        numbers: GDAL's numbers (from 1) of the bands.
        name: of the file.
        beside: file that says what its own lists do not; "" for none.

    Returns:
        The sentences.
    """
    units = () if beside else _unknown_unit(dataset, numbers, name)
    return (*_unused_lists(dataset, name, beside), *units, *nodata_notes(dataset, name))


def _unknown_unit(dataset: gdal.Dataset, numbers: Sequence[int], name: str) -> tuple[str, ...]:
    items = [_lower_keys(dataset.GetRasterBand(n).GetMetadata()) for n in numbers]
    waves, _, units = _stated(items, _of_dataset(dataset), dataset.RasterCount, numbers)
    unknown = [unit for wave, unit in zip(waves, units) if wave and not is_known_unit(unit)]
    if not unknown or any(read_sources(dataset, numbers).wavelengths):
        return ()
    return (
        f"The unit of the wavelengths of {name}, {unknown[0]!r}, is not known, so that they are not used; write "
        "Nanometers or Micrometers into the file.",
    )


def _unused_lists(dataset: gdal.Dataset, name: str, beside: str) -> tuple[str, ...]:
    """One sentence for each list that nothing else of the file stands in for, and one for scales of 0."""
    count, whole = 1 if beside else dataset.RasterCount, _of_dataset(dataset)
    first, last = (_lower_keys(dataset.GetRasterBand(n).GetMetadata()) if count > 1 else {} for n in (1, count))
    sentences = []
    if any(dataset.GetRasterBand(n).GetScale() == 0 for n in range(1, dataset.RasterCount + 1)):
        sentences.append(
            f"{name} has bands whose scale (gain) is 0, which cannot be: their numbers are used as they are stored; "
            "correct it in the file."
        )
    for key in (*_LISTS, *_SCALES) if count > 1 else ():
        entries = len(list_entries(whole.get(key)))
        if whole.get(key, "").strip()[:1] not in ("{", "[") or entries == count or key in last:
            continue
        remedy = (
            "all bands count as good; correct it, or choose the good bands (--bands, BANDS)"
            if key in _GOOD
            else "correct it in the file's header"
        )
        used = "counts for the first bands only" if key in first else "is not used"
        title = key.replace("_", " ") if key in _SCALES else key
        sentences.append(f"The list {title} of {name} has {entries} entries for {count} bands and {used}: {remedy}.")
    return tuple(sentences)


def list_entries(text: str | None) -> list[str]:
    """The entries of ``{a, b, ...}`` or ``[a, b, ...]``, a comma at the end left out; none of None.

    Args:
        text: as in an ENVI header, with or without braces.

    Returns:
        The entries.
    """
    entries = [entry.strip() for entry in (text or "").strip().strip("{}[]").split(",")]
    while entries and not entries[-1]:
        entries.pop()
    return entries


def listed_numbers(dataset: gdal.Dataset, numbers: Sequence[int], key: str) -> list[float | None]:
    """Numbers of a list of the whole file with one entry a band.

    Args:
        dataset: the open raster.
        numbers: GDAL's numbers (from 1) of the bands.
        key: of the list.

    Returns:
        One for each of these bands; None where there is no such list.
    """
    entries = list_entries(_of_dataset(dataset).get(key))
    try:
        values = [float(entry) for entry in entries]
    except ValueError:
        values = []
    usable = len(values) == dataset.RasterCount and all(map(math.isfinite, values))
    return [values[n - 1] if usable else None for n in numbers]


def _of_dataset(dataset: gdal.Dataset) -> dict[str, str]:
    return {**_lower_keys(dataset.GetMetadata()), **_lower_keys(dataset.GetMetadata("ENVI"))}


def _dimension(
    items: list[dict[str, str]], whole: dict[str, str], count: int, numbers: Sequence[int]
) -> list[float | None]:
    """Wavelengths in nm by the coordinate of a dimension: one that is named so, or whose unit is one of light."""
    values: list[float | None] = [None] * len(items)
    units = [""] * len(items)
    for i, item in enumerate(items):
        for key, text in item.items():
            match = _DIMENSION.fullmatch(key)
            if match is not None:
                name = match.group(1) or match.group(2)
                unit = _dimension_unit(name, item, whole)
                if _WAVELENGTH_DIMENSION.fullmatch(name) or is_optical_unit(unit):
                    values[i], units[i] = parse_number(text), unit
    for key in whole if not any(values) else ():
        match = re.fullmatch(r"netcdf_dim_(.+)_values", key)
        entries = list_entries(whole[key])
        if match is not None and len(entries) == count and _WAVELENGTH_DIMENSION.fullmatch(match.group(1)):
            values = [parse_number(entries[n - 1]) for n in numbers]
            units = [_dimension_unit(match.group(1), {}, whole)] * len(items)
    return [wave for wave, _ in to_nanometres(values, [None] * len(items), units)]


def _dimension_unit(name: str, item: dict[str, str], whole: dict[str, str]) -> str:
    of_band = item.get(f"dim_{name}_unit") or item.get(f"dim_{name}_units")
    return (of_band or whole.get(f"{name}#units") or whole.get(f"{name}#unit") or "").strip().lower()


def _good(item: dict[str, str]) -> int:
    for key in _GOOD:
        text = item.get(key, "").strip().lower()
        flag = _FLAGS.get(text, parse_number(text))
        if flag is not None:
            return int(flag > 0)
    return 1


def _most_exact(*values: float | None) -> float | None:
    """The first that is known; if it is of whole nm, a later one that rounds to it and has more digits."""
    known = [value for value in values if value is not None]
    if not known or not known[0].is_integer():
        return known[0] if known else None
    return next((v for v in known[1:] if not v.is_integer() and abs(v - known[0]) <= _ROUNDING), known[0])


def _lower_keys(items: dict[str, str] | None) -> dict[str, str]:
    return {readable(key).lower(): readable(value) for key, value in (items or {}).items()}


def readable(text: str | bytes | None) -> str:
    """A text of GDAL, which gives bytes where a file holds what is no UTF-8.

    Args:
        text: of GDAL.

    Returns:
        The text; bytes that are none are replaced.
    """
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text or ""


def _micrometres(text: str | None) -> float | None:
    value = parse_number(text)
    return None if value is None else tidy(value * 1e3)
