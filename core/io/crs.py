"""Coordinate reference systems: that of a raster, and one that a user names."""

from __future__ import annotations

from osgeo import gdal, ogr, osr

from ..runtime.errors import InputError
from .gdal_errors import gdal_messages


def crs_of(dataset: gdal.Dataset) -> str:
    """The coordinate reference system of a raster.

    Args:
        dataset: the open raster.

    Returns:
        WKT; empty for none, which ENVI files call Arbitrary.
    """
    wkt = dataset.GetProjection() or ""
    if not wkt and dataset.GetSpatialRef() is not None:
        wkt = dataset.GetSpatialRef().ExportToWkt(["FORMAT=WKT2_2018"])
    placeless = wkt.startswith(('LOCAL_CS["Arbitrary', 'LOCAL_CS["Unknown', 'LOCAL_CS["unnamed'))
    return "" if placeless else wkt


def crs_named(text: str) -> str:
    """The coordinate reference system that a text names.

    Args:
        text: anything that GDAL understands, as "EPSG:32633" or WKT.

    Returns:
        WKT.

    Raises:
        InputError: it names none.
    """
    system = osr.SpatialReference()
    with gdal_messages() as messages:
        known = messages.call(system.SetFromUserInput, text) == ogr.OGRERR_NONE
    if not known:
        raise InputError(f"{text!r} names no coordinate reference system; write it as in EPSG:32633.")
    wkt: str = system.ExportToWkt() or system.ExportToWkt(["FORMAT=WKT2_2018"])
    return wkt
