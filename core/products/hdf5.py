"""The reader of products that are one HDF5 file with a cube on a map grid, through GDAL's HDF5 driver.

A window is read in one call for all bands that are wanted, so that no chunk is read once a band, whichever way the
cube is interleaved.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
from osgeo import gdal, ogr, osr

from ..io.gdal_errors import gdal_messages, hdf5_silence, open_quietly
from ..io.grid import Grid, Window
from ..io.metadata import DTYPE_OF_GDAL, RasterMetadata
from ..io.origin import Origin
from ..io.reader import RasterReader
from ..io.remedies import Source
from ..runtime.errors import InputError
from ..runtime.paths import StrPath

_HIGHEST = 256  # rows that are read in one go, however high chunks are
_LARGEST = 200_000  # rows, columns or bands that a file may declare: no product has more


@dataclass(frozen=True)
class Cube:
    """A cube in a file.

    Attributes:
        array: its path in the file.
        band_axis: which of its three axes the bands are along: 0 or 2.
        grid: of its rows and columns.
        metadata: of its bands.
        origin: of the product.
        mask: path of a raster of its rows and columns, 0 where pixels are valid; "" for none.
    """

    array: str
    band_axis: int
    grid: Grid
    metadata: RasterMetadata
    origin: Origin
    mask: str = ""


class Container:
    """An open HDF5 file.

    Args:
        path: of the file, as GDAL opens it.
        name: for sentences.

    Raises:
        InputError: it is missing or no HDF5 file, or GDAL cannot read HDF5 here.
    """

    def __init__(self, path: str, name: str) -> None:
        self.name = name
        if gdal.GetDriverByName("HDF5") is None:
            raise InputError(
                f"{name} cannot be opened: this GDAL has no HDF5 driver; use a QGIS that has it, or install it (conda: "
                "libgdal-hdf5)."
            )
        if not os.path.isfile(path) and not path.startswith("/vsi"):
            raise InputError(f"{name} does not exist ({path}); choose another file.")
        with gdal_messages() as messages:
            self.dataset = open_quietly(messages, path, gdal.OF_MULTIDIM_RASTER, allowed_drivers=["HDF5"])
        if self.dataset is None:
            raise InputError(f"{name} is no HDF5 file{messages.words()}; get a fresh copy of the product.")
        self._root = self.dataset.GetRootGroup()

    def close(self) -> None:
        """Let go of the file."""
        self.dataset = self._root = None

    def groups(self, path: str = "") -> list[str]:
        """The names of the groups in a group.

        Args:
            path: of the group; "" for the file's own.

        Returns:
            The names; none where there is no such group.
        """
        group = self._group(path)
        return list(group.GetGroupNames() or []) if group is not None else []

    def shape(self, path: str) -> tuple[int, int, int]:
        """The lengths of the three axes of a cube.

        Args:
            path: in the file.

        Returns:
            They; zeros where there is no cube.
        """
        array = self.array(path)
        lengths = [d.GetSize() for d in array.GetDimensions()] if array is not None else []
        return (lengths[0], lengths[1], lengths[2]) if len(lengths) == 3 else (0, 0, 0)

    def array(self, path: str) -> Any:
        """An array.

        Args:
            path: in the file.

        Returns:
            The array; None where there is none.
        """
        with gdal_messages() as messages:
            return messages.call(self._root.OpenMDArrayFromFullname, path)

    def attributes(self, path: str) -> dict[str, Any]:
        """The attributes of a group or an array.

        Args:
            path: in the file.

        Returns:
            Their values by name; none where there is no such thing.
        """
        holder = self.array(path) or self._group(path)
        with gdal_messages(), hdf5_silence:
            return {one.GetName(): one.Read() for one in holder.GetAttributes()} if holder is not None else {}

    def text(self, path: str) -> str:
        """A text that is stored as an array.

        Args:
            path: in the file.

        Returns:
            The text; "" where there is none.
        """
        array = self.array(path)
        if array is None or array.GetDataType().GetClass() != gdal.GEDTC_STRING or array.GetTotalElementsCount() != 1:
            return ""
        with gdal_messages() as messages, hdf5_silence:
            return str((messages.call(array.Read) or [""])[0] or "")

    def numbers(self, path: str, most: int = 10_000) -> tuple[float, ...]:
        """Numbers that are stored as an array of one dimension.

        Args:
            path: in the file.
            most: numbers that it may hold.

        Returns:
            The numbers; none where there is no such array.
        """
        array = self.array(path)
        if array is None or array.GetDimensionCount() != 1 or array.GetTotalElementsCount() > most:
            return ()
        doubles = gdal.ExtendedDataType.Create(gdal.GDT_Float64)
        with gdal_messages() as messages, hdf5_silence:
            data = messages.call(array.Read, buffer_datatype=doubles)
        return tuple(np.frombuffer(data, np.float64).tolist()) if data else ()

    def _group(self, path: str) -> gdal.Group | None:
        if not path:
            return self._root
        with gdal_messages() as messages:
            return messages.call(self._root.OpenGroupFromFullname, path)


def utm_grid(epsg: int, corner: tuple[float, float], pixel: tuple[float, float], size: tuple[int, int]) -> Grid | None:
    """A north-up grid.

    Args:
        epsg: code of its reference system.
        corner: outer edges of the first pixel, (x, y) in map units.
        pixel: (width, height) in map units.
        size: (rows, columns).

    Returns:
        The grid; None where the code is not known, or pixels have no size.
    """
    system = osr.SpatialReference()
    with gdal_messages() as messages:
        known = messages.call(system.ImportFromEPSG, epsg) == ogr.OGRERR_NONE
    if not known or not all(np.isfinite((*corner, *pixel))) or min(pixel) <= 0:
        return None
    return Grid(*corner, pixel[0], -pixel[1], *size, system.ExportToWkt())


class Hdf5Reader(RasterReader):
    """The cube of an HDF5 file; reads as any raster does.

    Args:
        path: the file.
        describe: (the open file) -> the cube in it.

    Raises:
        InputError: the file is not such a product, or GDAL cannot read HDF5 here.
    """

    def __init__(self, path: StrPath, describe: Callable[[Container], Cube]) -> None:
        self._describe_cube = describe
        super().__init__(path)

    def _arguments(self) -> tuple:
        return os.path.abspath(self.path) if os.path.exists(self.path) else self.path, self._describe_cube

    @property
    def source(self) -> Source:
        """The image as sentences name it; GDAL's tools cannot open it by the product's name."""
        return Source(self.name)

    def _open(self) -> gdal.Dataset:
        self._container = Container(self.path, self.name)
        return self._container.dataset

    def _describe(self) -> None:
        cube = self._describe_cube(self._container)
        array = self._container.array(cube.array)
        shape = [d.GetSize() for d in array.GetDimensions()] if array is not None else []
        dtype = DTYPE_OF_GDAL.get(array.GetDataType().GetNumericDataType()) if array is not None else None
        expected = [cube.grid.rows, cube.grid.cols]
        expected.insert(cube.band_axis, cube.metadata.bands)
        if shape != expected or dtype is None or max(shape) > _LARGEST:
            raise InputError(
                f"{self.name} has a cube of the shape {tuple(shape)}, but its metadata describes {tuple(expected)}; "
                "get a fresh copy of the product."
            )
        self._array: Any = array
        self._band_axis, self._dtype = cube.band_axis, dtype
        self.grid, self.origin, self.metadata = cube.grid, cube.origin, cube.metadata.replace(dtype=dtype)
        self._mask: Any = self._container.array(cube.mask) if cube.mask else None
        size = [cube.grid.rows, cube.grid.cols]
        if self._mask is not None and [d.GetSize() for d in self._mask.GetDimensions()] != size:
            self._mask = None
        bands = cube.metadata.bands
        self._numbers, self._dtypes = list(range(bands)), [dtype] * bands
        self._nodata = [cube.metadata.nodata] * bands
        self._pixel_interleaved = True  # all bands in one call
        height = min(int(array.GetBlockSize()[1 if self._band_axis == 0 else 0] or 1), _HIGHEST)  # 0: not known
        self._block_rows = -(-self._block_rows // height) * height

    def close(self) -> None:
        """Close the file."""
        self._array = self._mask = None
        self._container.close()
        super().close()

    def release(self) -> None:
        """Free the read-ahead buffer; GDAL caches no blocks of multidimensional arrays."""
        self._buffer = None

    def _raster(self, window: Window, numbers: list[int], dtype: str | None, mask: bool = False) -> np.ndarray:
        """(B, rows, cols) in the type on disk."""
        first, stop = min(numbers), max(numbers) + 1
        start, count = [window.row, window.col], [window.rows, window.cols]
        start.insert(self._band_axis, first)
        count.insert(self._band_axis, stop - first)
        with hdf5_silence:
            data = self._checked(lambda: self._array.Read(array_start_idx=start, count=count), window)
        values = np.frombuffer(data, self._dtype).reshape(count)
        if self._band_axis == 2:
            values = values.transpose(2, 0, 1)
        return values if numbers == list(range(first, stop)) else values[np.subtract(numbers, first)]

    def _read_masks(self, window: Window, bands: list[int], valid: np.ndarray) -> None:
        if self._mask is None:
            return
        place, numbers = [window.row, window.col], gdal.ExtendedDataType.Create(gdal.GDT_Int32)
        with hdf5_silence:
            data = self._checked(
                lambda: self._mask.Read(place, [window.rows, window.cols], buffer_datatype=numbers), window
            )
        valid &= np.frombuffer(data, np.int32).reshape(window.rows, window.cols) == 0
