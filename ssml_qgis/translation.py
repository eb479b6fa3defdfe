"""Text in the user's language."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication

CONTEXT = "SSML"


def tr(text: str) -> str:
    """The text in the user's language; the text itself where there is no translation."""
    return QCoreApplication.translate(CONTEXT, text)
