"""What our dialogs have beyond Processing's: the sensors' names, layers guessed, doubts said."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from qgis.core import Qgis, QgsProcessingParameterDefinition, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QObject, Qt, QTimer
from qgis.PyQt.QtWidgets import QComboBox, QCompleter, QGroupBox, QLineEdit

from ..core.operators.sensors import SENSORS
from ..translation import tr
from .arguments import is_given
from .guess import Raster, doubts, guess, rasters

if TYPE_CHECKING:
    from .dialog import SsmlDialog

_GUESSED = ("HSI", "PAN", "FUSED", "REFERENCE")


class Form(QObject):
    """The parameters' widgets of a dialog.

    Args:
        dialog: whose they are.
    """

    def __init__(self, dialog: SsmlDialog) -> None:
        super().__init__(dialog)
        self._dialog, self._panel = dialog, dialog.mainWidget()
        self._wrappers, self._algorithm = self._panel.wrappers, dialog.algorithm()
        self._said: list[str] = []
        for option in self._algorithm.form_options():
            wrapper = self._wrappers.get(option.key)
            widget = wrapper.wrappedWidget() if wrapper is not None else None
            if isinstance(widget, QLineEdit) and option.kind == "gain":
                _offer(widget, option.key == "MTF" and option.default != "auto")
            label = wrapper.wrappedLabel() if wrapper is not None else None
            if label is not None:
                label.setWordWrap(True)  # a long one would widen the form until its fields end outside of the window
            if option.takes_product and option.needed and label is not None:
                label.setText(tr(option.label))  # without "[optional]": a layer, or a product
        self._move_advanced_outputs()
        self._guess()
        for key in _GUESSED:
            if key in self._wrappers:
                self._wrappers[key].widgetValueHasChanged.connect(self._doubt_soon)
            if f"{key}_PRODUCT" in self._wrappers and key in self._inputs():
                self._wrappers[f"{key}_PRODUCT"].widgetValueHasChanged.connect(partial(self._leave_layer, key))
        self._doubt_soon()

    def _move_advanced_outputs(self) -> None:
        """Put outputs that few need under Advanced, where Processing puts parameters only."""
        group = self._panel.findChild(QGroupBox, "grpAdvanced")
        if group is None or group.layout() is None:
            return
        for definition in self._algorithm.destinationParameterDefinitions():
            wrapper = self._wrappers.get(definition.name())
            if wrapper is not None and definition.flags() & QgsProcessingParameterDefinition.Flag.FlagAdvanced:
                for widget in (wrapper.wrappedLabel(), wrapper.wrappedWidget()):
                    if widget is not None:
                        group.layout().addWidget(widget)

    def _guess(self) -> None:
        found = guess(rasters(QgsProject.instance()))
        if "REFERENCE" in self._wrappers and "HSI" not in self._inputs():  # of a simulation: the image itself
            reference = found.get("FUSED") or found.get("HSI")
            if reference is not None:
                found["REFERENCE"] = reference
        for key in _GUESSED:
            if found.get(key) is not None and key in self._inputs():
                self.give(key, found[key].id)
        if "FUSED" not in found and "FUSED" in self._inputs():
            self._choose_none("FUSED")

    def _choose_none(self, key: str) -> None:
        """Empty the menu of a layer that is needed, where QGIS offers the project's first one, whatever it is."""
        for menu in self._wrappers[key].wrappedWidget().findChildren(QComboBox):
            menu.setCurrentIndex(-1)

    def _inputs(self) -> list[str]:
        """Keys of single raster layers to read."""
        return [d.name() for d in self._algorithm.parameterDefinitions() if d.type() == "raster"]

    def give(self, key: str, value: Any) -> None:
        """Set a parameter."""
        self._wrappers[key].setParameterValue(value, self._panel.processing_context)

    def _leave_layer(self, key: str, *_: object) -> None:
        """A product takes the place of the layer, which may have been guessed."""
        if is_given(self._wrappers[f"{key}_PRODUCT"].parameterValue()):
            self.give(key, None)

    def forget_guesses(self, given: Mapping[str, Any]) -> None:
        """Where a run is shown again, nothing is guessed that it did without."""
        for key in ("HSI", "PAN"):
            if key in self._inputs() and not is_given(given.get(key)) and is_given(given.get(f"{key}_PRODUCT")):
                self.give(key, None)

    def _doubt_soon(self, *_: object) -> None:
        QTimer.singleShot(0, self._doubt)

    def _doubt(self) -> None:
        """Say in the dialog's message bar what is doubtful about the layers, once for each choice."""
        said = doubts(self.chosen())
        if said == self._said:
            return
        self._said = said
        bar = self._dialog.messageBar()
        bar.clearWidgets()
        if said:
            bar.pushMessage("", " ".join(said), level=Qgis.MessageLevel.Warning, duration=0)

    def chosen(self) -> dict[str, Raster]:
        """The layers of the project that are chosen, by key."""
        found = {}
        for key in _GUESSED:
            if key not in self._inputs():
                continue
            value = self._wrappers[key].parameterValue()
            layer = value if isinstance(value, QgsRasterLayer) else QgsProject.instance().mapLayer(str(value))
            raster = Raster.of(layer) if layer is not None else None
            if raster is not None:
                found[key] = raster
        return found


def _offer(line: QLineEdit, fixed: bool) -> None:
    """Propose the names of sensors whose gain is published, when the line is clicked at or typed in."""
    names = [*([] if fixed else ["auto"]), *(key for key, sensor in SENSORS.items() if sensor.mtf_gains)]
    completer = QCompleter(names, line)
    completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    line.setCompleter(completer)
    line.setPlaceholderText(", ".join([*names[:4], "0.3", "..."]))
    button = line.addAction(line.style().standardIcon(line.style().StandardPixmap.SP_ArrowDown), _trailing())
    button.setToolTip(tr("Sensors whose gain is published"))
    button.triggered.connect(completer.complete)


def _trailing() -> Any:
    return QLineEdit.ActionPosition.TrailingPosition
