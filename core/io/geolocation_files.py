"""A file that a user names because it says where the pixels of an image lie: coordinates, a lookup table, heights."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from osgeo import gdal

from ..runtime.errors import InputError
from .crs import crs_of
from .frames import Geolocation
from .gdal_errors import gdal_messages, open_quietly
from .gdal_geolocation import RationalPolynomials
from .geolocation import coordinate_arrays, crs_of_coordinates
from .grid import Grid
from .lookup_table import LookupTable

_KINDS = (
    "a raster of longitudes and latitudes (two bands) with the image's rows and columns, a lookup table (GLT, two "
    "bands on a map grid), or an elevation model (one band) for an image with RPCs"
)


def is_elevation(path: str) -> bool:
    """Whether a file has one band, as an elevation model has.

    Args:
        path: of the file.

    Returns:
        Whether it has.

    Raises:
        InputError: it cannot be read.
    """
    return bool(_opened(path).RasterCount == 1)


def geolocation_from(path: str, size: tuple[int, int], own: Geolocation | None, name: str) -> Geolocation | None:
    """The geolocation that a file gives an image.

    Args:
        path: of the file.
        size: (rows, columns) of the image.
        own: what the image itself says.
        name: of the image, for errors.

    Returns:
        The geolocation; ``own`` where the file is an elevation model and the image has no RPCs.

    Raises:
        InputError: the file cannot be read, or belongs to another image.
    """
    dataset = _opened(path)
    if dataset.RasterCount == 1:
        return own.with_dem(path) if isinstance(own, RationalPolynomials) else own
    with gdal_messages() as messages:
        planes = [messages.call(dataset.GetRasterBand(number).ReadAsArray) for number in (1, 2)]
    if any(plane is None for plane in planes):
        raise InputError(f"{os.path.basename(path)} cannot be read{messages.words()}; get a fresh copy.")
    transform = dataset.GetGeoTransform(can_return_null=True)
    if transform is not None and all(np.array_equal(plane, np.rint(plane)) for plane in planes):
        return _table(path, dataset, planes, size)
    if planes[0].shape != size:
        raise InputError(
            f"{os.path.basename(path)} has {planes[0].shape[0]} x {planes[0].shape[1]} pixels, but {name} has "
            f"{size[0]} x {size[1]}; --geolocation (GEOLOCATION) names {_KINDS}."
        )
    x, y = planes[::-1] if _latitude_first(dataset, planes) else planes
    return coordinate_arrays(x, y, crs_of_coordinates(dataset, x, y), os.path.basename(path))


def _table(path: str, dataset: gdal.Dataset, planes: Sequence[np.ndarray], size: tuple[int, int]) -> LookupTable:
    name = os.path.basename(path)
    rows, cols = planes[0].shape
    grid = Grid.from_geotransform(dataset.GetGeoTransform(), rows, cols, crs_of(dataset), name)
    nodata = dataset.GetRasterBand(1).GetNoDataValue()
    columns, lines = (
        np.where((plane == nodata) if nodata is not None else False, 0, plane).astype(np.int64) for plane in planes
    )
    return LookupTable(columns, lines, grid, size, name)


def _latitude_first(dataset: gdal.Dataset, planes: Sequence[np.ndarray]) -> bool:
    """Whether the first band holds latitudes, by its name, or as only the second has numbers above 90."""
    names = [(dataset.GetRasterBand(number).GetDescription() or "").lower() for number in (1, 2)]
    if "lat" in names[0] or "lon" in names[1]:
        return True
    most = [float(np.nanmax(np.abs(plane), initial=0.0)) for plane in planes]
    return "lon" not in names[0] and most[0] <= 90.0 < most[1] <= 360.0


def _opened(path: str) -> gdal.Dataset:
    with gdal_messages() as messages:
        dataset = open_quietly(messages, path, gdal.OF_RASTER)
    if dataset is None or dataset.RasterCount == 0:
        raise InputError(
            f"{os.path.basename(path)} cannot be read as a raster{messages.words()}; --geolocation (GEOLOCATION) names "
            f"{_KINDS}."
        )
    return dataset
