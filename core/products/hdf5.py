"""The reader of products that are one HDF5 (netCDF-4) file, through GDAL's HDF5 driver.

A window is read for all bands that are wanted at once, and along chunks (:mod:`.chunks`), so that no chunk is read once
a band or once a strip of rows, whichever way the cube is interleaved.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Callable, Union

import numpy as np
from osgeo import gdal

from ..io.grid import Window
from ..io.metadata import DTYPE_OF_GDAL, GDAL_OF_DTYPE
from ..io.reader import RasterReader
from ..io.remedies import Source
from ..runtime.errors import InputError
from ..runtime.paths import StrPath
from .chunks import ChunkedArray
from .container import Container
from .cube import Cube, Flags, Part
from .inside import same_array

_HIGHEST = 256  # rows that are read in one go where more would not fit in memory
_WHOLE = ("uint8", "int8", "uint16", "int16", "int32")  # types of flags that are taken as they are stored
_SOME_BANDS = 8  # that are looked at together for pixels outside of the image
_LARGEST = 200_000  # rows, columns or bands that a file may declare: no product has more

_Invalid = tuple[Union[slice, int], tuple[slice, slice], np.ndarray]

Describe = Callable[[Container, str], Cube]
"""What a product's file offers to the table: (the open file, role) -> the image of that role in it."""


