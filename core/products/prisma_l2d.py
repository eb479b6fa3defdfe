"""PRISMA L2D products (.he5), opened as an HSI or as a PAN, through GDAL's HDF5 driver.

What catches people out:

* A stored 0 is a failed retrieval, in absorptions and over water above all, and no dark value. The error matrices
  beside the cubes say which samples failed (0 good, 1 invalid before, 2 negative, 4 saturated): all but 0 are not
  valid. Where a file has no matrices, 0 is not valid in any band.
* A third of a granule may be padding: there all VNIR bands are 0, and so is the sun's zenith angle.
* Bands come from long to short. One that is flagged as unused, or has no wavelength, is dropped; the rest is sorted.
  Where VNIR and SWIR overlap, from the shortest SWIR band on, the SWIR is kept: silicon sees little there.
* Bands inside the water vapour absorptions near 1400 and 1875 nm are kept and marked as bad (``bbl`` 0).
* Reflectance = minimum + DN (maximum - minimum) / 65535, with the minimum and maximum of each of the three cubes: VNIR
  and SWIR of 30 m, (rows, bands, columns), and the PAN of 5 m (PRISMA Products Specification Document, ASI).
* Readers differ in what the product's corners are. A grid's pixels of 30 m (5 m) lie centred on their box, which is
  right for edges and for centres of pixels; the box must be smaller than the image by one HSI pixel at most. The PAN
  may lie 12.5 m off all the same: a shift is measured, not assumed.
* Products of the levels 1, 2B and 2C lie on no map.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import NamedTuple

import numpy as np
from osgeo import gdal, ogr, osr

from ..io.gdal_errors import gdal_messages, hdf5_silence
from ..io.grid import Grid, Window
from ..io.metadata import RasterMetadata
from ..io.origin import Origin
from ..io.reader import RasterReader
from ..io.remedies import Source
from ..io.row_stream import row_strips
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, as_path
from .hdf5 import Container

WATER = ((1350.0, 1450.0), (1800.0, 1950.0))
"""Wavelengths in nm of the water vapour absorptions."""

_SWATHS = "/HDFEOS/SWATHS"
_CUBES = {
    "VNIR": f"{_SWATHS}/PRS_L2D_HCO/Data Fields/VNIR_Cube",
    "SWIR": f"{_SWATHS}/PRS_L2D_HCO/Data Fields/SWIR_Cube",
    "PAN": f"{_SWATHS}/PRS_L2D_PCO/Data Fields/Cube",
}
_ERRORS = {
    **{cube: f"{_SWATHS}/PRS_L2D_HCO/Data Fields/{cube}_PIXEL_L2_ERR_MATRIX" for cube in ("VNIR", "SWIR")},
    "PAN": f"{_SWATHS}/PRS_L2D_PCO/Data Fields/PIXEL_L2_ERR_MATRIX",
}
_SUN = f"{_SWATHS}/PRS_L2D_HCO/Geometric Fields/Solar_Zenith_Angle"
_PIXEL = {"hsi": 30.0, "pan": 5.0}
_PLANES = (_CUBES["PAN"], _ERRORS["PAN"], _SUN)
_FULL = 65535.0
_GOOD = 0  # of the error matrices
_STRIP = 64


class _Band(NamedTuple):
    """Where a band comes from: its cube and its number there, from 0, and what the product says of it (nm)."""

    cube: str
    number: int
    wavelength: float | None
    fwhm: float | None


def is_prisma(path: StrPath) -> bool:
    """Whether a file is named as PRISMA's products are.

    Args:
        path: a file's name.

    Returns:
        Whether it ends with .he5.
    """
    return as_path(path).lower().endswith(".he5")


class PrismaReader(RasterReader):
    """The HSI (VNIR and SWIR) or the PAN of a PRISMA L2D product; reads as any raster does.

    Args:
        path: the .he5 file.
        role: "hsi" or "pan".

    Raises:
        InputError: the file is missing, is no PRISMA L2D product, or GDAL cannot read HDF5 here.
    """

    origin = Origin(
        "PRISMA L2D", "prisma", provenance=("wavelengths, widths and scales from its attributes",), says_valid=True
    )

    def __init__(self, path: StrPath, role: str) -> None:
        self.role = role
        super().__init__(path)

    def _arguments(self) -> tuple:
        return os.path.abspath(self.path), self.role

    @property
    def source(self) -> Source:
        """The image as sentences name it; GDAL's tools cannot open it by the product's name."""
        return Source(self.name)

    def _open(self) -> gdal.Dataset:
        return Container(self.path, self.name).dataset

    def _describe(self) -> None:
        root = self._dataset.GetRootGroup()
        cubes = ("PAN",) if self.role == "pan" else ("VNIR", "SWIR")
        found = {cube: _array(root, _CUBES[cube]) for cube in cubes}
        self._arrays = {cube: array for cube, array in found.items() if array is not None}
        if len(self._arrays) < len(cubes):
            raise InputError(
                f"{self.name} is no PRISMA L2D product; choose a PRS_L2D file (those of the levels 1, 2B and 2C lie on "
                "no map)."
            )
        facts = {attribute.GetName(): attribute.Read() for attribute in root.GetAttributes()}
        sizes = {cube: [d.GetSize() for d in array.GetDimensions()] for cube, array in self._arrays.items()}
        try:
            self._bands = [_Band("PAN", 0, None, None)] if self.role == "pan" else _bands(facts, sizes)
            self.grid = _grid(facts, sizes[cubes[0]], _PIXEL[self.role])
            self.metadata = self._make_metadata(facts)
        except KeyError as missing:
            raise InputError(f"{self.name} lacks the attribute {missing}; get a fresh copy of the product.") from None
        except ValueError as error:
            raise InputError(f"{self.name} cannot be used: {error}; get a fresh copy of the product.") from None
        self._errors = self._error_matrices(root, sizes)
        self._sun = None if self.role == "pan" else _array(root, _SUN, gdal.GDT_Float32)
        self.origin = Origin(
            "PRISMA L2D",
            "prisma",
            str(facts.get("Product_StartTime") or ""),
            (
                "wavelengths, widths, scales and corners from the product's attributes",
                "failed retrievals from its error matrices" if self._errors else "0 is a failed retrieval",
            ),
            True,
        )
        bands = len(self._bands)
        self._numbers, self._dtypes, self._nodata = (
            list(range(bands)),
            ["uint16"] * bands,
            [None if self._errors else 0.0] * bands,
        )

    def close(self) -> None:
        """Close the file."""
        self._arrays, self._errors, self._sun = {}, {}, None
        super().close()

    def release(self) -> None:
        """Free the read-ahead buffer; GDAL caches no blocks of multidimensional arrays."""
        self._buffer = None

    def _make_metadata(self, facts: dict) -> RasterMetadata:
        low = {cube: float(facts[f"L2Scale{cube.title()}Min"]) for cube in self._arrays}
        high = {cube: float(facts[f"L2Scale{cube.title()}Max"]) for cube in self._arrays}
        return RasterMetadata(
            names=tuple(band.cube if self.role == "pan" else f"{band.cube} {band.number + 1}" for band in self._bands),
            wavelengths=tuple(band.wavelength for band in self._bands),
            fwhm=tuple(band.fwhm for band in self._bands),
            bbl=tuple(0 if _is_water(band.wavelength) else 1 for band in self._bands),
            scales=tuple((high[band.cube] - low[band.cube]) / _FULL for band in self._bands),
            offsets=tuple(low[band.cube] for band in self._bands),
            nodata=0.0,
            dtype="uint16",
        )

    def _raster(self, window: Window, numbers: list[int], dtype: str | None, mask: bool = False) -> np.ndarray:
        """(B, rows, cols) stored numbers."""
        result = np.empty((len(numbers), window.rows, window.cols), np.uint16)
        for cube in self._arrays:
            places = [i for i, number in enumerate(numbers) if self._bands[number].cube == cube]
            if places:
                indices = [self._bands[numbers[i]].number for i in places]
                block = self._block(cube, window, min(indices), max(indices) + 1)
                result[places] = block[np.subtract(indices, min(indices))]
        return result

    def _read_masks(self, window: Window, bands: list[int], valid: np.ndarray) -> None:
        valid &= self._inside_image[window.row : window.row + window.rows, window.col : window.col + window.cols]
        for cube, array in self._errors.items():
            places = [i for i, number in enumerate(bands) if self._bands[number].cube == cube]
            if places:
                indices = [self._bands[bands[i]].number for i in places]
                errors = self._block(cube, window, min(indices), max(indices) + 1, array)
                valid[places] &= errors[np.subtract(indices, min(indices))] == _GOOD

    def _error_matrices(self, root: gdal.Group, sizes: dict[str, list[int]]) -> dict[str, gdal.MDArray]:
        """Those of the cubes; none where one lacks its own, or has one of another size."""
        found = {cube: _array(root, _ERRORS[cube], gdal.GDT_Byte) for cube in self._arrays}
        fits = {
            cube: array
            for cube, array in found.items()
            if array is not None and [d.GetSize() for d in array.GetDimensions()] == sizes[cube]
        }
        return fits if len(fits) == len(found) else {}

    @cached_property
    def _inside_image(self) -> np.ndarray:
        """(rows, cols) of the whole image."""
        inside = np.zeros((self.grid.rows, self.grid.cols), bool)
        cube = "PAN" if self.role == "pan" else "VNIR"
        used = [band.number for band in self._bands if band.cube == cube]
        for start, stop in row_strips(self.grid.rows, _STRIP):
            block = self._block(cube, Window(start, 0, stop - start, self.grid.cols), min(used), max(used) + 1)
            inside[start:stop] = block.any(axis=0)
        return inside & self._lit(inside.shape)

    def _lit(self, shape: tuple[int, ...]) -> np.ndarray:
        """(rows, cols), False in the padding, where the sun's zenith angle is 0; True without such angles."""
        if self._sun is None or tuple(d.GetSize() for d in self._sun.GetDimensions()) != shape:
            return np.ones(shape, bool)
        with hdf5_silence:
            data = self._checked(self._sun.Read, Window(0, 0, *shape))
        lit = np.frombuffer(data, np.float32).reshape(shape) != 0
        return lit if lit.any() else np.ones(shape, bool)

    def _block(
        self, cube: str, window: Window, first: int, stop: int, errors: gdal.MDArray | None = None
    ) -> np.ndarray:
        """(B, rows, cols) of the bands ``first`` to ``stop`` of a cube, or of its error matrix."""
        array, dtype = (self._arrays[cube], np.uint16) if errors is None else (errors, np.uint8)
        start, count = [window.row, window.col], [window.rows, window.cols]
        if cube != "PAN":
            start.insert(1, first)
            count.insert(1, stop - first)
        with hdf5_silence:
            data = self._checked(lambda: array.Read(array_start_idx=start, count=count), window)
        values = np.frombuffer(data, dtype).reshape(count)
        return values[None] if cube == "PAN" else values.transpose(1, 0, 2)


