"""The pixels that two rasters on the same pixel grid share."""

from __future__ import annotations

from ..runtime.errors import InputError
from .grid import TOLERANCE, Axis, Grid, Window
from .mistaken_coordinates import mistake
from .positions import beside
from .remedies import Source
from .warp_remedies import same_grid_sentence


def overlap(first: Grid, second: Grid, first_name: str | Source, second_name: str | Source) -> tuple[Window, Window]:
    """The shared rectangle as a window of either raster, from both geotransforms.

    The grids may start and end at different places; pixel size, reference system and the places of the pixels must be
    the same within 0.01 pixel over the whole overlap.

    Args:
        first: grid of one raster.
        second: grid of the other.
        first_name: its name, for errors; with its path, they give commands.
        second_name: likewise.

    Returns:
        The shared pixels as a window of the first raster and of the second.

    Raises:
        InputError: they are not, or the two do not overlap.
    """
    facts = first.facts(first_name), second.facts(second_name)
    along = beside(second, first)
    if along is None:
        raise InputError(same_grid_sentence(*facts))
    second = along
    (row, other_row, rows), (col, other_col, cols) = map(_shared, first.axes, second.axes)
    if row is None or col is None:
        raise InputError(same_grid_sentence(*facts))
    if rows <= 0 or cols <= 0:
        raise InputError(
            f"{facts[0].source.name} and {facts[1].source.name} do not overlap; {mistake(*facts)}choose two images of "
            "the same place."
        )
    return Window(row, col, rows, cols), Window(other_row, other_col, rows, cols)


def _shared(first: Axis, second: Axis) -> tuple[int | None, int, int]:
    """First pixel in either raster and number of shared pixels along one axis; None where the grids differ."""
    offset = (second.start - first.start) / first.step
    shift = round(offset)
    start, stop = max(0, shift), min(first.count, shift + second.count)
    drift = abs(second.step / first.step - 1.0) * max(stop - start, 1)
    if abs(offset - shift) >= TOLERANCE or drift >= TOLERANCE:
        return None, 0, 0
    return start, start - shift, stop - start
