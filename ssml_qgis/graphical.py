"""The graphical models that come with the plugin: files of the model designer, shown beside the algorithms."""

from __future__ import annotations

from collections.abc import Iterator

from qgis.core import QgsProcessingModelAlgorithm
from qgis.PyQt import sip

from .package import FOLDER
from .translation import tr

TITLES = {
    "inspectsharpenandjudge": "Inspect, sharpen and judge",
    "sharpenandjudge": "Sharpen and judge",
    "trainonmany": "Train on many, fuse one",
    "whichmethodisbest": "Which method is best here",
}
"""Names in the toolbox. A model's own name is its id, which is never translated and has no blanks."""


class ShippedModel(QgsProcessingModelAlgorithm):
    """A model of the plugin, as the toolbox shows it."""

    def displayName(self) -> str:
        """Name in the toolbox and in the dialog."""
        return tr(TITLES.get(self.name(), self.name()))

    def createInstance(self) -> ShippedModel:
        """Make a fresh one for a dialog or a run, with its texts in the user's language."""
        model = ShippedModel()
        model.loadVariant(self.toVariant())
        model.setHelpContent({key: tr(text) for key, text in model.helpContent().items()})
        for definition in model.parameterDefinitions():
            definition.setDescription(tr(definition.description()))
            definition.setHelp(tr(definition.help()))
        model.setSourceFilePath(self.sourceFilePath())
        sip.transferto(model, None)  # to whom it is made for; QGIS's bindings say so of algorithms, not of models
        return model


def shipped_models() -> Iterator[ShippedModel]:
    """The models, each a new algorithm; one that this QGIS cannot read is passed over. The algorithms that they chain
    must be registered before."""
    for path in sorted((FOLDER / "models").glob("*.model3")):
        model = ShippedModel()
        if model.fromFile(str(path)):
            yield model
