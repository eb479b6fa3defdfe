"""The graphical models that come with the plugin: files of the model designer, shown beside the algorithms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qgis.core import QgsProcessingModelAlgorithm

FOLDER = Path(__file__).resolve().parent / "models"


def shipped_models() -> Iterator[QgsProcessingModelAlgorithm]:
    """The models, each a new algorithm; one that this QGIS cannot read is passed over. The algorithms that they chain
    must be registered before."""
    for path in sorted(FOLDER.glob("*.model3")):
        model = QgsProcessingModelAlgorithm()
        if model.fromFile(str(path)):
            yield model
