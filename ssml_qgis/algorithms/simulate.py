"""``ssml:simulate``."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ..core.runtime.progress import Progress
from . import parameters
from .arguments import Arguments, is_given
from .base import SsmlAlgorithm


class SimulateAlgorithm(SsmlAlgorithm):
    """Makes a low-resolution HSI and a PAN from a reference, by Wald's protocol."""

    NAME = "simulate"

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        return [
            parameters.raster("REFERENCE", self.tr("Reference image")),
            parameters.whole("RATIO", self.tr("Ratio of the pixel sizes"), 4, 2, 16),
            QgsProcessingParameterString("PAN_BANDS", self.tr("Bands of the PAN, as in 6-36"), optional=True),
            QgsProcessingParameterString(
                "PAN_RANGE", self.tr("Wavelengths of the PAN in nm, as in 480-690"), optional=True
            ),
            parameters.advanced(
                QgsProcessingParameterFile(
                    "PAN_RESPONSE",
                    self.tr("Spectral response of the PAN"),
                    QgsProcessingParameterFile.Behavior.File,
                    optional=True,
                    fileFilter=self.tr("Text (*.txt *.csv *.tsv *.dat);;All files (*.*)"),
                )
            ),
            parameters.mtf(),
            QgsProcessingParameterRasterDestination("HSI", self.tr("Simulated HSI")),
            QgsProcessingParameterRasterDestination("PAN", self.tr("Simulated PAN")),
        ]

    def complaint(self, given: dict[str, Any]) -> str:
        """The PAN's bands must be said."""
        if not any(is_given(given.get(key)) for key in ("PAN_BANDS", "PAN_RANGE", "PAN_RESPONSE")):
            return self.tr(
                "The bands of the PAN are not given: set PAN_BANDS (band numbers, as in 6-36), PAN_RANGE (wavelengths "
                "in nm, as in 480-690) or PAN_RESPONSE (a file)."
            )
        return ""

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.workflows.simulate import simulate

        outputs = {key: arguments.raster_output(key) for key in ("HSI", "PAN")}
        simulate(
            arguments.raster("REFERENCE"),
            arguments.integer("RATIO"),
            outputs["HSI"],
            outputs["PAN"],
            pan_bands=arguments.text("PAN_BANDS"),
            pan_range=arguments.text("PAN_RANGE"),
            pan_response=arguments.file("PAN_RESPONSE"),
            mtf_hsi=arguments.mtf(),
            progress=progress,
        )
        reference = arguments.layer_name("REFERENCE")
        arguments.show_image(outputs["HSI"], self.tr("Simulated HSI: {name}").format(name=reference))
        arguments.show_image(outputs["PAN"], self.tr("Simulated PAN: {name}").format(name=reference))
        return outputs
