"""What all algorithms have in common: names, help, the engine's errors as one sentence, layers as GDAL paths."""

from __future__ import annotations

import html
import traceback
from typing import Any

import qgis.utils
from qgis.core import (
    Qgis,
    QgsMessageLog,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterLayer,
)
from qgis.PyQt.QtCore import QT_VERSION_STR
from qgis.PyQt.QtGui import QIcon

from ..core.runtime.devices import is_out_of_memory
from ..core.runtime.errors import Cancelled, InputError
from ..core.runtime.failure_log import write_failure_log
from ..core.runtime.progress import Progress
from ..package import icon_path, metadata
from ..translation import tr
from .arguments import Arguments, Source
from .feedback import FeedbackProgress
from .help import HELP


class SsmlAlgorithm(QgsProcessingAlgorithm):
    """Base class: an algorithm says its ``NAME``, lists its :meth:`definitions` and does its :meth:`work`."""

    NAME = ""
    """Id without the provider; the key of its texts in :data:`HELP` and the name of its icon."""
    LEARNS = False
    """Whether it needs PyTorch and safetensors."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[str, list[Source]] = {}

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """The parameters, in the order of the dialog."""
        raise NotImplementedError

    def number_outputs(self) -> list[QgsProcessingOutputDefinition]:
        """Outputs that are no files: numbers for models and scripts."""
        return []

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Call the workflow and return the outputs by key; free of QGIS's errors, feedback and layers."""
        raise NotImplementedError

    def complaint(self, parameters: dict[str, Any]) -> str:
        """What is wrong with the combination of parameters, in one sentence; "" if nothing is. Must be cheap."""
        return ""

    def name(self) -> str:
        """Id without the provider."""
        return self.NAME

    def displayName(self) -> str:
        """Name in the toolbox."""
        return tr(HELP[self.NAME].title)

    def group(self) -> str:
        """Group in the toolbox."""
        return tr(HELP[self.NAME].group_name)

    def groupId(self) -> str:
        """Id of the group, never translated."""
        return HELP[self.NAME].group

    def tags(self) -> list[str]:
        """Words to find it by."""
        return list(HELP[self.NAME].tags)

    def shortDescription(self) -> str:
        """Tooltip in the toolbox."""
        return tr(HELP[self.NAME].summary)

    def shortHelpString(self) -> str:
        """Help: HTML in a QGIS window, plain text where qgis_process would print the tags."""
        words = HELP[self.NAME]
        paragraphs = [tr(text) for text in words.text]
        if qgis.utils.iface is None:
            return "\n\n".join(paragraphs)
        paragraphs.insert(0, tr(words.summary))
        keys = [definition.name() for definition in self.parameterDefinitions()]
        rows = [(self.parameterDefinition(key).description(), words.parameters[key]) for key in keys]
        rows += [(output.description(), words.outputs[output.name()]) for output in self.number_outputs()]
        body = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
        return body + "".join(f"<h3>{html.escape(label)}</h3><p>{html.escape(tr(text))}</p>" for label, text in rows)

    def helpUrl(self) -> str:
        """Page behind the dialog's Help button."""
        return metadata("homepage")

    def icon(self) -> QIcon:
        """Icon in the toolbox."""
        return QIcon(icon_path(self.NAME))

    def svgIconPath(self) -> str:
        """Icon where QGIS wants a file."""
        return icon_path(self.NAME)

    def tr(self, text: str) -> str:
        """The text in the user's language."""
        return tr(text)

    def createInstance(self) -> SsmlAlgorithm:
        """Make a fresh algorithm for a run."""
        return type(self)()

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declare parameters, with their help, and outputs."""
        texts = HELP[self.NAME].parameters
        for definition in self.definitions():
            definition.setHelp(tr(texts[definition.name()]))
            self.addParameter(definition)
        for output in self.number_outputs():
            self.addOutput(output)

    def canExecute(self) -> tuple[bool, str]:
        """Say what to install where a package is missing."""
        if self.LEARNS:
            from .requirements import missing_packages_sentence

            sentence = missing_packages_sentence()
            if sentence:
                return False, sentence
        return super().canExecute()

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        """Refuse what can be refused before anything is read."""
        good, sentence = super().checkParameterValues(parameters, context)
        product = next((v for v in parameters.values() if isinstance(v, str) and v.lower().endswith(".he5")), "")
        if not good and product:
            sentence = tr(
                "QGIS makes no layer of {product}: run “Open a PRISMA product” (ssml:openprisma) first and take the "
                "rasters that it writes."
            ).format(product=product)
        if good:
            sentence = self.complaint(parameters)
            good = not sentence
        return good, sentence

    def prepareAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Take the files and CRS out of the layers, while it is safe to touch layers."""
        self._sources = {}
        for definition in self.parameterDefinitions():
            key = definition.name()
            if isinstance(definition, QgsProcessingParameterMultipleLayers):
                layers = self.parameterAsLayerList(parameters, key, context)
            elif isinstance(definition, QgsProcessingParameterRasterLayer):
                layer = self.parameterAsRasterLayer(parameters, key, context)
                layers = [layer] if layer is not None else []
            else:
                continue
            self._sources[key] = [Source.of(layer) for layer in layers]
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the workflow; whatever goes wrong ends in one sentence, and Cancel in no result."""
        # qgis_process and scripts do not ask canExecute before a run.
        able, sentence = self.canExecute()
        if not able:
            raise QgsProcessingException(sentence)
        try:
            return self.work(Arguments(self, parameters, context, self._sources), FeedbackProgress(feedback))
        except Cancelled:
            return {}
        except (InputError, QgsProcessingException) as error:
            sentence = str(error)
        except Exception as error:
            if is_out_of_memory(error):
                sentence = tr(
                    "There is not enough memory for this run: choose a smaller extent, close other programs or compute "
                    "on the CPU."
                )
            else:
                sentence = self._unforeseen(error, parameters)
        # Raised outside of the except clauses, so that no traceback of the engine hangs on to it.
        raise QgsProcessingException(sentence)

    def _unforeseen(self, error: Exception, parameters: dict[str, Any]) -> str:
        """The sentence about a defect of ours; the traceback goes to a file and to the message log."""
        QgsMessageLog.logMessage(traceback.format_exc(), "SSML", Qgis.MessageLevel.Critical)
        versions = {"QGIS": Qgis.QGIS_VERSION, "Qt": QT_VERSION_STR, "SSML": metadata("version")}
        log = write_failure_log(error, f"ssml:{self.NAME}", {**versions, **parameters})
        details = (
            tr("the file {log} has the details").format(log=log)
            if log
            else tr("the panel Log Messages, tab SSML, has the details")
        )
        return tr(
            "“{title}” stopped because of a defect ({kind}: {message}); {details}: please report them at {tracker}."
        ).format(
            title=self.displayName(),
            kind=type(error).__name__,
            message=" ".join(str(error).split()),
            details=details,
            tracker=metadata("tracker"),
        )
