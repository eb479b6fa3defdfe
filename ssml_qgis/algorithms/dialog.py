"""The dialog of an algorithm: Processing's, but for a run that failed or was cancelled."""

from __future__ import annotations

from typing import Any

from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsProcessingContext, QgsProcessingFeedback


class SsmlDialog(AlgorithmDialog):
    """Processing's dialog loads results and says "finished" after every run; here only after one that has made any."""

    def finish(
        self,
        successful: bool,
        result: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        in_place: bool = False,
    ) -> None:
        """End a run; the error and "Execution failed" are in the log already."""
        if successful:
            super().finish(successful, result, context, feedback, in_place)
            return
        self.setExecuted(True)
        self.setResults(result)
        self.algorithmFinished.emit(successful, result)
        self.resetGui()
