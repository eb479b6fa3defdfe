"""A result brought along the axes of the HSI that it is compared with, wherever it was put when it was finished."""

from __future__ import annotations

import numpy as np

from ..io.grid import Grid, Window
from ..io.positions import beside, refined
from ..io.reader import RasterReader
from ..scene.mosaic import MosaicReader
from ..scene.nearest import NearestReader
from ..scene.placement import mapping_between, positions_on
from ..scene.warp import WarpedReader

_NODES = 5  # along each axis, among the control points that a result in sensor geometry has
_NEAR = 0.25  # fine pixels: by how much they may miss the HSI's grid, refined
_BOUND = 0.05  # pixels: by how much a nearest one may be off


def on_hsi(fused: RasterReader, hsi: RasterReader, pan: RasterReader) -> tuple[RasterReader, str]:
    """A result along the axes of the HSI.

    Args:
        fused: the open result.
        hsi: the open HSI.
        pan: the open PAN, placed along the HSI's axes.

    Returns:
        The result itself, on a grid along the HSI's axes where its own is that, or a view of it on the PAN's grid that
        closes it; and what was done to its pixels, as a sentence, "" for nothing.
    """
    along = beside(fused.grid, hsi.grid) or _in_its_geometry(fused.grid, hsi.grid)
    if along is not None:
        fused.grid = along
        return fused, ""
    moved = isinstance(pan, (WarpedReader, MosaicReader))
    if not moved or not fused.grid.crs or positions_on(pan.grid, fused.grid) is None:
        return fused, ""
    if hsi.grid.in_sensor_geometry:
        view: RasterReader = NearestReader(fused, mapping_between(pan.grid, fused.grid, _BOUND), pan.grid)
        how = "by nearest neighbour"
    else:
        view = WarpedReader(fused, mapping_between(pan.grid, fused.grid), pan.grid)
        how = "by B-splines"
    return view, (
        f"{fused.name} does not lie along the rows and columns of {hsi.name}: it is brought there {how} to be "
        "compared, which changes the indices a little; a result of --grid hsi (GRID) is compared as it is."
    )


def _in_its_geometry(fused: Grid, hsi: Grid) -> Grid | None:
    """The HSI's grid in sensor geometry, refined, where the control points of a result say that it lies there."""
    if not (fused.in_sensor_geometry and hsi.in_sensor_geometry):
        return None
    found = positions_on(fused, hsi)
    axes = [np.linspace(0.0, count, _NODES) for count in (fused.rows, fused.cols)]
    rows, cols = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    if found is None:
        return None
    steps, starts, at = [], [], found(rows, cols)
    for own, there in zip((rows, cols), at):
        known = np.isfinite(there)
        if known.sum() < 2 * _NODES or np.ptp(own[known]) == 0:
            return None
        step, start = np.polyfit(own[known], there[known], 1)
        steps.append(step)
        starts.append(round(start))
    ratio = round(2.0 / max(sum(steps), 1e-9))
    size = (-(-fused.rows // max(ratio, 1)), -(-fused.cols // max(ratio, 1)))
    if ratio < 1 or (size[0] * ratio, size[1] * ratio) != (fused.rows, fused.cols):
        return None
    with np.errstate(invalid="ignore"):
        off = [np.abs((there - start) * ratio - own) for own, there, start in zip((rows, cols), at, starts)]
    if float(np.nanmedian(np.maximum(*off))) > _NEAR:
        return None
    return refined(hsi.crop(Window(starts[0], starts[1], *size)), ratio)
