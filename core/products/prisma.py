"""PRISMA products (.he5) of the levels 1, 2B, 2C and 2D: the HSI (VNIR and SWIR), the PAN, and the masks of level 1.

What catches people out:

* A stored 0 is a failed retrieval, in absorptions and over water above all, and no dark value. The error matrices
  beside the cubes say which samples failed (level 2: 0 good, 1 invalid before, 2 negative, 4 saturated; level 1: 0
  good, 1 defective, 2 saturated, 3 less accurate by coregistration, 4 no number): all but 0, and 3 of level 1, are not
  valid. Where a file has no matrices, 0 is not valid in any band.
* A third of a granule may be padding: there all VNIR bands are 0, and so is the sun's zenith angle.
* Bands come from long to short. One that is flagged as unused, or has no wavelength, is dropped. By default the rest is
  sorted, and where VNIR and SWIR overlap, from the shortest SWIR band on, the SWIR is kept: silicon sees little there.
* Bands inside the water vapour absorptions near 1400 and 1875 nm are kept and marked as bad (``bbl`` 0).
* Levels 2: value = minimum + DN (maximum - minimum) / 65535, with the minimum and maximum of each of the three cubes:
  VNIR and SWIR of 30 m, (rows, bands, columns), and the PAN of 5 m. Level 1: radiance = DN / factor - offset.
* Level 2D lies on a map. Readers differ in what its corners are. A grid's pixels of 30 m (5 m) lie centred on their
  box, which is right for edges and for centres of pixels; the box must be smaller than the image by one HSI pixel at
  most. The PAN may lie 12.5 m off all the same: a shift is measured, not assumed.
* The other levels lie in sensor geometry: a longitude and a latitude for each pixel. Level 1 has them for VNIR and SWIR
  apart, as the two see the same ground a little apart. SWIR is read as many whole pixels aside as bring it closest to
  the VNIR; nothing is resampled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..io.geolocation_arrays import GeolocationArrays
from ..io.grid import Grid
from ..io.metadata import RasterMetadata
from ..io.origin import Origin
from ..io.positions import from_map
from ..runtime.errors import InputError
from .container import Container, utm_grid
from .cube import Cube, Flags, Part
from .swath import swath_grid

WATER = ((1350.0, 1450.0), (1800.0, 1950.0))
"""Wavelengths in nm of the water vapour absorptions."""
KEY = r".*\.he5"
SOURCE = "ASI, PRISMA Products Specification Document"

_LEVELS = ("2D", "2C", "2B", "1")
_KINDS = {"2D": "reflectance", "2C": "reflectance", "2B": "radiance at the surface", "1": "radiance (W m-2 sr-1 um-1)"}
_MASKS = ("Cloud_Mask", "SunGlint_Mask", "LandCover_Mask")
_PIXEL = {"hsi": 30.0, "pan": 5.0}
_FULL = 65535.0
_LATTICE = 65  # positions along each axis at which the two detectors are compared


class _File(NamedTuple):
    """An open product: its level, its root's attributes, and where its HSI (or PAN) and that of the HSI lie."""

    file: Container
    level: str
    facts: dict
    swath: str
    of_hsi: str

    def path(self, cube: str) -> str:
        return f"{self.swath}/Data Fields/{'Cube' if cube == 'PAN' else f'{cube}_Cube'}"

    def place(self, name: str) -> np.ndarray | None:
        return self.file.plane(f"{self.swath}/Geolocation Fields/{name}")


class _Band(NamedTuple):
    """Where a band comes from: its cube and its number there, from 0, and what the product says of it (nm)."""

    cube: str
    number: int
    wavelength: float | None
    fwhm: float | None


def holds(file: Container) -> bool:
    """Whether a file is one, whatever its name.

    Args:
        file: the open file.

    Returns:
        Whether it is.
    """
    return any(name.startswith("PRS_L") for name in file.groups("/HDFEOS/SWATHS"))


