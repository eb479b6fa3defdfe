"""``ssml:compare``."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingOutputDefinition,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterDefinition,
)

from ..core.runtime.progress import Progress
from . import parameters
from .arguments import Arguments
from .base import SsmlAlgorithm

NUMBERS = {
    "SCORE": "Score of the best method",
    "ERGAS": "ERGAS of the best method",
    "SAM": "SAM of the best method (degrees)",
    "GAIN": "Gain over the best classical method (per cent)",
}


class CompareAlgorithm(SsmlAlgorithm):
    """Runs methods on one HSI and PAN and finds the best; classical ones need no PyTorch."""

    NAME = "compare"

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        from ..core.fusion.classical import METHODS
        from ..core.workflows.compare import LEARNED

        return [
            parameters.hsi(),
            parameters.pan(),
            parameters.choices("METHODS", self.tr("Methods"), (*METHODS, *LEARNED), tuple(METHODS)),
            parameters.model(optional=True),
            parameters.effort(),
            parameters.seed(),
            parameters.device(),
            parameters.mtf(),
            parameters.consistency(),
            parameters.advanced(parameters.whole("CROP", self.tr("Pixels to leave out along the edges"), 0, 0, 1000)),
            parameters.bands(),
            parameters.correct_shift(),
            parameters.memory(),
            parameters.output(self.tr("Result of the best method"), optional=True),
            parameters.report(),
            parameters.json_file(),
            parameters.file_output("CSV", self.tr("Results as a table"), parameters.CSV_FILTER, by_default=False),
        ]

    def number_outputs(self) -> list[QgsProcessingOutputDefinition]:
        """The best method's name and numbers."""
        numbers = [QgsProcessingOutputNumber(key, self.tr(label)) for key, label in NUMBERS.items()]
        return [QgsProcessingOutputString("BEST", self.tr("Best method")), *numbers]

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow."""
        from ..core.workflows.compare import compare

        outputs = {
            "OUTPUT": arguments.raster_output("OUTPUT"),
            **{key: arguments.file_output(key) for key in ("REPORT", "JSON", "CSV")},
        }
        found = compare(
            arguments.raster("HSI"),
            arguments.raster("PAN"),
            outputs["OUTPUT"],
            methods=arguments.choices("METHODS"),
            model=arguments.file("MODEL"),
            report=outputs["REPORT"],
            json_path=outputs["JSON"],
            csv_path=outputs["CSV"],
            effort=arguments.choice("EFFORT"),
            seed=arguments.integer("SEED"),
            mtf=arguments.mtf(),
            consistency=arguments.integer("CONSISTENCY"),
            crop=arguments.integer("CROP"),
            bands=arguments.text("BANDS"),
            correct_shift=arguments.boolean("CORRECT_SHIFT"),
            device=arguments.choice("DEVICE"),
            memory=arguments.positive_or_none("MEMORY"),
            progress=progress,
        )
        best = found["methods"][0]
        progress.info(
            self.tr("Best method: {title}, ERGAS {ergas:.3f}, SAM {sam:.3f} degrees at reduced resolution.").format(
                title=best["title"], ergas=best["reduced"]["ergas"], sam=best["reduced"]["sam"]
            )
        )
        numbers = {
            "BEST": found["best"],
            "SCORE": best["score"],
            "ERGAS": best["reduced"]["ergas"],
            "SAM": best["reduced"]["sam"],
            "GAIN": found["gain"],
        }
        numbers = {key: value for key, value in numbers.items() if value is not None}
        arguments.show(outputs, best["title"])
        return {key: path for key, path in outputs.items() if path} | numbers
