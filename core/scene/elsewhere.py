"""An image as another sensor would have it: on a rotated grid, in another reference system, locally distorted."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..io.crs import crs_named
from ..io.frames import Affine
from ..io.grid import Grid
from ..io.positions import from_map
from ..io.reader import RasterReader
from ..runtime.errors import InputError
from .placement import Composed, mapping_between, positions_on
from .warp import Mapping, WarpedReader

_WAVES = 1.5  # of the distortion, along the longer edge
_EDGE = 33  # positions along each edge of an image


@dataclass(frozen=True)
class Distortion:
    """Positions that are off by a smooth field of waves, the largest by ``size`` pixels along each axis.

    Attributes:
        size: pixels.
        length: of the waves, pixels.
        phases: of the waves, radians: rows' and columns' displacement, along rows and along columns.
    """

    size: float
    length: float
    phases: tuple[float, float, float, float]

    @classmethod
    def random(cls, size: float, shape: tuple[int, int], seed: int) -> Distortion:
        """A field of random phases.

        Args:
            size: pixels.
            shape: (rows, columns) of the image.
            seed: of the phases.

        Returns:
            The field.
        """
        drawn = np.random.default_rng((seed, 2)).uniform(0.0, 2.0 * math.pi, 4).tolist()
        return cls(size, max(shape) / _WAVES, (drawn[0], drawn[1], drawn[2], drawn[3]))

    def positions(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions that are seen at others.

        Args:
            rows, cols: (...) float64, both of one shape, pixel edges at whole numbers.

        Returns:
            rows and columns of what is seen there, (...) float64 of the same shape.
        """
        turn, (a, b, c, d) = 2.0 * math.pi / self.length, self.phases
        down = self.size * np.sin(turn * rows + a) * np.sin(turn * cols + b)
        right = self.size * np.sin(turn * rows + c) * np.sin(turn * cols + d)
        return rows + down, cols + right


def elsewhere(image: RasterReader, rotation: float, crs: str, distortion: Distortion | None = None) -> WarpedReader:
    """An image on a grid of about its pixels' size that covers it, resampled once.

    Args:
        image: the open image, closed with the result.
        rotation: of the new grid on its map, degrees clockwise.
        crs: its reference system, as "EPSG:32633"; "" for the image's.
        distortion: by how much its pixels show other places than the grid says; None for none.

    Returns:
        The image on that grid; where it does not reach, nothing is valid.

    Raises:
        InputError: there is no such reference system, or it does not reach the place.
    """
    own = image.grid
    grid = own if not rotation and not crs else _around(own, rotation, crs_named(crs) if crs else own.crs, image.name)
    mapping: Mapping = mapping_between(grid, own)
    if distortion is not None:
        mapping = Composed(mapping, distortion)
    return WarpedReader(image, mapping, grid)


def _around(own: Grid, rotation: float, crs: str, name: str) -> Grid:
    """The grid of pixels of about the same size that covers an image."""
    forth = positions_on(own, Grid(0.0, 0.0, 1.0, 1.0, 1, 1, crs))
    if forth is None:
        raise InputError(f"{name} has no reference system that the PAN's can be reached from; leave --pan-crs out.")
    rows, cols = (axis.ravel() for axis in np.mgrid[0 : own.rows : _EDGE * 1j, 0 : own.cols : _EDGE * 1j])
    y, x = forth(rows, cols)
    middle = np.array([0.0, 1.0, 0.0]) + own.rows / 2, np.array([0.0, 0.0, 1.0]) + own.cols / 2
    at_y, at_x = forth(*middle)
    if not all(np.isfinite(axis).all() for axis in (x, y, at_x, at_y)):
        raise InputError(f"{name} lies outside of the reference system {crs[:40]}; choose another one (--pan-crs).")
    turn = math.radians(rotation)
    dx, dy = math.hypot(at_x[2] - at_x[0], at_x[1] - at_x[0]), math.hypot(at_y[1] - at_y[0], at_y[2] - at_y[0])
    axes = (dx * math.cos(turn), -dx * math.sin(turn), -dy * math.sin(turn), -dy * math.cos(turn))
    transform = Affine(float(at_x[0]), axes[0], axes[1], float(at_y[0]), axes[2], axes[3])
    grid = Grid.from_geotransform(tuple(transform), 1, 1, crs, name)
    row, col = from_map(grid, x, y)
    top, left = math.floor(row.min()), math.floor(col.min())
    count = math.ceil(row.max()) - top, math.ceil(col.max()) - left
    corner = grid.x + left * grid.dx, grid.y + top * grid.dy
    return replace(grid, x=corner[0], y=corner[1], rows=count[0], cols=count[1])
