"""Frames: how a grid's own axes lie on the map, where they are not those of the map.

A :class:`..io.grid.Grid` has axes of its own, along which its pixels are steps of one length. Without a frame they are
the map's; an :class:`Affine` frame rotates, shears or mirrors them; a :class:`Geolocation` says of each position in the
rows and columns of an image where that lies, as control points, RPCs and geolocation arrays do.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class Affine(NamedTuple):
    """X = x0 + xx x + xy y, Y = y0 + yx x + yy y, in the order of GDAL's geotransform.

    Attributes:
        x0, xx, xy, y0, yx, yy: its numbers.
    """

    x0: float
    xx: float
    xy: float
    y0: float
    yx: float
    yy: float

    @classmethod
    def of_geotransform(cls, transform: tuple[float, ...]) -> tuple[Affine, float, float]:
        """The frame of a raster whose geotransform is rotated, sheared or mirrored.

        Args:
            transform: GDAL's six numbers, which enclose an area.

        Returns:
            The frame, whose origin is the raster's corner and whose axes run along its columns and against its rows, in
            map units; and the steps along both, dx > 0 and dy < 0.
        """
        x0, xx, xy, y0, yx, yy = transform
        dx, dy = math.hypot(xx, yx), -math.hypot(xy, yy)
        return cls(x0, xx / dx, xy / dy, y0, yx / dx, yy / dy), dx, dy

    @property
    def determinant(self) -> float:
        """Area on the map of a unit of its own."""
        return self.xx * self.yy - self.xy * self.yx

    def inverse(self) -> Affine:
        """The way back."""
        area = self.determinant
        xx, xy, yx, yy = self.yy / area, -self.xy / area, -self.yx / area, self.xx / area
        return Affine(-(xx * self.x0 + xy * self.y0), xx, xy, -(yx * self.x0 + yy * self.y0), yx, yy)

    def after(self, first: tuple[float, ...]) -> Affine:
        """The affine transform that applies another one first.

        Args:
            first: six numbers.

        Returns:
            Their composition.
        """
        x0, xx, xy, y0, yx, yy = first
        return Affine(
            self.x0 + self.xx * x0 + self.xy * y0,
            self.xx * xx + self.xy * yx,
            self.xx * xy + self.xy * yy,
            self.y0 + self.yx * x0 + self.yy * y0,
            self.yx * xx + self.yy * yx,
            self.yx * xy + self.yy * yy,
        )

    def to_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map coordinates of positions.

        Args:
            x, y: float64, any shapes (...) that broadcast, own units.

        Returns:
            X and Y, (...) float64.
        """
        return self.x0 + self.xx * x + self.xy * y, self.y0 + self.yx * x + self.yy * y

    def from_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions of map coordinates.

        Args:
            x, y: float64, any shapes (...) that broadcast, map units.

        Returns:
            x and y in own units, (...) float64.
        """
        return self.inverse().to_map(x, y)


IDENTITY = Affine(0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


class Geolocation:
    """What says of each position in an image's rows and columns where that lies on the map; picklable.

    Own coordinates are columns (x) and rows (y) of the image, counted from its outer corner; pixel edges are whole.

    Attributes:
        crs: of the map, as WKT; "" for none.
        key: two of one kind with the same key place pixels alike.
        about: what it is, for sentences, as "212 ground control points".
    """

    crs: str = ""
    key: str = ""
    about: str = ""

    def to_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map coordinates of positions.

        Args:
            x, y: (n,) float64, columns and rows.

        Returns:
            X and Y, (n,) float64; NaN where there are none.
        """
        raise NotImplementedError

    def from_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions of map coordinates.

        Args:
            x, y: (n,) float64, map units.

        Returns:
            Columns and rows, (n,) float64; NaN where there are none.
        """
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Geolocation) and self.key == other.key

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.key))
