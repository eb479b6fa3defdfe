"""Bands that lie in subdatasets of their own: Band1, Band2 ..., as GDAL writes images into netCDF and Zarr; the cube of
a Zarr store, which GDAL shows as a subdataset a band, or not at all; and that of a netCDF file whose bands are its last
dimension, of which GDAL shows a row a band, with bands for columns.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from osgeo import gdal

from .gdal_errors import driver_name, gdal_messages

_SPATIAL = (
    *(("y", "x"), ("lat", "lon"), ("latitude", "longitude"), ("northing", "easting")),
    *(("row", "column"), ("rows", "columns"), ("rows", "cols"), ("line", "sample"), ("lines", "samples")),
)
_ARRAY = re.compile(r'(NETCDF|ZARR):"?(.+?)"?:/?([^:"]+)$', re.IGNORECASE)
_MOST_READ = 2  # times the bands that are wanted: where they lie farther apart, each is read for itself
_BAND = re.compile(r"[:/]Band(\d+)$")


def with_bands(dataset: gdal.Dataset) -> gdal.Dataset:
    """A dataset whose bands lie in its subdatasets, as one with bands.

    Args:
        dataset: any open raster.

    Returns:
        Of a Zarr store with one cube, that, and that of a netCDF file with its bands last; else a virtual raster in
        memory of Band1, Band2 ..., in their order; the dataset itself where it has bands, or lacks one of those.
    """
    if isinstance(dataset, _Cube):
        return dataset
    driver, cube = driver_name(dataset), None
    if dataset.RasterCount:
        if driver == "netCDF" and _over(dataset) in {name for pair in _SPATIAL for name in pair}:
            named = _ARRAY.match(dataset.GetDescription())
            path, array = (named[2], named[3]) if named else (dataset.GetDescription(), "")
            cube = _cube(path, array, driver)
        return dataset if cube is None else cube
    if driver == "Zarr":
        cube = _cube(dataset.GetDescription(), "", driver)
        if cube is not None:
            return cube
    found = {}
    for name, _ in dataset.GetSubDatasets():
        match = _BAND.search(name)
        if match:
            found[int(match[1])] = name
    if not found or sorted(found) != list(range(1, len(found) + 1)):
        return dataset
    with gdal_messages(raising=False) as messages:
        names = [found[number] for number in sorted(found)]
        made = messages.call(gdal.BuildVRT, "", names, separate=True)
    return made if made is not None and made.RasterCount == len(found) else dataset


def named_cube(name: str) -> gdal.Dataset | None:
    """The array of three dimensions that a name of GDAL stands for (``ZARR:"a.zarr":/cube``), which GDAL itself opens
    one band of.

    Args:
        name: any name.

    Returns:
        The cube; None of other names, and where there is no such array.
    """
    named = _ARRAY.match(name)
    return _cube(named[2], named[3], "Zarr") if named and named[1].upper() == "ZARR" else None


def cube_arguments(path: str) -> list[str]:
    """What gdalmdimtranslate is told to make a raster of a cube that GDAL's other tools do not see as it is read here.

    Args:
        path: what is read.

    Returns:
        The option and the name of the container; an empty list where there is no such cube.
    """
    with gdal_messages(raising=False) as messages:
        dataset = messages.call(gdal.OpenEx, path, gdal.OF_RASTER) if path else None
        shown = with_bands(dataset) if dataset is not None else named_cube(path)
    return shown.arguments if isinstance(shown, _Cube) else []


def _over(dataset: gdal.Dataset) -> str:
    """The dimension over which GDAL counts the bands of a netCDF file."""
    return (dataset.GetMetadataItem("NETCDF_DIM_EXTRA") or "").strip("{}").lower()


def _cube(path: str, name: str, driver: str) -> gdal.Dataset | None:
    """An array of three dimensions in a container, or its only one: bands by their dimension, its attributes as
    metadata; None where there is none, or several."""
    with gdal_messages(raising=False) as messages:
        store = messages.call(gdal.OpenEx, path, gdal.OF_MULTIDIM_RASTER, allowed_drivers=[driver])
        root = store.GetRootGroup() if store is not None else None
        if root is None:
            return None
        arrays = [root.OpenMDArray(each) for each in ([name] if name else root.GetMDArrayNames() or [])]
        cubes = [array for array in arrays if array is not None and array.GetDimensionCount() == 3]
        if len(cubes) != 1:
            return None
        names = [dimension.GetName().lower() for dimension in cubes[0].GetDimensions()]
        y, x = next((pair for pair in _SPATIAL if set(pair) <= set(names)), (names[1], names[2]))
        axes = names.index(y), names.index(x)
        shown = messages.call(cubes[0].AsClassicDataset, axes[1], axes[0])
        return None if shown is None else _Cube(cubes[0], axes, shown, path)


class _Cube:
    """The dataset of an array of three dimensions, whose bands are read together: GDAL reads one after the other, and
    decodes each chunk as often as it holds bands.

    Args:
        array: the array.
        axes: of its dimensions, those of rows and of columns.
        dataset: GDAL's view of it.
        container: that it lies in.

    Attributes:
        arguments: see :func:`cube_arguments`.
    """

    def __init__(self, array: gdal.MDArray, axes: tuple[int, int], dataset: gdal.Dataset, container: str) -> None:
        self._array, self._dataset = array, dataset
        self._order = (3 - sum(axes), *axes)
        turned = "" if self._order == (0, 1, 2) else f",transpose=[{','.join(map(str, self._order))}]"
        self.arguments = ["-array", f"name={array.GetFullName()}{turned}", container]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dataset, name)

    def ReadRaster(  # noqa: N802 - GDAL's
        self, col: int, row: int, cols: int, rows: int, buf_type: int, band_list: list[int]
    ) -> Any:
        """As :meth:`gdal.Dataset.ReadRaster`."""
        first, count = min(band_list) - 1, max(band_list) - min(band_list) + 1
        if count > _MOST_READ * len(band_list):
            return self._dataset.ReadRaster(col, row, cols, rows, buf_type=buf_type, band_list=band_list)
        window = dict(zip(self._order, ((first, count), (row, rows), (col, cols))))
        starts, counts = zip(*(window[axis] for axis in range(3)))
        kind = gdal.ExtendedDataType.Create(buf_type)
        data = self._array.Read(list(starts), list(counts), buffer_datatype=kind)
        if data is None:
            return None
        values = np.frombuffer(data, f"V{kind.GetSize()}").reshape(counts).transpose(self._order)
        chosen = [number - 1 - first for number in band_list]
        return np.ascontiguousarray(values if chosen == list(range(count)) else values[chosen])


def is_shown(path: str) -> bool:
    """Whether GDAL's tools see a raster as it is read here.

    Args:
        path: what GDAL opens.

    Returns:
        Whether they do; False of what cannot be opened, as "", the path of what has no file.
    """
    with gdal_messages(raising=False) as messages:
        dataset = messages.call(gdal.OpenEx, path, gdal.OF_RASTER) if path else None
        return dataset is not None and with_bands(dataset) is dataset


def has_bands(path: str) -> bool:
    """Whether GDAL shows bands of a file as it is, as other software then does.

    Args:
        path: the file.

    Returns:
        Whether it does.
    """
    with gdal_messages(raising=False) as messages:
        dataset = messages.call(gdal.OpenEx, path, gdal.OF_RASTER)
    return dataset is not None and dataset.RasterCount > 0
