"""The graphical models that come with the plugin: files of the model designer, shown beside the algorithms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import qgis.utils
from qgis.core import QgsProcessingContext, QgsProcessingModelAlgorithm
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QWidget

from .algorithms.parameters import in_words
from .algorithms.standins import checked
from .core.workflows.options import JOBS
from .core.workflows.options.declare import Option
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

    def tags(self) -> list[str]:
        """Words to find it by in the toolbox."""
        return ["hyperspectral", "pansharpening", "pan-sharpening", "superresolution", "super-resolution"]

    def form_options(self) -> list[Option]:
        """The options of jobs that its parameters hand on, by their keys."""
        rasters = {definition.name(): definition.type() == "raster" for definition in self.parameterDefinitions()}
        steps = {child.algorithmId().partition(":")[2] for child in self.childAlgorithms().values()}
        found: dict[str, Option] = {}
        for job in JOBS:
            for option in job.dialog() if (job.id or job.name) in steps else ():
                key = option.key or ""
                if key in rasters and rasters[key] == (option.kind == "raster"):
                    found.setdefault(key, option)
        return list(found.values())

    def words(self, option: Option) -> dict[str, str]:
        """What a menu shows, by what is chosen."""
        return dict(option.titles)

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        """As the algorithms do: of an image a layer or a product."""
        return checked(parameters, self.form_options(), context, super().checkParameterValues)

    def createCustomParametersWidget(self, parent: QWidget | None = None) -> QWidget | None:
        """The dialog, in a QGIS with windows."""
        if qgis.utils.iface is None:
            return None
        from .algorithms.dialog import SsmlDialog

        return SsmlDialog(self, parent=parent)

    def createInstance(self) -> ShippedModel:
        """Make a fresh one for a dialog or a run, with its texts in the user's language."""
        model = ShippedModel()
        model.loadVariant(self.toVariant())
        model.setHelpContent({key: tr(text) for key, text in model.helpContent().items()})
        options = {option.key: option for option in model.form_options()}
        for definition in model.parameterDefinitions():
            option = options.get(definition.name())
            if option is not None and option.choices:
                in_words(definition, model.words(option))
            if option is not None and option.filter and definition.type() == "file":
                definition.setFileFilter(tr(option.filter))
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
            model.setSourceFilePath(str(path))  # without one QGIS writes no run of it into its history
            yield model
