"""Where a raster lies: the grid that its file tells, and how that is written to a new one."""

from __future__ import annotations

import numpy as np
from osgeo import gdal

from ..runtime.errors import InputError
from .crs import crs_of
from .frames import Geolocation
from .geolocation import geolocation_of
from .geolocation_files import geolocation_from
from .grid import Grid
from .positions import rows_and_columns, to_map
from .remedies import Source
from .unplaced import UnplacedError

_POINTS = 25  # along each axis at most: as dense as readers stay fast with


def grid_of(dataset: gdal.Dataset, source: Source, geolocation: str = "") -> Grid:
    """The grid of a raster, by its geotransform, or else by a geolocation.

    Args:
        dataset: the open raster.
        source: its name and path.
        geolocation: file that says where its pixels lie, see :func:`.geolocation_files.geolocation_from`; "" for none.

    Returns:
        The grid.

    Raises:
        UnplacedError: nothing places it on the map.
        InputError: a geolocation cannot be read, or is that of another image.
    """
    size = dataset.RasterYSize, dataset.RasterXSize

    def placed(own: Geolocation | None) -> Grid | None:
        found = geolocation_from(geolocation, size, own, source.name) if geolocation else own
        return None if found is None else rows_and_columns(found, *size)

    try:
        grid = Grid.from_geotransform(dataset.GetGeoTransform(), *size, crs_of(dataset), source)
    except UnplacedError:
        by_geolocation = placed(geolocation_of(dataset, source.path))
        if by_geolocation is None:
            raise
        return by_geolocation
    return placed(None) or grid


def place_dataset(dataset: gdal.Dataset, grid: Grid) -> None:
    """Write the georeference of a grid. What a geolocation says is written as a lattice of ground control points.

    Args:
        dataset: open for writing.
        grid: its grid.
    """
    if not grid.in_sensor_geometry:
        dataset.SetGeoTransform(grid.geotransform)
        if grid.crs:
            dataset.SetProjection(grid.crs)
        return
    axes = [np.linspace(0.0, count, min(_POINTS, count + 1)) for count in (grid.rows, grid.cols)]
    rows, cols = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    x, y = to_map(grid, rows, cols)
    points = [
        gdal.GCP(float(east), float(north), 0.0, float(col), float(row))
        for east, north, col, row in zip(x, y, cols, rows)
        if np.isfinite(east) and np.isfinite(north)
    ]
    dataset.SetGCPs(points, grid.crs)


def check_envi(grid: Grid, name: str) -> None:
    """Make sure that an ENVI header can say where a grid lies: its rotation is one angle, for square pixels.

    Args:
        grid: the grid.
        name: of the file, for the error.

    Raises:
        InputError: it cannot.
    """
    if grid.frame is None:
        return
    _, dx, rotation_x, _, rotation_y, dy = grid.geotransform
    square = max(abs(dx + dy), abs(rotation_x - rotation_y)) <= 1e-9 * max(abs(dx), abs(rotation_x))
    if grid.in_sensor_geometry or not square:
        how = "in sensor geometry" if grid.in_sensor_geometry else "on a rotated grid whose pixels are not square"
        raise InputError(f"{name} is to lie {how}, which an ENVI header cannot say; write a GeoTIFF (.tif).")
