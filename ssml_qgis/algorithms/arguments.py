"""What the user gave to an algorithm, as plain Python values and file paths for the engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
)
from qgis.PyQt.QtCore import QVariant

from .. import settings
from ..core.workflows.options.declare import Option
from ..core.workflows.options.given import number_or_word
from .source import Source

_READERS: dict[str, Callable[[QgsProcessingAlgorithm, dict[str, Any], str, QgsProcessingContext], Any]] = {
    "file": QgsProcessingAlgorithm.parameterAsFile,
    "files": QgsProcessingAlgorithm.parameterAsFileList,
    "folder": QgsProcessingAlgorithm.parameterAsFile,
    "raster_out": QgsProcessingAlgorithm.parameterAsOutputLayer,
    "file_out": QgsProcessingAlgorithm.parameterAsFileOutput,
    "whole": QgsProcessingAlgorithm.parameterAsInt,
    "number": QgsProcessingAlgorithm.parameterAsDouble,
    "choice": QgsProcessingAlgorithm.parameterAsEnumString,
    "choices": QgsProcessingAlgorithm.parameterAsEnumStrings,
    "switch": QgsProcessingAlgorithm.parameterAsBool,
}
"""What reads the value of a parameter, by the kind of its option."""
_PLACES = "GEOLOCATION"  # read as its file says, whatever its layer does


@dataclass(frozen=True)
class Arguments:
    """Reads the parameters of one run of an algorithm; "" and None mean that something was not given.

    Attributes:
        algorithm: whose parameters they are.
        parameters: as Processing has them.
        context: of the run.
        sources: of the raster layers, by key.
    """

    algorithm: QgsProcessingAlgorithm
    parameters: dict[str, Any]
    context: QgsProcessingContext
    sources: dict[str, list[Source]]

    def value(self, option: Option) -> Any:
        """What was given for an option or a file, as the engine has it."""
        key, kind = option.key or "", option.kind
        given = is_given(self.parameters.get(key))
        if kind in ("raster", "rasters"):
            paths = [source.path() for source in self.sources[key]]
            if kind == "raster" and given and not paths:
                raise QgsProcessingException(self.algorithm.invalidRasterError(self.parameters, key))
            return paths if kind == "rasters" else next(iter(paths), "")
        if kind == "extent":
            return self._extent(key) if given else None
        if kind in ("text", "gain"):
            text = self.algorithm.parameterAsString(self.parameters, key, self.context).strip()
            return text if kind == "text" else number_or_word(text)
        optional = kind in ("whole", "number") and option.default is None
        value = None if optional and not given else _READERS[kind](self.algorithm, self.parameters, key, self.context)
        return value or settings.memory() if option.name == "memory" else value

    def layers(self) -> dict[str, tuple[str, str]]:
        """By file, what its layer says instead of it: nodata as the engine's options have it, and the CRS as WKT."""
        sources = [source for key, some in self.sources.items() if key != _PLACES for source in some]
        return {source.path(): (source.nodata, source.own_crs) for source in sources if source.says_more}

    def layer_name(self, key: str) -> str:
        """Name of the layer given, as the user sees it, or of the product in its place; "" where none was."""
        product = self.parameters.get(f"{key}_PRODUCT")
        named = os.path.basename(product.rstrip("/\\")) if isinstance(product, str) else ""
        return next((source.name for source in self.sources.get(key, [])), named)

    def _extent(self, key: str) -> tuple[float, float, float, float] | None:
        """``(xmin, ymin, xmax, ymax)`` in the CRS of the HSI, or None for all of it."""
        crs = self.sources["HSI"][0].crs if self.sources["HSI"] else self._product_crs("HSI_PRODUCT")
        if not crs.isValid():
            crs.createFromUserInput(self.algorithm.parameterAsString(self.parameters, "ASSUME_CRS", self.context))
        extent = self.algorithm.parameterAsExtent(self.parameters, key, self.context, crs)
        if extent.isNull():
            return None
        return extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()

    def _product_crs(self, key: str) -> QgsCoordinateReferenceSystem:
        """The CRS of the HSI of a product."""
        from ..core.products.opening import open_raster

        path = self.algorithm.parameterAsFile(self.parameters, key, self.context)
        with open_raster(path) as image:
            return QgsCoordinateReferenceSystem.fromWkt(image.grid.crs)


def is_given(value: Any) -> bool:
    """Whether a parameter's value is something: not None, a null QVariant, an empty string or an empty list."""
    if value is None or (isinstance(value, QVariant) and value.isNull()):
        return False
    return not (isinstance(value, (str, list, tuple)) and len(value) == 0)
