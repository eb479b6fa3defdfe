"""A raster on another grid, resampled once, in pieces.

A :class:`Mapping` says where each pixel of the new grid lies in the raster. Where the raster's pixels are as large as
those of the new grid, or larger, they are interpolated by quintic B-splines, so that planes pass. Where they are finer,
the mean over the new pixel's area is taken: first of whole blocks of them, then of a few interpolated places in the
pixel, spread so that their variance and that of a block make up the pixel's (own).
How much finer they are follows from the differences of the mapping, in each place anew.

A pixel of the new grid is valid where its position lies inside the raster and, of cubic convolution's absolute weights,
no more than a hundredth would lie on pixels that are not valid; these are filled by those around them.

The new grid is computed in tiles that lie fixed on it, so a window has the same bits whichever window is read. Each is
computed once (:mod:`.tile_store`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from ..io.grid import Grid, Window
from ..io.reader import Block, RasterReader
from ..operators.sampling import SPLINE_REACH, SplineImage
from .placement import Composed
from .reader_view import ReaderView
from .tile_store import TileStore

_TILE = (128, 256)  # rows and columns that are computed at once
_SAMPLES = 4_000_000  # of the raster that are held at once, about
_TOUCHED = 0.01  # share of the absolute weights that may lie on invalid pixels
_FINER = 1.1  # pixels of the raster in one of the new grid, from which on their mean is taken
_MOST_PLACES = 4  # along an edge of a new pixel
_PROBES = 9  # along each axis, where the size of the pixels is looked at
_EDGE = 1e-6  # pixels by which a position may lie outside


class Mapping(Protocol):
    """Where the pixels of a grid lie in a raster; can be pickled."""

    def positions(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the raster.

        Args:
            rows, cols: (...) float64, both of one shape, positions on the grid, pixel edges at whole numbers: a
                pixel's centre stands at .5. They may lie outside of the grid.

        Returns:
            rows and columns of the raster, (...) float64 of the same shape, counted likewise; NaN where there is none.
        """


