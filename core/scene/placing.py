"""The PAN of a pair, put where fusion can use it: along the HSI's axes, or warped onto the HSI's grid.

Where the axes of the two are parallel, the PAN stays as it is. Where they are not, or reference systems differ, or a
geolocation places one of them, the PAN is warped once, as it is read, onto the HSI's grid refined by the rounded ratio.
The HSI's samples are never resampled.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..io.grid import MIN_OVERLAP, Grid, Window, same_crs
from ..io.positions import beside, refined
from ..io.ratio import MAX_RATIO, MIN_RATIO
from ..io.reader import RasterReader
from ..io.remedies import crs_name, wkt_of
from ..io.unplaced import crs_sentence
from ..io.warp_remedies import apart_sentence, no_transformation_sentence, not_sharper
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .placement import mapping_between, positions_on
from .reader_view import FINEST
from .warp import Mapping, WarpedReader

_LATTICE = 65  # positions along each axis, at which it is looked how two grids lie on each other
_WHOLE = 0.995  # share of the grid: a PAN that covers more is said to cover it
_SAME = 0.01  # PAN pixels: reference systems whose coordinates differ by less are one


def placed_pan(
    hsi: RasterReader,
    pan: RasterReader,
    grid: str,
    progress: Progress,
    ratio: int | None = None,
    reason: str = "--grid hsi (GRID) asks for it",
) -> RasterReader:
    """The PAN along the axes of an HSI.

    Args:
        hsi: the open HSI.
        pan: the open PAN.
        grid: "hsi" for the HSI's own grid, refined by the rounded ratio, in any case; else that of the PAN where its
            axes are parallel to the HSI's.
        progress: told what is done.
        ratio: that the HSI's grid is refined by where the PAN is put on it; None for the rounded one.
        reason: why ``grid`` is "hsi", for messages.

    Returns:
        The PAN itself, or a reader that warps it and closes it.

    Raises:
        InputError: one of the two has no reference system, or the PAN is not sharper.
        ApartError: they do not overlap, or by less than 8 x 8 HSI pixels.
    """
    along = _along(hsi, pan)
    if along is not None:
        pan.grid = along
        if grid != "hsi" or _nests(hsi.grid, along, ratio):
            return pan
    window = overlap_window(hsi, pan)
    exact = pixels_across(hsi.grid, window, pan.grid)
    if not exact >= MIN_RATIO:
        raise InputError(not_sharper(hsi.source, pan.source, exact))
    ratio = ratio or (max(2, round(exact)) if exact <= MAX_RATIO else FINEST)
    fine = refined(hsi.grid.crop(window), ratio)
    mapping = mapping_between(fine, pan.grid)
    share = _covered(mapping, fine, pan.grid)
    shared = share * window.rows * window.cols
    if shared < MIN_OVERLAP**2:
        raise ApartError(
            f"{hsi.name} and {pan.name} overlap by only {shared:.0f} HSI pixels; at least {MIN_OVERLAP} x "
            f"{MIN_OVERLAP} are needed: choose images that share more ground."
        )
    warped = WarpedReader(pan, mapping, fine)
    said = f"{pan.name} {_why(hsi, pan, along, reason)}: {_how(hsi, exact, ratio)}{_cover(share)}."
    warped.sentence = f"{pan.sentence} {said}".strip()
    progress.info(said)
    return warped


class ApartError(InputError):
    """Two images share no ground, or too little."""


def _along(hsi: RasterReader, pan: RasterReader) -> Grid | None:
    """The PAN's grid along the HSI's axes; None where they are not parallel."""
    along = beside(pan.grid, hsi.grid)
    if along is not None or same_crs(hsi.grid.crs, pan.grid.crs):
        return along
    if not hsi.grid.crs or not pan.grid.crs:
        raise InputError(crs_sentence(hsi.grid.facts(hsi.source), pan.grid.facts(pan.source)))
    renamed = replace(pan.grid, crs=hsi.grid.crs)
    forth = positions_on(renamed, pan.grid)  # one reference system under two names moves nothing
    if forth is None:
        raise InputError(no_transformation_sentence(hsi.grid.facts(hsi.source), pan.grid.facts(pan.source)))
    rows, cols = _lattice(pan.grid)
    found = forth(rows, cols)
    off = np.hypot(found[0] - rows, found[1] - cols)
    return beside(renamed, hsi.grid) if bool((off < _SAME).all()) else None


def _nests(hsi: Grid, pan: Grid, ratio: int | None) -> bool:
    """Whether the PAN's pixels are those of the HSI's grid, refined by a ratio; None for any whole one."""
    for low, high in zip(hsi.axes, pan.axes):
        if ratio is not None and round(abs(low.step / high.step)) != ratio:
            return False
        exact, offset = low.step / high.step, (low.start - high.start) / high.step
        if abs(exact - round(exact)) * low.count >= _SAME or abs(offset - round(offset)) >= _SAME:
            return False
    return True


def _lattice(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of positions all over a grid, its edges included."""
    axes = [np.linspace(0.0, count, _LATTICE) for count in (grid.rows, grid.cols)]
    rows, cols = np.meshgrid(*axes, indexing="ij")
    return rows.ravel(), cols.ravel()


