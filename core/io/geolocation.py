"""What a raster without a geotransform says of where its pixels lie."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from osgeo import gdal

from ..runtime.errors import InputError
from .crs import crs_of
from .frames import Geolocation
from .gdal_errors import gdal_messages, open_quietly
from .gdal_geolocation import ControlPoints, RationalPolynomials
from .geolocation_arrays import GeolocationArrays
from .remedies import is_geographic, wkt_of

_LEAST = 3  # control points


def geolocation_of(dataset: gdal.Dataset, path: str = "") -> Geolocation | None:
    """The geolocation that a dataset has: control points, RPCs, or GDAL's geolocation arrays.

    Args:
        dataset: the open raster.
        path: of its file; the names of geolocation arrays may be relative to it.

    Returns:
        The geolocation; None for none.

    Raises:
        InputError: its arrays cannot be read.
    """
    if dataset.GetGCPCount() >= _LEAST:
        points = [(gcp.GCPPixel, gcp.GCPLine, gcp.GCPX, gcp.GCPY) for gcp in dataset.GetGCPs()]
        return ControlPoints(np.array(points), dataset.GetGCPProjection() or "") if _spread(points) else None
    if dataset.GetMetadata("RPC"):
        return RationalPolynomials(dataset.GetMetadata("RPC"))
    items = dataset.GetMetadata("GEOLOCATION")
    return _arrays(items, (dataset.RasterYSize, dataset.RasterXSize), path) if items else None


def _spread(points: list[tuple[float, float, float, float]]) -> bool:
    """Whether control points span an area, in the image and on the map."""
    both = np.array(points, float)
    for pair in (both[:, :2], both[:, 2:]):
        long, short = np.linalg.svd(pair - pair.mean(axis=0), compute_uv=False)[:2]
        if not short > 1e-6 * long:
            return False
    return True


def _arrays(items: dict[str, str], size: tuple[int, int], path: str) -> GeolocationArrays:
    """GDAL's metadata domain GEOLOCATION."""
    x = _plane(items["X_DATASET"], int(items.get("X_BAND", 1)), path)
    y = _plane(items["Y_DATASET"], int(items.get("Y_BAND", 1)), path)
    step = float(items.get("PIXEL_STEP", 1)), float(items.get("LINE_STEP", 1))
    offset = float(items.get("PIXEL_OFFSET", 0)), float(items.get("LINE_OFFSET", 0))
    if min(x.shape) == 1 and min(y.shape) == 1:  # a longitude for each column, a latitude for each row
        x, y = np.broadcast_arrays(x.reshape(1, -1), y.reshape(-1, 1))
    convention = items.get("GEOREFERENCING_CONVENTION", "")
    centres = convention == "PIXEL_CENTER" or (not convention and x.shape == size and step == (1.0, 1.0))
    origin = (offset[0] + 0.5, offset[1] + 0.5) if centres else offset
    crs = items.get("SRS", "")
    return coordinate_arrays(x, y, crs, os.path.basename(path), origin, step)


def coordinate_arrays(
    x: np.ndarray,
    y: np.ndarray,
    crs: str,
    name: str,
    origin: tuple[float, float] = (0.5, 0.5),
    step: tuple[float, float] = (1.0, 1.0),
) -> GeolocationArrays:
    """Geolocation arrays, checked: fill values are unknown, and coordinates without a reference system are degrees.

    Args:
        x, y: (rows, columns) float32 or float64, of the nodes.
        crs: of both, as WKT; "" for what the numbers tell.
        name: of their file, for errors.
        origin, step: as of :class:`.geolocation_arrays.GeolocationArrays`.

    Returns:
        The geolocation.

    Raises:
        InputError: they are too few, or no coordinates.
    """
    x, y = np.array(x, float), np.array(y, float)
    if x.shape != y.shape or x.ndim != 2 or min(x.shape) < 2:
        raise InputError(f"The geolocation arrays of {name} have {x.shape} and {y.shape} nodes; get a fresh copy.")
    crs = crs or wkt_of("EPSG:4326")
    bounds = (360.0, 90.0) if is_geographic(crs) else (1e8, 1e8)
    with np.errstate(invalid="ignore"):
        known = (np.abs(x) <= bounds[0]) & (np.abs(y) <= bounds[1])
    if known.mean() < 0.5:
        raise InputError(f"The geolocation arrays of {name} hold no coordinates of their reference system.")
    x[~known], y[~known] = np.nan, np.nan
    return GeolocationArrays(x, y, crs, origin, step)


def _plane(name: str, number: int, path: str) -> np.ndarray:
    """A band of a file, which may be named relative to the image's folder."""
    beside = os.path.join(os.path.dirname(path), name)
    with gdal_messages() as messages:
        dataset = open_quietly(messages, beside if os.path.exists(beside) else name, gdal.OF_RASTER)
        band: Any = None if dataset is None else dataset.GetRasterBand(number)
        values = None if band is None else messages.call(band.ReadAsArray)
    if values is None:
        raise InputError(f"The geolocation array {name} of {os.path.basename(path)} cannot be read{messages.words()}.")
    plane: np.ndarray = np.asarray(values, float)
    return plane


def crs_of_coordinates(dataset: gdal.Dataset, x: np.ndarray, y: np.ndarray) -> str:
    """The reference system of coordinates in a raster's bands.

    Args:
        dataset: the raster; its own reference system counts first.
        x, y: (rows, columns) float64, the coordinates.

    Returns:
        WKT; "" where neither the file nor the numbers tell.
    """
    own = crs_of(dataset)
    if own:
        return own
    degrees = np.nanmax(np.abs(x), initial=0.0) <= 360.0 and np.nanmax(np.abs(y), initial=0.0) <= 90.0
    return wkt_of("EPSG:4326") if degrees else ""
