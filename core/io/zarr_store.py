"""Zarr stores (format 2) as xarray, rioxarray and GDAL read them: a cube ``image`` of wavelength, y and x.

What catches people out: a store is a folder. Coordinates stand at pixel centres and lie along the axes, so a rotated
grid has no place in it. rioxarray finds the reference system in ``spatial_ref``, GDAL in ``_CRS``. xarray makes
coordinates of what ``coordinates`` names, and takes ``fill_value`` for the nodata value. Bands that are scaled alike
have CF's ``scale_factor`` and ``add_offset``; others have lists, ``scales`` and ``offsets``, as in rioxarray. GDAL
shows lists among the attributes, which :mod:`.band_sources` reads. ``.zmetadata`` holds all metadata at once.
"""

from __future__ import annotations

import itertools
import json
import os
import zlib
from typing import Any

import numpy as np
from osgeo import gdal, osr

from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .gdal_errors import gdal_messages
from .grid import Grid
from .metadata import GDAL_OF_DTYPE, RasterMetadata

IMAGE = "image"
_CHUNK = 16, 256, 256  # bands, rows, columns
_LEVEL = 1


def check_zarr(grid: Grid, name: str) -> None:
    """Make sure that coordinates along two axes can say where a grid lies.

    Args:
        grid: the grid.
        name: of the store, for the error.

    Raises:
        InputError: they cannot.
    """
    if grid.frame is not None:
        how = "in sensor geometry" if grid.in_sensor_geometry else "on a rotated grid"
        raise InputError(f"{name} is to lie {how}, which a Zarr store cannot say; write a GeoTIFF (.tif).")
    if min(grid.rows, grid.cols) < 2:
        raise InputError(
            f"{name} would have one row or column, whose size coordinates cannot say; write a GeoTIFF (.tif)."
        )


