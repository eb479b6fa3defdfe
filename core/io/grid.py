"""Pixel grids, and how a panchromatic grid lies on a hyperspectral one.

A pixel is an area; a sample stands at its centre, in map coordinates. Everything that fusion knows of geometry is the
:class:`Alignment` computed here from both geotransforms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from osgeo import osr

from ..runtime.errors import InputError
from .gdal_errors import gdal_messages

MIN_RATIO, MAX_RATIO = 2, 16
TOLERANCE = 0.01  # PAN pixels: by how much the grids may miss each other over the whole overlap
MIN_OVERLAP = 8  # HSI pixels in each direction


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels of a raster.

    Attributes:
        row: first row.
        col: first column.
        rows: number of rows.
        cols: number of columns.
    """

    row: int
    col: int
    rows: int
    cols: int

    def part(self, rows: tuple[int, int], cols: tuple[int, int]) -> Window:
        """Some rows and columns of this window.

        Args:
            rows: (start, stop), counted from the window's first row.
            cols: (start, stop), counted from its first column.

        Returns:
            The pixels as a window of the same raster.
        """
        return Window(self.row + rows[0], self.col + cols[0], rows[1] - rows[0], cols[1] - cols[0])


@dataclass(frozen=True)
class Axis:
    """The pixels of a grid along one axis.

    Attributes:
        start: outer edge of the first pixel, map units.
        step: to the next pixel, signed, map units.
        count: number of pixels.
    """

    start: float
    step: float
    count: int


