"""Rasters that nothing places on the map: no geotransform, control points, RPCs or geolocation arrays, or no reference
system beside one that has it; and the commands that give them corners and a system.
"""

from __future__ import annotations

from ..runtime.errors import InputError
from .remedies import RasterFacts, crs_code, crs_name, edit_command, is_geographic, number, quoted, wkt_of
from .subdatasets import is_shown


class UnplacedError(InputError):
    """A raster that nothing places on the map.

    Args:
        raster: the raster.

    Attributes:
        raster: the raster.
    """

    def __init__(self, raster: RasterFacts) -> None:
        self.raster = raster
        super().__init__(f"{_start(raster)}; {_corners(raster, None)}.")

    def __reduce__(self) -> tuple:
        """Made anew where it is unpickled."""
        return type(self), (self.raster,)

    def beside(self, partner: RasterFacts | UnplacedError | None, role: str) -> InputError:
        """The refusal, with remedies after which both rasters of a pair fit together.

        Args:
            partner: the other raster; why that cannot be used either; or None where that lies on no map grid.
            role: "hsi" or "pan", what this raster is.

        Returns:
            The refusal.
        """
        if partner is None:
            return InputError(f"{_start(self.raster)}; {_CONTROL_POINTS}.")
        if isinstance(partner, RasterFacts):
            return InputError(f"{_start(self.raster)}; {_corners(self.raster, partner)}.")
        own, other = self.raster, partner.raster
        return InputError(_both_sentence(own, other) if role == "hsi" else _both_sentence(other, own))


_CONTROL_POINTS = "set control points in QGIS (Layer > Georeferencer), or name geolocation arrays (--geolocation)"


def _start(raster: RasterFacts) -> str:
    besides = f" besides its CRS, {crs_name(raster.crs)}" if raster.crs else ""
    return f"{raster.source.name} has no georeference{besides}"


def _both_sentence(hsi: RasterFacts, pan: RasterFacts) -> str:
    """An HSI and a PAN that both lie nowhere."""
    start = f"{_start(hsi)}, nor has {pan.source.name}"
    if not _whole(hsi, pan):
        return f"{start}; {_georeferencer(hsi, pan)}."
    crs, corners = hsi.crs or pan.crs, (0.0, float(hsi.rows), float(hsi.cols), 0.0)  # HSI pixels
    both = [edit_command(raster.source, "" if raster.crs else crs, corners) for raster in (hsi, pan)]
    return (
        f"{start}; if both show the same ground, give both the same corners (map coordinates, or these of pixels): "
        f"{' and '.join(both)}."
    )


def _whole(first: RasterFacts, second: RasterFacts) -> bool:
    """Whether the sizes of two rasters have one whole ratio, so that both may show the same ground."""
    low, high = sorted((first, second), key=lambda raster: raster.rows)
    return (high.rows, high.cols) == (low.rows * (high.rows // low.rows), low.cols * (high.rows // low.rows))


def _georeferencer(own: RasterFacts, partner: RasterFacts) -> str:
    """Two rasters that do not show the same ground, so that no numbers are known."""
    return (
        f"the {own.rows} x {own.cols} pixels of {own.source.name} and the {partner.rows} x {partner.cols} of "
        f"{partner.source.name} have no whole ratio, so that neither tells the other's corners: {_CONTROL_POINTS}"
    )


def _corners(raster: RasterFacts, partner: RasterFacts | None) -> str:
    """How to give a raster corners: those of the partner, if it may show the same ground."""
    if partner is None:
        corners = (0.0, float(raster.rows), float(raster.cols), 0.0)
        return f"give it its corners in map coordinates, or these of pixels: {edit_command(raster.source, '', corners)}"
    if not _whole(raster, partner):
        return _georeferencer(raster, partner)
    crs = "" if partner.crs == raster.crs else partner.crs
    edited = edit_command(raster.source, crs, partner.corners)
    return f"if it shows the same ground as {partner.source.name}, give it the same corners: {edited}"


def crs_sentence(hsi: RasterFacts, pan: RasterFacts) -> str:
    """One of HSI and PAN has no reference system.

    Args:
        hsi: the HSI.
        pan: the PAN.

    Returns:
        The refusal.
    """
    lacking, known = (pan, hsi) if not pan.crs else (hsi, pan)
    start = (
        f"{hsi.source.name} and {pan.source.name} have different coordinate reference systems: {lacking.source.name} "
        f"has no CRS, {known.source.name} has {crs_name(known.crs)}"
    )
    if not _looks_geographic(lacking) and _apart_as_numbers(lacking, known):
        return (
            f"{start}, where {lacking.source.name} does not lie, as its coordinates are {_range_text(lacking)}; if it "
            f"has another CRS, say which (--assume-crs, ASSUME_CRS); {_corners(lacking, known)}."
        )
    if not _looks_geographic(lacking) or is_geographic(known.crs):
        code, condition = crs_code(known.crs), f"if {lacking.source.name} is {crs_code(known.crs)} too"
    else:
        code = "EPSG:4326"
        condition = f"the coordinates of {lacking.source.name} seem to be degrees; if they are"
    said = f"{start}; {condition}, say so (--assume-crs {quoted(code)}, ASSUME_CRS)"
    if not is_shown(lacking.source.path):
        return f"{said}."
    assigned = edit_command(lacking.source, known.crs if code != "EPSG:4326" else wkt_of(code))
    return f"{said} or write it into the file: {assigned}."


def _looks_geographic(raster: RasterFacts) -> bool:
    xmin, ymin, xmax, ymax = raster.extent
    return xmin >= -180.0 and xmax <= 360.0 and ymin >= -90.0 and ymax <= 90.0 and xmax - xmin < 0.1 * raster.cols


def _apart_as_numbers(first: RasterFacts, second: RasterFacts) -> bool:
    """Whether two rasters share no ground if their coordinates are of one system."""
    if any(each.in_sensor_geometry or each.transform[2] or each.transform[4] for each in (first, second)):
        return False
    (left, low, right, high), (other_left, other_low, other_right, other_high) = first.extent, second.extent
    return left >= other_right or right <= other_left or low >= other_high or high <= other_low


def _range_text(raster: RasterFacts) -> str:
    xmin, ymin, xmax, ymax = map(number, raster.extent)
    return f"x {xmin} to {xmax} and y {ymin} to {ymax}"
