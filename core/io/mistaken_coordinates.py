"""Mistakes in coordinates for which two rasters do not overlap though they show one place: x and y exchanged, a wrong
sign, kilometres for metres, another UTM zone. One is named only where the rasters overlap once it is put right (own).
Longitudes that count from 0 to 360 are none (:func:`.positions.turned`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .gdal_errors import gdal_messages
from .outline import outline_of
from .remedies import RasterFacts, crs_code, crs_name, edit_command, is_geographic, spatial_reference, wkt_of

_SHARED = 0.5  # of the smaller of both extents: less may be chance
_KILO = 1000.0
_SOUTH = 100  # between the EPSG codes of a zone in the north and in the south
_HALF_TURN = 180.0


def mistake(first: RasterFacts, second: RasterFacts) -> str:
    """The mistake after whose correction two rasters overlap.

    Args:
        first, second: rasters that do not.

    Returns:
        The beginning of what a refusal tells to do, with the command that corrects the mistake; "" for none.
    """
    for wrong, right in ((second, first), (first, second)):
        known = _degrees(right)
        for words, corrected in _corrections(wrong, right) if known is not None else ():
            found = _degrees(corrected)
            turned = is_geographic(corrected.crs) and max(map(abs, corrected.extent[::2])) > _HALF_TURN
            if found is not None and known is not None and not turned and _share(found, known) >= _SHARED:
                crs = corrected.crs if corrected.crs != wrong.crs else ""
                corners = None if crs else corrected.corners
                return f"{words}: {edit_command(wrong.source, crs, corners)}; if not, "
    return ""


def _corrections(raster: RasterFacts, partner: RasterFacts) -> Iterator[tuple[str, RasterFacts]]:
    """Mistakes that a raster may have, each put right."""
    x, dx, rx, y, ry, dy = raster.transform
    name, other = raster.source.name, partner.source.name
    if not raster.crs or not partner.crs or rx or ry or raster.in_sensor_geometry or partner.in_sensor_geometry:
        return

    def placed(*transform: float) -> RasterFacts:
        return replace(raster, transform=transform)

    if is_geographic(raster.crs):
        sign = f"{name} lies on {other} with the other sign of its {{}}: if that is wrong, give it these corners"
        for west in (-x, -x - raster.cols * dx):
            yield sign.format("longitudes"), placed(west, dx, 0.0, y, 0.0, dy)
        for north in (-y, -y - raster.rows * dy):
            yield sign.format("latitudes"), placed(x, dx, 0.0, north, 0.0, dy)
    else:
        how = f"its coordinates times {_KILO:g}, as where they are in km"
        words = f"{name} lies on {other} with {how}: if they are, give it these corners"
        yield words, placed(*(_KILO * value for value in raster.transform))
        yield from _other_zones(raster, other)
    how = "its x and y exchanged, as where latitudes came first"
    mirrored = dx < 0 < dy  # by corners that were exchanged, not the first one alone
    right, down = (raster.rows * dy / raster.cols, raster.cols * dx / raster.rows) if mirrored else (dx, dy)
    yield f"{name} lies on {other} with {how}: if they are, give it these corners", placed(y, right, 0.0, x, 0.0, down)


def _other_zones(raster: RasterFacts, other: str) -> Iterator[tuple[str, RasterFacts]]:
    """A raster in the UTM zones beside its own, and on the other hemisphere."""
    code, zone = crs_code(raster.crs), _utm_zone(raster.crs)
    if not zone or not code.startswith("EPSG:"):
        return
    south = 1 if zone > 0 else -1
    for step, meant in ((-1, zone - south), (1, zone + south), (south * _SOUTH, -zone)):
        crs = wkt_of(f"EPSG:{int(code[5:]) + step}")
        if crs and _utm_zone(crs) == meant:
            yield (
                f"{raster.source.name} is marked as {crs_name(raster.crs)}, but lies on {other} in {crs_name(crs)}: if "
                "that is right, correct its file",
                replace(raster, crs=crs),
            )


def _utm_zone(crs: str) -> int:
    """Of a reference system: negative in the south, 0 for none."""
    with gdal_messages():
        return int(spatial_reference(crs).GetUTMZone())


def _degrees(raster: RasterFacts) -> np.ndarray | None:
    """(4,): least longitude and latitude, and greatest; None where they are unknown."""
    corners = outline_of(raster, wkt_of("EPSG:4326")) if raster.crs else None
    if corners is None or not np.isfinite(corners).all():
        return None
    found: np.ndarray = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    return found


def _share(one: np.ndarray, other: np.ndarray) -> float:
    """What two extents share, of the smaller one."""
    shared = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    sizes = [np.prod(extent[2:] - extent[:2]) for extent in (one, other)]
    return float(np.prod(shared) / min(sizes)) if (shared > 0).all() and min(sizes) > 0 else 0.0
