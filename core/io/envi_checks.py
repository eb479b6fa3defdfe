"""What GDAL does not notice about ENVI files."""

from __future__ import annotations

from osgeo import gdal

from ..runtime.errors import InputError


def least_size(dataset: gdal.Dataset) -> int:
    """Bytes that an ENVI file must have at least.

    Args:
        dataset: the open raster.

    Returns:
        Bytes; 0 where that cannot be said, or the raster is no ENVI file.
    """
    if dataset.GetDriver().ShortName != "ENVI":
        return 0
    items = dataset.GetMetadata("ENVI")
    try:
        offset = int(items.get("header_offset", 0))
        packed = int(items.get("file_compression", 0))
    except ValueError:
        return 0
    size = gdal.GetDataTypeSize(dataset.GetRasterBand(1).DataType) // 8
    return 0 if packed else offset + size * dataset.RasterXSize * dataset.RasterYSize * dataset.RasterCount


def check_interleave(dataset: gdal.Dataset, name: str) -> None:
    """Refuse an ENVI file whose samples GDAL takes to lie in another order than its header says: GDAL compares "bip"
    and "BIP" by the rules of the locale, and a Turkish i has another capital.

    Args:
        dataset: the open raster.
        name: the raster's, for the error.

    Raises:
        InputError: it is such a file.
    """
    if dataset.GetDriver().ShortName != "ENVI" or dataset.RasterCount == 1:
        return
    stated = dataset.GetMetadata("ENVI").get("interleave", "").lower()
    if stated in ("bip", "bil") and dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "BAND":
        raise InputError(
            f"{name} is interleaved as {stated}, which GDAL does not understand where i and I are no pair of letters "
            "(Turkish, Azerbaijani): start the program with LC_ALL=C.UTF-8, or convert the file to GeoTIFF on another "
            "machine."
        )
