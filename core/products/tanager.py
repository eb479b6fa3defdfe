"""Planet Tanager-1 (``..._{ortho,basic}_radiance_hdf5.h5``, ``..._{ortho,basic}_sr_hdf5.h5``): HDF-EOS5, 426 bands.

What catches people out:

* Wavelengths are attributes of the cube, in nm; the STAC item beside it has them in micrometres.
* Flagged bands (``good_wavelengths`` = 0) hold -0.01 for the most part: they are marked as bad. -9999 is no data, and
  ``nodata_pixels`` is 1 outside the image.
* Orthorectified: the corners in ``StructMetadata.0`` are the outer edges of the image. A negative ZoneCode is a zone of
  the south; it must agree with ``epsg_code`` where the file has that.
* Orthorectified pixels were resampled by nearest neighbour and jitter by up to half a pixel: a local shift, which
  moving the whole image does not remove.
* Basic products lie in sensor geometry (``HDFEOS/SWATHS``), with a longitude and a latitude for each pixel: nothing
  was resampled. ``Planet_Ortho_Framing`` (JSON) names the map grid of the orthorectified product of the same strip; the
  finished image is put on it, where that fits the longitudes and latitudes.
"""

from __future__ import annotations

import json
import math
import re

import numpy as np

from ..io.geolocation_arrays import GeolocationArrays
from ..io.grid import Grid
from ..io.origin import Origin
from ..runtime.errors import InputError
from ..scene.placement import positions_on
from .container import Container, numbers_of, utm_grid
from .cube import Cube, Flags, Part, bands_metadata, good_bands
from .layout import check_wavelengths, spectral
from .swath import swath_grid

KEY = r".*_(?:ortho|basic)_(?:radiance|sr)(?:_hdf5)?\.h5"
SOURCE = "Planet, Tanager product specification, ortho_radiance_hdf5, ortho_sr_hdf5 and the basic ones"

_GRID, _SWATH = "/HDFEOS/GRIDS/HYP", "/HDFEOS/SWATHS/HYP"
_CUBES = ("surface_reflectance", "toa_radiance")
_NODATA = -9999.0
_FRAMING = "Planet_Ortho_Framing"
_LONGEST = 10_000  # characters of it
_BEYOND = 3.0  # pixels of the framing that the image may lie outside of it
_ALIKE = 2.0  # times as large or as small as its pixels those of the image may be


def holds(file: Container) -> bool:
    """Whether a file is one, whatever its name.

    Args:
        file: the open file.

    Returns:
        Whether it is.
    """
    return bool(_cube_of(file)[0])


def _cube_of(file: Container) -> tuple[str, str]:
    """The group and the kind of the cube; "" for none."""
    places = [(place, kind) for place in (_GRID, _SWATH) for kind in _CUBES]
    found = (one for one in places if file.array(f"{one[0]}/Data Fields/{one[1]}") is not None)
    return next(found, ("", ""))


def describe(file: Container, role: str) -> Cube:
    """The cube of a file.

    Args:
        file: the open file.
        role: "hsi".

    Returns:
        Where it lies, and what the file says of it.

    Raises:
        InputError: the file is no such product, or its metadata cannot be used.
    """
    place, kind = _cube_of(file)
    if not place:
        raise InputError(f"{file.name} holds no Tanager cube ({_GRID}/Data Fields/...); choose another file.")
    path = f"{place}/Data Fields/{kind}"
    facts = file.attributes(path)
    bands, rows, cols = file.shape(path)
    waves = numbers_of(facts.get("wavelengths"))
    check_wavelengths(len(waves), bands, file.name)
    unit = "um" if max(waves, default=0.0) < 100 else "nm"
    wavelengths, fwhm = spectral(waves, numbers_of(facts.get("fwhm")), file.name, unit)
    bbl = good_bands(numbers_of(facts.get("good_wavelengths")), bands)
    grid, notes = _swath(file, (rows, cols)) if place == _SWATH else (_grid(file, path, (rows, cols)), ())
    where = (
        f"placed by {getattr(grid.frame, 'about', '')}"
        + (f", its result by {_FRAMING}" if getattr(grid.frame, "framing", None) else "")
        if place == _SWATH
        else "resampled by nearest neighbour: pixels may lie up to half a pixel off"
    )
    return Cube(
        (Part(path, "brc", tuple(range(bands))),),
        grid,
        bands_metadata(wavelengths, fwhm, _NODATA).replace(bbl=bbl),
        Origin(
            f"Tanager {kind.replace('_', ' ')}",
            "tanager",
            "",
            (
                f"wavelengths ({unit}), widths and bad bands ({bbl.count(0)}) from the cube's attributes",
                f"{_NODATA:g} is nodata",
                where,
            ),
            True,
        ),
        (Flags(f"{place}/Data Fields/nodata_pixels", "rc"),),
        notes=notes,
    )


