"""Bands that lie in subdatasets of their own: Band1, Band2 ..., as GDAL writes images into netCDF and Zarr; and
the cube of a Zarr store, which GDAL shows as a subdataset a band, or not at all."""

from __future__ import annotations

import re

from osgeo import gdal

from .gdal_errors import gdal_messages

_SPATIAL = (("y", "x"), ("lat", "lon"), ("latitude", "longitude"), ("row", "column"))
_BAND = re.compile(r"[:/]Band(\d+)$")


def with_bands(dataset: gdal.Dataset) -> gdal.Dataset:
    """A dataset whose bands lie in its subdatasets, as one with bands.

    Args:
        dataset: any open raster.

    Returns:
        Of a Zarr store with one cube, that; else a virtual raster in memory of Band1, Band2 ..., in their order; the
        dataset itself where it has bands, or lacks one of those.
    """
    if dataset.RasterCount:
        return dataset
    if dataset.GetDriver().ShortName == "Zarr":
        cube = _cube(dataset.GetDescription())
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


def _cube(path: str) -> gdal.Dataset | None:
    """The only array of three dimensions in a Zarr store: bands by their dimension, its attributes as metadata; None
    where there is none, or several."""
    with gdal_messages(raising=False) as messages:
        store = messages.call(gdal.OpenEx, path, gdal.OF_MULTIDIM_RASTER, allowed_drivers=["Zarr"])
        root = store.GetRootGroup() if store is not None else None
        arrays = [root.OpenMDArray(name) for name in root.GetMDArrayNames() or []] if root is not None else []
        cubes = [array for array in arrays if array is not None and array.GetDimensionCount() == 3]
        if len(cubes) != 1:
            return None
        names = [dimension.GetName().lower() for dimension in cubes[0].GetDimensions()]
        y, x = next((pair for pair in _SPATIAL if set(pair) <= set(names)), (names[1], names[2]))
        return messages.call(cubes[0].AsClassicDataset, names.index(x), names.index(y))


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
