"""xarray's DataArrays as images, by the conventions of rioxarray.

Coordinates stand at pixel centres. What catches people out: the ``GeoTransform`` of ``spatial_ref`` goes stale when a
DataArray is cut, so the coordinates are used, and the attribute only where the two agree; y may ascend;
wavelengths may have any unit; a nodata value may be an attribute, or have been replaced by NaN when the file was read.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import ogr, osr

from ..runtime.errors import InputError
from .array_image import ArrayImage, as_number, checked, metadata_of
from .gdal_errors import gdal_messages
from .grid import Grid, same_crs
from .metadata import RasterMetadata
from .wavelengths import in_nanometres, wavelength_in_name

if TYPE_CHECKING:
    from typing_extensions import TypeIs
    from xarray import DataArray

SPATIAL = (("y", "x"), ("lat", "lon"), ("latitude", "longitude"))
GRID_MAPPING = "spatial_ref"
_FILL = ("_FillValue", "missing_value", "nodata")
_GOOD = ("bbl", "good_band", "good_bands", "good_wavelengths")  # coordinates of bands: 1, True for good ones
_EVEN = 1e-3  # pixels by which a coordinate may lie off an even grid


def is_data_array(array: object) -> TypeIs[DataArray]:
    """Whether it is a DataArray; xarray is not loaded to find out.

    Args:
        array: any object.

    Returns:
        Whether it is one.
    """
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(array, xarray.DataArray)


def image_of(array: DataArray, name: str, nodata: float | None = None) -> ArrayImage:
    """A DataArray as an image, north-up: (bands, rows, cols), one band where it has no dimension of bands.

    Args:
        array: with dimensions y and x (or lat, lon) and coordinates of them.
        name: for errors.
        nodata: instead of what the DataArray says.

    Returns:
        The image, of the dtype of the DataArray.

    Raises:
        InputError: dimensions, coordinates, CRS or numbers cannot be used.
    """
    y, x = _spatial(array, name)
    band = _band_dimension(array, name)
    values = array.transpose(*([band] if band else []), y, x).data
    values = np.asarray(values.compute() if hasattr(values, "compute") else values)
    values = checked(values if band else values[None], name)
    grid, down, forth = _grid(array, name)
    return ArrayImage(values[:, ::down, ::forth], grid, _metadata(array, band, values, name, nodata))


def data_array_of(image: ArrayImage, hsi: DataArray, pan: DataArray) -> DataArray:
    """A result as a DataArray: bands, their coordinates and attributes are the HSI's; x, y and the CRS those of the one
    of the two on whose grid, perhaps refined, it lies.

    Args:
        image: on a part of the PAN's grid or of the HSI's refined, north-up; its bands are named by their numbers (from
            1) in the HSI.
        hsi, pan: what it was made of.

    Returns:
        The DataArray, of the image's dtype, with the dimensions in the HSI's order.
    """
    import xarray

    band = _band_dimension(hsi, "hsi")
    chosen = [int(number) - 1 for number in image.metadata.names]
    like = _like(image, hsi, pan)
    plane = _placed(image, image.values, like)
    coords = {key: plane.coords[key] for key in plane.coords}
    for key, coord in hsi.coords.items():
        if coord.dims == (band,):
            coords[key] = (band, coord.values[chosen], coord.attrs)
        elif coord.dims == () and key not in coords:
            coords[key] = coord.variable
    y, x = plane.dims[-2:]
    made = xarray.DataArray(plane.data, coords, (band, y, x), hsi.name, dict(hsi.attrs))
    nodata = image.metadata.nodata
    if nodata is not None and (made.dtype.kind != "f" or any(key in hsi.attrs for key in _FILL)):
        key = next((key for key in _FILL if key in hsi.attrs), _FILL[0])
        made.attrs[key] = made.dtype.type(nodata)
    made.attrs.pop("grid_mapping", None)
    made.encoding["grid_mapping"] = _grid_mapping(like)
    if "_FillValue" in hsi.encoding and _FILL[0] not in made.attrs:
        made.encoding["_FillValue"] = hsi.encoding["_FillValue"]
    order: dict[Any, Any] = dict(zip(_spatial(hsi, "hsi"), (y, x)))
    return made.transpose(*(order.get(dimension, dimension) for dimension in hsi.dims))


def plane_of(image: ArrayImage, hsi: DataArray, pan: DataArray, name: str) -> DataArray:
    """One band of numbers without bands, as a DataArray (y, x) with coordinates and CRS as of :func:`data_array_of`.

    Args:
        image: one band.
        hsi, pan: what it was made of.
        name: name of the DataArray.

    Returns:
        (rows, columns), of the image's dtype.
    """
    like = _like(image, hsi, pan)
    made = _placed(image, image.values[0], like)
    made.encoding["grid_mapping"] = _grid_mapping(like)
    return made.rename(name)


def _like(image: ArrayImage, hsi: DataArray, pan: DataArray) -> DataArray:
    """On whose grid a result lies: the PAN's, or the HSI's, refined."""
    crs = _crs(pan, "pan")
    return pan if not crs or not image.grid.crs or same_crs(crs, image.grid.crs) else hsi


def _placed(image: ArrayImage, values: np.ndarray, like: DataArray) -> DataArray:
    """Numbers with coordinates that run as those of a DataArray do, and are its own where its pixels are these."""
    import xarray

    y, x = _spatial(like, "pan")
    (whole, down, forth), part = _grid(like, "pan"), image.grid
    left, bottom, right, top = part.extent
    refined = abs(whole.dx / part.dx - 1.0) > _EVEN
    rows, cols = (math.nan, math.nan) if refined else ((top - whole.y) / part.dy, (left - whole.x) / part.dx)
    coords: dict[Any, Any] = {
        y: (y, *_labels(like, y, rows, top, part.dy, part.rows, down)),
        x: (x, *_labels(like, x, cols, left, part.dx, part.cols, forth)),
    }
    corner = (left if forth > 0 else right, top if down > 0 else bottom)
    transform = (corner[0], part.dx * forth, 0.0, corner[1], 0.0, part.dy * down)
    text = " ".join(repr(float(number)) for number in transform)
    coords[_grid_mapping(like)] = ((), 0, {**_georeference(like), "GeoTransform": text})
    lead = () if values.ndim == 2 else ("_band",)
    return xarray.DataArray(values[..., ::down, ::forth], coords, (*lead, y, x))


def _labels(
    pan: DataArray, dimension: str, first: float, start: float, step: float, count: int, direction: int
) -> tuple[np.ndarray, dict[Any, Any]]:
    """Coordinates of ``count`` pixels, with their attributes: the PAN's own from pixel ``first`` of the north-up PAN,
    so that labels are the very same; where that is no whole number (its position was corrected) or NaN (they are not
    its pixels), those of a grid from ``start``."""
    if dimension not in pan.coords:
        return (start + (np.arange(count) + 0.5) * step)[::direction], {}
    given = pan.coords[dimension]
    if math.isnan(first) or abs(first - round(first)) > _EVEN:
        return (start + (np.arange(count) + 0.5) * step)[::direction], given.attrs
    return given.values[::direction][round(first) : round(first) + count][::direction], given.attrs


def _spatial(array: DataArray, name: str) -> tuple[str, str]:
    for y, x in SPATIAL:
        if y in array.dims and x in array.dims:
            return y, x
    raise InputError(
        f"{name} has the dimensions {', '.join(map(str, array.dims))}; rename those of the map to y and x."
    )


def _band_dimension(array: DataArray, name: str) -> str:
    """The dimension that is not spatial; "" for none."""
    others = [str(dimension) for dimension in array.dims if dimension not in _spatial(array, name)]
    if len(others) > 1 or (name == "hsi" and not others):
        raise InputError(f"{name} has the dimensions {', '.join(map(str, array.dims))}; give one of bands, y and x.")
    return others[0] if others else ""


def _grid_mapping(array: DataArray) -> str:
    return str(array.encoding.get("grid_mapping") or array.attrs.get("grid_mapping") or GRID_MAPPING)


def _georeference(array: DataArray) -> dict[Any, Any]:
    """The attributes of ``spatial_ref``."""
    mapping = array.coords.get(_grid_mapping(array))
    return {} if mapping is None else mapping.attrs


def _transform(array: DataArray) -> tuple[float, ...] | None:
    """GDAL's six numbers of ``spatial_ref``; None where it has none."""
    try:
        numbers = tuple(float(part) for part in str(_georeference(array).get("GeoTransform", "")).split())
    except ValueError:
        return None
    return numbers if len(numbers) == 6 and all(map(math.isfinite, numbers)) else None


