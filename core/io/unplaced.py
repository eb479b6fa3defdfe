"""Rasters that nothing places on the map: no geotransform, control points, RPCs or geolocation arrays; and the commands
that give them corners.
"""

from __future__ import annotations

from ..runtime.errors import InputError
from .remedies import RasterFacts, crs_name, edit_command


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