def write_zarr(
    finished: str, path: str, grid: Grid, metadata: RasterMetadata, compress: bool, progress: Progress, placement: str
) -> None:
    """Write a store of a finished GeoTIFF, chunk by chunk.

    Args:
        finished: the GeoTIFF.
        path: folder to make.
        grid: its grid; neither rotated nor in sensor geometry.
        metadata: of its bands.
        compress: whether chunks are compressed (zlib).
        progress: asked whether to stop.
        placement: what was done to bring the image onto its grid; "" for nothing.

    Raises:
        OSError: a file cannot be written, as when the disk is full.
        InputError: the GeoTIFF cannot be read.
        Cancelled: the user stopped the job.
    """
    store = _Store(path, compress)
    known = all(wave is not None for wave in metadata.wavelengths)
    along = "wavelength" if known and len(set(metadata.wavelengths)) == metadata.bands else "band"
    store.attributes["Conventions"] = "CF-1.8"
    if placement:
        store.attributes["placement"] = placement
    beside = _coordinates(store, grid, metadata, along)
    image = _attributes(metadata, grid) | {"coordinates": " ".join(beside)}
    shape = metadata.bands, grid.rows, grid.cols
    dtype = np.dtype(metadata.dtype).newbyteorder("<")
    chunk = tuple(min(size, count) for size, count in zip(_CHUNK, shape))
    store.describe(IMAGE, shape, chunk, dtype, (along, "y", "x"), image, metadata.nodata)
    with gdal_messages() as messages:
        dataset = messages.call(gdal.OpenEx, finished, gdal.OF_RASTER)
        spans = [range(-(-count // size)) for count, size in zip(shape, chunk)]
        # Columns run fastest and bands next: GDAL's block cache then holds what neighbours share.
        for row, band, col in itertools.product(spans[1], spans[0], spans[2]):
            progress.check()
            first = band * chunk[0], row * chunk[1], col * chunk[2]
            count = [min(size, end - start) for size, end, start in zip(chunk, shape, first)]
            data = messages.call(
                dataset.ReadRaster,
                *(first[2], first[1], count[2], count[1]),
                buf_type=GDAL_OF_DTYPE[metadata.dtype],
                band_list=list(range(first[0] + 1, first[0] + count[0] + 1)),
            )
            if data is None:
                raise InputError(f"{os.path.basename(finished)} cannot be read again{messages.words()}.")
            block = np.zeros(chunk, dtype)
            block[tuple(map(slice, count))] = np.frombuffer(data, metadata.dtype).reshape(count)
            store.put(IMAGE, (band, row, col), block)
            if col == spans[2][-1]:
                messages.call(dataset.FlushCache)  # GDAL's block cache would grow to a share of the memory
    store.close()


def _attributes(metadata: RasterMetadata, grid: Grid) -> dict[str, Any]:
    """Of the cube: what GDAL shows as metadata of the dataset, where lists have one entry a band."""
    found: dict[str, Any] = {"grid_mapping": "spatial_ref"}
    if grid.crs:
        found["_CRS"] = {"wkt": grid.crs}
    for key, values in (("wavelength", metadata.wavelengths), ("fwhm", metadata.fwhm)):
        if any(value is not None for value in values):
            found[key] = [0.0 if value is None else float(value) for value in values]
            found["wavelength_units"] = "Nanometers"
    if "wavelength_units" in found or 0 in metadata.bbl:
        found["bbl"] = list(metadata.bbl)
    if any(metadata.names):
        found["long_name"] = [name.replace(",", ";") for name in metadata.names]
    if len(set(metadata.scales)) == len(set(metadata.offsets)) == 1:
        if (metadata.scales[0], metadata.offsets[0]) != (1.0, 0.0):
            found |= {"scale_factor": metadata.scales[0], "add_offset": metadata.offsets[0]}
    else:
        found |= {"scales": list(metadata.scales), "offsets": list(metadata.offsets)}
    return found


def _coordinates(store: _Store, grid: Grid, metadata: RasterMetadata, along: str) -> list[str]:
    """Write them; the names of those that are not called as the dimension that they lie along."""
    system = osr.SpatialReference()
    degrees = bool(grid.crs) and system.ImportFromWkt(grid.crs) == 0 and bool(system.IsGeographic())
    place = grid.geotransform
    for axis, count, start, step in (("x", grid.cols, place[0], place[1]), ("y", grid.rows, place[3], place[5])):
        where = "longitude" if axis == "x" else "latitude"
        said = {"standard_name": f"projection_{axis}_coordinate"}
        if degrees:
            said = {"standard_name": where, "units": "degrees_east" if axis == "x" else "degrees_north"}
        store.write(axis, start + step * (np.arange(count) + 0.5), (axis,), said)
    crs = {"crs_wkt": grid.crs, "spatial_ref": grid.crs} if grid.crs else {}
    store.write("spatial_ref", np.array(0, "<i8"), (), {**crs, "GeoTransform": " ".join(map(repr, place))})
    beside = ["spatial_ref"]
    for key, values in (("wavelength", metadata.wavelengths), ("fwhm", metadata.fwhm)):
        if any(value is not None for value in values):
            numbers = np.array([np.nan if value is None else value for value in values], "<f8")
            store.write(key, numbers, (along,), {"units": "nm"})
            beside += [key] if key != along else []
    store.write("bbl", np.array(metadata.bbl, "|u1"), (along,), {"long_name": "1 for good bands, 0 for bad ones"})
    return [*beside, "bbl"]


class _Store:
    """A group of arrays in a folder.

    Args:
        path: the folder.
        compress: whether chunks are compressed.
    """

    def __init__(self, path: str, compress: bool) -> None:
        self._path, self._compress = path, compress
        self.attributes: dict[str, Any] = {}
        self._said: dict[str, Any] = {".zgroup": {"zarr_format": 2}}
        os.mkdir(path)

    def describe(
        self,
        name: str,
        shape: tuple[int, ...],
        chunk: tuple[int, ...],
        dtype: np.dtype,
        dimensions: tuple[str, ...],
        attributes: dict[str, Any],
        fill: float | None = None,
    ) -> None:
        """Say what an array is."""
        text: float | str | None = fill
        if fill is not None:
            text = "NaN" if np.isnan(fill) else int(fill) if dtype.kind in "iu" else float(fill)
            text = ("Infinity" if fill > 0 else "-Infinity") if np.isinf(fill) else text
        os.mkdir(os.path.join(self._path, name))
        self._said[f"{name}/.zarray"] = {
            "zarr_format": 2,
            "shape": shape,
            "chunks": chunk,
            "dtype": dtype.str,
            "compressor": {"id": "zlib", "level": _LEVEL} if self._compress else None,
            "fill_value": text,
            "order": "C",
            "filters": None,
        }
        self._said[f"{name}/.zattrs"] = {"_ARRAY_DIMENSIONS": dimensions, **attributes}

    def put(self, name: str, number: tuple[int, ...], block: np.ndarray) -> None:
        """Write a chunk."""
        data = block.tobytes()
        with open(os.path.join(self._path, name, ".".join(map(str, number)) or "0"), "wb") as file:
            file.write(zlib.compress(data, _LEVEL) if self._compress else data)

    def write(self, name: str, values: np.ndarray, dimensions: tuple[str, ...], attributes: dict[str, Any]) -> None:
        """Write an array of one chunk."""
        self.describe(name, values.shape, values.shape, values.dtype, dimensions, attributes)
        self.put(name, (0,) * values.ndim, values)

    def close(self) -> None:
        """Write what was said of the arrays: before that, the folder is no store."""
        self._said[".zattrs"] = self.attributes
        for key, value in self._said.items():
            self._json(key, value)
        self._json(".zmetadata", {"metadata": self._said, "zarr_consolidated_format": 1})

    def _json(self, key: str, value: object) -> None:
        with open(os.path.join(self._path, *key.split("/")), "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1, allow_nan=False)
