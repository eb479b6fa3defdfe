"""EMIT L2A reflectance and L1B radiance as delivered: netCDF in sensor geometry, its masks in another file.

What catches people out:

* The image lies in sensor geometry, (downtrack, crosstrack, bands), and each pixel has a longitude and a latitude.
  The file's geotransform and reference system are of another grid, that of the lookup table (GLT), in degrees.
* The lookup table counts from 1; 0 is none. In some granules of 2023 it counts columns from the other end: it is
  compared with the longitudes. It says on which map grid the finished image is put.
* Pixels that are put on the map by the table are the nearest ones and jitter by up to half a pixel. Here the image is
  sharpened as it was measured; only the result is put on the map.
* -9999 is no data. Bands in water vapour hold -0.01 and no reflectance: ``good_wavelengths`` is 0, they are bad. L1B
  has no such list: all its bands are good.
* ``EMIT_L2A_MASK_...nc`` is a file of its own. Where it lies beside the image, samples that it says to be interpolated
  (``band_mask``, eight bands a byte) and pixels behind the spacecraft are not valid. Clouds, cirrus, water and
  aerosol are valid measurements: they are the role "quality", to be used as a mask.
* Chunks hold many rows and bands (256 x 249 x 57 is usual): reading it row by row decodes the file many times.
"""

from __future__ import annotations

import re

import numpy as np
from osgeo import gdal

from ..io.gdal_errors import gdal_messages
from ..io.grid import Grid
from ..io.metadata import RasterMetadata
from ..io.origin import Origin
from ..runtime.errors import InputError
from .container import Container
from .cube import Cube, Flags, Part, bands_metadata, good_bands
from .layout import check_wavelengths, spectral
from .members import Members, base_name
from .swath import swath_grid, tabled_grid

KEY = r"EMIT_L(?:2A_RFL|1B_RAD)_\d{3}_\d{8}T\d{6}_\d+_\d+\.nc"
PARTS = r"EMIT_L2A_MASK_\d{3}_\d{8}T\d{6}_\d+_\d+\.nc"
SOURCE = "NASA LP DAAC, EMIT L1B and L2A User Guides; EMIT L1B ATBD"

_KINDS = {"reflectance": "L2A reflectance", "radiance": "L1B radiance (uW cm-2 sr-1 nm-1)"}
_NODATA = -9999.0
_SPACECRAFT = 3  # band of the masks
_MASKS = ("cloud", "cirrus", "water", "spacecraft", "dilated cloud", "AOD550", "H2O", "aggregate")


def file_of(members: Members, role: str) -> str:
    """The file that holds an image of the product.

    Args:
        members: its files.
        role: "hsi" or "quality".

    Returns:
        The path.

    Raises:
        InputError: there is no such file.
    """
    path = members.paths[0]
    if role != "quality":
        return path
    mask = _mask_of(path)
    if not mask:
        raise members.lacks("masks (EMIT_L2A_MASK_....nc)")
    return mask


def holds(file: Container) -> bool:
    """Whether a file is one, whatever its name.

    Args:
        file: the open file.

    Returns:
        Whether it is.
    """
    places = ("/location/lon", "/sensor_band_parameters/wavelengths")
    return all(file.array(place) is not None for place in places) and any(
        any(file.shape(f"/{kind}")) for kind in _KINDS
    )


def describe(file: Container, role: str) -> Cube:
    """The cube of a file.

    Args:
        file: the open file.
        role: "hsi" or "quality".

    Returns:
        Where it lies, and what the file says of it.

    Raises:
        InputError: the file is no such product, or its metadata cannot be used.
    """
    kind = next((kind for kind in ("mask", *_KINDS) if file.array(f"/{kind}") is not None), "")
    if not kind or (kind == "mask") != (role == "quality"):
        raise InputError(f"{file.name} holds no EMIT reflectance or radiance; choose an EMIT_L2A_RFL or EMIT_L1B_RAD.")
    rows, cols, bands = file.shape(f"/{kind}")
    grid, notes = _grid(file, (rows, cols))
    part = Part(f"/{kind}", "rcb", tuple(range(bands)))
    if kind == "mask":
        metadata = RasterMetadata.plain(bands, "float32", _NODATA)
        names = _MASKS if bands == len(_MASKS) else tuple(f"mask {i + 1}" for i in range(bands))
        return Cube((part,), grid, metadata.replace(names=names), Origin("EMIT masks", "", file.acquired, (), True))
    place = "/sensor_band_parameters"
    waves, widths = file.numbers(f"{place}/wavelengths"), file.numbers(f"{place}/fwhm")
    check_wavelengths(len(waves), bands, file.name)
    wavelengths, fwhm = spectral(waves, widths, file.name)
    bbl = good_bands(file.numbers(f"{place}/good_wavelengths"), bands)
    mask = _mask_of(file.path)
    flags = Flags("/band_mask", "rcb", file=mask, packed=True) if mask else None
    said = ("interpolated samples and those behind the spacecraft, of its MASK file, are not valid",) if mask else ()
    return Cube(
        (Part(part.array, part.axes, part.numbers, flags),),
        grid,
        bands_metadata(wavelengths, fwhm, _NODATA).replace(bbl=bbl),
        Origin(
            f"EMIT {_KINDS[kind]}",
            "",
            file.acquired,
            (
                f"wavelengths, widths and bad bands ({bbl.count(0)}) from sensor_band_parameters",
                f"placed by {getattr(grid.frame, 'about', '')}",
                f"{_NODATA:g} is nodata",
                *said,
            ),
            True,
        ),
        (Flags("/mask", "rcb", file=mask, band=_SPACECRAFT),) if mask else (),
        notes=notes,
    )


def _mask_of(path: str) -> str:
    """The file of the masks of an image, beside it; "" for none."""
    start = len(path) - len(base_name(path))  # folders may be named as the file
    mask = path[:start] + re.sub(r"EMIT_L(?:2A_RFL|1B_RAD)_", "EMIT_L2A_MASK_", path[start:])
    with gdal_messages() as messages:
        return mask if mask != path and messages.call(gdal.VSIStatL, mask) is not None else ""


def _grid(file: Container, size: tuple[int, int]) -> tuple[Grid, tuple[str, ...]]:
    lon, lat = file.plane("/location/lon"), file.plane("/location/lat")
    facts = file.attributes("")
    columns, lines = file.plane("/location/glt_x"), file.plane("/location/glt_y")
    transform = _transform(facts.get("geotransform"))
    if columns is None or lines is None or columns.shape != lines.shape or not transform:
        return swath_grid(lon, lat, file.name, size)
    rows, cols = columns.shape
    grid = Grid.from_geotransform(transform, rows, cols, str(facts.get("spatial_ref") or ""), file.name)
    table = (_entries(columns), _entries(lines), grid)
    return tabled_grid(lon, lat, table, file.name, size)


def _transform(value: object) -> tuple[float, ...]:
    """Six numbers of a north-up grid; none of others."""
    if not isinstance(value, (tuple, list)) or len(value) != 6 or not all(isinstance(v, (int, float)) for v in value):
        return ()
    numbers = tuple(float(number) for number in value)
    north_up = numbers[1] > 0 > numbers[5] and not numbers[2] and not numbers[4]
    return numbers if north_up and bool(np.isfinite(numbers).all()) else ()


def _entries(plane: np.ndarray) -> np.ndarray:
    """Whole numbers; fill values are none."""
    entries: np.ndarray = np.where(np.abs(plane) < 1e7, plane, 0.0).astype(np.int64)
    return entries
