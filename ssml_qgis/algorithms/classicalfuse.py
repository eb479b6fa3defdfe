"""``ssml:classicalfuse``."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterDefinition

from ..core.runtime.progress import Progress
from . import parameters
from .arguments import Arguments
from .base import SsmlAlgorithm


class ClassicalFuseAlgorithm(SsmlAlgorithm):
    """Fuses with a classical method; needs no PyTorch."""

    NAME = "classicalfuse"

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        from ..core.fusion.classical import DEFAULT_METHOD, METHODS

        return [
            parameters.hsi(),
            parameters.pan(),
            parameters.choice("METHOD", self.tr("Method"), tuple(METHODS), DEFAULT_METHOD),
            parameters.consistency(),
            parameters.mtf(),
            *parameters.choices_of_scene(),
            parameters.memory(),
            parameters.compress(),
            parameters.output(self.tr("Sharpened image")),
        ]

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.fusion.classical import METHODS
        from ..core.workflows.classical import classical

        output, method = arguments.raster_output("OUTPUT"), arguments.choice("METHOD")
        classical(
            arguments.raster("HSI"),
            arguments.raster("PAN"),
            output,
            method=method,
            consistency=arguments.integer("CONSISTENCY"),
            mtf=arguments.mtf(),
            **arguments.choices_of_scene(),
            memory=arguments.memory(),
            compress=arguments.choice("COMPRESS"),
            progress=progress,
        )
        arguments.show({"OUTPUT": output}, METHODS[method].title)
        return {"OUTPUT": output}
