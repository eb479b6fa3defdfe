"""Products that stand in for layers: a file that QGIS makes no layer of, given in a layer's place, is taken as one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from qgis.core import QgsProject, QgsRasterLayer

from ..core.products.table import find_product
from ..core.runtime.errors import InputError
from ..core.workflows.options.declare import Option
from ..translation import tr
from .arguments import is_given


def in_place(parameters: dict[str, Any], options: Iterable[Option]) -> dict[str, Any]:
    """The parameters, with products that were given as layers in the parameters of products.

    Args:
        parameters: as Processing has them.
        options: rasters for which a product may stand in.
    """
    moved = dict(parameters)
    for option in options:
        key, given = option.key or "", parameters.get(option.key or "")
        if option.kind == "raster" and is_product(given):
            moved.update({key: None, f"{key}_PRODUCT": given})
    return moved


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


def no_choice(parameters: dict[str, Any], options: Iterable[Option]) -> str:
    """A sentence about a word that is no choice of its option; "" where there is none."""
    for option in options:
        given = parameters.get(option.key or "")
        if option.kind == "choice" and is_given(given) and str(given) not in option.words():
            text = tr("{key} is {word}, which is none of its words: {words}.")
            return text.format(key=option.key, word=given, words=", ".join(option.words()))
    return ""


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