def _array(root: gdal.Group, path: str, kind: int = gdal.GDT_UInt16) -> gdal.MDArray | None:
    with gdal_messages() as messages:
        array = messages.call(root.OpenMDArrayFromFullname, path)
    known = array is not None and array.GetDataType().GetNumericDataType() == kind
    return array if known and array.GetDimensionCount() == (2 if path in _PLANES else 3) else None


def _bands(facts: dict, sizes: dict[str, list[int]]) -> list[_Band]:
    """The bands to use, by wavelength."""
    found = {cube: _usable(facts, cube, sizes[cube][1]) for cube in ("VNIR", "SWIR")}
    if not all(found.values()):
        raise ValueError("it has no usable VNIR or SWIR bands")
    if sizes["VNIR"][0] != sizes["SWIR"][0] or sizes["VNIR"][2] != sizes["SWIR"][2]:
        raise ValueError("its VNIR and SWIR cubes differ in size")
    shortest = min(wave for wave, _ in found["SWIR"])
    kept = [(wave, band) for wave, band in found["VNIR"] if wave < shortest] + found["SWIR"]
    return [band for _, band in sorted(kept, key=lambda pair: pair[0])]


def _usable(facts: dict, cube: str, count: int) -> list[tuple[float, _Band]]:
    """The bands of a cube that have a wavelength and are flagged as used, each with its wavelength."""
    lists = {key: facts[f"List_{key}_{cube.title()}"] for key in ("Cw", "Fwhm")}
    flags = facts[f"List_Cw_{cube.title()}_Flags"]
    if not len(lists["Cw"]) == len(lists["Fwhm"]) == len(flags) == count:
        raise ValueError(f"its lists of {cube} bands do not fit the cube's {count} bands")
    used = []
    for number, (wave, width, flag) in enumerate(zip(lists["Cw"], lists["Fwhm"], flags)):
        if int(flag) == 1 and float(wave) > 0:
            centre = round(float(wave), 4)
            used.append((centre, _Band(cube, number, centre, round(float(width), 4) or None)))
    return used