@dataclass(frozen=True)
class Grid:
    """A north-up (or south-up) pixel grid; lengths are in map units, those of ``crs``.

    Attributes:
        x, y: outer corner of pixel (0, 0).
        dx, dy: signed steps to the next pixel.
        rows: number of rows.
        cols: number of columns.
        crs: coordinate reference system as WKT; "" for none.
    """

    x: float
    y: float
    dx: float
    dy: float
    rows: int
    cols: int
    crs: str = ""

    @classmethod
    def from_geotransform(cls, transform: tuple, rows: int, cols: int, crs: str, name: str) -> Grid:
        """The grid of a raster from its geotransform.

        Args:
            transform: GDAL's six numbers.
            rows: number of rows.
            cols: number of columns.
            crs: WKT, "" for none.
            name: the raster's, for the error.

        Returns:
            The grid.

        Raises:
            InputError: the raster is rotated or has no georeference.
        """
        if tuple(transform) in ((0.0, 1.0, 0.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)):
            raise InputError(
                f"{name} has no georeference; assign one (GDAL > Assign projection, or a world file) first."
            )
        x, dx, rotation_x, y, rotation_y, dy = transform
        if abs(rotation_x) * rows > 1e-6 * abs(dx) or abs(rotation_y) * cols > 1e-6 * abs(dy) or dx <= 0 or dy == 0:
            raise InputError(f"{name} lies rotated or mirrored on the map; warp it to a north-up grid first.")
        return cls(x, y, dx, dy, rows, cols, crs)

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The rows' axis (y) and the columns' axis (x)."""
        return Axis(self.y, self.dy, self.rows), Axis(self.x, self.dx, self.cols)

    @property
    def geotransform(self) -> tuple[float, float, float, float, float, float]:
        """GDAL's six numbers."""
        return (self.x, self.dx, 0.0, self.y, 0.0, self.dy)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(xmin, ymin, xmax, ymax) in map units."""
        other_x, other_y = self.x + self.cols * self.dx, self.y + self.rows * self.dy
        return min(self.x, other_x), min(self.y, other_y), max(self.x, other_x), max(self.y, other_y)

    def crop(self, window: Window) -> Grid:
        """The grid of a window of this raster.

        Args:
            window: pixels of this grid.

        Returns:
            The window's grid.
        """
        return replace(self.move(window.row, window.col), rows=window.rows, cols=window.cols)

    def move(self, rows: float, cols: float) -> Grid:
        """The same grid, moved by some rows and columns, whole or not.

        Args:
            rows: pixels towards higher rows.
            cols: pixels towards higher columns.

        Returns:
            The moved grid.
        """
        return replace(self, x=self.x + cols * self.dx, y=self.y + rows * self.dy) if rows or cols else self

    def coarsen(self, ratio: int) -> Grid:
        """The grid of pixels ``ratio`` times as large, from the same corner; incomplete pixels are left out.

        Args:
            ratio: pixels of this grid along the edge of a new one.

        Returns:
            The coarser grid.
        """
        return Grid(self.x, self.y, self.dx * ratio, self.dy * ratio, self.rows // ratio, self.cols // ratio, self.crs)


@dataclass(frozen=True)
class Alignment:
    """How a PAN grid lies on an HSI grid.

    Attributes:
        ratio: PAN pixels per HSI pixel, in x and y alike.
        pan: the PAN pixels that lie wholly inside the HSI's extent - the output - as a window of the PAN raster.
        hsi: the HSI pixels that the output touches, as a window of the HSI raster.
        phase: (y, x) distance from the corner of the ``hsi`` window to the corner of the ``pan`` window, in PAN
            pixels; 0 <= phase < ratio, any real number.
        grid: the output's grid.
    """

    ratio: int
    pan: Window
    hsi: Window
    phase: tuple[float, float]
    grid: Grid


def same_crs(first: str, second: str) -> bool:
    """Whether two coordinate reference systems (WKT, empty for none) are the same, whatever their axis order.

    Args:
        first: WKT.
        second: WKT.

    Returns:
        Whether they are the same.
    """
    if not first or not second:
        return not first and not second
    if first == second:
        return True
    systems = []
    with gdal_messages():
        for wkt in (first, second):
            system = osr.SpatialReference()
            system.ImportFromWkt(wkt)
            system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
            systems.append(system)
        return bool(systems[0].IsSame(systems[1]))


def align(hsi: Grid, pan: Grid, hsi_name: str = "the HSI", pan_name: str = "the PAN") -> Alignment:
    """Compute how ``pan`` lies on ``hsi``.

    Args:
        hsi: the HSI's grid.
        pan: the PAN's grid.
        hsi_name: the HSI's name, for errors.
        pan_name: the PAN's name, for errors.

    Returns:
        The alignment.

    Raises:
        InputError: the reference systems differ, the grids run in different directions, the ratio is not an integer
            from 2 to 16 (see CONTRACT's tolerance: 0.01 PAN pixel over the overlap), or they overlap by less than
            8 x 8 HSI pixels.
    """
    if not same_crs(hsi.crs, pan.crs):
        raise InputError(
            f"{hsi_name} and {pan_name} have different coordinate reference systems; reproject the PAN to the HSI's "
            "first."
        )
    if (hsi.dy > 0) != (pan.dy > 0):
        raise InputError(f"{hsi_name} and {pan_name} run in opposite directions; warp both to a north-up grid first.")
    (low_y, low_x), (high_y, high_x) = hsi.axes, pan.axes
    ratio_y, first_y, count_y = _align_axis(low_y, high_y, hsi_name, pan_name)
    ratio_x, first_x, count_x = _align_axis(low_x, high_x, hsi_name, pan_name)
    if ratio_x != ratio_y:
        raise InputError(
            f"The ratio of {hsi_name} to {pan_name} is {ratio_x} in x but {ratio_y} in y; resample the PAN to square "
            "fractions of the HSI's pixels first."
        )
    window = Window(first_y, first_x, count_y, count_x)
    row, rows, phase_y = _covered(low_y, high_y, first_y, count_y, ratio_y)
    col, cols, phase_x = _covered(low_x, high_x, first_x, count_x, ratio_x)
    return Alignment(ratio_y, window, Window(row, col, rows, cols), (phase_y, phase_x), pan.crop(window))


def _align_axis(low: Axis, high: Axis, hsi_name: str, pan_name: str) -> tuple[int, int, int]:
    """Ratio, first PAN pixel and count of PAN pixels wholly inside the HSI, along one axis of both."""
    offset = (low.start - high.start) / high.step  # the HSI's corner in PAN pixels
    exact = low.step / high.step
    first = max(0, math.ceil(offset - TOLERANCE))
    last = min(high.count, math.floor(offset + exact * low.count + TOLERANCE))
    if last <= first:
        raise InputError(f"{hsi_name} and {pan_name} do not overlap; choose two images of the same place.")
    ratio = round(exact)
    shared = min(offset + exact * low.count, high.count) - max(offset, 0.0)  # PAN pixels, not only whole ones
    overlap = min(low.count, math.ceil(shared / max(exact, 1e-9)))
    if not MIN_RATIO <= ratio <= MAX_RATIO or abs(exact - ratio) * overlap >= TOLERANCE:
        raise InputError(
            f"A pixel of {hsi_name} is {exact:.6g} pixels of {pan_name}; the ratio must be an integer from {MIN_RATIO} "
            f"to {MAX_RATIO}: resample the PAN to such a fraction of the HSI's pixel size first."
        )
    if shared < MIN_OVERLAP * ratio - TOLERANCE:
        raise InputError(
            f"{hsi_name} and {pan_name} overlap by only {shared / ratio:.1f} HSI pixels in one direction; "
            f"at least {MIN_OVERLAP} are needed: choose images that share more ground."
        )
    return ratio, first, last - first


def _covered(low: Axis, high: Axis, first: int, count: int, ratio: int) -> tuple[int, int, float]:
    """First HSI pixel and count of HSI pixels that the output touches, and the output's phase in PAN pixels."""
    start = (high.start - low.start) / high.step + first  # the output's corner in PAN pixels from the HSI's corner
    if abs(start - round(start)) < TOLERANCE:
        start = float(round(start))
    row = max(0, math.floor(start / ratio))
    stop = min(low.count, math.ceil((start + count) / ratio))
    return row, stop - row, start - row * ratio


def decimation(shape: tuple[int, int], max_size: int) -> int:
    """The step at which (rows, columns) become ``max_size`` at most; the first pixel taken is ``step // 2``.

    Args:
        shape: (rows, columns).
        max_size: pixels along the longer edge, at most.

    Returns:
        The step, 1 or more.
    """
    step = math.ceil(max(shape) / max_size)
    return step if min(shape) > step // 2 else 1
