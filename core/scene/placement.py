"""Placement: where the positions of one grid lie on another, whatever the reason that the two differ.

:func:`positions_on` follows the exact way: rows and columns of the first grid, its own axes, the map, another reference
system, the map of the other grid, its axes, its rows and columns. Reference systems, splines and polynomials are slow,
so :func:`mapping_between` follows it at the nodes of a mesh, from which positions are interpolated linearly; the mesh
is refined until that is off by less than 0.01 pixel between its nodes. Affine ways stay exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable

import numpy as np
from osgeo import osr

from ..io.frames import Affine
from ..io.gdal_errors import gdal_messages
from ..io.grid import Grid, same_crs
from ..io.nodes import between_nodes
from ..io.positions import from_map, to_map, turned
from ..io.remedies import spatial_reference

BOUND = 0.01  # pixels of the raster: by how much interpolated positions may be off
_COARSEST, _MESHES = 256, 8  # pixels of the target from node to node at most, and meshes along its longer edge
_POINTS = 20_000  # transformed at once, so that few Python objects live at a time
Positions = Callable[[np.ndarray, np.ndarray], "tuple[np.ndarray, np.ndarray]"]


@dataclass(frozen=True)
class AffineMapping:
    """Positions that are an affine function of positions; exact.

    Attributes:
        transform: from (column, row) to (column, row).
    """

    transform: Affine

    def positions(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the raster.

        Args:
            rows, cols: any shape (...) float64, of the target, pixel edges at whole numbers.

        Returns:
            Rows and columns of the raster, (...) float64.
        """
        col, row = self.transform.to_map(cols, rows)
        return row, col