def describe(file: Container, role: str) -> Cube:
    """The HSI, the PAN, or the masks of a product.

    Args:
        file: the open file.
        role: "hsi", "pan" or "quality".

    Returns:
        Where it lies, and what the file says of it.

    Raises:
        InputError: the file is no such product, or its metadata cannot be used.
    """
    opened = _opened(file, role)
    try:
        return _masks(opened) if role == "quality" else _image(opened, role)
    except KeyError as missing:
        raise InputError(f"{file.name} lacks the attribute {missing}; get a fresh copy of the product.") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{file.name} cannot be used: {error}; get a fresh copy of the product.") from None


def _opened(file: Container, role: str) -> _File:
    cube = "Cube" if role == "pan" else "VNIR_Cube"
    for level in _LEVELS:
        for kind in ("HCO", "HRC"):
            of_hsi = f"/HDFEOS/SWATHS/PRS_L{level}_{kind}"
            swath = of_hsi.replace("_HCO", "_PCO").replace("_HRC", "_PRC") if role == "pan" else of_hsi
            if file.array(f"{swath}/Data Fields/{cube}") is not None:
                return _File(file, level, file.attributes(""), swath, of_hsi)
    raise InputError(
        f"{file.name} is no PRISMA product with images; choose a PRS_L1, PRS_L2B, PRS_L2C or PRS_L2D file."
    )


def _masks(opened: _File) -> Cube:
    """The masks of level 1, on the HSI's grid."""
    found = [(name, f"{opened.swath}/Data Fields/{name}") for name in _MASKS]
    parts = [(name, Part(path, "rc", (0,))) for name, path in found if opened.file.array(path) is not None]
    if not parts:
        raise InputError(f"{opened.file.name} has no masks (of clouds, glint and land cover); level 1 has them.")
    grid, notes = _grid(opened, "hsi", ["VNIR", "SWIR"])
    names = tuple(name.replace("_Mask", "") for name, _ in parts)
    metadata = RasterMetadata.plain(len(parts), "uint8", 255.0).replace(names=names)
    origin = Origin(f"PRISMA L{opened.level} masks", "prisma", _acquired(opened), (), True)
    return Cube(tuple(part for _, part in parts), grid, metadata, origin, notes=notes)


def _acquired(opened: _File) -> str:
    return str(opened.facts.get("Product_StartTime") or "")


def _image(opened: _File, role: str) -> Cube:
    cubes = ["PAN"] if role == "pan" else ["VNIR", "SWIR"]
    shapes = {cube: _shape(opened, cube) for cube in cubes}
    bands = [_Band("PAN", 0, None, None)] if role == "pan" else _bands(opened.facts, shapes)
    grid, notes = _grid(opened, role, cubes)
    errors = _error_matrices(opened, shapes)
    shift, said = (0, 0), ""
    if role == "hsi" and opened.level == "1":
        shift, said = _detector_shift(opened, grid)
    parts = tuple(
        Part(
            opened.path(cube),
            "rc" if cube == "PAN" else "rbc",
            tuple(band.number for band in bands if band.cube == cube),
            errors.get(cube),
            shift if cube == "SWIR" else (0, 0),
        )
        for cube in cubes
    )
    sun = None if role == "pan" else _padding(opened, shapes["VNIR"])
    how = "corners" if opened.level == "2D" else "places"
    origin = Origin(
        f"PRISMA L{opened.level}",
        "prisma",
        _acquired(opened),
        (
            f"wavelengths, widths, scales and {how} from the product's attributes"
            if opened.level == "2D"
            else f"{_KINDS[opened.level]}; wavelengths, widths and scales from the product's attributes",
            "failed retrievals from its error matrices" if errors else "0 is a failed retrieval",
            *((said,) if said else ()),
        ),
        True,
        tuple(band.cube for band in bands),
        ("drop", True),
    )
    planes = (sun,) if sun is not None else ()
    return Cube(parts, grid, _metadata(opened, bands), origin, planes, True, bool(errors), notes)


def _shape(opened: _File, cube: str) -> list[int]:
    array = opened.file.array(opened.path(cube))
    shape = [d.GetSize() for d in array.GetDimensions()] if array is not None else []
    if len(shape) != (2 if cube == "PAN" else 3):
        raise ValueError(f"its {cube} cube is missing or has {len(shape)} dimensions")
    return shape


