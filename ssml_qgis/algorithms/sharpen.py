"""``ssml:sharpen``."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterDefinition

from ..core.runtime.progress import Progress
from . import parameters
from .arguments import Arguments
from .base import SsmlAlgorithm


class SharpenAlgorithm(SsmlAlgorithm):
    """Learns on the scene itself, then fuses it."""

    NAME = "sharpen"
    LEARNS = True

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        return [
            parameters.hsi(),
            parameters.pan(),
            parameters.network(),
            parameters.effort(),
            parameters.seed(),
            parameters.device(),
            parameters.mtf(),
            parameters.consistency(),
            *parameters.choices_of_scene(),
            parameters.memory(),
            parameters.compress(),
            parameters.output(self.tr("Sharpened image")),
            parameters.file_output("MODEL", self.tr("Model"), parameters.MODEL_FILTER),
            parameters.report(),
            parameters.disagreement(),
        ]

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.workflows.sharpen import sharpen

        outputs = {
            "OUTPUT": arguments.raster_output("OUTPUT"),
            "MODEL": arguments.file_output_always("MODEL", f"model.{parameters.MODEL_EXTENSION}"),
            "REPORT": arguments.file_output("REPORT"),
            "DISAGREEMENT": arguments.raster_output("DISAGREEMENT"),
        }
        sharpen(
            arguments.raster("HSI"),
            arguments.raster("PAN"),
            outputs["OUTPUT"],
            model=outputs["MODEL"],
            report=outputs["REPORT"],
            disagreement=outputs["DISAGREEMENT"],
            network=arguments.choice("NETWORK"),
            effort=arguments.choice("EFFORT"),
            seed=arguments.integer("SEED"),
            mtf=arguments.mtf(),
            consistency=arguments.integer("CONSISTENCY"),
            device=arguments.choice("DEVICE"),
            memory=arguments.memory(),
            compress=arguments.choice("COMPRESS"),
            **arguments.choices_of_scene(),
            progress=progress,
        )
        network = arguments.choice("NETWORK")
        arguments.show(outputs, parameters.NETWORK_TITLES.get(network, network))
        return {key: path for key, path in outputs.items() if path}
