"""Products that stand in for layers: a file that QGIS makes no layer of, given in a layer's place, is taken as one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qgis.core import QgsFileUtils, QgsProcessingContext, QgsProcessingUtils, QgsProject, QgsRasterLayer

from ..core.products.table import find_product
from ..core.runtime.errors import InputError
from ..core.workflows.options.declare import Option
from ..translation import tr
from .arguments import is_given

_INSIDE = re.compile(r"/vsi|[A-Z][A-Z0-9_]+:")  # GDAL's names of what lies in an archive, and of subdatasets
_BETWEEN_WORDS = re.compile("[,;]")


def in_place(parameters: dict[str, Any], options: Iterable[Option]) -> dict[str, Any]:
    """The parameters, with products that were given as layers in the parameters of products, and several words as a
    list.

    Args:
        parameters: as Processing has them.
        options: of the job.
    """
    moved = dict(parameters)
    for option in options:
        key, given = option.key or "", parameters.get(option.key or "")
        if option.takes_product and option.kind == "raster" and is_product(given):
            moved.update({key: None, f"{key}_PRODUCT": given})
        elif option.kind == "choices" and isinstance(given, str):
            moved[key] = [word.strip() for word in _BETWEEN_WORDS.split(given) if word.strip()]
    return moved


def as_layers(parameters: dict[str, Any], options: Iterable[Option], context: QgsProcessingContext) -> dict[str, Any]:
    """The parameters, with layers of rasters that only GDAL finds by their names; to be called where layers may be
    touched.

    Args:
        parameters: as Processing has them.
        options: of the job.
        context: of the run.
    """
    made = dict(parameters)
    for option in options:
        key, given = option.key or "", parameters.get(option.key or "")
        if option.kind == "raster":
            made[key] = _found_by_gdal(given, context)
        elif option.kind == "rasters" and isinstance(given, (list, tuple)):
            made[key] = [_found_by_gdal(one, context) for one in given]
    return made


def _found_by_gdal(given: Any, context: QgsProcessingContext) -> Any:
    """A layer of a raster inside an archive or a container, of which QGIS makes none by its name; all else as it is."""
    if not isinstance(given, str) or not _INSIDE.match(given) or os.path.exists(given):
        return given
    if QgsProcessingUtils.mapLayerFromString(given, context, False) is not None:
        return given
    layer = QgsRasterLayer(given, Path(given.replace('"', "").rpartition(":")[2]).stem)
    return layer if layer.isValid() else given


def both(parameters: dict[str, Any], options: Iterable[Option]) -> str:
    """A sentence about an image that is given as a layer and as a product; "" where there is none."""
    for option in options:
        keys = option.key or "", f"{option.key}_PRODUCT"
        if option.takes_product and option.kind == "raster" and all(is_given(parameters.get(key)) for key in keys):
            text = tr(
                "{label} is given twice, as a layer ({key}) and as a product ({product}): leave one of them empty."
            )
            return text.format(label=tr(option.label), key=keys[0], product=keys[1])
    return ""


def is_product(given: Any) -> bool:
    """Whether what is given for a raster is the path of a product of which QGIS makes no layer."""
    if not isinstance(given, str) or not os.path.exists(given) or QgsRasterLayer(given).isValid():
        return False
    try:
        return find_product(given, "hsi") is not None or find_product(given, "pan") is not None
    except InputError:
        return False


def no_layer(parameters: dict[str, Any], options: Iterable[Option]) -> str:
    """A sentence about a file that QGIS makes no layer of; "" where there is none."""
    for option in options:
        given = parameters.get(option.key or "")
        for path in given if isinstance(given, (list, tuple)) else [given]:
            if isinstance(path, str) and os.path.exists(path) and not QgsRasterLayer(path).isValid():
                return tr(
                    "QGIS makes no layer of {product}: give it as {key}, or run “Open a product” "
                    "(ssml:openproduct) first and take the rasters that it writes."
                ).format(product=path, key=f"{option.key}_PRODUCT")
    return ""


def no_value(parameters: dict[str, Any], options: Iterable[Option]) -> str:
    """A sentence about a value that its option cannot have, where QGIS only says that it is incorrect; "" where there
    is none."""
    for option in options:
        given = parameters.get(option.key or "")
        if not is_given(given):
            continue
        if option.kind in ("choice", "choices"):
            words = given if isinstance(given, (list, tuple)) else [given]
            unknown = [word for word in map(str, words) if word not in option.words()]
            if unknown:
                text = tr("{key} is {word}, which is none of its words: {words}.")
                return text.format(key=option.key, word=unknown[0], words=", ".join(option.words()))
        elif option.kind in ("whole", "number") and option.bounds and not _within(given, option.bounds):
            text = tr("{key} is {value}: give a number from {low} to {high}.")
            low, high = (f"{bound:.10g}" for bound in option.bounds)
            return text.format(key=option.key, value=given, low=low, high=high)
        elif (
            option.kind == "file"
            and option.filter
            and not QgsFileUtils.fileMatchesFilter(str(given), tr(option.filter))
        ):
            text = tr("{key} is {value}, which is no file as it is needed: {filter}.")
            return text.format(key=option.key, value=given, filter=tr(option.filter))
    return ""


def _within(given: Any, bounds: tuple[float, float]) -> bool:
    """Whether a number lies within bounds; of what is no number and no text, such as an expression, nothing is said."""
    if isinstance(given, (int, float, str)):
        try:
            return bounds[0] <= float(given) <= bounds[1]
        except ValueError:
            return False
    return True


def twice(parameters: dict[str, Any], options: Iterable[Option]) -> str:
    """A sentence about one image that is given as the HSI and as the PAN; "" where there is none."""
    sources = [_source(parameters.get(option.key or "")) for option in options if option.kind == "raster"]
    if len(sources) < 2 or not sources[0] or len(set(sources)) > 1:
        return ""
    return tr("The same image is given as HSI and as PAN: choose a sharper image of the place as PAN.")


def _source(given: Any) -> str:
    """The file of a layer, or of what names one in the project; the text itself of anything else."""
    layer = given if isinstance(given, QgsRasterLayer) else QgsProject.instance().mapLayer(str(given))
    return layer.source() if layer is not None else given if isinstance(given, str) else ""