def overlap_window(hsi: RasterReader, pan: RasterReader) -> Window:
    """The HSI pixels that the PAN touches, as the smallest window.

    Args:
        hsi: any open raster.
        pan: another one.

    Returns:
        Pixels of the first.

    Raises:
        ApartError: there are none.
    """
    low = hsi.grid
    spans: list[list[float]] = [[], []]
    back = positions_on(pan.grid, low)
    if back is not None:
        found = back(*_lattice(pan.grid))
        known = np.isfinite(found[0]) & np.isfinite(found[1])
        if known.any():
            for span, axis in zip(spans, found):
                span += [float(axis[known].min()), float(axis[known].max())]
    if low.in_sensor_geometry or pan.grid.in_sensor_geometry:  # where the way back may be unknown far off
        forth, (rows, cols) = positions_on(low, pan.grid), _lattice(low)
        row, col = forth(rows, cols) if forth is not None else (np.full(rows.shape, np.nan),) * 2
        with np.errstate(invalid="ignore"):
            inside = (row >= 0) & (row <= pan.grid.rows) & (col >= 0) & (col <= pan.grid.cols)
        if inside.any():
            for span, axis, count in zip(spans, (rows, cols), (low.rows, low.cols)):
                step = count / (_LATTICE - 1)
                span += [float(axis[inside].min()) - step, float(axis[inside].max()) + step]
    ends = []
    for span, count in zip(spans, (low.rows, low.cols)):
        first = max(0, math.floor(min(span, default=0.0) + _SAME))
        last = min(count, math.ceil(max(span, default=0.0) - _SAME))
        ends.append((first, last - first))
    (row_, rows_), (col_, cols_) = ends
    if rows_ <= 0 or cols_ <= 0:
        raise ApartError(apart(hsi, pan))
    return Window(row_, col_, rows_, cols_)


def pixels_across(hsi: Grid, window: Window, pan: Grid) -> float:
    """PAN pixels along the edge of an HSI pixel, by area, as most of the overlap has it.

    Args:
        hsi: any grid.
        window: pixels of it.
        pan: another grid.

    Returns:
        The number; NaN where it is unknown.
    """
    forth = positions_on(hsi.crop(window), pan)
    if forth is None:
        return math.nan
    rows, cols = (
        axis * 0.99 + 0.005 * count for axis, count in zip(_lattice(hsi.crop(window)), (window.rows, window.cols))
    )
    at, down, right = forth(rows, cols), forth(rows + 0.5, cols), forth(rows, cols + 0.5)
    area = 4.0 * ((down[0] - at[0]) * (right[1] - at[1]) - (down[1] - at[1]) * (right[0] - at[0]))
    known = np.abs(area[np.isfinite(area)])
    return math.sqrt(float(np.median(known))) if known.size else math.nan


def apart(hsi: RasterReader, pan: RasterReader) -> str:
    """The sentence about two images that share no ground, with the extents of both.

    Args:
        hsi: one of them, open.
        pan: the other, open.

    Returns:
        The refusal.
    """
    grids, on_maps = (hsi.grid, pan.grid), hsi.grid.frame is None and pan.grid.frame is None
    facts = [grid.facts(image.source) for grid, image in zip(grids, (hsi, pan))]
    return apart_sentence(facts[0], facts[1], (_degrees(grids[0]), _degrees(grids[1])), on_maps)


def _degrees(grid: Grid) -> np.ndarray | None:
    """(points, 2): longitudes and latitudes all over a grid; None where they are unknown."""
    forth = positions_on(grid, Grid(0.0, 0.0, 1.0, 1.0, 1, 1, wkt_of("EPSG:4326"))) if grid.crs else None
    if forth is None:
        return None
    latitude, longitude = forth(*_lattice(grid))
    known = np.isfinite(latitude) & np.isfinite(longitude)
    return np.stack([longitude[known], latitude[known]], 1) if known.any() else None


def _covered(mapping: Mapping, fine: Grid, pan: Grid) -> float:
    """The share of the grid that a PAN is warped onto which it covers."""
    row, col = mapping.positions(*_lattice(fine))
    with np.errstate(invalid="ignore"):
        return float(((row >= 0) & (row <= pan.rows) & (col >= 0) & (col <= pan.cols)).mean())


def _cover(share: float) -> str:
    """What is said of a PAN that does not cover all pixels of the grid that it is warped onto."""
    return "" if share > _WHOLE else f"; it covers {share:.0%} of that grid, and beyond it there are no values"


def _why(hsi: RasterReader, pan: RasterReader, along: Grid | None, reason: str) -> str:
    """What sets the grids of two images apart."""
    for reader, name in ((hsi, hsi.name), (pan, "it")):
        if reader.grid.in_sensor_geometry:
            about = getattr(reader.grid.frame, "about", "")
            return f"is brought onto the rows and columns of {hsi.name}, as {name} is placed by {about}"
    if along is not None:
        return f"is put on the grid of {hsi.name}, as {reason}"
    if not same_crs(hsi.grid.crs, pan.grid.crs):
        return f"has the coordinate reference system {crs_name(pan.grid.crs)} and {hsi.name} {crs_name(hsi.grid.crs)}"
    return f"lies rotated against {hsi.name}"


def _how(hsi: RasterReader, exact: float, ratio: int) -> str:
    limited = f", more than can be used, and they are averaged to {FINEST}" if exact > MAX_RATIO else ""
    return (
        f"it is warped onto the grid of {hsi.name}, refined by {ratio}; one HSI pixel is {exact:.3g} PAN "
        f"pixels wide{limited}; the HSI's samples are not resampled"
    )
