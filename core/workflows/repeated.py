"""Bands of larger pixels in one file with finer ones, as Sentinel-2's bands of 20 m and 60 m in a stack of 10 m: their
pixels were repeated, as GDAL, QGIS and SNAP do by default when they stack bands (own).

Taken for fine bands, their blocks come out in the result. They are read as what they are, and are sharpened by the
others as bands of files of their own are (:mod:`.partners`).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..io.band_selection import SelectedBands
from ..io.grid import Window
from ..io.ratio import MAX_RATIO
from ..io.reader import RasterReader
from ..runtime.progress import Progress
from ..scene.joined import CroppedReader
from ..scene.reader_view import AveragedReader

_SIZE, _PLACES = 120, 3  # pixels along the edge of a window that is looked at; windows along the image's diagonal
_LEAST = 8  # edges of blocks along an axis, from which on it is no chance that all are whole blocks apart
_MOST = int(MAX_RATIO)  # pixels along the edge of a block
_SHARE = 0.5  # of the edges that blocks of that size have, at least, are seen
_FINE = ((1, 0), (1, 0))  # blocks of single pixels


@dataclass(frozen=True)
class Part:
    """Bands of an image whose pixels have one size.

    Attributes:
        image: the bands, on a grid of their own pixels.
        places: of its bands in the image, counted from 0; None for a band that is there twice.
    """

    image: RasterReader
    places: tuple[int | None, ...]


def parts_of(image: RasterReader, progress: Progress) -> list[Part]:
    """An image as parts whose pixels are of one size each.

    Args:
        image: the open image.
        progress: told of bands whose pixels are repeated; asked whether to stop.

    Returns:
        The parts, that of the finest pixels first; the image itself where all bands have pixels of one size. They close
        it with themselves.
    """
    whole = [Part(image, tuple(range(image.bands)))]
    if image.bands < 2 or image.origin.product or image.grid.in_sensor_geometry:
        return whole
    groups: dict[tuple[tuple[int, int], tuple[int, int]], list[int]] = {}
    for band, blocks in enumerate(_blocks(image, progress)):
        groups.setdefault(blocks, []).append(band)
    fine = groups.pop(_FINE, [])
    if not fine or not groups:
        return whole
    parts = [Part(SelectedBands(image, fine), tuple(fine))]
    for blocks, bands in sorted(groups.items()):
        numbers = ", ".join(str(band + 1) for band in bands)
        (down, _), (right, _) = blocks
        progress.info(
            f"The pixels of band{'s' * (len(bands) > 1)} {numbers} of {image.name} are repeated in blocks of {down} x "
            f"{right}: they are read as pixels of that size."
        )
        twice = bands if len(bands) > 1 else bands * 2  # no single band is sharpened
        coarse = _coarse(SelectedBands(copy.deepcopy(image), twice), blocks)
        parts.append(Part(coarse, (*bands, *[None] * (len(twice) - len(bands)))))
    return parts


class _Ordered(SelectedBands):
    """Joined bands in the order of their images, by which they are numbered."""

    @property
    def band_numbers(self) -> list[int]:
        """Counted from 1 through all images."""
        return list(range(1, self.bands + 1))


def in_order(joined: RasterReader, places: Sequence[int | None]) -> RasterReader:
    """Joined bands in the order of their images.

    Args:
        joined: the open image.
        places: where each band belongs; None for one that is left out.

    Returns:
        The image, or a view of it.
    """
    order = sorted((place, band) for band, place in enumerate(places) if place is not None)
    bands = [band for _, band in order]
    return joined if bands == list(range(joined.bands)) else _Ordered(joined, bands)


def _coarse(image: RasterReader, blocks: tuple[tuple[int, int], tuple[int, int]]) -> RasterReader:
    """The whole blocks of an image as its pixels."""
    (down, top), (right, left) = blocks
    rows, cols = (image.grid.rows - top) // down * down, (image.grid.cols - left) // right * right
    return AveragedReader(CroppedReader(image, Window(top, left, rows, cols)), (down, right))


def _blocks(image: RasterReader, progress: Progress) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Of each band, the size of the blocks in which its pixels are repeated and where the first one begins, of rows and
    of columns; (1, 0) of both where they are not, along either axis."""
    grid = image.grid
    rows, cols = min(_SIZE, grid.rows), min(_SIZE, grid.cols)
    edges, seen = np.zeros((2, image.bands, 2, max(grid.rows, grid.cols)), bool)
    for place in np.linspace(0.0, 1.0, _PLACES):
        progress.check()
        top, left = round(place * (grid.rows - rows)), round(place * (grid.cols - cols))
        values, valid = image.read(Window(top, left, rows, cols))
        down, right = valid[:, 1:] & valid[:, :-1], valid[..., 1:] & valid[..., :-1]
        seen[:, 0, top + 1 : top + rows] |= down.any(axis=2)
        seen[:, 1, left + 1 : left + cols] |= right.any(axis=1)
        edges[:, 0, top + 1 : top + rows] |= (down & (values[:, 1:] != values[:, :-1])).any(axis=2)
        edges[:, 1, left + 1 : left + cols] |= (right & (values[..., 1:] != values[..., :-1])).any(axis=1)
    found = []
    for band, counts in zip(edges, seen.sum(axis=2)):
        blocks = [_block(np.flatnonzero(axis), int(count)) for axis, count in zip(band, counts)]
        found.append((blocks[0], blocks[1]) if min(size for size, _ in blocks) > 1 else _FINE)
    return found


def _block(edges: np.ndarray, seen: int) -> tuple[int, int]:
    """Size and first edge of blocks along an axis, from where values change among ``seen`` pairs of valid pixels: the
    corners of a rotated scene hold none."""
    if edges.size < _LEAST:
        return _FINE[0]
    size = math.gcd(*np.diff(edges).tolist())
    whole = size <= _MOST and edges.size * size >= _SHARE * seen
    return (size, int(edges[0]) % size) if whole else _FINE[0]
