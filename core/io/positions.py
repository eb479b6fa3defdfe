"""Positions of a grid's pixels on the map and back, and a grid along the axes of another. Longitudes that differ by
whole turns, as 180.1 and -179.9 degrees, are one place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .frames import IDENTITY, Affine, Geolocation
from .grid import TOLERANCE, Grid, same_crs
from .remedies import is_geographic

_EDGE = 33  # positions along each edge of an extent
_TURN = 360.0  # degrees


def rows_and_columns(geolocation: Geolocation, rows: int, cols: int) -> Grid:
    """The grid of an image in sensor geometry: its own rows and columns.

    Args:
        geolocation: says where they lie.
        rows: number of rows.
        cols: number of columns.

    Returns:
        The grid.
    """
    return Grid(0.0, 0.0, 1.0, 1.0, rows, cols, geolocation.crs, geolocation)


def refined(grid: Grid, ratio: int) -> Grid:
    """The grid of pixels ``ratio`` times as small, from the same corner, over the same ground.

    Args:
        grid: the grid.
        ratio: new pixels along the edge of one of the grid.

    Returns:
        The finer grid.
    """
    rows, cols = grid.rows * ratio, grid.cols * ratio
    return replace(grid, dx=grid.dx / ratio, dy=grid.dy / ratio, rows=rows, cols=cols)


def to_map(grid: Grid, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Map coordinates of positions of a grid.

    Args:
        grid: the grid.
        rows, cols: (n,) float64, pixel edges at whole numbers.

    Returns:
        X and Y in the grid's reference system, (n,) float64; NaN where a geolocation has none.
    """
    return (grid.frame or IDENTITY).to_map(grid.x + cols * grid.dx, grid.y + rows * grid.dy)


def from_map(grid: Grid, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of map coordinates on a grid.

    Args:
        grid: the grid.
        x, y: (n,) float64, in its reference system.

    Returns:
        Rows and columns, (n,) float64; NaN where a geolocation has none.
    """
    if not grid.in_sensor_geometry and is_geographic(grid.crs):  # a geolocation does so itself
        x = x - _TURN * np.round((x - _middle(grid)) / _TURN)
    own_x, own_y = (grid.frame or IDENTITY).from_map(x, y)
    return (own_y - grid.y) / grid.dy, (own_x - grid.x) / grid.dx


def beside(grid: Grid, other: Grid) -> Grid | None:
    """A grid along the axes of another.

    Args:
        grid: the grid.
        other: whose axes, frame and spelling of the reference system are taken.

    Returns:
        The same pixels; None where the two have different reference systems, or axes that are not parallel.
    """
    if not same_crs(grid.crs, other.crs):
        return None
    grid = turned(grid, other)
    if grid.frame == other.frame:
        return grid if grid.crs == other.crs else replace(grid, crs=other.crs)
    if grid.in_sensor_geometry or other.in_sensor_geometry:
        return None
    x, dx, shear_x, y, shear_y, dy = _affine(other).inverse().after(grid.geotransform)
    if dx <= 0 or abs(shear_x) * grid.rows > TOLERANCE * dx or abs(shear_y) * grid.cols > TOLERANCE * abs(dy):
        return None
    return replace(grid, x=x, y=y, dx=dx, dy=dy, crs=other.crs, frame=other.frame)


def turned(grid: Grid, other: Grid) -> Grid:
    """A grid in degrees, moved by whole turns so that its longitudes are counted as those of another one are.

    Args:
        grid: the grid.
        other: that of another raster.

    Returns:
        The same places; the grid itself where its longitudes are counted so, or the two are no maps in degrees.
    """
    if grid.in_sensor_geometry or other.in_sensor_geometry:
        return grid
    turns = round((_middle(other) - _middle(grid)) / _TURN)
    if not turns or not (is_geographic(grid.crs) and is_geographic(other.crs)):
        return grid
    if isinstance(grid.frame, Affine):
        return replace(grid, frame=grid.frame._replace(x0=grid.frame.x0 + turns * _TURN))
    return replace(grid, x=grid.x + turns * _TURN)


def _middle(grid: Grid) -> float:
    """X of the middle of a grid that lies on a map."""
    frame = _affine(grid)
    across, down = grid.x + 0.5 * grid.cols * grid.dx, grid.y + 0.5 * grid.rows * grid.dy
    return frame.x0 + frame.xx * across + frame.xy * down


def as_map(grid: Grid) -> Grid:
    """A grid as if its own axes were those of a map, for files that are used with each other alone.

    Args:
        grid: the grid.

    Returns:
        The same pixels without a frame; the grid itself where it has none.
    """
    if grid.frame is None:
        return grid
    return replace(
        grid, x=grid.x + 1.0, frame=None, crs=""
    )  # a corner at 0, 0 with steps of 1 would be no georeference


def inside_of(grid: Grid, extent: tuple[float, float, float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The rows and columns of a grid that an extent spans.

    Args:
        grid: the grid.
        extent: (xmin, ymin, xmax, ymax) in map units, parallel to the map's axes.

    Returns:
        (first, last) of the rows, and of the columns; not whole numbers. (0, 0) where it spans none.
    """
    if grid.frame is None:
        cols = sorted((extent[side] - grid.x) / grid.dx for side in (0, 2))
        rows = sorted((extent[side] - grid.y) / grid.dy for side in (1, 3))
        return (rows[0], rows[1]), (cols[0], cols[1])
    x, y = np.meshgrid(np.linspace(extent[0], extent[2], _EDGE), np.linspace(extent[1], extent[3], _EDGE))
    found = from_map(grid, x.ravel(), y.ravel())
    known = np.isfinite(found[0]) & np.isfinite(found[1])
    if not known.any():
        return (0.0, 0.0), (0.0, 0.0)
    spans = [(float(axis[known].min()), float(axis[known].max())) for axis in found]
    return spans[0], spans[1]


def _affine(grid: Grid) -> Affine:
    return grid.frame if isinstance(grid.frame, Affine) else IDENTITY
