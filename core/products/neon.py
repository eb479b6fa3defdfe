"""NEON AOP reflectance (``NEON_..._reflectance.h5``): an airborne cube of 426 bands and 1 m.

What catches people out:

* The file's one group is named after the site; all paths start there.
* Reflectance is stored as 16-bit integers times 10000, (rows, columns, bands); the cube's attributes say the factor
  and the number for no data (-9999).
* The bands in two windows, about 1340 to 1445 and 1790 to 1955 nm, hold water vapour and no reflectance. The
  attributes ``Band_Window_..._Nanometers`` name them; these bands are marked as bad.
* The grid stands in a text like ENVI's map info, whose reference pixel is 1 for the outer corner of the first pixel. A
  rotated one is refused.
"""

from __future__ import annotations

import math

from ..io.grid import Grid
from ..io.origin import Origin
from ..runtime.errors import InputError
from .container import Container, utm_grid
from .cube import Cube, Part, bands_metadata
from .layout import check_wavelengths, spectral

KEY = r"NEON_.+_reflectance\.h5"
SOURCE = "NEON, Spectrometer orthorectified surface directional reflectance, DP1.30006 and DP3.30006, file description"


def holds(file: Container) -> bool:
    """Whether a file is one, whatever its name.

    Args:
        file: the open file.

    Returns:
        Whether it is.
    """
    return bool(_site(file))


def _site(file: Container) -> str:
    """The group of the site; "" for none."""
    sites = (name for name in file.groups() if any(file.shape(f"/{name}/Reflectance/Reflectance_Data")))
    return next(sites, "")


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
    site = _site(file)
    if not site:
        raise InputError(
            f"{file.name} holds no NEON reflectance (SITE/Reflectance/Reflectance_Data); choose another file."
        )
    place = f"/{site}/Reflectance"
    facts, windows = file.attributes(f"{place}/Reflectance_Data"), file.attributes(place)
    rows, cols, bands = file.shape(f"{place}/Reflectance_Data")
    spectral_data = f"{place}/Metadata/Spectral_Data"
    waves, widths = file.numbers(f"{spectral_data}/Wavelength"), file.numbers(f"{spectral_data}/FWHM")
    check_wavelengths(len(waves), bands, file.name)
    wavelengths, fwhm = spectral(waves, widths, file.name)
    factor = _number(facts.get("Scale_Factor"), 10_000.0)
    ranges = [windows[key] for key in windows if key.startswith("Band_Window_") and len(windows[key]) == 2]
    bbl = tuple(int(not any(low <= wave <= high for low, high in ranges)) for wave in waves)
    nodata = _number(facts.get("Data_Ignore_Value"), -9999.0)
    return Cube(
        (Part(f"{place}/Reflectance_Data", "rcb", tuple(range(bands))),),
        _grid(file, f"{place}/Metadata/Coordinate_System", (rows, cols)),
        bands_metadata(wavelengths, fwhm, nodata, "int16", (1 / factor, 0.0)).replace(bbl=bbl),
        Origin(
            f"NEON AOP reflectance of {site}",
            "",
            "",
            (
                "wavelengths and widths from Spectral_Data",
                f"reflectance = DN/{factor:g}, {nodata:g} is nodata",
                f"{bbl.count(0)} bands in {len(ranges)} windows are marked as bad",
            ),
            True,
        ),
    )


def _number(value: object, usual: float) -> float:
    """A number out of an attribute, which may be a list of one."""
    one = value[0] if isinstance(value, (tuple, list)) and value else value
    found = float(one) if isinstance(one, (int, float)) else usual
    return found if math.isfinite(found) and found != 0 else usual


def _grid(file: Container, place: str, size: tuple[int, int]) -> Grid:
    """The grid of the map info, in the reference system of the EPSG code."""
    info = [part.strip() for part in file.text(f"{place}/Map_Info").split(",")]
    code = file.text(f"{place}/EPSG Code") or ",".join(map(str, map(int, file.numbers(f"{place}/EPSG Code"))))
    try:
        column, row, x, y, width, height = map(float, info[1:7])
        turned = [float(part.split("=")[1]) for part in info if part.lower().startswith("rotation")]
        corner = x - (column - 1) * width, y + (row - 1) * height
        grid = utm_grid(int(code), corner, (width, height), size) if not any(turned) else None
    except ValueError:
        grid = None
    if grid is None:
        raise InputError(
            f"{file.name} has no north-up grid that can be used (map info {', '.join(info)!r}, EPSG code {code!r}); "
            "get a fresh copy of the product."
        )
    return grid
