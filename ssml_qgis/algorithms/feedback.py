"""Progress of the engine, shown by Processing."""

from __future__ import annotations

from qgis.core import QgsProcessingFeedback

from ..core.runtime.progress import Progress

IN_DIALOG, LAST_LINE = "ssml_in_dialog", "ssml_last_line"
"""Properties of the feedback of a run: whether our dialog shows it, and the line that it puts last into the log."""


def say_last(feedback: QgsProcessingFeedback, text: str) -> None:
    """Put a line at the end of the log: our dialog writes it below all that Processing has to say."""
    if feedback.property(IN_DIALOG):
        feedback.setProperty(LAST_LINE, text)
    else:
        feedback.pushInfo(text)


class FeedbackProgress(Progress):
    """Hands the engine's progress, messages and question for cancel to Processing's feedback."""

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        self._feedback = feedback
        self._text: str | None = None

    def set(self, fraction: float, text: str | None = None) -> None:
        """Move the bar; a text is shown when it changes."""
        self._feedback.setProgress(100.0 * min(max(fraction, 0.0), 1.0))
        if text is not None and text != self._text:
            self._text = text
            self._feedback.setProgressText(text)

    def info(self, text: str) -> None:
        """Show a line in the log."""
        self._feedback.pushInfo(text)

    def warning(self, text: str) -> None:
        """Show a warning in the log."""
        self._feedback.pushWarning(text)

    def cancelled(self) -> bool:
        """Whether the user pressed Cancel."""
        return self._feedback.isCanceled()
