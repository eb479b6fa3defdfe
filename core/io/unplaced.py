"""Rasters that lie on no north-up grid: rotated ones, and those that only control points, RPCs, geolocation arrays or
nothing at all place on the map; and the commands that give them a grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from osgeo import gdal

from ..runtime.errors import InputError
from .gdal_errors import gdal_messages
from .remedies import WHOLE_RATIOS, RasterFacts, crs_code, crs_name, edit_command, is_geographic, wkt_of
from .warp_remedies import (
    TargetGrid,
    nearest_ratio,
    nest,
    outline_of,
    outline_pixels,
    own_grid,
    pixel_area,
    warp_text,
)


class UnplacedError(InputError):
    """A raster that lies on no north-up grid.

    Args:
        raster: the raster.
        rotated: whether it has a geotransform, but a rotated or mirrored one.

    Attributes:
        raster: the raster.
        rotated: as the argument.
    """

    def __init__(self, raster: RasterFacts, rotated: bool) -> None:
        self.raster, self.rotated = raster, rotated
        super().__init__(_unplaced_sentence(_Unplaced.of(raster, rotated)))

    def __reduce__(self) -> tuple:
        """Made anew where it is unpickled."""
        return type(self), (self.raster, self.rotated)

    def beside(self, partner: RasterFacts | UnplacedError, role: str) -> InputError:
        """The refusal, with remedies after which both rasters of a pair fit together.

        Args:
            partner: the other raster, or why that cannot be used either.
            role: "hsi" or "pan", what this raster is.

        Returns:
            The refusal.
        """
        own = _Unplaced.of(self.raster, self.rotated)
        if isinstance(partner, RasterFacts):
            return InputError(_unplaced_sentence(own, partner, role))
        other = _Unplaced.of(partner.raster, partner.rotated)
        return InputError(_both_sentence(own, other) if role == "hsi" else _both_sentence(other, own))


@dataclass(frozen=True)
class _Unplaced:
    """A raster that lies on no north-up grid, and what says where its pixels lie.

    Attributes:
        raster: the raster.
        about: what it has, for the sentence.
        how: gdalwarp's options; None where nothing says it.
        method: the method of GDAL's transformer; "" for the geotransform.
        crs: a projected reference system to warp to, as WKT; "" for none.
        crs_unknown: whether its geotransform or control points have no reference system: the partner's is assumed.
    """

    raster: RasterFacts
    about: str
    how: tuple[str, ...] | None
    method: str = ""
    crs: str = ""
    crs_unknown: bool = False

    @classmethod
    def of(cls, raster: RasterFacts, rotated: bool) -> _Unplaced:
        """Looked up in the raster's file."""
        if rotated:
            _, dx, rx, _, ry, dy = raster.transform
            how: tuple[str, ...] | None = None if dx * dy == rx * ry else ()
            return cls(raster, "lies rotated or mirrored on the map", how, "", raster.crs, not raster.crs)
        with gdal_messages() as messages:
            dataset = messages.call(gdal.OpenEx, raster.source.path, gdal.OF_RASTER) if raster.source.path else None
            besides = f" besides its CRS, {crs_name(raster.crs)}" if raster.crs else ""
            plain = cls(raster, f"has no georeference{besides}", None)
            if dataset is None:
                return plain
            if dataset.GetGCPCount():
                about, how, method = f"{dataset.GetGCPCount()} ground control points (GCPs)", ("-tps",), "GCP_TPS"
            elif dataset.GetMetadata("RPC"):
                about, method = "rational polynomial coefficients (RPCs; dem.tif is an elevation model)", "RPC"
                how = ("-rpc", "-to", "RPC_DEM=dem.tif")
            elif dataset.GetMetadata("GEOLOCATION"):
                about, how, method = "geolocation arrays", ("-geoloc",), "GEOLOC_ARRAY"
            else:
                return plain
            crs = dataset.GetGCPProjection() if method == "GCP_TPS" else ""
            unknown = method == "GCP_TPS" and not crs
            if not unknown and (not crs or is_geographic(crs)):
                crs = _utm(_transformed_outline(dataset, raster, method, wkt_of("EPSG:4326")))
        return cls(raster, f"has no georeference but {about}", how, method, crs, unknown)

    def outline(self, crs: str) -> np.ndarray | None:
        """(points, 2) in map units; None where it cannot be computed, or encloses no area (points on a line)."""
        if self.how is None:
            return None
        if not self.method:
            found = outline_of(self.raster, crs)
        else:
            with gdal_messages() as messages:
                dataset = messages.call(gdal.OpenEx, self.raster.source.path, gdal.OF_RASTER)
                found = dataset and _transformed_outline(
                    dataset, self.raster, self.method, "" if self.crs_unknown else crs
                )
        if found is None:
            return None
        box = float(np.prod(np.ptp(found, axis=0)))
        return found if pixel_area(found, self.raster) * self.raster.rows * self.raster.cols > 0.01 * box else None

    def grid(self, partner: RasterFacts | None = None) -> TargetGrid | None:
        """A grid of about the raster's own pixel size; beside a PAN, of whole pixels of the PAN."""
        crs = self.crs if partner is None or not partner.crs else partner.crs
        outline = self.outline(crs)
        if outline is None:
            return None
        size = math.sqrt(pixel_area(outline, self.raster))
        corner, step = (0.0, 0.0), (_plain(size), _plain(size))
        if partner is not None:
            fine = own_grid(partner)
            ratio = min(max(round(size / math.sqrt(fine.step[0] * fine.step[1])), 1), WHOLE_RATIOS[1])
            corner, step = (fine.extent[0], fine.extent[3]), (fine.step[0] * ratio, fine.step[1] * ratio)
        low = [math.floor((v - c) / s + 0.01) * s + c for v, c, s in zip(outline.min(0), corner, step)]
        high = [math.ceil((v - c) / s - 0.01) * s + c for v, c, s in zip(outline.max(0), corner, step)]
        return TargetGrid(crs, step, (low[0], low[1], high[0], high[1]))

    def nested(self, hsi: TargetGrid) -> TargetGrid | None:
        """The raster's grid as a PAN beside an HSI."""
        outline = self.outline(hsi.crs)
        if outline is None:
            return None
        ratio = nearest_ratio(math.sqrt(hsi.step[0] * hsi.step[1] / pixel_area(outline, self.raster)))
        return None if ratio is None else nest(hsi, outline, ratio)

    def warp(self, target: TargetGrid) -> str:
        """The command that warps it."""
        how, suffix = self.how or (), f"grid{target.step[0]:.4g}"  # HSI and PAN may have the same stem
        if self.crs_unknown and target.crs:
            how = (*how, "-s_srs", crs_code(target.crs))
        return warp_text(self.raster.source, target, suffix, how, target.crs != self.raster.crs)