def _grid(array: DataArray, name: str) -> tuple[Grid, int, int]:
    """The grid, north-up whichever way the array runs; and the steps along y and x, 1 or -1, that turn it north-up."""
    y, x = _spatial(array, name)
    transform = _transform(array)
    if transform is not None and (transform[2] or transform[4]):
        raise InputError(
            f"{name} lies rotated on the map; give the files instead of arrays, to sharpen, fuse or classical, which "
            "take rotated ones as they are."
        )
    x_start, dx = _axis(array, x, name, None if transform is None else (transform[0], transform[1]))
    y_start, dy = _axis(array, y, name, None if transform is None else (transform[3], transform[5]))
    rows, cols = array.sizes[y], array.sizes[x]
    left, top = min(x_start, x_start + cols * dx), max(y_start, y_start + rows * dy)
    grid = Grid(left, top, abs(dx), -abs(dy), rows, cols, _crs(array, name))
    return grid, -1 if dy > 0 else 1, 1 if dx > 0 else -1


def _axis(array: DataArray, dimension: str, name: str, given: tuple[float, float] | None) -> tuple[float, float]:
    """(outer edge of the first pixel, step to the next) along a dimension."""
    count = array.sizes[dimension]
    if dimension not in array.coords:
        if given is None:
            raise InputError(f"{name} has no coordinates {dimension}; assign them, or give numpy arrays and the ratio.")
        return given
    centres = np.asarray(array.coords[dimension].values)
    if centres.dtype.kind not in "iuf" or count < 2 or not np.isfinite(centres).all():
        raise InputError(f"The coordinates {dimension} of {name} are no numbers on an even grid; assign other ones.")
    centres = centres.astype(np.float64)
    step = (centres[-1] - centres[0]) / (count - 1)
    even = centres[0] + step * np.arange(count)
    # Single precision is what some formats keep of coordinates.
    tolerance = _EVEN * abs(step) + 4 * np.finfo(np.float32).eps * np.abs(centres).max() * (centres.dtype.itemsize == 4)
    if step == 0 or np.abs(centres - even).max() > tolerance:
        raise InputError(f"The coordinates {dimension} of {name} are not evenly spaced; resample it to an even grid.")
    start = float(centres[0] - step / 2)
    if given is not None and max(abs(given[0] - start), abs(given[1] - step) * count) < _EVEN * abs(step):
        return given
    return start, float(step)


