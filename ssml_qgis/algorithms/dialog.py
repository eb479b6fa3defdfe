"""The dialog of an algorithm: Processing's, with layers guessed, words in menus, the time left and a last line."""

from __future__ import annotations

from typing import Any

from processing.gui.AlgorithmDialog import AlgorithmDialog
from qgis.core import QgsProcessingContext, QgsProcessingFeedback
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QLabel

from ..core.runtime.time_left import TimeLeft
from ..translation import tr
from .feedback import IN_DIALOG, LAST_LINE
from .form import Form

_TICK = 250  # milliseconds


class SsmlDialog(AlgorithmDialog):
    """Processing's dialog loads results and says "finished" after every run; here only after one that has made any.
    The log's last line is the algorithm's own, and the label beside the bar says how much time is left."""

    def __init__(self, algorithm: Any, parent: Any = None) -> None:
        super().__init__(algorithm, parent=parent)
        self._time_left, self._suffix = TimeLeft(), ""
        self._ticks = QTimer(self)
        self._ticks.timeout.connect(self._show_time_left)
        self._form = Form(self)

    def setParameters(self, parameters: dict[str, Any]) -> None:
        """Show what was given before."""
        super().setParameters(parameters)
        self._form.forget_guesses(parameters)

    def createFeedback(self) -> QgsProcessingFeedback:
        """What a run reports to."""
        feedback = super().createFeedback()
        feedback.setProperty(IN_DIALOG, True)
        self._time_left = TimeLeft()
        feedback.progressChanged.connect(self._progressed)
        return feedback

    def _progressed(self, percent: float) -> None:
        self._time_left.update(percent / 100.0)
        if not self._ticks.isActive() and percent < 100.0:
            self._ticks.start(_TICK)

    def _show_time_left(self) -> None:
        """Put the time left behind what is being done; the log is spared it."""
        label = self.findChild(QLabel, "lblProgress")
        if label is None:
            return
        text = label.text().removesuffix(self._suffix) if self._suffix else label.text()
        seconds = self._time_left.seconds()
        self._suffix = "" if seconds is None or not text else f" – {_left(seconds)}"
        label.setText(text + self._suffix)

    def finish(
        self,
        successful: bool,
        result: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        in_place: bool = False,
    ) -> None:
        """End a run; the error and "Execution failed" are in the log already."""
        self._ticks.stop()
        self._suffix = ""
        last_line = feedback.property(LAST_LINE)
        if successful:
            super().finish(successful, result, context, feedback, in_place)
        else:
            self.setExecuted(True)
            self.setResults(result)
            self.algorithmFinished.emit(successful, result)
            self.resetGui()
        if last_line:
            self.setInfo(str(last_line), False, True)


def _left(seconds: float) -> str:
    """The time left, in the user's language."""
    if seconds < 90:
        return tr("about {count} s left").format(count=max(1, round(seconds)))
    if seconds < 5400:
        return tr("about {count} min left").format(count=round(seconds / 60))
    return tr("about {count} h left").format(count=f"{seconds / 3600:.1f}")
