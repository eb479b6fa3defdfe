"""What the user gave to an algorithm, as plain Python values and file paths for the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable, ClassVar

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
)
from qgis.PyQt.QtCore import QVariant

from .. import settings
from ..core.workflows.options.declare import Option, number_or_word
from ..translation import tr
from .layers import disagreement_name, show

_OPTIONS = re.compile(r"\|(?:option|credential):")


@dataclass(frozen=True)
class Source:
    """What the engine needs of a map layer, so that no layer is touched outside the thread it belongs to."""

    name: str
    source: str
    provider: str
    crs: QgsCoordinateReferenceSystem

    @classmethod
    def of(cls, layer: QgsMapLayer) -> Source:
        """Read it from a layer."""
        provider = layer.dataProvider()
        return cls(layer.name(), layer.source(), provider.name() if provider is not None else "", layer.crs())

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


class Arguments:
    """Reads the parameters of one run of an algorithm; "" and None mean that something was not given."""

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        sources: dict[str, list[Source]],
    ) -> None:
        self._algorithm, self._parameters, self._context, self._sources = algorithm, parameters, context, sources

    def given(self, key: str) -> bool:
        """Whether a value other than nothing was given."""
        return is_given(self._parameters.get(key))

    def rasters(self, key: str) -> list[str]:
        """GDAL names of the raster layers given, in their order."""
        return [source.path() for source in self._sources.get(key, [])]

    def raster(self, key: str) -> str:
        """GDAL name of the raster layer given, or ""."""
        paths = self.rasters(key)
        if paths:
            return paths[0]
        if self.given(key):
            raise QgsProcessingException(self._algorithm.invalidRasterError(self._parameters, key))
        return ""

    def text(self, key: str) -> str:
        """A string, stripped of blanks around it."""
        return self._algorithm.parameterAsString(self._parameters, key, self._context).strip()

    def value(self, option: Option) -> Any:
        """What was given for an option or a file, as the engine has it."""
        key = option.key or ""
        if option.kind in ("whole", "number"):
            given = self.given(key) or option.default is not None
            read = self._algorithm.parameterAsInt if option.kind == "whole" else self._algorithm.parameterAsDouble
            value = read(self._parameters, key, self._context) if given else None
            if option.name == "memory":
                return value or settings.memory()
            return value
        return self._READERS[option.kind](self, key)

    def choice(self, key: str) -> str:
        """The chosen string of an enum."""
        return self._algorithm.parameterAsEnumString(self._parameters, key, self._context)

    def choices(self, key: str) -> list[str]:
        """The chosen strings of an enum that allows several."""
        return list(self._algorithm.parameterAsEnumStrings(self._parameters, key, self._context))

    def boolean(self, key: str) -> bool:
        """Yes or no."""
        return self._algorithm.parameterAsBool(self._parameters, key, self._context)

    def file(self, key: str) -> str:
        """Path of an input file, or ""."""
        return self._algorithm.parameterAsFile(self._parameters, key, self._context)

    def extent(self, key: str) -> tuple[float, float, float, float] | None:
        """``(xmin, ymin, xmax, ymax)`` in the CRS of the HSI, or None for all of it."""
        if not self.given(key) or not self._sources.get("HSI"):
            return None
        crs = self._sources["HSI"][0].crs
        extent = self._algorithm.parameterAsExtent(self._parameters, key, self._context, crs)
        if extent.isNull():
            return None
        return extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()

    def layer_name(self, key: str) -> str:
        """Name of the layer given, as the user sees it; "" where none was."""
        sources = self._sources.get(key)
        return sources[0].name if sources else ""

    def show(self, outputs: dict[str, Any], method: str) -> None:
        """Name and draw the layers that QGIS loads.

        Args:
            outputs: what was written, by key: OUTPUT is an image, DISAGREEMENT how far networks differ.
            method: what made it of the layer HSI.
        """
        name = self.layer_name("HSI")
        show(self._context, outputs.get("OUTPUT", ""), f"{method}: {name}")
        show(self._context, outputs.get("DISAGREEMENT", ""), disagreement_name(name), disagreement=True)

    def show_image(self, path: str, name: str) -> None:
        """Name and draw one image that QGIS loads."""
        show(self._context, path, name)

    def raster_output(self, key: str) -> str:
        """Path of a raster to write, or "" where it was not asked for."""
        return self._algorithm.parameterAsOutputLayer(self._parameters, key, self._context) or ""

    def file_output(self, key: str) -> str:
        """Path of a file to write, or "" where it was not asked for."""
        return self._algorithm.parameterAsFileOutput(self._parameters, key, self._context) or ""

    _READERS: ClassVar[dict[str, Callable[[Arguments, str], Any]]] = {
        "raster": raster,
        "rasters": rasters,
        "file": file,
        "folder": file,
        "raster_out": raster_output,
        "file_out": file_output,
        "text": text,
        "gain": lambda self, key: number_or_word(self.text(key)),
        "choice": choice,
        "choices": choices,
        "switch": boolean,
        "extent": extent,
    }


def is_given(value: Any) -> bool:
    """Whether a parameter's value is something: not None, a null QVariant, an empty string or an empty list."""
    if value is None or (isinstance(value, QVariant) and value.isNull()):
        return False
    return not (isinstance(value, (str, list, tuple)) and len(value) == 0)
