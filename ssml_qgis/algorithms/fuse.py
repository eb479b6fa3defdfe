"""``ssml:fuse``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessingParameterDefinition

from ..core.runtime.progress import Progress
from . import parameters
from .arguments import Arguments
from .base import SsmlAlgorithm


class FuseAlgorithm(SsmlAlgorithm):
    """Applies a model file to a scene."""

    NAME = "fuse"
    LEARNS = True

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        return [
            parameters.hsi(),
            parameters.pan(),
            parameters.model(),
            parameters.choice("USE", self.tr("Network to use"), parameters.USES, "mean"),
            parameters.consistency(None),
            *parameters.choices_of_scene(),
            parameters.device(),
            parameters.memory(),
            parameters.compress(),
            parameters.output(self.tr("Sharpened image")),
            parameters.disagreement(),
        ]

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.workflows.fuse import fuse

        outputs = {key: arguments.raster_output(key) for key in ("OUTPUT", "DISAGREEMENT")}
        made: Mapping[str, Any] = fuse(
            arguments.raster("HSI"),
            arguments.raster("PAN"),
            arguments.file("MODEL"),
            outputs["OUTPUT"],
            disagreement=outputs["DISAGREEMENT"],
            use=arguments.choice("USE"),
            consistency=arguments.integer_or_none("CONSISTENCY"),
            **arguments.choices_of_scene(),
            device=arguments.choice("DEVICE"),
            memory=arguments.memory(),
            compress=arguments.choice("COMPRESS"),
            progress=progress,
        )
        arguments.show(outputs, parameters.NETWORK_TITLES.get(made["network"], made["network"]))
        return {key: path for key, path in outputs.items() if path}