class Hdf5Reader(RasterReader):
    """An image of an HDF5 file; reads as any raster does.

    Args:
        path: the file.
        role: "hsi", "pan" or "quality".
        describe: (the open file, role) -> the cube in it.

    Raises:
        InputError: the file is not such a product, or GDAL cannot read HDF5 here.
    """

    def __init__(self, path: StrPath, role: str, describe: Describe) -> None:
        self._role, self._describe_cube = role, describe
        self._files: list[Container] = []
        self._parts: list[ChunkedArray] = []
        self._flags: list[ChunkedArray | None] = []
        self._planes: list[ChunkedArray] = []
        super().__init__(path)

    def _arguments(self) -> tuple:
        path = os.path.abspath(self.path) if os.path.exists(self.path) else self.path
        return path, self._role, self._describe_cube

    @property
    def source(self) -> Source:
        """The image as sentences name it; GDAL's tools cannot open it by the product's name."""
        return Source(self.name)

    def shows(self, array: str) -> bool:
        """Whether an array is one that the image's bands lie in.

        Args:
            array: as GDAL names subdatasets.

        Returns:
            Whether it is.
        """
        return any(same_array(array, part.array) for part in self._cube.parts)

    def _open(self) -> gdal.Dataset:
        self._files = [Container(self.path, self.name)]
        return self._files[0].dataset

    def _describe(self) -> None:
        self._cube = cube = self._describe_cube(self._files[0], self._role)
        bands = cube.metadata.bands
        opened = [self._array_of(part) for part in cube.parts]
        dtypes = {dtype for _, dtype in opened}
        if len(dtypes) != 1 or sum(len(part.numbers) for part in cube.parts) != bands:
            raise InputError(f"{self.name} has cubes that do not fit together; get a fresh copy of the product.")
        self._parts = [array for array, _ in opened]
        dtype = dtypes.pop()
        self._flags = [self._flags_of(part.flags, array) for part, array in zip(cube.parts, self._parts)]
        found = [(flags, self._flags_of(flags, None)) for flags in cube.planes]
        self._plane_flags = [flags for flags, array in found if array is not None]
        self._planes = [array for _, array in found if array is not None]
        self.grid, self.origin, self.metadata = cube.grid, cube.origin, cube.metadata.replace(dtype=dtype)
        self.notes = cube.notes
        self._numbers, self._dtypes = list(range(bands)), [dtype] * bands
        self._nodata = [None if cube.flags_say_all else cube.metadata.nodata] * bands
        self._inside = np.zeros((self.grid.rows, self.grid.cols), bool) if cube.zero_is_outside else None
        self._inside_known = np.zeros(self.grid.rows, bool)
        height = max(array.high for array in self._parts)
        rows = min(-(-self._block_rows // height) * height, self.grid.rows)
        fits = all(array.keeps(rows, len(part.numbers)) for array, part in zip(self._parts, cube.parts))
        self._block_rows = rows if fits else min(rows, _HIGHEST)

    def _array_of(self, part: Part) -> tuple[ChunkedArray, str]:
        """A part's array, which must have the image's size, and numpy's name of its type."""
        grid, array = self._cube.grid, self._files[0].array(part.array)
        shape = [d.GetSize() for d in array.GetDimensions()] if array is not None else []
        dtype = DTYPE_OF_GDAL.get(array.GetDataType().GetNumericDataType()) if array is not None else None
        fits = len(shape) == len(part.axes) and min(shape, default=0) > 0 and max(shape) <= _LARGEST
        sizes = dict(zip(part.axes, shape))
        last = max(part.numbers, default=0)
        if not fits or dtype is None or (sizes["r"], sizes["c"]) != (grid.rows, grid.cols) or sizes.get("b", 1) <= last:
            raise InputError(
                f"{self.name} has a cube of the shape {tuple(shape)}, but its metadata describes {grid.rows} rows, "
                f"{grid.cols} columns and {last + 1} bands; get a fresh copy of the product."
            )
        return ChunkedArray(array, part.axes, dtype, None, self._checked), dtype

    def _flags_of(self, flags: Flags | None, of: ChunkedArray | None) -> ChunkedArray | None:
        """An array of flags; None where there is none of the image's size, and of the bands of a part."""
        if flags is None:
            return None
        holder = self._files[0]
        if flags.file:
            holder = Container(flags.file, os.path.basename(flags.file))
            self._files.append(holder)
        array = holder.array(flags.array)
        if array is None or array.GetDimensionCount() != len(flags.axes):
            return None
        stored = DTYPE_OF_GDAL.get(array.GetDataType().GetNumericDataType(), "")
        kind = stored if flags.packed or (stored in _WHOLE and flags.kind == "int32") else flags.kind
        numbers = gdal.ExtendedDataType.Create(GDAL_OF_DTYPE[kind])
        made = ChunkedArray(array, flags.axes, kind, numbers, self._checked)
        bands = 1 if of is None else (of.bands + 7) // 8 if flags.packed else of.bands
        fits = made.bands == bands if flags.band is None else flags.band < made.bands
        return made if fits and (made.rows, made.cols) == (self._cube.grid.rows, self._cube.grid.cols) else None

    def keep_decoded(self) -> None:
        """As :meth:`RasterReader.keep_decoded`; chunks are compressed where the file is smaller than what they hold."""
        arrays = [array for array in (*self._parts, *self._flags) if array is not None]
        stat = gdal.VSIStatL(self.path)
        if stat is not None and stat.size < sum(array.nbytes for array in arrays):
            for array in arrays:
                array.keep_decoded()

    def close(self) -> None:
        """Close the files."""
        for array in (*self._parts, *self._flags, *self._planes):
            if array is not None:
                array.close()
        self._parts, self._flags, self._planes = [], [], []
        for file in self._files:
            file.close()
        super().close()

    def release(self) -> None:
        """Free what was read before; GDAL caches no blocks of multidimensional arrays."""
        row = (self._block_row + 1) * self._block_rows
        for array in (*self._parts, *self._flags, *self._planes):
            if array is not None:
                array.release(row)

    def _raster(self, window: Window, numbers: list[int], dtype: str | None, mask: bool = False) -> np.ndarray:
        """(B, rows, cols) in the type on disk."""
        found = list(self._in_parts(numbers))
        if len(found) == 1:
            k, _, own = found[0]
            if self._cube.parts[k].shift == (0, 0) and own == list(range(own[0], own[-1] + 1)):
                return self._parts[k].read(window, own[0], own[-1] + 1)
        result = np.zeros((len(numbers), window.rows, window.cols), self._dtypes[0])
        for k, places, own in found:
            here, there = _shifted(window, self._cube.parts[k].shift, self.grid.rows, self.grid.cols)
            if there.rows and there.cols:
                block = self._parts[k].read(there, min(own), max(own) + 1)
                for place, number in zip(places, own):
                    result[place, here[0], here[1]] = block[number - min(own)]
        return result

    def _read_ahead(self, window: Window, numbers: list[int], dtype: str) -> np.ndarray:
        """As :meth:`_raster`, which keeps the chunks that the rows after these lie in."""
        return self._raster(window, numbers, dtype)

    def _in_parts(self, numbers: Sequence[int]) -> Iterator[tuple[int, list[int], list[int]]]:
        """The parts that bands lie in: their places among ``numbers``, and their numbers in the part."""
        first = 0
        for k, part in enumerate(self._cube.parts):
            stop = first + len(part.numbers)
            places = [i for i, number in enumerate(numbers) if first <= number < stop]
            if places:
                yield k, places, [part.numbers[numbers[i] - first] for i in places]
            first = stop

    def read_valid(self, window: Window, bands: Sequence[int] | None = None) -> np.ndarray | None:
        """As :meth:`RasterReader.read_valid`; where flags say all, no sample is read."""
        if not self._cube.flags_say_all or self._more_nodata or np.dtype(self._dtypes[0]).kind == "f":
            return super().read_valid(window, bands)
        chosen, valid = list(range(self.bands)) if bands is None else list(bands), None
        self._check(window, chosen)
        for part in self._in_block_rows(window):
            for place, here, invalid in self._invalid(part, chosen):
                if valid is None:
                    valid = np.ones((len(chosen), window.rows, window.cols), bool)
                valid[place, part.row - window.row : part.row - window.row + part.rows][
                    ..., here[0], here[1]
                ] &= ~invalid
        return valid

    def _read_masks(self, window: Window, bands: list[int], valid: np.ndarray) -> None:
        for place, here, invalid in self._invalid(window, bands):
            valid[place, ..., here[0], here[1]] &= ~invalid

    def _invalid(
        self, window: Window, bands: list[int]
    ) -> Iterator[tuple[slice | int, tuple[slice, slice], np.ndarray]]:
        """Where samples are not valid: of which of the bands, in which rows and columns of the window, and (rows,
        columns) bool; where there are any."""
        rows, cols = slice(window.row, window.row + window.rows), slice(window.col, window.col + window.cols)
        whole = slice(0, window.rows), slice(0, window.cols)
        of_pixels = [mask[rows, cols] for fill in self.fills for mask in fill.masks]
        for flags, array in zip(self._plane_flags, self._planes):
            band = flags.band or 0
            of_pixels.append(flags.invalid(array.read(window, band, band + 1)[0]))
        if self._inside is not None:
            of_pixels.append(~self._inside_rows(self._inside, window)[:, cols])
        for plane in of_pixels:
            if plane.any():
                yield slice(None), whole, plane
        for k, places, own in self._in_parts(bands):
            part = self._cube.parts[k]
            here, there = _shifted(window, part.shift, self.grid.rows, self.grid.cols)
            if (there.rows, there.cols) != (window.rows, window.cols):
                outside = np.ones((window.rows, window.cols), bool)
                outside[here] = False
                for place in places:
                    yield place, whole, outside
            if part.flags is not None and there.rows and there.cols:
                for band, plane in self._flagged(k, part.flags, there, own):
                    yield places[band], here, plane

    def _flagged(self, k: int, flags: Flags, window: Window, own: list[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Where flags say that samples of a part's bands are not valid: the place among these, and (rows, columns)
        bool; where there are any."""
        array, first, stop = self._flags[k], min(own), max(own) + 1
        if array is None:
            return
        stored = array.read(window, first // 8, -(-stop // 8)) if flags.packed else array.read(window, first, stop)
        if not flags.invalid(np.zeros(1, stored.dtype))[0] and not stored.any():
            return
        for i, band in enumerate(own):
            plane = stored[band // 8 - first // 8] >> (7 - band % 8) & 1 if flags.packed else stored[band - first]
            invalid = flags.invalid(plane)
            if invalid.any():
                yield i, invalid

    def _inside_rows(self, inside: np.ndarray, window: Window) -> np.ndarray:
        """(rows, all columns) bool, False where all bands of the first part are 0; each row is looked at once."""
        rows = slice(window.row, window.row + window.rows)
        part = self._cube.parts[0]
        if not self._inside_known[rows].all():
            whole = Window(window.row, 0, window.rows, self.grid.cols)
            first, stop, step = min(part.numbers), max(part.numbers) + 1, max(self._parts[0].deep, _SOME_BANDS)
            inside[rows] = False
            for start in range(first, stop, step):  # a few bands tell, where nothing lies outside
                for plane in self._parts[0].read(whole, start, min(start + step, stop)):
                    inside[rows] |= plane != 0
                if inside[rows].all():
                    break
            self._inside_known[rows] = True
        return inside[rows]


def _shifted(window: Window, shift: tuple[int, int], rows: int, cols: int) -> tuple[tuple[slice, slice], Window]:
    """The part of a window that a shifted array covers, as slices of the window, and where that lies in the array."""
    spans, here = [], []
    for first, count, moved, size in (
        (window.row, window.rows, shift[0], rows),
        (window.col, window.cols, shift[1], cols),
    ):
        start, stop = max(first + moved, 0), min(first + count + moved, size)
        start, stop = min(start, size), max(stop, min(start, size))
        spans.append((start, stop))
        here.append(slice(start - first - moved, stop - first - moved) if stop > start else slice(0, 0))
    (top, bottom), (left, right) = spans
    return (here[0], here[1]), Window(top, left, bottom - top, right - left)
