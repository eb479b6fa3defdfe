"""Pixel grids, and how a panchromatic grid lies on a hyperspectral one whose axes are parallel to it.

A pixel is an area; a sample stands at its centre, in map coordinates. Everything that fusion knows of geometry is the
:class:`Alignment` computed here from both geotransforms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Optional, Union

from osgeo import osr

from ..runtime.errors import InputError
from .frames import Affine, Geolocation
from .gdal_errors import gdal_messages
from .ratio import MAX_RATIO, MIN_RATIO, Ratio, footprint, nominal, ratio_per_axis, whole_pixels
from .remedies import RasterFacts, Source
from .unplaced import UnplacedError
from .warp_remedies import apart_sentence, coarse_sentence, fine_sentence, not_parallel

TOLERANCE = 0.01  # PAN pixels: by how much the grids may miss each other over the whole overlap
MIN_OVERLAP = 8  # HSI pixels in each direction
_NOISE = 1e-6  # HSI pixels: rounding of coordinates
_NONE = ((0.0, 1.0, 0.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 0.0, 0.0, -1.0))  # GDAL's geotransforms of no georeference


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
    """A pixel grid along two axes: those of the map (north-up or south-up), or, in a frame, its own.

    Attributes:
        x, y: outer corner of pixel (0, 0), along its axes.
        dx, dy: signed steps to the next pixel.
        rows: number of rows.
        cols: number of columns.
        crs: coordinate reference system as WKT; "" for none.
        frame: how its axes lie on the map; None where they are the map's. In a geolocation x, y are columns, rows.
    """

    x: float
    y: float
    dx: float
    dy: float
    rows: int
    cols: int
    crs: str = ""
    frame: Optional[Union[Affine, Geolocation]] = None

    @classmethod
    def from_geotransform(cls, transform: tuple, rows: int, cols: int, crs: str, name: str | Source) -> Grid:
        """The grid of a raster from its geotransform.

        Args:
            transform: GDAL's six numbers.
            rows, cols: number of either.
            crs: WKT, "" for none.
            name: the raster's, for the error; with its path, the error gives a command.

        Returns:
            The grid.

        Raises:
            UnplacedError: the raster has no georeference, or one whose pixels have no area.
        """
        facts = RasterFacts(Source.of(name), tuple(transform), rows, cols, crs)
        if facts.transform in _NONE or not Affine(*transform).determinant:
            raise UnplacedError(facts)
        x, dx, rotation_x, y, rotation_y, dy = transform
        if abs(rotation_x) * rows > 1e-6 * abs(dx) or abs(rotation_y) * cols > 1e-6 * abs(dy) or dx < 0:
            frame, dx, dy = Affine.of_geotransform(facts.transform)
            return cls(0.0, 0.0, dx, dy, rows, cols, crs, frame)
        return cls(x, y, dx, dy, rows, cols, crs)

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The rows' axis (y) and the columns' axis (x)."""
        return Axis(self.y, self.dy, self.rows), Axis(self.x, self.dx, self.cols)

    @property
    def geotransform(self) -> tuple[float, float, float, float, float, float]:
        """GDAL's six numbers; in a geolocation those of its columns and rows."""
        own = Affine(self.x, self.dx, 0.0, self.y, 0.0, self.dy)
        return self.frame.after(own) if isinstance(self.frame, Affine) else own

    @property
    def in_sensor_geometry(self) -> bool:
        """Whether a geolocation places it."""
        return isinstance(self.frame, Geolocation)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(xmin, ymin, xmax, ymax) along its axes."""
        other_x, other_y = self.x + self.cols * self.dx, self.y + self.rows * self.dy
        return min(self.x, other_x), min(self.y, other_y), max(self.x, other_x), max(self.y, other_y)

    def facts(self, source: str | Source) -> RasterFacts:
        """What remedies know of a raster on this grid.

        Args:
            source: the raster, or its name alone.

        Returns:
            The facts.
        """
        size, sensor = (self.rows, self.cols), self.in_sensor_geometry
        return RasterFacts(Source.of(source), self.geotransform, *size, self.crs, sensor)

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

    def flip(self) -> Grid:
        """The grid of the same pixels with the rows in opposite order."""
        return replace(self, y=self.y + self.rows * self.dy, dy=-self.dy)

    def coarsen(self, ratio: Ratio) -> Grid:
        """The grid of pixels ``ratio`` times as large, from the same corner; incomplete pixels are left out.

        Args:
            ratio: pixels of this grid along the edge of a new one, of both axes or of each.

        Returns:
            The coarser grid.
        """
        y, x = ratio_per_axis(ratio)
        rows, cols = whole_pixels(self.rows, y), whole_pixels(self.cols, x)
        return replace(self, dx=self.dx * x, dy=self.dy * y, rows=rows, cols=cols)


@dataclass(frozen=True)
class Alignment:
    """How a PAN grid lies on an HSI grid.

    Attributes:
        ratios: PAN pixels per HSI pixel along rows' and columns' axis, any real numbers; ints where they are whole.
        pan: the PAN pixels that lie wholly inside the HSI's extent - the output - as a window of the PAN raster.
        hsi: the HSI pixels that the output touches, as a window of the HSI raster.
        phase: (y, x) distance from the corner of the ``hsi`` window to the corner of the ``pan`` window, in PAN
            pixels; 0 <= phase < ratio, any real number.
        grid: the output's grid.
    """

    ratios: tuple[float, float]
    pan: Window
    hsi: Window
    phase: tuple[float, float]
    grid: Grid

    @property
    def ratio(self) -> float:
        """One number for both axes, see :func:`.ratio.nominal`."""
        return nominal(self.ratios)

    @property
    def footprint(self) -> int:
        """Whole PAN pixels along the longer edge of an HSI pixel, rounded up."""
        return footprint(self.ratios)


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


def align(hsi: Grid, pan: Grid, hsi_name: str | Source = "the HSI", pan_name: str | Source = "the PAN") -> Alignment:
    """Compute how ``pan`` lies on ``hsi``; both run north-up, or both south-up.

    A ratio within 0.01 PAN pixel over the overlap of a whole number is that number.

    Args:
        hsi: the HSI's grid.
        pan: the PAN's grid.
        hsi_name: the HSI's name, for errors; with its path, they give commands.
        pan_name: the PAN's name, likewise.

    Returns:
        The alignment.

    Raises:
        InputError: the reference systems differ, the PAN is not sharper (ratio below 1.5) or too fine (above 40), or
            they overlap by less than 8 x 8 HSI pixels.
        ValueError: the grids run in opposite directions.
    """
    low, high = hsi.facts(hsi_name), pan.facts(pan_name)
    if not same_crs(hsi.crs, pan.crs) or hsi.frame != pan.frame:
        raise InputError(not_parallel(low, high))
    if (hsi.dy > 0) != (pan.dy > 0):
        raise ValueError("the grids run in opposite directions; flip one")
    (low_y, low_x), (high_y, high_x) = hsi.axes, pan.axes
    shared_y, shared_x = _shared(low_y, high_y), _shared(low_x, high_x)
    if shared_y is None or shared_x is None:
        raise InputError(apart_sentence(low, high))
    ratios = _ratio(low_y, high_y, shared_y), _ratio(low_x, high_x, shared_x)
    if min(ratios) < MIN_RATIO:
        raise InputError(coarse_sentence(low, high))
    if max(ratios) > MAX_RATIO:
        raise InputError(fine_sentence(low, high))
    names = f"{low.source.name} and {high.source.name}"
    first_y, count_y = _pan_inside(low_y, high_y, shared_y, ratios[0], names)
    first_x, count_x = _pan_inside(low_x, high_x, shared_x, ratios[1], names)
    window = Window(first_y, first_x, count_y, count_x)
    row, rows, phase_y = _covered(low_y, high_y, first_y, count_y, ratios[0])
    col, cols, phase_x = _covered(low_x, high_x, first_x, count_x, ratios[1])
    return Alignment(ratios, window, Window(row, col, rows, cols), (phase_y, phase_x), pan.crop(window))


def _inside(low: Axis, high: Axis) -> tuple[int, int]:
    """The PAN pixels wholly inside the HSI along one axis: the first, and the one after the last."""
    offset = (low.start - high.start) / high.step  # the HSI's corner in PAN pixels
    exact = low.step / high.step
    return (
        max(0, math.ceil(offset - TOLERANCE)),
        min(high.count, math.floor(offset + exact * low.count + TOLERANCE)),
    )


def _shared(low: Axis, high: Axis) -> float | None:
    """What both share along one axis, in PAN pixels, not only whole ones; None where they share no PAN pixel."""
    first, last = _inside(low, high)
    if last <= first:
        return None
    offset, exact = (low.start - high.start) / high.step, low.step / high.step
    return min(offset + exact * low.count, high.count) - max(offset, 0.0)


def _ratio(low: Axis, high: Axis, shared: float) -> float:
    """PAN pixels per HSI pixel along one axis; an int where the overlap cannot tell it from one."""
    exact = low.step / high.step
    whole = round(exact)
    overlap = min(low.count, math.ceil(shared / max(exact, 1e-9)))
    return whole if abs(exact - whole) * overlap < TOLERANCE else exact


def _pan_inside(low: Axis, high: Axis, shared: float, ratio: float, names: str) -> tuple[int, int]:
    """First PAN pixel and count of PAN pixels wholly inside the HSI, along one axis of both."""
    if shared < MIN_OVERLAP * ratio - TOLERANCE:
        raise InputError(
            f"{names} overlap by only {shared / ratio:.1f} HSI pixels in one direction; at least {MIN_OVERLAP} are "
            "needed: choose images that share more ground."
        )
    first, last = _inside(low, high)
    return first, last - first


def _covered(low: Axis, high: Axis, first: int, count: int, ratio: float) -> tuple[int, int, float]:
    """First HSI pixel and count of HSI pixels that the output touches, and the output's phase in PAN pixels."""
    start = (high.start - low.start) / high.step + first  # the output's corner in PAN pixels from the HSI's corner
    if abs(start - round(start)) < TOLERANCE and isinstance(ratio, int):
        start = float(round(start))
    row = max(0, math.floor(start / ratio + _NOISE))
    stop = min(low.count, math.ceil((start + count) / ratio - _NOISE))
    return row, stop - row, max(0.0, start - row * ratio)


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
