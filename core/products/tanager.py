"""Planet Tanager-1, orthorectified (``..._ortho_radiance_hdf5.h5``, ``..._ortho_sr_hdf5.h5``): HDF-EOS5, 426 bands.

What catches people out:

* Wavelengths are attributes of the cube, in nm; the STAC item beside it has them in micrometres.
* Flagged bands (``good_wavelengths`` = 0) hold -0.01 for the most part: they are marked as bad. -9999 is no data, and
  ``nodata_pixels`` is 1 outside the image.
* The corners in ``StructMetadata.0`` are the outer edges of the image. A negative ZoneCode is a zone of the south; it
  must agree with ``epsg_code`` where the file has that.
* Pixels were resampled by nearest neighbour and jitter by up to half a pixel: a local shift, which moving the whole
  image does not remove.
* "Basic" products lie in sensor geometry (``HDFEOS/SWATHS``): they are refused.
"""

from __future__ import annotations

import re
from typing import Any

from ..io.grid import Grid
from ..io.metadata import RasterMetadata
from ..io.origin import Origin
from ..runtime.errors import InputError
from .hdf5 import Container, Cube, utm_grid
from .layout import check_wavelengths, spectral

KEY = r".*_(?:ortho|basic)_(?:radiance|sr)(?:_hdf5)?\.h5"
SOURCE = "Planet, Tanager product specification, ortho_radiance_hdf5 and ortho_sr_hdf5"

_FIELDS = "/HDFEOS/GRIDS/HYP/Data Fields"
_CUBES = ("surface_reflectance", "toa_radiance")
_NODATA = -9999.0


def describe(file: Container) -> Cube:
    """The cube of a file.

    Args:
        file: the open file.

    Returns:
        Where it lies, and what the file says of it.

    Raises:
        InputError: the file is no such product, or its metadata cannot be used.
    """
    kind = next((kind for kind in _CUBES if file.array(f"{_FIELDS}/{kind}") is not None), None)
    if kind is None:
        geometry = "HYP" in file.groups("/HDFEOS/SWATHS")
        raise InputError(
            f"{file.name} is a basic product in sensor geometry; order its ortho_radiance_hdf5 or ortho_sr_hdf5."
            if geometry
            else f"{file.name} holds no Tanager cube ({_FIELDS}/...); choose another file."
        )
    path = f"{_FIELDS}/{kind}"
    facts = file.attributes(path)
    bands, rows, cols = file.shape(path)
    waves = _list(facts.get("wavelengths"))
    check_wavelengths(len(waves), bands, file.name)
    unit = "um" if max(waves, default=0.0) < 100 else "nm"
    wavelengths, fwhm = spectral(waves, _list(facts.get("fwhm")), file.name, unit)
    good = _list(facts.get("good_wavelengths"))
    bbl = tuple(int(flag > 0) for flag in good) if len(good) == bands else (1,) * bands
    return Cube(
        path,
        0,
        _grid(file, path, (rows, cols)),
        RasterMetadata(
            names=tuple(f"band {i + 1}" for i in range(bands)),
            wavelengths=wavelengths,
            fwhm=fwhm,
            bbl=bbl,
            scales=(1.0,) * bands,
            offsets=(0.0,) * bands,
            nodata=_NODATA,
            dtype="float32",
        ),
        Origin(
            f"Tanager {kind.replace('_', ' ')}",
            "",
            "",
            (
                f"wavelengths ({unit}), widths and bad bands ({bbl.count(0)}) from the cube's attributes",
                f"{_NODATA:g} is nodata",
                "resampled by nearest neighbour: pixels may lie up to half a pixel off",
            ),
            True,
        ),
        f"{_FIELDS}/nodata_pixels",
    )


def _list(value: Any) -> list[float]:
    """Numbers of an attribute, which may be one number."""
    values = value if isinstance(value, (tuple, list)) else [value]
    return [float(one) for one in values if isinstance(one, (int, float))]


def _grid(file: Container, path: str, size: tuple[int, int]) -> Grid:
    """The grid of StructMetadata.0, in the reference system of the code or of the UTM zone."""
    text = file.text("/HDFEOS INFORMATION/StructMetadata.0")
    corners = [_point(text, "UpperLeft"), _point(text, "LowerRight")]
    zone = re.search(r"ZoneCode=(-?\d{1,2})\b", text)
    by_zone = 0 if zone is None else (32600 + int(zone[1]) if int(zone[1]) > 0 else 32700 - int(zone[1]))
    holders = (path, _FIELDS, "/HDFEOS/GRIDS/HYP", "/HDFEOS/GRIDS", "")
    stated = next((int(code) for holder in holders for code in _list(file.attributes(holder).get("epsg_code"))), 0)
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
