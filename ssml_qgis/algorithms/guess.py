"""Which of the project's layers are meant: what a new dialog offers, and what is doubtful about a choice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsUnitTypes,
)

from ..translation import tr

MADE_AS = "ssml/made_as"
"""The custom property of a layer that an algorithm of ours has made: the key of its output."""

_SHARPER = 1.45  # times smaller pixels: a little less than the least ratio, as pixels of degrees are measured roughly
_MANY = 10  # bands of an image that is hyperspectral without another to compare it with
_NO_IMAGE = re.compile(r"mask|quality|cloud|disagreement|dem\b|elevation", re.IGNORECASE)
_TRUTH = re.compile(r"reference|truth|original", re.IGNORECASE)
_WORLD = "EPSG:4326"


@dataclass(frozen=True)
class Raster:
    """What is to be known of a raster layer to tell what it is.

    Attributes:
        id, name: of the layer.
        bands: how many.
        pixel: size, about, in metres; in map units where there is no CRS.
        extent: in degrees where there is a CRS, else as it is; None where that cannot be told.
        placed: whether there is a CRS.
        made_as: key of the output of ours that it is; "" for none.
    """

    id: str
    name: str
    bands: int
    pixel: float
    extent: QgsRectangle | None
    placed: bool
    made_as: str = ""

    @classmethod
    def of(cls, layer: QgsMapLayer) -> Raster | None:
        """Of a layer that GDAL opens; None of another."""
        if not isinstance(layer, QgsRasterLayer) or layer.providerType() != "gdal" or not layer.isValid():
            return None
        crs, size = layer.crs(), layer.rasterUnitsPerPixelX() * layer.rasterUnitsPerPixelY()
        factor = 1.0
        if crs.isValid():
            factor = QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), QgsUnitTypes.DistanceUnit.DistanceMeters)
        made_as = str(layer.customProperty(MADE_AS, ""))
        extent = _in_degrees(layer)
        return cls(
            layer.id(), layer.name(), layer.bandCount(), abs(size) ** 0.5 * factor, extent, crs.isValid(), made_as
        )

    def overlaps(self, other: Raster) -> bool:
        """Whether both show some place; where that cannot be told, they may."""
        if self.extent is None or other.extent is None or self.placed != other.placed:
            return True
        return self.extent.intersects(other.extent)

    def sharper_than(self, other: Raster) -> bool:
        """Whether its pixels are so much smaller that it can sharpen the other."""
        return self.pixel * _SHARPER <= other.pixel


def _in_degrees(layer: QgsRasterLayer) -> QgsRectangle | None:
    if not layer.crs().isValid():
        return layer.extent()
    world = QgsCoordinateReferenceSystem(_WORLD)
    try:
        transform = QgsCoordinateTransform(layer.crs(), world, QgsProject.instance())
        return transform.transformBoundingBox(layer.extent())
    except QgsCsException:
        return None


def rasters(project: QgsProject) -> list[Raster]:
    """The rasters of a project."""
    return [one for one in map(Raster.of, project.mapLayers().values()) if one is not None]


def guess(known: Sequence[Raster]) -> dict[str, Raster]:
    """The HSI (many bands), the PAN (fewer bands and smaller pixels) and the sharpened image (the HSI's bands with the
    PAN's pixels) among rasters, by key; what cannot be told is left out."""
    images = [one for one in known if not _NO_IMAGE.search(one.name) and one.made_as in ("", "OUTPUT", "HSI", "PAN")]
    pairs = [
        (hsi, pan)
        for hsi in images
        for pan in images
        if hsi.made_as != "OUTPUT" and pan.made_as != "OUTPUT"
        if hsi.bands > max(pan.bands, 2) and pan.sharper_than(hsi) and hsi.overlaps(pan)
    ]
    if not pairs:
        most = max(images, key=lambda one: one.bands, default=None)
        return {"HSI": most} if most is not None and most.bands >= _MANY else {}
    hsi, pan = max(pairs, key=_likeliness)
    found = {"HSI": hsi, "PAN": pan}
    fused = _result_of(hsi, images)
    return {**found, "FUSED": fused} if fused is not None else found


def _result_of(hsi: Raster, images: Sequence[Raster]) -> Raster | None:
    """The last image that was made here of an HSI's bands with smaller pixels, else the only one that can be it; an
    image that the HSI was simulated from looks the same and is none."""
    alike = [one for one in images if one.bands == hsi.bands and one.sharper_than(hsi) and one.overlaps(hsi)]
    made = [one for one in alike if one.made_as == "OUTPUT"]
    others = [one for one in alike if not _TRUTH.search(one.name) and not _simulated_from(hsi, one)]
    return made[-1] if made else others[0] if len(others) == 1 else None


def _simulated_from(hsi: Raster, other: Raster) -> bool:
    """Whether an HSI is named as one that was simulated from another image here."""
    return hsi.made_as == "HSI" and hsi.name.endswith(f": {other.name}")


def _likeliness(pair: tuple[Raster, Raster]) -> tuple[float, ...]:
    """Most bands and largest pixels for the HSI; for the PAN its name, few bands and the smallest pixels."""
    hsi, pan = pair
    named = bool(re.search(r"pan", pan.name, re.IGNORECASE))
    return hsi.bands, hsi.pixel, named, pan.bands == 1, -pan.pixel, -pan.bands


def doubts(chosen: Mapping[str, Raster]) -> list[str]:
    """What is doubtful about a choice of layers, in sentences.

    Args:
        chosen: by key: HSI, PAN, FUSED, REFERENCE.
    """
    found = []
    items = list(chosen.items())
    for place, (key, one) in enumerate(items):
        for other, two in items[place + 1 :]:
            if one.id == two.id:
                text = tr("The layer “{name}” is chosen twice, as {one} and as {two}.")
                found.append(text.format(name=one.name, one=key, two=other))
            elif not one.overlaps(two):
                text = tr("The layers “{one}” and “{two}” show different places.")
                found.append(text.format(one=one.name, two=two.name))
    hsi, pan, fused = (chosen.get(key) for key in ("HSI", "PAN", "FUSED"))
    if hsi and pan and hsi.id != pan.id and not pan.sharper_than(hsi):
        text = tr("The pixels of “{pan}” ({fine:.3g} m) are not smaller than those of “{hsi}” ({coarse:.3g} m).")
        found.append(text.format(pan=pan.name, fine=pan.pixel, hsi=hsi.name, coarse=hsi.pixel))
    if hsi and hsi.bands < 2:
        found.append(tr("“{name}” has one band: a hyperspectral image has many.").format(name=hsi.name))
    if hsi and fused and hsi.id != fused.id and fused.bands != hsi.bands:
        text = tr("“{fused}” has {these} bands and “{hsi}” {those}: it is not a result of it, or of some bands only.")
        found.append(text.format(fused=fused.name, these=fused.bands, hsi=hsi.name, those=hsi.bands))
    return found
