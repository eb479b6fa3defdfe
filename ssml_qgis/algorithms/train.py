"""``ssml:train``."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
)

from ..core.runtime.progress import Progress
from . import parameters
from .arguments import Arguments, is_given
from .base import SsmlAlgorithm


class TrainAlgorithm(SsmlAlgorithm):
    """Learns on several scenes of a sensor and writes a model file."""

    NAME = "train"
    LEARNS = True

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        rasters = QgsProcessing.SourceType.TypeRaster
        return [
            QgsProcessingParameterMultipleLayers("HSI", self.tr("Hyperspectral images (HSI)"), rasters),
            QgsProcessingParameterMultipleLayers(
                "PAN", self.tr("Panchromatic images (PAN), in the same order"), rasters
            ),
            parameters.network(),
            parameters.choice("MODE", self.tr("Way of learning"), parameters.MODES, "mutual"),
            parameters.effort(),
            parameters.advanced(
                parameters.whole("STEPS", self.tr("Steps, instead of the effort"), None, 1, 10_000_000, optional=True)
            ),
            parameters.seed(),
            parameters.device(),
            parameters.mtf(),
            parameters.consistency(),
            parameters.bands(),
            parameters.correct_shift(),
            parameters.advanced(
                QgsProcessingParameterFile(
                    "RESUME",
                    self.tr("Checkpoint to take up"),
                    QgsProcessingParameterFile.Behavior.File,
                    optional=True,
                    fileFilter=self.tr("Checkpoint (*.checkpoint);;All files (*.*)"),
                )
            ),
            parameters.file_output("MODEL", self.tr("Model"), parameters.MODEL_FILTER, optional=False),
            parameters.report(),
        ]

    def complaint(self, given: dict[str, Any]) -> str:
        """Every HSI needs its PAN."""
        counts = [len(given[key]) for key in ("HSI", "PAN") if isinstance(given.get(key), (list, tuple))]
        if len(counts) == 2 and counts[0] != counts[1]:
            return self.tr(
                "There are {hsi} hyperspectral and {pan} panchromatic images: give one panchromatic image for each "
                "hyperspectral one, in the same order."
            ).format(hsi=counts[0], pan=counts[1])
        if is_given(given.get("RESUME")) and not is_given(given.get("MODEL")):
            return self.tr("A run that is taken up needs the place of its model file: give MODEL.")
        return ""

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.workflows.train import train

        outputs = {"MODEL": arguments.file_output("MODEL"), "REPORT": arguments.file_output("REPORT")}
        train(
            arguments.rasters("HSI"),
            arguments.rasters("PAN"),
            outputs["MODEL"],
            report=outputs["REPORT"],
            network=arguments.choice("NETWORK"),
            mode=arguments.choice("MODE"),
            effort=arguments.choice("EFFORT"),
            steps=arguments.integer_or_none("STEPS"),
            seed=arguments.integer("SEED"),
            mtf=arguments.mtf(),
            consistency=arguments.integer("CONSISTENCY"),
            device=arguments.choice("DEVICE"),
            bands=arguments.text("BANDS"),
            correct_shift=arguments.boolean("CORRECT_SHIFT"),
            resume=arguments.file("RESUME"),
            progress=progress,
        )
        return {key: path for key, path in outputs.items() if path}