def _metadata(opened: _File, bands: list[_Band]) -> RasterMetadata:
    scaled = {cube: _scale(opened, cube) for cube in {band.cube for band in bands}}
    return RasterMetadata(
        names=tuple(band.cube if band.cube == "PAN" else f"{band.cube} {band.number + 1}" for band in bands),
        wavelengths=tuple(band.wavelength for band in bands),
        fwhm=tuple(band.fwhm for band in bands),
        bbl=tuple(0 if _is_water(band.wavelength) else 1 for band in bands),
        scales=tuple(scaled[band.cube][0] for band in bands),
        offsets=tuple(scaled[band.cube][1] for band in bands),
        nodata=0.0,
        dtype="uint16",
    )


def _scale(opened: _File, cube: str) -> tuple[float, float]:
    """(scale, offset) of a cube."""
    facts, name = opened.facts, cube.title()
    if opened.level == "1":
        factor, offset = float(facts[f"ScaleFactor_{name}"]), float(facts[f"Offset_{name}"])
        if not factor > 0:
            raise ValueError(f"its factor of {cube} is {factor:g}")
        return 1.0 / factor, -offset
    low, high = float(facts[f"L2Scale{name}Min"]), float(facts[f"L2Scale{name}Max"])
    return (high - low) / _FULL, low


def _error_matrices(opened: _File, shapes: dict[str, list[int]]) -> dict[str, Flags]:
    """Those of the cubes; none where one lacks its own, or has one of another size."""
    word, invalid = ("SAT", _fails_in_level_1) if opened.level == "1" else ("L2", _fails)
    found = {}
    for cube, shape in shapes.items():
        start = "" if cube == "PAN" else f"{cube}_"
        path = f"{opened.swath}/Data Fields/{start}PIXEL_{word}_ERR_MATRIX"
        array = opened.file.array(path)
        if array is None or [d.GetSize() for d in array.GetDimensions()] != shape:
            return {}
        found[cube] = Flags(path, "rc" if cube == "PAN" else "rbc", invalid)
    return found


def _fails(errors: np.ndarray) -> np.ndarray:
    return errors != 0


def _fails_in_level_1(errors: np.ndarray) -> np.ndarray:
    return (errors != 0) & (errors != 3)


def _padding(opened: _File, shape: list[int]) -> Flags | None:
    """Where the sun's zenith angle is 0; None without such angles."""
    path = f"{opened.swath}/Geometric Fields/Solar_Zenith_Angle"
    angles = opened.file.plane(path)
    if angles is None or angles.shape != (shape[0], shape[2]) or not angles.any():
        return None
    return Flags(path, "rc", _is_zero, kind="float32")


def _is_zero(values: np.ndarray) -> np.ndarray:
    return values == 0


def _bands(facts: dict, shapes: dict[str, list[int]]) -> list[_Band]:
    """The bands that are used, in the file's order."""
    found = {cube: _usable(facts, cube, shapes[cube][1]) for cube in ("VNIR", "SWIR")}
    if not all(found.values()):
        raise ValueError("it has no usable VNIR or SWIR bands")
    if shapes["VNIR"][0] != shapes["SWIR"][0] or shapes["VNIR"][2] != shapes["SWIR"][2]:
        raise ValueError("its VNIR and SWIR cubes differ in size")
    return found["VNIR"] + found["SWIR"]


def _usable(facts: dict, cube: str, count: int) -> list[_Band]:
    """The bands of a cube that have a wavelength and are flagged as used."""
    lists = {key: facts[f"List_{key}_{cube.title()}"] for key in ("Cw", "Fwhm")}
    flags = facts[f"List_Cw_{cube.title()}_Flags"]
    if not len(lists["Cw"]) == len(lists["Fwhm"]) == len(flags) == count:
        raise ValueError(f"its lists of {cube} bands do not fit the cube's {count} bands")
    return [
        _Band(cube, number, round(float(wave), 4), round(float(width), 4) or None)
        for number, (wave, width, flag) in enumerate(zip(lists["Cw"], lists["Fwhm"], flags))
        if int(flag) == 1 and float(wave) > 0
    ]