@dataclass(frozen=True)
class Composed:
    """One mapping after another.

    Attributes:
        first: positions of a grid on a second one.
        then: positions of the second one in the raster.
    """

    first: Any
    then: Any

    def positions(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the raster.

        Args:
            rows, cols: any shape (...) float64, of the target, pixel edges at whole numbers.

        Returns:
            Rows and columns of the raster, (...) float64; NaN where there are none.
        """
        found: tuple[np.ndarray, np.ndarray] = self.then.positions(*self.first.positions(rows, cols))
        return found


class MeshMapping:
    """Positions that are interpolated linearly, in both directions, between the nodes of a mesh on the target.

    Args:
        rows, cols: (m, n) float64 of the raster, at the nodes; NaN where there is none.
        start: (row, column) of the target at the first node.
        step: pixels of the target from node to node.
    """

    def __init__(self, rows: np.ndarray, cols: np.ndarray, start: tuple[float, float], step: float) -> None:
        self._nodes, self._start, self.step = (rows, cols), start, step

    def positions(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the raster. One has the same bits whichever others are asked for with it.

        Args:
            rows, cols: any shape (...) float64, of the target, pixel edges at whole numbers.

        Returns:
            Rows and columns of the raster, (...) float64; NaN where there are none.
        """
        count, width = self._nodes[0].shape
        down, across = (rows - self._start[0]) / self.step, (cols - self._start[1]) / self.step
        top = np.clip(np.floor(down), 0, count - 2)
        left = np.clip(np.floor(across), 0, width - 2)
        down, across = down - top, across - left
        place = top.astype(np.intp), left.astype(np.intp), down, across
        row, col = (between_nodes(nodes, *place) for nodes in self._nodes)
        return row, col


def positions_on(target: Grid, raster: Grid) -> Positions | None:
    """The exact way from positions of one grid to those of another.

    Args:
        target: whose positions are given.
        raster: on which they are asked for.

    Returns:
        A function of rows and columns, (n,) float64; None where the reference systems cannot be transformed.
    """
    if target.frame == raster.frame and same_crs(target.crs, raster.crs):
        return AffineMapping(_affine_between(target, raster)).positions
    transform: Positions = _unchanged
    if not same_crs(target.crs, raster.crs):
        found = _between(target.crs, raster.crs)
        if found is None:
            return None
        transform = found

    def positions(rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with np.errstate(invalid="ignore", over="ignore"):
            return from_map(raster, *transform(*to_map(target, rows, cols)))

    return positions


def mapping_between(
    target: Grid, raster: Grid, bound: float = BOUND, least: float = 1.0
) -> AffineMapping | MeshMapping:
    """Where the pixels of one grid lie in a raster.

    Args:
        target: the grid.
        raster: that of the raster.
        bound: pixels of the raster, by which positions may be off.
        least: pixels of the target between the nodes of the finest mesh.

    Returns:
        The mapping, which can be pickled.

    Raises:
        ValueError: the reference systems cannot be transformed.
    """
    plain = target.frame == raster.frame or not (target.in_sensor_geometry or raster.in_sensor_geometry)
    if plain and same_crs(target.crs, raster.crs):
        return AffineMapping(_affine_between(target, raster))
    exact = positions_on(target, raster)
    if exact is None:
        raise ValueError("The two reference systems cannot be transformed into each other.")
    return approximated(exact, (target.rows, target.cols), (raster.rows, raster.cols), bound, least)


def approximated(
    exact: Positions, shape: tuple[int, int], size: tuple[int, int], bound: float = BOUND, least: float = 1.0
) -> MeshMapping:
    """A mesh that is as fine as it must be.

    Args:
        exact: rows and columns of the target to those of the raster.
        shape: (rows, columns) of the target.
        size: (rows, columns) of the raster; outside of it nothing has to be exact.
        bound: by how many pixels of the raster the interpolation may be off, looked at in the middle of the meshes.
        least: pixels of the target between the nodes of the finest mesh.

    Returns:
        The mapping.
    """
    coarsest = min(_COARSEST, max(1.0, max(shape) / _MESHES))
    finest = max(0, math.floor(math.log2(max(1.0, coarsest / least))))
    start = (0.5 * least, 0.5 * least)  # nodes of the finest mesh lie at the centres of that many pixels
    mesh = _mesh(exact, shape, start, least * 2.0**finest)
    for power in range(finest - 1, -1, -1):
        finer = _mesh(exact, shape, start, least * 2.0**power)
        if _difference(mesh, finer, shape, size) <= bound:
            return mesh
        mesh = finer
    return mesh


def _mesh(exact: Positions, shape: tuple[int, int], start: tuple[float, float], step: float) -> MeshMapping:
    """Nodes that begin before the first pixel and end after the last."""
    axes = [
        first + step * np.arange(-1.0, math.ceil((count - first) / step) + 1.0) for first, count in zip(start, shape)
    ]
    rows, cols = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    found = [axis.reshape(len(axes[0]), len(axes[1])) for axis in exact(rows, cols)]
    return MeshMapping(found[0], found[1], (float(axes[0][0]), float(axes[1][0])), step)


def _difference(mesh: MeshMapping, finer: MeshMapping, shape: tuple[int, int], size: tuple[int, int]) -> float:
    """How far a mesh is off at the nodes of a finer one, inside the target and the raster; infinite where it has no
    position there."""
    rows, cols = finer._nodes
    at = [first + finer.step * np.arange(count) for first, count in zip(finer._start, rows.shape)]
    inside = np.ix_(*((axis >= -finer.step) & (axis <= count + finer.step) for axis, count in zip(at, shape)))
    row, col = (axis[inside] for axis in np.broadcast_arrays(at[0][:, None], at[1][None, :]))
    found = mesh.positions(row, col)
    wanted = rows[inside], cols[inside]
    with np.errstate(invalid="ignore"):
        within = np.logical_and.reduce([(axis >= 0) & (axis <= count) for axis, count in zip(wanted, size)])
    off = np.hypot(found[0] - wanted[0], found[1] - wanted[1])[within]
    return float(np.where(np.isnan(off), np.inf, off).max(initial=0.0))


def _affine_between(target: Grid, raster: Grid) -> Affine:
    """(column, row) to (column, row) of grids in one reference system, or in one frame."""
    raster = turned(raster, target)
    if target.frame == raster.frame:
        return (
            Affine(raster.x, raster.dx, 0.0, raster.y, 0.0, raster.dy)
            .inverse()
            .after((target.x, target.dx, 0.0, target.y, 0.0, target.dy))
        )
    return Affine(*raster.geotransform).inverse().after(target.geotransform)


def _unchanged(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x, y


def _between(source: str, target: str) -> Positions | None:
    """Map coordinates of one reference system to those of another; NaN where there are none."""
    with gdal_messages() as messages:
        transformation = messages.call(osr.CreateCoordinateTransformation, *map(spatial_reference, (source, target)))
    if transformation is None:
        return None

    def transform(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = np.stack([x, y], 1)
        found = np.full(points.shape, np.nan)
        known = np.flatnonzero(np.isfinite(points).all(axis=1))
        with gdal_messages(raising=False) as messages:
            for first in range(0, len(known), _POINTS):
                some = known[first : first + _POINTS]
                found[some] = _each(partial(messages.call, transformation.TransformPoints), points[some])
        found[~np.isfinite(found)] = np.nan
        return found[:, 0], found[:, 1]

    return transform


def _each(transform: Callable[[list], list | None], points: np.ndarray) -> np.ndarray:
    """Points transformed; where GDAL is set up to raise, one that cannot be costs only itself."""
    made = transform(points.tolist())
    if made:
        return np.array(made, float)[:, :2]
    if len(points) == 1:
        return np.full((1, 2), np.nan)
    half = len(points) // 2
    return np.concatenate([_each(transform, points[:half]), _each(transform, points[half:])])
