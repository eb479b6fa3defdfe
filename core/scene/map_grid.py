"""The grid on which a finished image is put where that is not the one that it was fused on.

An image in sensor geometry goes onto a map grid of its fine pixels, each of which takes the nearest one: no spectrum is
mixed. Where a lookup table placed it, that is the table's grid, refined, and holes are filled where the table fills
them; where its product names a map grid (``framing``), that, refined. Otherwise the grid is that of the PAN, where its
pixels have about that size, or one of plain numbers in the PAN's reference system or the UTM zone. With GRID=pan any
image is warped to the PAN's own grid, once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..io.geolocation_arrays import GeolocationArrays
from ..io.grid import Grid, Window
from ..io.lookup_table import LookupTable
from ..io.outline import outline_of
from ..io.positions import inside_of, refined
from ..io.reader import RasterReader
from ..io.remedies import crs_name, is_geographic, number, wkt_of
from ..runtime.errors import InputError
from .nearest import NearestReader
from .placement import mapping_between, positions_on
from .scene import Scene
from .warp import WarpedReader

_LATTICE = 129  # positions along each axis, by which it is seen where an image lies
_ALIKE = 1.25  # times as large or as small: pixel sizes that are taken for one
_BOUND = 0.05  # fine pixels: by how much a nearest one may be off
_SAME = 0.01  # pixels: grids that differ by less are one


@dataclass(frozen=True)
class MapGrid:
    """Where a finished image is put.

    Attributes:
        grid: the grid.
        nearest: whether by nearest neighbour; else the image is warped.
        filled: (rows, columns) bool, which pixels of the lookup table under the grid have an entry; None without one.
        coarser: pixels of the grid along the edge of one of the table.
    """

    grid: Grid
    nearest: bool
    filled: np.ndarray | None = None
    coarser: int = 1

    def reader(self, finished: RasterReader) -> RasterReader:
        """The finished image as it lies on the grid.

        Args:
            finished: the open image, closed with the reader.

        Returns:
            The reader.
        """
        if not self.nearest:
            return WarpedReader(finished, mapping_between(self.grid, finished.grid), self.grid)
        mapping = mapping_between(self.grid, finished.grid, _BOUND, max(1.0, self.coarser / 2))
        return NearestReader(finished, mapping, self.grid, self.filled, self.coarser)

    @property
    def about(self) -> str:
        """What is done, as a sentence."""
        how = "by nearest neighbour, so that no spectrum is mixed" if self.nearest else "by one B-spline interpolation"
        return (
            f"The finished image is put on a grid of {self.grid.rows} x {self.grid.cols} pixels of "
            f"{abs(self.grid.dx):.6g} map units in {crs_name(self.grid.crs)}, {how}."
        )


def map_grid(scene: Scene, window: Window, choice: str) -> MapGrid | None:
    """The grid on which the finished image of a scene is put.

    Args:
        scene: the scene.
        window: the part of the output that is fused.
        choice: "auto", "pan" or "hsi".

    Returns:
        The grid; None where the image stays on the grid that it is fused on.

    Raises:
        InputError: the PAN's grid is asked for, but it lies on no map grid.
    """
    fused, own = scene.alignment.grid.crop(window), pan_grid(scene)
    if choice == "pan":
        if own.in_sensor_geometry:
            raise InputError(
                f"{scene.pan.name} lies on no map grid, so the result cannot be put on it; choose --grid auto or hsi "
                "(GRID)."
            )
        finer = round(_pixel_size(fused, own.crs) / math.sqrt(abs(own.dx * own.dy)))
        covered = _covered(fused, own.coarsen(finer) if finer > 1 else own, True)  # the PAN may have been averaged
        return None if covered is None or _same(fused, covered) else MapGrid(covered, False)
    if choice == "hsi" or not fused.in_sensor_geometry:
        return None
    ratio = round(scene.ratio)
    if isinstance(fused.frame, LookupTable):
        return _on_table(fused, fused.frame, ratio)
    framing = fused.frame.framing if isinstance(fused.frame, GeolocationArrays) else None
    part = None if framing is None else _touched(fused, framing, True)
    if framing is not None and part is not None:
        return MapGrid(refined(framing.crop(part), ratio), True, None, ratio)
    covered = _covered(fused, _plain_grid(fused, own))
    return None if covered is None else MapGrid(covered, True, None, ratio)


def pan_grid(scene: Scene) -> Grid:
    """The grid of the PAN as its file has it.

    Args:
        scene: the scene.

    Returns:
        The grid; along the HSI's axes where they are parallel.
    """
    return scene.pan.raster.grid if isinstance(scene.pan, WarpedReader) else scene.pan.grid


def _on_table(fused: Grid, table: LookupTable, ratio: int) -> MapGrid | None:
    """The table's grid, refined; whole pixels of the table."""
    part = _touched(fused, table.grid, True)
    if part is None:
        return None
    filled = table.filled[part.row : part.row + part.rows, part.col : part.col + part.cols]
    return MapGrid(refined(table.grid.crop(part), ratio), True, filled, ratio)


