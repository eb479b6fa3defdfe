"""``ssml:modelinfo``."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingParameterDefinition

from ..core.runtime.progress import Progress
from . import parameters
from .arguments import Arguments
from .base import SsmlAlgorithm


class ModelInfoAlgorithm(SsmlAlgorithm):
    """Shows what a model file says of itself."""

    NAME = "modelinfo"

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        return [parameters.model(), parameters.report(), parameters.json_file()]

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.workflows.info import info

        outputs = {key: arguments.file_output(key) for key in ("REPORT", "JSON")}
        info(arguments.file("MODEL"), report=outputs["REPORT"], json_path=outputs["JSON"])
        return {key: path for key, path in outputs.items() if path}
