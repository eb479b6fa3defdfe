"""What all algorithms have in common: names, help, the engine's errors as one sentence, layers as GDAL paths."""

from __future__ import annotations

import os
import traceback
from typing import Any

import qgis.utils
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMessageLog,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.PyQt.QtCore import QT_VERSION_STR, QThread
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QWidget

from .. import settings
from ..core.io.subdatasets import has_bands
from ..core.runtime.devices import is_out_of_memory
from ..core.runtime.errors import Cancelled, InputError
from ..core.runtime.failure_log import write_failure_log
from ..core.runtime.progress import Progress
from ..core.workflows.options.declare import OUTPUTS, Job, Option
from ..package import anchor, icon_path, metadata
from ..translation import tr
from .arguments import Arguments
from .feedback import FeedbackProgress, say_last
from .help_text import html_help, plain_help
from .layers import InputStyle, Shown, input_styles, show
from .parameters import definition, in_words, output
from .requirements import missing_packages_sentence
from .source import Source
from .standins import as_layers, checked, in_place
from .values import unknown_keys


class SsmlAlgorithm(QgsProcessingAlgorithm):
    """Base class: an algorithm names its :attr:`JOB`, and the :meth:`method` that has made its images."""

    JOB: Job
    """What it does: files, options and words."""
    LEARNS = False
    """Whether it needs PyTorch and safetensors."""

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[str, list[Source]] = {}
        self._input_styles: list[InputStyle] = []
        self._closing = ""
        self._model = ""  # where the model of this run goes, and its checkpoint while it learns

    def default(self, option: Option) -> Any:
        """What a new dialog offers."""
        return settings.device() if option.name == "device" else option.default

    def values(self, arguments: Arguments) -> dict[str, Any]:
        """What the job is given, by name."""
        values = {option.name: arguments.value(option) for option in self.JOB.dialog()}
        for option in self._with_products():
            product, given = values.pop(f"{option.name}_product"), values[option.name]
            values[option.name] = [*given, *filter(None, product)] if option.kind == "rasters" else given or product
        layers = arguments.layers() if self._takes_layers() else {}
        return {**values, "layers": layers} if layers else values

    def _with_products(self) -> list[Option]:
        """The rasters for which a product may stand in."""
        return [option for option in self.JOB.dialog() if option.takes_product]

    def _takes_layers(self) -> bool:
        """Whether the job heeds the settings of layers."""
        return any(option.name == "layers" for option in self.JOB.declared())

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Do the job and return the outputs by key; free of QGIS's errors, feedback and layers."""
        values = self.values(arguments)
        self._model = str(values.get("model") or "")
        self._say_settings(values.get("layers", {}), progress)
        made = self.JOB.run(values, progress) or {}
        self._closing = self.last_line(values, made)
        written = self.written(values, made)
        self._input_styles = input_styles(arguments.sources.get("HSI", ()))
        _forget(arguments.context, [path for path in self._outputs(values).values() if path not in written.values()])
        self._leave_out_stores(arguments.context, list(written.values()), progress)
        for key, path in written.items():
            name = self.layer_name(key, arguments, self.method(values, made))
            show(arguments.context, path, Shown(name, self._group_of_layers(arguments), key))
        return written | {key: value for key, value in self.results(made, progress).items() if value is not None}

    def _group_of_layers(self, arguments: Arguments) -> str:
        """Name of the group of the layer tree that results go to: that of the image they were made of."""
        names = (arguments.layer_name(o.key or "") for o in self.JOB.dialog() if o.kind in ("raster", "rasters"))
        name = next(filter(None, names), "")
        return tr("Results: {name}").format(name=name) if name else "SSML"

    def last_line(self, values: dict[str, Any], made: dict[str, Any]) -> str:
        """What the log ends with: the verdict where there is one, and where the results are."""
        report = made.get("report", values.get("report"))
        places = [tr("Report: {path}").format(path=report)] if report else []
        output = values.get("output")
        if output and not report:
            places = [tr("Result: {path}").format(path=output)]
        return " ".join([str(made.get("verdict") or ""), *places]).strip()

    def form_options(self) -> list[Option]:
        """What the dialog's parameters are made of."""
        return self.JOB.dialog()

    def words(self, option: Option) -> dict[str, str]:
        """What a menu shows, by what is chosen."""
        return dict(option.titles)

    def _leave_out_stores(self, context: QgsProcessingContext, paths: list[Any], progress: Progress) -> None:
        """Load no layer of a Zarr store where GDAL, and so QGIS, shows no bands of it."""
        stores = [path for path in paths if str(path).lower().endswith(".zarr") and not has_bands(path)]
        _forget(context, stores)
        for path in stores:
            text = tr("{name} is not loaded: this version of QGIS shows no bands of a Zarr store; xarray reads it.")
            progress.info(text.format(name=os.path.basename(path)))

    def _outputs(self, values: dict[str, Any]) -> dict[str, Any]:
        """The files that are asked for, by key."""
        return {o.key or "": values[o.name] for o in self.JOB.dialog() if o.kind in OUTPUTS and values[o.name]}

    def written(self, values: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        """The files that were written, by key: all that were asked for, where a job does not say otherwise."""
        names = {option.key: option.name for option in self.JOB.dialog()}
        return {key: path for key, path in self._outputs(values).items() if made.get(names[key], path)}

    def _say_settings(self, layers: dict[str, tuple[str, str]], progress: Progress) -> None:
        """Which settings of layers count, and which do not."""
        for source in (source for some in self._sources.values() for source in some):
            if source.note:
                progress.warning(source.note)
            if not source.says_more:
                continue
            if source.path() in layers:
                text = tr("The layer “{name}” has its own no-data values or CRS, which count instead of its file's.")
                progress.info(text.format(name=source.name))
            else:
                text = tr(
                    "The no-data values and the CRS that were set for the layer “{name}” in QGIS are not taken over: "
                    "export the layer to a new file to make them count."
                )
                progress.warning(text.format(name=source.name))

    def method(self, values: dict[str, Any], made: dict[str, Any]) -> str:
        """What has made the images, for the names of their layers."""
        return ""

    def layer_name(self, key: str, arguments: Arguments, method: str) -> str:
        """Name of the layer of an output, should QGIS load it."""
        name = arguments.layer_name("HSI")
        return tr("Disagreement: {name}").format(name=name) if key == "DISAGREEMENT" else f"{method}: {name}"

    def results(self, made: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Outputs that are no files, by key; what is None was not computed and is NULL in a model."""
        return {result.key: made.get(result.key.lower()) for result in self.JOB.results}

    def complaint(self, parameters: dict[str, Any]) -> str:
        """What is wrong with the combination of parameters, in one sentence; "" if nothing is. Must be cheap."""
        return ""

    def name(self) -> str:
        """Id without the provider."""
        return self.JOB.id or self.JOB.name

    def displayName(self) -> str:
        """Name in the toolbox."""
        return tr(self.JOB.title)

    def group(self) -> str:
        """Group in the toolbox."""
        return tr(self.JOB.group_name)

    def groupId(self) -> str:
        """Id of the group, never translated."""
        return self.JOB.group

    def tags(self) -> list[str]:
        """Words to find it by."""
        return list(self.JOB.tags)

    def shortDescription(self) -> str:
        """Tooltip in the toolbox."""
        return tr(self.JOB.summary)

    def shortHelpString(self) -> str:
        """Help: HTML in a QGIS window, plain text where qgis_process would print the tags."""
        return plain_help(self.JOB) if qgis.utils.iface is None else html_help(self.JOB)

    def helpUrl(self) -> str:
        """Page behind the dialog's Help button: this algorithm's part of the reference."""
        return f"{metadata('homepage')}/blob/main/docs/algorithms.md#{anchor(self.JOB.title, self.name())}"

    def icon(self) -> QIcon:
        """Icon in the toolbox."""
        return QIcon(icon_path(self.name()))

    def svgIconPath(self) -> str:
        """Icon where QGIS wants a file."""
        return icon_path(self.name())

    def createCustomParametersWidget(self, parent: QWidget | None = None) -> QWidget | None:
        """The dialog, in a QGIS with windows."""
        if qgis.utils.iface is None:
            return None
        from .dialog import SsmlDialog

        return SsmlDialog(self, parent=parent)

    def createInstance(self) -> SsmlAlgorithm:
        """Make a fresh algorithm for a run."""
        return type(self)()

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declare parameters, with their help, and outputs."""
        for option in self.JOB.dialog():
            made = definition(option, self.default(option))
            if option.choices:
                in_words(made, self.words(option))
            self.addParameter(made)
        for result in self.JOB.results:
            self.addOutput(output(result))

    def canExecute(self) -> tuple[bool, str]:
        """Say what to install where a package is missing."""
        sentence = missing_packages_sentence() if self.LEARNS else ""
        return (False, sentence) if sentence else super().canExecute()

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        """Refuse what can be refused before anything is read."""
        good, sentence = checked(parameters, self.JOB.dialog(), context, super().checkParameterValues)
        sentence = sentence or self.complaint(in_place(parameters, self.JOB.dialog()))
        return good and not sentence, sentence

    def prepareAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Take the files and CRS out of the layers, while it is safe to touch layers."""
        parameters = as_layers(in_place(parameters, self.JOB.dialog()), self.JOB.dialog(), context)
        for option in self.JOB.dialog():
            key, several = option.key or "", option.kind == "rasters"
            if several or option.kind == "raster":
                one, some = self.parameterAsRasterLayer, self.parameterAsLayerList
                layers = some(parameters, key, context) if several else [one(parameters, key, context)]
                self._sources[key] = [Source.of(layer) for layer in layers if layer is not None]
        return True

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the workflow; whatever goes wrong ends in one sentence, and Cancel in no result."""
        for sentence in unknown_keys(parameters, [one.name() for one in self.parameterDefinitions()]):
            feedback.pushWarning(sentence)
        parameters = in_place(parameters, self.JOB.dialog())
        # qgis_process and scripts do not ask canExecute before a run.
        able, sentence = self.canExecute()
        if not able:
            raise QgsProcessingException(sentence)
        try:
            made = self.work(Arguments(self, parameters, context, self._sources), FeedbackProgress(feedback))
            if self._closing:
                say_last(feedback, self._closing)
            return made
        except Cancelled:
            say_last(feedback, self.after_cancel())
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

    def after_cancel(self) -> str:
        """What the log ends with after Cancel."""
        if os.path.exists(f"{self._model}.checkpoint"):
            return tr(
                "Cancelled; nothing was written. The checkpoint is kept: to go on, give {model} as the model and tick "
                "“{option}”."
            ).format(model=self._model, option=tr("Take up a stopped run"))
        return tr("Cancelled; nothing was written.")

    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Back in the thread of the layers: the image that was used is shown in true colours, too."""
        if QThread.currentThread() is QgsApplication.instance().thread():
            for style in self._input_styles:
                style.apply(context.project() or QgsProject.instance())
        return {}

    def _unforeseen(self, error: Exception, parameters: dict[str, Any]) -> str:
        """The sentence about a defect of ours; the traceback goes to a file and to the message log."""
        QgsMessageLog.logMessage(traceback.format_exc(), "SSML", Qgis.MessageLevel.Critical)
        versions = {"QGIS": Qgis.QGIS_VERSION, "Qt": QT_VERSION_STR, "SSML": metadata("version")}
        log = write_failure_log(error, f"ssml:{self.name()}", {**versions, **parameters})
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


def _forget(context: QgsProcessingContext, paths: list[Any]) -> None:
    """Load no layer of files that were asked for and do not exist."""
    layers = context.layersToLoadOnCompletion()
    left = {path: details for path, details in layers.items() if path not in paths}
    if len(left) < len(layers):
        context.setLayersToLoadOnCompletion(left)
