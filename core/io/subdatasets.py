"""Bands that lie in subdatasets of their own: Band1, Band2 ..., as GDAL writes images into netCDF and Zarr."""

from __future__ import annotations

import re

from osgeo import gdal

from .gdal_errors import gdal_messages

_BAND = re.compile(r"[:/]Band(\d+)$")


def with_bands(dataset: gdal.Dataset) -> gdal.Dataset:
    """A dataset whose bands lie in its subdatasets, as one with bands.

    Args:
        dataset: any open raster.

    Returns:
        A virtual raster in memory of Band1, Band2 ..., in their order; the dataset itself where it has bands, or lacks
        one of those.
    """
    if dataset.RasterCount:
        return dataset
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