def _swath(file: Container, size: tuple[int, int]) -> tuple[Grid, tuple[str, ...]]:
    fields = f"{_SWATH}/Geolocation Fields"
    grid, notes = swath_grid(file.plane(f"{fields}/Longitude"), file.plane(f"{fields}/Latitude"), file.name, size)
    text = next((str(said[_FRAMING]) for said in map(file.attributes, (fields, _SWATH)) if _FRAMING in said), "")
    framing = _framing(text) if text else None
    if framing is not None and isinstance(grid.frame, GeolocationArrays) and _fits(grid, framing):
        grid.frame.framing = framing
    elif text:
        notes += (
            f"{_FRAMING} of {file.name} is no grid of this image and is not used; its longitudes and latitudes are.",
        )
    return grid, notes


def _framing(text: str) -> Grid | None:
    """The grid that the text names; None where it is none."""
    if len(text) > _LONGEST:
        return None
    try:
        said = json.loads(text)
        code, rows, cols = (int(said[key]) for key in ("epsg_code", "rows", "cols"))
        west, width, skew, north, turn, height = (float(number) for number in said["geotransform"])
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return None
    if skew or turn or min(rows, cols) < 1 or max(rows, cols) > 10**6 or height == 0:
        return None
    return utm_grid(code, (west, north), (width, -height), (rows, cols))


def _fits(image: Grid, framing: Grid) -> bool:
    """Whether an image lies inside a grid of about its own pixels."""
    forth = positions_on(image, framing)
    if forth is None:
        return False
    rows, cols = (axis.ravel() for axis in np.mgrid[0 : image.rows : 9j, 0 : image.cols : 9j])
    row, col = forth(rows, cols)
    below, right = forth(rows + 1.0, cols), forth(rows, cols + 1.0)
    area = np.abs((below[0] - row) * (right[1] - col) - (below[1] - col) * (right[0] - row))
    known = np.isfinite(row) & np.isfinite(col)
    inside = (row >= -_BEYOND) & (row <= framing.rows + _BEYOND) & (col >= -_BEYOND) & (col <= framing.cols + _BEYOND)
    size = math.sqrt(float(np.nanmedian(area))) if known.any() else 0.0
    return bool(known.any() and inside[known].all()) and 1 / _ALIKE <= size <= _ALIKE


def _grid(file: Container, path: str, size: tuple[int, int]) -> Grid:
    """The grid of StructMetadata.0, in the reference system of the code or of the UTM zone."""
    text = file.text("/HDFEOS INFORMATION/StructMetadata.0")
    corners = [_point(text, "UpperLeft"), _point(text, "LowerRight")]
    zone = re.search(r"ZoneCode=(-?\d{1,2})\b", text)
    by_zone = 0 if zone is None else (32600 + int(zone[1]) if int(zone[1]) > 0 else 32700 - int(zone[1]))
    holders = (path, f"{_GRID}/Data Fields", "/HDFEOS/GRIDS/HYP", "/HDFEOS/GRIDS", "")
    stated = next((int(code) for holder in holders for code in numbers_of(file.attributes(holder).get("epsg_code"))), 0)
    if stated and by_zone and stated != by_zone:
        raise InputError(f"{file.name} says EPSG:{stated} and, by its UTM zone, EPSG:{by_zone}; get a fresh copy.")
    grid = None
    if None not in corners and (stated or by_zone) and min(size) > 0:
        (left, top), (right, bottom) = corners[0] or (0.0, 0.0), corners[1] or (0.0, 0.0)
        grid = utm_grid(stated or by_zone, (left, top), ((right - left) / size[1], (top - bottom) / size[0]), size)
    if grid is None or abs(grid.dx + grid.dy) > 1e-3 * grid.dx:
        raise InputError(
            f"{file.name} has no grid that can be used in StructMetadata.0; get a fresh copy of the product."
        )
    return grid


def _point(text: str, name: str) -> tuple[float, float] | None:
    """(x, y) of a corner."""
    number = r"(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
    match = re.search(rf"{name}\w*=\({number},{number}\)", text)
    return (float(match[1]), float(match[2])) if match is not None else None