def _crs(array: DataArray, name: str) -> str:
    """The CRS as WKT; "" for none."""
    attrs = _georeference(array)
    text = str(attrs.get("crs_wkt") or attrs.get("spatial_ref") or "")
    if not text:
        return ""
    with gdal_messages() as messages:
        known = messages.call(osr.SpatialReference().ImportFromWkt, text) == ogr.OGRERR_NONE
    if not known:
        raise InputError(f"The CRS of {name} ({_grid_mapping(array)}) is no WKT that GDAL reads; write it again.")
    return text


def _metadata(array: DataArray, band: str, values: np.ndarray, name: str, nodata: float | None) -> RasterMetadata:
    """What coordinates of the bands and attributes say."""
    metadata = metadata_of(values, name, nodata)
    if nodata is None:
        fill = next((array.attrs[key] for key in _FILL if array.attrs.get(key) is not None), None)
        if fill is None and values.dtype.kind in "iu":
            fill = array.encoding.get("_FillValue")
        metadata = metadata.replace(nodata=None if fill is None else as_number(fill, f"The nodata value of {name}"))
    count = metadata.bands
    of_bands = {key: coord for key, coord in array.coords.items() if band and coord.dims == (band,)}
    found: dict[Any, list[Any]] = {
        key: coord.values.tolist() for key, coord in of_bands.items() if coord.dtype.kind in "iufb"
    }
    unknown: list[Any] = [None] * count
    unit = str(of_bands["wavelength"].attrs.get("units", "")) if "wavelength" in found else ""
    waves_nm, fwhm_nm = in_nanometres(found.get("wavelength", unknown), found.get("fwhm", unknown), unit)
    if not any(waves_nm):
        waves_nm = _in_names(array, of_bands, count)
    good = next((found[key] for key in _GOOD if key in found), (1,) * count)
    scaling = [
        as_number(array.attrs.get(key, usual), f"The attribute {key} of {name}")
        for key, usual in (("scale_factor", 1.0), ("add_offset", 0.0))
    ]
    return metadata.replace(
        wavelengths=waves_nm,
        fwhm=fwhm_nm,
        bbl=tuple(int(flag > 0) for flag in good),
        scales=(scaling[0],) * count,
        offsets=(scaling[1],) * count,
    )


def _in_names(array: DataArray, of_bands: dict[Any, Any], count: int) -> tuple[float | None, ...]:
    """Wavelengths in nm out of names of the bands: a coordinate of text, or ``long_name``, where rioxarray has them."""
    named = [coord.values.tolist() for coord in of_bands.values() if coord.dtype.kind in "OU"]
    long_name = array.attrs.get("long_name")
    named += [list(long_name)] if isinstance(long_name, (list, tuple)) and len(long_name) == count else []
    for names in named:
        waves = tuple(wavelength_in_name(name) if isinstance(name, str) else None for name in names)
        if any(waves):
            return waves
    return (None,) * count
