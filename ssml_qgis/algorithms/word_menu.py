"""Menus of choices that show words, in every dialog of Processing: one run, a batch. What is chosen stays the id.

QGIS builds a parameter's menu from its ids. The metadata that :func:`.parameters.in_words` sets name a widget of ours
instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
        self._unknown: list[str] = []
        if several:
            menu.setDefaultText(words.get("", ""))
            menu.setSeparator("; ")  # titles have commas
            menu.checkedItemsChanged.connect(self._chosen)
        else:
            menu.currentIndexChanged.connect(self._chosen)
        return menu

    def _chosen(self, *_: object) -> None:
        """Something else is chosen, by hand or by :meth:`setValue`."""
        self._unknown = []
        self.widgetValueHasChanged.emit(self)

    def setValue(self, value: Any) -> None:
        """Choose: an id or its title, or several; what is neither is kept, so that it is refused by its name. None
        stands for the default."""
        several = self.parameterDefinition().allowMultiple()
        if value is None and not several:
            value = self.parameterDefinition().defaultValue()
        titles = [self.widget.itemText(row) for row in range(self.widget.count())]
        given = _words(value, titles) if several and isinstance(value, str) else value
        words = [str(word).strip() for word in (given or ())] if several else [str(value)]
        rows = [max(self.widget.findData(word), self.widget.findText(word)) for word in words]
        if several:
            for row in range(self.widget.count()):
                state = Qt.CheckState.Checked if row in rows else Qt.CheckState.Unchecked
                self.widget.setItemCheckState(row, state)
        else:
            self.widget.setCurrentIndex(rows[0])
        self._unknown = [word for word, row in zip(words, rows) if row < 0 and word]

    def value(self) -> Any:
        """The id, or those that are ticked, with commas between: of a list of ids QGIS 3.22 writes nothing into its
        history, its log and the command to copy. None where none is."""
        several = self.parameterDefinition().allowMultiple()
        chosen = self.widget.checkedItemsData() if several else [self.widget.currentData()]
        return ",".join([*(str(word) for word in chosen if word is not None), *self._unknown]) or None


def _words(text: str, titles: Sequence[str]) -> list[str]:
    """Words between which commas or semicolons stand; a title that has commas is one."""
    pieces = re.split("([,;])", text)  # every second one is what stands between
    found, start = [], 0
    while start < len(pieces):
        stops = range(len(pieces), start, -2)
        stop = next((end for end in stops if "".join(pieces[start:end]).strip() in titles), start + 1)
        found.append("".join(pieces[start:stop]))
        start = stop + 1
    return found
