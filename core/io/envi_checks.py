"""What GDAL does not notice about ENVI files."""

from __future__ import annotations

import glob
import os

from osgeo import gdal

from ..runtime.errors import InputError
from .gdal_errors import driver_name

_NO_IMAGE = (".hdr", ".xml", ".txt", ".prj", ".ovr", ".sta", ".stx", ".enp")  # beside an image of that name


def least_size(dataset: gdal.Dataset) -> tuple[str, int]:
    """How many bytes an ENVI file must have at least.

    Args:
        dataset: the open raster.

    Returns:
        The file with the samples, which a product's folder or archive may hold, and bytes; 0 where that cannot be said,
        or the raster is no ENVI file.
    """
    if not _is_envi(dataset):
        return "", 0
    items = dataset.GetMetadata("ENVI")
    try:
        offset = int(items.get("header_offset", 0))
        packed = int(items.get("file_compression", 0))
    except ValueError:
        return "", 0
    size = gdal.GetDataTypeSize(dataset.GetRasterBand(1).DataType) // 8
    size *= dataset.RasterXSize * dataset.RasterYSize * dataset.RasterCount
    return dataset.GetDescription(), 0 if packed else offset + size


def check_size(name: str, path: str, least: int) -> None:
    """Refuse an ENVI file that is shorter than its header says: GDAL reads zeros where it has ended.

    Args:
        name: the raster's, for the error.
        path, least: of the file, and bytes that it must have, as :func:`least_size` says.

    Raises:
        InputError: it is shorter, or gone.
    """
    if least == 0:
        return
    found = gdal.VSIStatL(path)
    if found is None:
        raise InputError(f"{name} or its folder was removed while it was read; put it back and start again.")
    if found.size < least:
        raise InputError(f"{name} is cut off: it has {found.size} bytes of {least}; get a fresh copy.")


def check_interleave(dataset: gdal.Dataset, name: str) -> None:
    """Refuse an ENVI file whose samples GDAL takes to lie in another order than its header says: GDAL compares "bip"
    and "BIP" by the rules of the locale, and a Turkish i has another capital.

    Args:
        dataset: the open raster.
        name: the raster's, for the error.

    Raises:
        InputError: it is such a file.
    """
    if not _is_envi(dataset) or dataset.RasterCount == 1:
        return
    stated = dataset.GetMetadata("ENVI").get("interleave", "").lower()
    if stated in ("bip", "bil") and dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "BAND":
        raise InputError(
            f"{name} is interleaved as {stated}, which GDAL does not understand where i and I are no pair of letters "
            "(Turkish, Azerbaijani): start the program with LC_ALL=C.UTF-8, or convert the file to GeoTIFF on another "
            "machine."
        )


def unreadable(path: str, name: str, words: str) -> str:
    """The refusal of a file that GDAL cannot open; of a header, its image is named.

    Args:
        path: of the file.
        name: the raster's.
        words: what GDAL says of it.

    Returns:
        The sentence.
    """
    stem, suffix = os.path.splitext(path)
    if suffix.lower() != ".hdr":
        return f"{name} cannot be read as a raster; choose another file{words}."
    beside = [stem, *sorted(glob.glob(glob.escape(stem) + ".*"))]
    images = [os.path.basename(one) for one in beside if os.path.isfile(one) and not one.lower().endswith(_NO_IMAGE)]
    return f"{name} is the header of an image; choose the image itself{f': {images[0]}' if images else ''}."


def _is_envi(dataset: gdal.Dataset) -> bool:
    return driver_name(dataset) == "ENVI"
