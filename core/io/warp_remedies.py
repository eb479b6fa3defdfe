"""What is said of two rasters whose grids do not fit together, and remedies that put one on another grid.

Pixels are interpolated by cubic convolution: GDAL's default, nearest, moves each by up to half a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .mistaken_coordinates import mistake
from .outline import outline_of
from .ratio import MAX_RATIO, MIN_RATIO
from .remedies import (
    RasterFacts,
    Source,
    command,
    crs_code,
    crs_name,
    edit_command,
    fill_options,
    is_geographic,
    new_file,
    number,
    path_argument,
    wkt_of,
)

WARP = "Warp (reproject)"
NEARLY_WHOLE = 0.05  # a ratio that differs by less from 1 is meant to be 1
_MOST_DEGREES = 360.0


@dataclass(frozen=True)
class TargetGrid:
    """A north-up grid that a raster is to be warped to.

    Attributes:
        crs: coordinate reference system as WKT; "" for none.
        step: (x, y) size of a pixel, map units, positive.
        extent: (xmin, ymin, xmax, ymax), map units.
    """

    crs: str
    step: tuple[float, float]
    extent: tuple[float, float, float, float]


def warp_text(source: Source, target: TargetGrid, suffix: str) -> str:
    """The command that warps a raster to a grid; for what has no file of its own, the grid in words.

    Args:
        source: the raster.
        target: the grid.
        suffix: of the new file's name.

    Returns:
        The text.
    """
    size = [number(step) for step in target.step]
    extent = [number(value) for value in target.extent]
    if not source.path:
        crs = f" in {crs_name(target.crs)}" if target.crs else ""
        return (
            f"resample {source.name} with cubic interpolation to pixels of {' x '.join(size)}{crs}, from x {extent[0]} "
            f"to {extent[2]} and y {extent[1]} to {extent[3]}"
        )
    system = ["-t_srs", crs_code(target.crs)] if target.crs else []
    arguments = ["gdalwarp", *system, "-tr", *size, "-te", *extent, *fill_options(source), "-r", "cubic"]
    return command([*arguments, path_argument(source.path), new_file(source.path, suffix)], WARP)


def not_parallel(hsi: RasterFacts, pan: RasterFacts) -> str:
    """Two rasters that must lie along the same axes do not.

    Args:
        hsi: the HSI.
        pan: what lies otherwise.

    Returns:
        The refusal.
    """
    names = f"{hsi.source.name} and {pan.source.name}"
    if crs_name(hsi.crs) != crs_name(pan.crs):
        return (
            f"{names} have different coordinate reference systems, {crs_name(hsi.crs)} and {crs_name(pan.crs)}; choose "
            "images of one system here."
        )
    return f"{names} lie rotated against each other; choose images whose rows run in one direction here."


def coarse_sentence(hsi: RasterFacts, pan: RasterFacts) -> str:
    """The PAN is not sharper than the HSI, along one axis at least.

    Args:
        hsi: the HSI.
        pan: the PAN.

    Returns:
        The refusal.
    """
    if hsi.source.path and hsi.source.path == pan.source.path:
        return f"{hsi.source.name} was given as the HSI and as the PAN; give a sharper image of the place as the PAN."
    least = " x ".join(number(abs(hsi.transform[place]) / MIN_RATIO) for place in (1, 5))
    start = f"{_ratio_words(hsi, pan)} ({_size_text(hsi)} and {_size_text(pan)} map units)"
    if min(_exact(hsi, pan)) < 1.0 - NEARLY_WHOLE:
        return f"{start}: the PAN {pan.source.name} is coarser than the HSI {hsi.source.name} (are the two swapped?)."
    return (
        f"{start}: the PAN is not sharper than the HSI, so nothing can be sharpened; choose a PAN whose pixels are "
        f"{least} map units or smaller (ratio {MIN_RATIO:g})."
    )


def fine_sentence(hsi: RasterFacts, pan: RasterFacts) -> str:
    """The sharper image is finer than can be used.

    Args:
        hsi: the HSI.
        pan: the sharper image.

    Returns:
        The refusal.
    """
    least = " x ".join(number(abs(hsi.transform[place]) / MAX_RATIO) for place in (1, 5))
    return (
        f"{_ratio_words(hsi, pan)} ({_size_text(hsi)} and {_size_text(pan)} map units), but {MAX_RATIO:g} is the most; "
        f"take an image whose pixels are {least} map units or larger."
    )


def apart_sentence(
    first: RasterFacts,
    second: RasterFacts,
    degrees: Sequence[np.ndarray | None] = (None, None),
    on_maps: bool = True,
) -> str:
    """Two rasters do not overlap.

    Args:
        first: one of them.
        second: the other.
        degrees: (points, 2) float64, longitudes and latitudes of either, where its geotransform does not tell them.
        on_maps: whether both geotransforms are of their reference systems.

    Returns:
        The refusal.
    """
    one, other = first.source.name, second.source.name
    label = (_as_numbers(first, second) if on_maps else "") or mistake(first, second)
    return (
        f"{one} and {other} do not overlap: {one} covers "
        f"{_place(first, degrees[0])}, {other} {_place(second, degrees[1])}; {label}choose two images of one place."
    )


def no_transformation_sentence(hsi: RasterFacts, pan: RasterFacts) -> str:
    """Two reference systems cannot be transformed into each other.

    Args:
        hsi: the HSI.
        pan: the PAN.

    Returns:
        The refusal.
    """
    return (
        f"{hsi.source.name} and {pan.source.name} have the coordinate reference systems {crs_name(hsi.crs)} and "
        f"{crs_name(pan.crs)}, which cannot be transformed into each other; {_as_numbers(hsi, pan)}choose two images "
        "of the same place."
    )


def _as_numbers(first: RasterFacts, second: RasterFacts) -> str:
    """Where coordinates overlap as numbers, though in two systems, one is a wrong label: degrees that cannot be."""
    if not first.crs or not second.crs or crs_name(first.crs) == crs_name(second.crs):
        return ""
    shared = [min(one, other) for one, other in zip(first.extent[2:], second.extent[2:])]
    if any(end <= max(begin) for end, begin in zip(shared, zip(first.extent[:2], second.extent[:2]))):
        return ""
    no_degrees = is_geographic(first.crs) and max(map(abs, first.extent)) > _MOST_DEGREES
    wrong, right = (first, second) if no_degrees else (second, first)
    return (
        f"their coordinates overlap as numbers, but {wrong.source.name} is marked as {crs_name(wrong.crs)} and "
        f"{right.source.name} as {crs_name(right.crs)}: if {wrong.source.name} is {crs_code(right.crs)} too, correct "
        f"its file: {edit_command(wrong.source, right.crs)}; if not, "
    )


def _place(raster: RasterFacts, outline: np.ndarray | None) -> str:
    """The extent of a raster in degrees; in map units where it cannot be transformed."""
    if outline is None and raster.crs:
        outline = outline_of(raster, wkt_of("EPSG:4326"))
    unit = "map units" if outline is None else "degrees"
    corners = outline_of(raster, raster.crs) if outline is None else outline
    if corners is None:
        return "an unknown place"
    digits = ".0f" if outline is None else ".4f"
    x, y = ((f"{values.min():{digits}}", f"{values.max():{digits}}") for values in corners.T)
    names = ("x", "y") if outline is None else ("longitudes", "latitudes")
    return f"{names[0]} {x[0]} to {x[1]} and {names[1]} {y[0]} to {y[1]} {unit}"


def _exact(hsi: RasterFacts, pan: RasterFacts) -> tuple[float, float]:
    """The ratio in x and in y."""
    return abs(hsi.transform[1] / pan.transform[1]), abs(hsi.transform[5] / pan.transform[5])


def _ratio_words(hsi: RasterFacts, pan: RasterFacts) -> str:
    low, high, (x, y) = hsi.source.name, pan.source.name, _exact(hsi, pan)
    if f"{x:.6g}" == f"{y:.6g}":
        return f"A pixel of {low} is {x:.6g} pixel{'s' * (f'{x:.6g}' != '1')} of {high}"
    return f"The ratio of {low} to {high} is {x:.6g} in x but {y:.6g} in y"


def same_grid_sentence(first: RasterFacts, second: RasterFacts) -> str:
    """Two rasters that are compared pixel by pixel lie on different grids.

    Args:
        first: the raster whose grid is kept.
        second: the other.

    Returns:
        The refusal.
    """
    names = f"{first.source.name} and {second.source.name}"
    if crs_name(first.crs) != crs_name(second.crs):
        start = f"{names} have different coordinate reference systems, {crs_name(first.crs)} and {crs_name(second.crs)}"
        if not first.crs or not second.crs:
            lacking, known = (first, second) if not first.crs else (second, first)
            return f"{start}; if they are the same: {edit_command(lacking.source, known.crs)}."
    else:
        start = f"{names} do not share a pixel grid (pixels of {_size_text(first)} and {_size_text(second)} map units)"
    if first.transform[2] or first.transform[4]:
        return f"{start}; choose rasters on one grid, as {first.source.name} lies rotated on the map."
    return f"{start}; put the second on the grid of the first: {warp_text(second.source, own_grid(first), 'grid')}."


def not_sharper(hsi: Source, pan: Source, exact: float) -> str:
    """The PAN is not sharper than an HSI along whose axes it does not lie.

    Args:
        hsi, pan: the two.
        exact: HSI pixel size in PAN pixels.

    Returns:
        The refusal.
    """
    start = f"A pixel of {hsi.name} is {exact:.3g} pixel{'s' * (f'{exact:.3g}' != '1')} of {pan.name}"
    if exact < 1.0 - NEARLY_WHOLE:
        return f"{start}: the PAN {pan.name} is coarser than the HSI {hsi.name} (are the two swapped?)."
    return (
        f"{start}: the PAN is not sharper than the HSI, so nothing can be sharpened; choose a PAN whose pixels are "
        f"{MIN_RATIO:g} times as small or smaller."
    )


def _size_text(raster: RasterFacts) -> str:
    return f"{abs(raster.transform[1]):.6g} x {abs(raster.transform[5]):.6g}"


def own_grid(raster: RasterFacts) -> TargetGrid:
    """The grid of a raster that is not rotated, north-up.

    Args:
        raster: the raster.

    Returns:
        Its grid.
    """
    return TargetGrid(raster.crs, (abs(raster.transform[1]), abs(raster.transform[5])), raster.extent)
