"""``ssml:openprisma``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterDestination,
)

from ..core.runtime.progress import Progress
from .arguments import Arguments
from .base import SsmlAlgorithm


class OpenPrismaAlgorithm(SsmlAlgorithm):
    """Writes the HSI and the PAN of a PRISMA product."""

    NAME = "openprisma"

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        return [
            QgsProcessingParameterFile(
                "INPUT",
                self.tr("PRISMA L2D product"),
                QgsProcessingParameterFile.Behavior.File,
                fileFilter="PRISMA (*.he5)",
            ),
            QgsProcessingParameterRasterDestination("HSI", self.tr("Hyperspectral image")),
            QgsProcessingParameterRasterDestination("PAN", self.tr("Panchromatic image")),
        ]

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.workflows.openprisma import openprisma

        outputs = {key: arguments.raster_output(key) for key in ("HSI", "PAN")}
        openprisma(arguments.file("INPUT"), outputs["HSI"], outputs["PAN"], progress=progress)
        product = Path(arguments.file("INPUT")).stem
        for key, path in outputs.items():
            arguments.show_image(path, f"{product} {key}")
        return outputs
