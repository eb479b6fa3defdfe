"""What the engine needs of a map layer: its file, and the settings of the layer that count instead of the file's."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qgis.core import QgsCoordinateReferenceSystem, QgsMapLayer, QgsProcessingException, QgsProject, QgsRasterLayer

from ..translation import tr

_OPTIONS = re.compile(r"\|(?:option|credential):")


@dataclass(frozen=True)
class Source:
    """What the engine needs of a map layer, so that no layer is touched outside the thread it belongs to.

    Attributes:
        name, source, provider, crs: of the layer.
        nodata: the layer's own settings, as the engine's option for it has them; "" where they are the file's.
        own_crs: the layer's CRS as WKT where it is not the file's, else "".
        note: a sentence on a setting that cannot be taken over; "" for none.
        restyled: id of a layer of the project that is drawn as QGIS draws any image at first, its first bands as red,
            green and blue; "" of another.
    """

    name: str
    source: str
    provider: str
    crs: QgsCoordinateReferenceSystem
    nodata: str = ""
    own_crs: str = ""
    note: str = ""
    restyled: str = ""

    @classmethod
    def of(cls, layer: QgsMapLayer) -> Source:
        """Read it from a layer."""
        nodata, note = _nodata_of(layer) if isinstance(layer, QgsRasterLayer) else ("", "")
        plain = isinstance(layer, QgsRasterLayer) and is_drawn_plainly(layer)
        known = plain and QgsProject.instance().mapLayer(layer.id()) is not None
        return cls(
            layer.name(),
            layer.source(),
            layer.providerType(),
            layer.crs(),
            nodata,
            _own_crs(layer),
            note,
            layer.id() if known else "",
        )

    @property
    def says_more(self) -> bool:
        """Whether a setting of the layer counts instead of the file."""
        return bool(self.nodata or self.own_crs)

    def path(self) -> str:
        """The name GDAL opens it by; refuses what is no GDAL raster."""
        if self.provider != "gdal":
            raise QgsProcessingException(
                tr(
                    "The layer “{name}” comes from the “{provider}” provider, but only raster files that GDAL opens "
                    "can be used: export the layer to a GeoTIFF first."
                ).format(name=self.name, provider=self.provider)
            )
        return _OPTIONS.split(self.source, maxsplit=1)[0]


def is_drawn_plainly(layer: QgsRasterLayer) -> bool:
    """Whether a layer of three bands or more is drawn as QGIS draws any: its first bands as red, green and blue."""
    renderer = layer.renderer()
    if layer.bandCount() < 3 or renderer is None:
        return False
    if renderer.type() == "multibandcolor":
        return tuple(renderer.usesBands()) == (1, 2, 3)
    return renderer.type() == "singlebandgray" and tuple(renderer.usesBands()) == (1,)


def _nodata_of(layer: QgsRasterLayer) -> tuple[str, str]:
    """The nodata settings of a layer as the engine has them, and a sentence where it cannot have them."""
    provider = layer.dataProvider()
    if provider is None:
        return "", ""
    bands = range(1, provider.bandCount() + 1)
    ranges = {tuple((r.min(), r.max()) for r in provider.userNoDataValues(band)) for band in bands}
    unused = {not provider.useSourceNoDataValue(band) for band in bands if provider.sourceHasNoDataValue(band)}
    values = [low for some in ranges for low, high in some if low == high]
    if len(ranges) > 1 or len(unused) > 1 or len(values) < sum(len(some) for some in ranges):
        return "", tr(
            "The no-data settings of the layer “{name}” are not taken over, because they have ranges or differ between "
            "its bands: give single numbers in the nodata parameter."
        ).format(name=layer.name())
    words = (["none"] if unused == {True} else []) + [f"{value:.17g}" for value in values]
    return ",".join(words), ""


def _own_crs(layer: QgsMapLayer) -> str:
    """The layer's CRS as WKT where it is valid and not that of the file, else empty."""
    provider, crs = layer.dataProvider(), layer.crs()
    if provider is None or not crs.isValid() or provider.crs() == crs:
        return ""
    return str(crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED_GDAL))
