"""``ssml:assess``."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingOutputDefinition, QgsProcessingOutputNumber, QgsProcessingParameterDefinition

from ..core.runtime.progress import Progress
from . import parameters
from .arguments import Arguments, is_given
from .base import SsmlAlgorithm

NUMBERS = {
    "ERGAS": "ERGAS",
    "SAM": "SAM (degrees)",
    "PSNR": "PSNR (dB)",
    "CC": "CC",
    "SSIM": "SSIM",
    "RMSE": "RMSE",
    "UIQI": "UIQI",
    "Q2N": "Q2n",
    "RSNR": "RSNR (dB)",
    "D_LAMBDA": "D_lambda",
    "D_LAMBDA_K": "D_lambda of Khan",
    "D_S": "D_s",
    "D_S_REG": "D_s by regression",
    "D_RHO": "D_rho",
    "QNR": "QNR",
    "HQNR": "HQNR",
    "RQNR": "RQNR",
    "CONSISTENCY": "Consistency",
}


class AssessAlgorithm(SsmlAlgorithm):
    """Scores a result with a reference, or with the HSI and PAN it was made from."""

    NAME = "assess"

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        return [
            parameters.raster("FUSED", self.tr("Sharpened image")),
            parameters.raster("REFERENCE", self.tr("Reference image"), optional=True),
            parameters.hsi(optional=True),
            parameters.pan(optional=True),
            parameters.advanced(
                parameters.whole("RATIO", self.tr("Ratio, where it cannot be derived"), None, 2, 16, optional=True)
            ),
            parameters.mtf(),
            parameters.advanced(parameters.whole("CROP", self.tr("Pixels to leave out along the edges"), 0, 0, 1000)),
            parameters.bands(),
            parameters.correct_shift(),
            parameters.report(),
            parameters.json_file(),
        ]

    def number_outputs(self) -> list[QgsProcessingOutputDefinition]:
        """The indices; one that was not computed is left out of the results, so that it is NULL in a model."""
        return [QgsProcessingOutputNumber(key, self.tr(label)) for key, label in NUMBERS.items()]

    def complaint(self, given: dict[str, Any]) -> str:
        """There must be something to compare with."""
        hsi, pan = is_given(given.get("HSI")), is_given(given.get("PAN"))
        if hsi != pan:
            return self.tr("HSI and PAN go together: give both, or a REFERENCE alone.")
        if not hsi and not is_given(given.get("REFERENCE")):
            return self.tr("There is nothing to compare with: give a REFERENCE, or the HSI and the PAN.")
        return ""

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.workflows.assess import assess

        outputs: dict[str, Any] = {key: arguments.file_output(key) for key in ("REPORT", "JSON")}
        scores = assess(
            arguments.raster("FUSED"),
            reference=arguments.raster("REFERENCE"),
            hsi=arguments.raster("HSI"),
            pan=arguments.raster("PAN"),
            ratio=arguments.integer_or_none("RATIO"),
            mtf=arguments.mtf(),
            crop=arguments.integer("CROP"),
            bands=arguments.text("BANDS"),
            correct_shift=arguments.boolean("CORRECT_SHIFT"),
            json_path=outputs["JSON"],
            report=outputs["REPORT"],
            progress=progress,
        )
        numbers = {key: float(scores[key.lower()]) for key in NUMBERS if scores.get(key.lower()) is not None}
        return {key: path for key, path in outputs.items() if path} | numbers