def _grid(opened: _File, role: str, cubes: list[str]) -> tuple[Grid, tuple[str, ...]]:
    """The grid of the HSI or the PAN, and sentences for the user."""
    shape = _shape(opened, cubes[0])
    if opened.level == "2D":
        return _map_grid(opened.facts, shape, _PIXEL[role]), ()
    lon, lat = (opened.place(f"{name}_VNIR") for name in ("Longitude", "Latitude"))
    if lon is None or lat is None:
        lon, lat = opened.place("Longitude"), opened.place("Latitude")
    return swath_grid(lon, lat, opened.file.name, (shape[0], shape[-1]), _box(opened.facts))


def _box(facts: dict) -> tuple[float, float, float, float] | None:
    """(west, south, east, north) of the product's corners in degrees; None where it does not say them."""
    try:
        corners = [
            (float(facts[f"Product_{c}corner_long"]), float(facts[f"Product_{c}corner_lat"]))
            for c in ("UL", "UR", "LL", "LR")
        ]
    except (KeyError, TypeError, ValueError):
        return None
    west, south, east, north = (pick(corner[axis] for corner in corners) for pick in (min, max) for axis in (0, 1))
    usable = np.isfinite([west, south, east, north]).all() and east - west < 90.0 and (west, south) != (east, north)
    return (west, south, east, north) if usable else None


def _detector_shift(opened: _File, grid: Grid) -> tuple[tuple[int, int], str]:
    """By how many whole pixels the SWIR's lie behind the VNIR's, by the coordinates of both, and what is said of it."""
    lon, lat = opened.place("Longitude_SWIR"), opened.place("Latitude_SWIR")
    size = grid.rows, grid.cols
    if lon is None or lat is None or {lon.shape, lat.shape} != {size} or not isinstance(grid.frame, GeolocationArrays):
        return (0, 0), ""
    axes = [np.unique(np.linspace(0, count - 1, _LATTICE).round().astype(int)) for count in (grid.rows, grid.cols)]
    rows, cols = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    found = from_map(grid, lon[rows, cols], lat[rows, cols])
    known = np.isfinite(found[0]) & np.isfinite(found[1])
    if not known.any():
        return (0, 0), ""
    off = [float(np.median((place - at - 0.5)[known])) for place, at in zip(found, (rows, cols))]
    whole = round(-off[0]), round(-off[1])
    rest = off[0] + whole[0], off[1] + whole[1]
    return whole, (
        f"SWIR lies {off[0]:+.2f} rows and {off[1]:+.2f} columns from VNIR by their coordinates: it is read "
        f"{whole[0]:+d} rows and {whole[1]:+d} columns aside, {rest[0]:+.2f} and {rest[1]:+.2f} remain"
    )


def _map_grid(facts: dict, shape: list[int], pixel: float) -> Grid:
    """The map grid of a cube of (rows, bands, columns) or (rows, columns)."""
    rows, cols = shape[0], shape[-1]
    corners = ("UL", "UR", "LL", "LR")
    eastings = [float(facts[f"Product_{corner}corner_easting"]) for corner in corners]
    northings = [float(facts[f"Product_{corner}corner_northing"]) for corner in corners]
    left = _edge(min(eastings), max(eastings), cols, pixel)
    bottom = _edge(min(northings), max(northings), rows, pixel)
    grid = utm_grid(int(facts["Epsg_Code"]), (left, bottom + rows * pixel), (pixel, pixel), (rows, cols))
    if grid is None:
        raise ValueError(f"its EPSG code {facts['Epsg_Code']} is not known")
    return grid


def _edge(low: float, high: float, count: int, pixel: float) -> float:
    """The lower outer edge of ``count`` pixels that lie centred on the corners' box, from ``low`` to ``high``."""
    margin = (count * pixel - (high - low)) / 2
    if not -0.01 * pixel <= margin <= _PIXEL["hsi"] / 2 * 1.01:
        raise ValueError(f"its {count} pixels of {pixel:g} m do not fit its corners, {high - low:g} m apart")
    return low - margin


def _is_water(wavelength: float | None) -> bool:
    return wavelength is not None and any(low <= wavelength <= high for low, high in WATER)
