"""Menus of choices that show words, in every dialog of Processing: one run, a batch. What is chosen stays the id.

QGIS builds a parameter's menu from its ids. The metadata that :func:`.parameters.in_words` sets name a widget of ours
instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processing.gui.wrappers import WidgetWrapper
from qgis.core import QgsProcessingParameterDefinition
from qgis.gui import QgsCheckableComboBox, QgsGui
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox


class WordMenu(WidgetWrapper):
    """A menu, or one of boxes to tick where several may be chosen. The model designer has QGIS's own."""

    def __new__(cls, param: QgsProcessingParameterDefinition, dialog: Any, *_: int, **__: Any) -> Any:
        """QGIS's own in the model designer, where a value may come from another step."""
        if type(dialog).__name__ != "ModelerParametersDialog":
            return super().__new__(cls)
        registry = QgsGui.processingGuiRegistry()
        made = registry.createModelerParameterWidget(dialog.model, dialog.childId, param, dialog.context)
        made.setDialog(dialog)
        return made

    def createWidget(self, words: Mapping[str, str]) -> QComboBox:
        """The menu.

        Args:
            words: what is shown for each id.
        """
        definition = self.parameterDefinition()
        several = definition.allowMultiple()
        menu = QgsCheckableComboBox() if several else QComboBox()
        ids = definition.options()
        for word in ids:
            title = words.get(word, word)
            if several:
                menu.addItemWithCheckState(title, Qt.CheckState.Unchecked, word)
            else:
                menu.addItem(title, word)
        if several:
            menu.setDefaultText(words.get("", ""))
            menu.checkedItemsChanged.connect(lambda _: self.widgetValueHasChanged.emit(self))
        else:
            menu.currentIndexChanged.connect(lambda _: self.widgetValueHasChanged.emit(self))
        return menu

    def setValue(self, value: Any) -> None:
        """Choose: an id, or several."""
        if not self.parameterDefinition().allowMultiple():
            self.widget.setCurrentIndex(max(0, self.widget.findData(value)))
            return
        chosen = value.replace(",", ";").split(";") if isinstance(value, str) else list(value or ())
        for row in range(self.widget.count()):
            on = self.widget.itemData(row) in chosen
            self.widget.setItemCheckState(row, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def value(self) -> Any:
        """The id, or those that are ticked, with commas between: of a list of ids QGIS 3.22 writes nothing into its
        history, its log and the command to copy. None where none is."""
        if not self.parameterDefinition().allowMultiple():
            return self.widget.currentData()
        return ",".join(str(word) for word in self.widget.checkedItemsData()) or None