def _grid(facts: dict, sizes: list[int], pixel: float) -> Grid:
    """The map grid of a cube of (rows, bands, columns) or (rows, columns)."""
    rows, cols = sizes[0], sizes[-1]
    corners = ("UL", "UR", "LL", "LR")
    eastings = [float(facts[f"Product_{corner}corner_easting"]) for corner in corners]
    northings = [float(facts[f"Product_{corner}corner_northing"]) for corner in corners]
    left = _edge(min(eastings), max(eastings), cols, pixel)
    bottom = _edge(min(northings), max(northings), rows, pixel)
    system = osr.SpatialReference()
    with gdal_messages() as messages:
        known = messages.call(system.ImportFromEPSG, int(facts["Epsg_Code"])) == ogr.OGRERR_NONE
    if not known:
        raise ValueError(f"its EPSG code {facts['Epsg_Code']} is not known")
    return Grid(left, bottom + rows * pixel, pixel, -pixel, rows, cols, system.ExportToWkt())


def _edge(low: float, high: float, count: int, pixel: float) -> float:
    """The lower outer edge of ``count`` pixels that lie centred on the corners' box, from ``low`` to ``high``."""
    margin = (count * pixel - (high - low)) / 2
    if not -0.01 * pixel <= margin <= _PIXEL["hsi"] / 2 * 1.01:
        raise ValueError(f"its {count} pixels of {pixel:g} m do not fit its corners, {high - low:g} m apart")
    return low - margin


def _is_water(wavelength: float | None) -> bool:
    return wavelength is not None and any(low <= wavelength <= high for low, high in WATER)
