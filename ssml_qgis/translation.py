"""Text in the user's language, out of the files in ``i18n``: Qt's .ts, read as they are."""

from __future__ import annotations

from functools import lru_cache

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QXmlStreamReader

from .package import FOLDER


def tr(text: str) -> str:
    """The text in the user's language; the text itself where there is no translation."""
    return catalogue(_language()).get(text) or text


def _language() -> str:
    """As QGIS has it, "de" or "de_AT": what it was started with (``--lang``), else what its settings say."""
    application = QgsApplication.instance()
    return (application.translation() or application.locale()) if isinstance(application, QgsApplication) else ""


@lru_cache(maxsize=8)
def catalogue(language: str) -> dict[str, str]:
    """Translation by text of a language, or of its main form ("de" for "de_AT"); empty where there is none."""
    for name in (language, language.partition("_")[0]):
        path = FOLDER / "i18n" / f"ssml_{name}.ts"
        if name and path.is_file():
            return _read(path.read_text(encoding="utf-8"))
    return {}


def _read(text: str) -> dict[str, str]:
    reader, found, source = QXmlStreamReader(text), {}, ""
    while not reader.atEnd():
        reader.readNext()
        if reader.isStartElement() and reader.name() == "source":
            source = reader.readElementText()
        elif reader.isStartElement() and reader.name() == "translation":
            found[source] = reader.readElementText()
    return found