class WarpedReader(ReaderView):
    """An open raster as it lies on another grid; closes it with itself.

    Args:
        source: the open raster.
        mapping: where each pixel of the grid lies in it.
        grid: the new grid.
        covered: whether every position lies inside the raster for certain.
    """

    def __init__(self, source: RasterReader, mapping: Mapping, grid: Grid, covered: bool = False) -> None:
        super().__init__(source)
        self._mapping, self._covered, self.grid = mapping, covered, grid
        self.always_valid, self._block_rows = covered and source.always_valid, _TILE[0]
        self._tiles = TileStore()
        self._blocks = self._block_size()
        self._before = self._before_first()

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._mapping, self.grid, self._covered)

    @property
    def raster(self) -> RasterReader:
        """The raster as it is."""
        return self._reader

    def through(self, mapping: Mapping, grid: Grid) -> WarpedReader:
        """The raster as it lies on a third grid, resampled once.

        Args:
            mapping: where each pixel of that grid lies on this one.
            grid: the third grid.

        Returns:
            The raster on it.
        """
        made = type(self)(self._reader, Composed(mapping, self._mapping), grid)
        made.sentence = self.sentence
        return made

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """Rows of all bands; what is resampled is stored nowhere, and these are float32.

        Args:
            row: first row.
            rows: number of rows.

        Returns:
            (bands, rows, columns) float32, 0 where not valid.
        """
        return self.read(Window(row, 0, rows, self.grid.cols)).values

    def close(self) -> None:
        """Close the file."""
        self._tiles.clear()
        super().close()

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        chosen = list(range(self.bands)) if bands is None else [int(band) for band in bands]
        self._check(window, chosen)
        values = np.empty((len(chosen), window.rows, window.cols), np.float32)
        valid = np.empty(values.shape, bool)
        spans = [_cut(window.row, window.rows, _TILE[0]), _cut(window.col, window.cols, _TILE[1])]
        for row, rows, from_rows in spans[0] if values.size else ():
            for col, cols, from_cols in spans[1]:
                for place, tile in enumerate(self._tile(row, col, chosen)):
                    values[place, rows, cols], valid[place, rows, cols] = (part[from_rows, from_cols] for part in tile)
        return Block(values, valid)

    def _tile(self, row: int, col: int, bands: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Values and validity of each band of a tile, computed where they are not at hand."""
        kept = {band: self._tiles.get((row, col, band)) for band in set(bands)}
        found = {band: tile for band, tile in kept.items() if tile is not None}
        missing = sorted(set(bands) - set(found))
        if missing:
            shape = [min(size, count - at * size) for size, count, at in zip(_TILE, self._shape, (row, col))]
            place = Window(row * _TILE[0], col * _TILE[1], *shape)
            values = np.zeros((len(missing), *shape), np.float32)
            valid = np.zeros(values.shape, bool)
            self._compute(place, missing, values, valid)
            for band, *planes in zip(missing, values, valid):
                found[band] = planes[0], planes[1]
                self._tiles.put((row, col, band), *planes)
        return [found[band] for band in bands]

    @property
    def _shape(self) -> tuple[int, int]:
        return self.grid.rows, self.grid.cols

    def _block_size(self) -> tuple[int, int]:
        """Rows and columns of the raster in a block whose mean is taken first: the most that are nowhere larger than
        a pixel of the new grid."""
        at = [np.linspace(0.5, max(count - 0.5, 0.5), _PROBES) for count in self._shape]
        rows, cols = (axis.ravel() for axis in np.meshgrid(*at, indexing="ij"))
        down = _difference(self._mapping, rows, cols, (1.0, 0.0))
        right = _difference(self._mapping, rows, cols, (0.0, 1.0))
        area = np.abs(down[0] * right[1] - down[1] * right[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            sizes = area / np.hypot(down[1], right[1]), area / np.hypot(down[0], right[0])
        least = [float(size[np.isfinite(size)].min(initial=math.inf)) for size in sizes]
        return _whole(least[0]), _whole(least[1])

    def _before_first(self) -> tuple[int, int]:
        """By how many rows and columns the first block begins before the raster, so that blocks begin where the new
        grid does."""
        corner = self._mapping.positions(np.zeros(1), np.zeros(1))
        known = all(np.isfinite(axis).all() for axis in corner)
        rows, cols = (round(-float(axis[0])) % size if known else 0 for axis, size in zip(corner, self._blocks))
        return rows, cols

    def _compute(self, place: Window, bands: list[int], values: np.ndarray, valid: np.ndarray) -> None:
        """Fill in a part of a tile; where it depends on much of the raster, in parts."""
        rows = np.arange(place.row - 1, place.row + place.rows + 1)[:, None] + 0.5
        cols = np.arange(place.col - 1, place.col + place.cols + 1)[None, :] + 0.5
        grid = np.broadcast_arrays(rows, cols)
        size = self._reader.grid.rows, self._reader.grid.cols
        wide = self._mapping.positions(np.ascontiguousarray(grid[0]), np.ascontiguousarray(grid[1]))
        at = [axis[1:-1, 1:-1] for axis in wide]
        with np.errstate(invalid="ignore"):
            inside = np.logical_and.reduce([(a >= -_EDGE) & (a <= count + _EDGE) for a, count in zip(at, size)])
        if not inside.any():
            return
        steps = [np.stack([_central(axis, along) / f for axis, f in zip(wide, self._blocks)]) for along in (0, 1)]
        spans = []
        at = [(axis + before) / f for axis, f, before in zip(at, self._blocks, self._before)]
        for axis, count, factor, before in zip(at, size, self._blocks, self._before):
            known, last = axis[inside], -(-(count + before) // factor)
            margin = SPLINE_REACH + _MOST_PLACES
            spans.append((max(0, int(known.min()) - margin), min(last, int(known.max()) + margin + 1)))
        if not self._affordable(spans, len(bands)) and place.rows * place.cols > 1:
            for part in _halves(place):
                here = _slices(part, place)
                self._compute(part, bands, values[here], valid[here])
            return
        planes, known = self._means(spans, bands)
        positions = [axis[inside] - span[0] for axis, span in zip(at, spans)]
        found, touched = _over_areas(SplineImage(planes, known), positions, [step[:, inside] for step in steps])
        sure = touched <= _TOUCHED
        values[:, inside] = np.where(sure, found, 0.0)
        valid[:, inside] = sure

    def _affordable(self, spans: list[tuple[int, int]], bands: int) -> bool:
        """Whether all means, and the samples of one row of blocks, are few enough."""
        rows, cols = (stop - start for start, stop in spans)
        return bands * cols * max(rows, math.prod(self._blocks)) <= _SAMPLES

    def _means(self, spans: list[tuple[int, int]], bands: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Of blocks of the raster the mean of the valid samples, float64, and whether half of a block is valid."""
        (top, bottom), (left, right) = spans
        tall, wide = self._blocks
        step = max(1, _SAMPLES // (len(bands) * (right - left) * wide * tall))
        cols, first_cols = self._samples(left, right, 1)
        values, valid = [], []
        for start in range(top, bottom, step):
            rows, first_rows = self._samples(start, min(bottom, start + step), 0)
            block = self._reader.read(Window(rows[0], cols[0], rows[1] - rows[0], cols[1] - cols[0]), bands)
            if self._blocks == (1, 1):
                values.append(block.values.astype(np.float64))
                valid.append(block.valid)
                continue
            firsts = first_rows, first_cols
            sums, counts = _block_sums(block.values, firsts), _block_sums(block.valid, firsts)
            values.append(sums / np.maximum(counts, 1.0))
            valid.append(counts >= 0.5 * _block_sums(np.ones((1, *block.valid.shape[1:])), firsts))
        return np.concatenate(values, axis=1), np.concatenate(valid, axis=1)

    def _samples(self, start: int, stop: int, axis: int) -> tuple[tuple[int, int], np.ndarray]:
        """The rows (axis 0) or columns of the raster in some blocks, and at which of them each block begins."""
        count, size = (self._reader.grid.rows, self._reader.grid.cols)[axis], self._blocks[axis]
        edges = np.clip(np.arange(start, stop + 1) * size - self._before[axis], 0, count)
        return (int(edges[0]), int(edges[-1])), edges[:-1] - edges[0]


def _over_areas(image: SplineImage, at: list[np.ndarray], steps: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Means over the area of each new pixel, and how much of them rests on invalid pixels, as of ``SplineImage``.

    Args:
        image: what is sampled.
        at: rows and columns, (n,) float64.
        steps: to the pixel below and to the one on the right, (2, n) float64 rows and columns each.
    """
    offsets = []
    for step in steps:
        length = np.minimum(np.hypot(*step) / _FINER, _MOST_PLACES)
        places = int(min(_MOST_PLACES, max(1, math.ceil(float(length.max()) - 1e-9))))
        if places == 1:
            offsets.append([np.zeros((2, 1))])
            continue
        spread = np.sqrt(np.maximum(length**2 - 1.0, 0.0) / (places**2 - 1)) / np.maximum(np.hypot(*step), 1e-30)
        offsets.append([(number - 0.5 * (places - 1)) * spread * step for number in range(places)])
    pairs = [(down, right) for down in offsets[0] for right in offsets[1]]
    found = [image.at(*(a + d + r for a, d, r in zip(at, down, right))) for down, right in pairs]
    values, touched = found[0]
    for more in found[1:]:
        values, touched = values + more[0], touched + more[1]
    return values / len(pairs), touched / len(pairs)


def _block_sums(planes: np.ndarray, firsts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(bands, rows, columns) float64: sums over blocks that begin at some rows and columns."""
    sums = planes.astype(np.float64)
    for axis, first in zip((1, 2), firsts):
        sums = np.add.reduceat(sums, first, axis=axis)
    return sums


def _central(axis: np.ndarray, along: int) -> np.ndarray:
    """Half the difference of the neighbours along rows or columns, of what lies one pixel inside; 0 where there is
    none."""
    if along == 0:
        found = 0.5 * (axis[2:, 1:-1] - axis[:-2, 1:-1])
    else:
        found = 0.5 * (axis[1:-1, 2:] - axis[1:-1, :-2])
    return np.where(np.isfinite(found), found, 0.0)


def _difference(
    mapping: Mapping, rows: np.ndarray, cols: np.ndarray, step: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """By how much the position changes over one pixel."""
    before, after = (
        mapping.positions(rows + sign * 0.5 * step[0], cols + sign * 0.5 * step[1]) for sign in (-1.0, 1.0)
    )
    return after[0] - before[0], after[1] - before[1]


def _whole(size: float) -> int:
    return max(1, math.floor(size + 1e-6)) if math.isfinite(size) else 1


def _cut(start: int, count: int, size: int) -> list[tuple[int, slice, slice]]:
    """The tiles that a span touches: number, where they lie in the span, and which part of them lies in it."""
    result = []
    for number in range(start // size, -(-(start + count) // size)):
        first, last = max(start, number * size), min(start + count, (number + 1) * size)
        result.append((number, slice(first - start, last - start), slice(first - number * size, last - number * size)))
    return result


def _halves(place: Window) -> Iterator[Window]:
    """A window cut in two along its longer edge."""
    if place.rows >= place.cols:
        cuts = [((0, place.rows // 2), (0, place.cols)), ((place.rows // 2, place.rows), (0, place.cols))]
    else:
        cuts = [((0, place.rows), (0, place.cols // 2)), ((0, place.rows), (place.cols // 2, place.cols))]
    return (place.part(*cut) for cut in cuts)


def _slices(part: Window, place: Window) -> tuple[slice, slice, slice]:
    row, col = part.row - place.row, part.col - place.col
    return slice(None), slice(row, row + part.rows), slice(col, col + part.cols)
