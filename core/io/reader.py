"""Reading windows of georeferenced rasters as float32 numbers and masks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Callable, NamedTuple

import numpy as np
from osgeo import gdal

from ..runtime.closing import closed_on_error
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, as_path
from .band_remedies import complex_sentence, subdatasets_sentence
from .band_sources import file_notes
from .declared_nodata import band_nodata
from .encoding import equals_nodata, representable
from .envi_checks import check_interleave, check_size, least_size, unreadable
from .gdal_errors import gdal_messages, open_quietly
from .georeference import grid_of
from .grid import Window
from .masks import Fill, alpha_notes, data_bands, mask_sources
from .metadata import GDAL_OF_DTYPE, band_dtype, read_metadata
from .origin import Origin
from .raster_files import is_missing_file, short_name
from .remedies import Source
from .sidecars import completed
from .subdatasets import named_cube, with_bands

_LEAST_ROWS = 64  # read in one go, where blocks are lower
_STATE = ("grid", "metadata", "always_valid", "fills", "_nodata", "_more_nodata")  # attributes that travel
_BANDS, _AHEAD_BYTES = 16, 64_000_000  # read in one go, where blocks are high; of rows that are read ahead, at most


class Block(NamedTuple):
    """Samples of a part of an image.

    Attributes:
        values: (bands, rows, columns) float32, stored numbers (DN; scale and offset not applied).
        valid: (bands, rows, columns) bool, or (rows, columns) where all bands share it.
    """

    values: np.ndarray
    valid: np.ndarray


class RasterReader:
    """A raster opened for reading; a context manager.

    A sample is not valid where it has its own band's nodata value or one that was given besides, is NaN or infinite, or
    where a mask band or an alpha band is 0. An alpha band is not counted as a band, unless its numbers are data.

    Args:
        path: what is opened: a file, or any name that GDAL understands.
        geolocation: file that says where its pixels lie, see :func:`.geolocation_files.geolocation_from`; "" for none.

    Attributes:
        name, file: short name for sentences, and the last part of the path.
        grid: the pixel grid.
        bands: number of bands. metadata: of the bands. dtype: numpy name of the type on disk.
        always_valid: whether nothing can be invalid: integers without a nodata value or a mask. palette: whether its
            only band is drawn in the colors of a table.
        fills: what :meth:`add_fill` was told. notes: sentences for the user, on what is said and not used.
        others: names of files that are one image with it. origin: the product that it is a part of.
        sentence: what brought it onto its grid; "" for nothing.

    Raises:
        InputError: the file is missing, is no raster, nothing places it on the map, or it has complex numbers.
    """

    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    sentence = ""
    origin = Origin()
    always_valid = palette = settled = False  # settled: set_nodata has said which numbers are nodata
    fills: tuple[Fill, ...] = ()
    _more_nodata: tuple[float, ...] = ()  # of all bands, besides each band's own
    _can_be_complete = _pixel_interleaved = False  # the first: integers without a mask
    _least_size = "", 0  # file with the samples, and bytes that it must have; 0 where that is not known
    _block_rows = _LEAST_ROWS  # of the raster, in a row of blocks, or in several
    _block_row = 0  # the row of blocks that was read last
    _buffer: np.ndarray | None = None  # of it, as stored, the read-ahead buffer
    _buffer_from: tuple[int, object] = (0, None)  # its first row, and the part of the raster that it is of

    def __init__(self, path: StrPath, geolocation: str = "") -> None:
        self.path, self._geolocation = as_path(path), geolocation
        self.file = self.name = short_name(self.path)
        self._dataset = self._open()
        with closed_on_error(self):
            with gdal_messages():
                self._describe()
            self.bands, self.dtype = self.metadata.bands, self.metadata.dtype

    def _open(self) -> gdal.Dataset:
        if not self.path.strip():
            raise InputError("No raster file is named; choose one.")
        with gdal_messages() as messages:
            dataset = open_quietly(messages, self.path, gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR)
        if dataset is None and (dataset := named_cube(self.path)) is None:
            if is_missing_file(self.path):
                raise InputError(f"{self.name} does not exist ({self.path}); choose another file.")
            raise InputError(unreadable(self.path, self.name, messages.words()))
        return with_bands(dataset)

    def _describe(self) -> None:
        dataset = self._dataset
        if dataset.RasterCount == 0:
            raise InputError(subdatasets_sentence(self.source, dataset.GetSubDatasets()))
        self._numbers = data_bands(dataset)
        if not self._numbers:
            raise InputError(f"{self.name} has nothing but an alpha band; choose a raster with data.")
        bands = [dataset.GetRasterBand(n) for n in self._numbers]
        types = [band_dtype(band) for band in bands]
        if None in types:
            kind = gdal.GetDataTypeName(bands[types.index(None)].DataType)
            raise InputError(complex_sentence(self.source, kind))
        self._dtypes = [dtype for dtype in types if dtype is not None]
        self.grid = grid_of(dataset, self.source, self._geolocation)
        self.metadata, beside = completed(read_metadata(dataset), dataset, self.path)
        self._nodata = list(map(representable, band_nodata(dataset, self._numbers, self.metadata.nodata), self._dtypes))
        self._alpha = [n for n in range(1, dataset.RasterCount + 1) if n not in self._numbers]
        self._least_size, height = least_size(dataset), bands[0].GetBlockSize()[1]
        self._block_rows = -(-_LEAST_ROWS // height) * height
        self._pixel_interleaved = dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "PIXEL"
        check_size(self.name, *self._least_size)
        check_interleave(dataset, self.name)
        self._masks = mask_sources(dataset, self._numbers)
        self._can_be_complete = np.dtype(self.metadata.dtype).kind in "iu" and not any(self._masks + self._alpha)
        self.always_valid = self._can_be_complete and self._nodata.count(None) == len(bands)
        self.palette = len(bands) == 1 and bands[0].GetColorInterpretation() == gdal.GCI_PaletteIndex
        alpha = alpha_notes(dataset, self._numbers, self.name)
        self.notes = (*file_notes(dataset, self._numbers, self.name, beside), *alpha)

    @property
    def source(self) -> Source:
        """The raster as sentences name it and commands open it."""
        return Source(self.name, self.path, self._more_nodata or tuple(fill.value for fill in self.fills))

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled, with the grid and the nodata values that it has here."""
        return type(self), self._arguments(), {key: getattr(self, key) for key in _STATE}

    def _arguments(self) -> tuple:
        return (os.path.abspath(self.path) if os.path.exists(self.path) else self.path, self._geolocation)

    def set_nodata(self, values: Sequence[float], own: bool = True) -> None:
        """Numbers that stand for "no value" in all bands.

        Args:
            values: as they are stored. own: whether those that the file declares count as well.
        """
        self.settled = True
        if not own:
            self._nodata, self.metadata = [None] * self.bands, self.metadata.replace(nodata=None)
        self._more_nodata = tuple(value for value in values if representable(value, self.dtype) is not None)
        self._note_nodata(self._more_nodata)

    def add_fill(self, fill: Fill) -> None:
        """Take a fill value that the file does not declare as "no value".

        Args:
            fill: the value, and where it stands for that.
        """
        self.fills += (fill,)
        if fill.region is None:
            self._more_nodata += (fill.value,)
        self._note_nodata((fill.value,))

    def _note_nodata(self, values: Sequence[float]) -> None:
        if self.metadata.nodata is None and values:
            self.metadata = self.metadata.replace(nodata=float(values[0]))
        none = self._nodata.count(None) == self.bands and not self._more_nodata and not self.fills
        self.always_valid = self._can_be_complete and none

    @property
    def band_numbers(self) -> list[int]:
        """The numbers that the bands have in the file, counted from 1, as sentences name them."""
        return list(range(1, self.bands + 1))

    def __enter__(self) -> RasterReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with gdal_messages():
            self._dataset = None

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """Read a window of some bands. Of blocks, GDAL keeps those of the rows that were read last only.

        Args:
            window: pixels to read, inside the raster; all by default.
            bands: bands counted from 0, in the order wanted; all by default.
            read_ahead: the rows that follow, of the same columns and bands, will be read next. Where blocks are high,
                those rows are read with the first and buffered as they are stored, which takes less than the blocks do.

        Returns:
            The samples, 0 where not valid; ``valid`` of each band.

        Raises:
            InputError: the file is damaged there.
            ValueError: the window or a band lies outside the raster.
        """
        if self._dataset is None:
            raise ValueError(f"{self.name} is closed.")
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        chosen = list(range(self.bands)) if bands is None else [int(band) for band in bands]
        self._check(window, chosen)
        check_size(self.name, *self._least_size)
        values = np.empty((len(chosen), window.rows, window.cols), np.float32)
        valid = np.ones(values.shape, bool)
        for part in self._in_block_rows(window) if values.size else ():
            here = slice(part.row - window.row, part.row - window.row + part.rows)
            self._read_values(part, chosen, values[:, here], valid[:, here], read_ahead)
            if not self.always_valid:
                self._read_masks(part, chosen, valid[:, here])
                for fill in self.fills:
                    fill.leave_out(part, values[:, here], valid[:, here])
                values[:, here][~valid[:, here]] = 0.0
        return Block(values, valid)

    def read_complete(self, window: Window, bands: Sequence[int]) -> np.ndarray | None:
        """A window of some bands as stored, (bands, rows, columns) of the type on disk, where no sample can be invalid
        and the type holds small integers; None where :meth:`read` has to be asked. Arguments and errors as there."""
        numbers, (dtype, *more) = [self._numbers[band] for band in bands], {self._dtypes[band] for band in bands}
        if not (self.always_valid and not more and np.dtype(dtype).itemsize <= 2 and self._dataset):
            return None
        self._check(window, list(bands))
        check_size(self.name, *self._least_size)
        parts = [self._raster(part, numbers, dtype) for part in self._in_block_rows(window)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def read_valid(self, window: Window, bands: Sequence[int] | None = None) -> np.ndarray | None:
        """Which samples are valid, in a pass over rows: (bands, rows, columns) bool, or None where all are. Arguments
        and errors as of :meth:`read`."""
        if self.always_valid:
            return None
        valid = self.read(window, bands, read_ahead=True).valid
        return None if valid.all() else valid

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """Rows of all bands as stored, nodata values included: (bands, rows, columns) of the type on disk."""
        return self._raster(Window(row, 0, rows, self.grid.cols), self._numbers, self.dtype)

    @property
    def block_rows(self) -> int:
        """Rows that are read from the file whenever one of them is."""
        return self._block_rows

    def keep_decoded(self) -> None:
        """Say that several passes follow: a reader whose blocks take long to decode may keep them."""

    def release(self) -> None:
        """Free the read-ahead buffer and GDAL's block cache of this file."""
        self._buffer = None
        with gdal_messages():
            self._dataset.FlushCache()

    def _in_block_rows(self, window: Window) -> Iterator[Window]:
        """The window in parts, each within one row of blocks; GDAL's blocks of the row before are freed."""
        end = window.row + window.rows
        for number in range(window.row // self._block_rows, -(-end // self._block_rows)):
            if number != self._block_row:
                self.release()
                self._block_row = number
            start, stop = max(window.row, number * self._block_rows), min(end, (number + 1) * self._block_rows)
            yield Window(start, window.col, stop - start, window.cols)

    def _check(self, window: Window, bands: list[int]) -> None:
        row, col, rows, cols = window.row, window.col, window.rows, window.cols
        if min(row, col, rows, cols) < 0 or row + rows > self.grid.rows or col + cols > self.grid.cols:
            raise ValueError(f"{window} lies outside {self.name} ({self.grid.rows} rows x {self.grid.cols} columns).")
        if any(not 0 <= band < self.bands for band in bands):
            raise ValueError(f"{self.name} has bands 0 to {self.bands - 1}, asked for {bands}.")

    def _read_values(
        self, window: Window, bands: list[int], values: np.ndarray, valid: np.ndarray, read_ahead: bool
    ) -> None:
        """Bands of one type in one go; a nodata value is compared in the type on disk, before precision is lost."""
        dtypes = sorted({self._dtypes[band] for band in bands})
        read = self._read_ahead if read_ahead and len(dtypes) == 1 and self._block_rows > window.rows else self._raster
        for dtype in dtypes:
            places = [i for i, band in enumerate(bands) if self._dtypes[band] == dtype]
            raw = read(window, [self._numbers[bands[i]] for i in places], dtype)
            for plane, i in zip(raw, places):
                with np.errstate(over="ignore", invalid="ignore"):
                    values[i] = plane
                if plane.dtype.kind == "f":
                    np.isfinite(values[i], out=valid[i])
                for nodata in (self._nodata[bands[i]], *self._more_nodata):
                    mark = representable(nodata, dtype)
                    if mark is not None:
                        valid[i] &= ~equals_nodata(plane, mark)

    def _read_masks(self, window: Window, bands: list[int], valid: np.ndarray) -> None:
        rows, cols = slice(window.row, window.row + window.rows), slice(window.col, window.col + window.cols)
        for region in (mask for fill in self.fills for mask in fill.masks):
            valid &= ~region[rows, cols]
        for number in self._alpha:
            valid &= self._raster(window, [number], None)[0] > 0
        sources = [self._masks[band] for band in bands]
        for number in set(sources) - {0}:
            mask = self._raster(window, [number], None, mask=True)[0] > 0
            valid[np.equal(sources, number)] &= mask

    def _read_ahead(self, window: Window, numbers: list[int], dtype: str) -> np.ndarray:
        """As :meth:`_raster`, out of the read-ahead buffer, filled anew where it does not hold the window: some bands
        at a time, so that GDAL has few blocks, but for blocks that hold all bands."""
        part, first = (self._block_row, window.col, window.cols, numbers, dtype), window.row - self._buffer_from[0]
        rest = self._buffer if self._buffer_from[1] == part else None
        if rest is None or not 0 <= first <= rest.shape[1] - window.rows:
            self._buffer = rest = None
            most = max(window.rows, _AHEAD_BYTES // (len(numbers) * window.cols * np.dtype(dtype).itemsize))
            rows = min(min((self._block_row + 1) * self._block_rows, self.grid.rows) - window.row, most)
            around = Window(window.row, window.col, rows, window.cols)
            rest = np.empty((len(numbers), rows, window.cols), dtype)
            step = len(numbers) if self._pixel_interleaved else _BANDS
            for band in range(0, len(numbers), step):
                rest[band : band + step] = self._raster(around, numbers[band : band + step], dtype)
                self.release()
            self._buffer, self._buffer_from, first = rest, (window.row, part), 0
        return rest[:, first : first + window.rows]

    def _raster(self, window: Window, numbers: list[int], dtype: str | None, mask: bool = False) -> np.ndarray:
        """(B, rows, cols) in the type on disk, or float32 where ``dtype`` is None."""
        stored = dtype or "float32"
        code = GDAL_OF_DTYPE.get(stored, gdal.GDT_Byte)  # int8 before GDAL 3.7: bytes marked as signed
        place = (window.col, window.row, window.cols, window.rows)

        def read() -> Any:
            if mask:
                return self._dataset.GetRasterBand(numbers[0]).GetMaskBand().ReadRaster(*place, buf_type=code)
            return self._dataset.ReadRaster(*place, buf_type=code, band_list=numbers)

        return np.frombuffer(self._checked(read, window), stored).reshape(len(numbers), window.rows, window.cols)

    def _checked(self, read: Callable[[], Any], window: Window) -> Any:
        """The bytes of a window that a call of GDAL reads."""
        with gdal_messages() as messages:
            data = messages.call(read)
        if data is None:
            raise InputError(
                f"{self.name} cannot be read in rows {window.row + 1} to {window.row + window.rows}: the file seems "
                f"damaged or cut off; get a fresh copy{messages.words()}."
            )
        return data