def _transformed_outline(dataset: Any, raster: RasterFacts, method: str, crs: str) -> np.ndarray | None:
    if method == "GCP_TPS" and dataset.GetGCPCount() < 3:
        return None
    options = [f"METHOD={method}"] + ([f"DST_SRS={crs}"] if crs else [])
    if method == "RPC":
        options.append(f"RPC_HEIGHT={dataset.GetMetadata('RPC').get('HEIGHT_OFF', '0').split()[0]}")
    with gdal_messages() as messages:
        transformer = messages.call(gdal.Transformer, dataset, None, options)
        pixels = outline_pixels(raster.rows, raster.cols)
        if method == "GEOLOC_ARRAY":  # it ends at the centres of the outer pixels
            pixels = pixels.clip(0.5, [raster.cols - 0.5, raster.rows - 0.5])
        found = transformer and messages.call(transformer.TransformPoints, False, pixels.tolist())
    if not found or not all(found[1]):
        return None
    return np.array(found[0], float)[:, :2]


def _utm(outline: np.ndarray | None) -> str:
    """The UTM zone of an outline in degrees; "" without one."""
    if outline is None:
        return ""
    longitude, latitude = outline.mean(0)
    return wkt_of(f"EPSG:{(32600 if latitude >= 0 else 32700) + int((longitude + 180.0) // 6 % 60) + 1}")


