"""Processing's parameters and outputs, made of the declared options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputDefinition,
    QgsProcessingOutputFolder,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..core.workflows.options.declare import Option, Result
from ..translation import tr

_RESULTS = {
    "number": QgsProcessingOutputNumber,
    "text": QgsProcessingOutputString,
    "folder": QgsProcessingOutputFolder,
}


def definition(option: Option, default: Any) -> QgsProcessingParameterDefinition:
    """The parameter of an option; words of choices are given as they are in models, scripts and qgis_process."""
    made = _parameter(option, default)
    made.setHelp(tr(option.help))
    if option.advanced:
        made.setFlags(made.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return made


def _parameter(option: Option, default: Any) -> QgsProcessingParameterDefinition:
    key, label, kind = option.key, tr(option.label), option.kind
    optional = option.takes_product or (not option.needed and (default in (None, "") or option.default == ()))
    if kind == "raster":
        return QgsProcessingParameterRasterLayer(key, label, optional=optional)
    if kind in ("rasters", "files"):
        types = QgsProcessing.SourceType
        which = types.TypeRaster if kind == "rasters" else types.TypeFile
        return QgsProcessingParameterMultipleLayers(key, label, which, optional=optional)
    if kind in ("file", "folder"):
        behaviour = QgsProcessingParameterFile.Behavior
        which = behaviour.File if kind == "file" else behaviour.Folder
        return QgsProcessingParameterFile(key, label, which, optional=optional, fileFilter=tr(option.filter))
    if kind == "raster_out":
        return QgsProcessingParameterRasterDestination(key, label, optional=optional, createByDefault=option.by_default)
    if kind == "file_out":
        return QgsProcessingParameterFileDestination(
            key, label, tr(option.filter), optional=optional, createByDefault=option.by_default
        )
    if kind in ("choice", "choices"):
        several = kind == "choices"
        value = list(default) if several else default
        return QgsProcessingParameterEnum(key, label, list(option.words()), several, value, optional, True)
    if kind in ("whole", "number"):
        numbers = QgsProcessingParameterNumber.Type
        low, high = option.bounds or (0, 0)
        which = numbers.Integer if kind == "whole" else numbers.Double
        automatic = default is None and kind == "number" and low == 0  # 0, as the label says
        value = 0.0 if automatic else default
        return QgsProcessingParameterNumber(key, label, which, value, optional, low, high)
    if kind == "switch":
        return QgsProcessingParameterBoolean(key, label, default)
    if kind == "extent":
        return QgsProcessingParameterExtent(key, label, optional=optional)
    return QgsProcessingParameterString(key, label, None if default == "" else str(default), optional=optional)


def in_words(parameter: QgsProcessingParameterDefinition, words: Mapping[str, str]) -> None:
    """Have dialogs show words for the ids of a parameter's choices.

    Args:
        parameter: of choices.
        words: what is shown for each id; for "" what is shown where none of several is chosen.
    """
    titles = {word: tr(title) for word, title in words.items()}
    parameter.setMetadata({"widget_wrapper": {"class": f"{__package__}.word_menu.WordMenu", "words": titles}})


def output(result: Result) -> QgsProcessingOutputDefinition:
    """The output of a result that is no file."""
    return _RESULTS[result.kind](result.key, tr(result.label))
