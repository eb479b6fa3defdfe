"""The nodata values that a file declares, where GDAL reads an ENVI header's otherwise than it is meant.

GDAL makes a number of ``data ignore value`` as C's ``atof`` does: 0 of ``{-9999}`` and of ``none``, which would be
taken for nodata, and -9 of ``-9,999``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from osgeo import gdal

from ..runtime.errors import InputError
from .envi_header import read_envi_header
from .gdal_errors import driver_name

_KEY = "data_ignore_value"
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_PLAIN = re.compile(_NUMBER.pattern + r"\s*|\s*[+-]?(?:nan|inf(?:inity)?)\s*", re.IGNORECASE)  # GDAL knows these


def declared_nodata(dataset: gdal.Dataset, numbers: Sequence[int]) -> list[float | None]:
    """The nodata value of each of some bands.

    Args:
        dataset: the open raster.
        numbers: GDAL's numbers (from 1) of the bands.

    Returns:
        One a band; None where there is none.
    """
    own = [dataset.GetRasterBand(n).GetNoDataValue() for n in numbers]
    text = _misread(dataset)
    if text is None:
        return own
    match = _NUMBER.match(text)
    of_gdal, listed = float(match.group(1)) if match else 0.0, _listed(text, dataset.RasterCount)
    return [
        (listed[n - 1] if listed else None)
        if value in (None, of_gdal)
        else value  # else said elsewhere, as in .aux.xml
        for n, value in zip(numbers, own)
    ]


def band_nodata(dataset: gdal.Dataset, numbers: Sequence[int], stated: float | None) -> list[float | None]:
    """As :func:`declared_nodata`, or what a file beside the raster says of all bands.

    Args:
        dataset, numbers: as there.
        stated: what is said beside the raster, which counts where no band declares a value; None for nothing.

    Returns:
        As there.
    """
    declared = declared_nodata(dataset, numbers)
    return declared if any(value is not None for value in declared) else [stated] * len(declared)


def nodata_notes(dataset: gdal.Dataset, name: str) -> tuple[str, ...]:
    """What is said of a nodata value that cannot be read.

    Args:
        dataset: the open raster.
        name: of the file.

    Returns:
        A sentence, or nothing.
    """
    text = _misread(dataset)
    if text is None or text.strip("{}[] ").lower() in ("", "none") or _listed(text, dataset.RasterCount):
        return ()
    return (
        f"The header of {name} says data ignore value = {text}, which is neither a number nor one a band, so that no "
        "number stands for nodata; correct it, or name the number (--hsi-nodata, --pan-nodata).",
    )


def _misread(dataset: gdal.Dataset) -> str | None:
    """The text of an ENVI header that is no plain number; None where there is none, or it is one."""
    if driver_name(dataset) != "ENVI":
        return None
    text = dataset.GetMetadata("ENVI").get(_KEY)
    if text is None and dataset.GetRasterBand(1).GetNoDataValue() == 0.0:  # GDAL's, of an empty line
        text = _of_header(dataset)
    return None if text is None or _PLAIN.fullmatch(text) else text.strip()


def _of_header(dataset: gdal.Dataset) -> str | None:
    headers = [path for path in dataset.GetFileList() or () if path.lower().endswith(".hdr")]
    with suppress(InputError):
        value = read_envi_header(headers[0]).get("data ignore value") if headers else None
        return None if value is None else f"{{{value}}}"  # a list on the next line, which comes without its braces
    return None


def _listed(text: str, count: int) -> list[float]:
    """One number a band; none where the text does not say so."""
    found = [_number(entry) for entry in text.strip("{}[] ").split(",")]
    values = [value for value in found if value is not None]
    if len(values) < len(found) or len(found) not in (1, count) or (len(found) > 1 and text[:1] not in "{["):
        return []
    return values * (count // len(values))


def _number(text: str) -> float | None:
    try:
        return float(text.strip(" \"'"))
    except ValueError:
        return None