def _plain(size: float) -> float:
    """A length with as few digits as keep it within 1 per cent."""
    for digits in range(1, 6):
        short = float(f"{size:.{digits - 1}e}")
        if abs(short - size) < 0.01 * size:
            return short
    return size


def _unplaced_sentence(own: _Unplaced, partner: RasterFacts | None = None, role: str = "hsi") -> str:
    """A raster that lies on no grid, alone or beside one that does."""
    start = f"{own.raster.source.name} {own.about}"
    if own.how is None:
        return f"{start}; {_corners(own, partner)}."
    if partner is None or role == "hsi":
        target = own.grid(partner)
    else:
        target = own.nested(own_grid(partner))
    if target is None:
        return f"{start}, which give no grid that fits; set control points in QGIS (Layer > Georeferencer)."
    assumed = f" and has no CRS ({crs_code(target.crs)} is assumed)" if own.crs_unknown and target.crs else ""
    return f"{start}{assumed}; warp it to a north-up grid: {own.warp(target)}."


def _both_sentence(hsi: _Unplaced, pan: _Unplaced) -> str:
    """An HSI and a PAN that both lie on no grid."""
    start = f"{hsi.raster.source.name} {hsi.about}"
    if hsi.how is None and pan.how is None:
        low, high = hsi.raster, pan.raster
        if not _whole(low, high):
            return f"{start}, nor has {high.source.name}; {_georeferencer(low, high)}."
        crs, corners = low.crs or high.crs, (0.0, float(low.rows), float(low.cols), 0.0)  # HSI pixels
        both = [edit_command(raster.source, "" if raster.crs else crs, corners) for raster in (low, high)]
        return (
            f"{start}, nor has {high.source.name}; if both show the same ground, give both the same corners (map "
            f"coordinates, or these of pixels): {' and '.join(both)}."
        )
    if hsi.how is None:  # it can get the corners of the PAN when that has some
        return _unplaced_sentence(pan)
    target = hsi.grid()
    fine = None if target is None else pan.nested(target)
    if target is None or fine is None:
        return _unplaced_sentence(hsi)
    return (
        f"{start}, and {pan.raster.source.name} {pan.about}; warp both to north-up grids: {hsi.warp(target)} and "
        f"{pan.warp(fine)}."
    )


def _whole(first: RasterFacts, second: RasterFacts) -> bool:
    """Whether the sizes of two rasters have one whole ratio, so that both may show the same ground."""
    low, high = sorted((first, second), key=lambda raster: raster.rows)
    return (high.rows, high.cols) == (low.rows * (high.rows // low.rows), low.cols * (high.rows // low.rows))


def _georeferencer(own: RasterFacts, partner: RasterFacts) -> str:
    """Two rasters that do not show the same ground, so that no numbers are known."""
    return (
        f"the {own.rows} x {own.cols} pixels of {own.source.name} and the {partner.rows} x {partner.cols} of "
        f"{partner.source.name} have no whole ratio, so that neither tells the other's corners: set control points in "
        "QGIS (Layer > Georeferencer)"
    )


def _corners(own: _Unplaced, partner: RasterFacts | None) -> str:
    """How to give a raster corners: those of the partner, if it may show the same ground."""
    raster = own.raster
    if partner is None:
        corners = (0.0, float(raster.rows), float(raster.cols), 0.0)
        return f"give it its corners in map coordinates, or these of pixels: {edit_command(raster.source, '', corners)}"
    if not _whole(raster, partner):
        return _georeferencer(raster, partner)
    crs = "" if partner.crs == raster.crs else partner.crs
    edited = edit_command(raster.source, crs, partner.corners)
    return f"if it shows the same ground as {partner.source.name}, give it the same corners: {edited}"