def _plain_grid(fused: Grid, pan: Grid) -> Grid:
    """The PAN's grid where that has pixels of the wanted size; else one of plain numbers."""
    if pan.frame is None and not is_geographic(pan.crs):
        size = _pixel_size(fused, pan.crs)
        own = math.sqrt(abs(pan.dx * pan.dy))
        if 1 / _ALIKE <= own / size <= _ALIKE:
            return pan
        step = _plain(size)
        return Grid(0.0, 0.0, step, -step, 1, 1, pan.crs)
    crs = _utm(fused)
    step = _plain(_pixel_size(fused, crs))
    return Grid(0.0, 0.0, step, -step, 1, 1, crs)


def _pixel_size(fused: Grid, crs: str) -> float:
    """Root of the mean area of a pixel in a reference system."""
    forth = positions_on(fused, Grid(0.0, 0.0, 1.0, 1.0, 1, 1, crs))
    if forth is None:
        raise InputError(f"The image cannot be put on a map in {crs_name(crs)}; choose --grid hsi (GRID).")
    rows, cols = _lattice(fused)
    at, down, right = forth(rows, cols), forth(rows + 1.0, cols), forth(rows, cols + 1.0)
    area = np.abs((down[0] - at[0]) * (right[1] - at[1]) - (down[1] - at[1]) * (right[0] - at[0]))
    return math.sqrt(float(np.nanmedian(area)))


def _utm(fused: Grid) -> str:
    """The UTM zone of the middle of a grid."""
    forth = positions_on(fused, Grid(0.0, 0.0, 1.0, 1.0, 1, 1, wkt_of("EPSG:4326")))
    if forth is None or not fused.crs:
        return fused.crs
    latitude, longitude = (float(np.nanmedian(axis)) for axis in forth(*_lattice(fused)))
    return wkt_of(f"EPSG:{(32600 if latitude >= 0 else 32700) + int((longitude + 180.0) // 6 % 60) + 1}")


def _plain(size: float) -> float:
    """A length with as few digits as keep it within 1 per cent."""
    for digits in range(1, 6):
        short = float(f"{size:.{digits - 1}e}")
        if abs(short - size) < 0.01 * size:
            return short
    return size


def _covered(fused: Grid, grid: Grid, inside: bool = False) -> Grid | None:
    """The pixels of a grid that an image touches; None where it cannot be placed there."""
    part = _touched(fused, grid, inside)
    return None if part is None else grid.crop(part)


def _touched(fused: Grid, grid: Grid, inside: bool) -> Window | None:
    """The pixels of a grid that an image touches, which goes on without end unless ``inside``; None for none."""
    forth = positions_on(fused, grid)
    found = forth(*_lattice(fused)) if forth is not None else (np.full(1, np.nan),) * 2
    known = np.isfinite(found[0]) & np.isfinite(found[1])
    if not known.any():
        return None
    ends = []
    for axis, count in zip(found, (grid.rows, grid.cols)):
        first, last = math.floor(float(axis[known].min()) + _SAME), math.ceil(float(axis[known].max()) - _SAME)
        ends.append((max(first, 0), min(last, count)) if inside else (first, last))
    (top, bottom), (left, right) = ends
    return Window(top, left, bottom - top, right - left) if bottom > top and right > left else None


def _same(first: Grid, second: Grid) -> bool:
    """Whether two grids are one."""
    if first.frame != second.frame or (first.rows, first.cols) != (second.rows, second.cols):
        return False
    return bool(np.allclose(first.geotransform, second.geotransform, rtol=0.0, atol=_SAME * abs(second.dx)))


def _lattice(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    axes = [np.linspace(0.0, count, _LATTICE) for count in (grid.rows, grid.cols)]
    rows, cols = np.meshgrid(*axes, indexing="ij")
    return rows.ravel(), cols.ravel()


def output_window(scene: Scene, extent: tuple[float, float, float, float] | None) -> Window:
    """The part of a scene's output inside (xmin, ymin, xmax, ymax), in map units.

    Args:
        scene: the HSI and the PAN.
        extent: (xmin, ymin, xmax, ymax) in map units; None for all of it.

    Returns:
        The pixels as a window of the output.

    Raises:
        InputError: no pixel of the output lies wholly inside.
    """
    rows, cols = scene.high_shape
    if extent is None:
        return Window(0, 0, rows, cols)
    y, x = inside_of(scene.alignment.grid, extent)
    row, col = max(0, math.ceil(y[0] - 0.01)), max(0, math.ceil(x[0] - 0.01))
    stop_row, stop_col = min(rows, math.floor(y[1] + 0.01)), min(cols, math.floor(x[1] + 0.01))
    if stop_row <= row or stop_col <= col:
        raise InputError(f"The extent lies outside the ground that the HSI and the PAN share{_ground(scene)}.")
    return Window(row, col, stop_row - row, stop_col - col)


def _ground(scene: Scene) -> str:
    """Where the output lies, and in which system an extent is given."""
    facts = scene.alignment.grid.facts("")
    corners = outline_of(facts, facts.crs)
    if corners is None or scene.alignment.grid.in_sensor_geometry:
        return "; choose another one"
    (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
    system = f" in {crs_name(facts.crs)}" if facts.crs else ""
    return (
        f", x {number(left)} to {number(right)} and y {number(low)} to {number(high)}{system}; choose another one there"
    )
