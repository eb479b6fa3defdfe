"""Bring the models that come with the plugin up to date: every mandatory parameter of their steps has a value.

    python tools/models.py

The model designer calls a model invalid whose steps leave a mandatory parameter out, though it runs with the default.
Needs a Python that sees QGIS. What has a source already is kept.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / "ssml_qgis" / "models"
sys.path[:0] = [str(ROOT), "/usr/share/qgis/python/plugins"]
_ATTRIBUTE, _ORDER = re.compile(r' (\w+)="([^"]*)"'), ("value", "name", "type")
_kept: list[Any] = []  # or they would end with the function that makes them


def complete(model: Any) -> list[str]:
    """Give the default to every mandatory parameter of the steps that has no source.

    Args:
        model: QgsProcessingModelAlgorithm, which is changed.

    Returns:
        "step: parameter" of each that was added.
    """
    from qgis.core import QgsProcessingModelChildParameterSource as Source
    from qgis.core import QgsProcessingParameterDefinition as Definition

    added = []
    for name, child in model.childAlgorithms().items():
        for definition in child.algorithm().parameterDefinitions():
            if definition.isDestination() or definition.flags() & Definition.FlagOptional:
                continue
            if not child.parameterSources().get(definition.name()):
                child.addParameterSources(definition.name(), [Source.fromStaticValue(definition.defaultValue())])
                added.append(f"{name}: {definition.name()}")
        model.setChildAlgorithm(child)
    return added


def in_order(text: str) -> str:
    """The same file with the attributes of each tag in one order: Qt writes them in any."""

    def sorted_tag(tag: re.Match[str]) -> str:
        found = sorted(_ATTRIBUTE.findall(tag[1]), key=lambda each: _ORDER.index(each[0]))
        return "<Option" + "".join(f' {name}="{value}"' for name, value in found) + tag[2]

    return re.sub(r"<Option((?: \w+=\"[^\"]*\")*)(/?>)", sorted_tag, text)


def _reach_qgis() -> None:
    from qgis.core import QgsApplication

    from ssml_qgis.provider import SsmlProvider

    application, provider = QgsApplication([], False), SsmlProvider()
    _kept.extend([application, provider])
    application.initQgis()
    QgsApplication.processingRegistry().addProvider(provider)


if __name__ == "__main__":
    _reach_qgis()
    from qgis.core import QgsProcessingModelAlgorithm

    for path in sorted(MODELS.glob("*.model3")):
        model = QgsProcessingModelAlgorithm()
        model.fromFile(str(path))
        added = complete(model)
        if added:
            model.toFile(str(path))
            path.write_text(in_order(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"{path.name}: {', '.join(added) or 'complete'}")
