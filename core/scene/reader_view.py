"""Views of open rasters whose grids fit together: rows in one order, pixels not too fine."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..io.grid import Grid, Window, same_crs
from ..io.masks import Fill
from ..io.ratio import MAX_RATIO, ratio_text
from ..io.reader import Block, RasterReader
from ..io.remedies import Source
from ..runtime.errors import InputError
from ..runtime.progress import Progress

FINEST = 16  # ratio of what an image that is too fine is averaged to, at most
_SAMPLES = 8_000_000  # of a raster, read at once to be averaged
_SAME_SIZE = 0.1  # relative: pixels that are as large as asked for


class ReaderView(RasterReader):
    """Base of the views of an open raster, which they close with themselves.

    Args:
        reader: the open raster.
    """

    def __init__(self, reader: RasterReader) -> None:
        self._reader = reader
        self.path, self.name, self.file, self.others = reader.path, reader.name, reader.file, reader.others
        self.grid, self.dtype = reader.grid, reader.dtype
        self.metadata, self.bands, self.always_valid = reader.metadata, reader.bands, reader.always_valid
        self.fills, self.notes, self._block_rows = reader.fills, reader.notes, reader.block_rows
        self.origin, self.palette, self.sentence = reader.origin, reader.palette, reader.sentence
        self.settled = reader.settled

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader,)

    @property
    def band_numbers(self) -> list[int]:
        """As :attr:`RasterReader.band_numbers`."""
        return self._reader.band_numbers

    @property
    def source(self) -> Source:
        """As :attr:`RasterReader.source`."""
        return self._reader.source

    def add_fill(self, fill: Fill) -> None:
        """As :meth:`RasterReader.add_fill`, of the raster itself.

        Raises:
            ValueError: the view has other pixels or bands, so that a place in it is another one in the raster.
        """
        self._reader.add_fill(self._in_raster(fill))
        self.fills, self.always_valid = (*self.fills, fill), self._reader.always_valid
        self.metadata = self.metadata.replace(nodata=self._reader.metadata.nodata)

    def _in_raster(self, fill: Fill) -> Fill:
        """A fill value of the view as one of the raster."""
        if (self.grid, self.bands) != (self._reader.grid, self._reader.bands):
            raise ValueError(f"Fill values are added to {self.name} itself, not to a view of other pixels or bands.")
        return fill

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """As :meth:`RasterReader.read_stored`."""
        return self._reader.read_stored(row, rows)

    def read_complete(self, window: Window, bands: Sequence[int]) -> np.ndarray | None:
        """As :meth:`RasterReader.read_complete`: None, as what is read is not what is stored."""
        return None

    def keep_decoded(self) -> None:
        """As :meth:`RasterReader.keep_decoded`."""
        self._reader.keep_decoded()

    def release(self) -> None:
        """As :meth:`RasterReader.release`."""
        self._reader.release()

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


class FlippedReader(ReaderView):
    """An open raster with its rows in opposite order.

    Args:
        reader: the open raster.
    """

    def __init__(self, reader: RasterReader) -> None:
        super().__init__(reader)
        self.grid = reader.grid.flip()

    def _in_raster(self, fill: Fill) -> Fill:
        """With its masks in the raster's order of rows."""
        masks = fill.region, fill.mixed, fill.partly
        region, mixed, partly = (None if mask is None else mask[::-1] for mask in masks)
        return fill._replace(region=region, mixed=mixed, partly=partly)

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`, but that nothing is read ahead."""
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        last = self.grid.rows - window.row - window.rows
        values, valid = self._reader.read(Window(last, window.col, window.rows, window.cols), bands)
        return Block(np.ascontiguousarray(values[:, ::-1]), np.ascontiguousarray(valid[:, ::-1]))

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """As :meth:`RasterReader.read_stored`."""
        return np.ascontiguousarray(self._reader.read_stored(self.grid.rows - row - rows, rows)[:, ::-1])


class AveragedReader(ReaderView):
    """An open raster whose pixels are averaged in blocks; one of which half are invalid at most has the mean of the
    others.

    Args:
        reader: the open raster.
        block: (rows, columns) of a block.
    """

    def __init__(self, reader: RasterReader, block: tuple[int, int]) -> None:
        super().__init__(reader)
        self._block, self.grid, self.dtype = block, reader.grid.coarsen(block), "float32"
        nodata = None if reader.always_valid else math.nan
        self.metadata = reader.metadata.replace(dtype="float32", nodata=nodata)
        self._block_rows = max(1, reader.block_rows // block[0])

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._block)

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        chosen = list(range(self.bands)) if bands is None else list(bands)
        values = np.empty((len(chosen), window.rows, window.cols), np.float32)
        valid = np.empty(values.shape, bool)
        down, right = self._block
        step = max(1, _SAMPLES // max(1, len(chosen) * window.cols * down * right))
        for start in range(0, window.rows, step):
            here = slice(start, min(start + step, window.rows))
            rows = here.stop - start
            part = Window((window.row + start) * down, window.col * right, rows * down, window.cols * right)
            block = self._reader.read(part, chosen)
            cut = (len(chosen), rows, down, window.cols, right)
            count = block.valid.reshape(cut).sum(axis=(2, 4))
            total = block.values.reshape(cut).sum(axis=(2, 4), dtype=np.float64)
            valid[:, here] = 2 * count >= down * right
            values[:, here] = np.where(valid[:, here], total / np.maximum(count, 1), 0.0)
        return Block(values, valid)

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """As :meth:`RasterReader.read_stored`."""
        values, valid = self.read(Window(row, 0, rows, self.grid.cols))
        return np.where(valid, values, np.float32(math.nan))


def facing(*readers: RasterReader) -> tuple[RasterReader, ...]:
    """Rasters with their rows in one order: where they run in different directions, those that run south-up are seen
    north-up.

    Args:
        readers: open rasters.

    Returns:
        The rasters, or views of them, in the same order.
    """
    if len({reader.grid.dy > 0 for reader in readers}) < 2:
        return readers
    return tuple(FlippedReader(reader) if reader.grid.dy > 0 else reader for reader in readers)


def coarsened(image: RasterReader, resolution: float | None, progress: Progress) -> RasterReader:
    """A raster whose pixels are averaged to about a size.

    Args:
        image: the open raster.
        resolution: edge of a pixel, in its map units; None leaves it as it is.
        progress: told of it.

    Returns:
        The raster, or a view of it.

    Raises:
        InputError: it lies on no map grid.
    """
    if resolution is None:
        return image
    if image.grid.in_sensor_geometry:
        raise InputError(
            f"{image.name} lies on no map grid, so its pixels have no size in map units; leave --resolution "
            "(RESOLUTION) out."
        )
    block = tuple(max(1, round(resolution / abs(axis.step))) for axis in image.grid.axes)
    if max(block) == 1 or image.grid.rows < block[0] or image.grid.cols < block[1]:
        size = max(abs(axis.step) for axis in image.grid.axes)
        if abs(resolution / size - 1) > _SAME_SIZE:
            progress.warning(
                f"{image.name} keeps its pixels of {size:.6g} map units: whole numbers of them are averaged, as far as "
                f"the image goes, and none is made finer, so --resolution {resolution:.6g} (RESOLUTION) does nothing."
            )
        return image
    view = AveragedReader(image, (block[0], block[1]))
    said = (
        f"Blocks of {block[0]} x {block[1]} pixels of {image.name} are averaged, as --resolution (RESOLUTION) asks for."
    )
    view.sentence = f"{image.sentence} {said}".strip()
    progress.info(said)
    return view


def averaged(pan: RasterReader, hsi: Grid, progress: Progress | None = None) -> RasterReader:
    """The PAN; where it is too fine for the HSI, its pixels averaged to the finest that can be used.

    Args:
        pan: the open PAN.
        hsi: the HSI's grid.
        progress: told of it.

    Returns:
        The raster, or a view of it.
    """
    ratios = [abs(low.step / high.step) for low, high in zip(hsi.axes, pan.grid.axes)]
    if max(ratios) <= MAX_RATIO or not same_crs(hsi.crs, pan.grid.crs):
        return pan
    block = [math.ceil(ratio / FINEST) if ratio > MAX_RATIO else 1 for ratio in ratios]
    if pan.grid.rows < block[0] or pan.grid.cols < block[1]:
        return pan
    view = AveragedReader(pan, (block[0], block[1]))
    fine, left = ratio_text((ratios[0], ratios[1])), (ratios[0] / block[0], ratios[1] / block[1])
    said = (
        f"A pixel of the HSI is {fine} pixels of {pan.name}, more than can be used: blocks of {block[0]} x {block[1]} "
        f"of them are averaged, which makes the ratio {ratio_text(left)}."
    )
    view.sentence = f"{pan.sentence} {said}".strip()
    if progress is not None:
        progress.info(said)
    return view
