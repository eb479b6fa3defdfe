"""Writing georeferenced rasters: GeoTIFF and ENVI, strip by strip, in place only when finished. A cloud-optimised
GeoTIFF and a Zarr store are made of a finished GeoTIFF."""

from __future__ import annotations

import contextlib
import os
import sys

import numpy as np
from osgeo import gdal

from ..runtime.atomic_files import discard, folder_of, folder_removed_error, partial_path
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, as_path
from ..runtime.progress import Progress
from .cog import write_cog
from .encoding import representable, to_stored
from .gdal_errors import gdal_messages
from .georeference import check_envi, place_dataset
from .geotiff_layout import BLOCK_ROWS, block_rows, compression, layout
from .grid import Grid, Window
from .metadata import GDAL_OF_DTYPE, RasterMetadata, write_metadata
from .overviews import add_overviews
from .raster_files import check_header_is_free, check_place, driver_of, move_raster
from .reader import RasterReader
from .zarr_store import check_zarr, write_zarr

_PAGE_CACHE_LIMIT = 1_000_000_000  # bytes: a larger GeoTIFF is dropped from the page cache as it is written
_WIDER = {"int8": "int16", "float16": "float32", "int64": "float64", "uint64": "float64"}


class RasterWriter:
    """A raster being written; a context manager.

    The file is written under a hidden name in the same folder. When the ``with`` block ends, it takes its place and
    files that described a former file there (.aux.xml, .ovr, ...) are removed; when the block ends with any exception,
    nothing is left and a former file is untouched. Memory is bounded by the strips written and GDAL's block cache;
    for many bands, let strips start at multiples of ``BLOCK_ROWS``, over all columns.

    Args:
        path: file to write.
        grid: its pixel grid.
        metadata: of its bands; ``dtype`` is the type on disk (one that the format or this GDAL cannot write, such as
            int8 or, with GDAL 3.6, int64 in ENVI, is replaced by the next wider one: float64 for int64 and uint64),
            ``nodata`` what is stored where samples are not valid.
        compress: compression of a GeoTIFF, as GDAL calls it; "NONE" for none. Zarr has zlib, or none.
        overviews: add copies of 1/2, 1/4, ... of the resolution at the end: inside a GeoTIFF, beside ENVI (.ovr). A
            cloud-optimised GeoTIFF always has them, Zarr never.
        progress: informs of a wider type; asked whether to stop while overviews are made.
        placement: what was done to bring the image onto its grid, which the file's metadata keep; "" for nothing.

    Raises:
        InputError: the suffix belongs to another format, or the place cannot be written to.
    """

    def __init__(
        self,
        path: StrPath,
        grid: Grid,
        metadata: RasterMetadata,
        compress: str = "DEFLATE",
        overviews: bool = False,
        progress: Progress | None = None,
        placement: str = "",
    ) -> None:
        self.path, self._placement = as_path(path), placement
        self.name = os.path.basename(self.path)
        self.grid = grid
        check_place(self.path)
        self._format = driver_of(self.path)
        self._driver = "ENVI" if self._format == "ENVI" else "GTiff"
        if self._format == "ENVI":
            check_header_is_free(self.path)
            check_envi(grid, self.name)
        elif self._format == "Zarr":
            check_zarr(grid, self.name)
        dtype = _storable(metadata.dtype, self._driver)
        self.metadata = metadata.replace(dtype=dtype, nodata=representable(metadata.nodata, dtype))
        self.bands = metadata.bands
        self._compress = compress.upper()
        self._packed = self._driver == "GTiff" and self._compress != "NONE"
        self._block_rows = block_rows(self.bands * grid.cols * np.dtype(dtype).itemsize) if self._packed else BLOCK_ROWS
        self._overviews, self._progress = overviews, progress or Progress()
        if dtype != metadata.dtype:
            self._progress.info(
                f"{self.name} is written as {dtype}, as this GDAL cannot write {metadata.dtype} in the format "
                f"{self._driver}."
            )
        self.partial = partial_path(self.path)  # where the file lies until it takes its place
        plain = self._format == self._driver  # else it is made of this GeoTIFF
        self.draft = self.partial if plain else f"{os.path.splitext(self.partial)[0]}.draft.tif"
        self._dataset: gdal.Dataset | None = None

    def __enter__(self) -> RasterWriter:
        try:
            self._create()
        except BaseException:
            self._discard_partial()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self.complete()
                move_raster(self.partial, self.path)
        finally:
            self._discard_partial()

    def write(self, values: np.ndarray, valid: np.ndarray, row: int = 0, col: int = 0) -> None:
        """Write a window, all bands at once.

        Args:
            values: (bands, rows, columns), any dtype, stored numbers (DN). Integers on disk get them rounded to nearest
                and limited to the type's range; a valid number that equals the nodata value moves by one DN.
            valid: bool, (rows, cols) or (B, rows, cols); elsewhere the nodata value is stored. NaN and infinity are
                never valid.
            row, col: where the window's corner lies in the raster.

        Raises:
            InputError: the file cannot be written, as when the disk is full.
            ValueError: shapes do not fit, or there are invalid samples and the metadata have no nodata value.
        """
        if self._dataset is None:
            raise ValueError(f"{self.name} is not open for writing; use the writer in a with block.")
        values, valid = np.asarray(values), np.asarray(valid, bool)
        if values.ndim != 3 or values.shape[0] != self.bands or valid.shape not in (values.shape, values.shape[1:]):
            raise ValueError(
                f"Expected values (B={self.bands}, rows, cols) and a mask of that shape or (rows, cols), got "
                f"{values.shape} and {valid.shape}."
            )
        rows, cols = values.shape[1:]
        if row < 0 or col < 0 or row + rows > self.grid.rows or col + cols > self.grid.cols:
            raise ValueError(f"A window of {rows} x {cols} at row {row}, column {col} lies outside {self.name}.")
        if rows == 0 or cols == 0:
            return
        dtype, nodata = self.metadata.dtype, self.metadata.nodata
        stored = np.empty((rows, self.bands, cols), dtype)
        for band in range(self.bands):
            mask = valid if valid.ndim == 2 else valid[band]
            stored[:, band] = to_stored(values[band], mask, dtype, nodata)
        self.write_stored(stored, row, col)

    def copy(self, reader: RasterReader, progress: Progress, corner: tuple[int, int] = (0, 0)) -> None:
        """Copy all pixels from another raster with the same bands.

        Args:
            reader: the open raster to copy from.
            progress: receives progress; asked whether to stop.
            corner: (row, column) in that raster of this raster's upper-left corner.

        Raises:
            InputError: the file cannot be written, as when the disk is full.
            Cancelled: the user stopped the job.
        """
        for row in range(0, self.grid.rows, BLOCK_ROWS):
            progress.check()
            rows = min(BLOCK_ROWS, self.grid.rows - row)
            block = reader.read(Window(corner[0] + row, corner[1], rows, self.grid.cols))
            self.write(block.values, block.valid, row)
            progress.set((row + rows) / self.grid.rows)

    def write_stored(self, stored: np.ndarray, row: int = 0, col: int = 0) -> None:
        """Write a window that is ready, all bands of a row together.

        GDAL's block cache is flushed where blocks are complete, so that memory does not grow with the raster.

        Args:
            stored: (rows, bands, columns) of the type on disk.
            row: first row of the window in the raster.
            col: first column of it.

        Raises:
            InputError: the file cannot be written, as when the disk is full.
            ValueError: the writer is not open, or the shape or the type does not fit.
        """
        if self._dataset is None:
            raise ValueError(f"{self.name} is not open for writing; use the writer in a with block.")
        rows, bands, cols = stored.shape
        if bands != self.bands or stored.dtype != self.metadata.dtype:
            raise ValueError(f"Expected (rows, {self.bands}, cols) {self.metadata.dtype}, got {stored.shape}.")
        size = stored.dtype.itemsize
        with gdal_messages() as messages:
            failed = messages.call(
                self._dataset.WriteRaster,
                *(col, row, cols, rows, np.ascontiguousarray(stored).data),
                buf_type=GDAL_OF_DTYPE[self.metadata.dtype],
                band_list=list(range(1, bands + 1)),
                buf_pixel_space=size,
                buf_line_space=size * bands * cols,
                buf_band_space=size * cols,
            )
            if not self._packed or (row + rows) % self._block_rows == 0:  # else blocks would be compressed twice
                messages.call(self._dataset.FlushCache)
            if failed or messages.write_failures:
                raise self._failure(messages.words())
        self._drop_page_cache()

    def _drop_page_cache(self) -> None:
        """Drop a large GeoTIFF from the page cache as it grows: else a file that does not fit fills the memory, evicts
        other files, and writing then waits for the disk. Not for ENVI, where strips share pages: a dropped page would
        be read again."""
        if self._driver != "GTiff" or sys.platform != "linux":
            return
        with contextlib.suppress(OSError), open(self.draft, "rb") as file:  # advice: none has to follow it
            if os.fstat(file.fileno()).st_size > _PAGE_CACHE_LIMIT:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def _create(self) -> None:
        rows, cols, dtype = self.grid.rows, self.grid.cols, self.metadata.dtype
        if self._driver == "GTiff":
            options = layout(cols, self._block_rows, self._compress, dtype)
        else:
            suffix = os.path.splitext(self.path)[1].lower()
            options = [f"INTERLEAVE={suffix[1:].upper() if suffix in ('.bil', '.bip') else 'BSQ'}"]
        with gdal_messages() as messages:
            create = gdal.GetDriverByName(self._driver).Create
            dataset = messages.call(create, self.draft, cols, rows, self.bands, GDAL_OF_DTYPE[dtype], options)
            if dataset is None:
                raise self._failure(messages.words())
            self._dataset = dataset
            place_dataset(dataset, self.grid)
            write_metadata(dataset, self.metadata)
            if self._placement:
                key, domain = ("placement", "ENVI") if self._driver == "ENVI" else ("PLACEMENT", "")
                dataset.SetMetadataItem(key, self._placement, domain)

    def complete(self) -> None:
        """Close the file and see that all of it was written; the end of the ``with`` block only moves it. A job that
        writes several rasters completes all before the first takes its place.

        Raises:
            InputError: it cannot be written, as when the disk is full.
        """
        if self._dataset is None:
            return
        with gdal_messages(raising=False) as messages:
            messages.call(self._dataset.FlushCache)
            if hasattr(self._dataset, "Close"):
                messages.call(self._dataset.Close)
            self._dataset = None
            if messages.write_failures:
                raise self._failure(messages.words())
        if self.draft != self.partial:
            self._convert()
        elif self._overviews:
            add_overviews(self.partial, self._progress, self.name)

    def _convert(self) -> None:
        """Make the file of the finished draft, which stays until it is moved to its place."""
        if self._format == "COG":
            options = [*compression(self._compress, self.metadata.dtype), "NUM_THREADS=ALL_CPUS"]
            words = write_cog(self.draft, self.partial, options, self._progress, self.name)
            if words:
                raise self._failure(words)
            return
        packed = self._compress != "NONE"
        try:
            write_zarr(self.draft, self.partial, self.grid, self.metadata, packed, self._progress, self._placement)
        except OSError as error:
            raise self._failure(f": {error.strerror or error}") from None

    def _discard_partial(self) -> None:
        """Close the file if it is open, and remove whatever is left of it under its hidden name."""
        with gdal_messages(raising=False):
            self._dataset = None
        discard(self.partial)

    def _failure(self, words: str) -> InputError:
        if not os.path.isdir(folder_of(self.path)):
            return folder_removed_error(self.path)
        return InputError(
            f"{self.name} could not be written to {folder_of(self.path)}{words}; see whether the disk is full, or "
            "choose another place."
        )


def _storable(dtype: str, driver: str) -> str:
    """``dtype``, or the next wider type that the format and this GDAL know. Of types that it cannot write in ENVI, GDAL
    silently makes bytes."""
    known = set(GDAL_OF_DTYPE)
    if driver == "ENVI":
        names = gdal.GetDriverByName(driver).GetMetadataItem("DMD_CREATIONDATATYPES").split()
        known = {name for name, code in GDAL_OF_DTYPE.items() if gdal.GetDataTypeName(code) in names}
    while dtype not in known:
        dtype = _WIDER[dtype]
    return dtype
