"""Products that stand in for layers: a file that QGIS makes no layer of, given in a layer's place, is taken as one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Callable

from qgis.core import QgsProcessingContext, QgsProcessingUtils, QgsProject, QgsRasterLayer

from ..core.products.members import is_container
from ..core.products.table import find_product
from ..core.runtime.errors import InputError
from ..core.workflows.options.declare import Option
from ..translation import tr
from .arguments import is_given
from .values import as_declared, no_value

_INSIDE = re.compile(r"/vsi|[A-Z][A-Z0-9_]+:")  # GDAL's names of what lies in an archive, and of subdatasets


def checked(
    parameters: dict[str, Any],
    options: Sequence[Option],
    context: QgsProcessingContext,
    check: Callable[[dict[str, Any], QgsProcessingContext], tuple[bool, str]],
) -> tuple[bool, str]:
    """Whether parameters may be run with: what Processing checks, and what it says nothing of, or little.

    Args:
        parameters: as Processing has them.
        options: that they are made of.
        context: of the run.
        check: Processing's own.

    Returns:
        (whether they may, what is wrong with them).
    """
    sentence = both(parameters, options)
    if sentence:
        return False, sentence
    parameters = as_layers(in_place(parameters, options), options, context)
    good, said = check(parameters, context)
    if good:
        sentence = no_value(parameters, options) or missing_image(parameters, options)
        sentence = sentence or twice(parameters, [option for option in options if option.takes_product])
        return not sentence, sentence
    return False, no_layer(parameters, options, context) or no_value(parameters, options) or said


def missing_image(parameters: dict[str, Any], options: Iterable[Option]) -> str:
    """A sentence about a raster that is needed, of which neither a layer nor a product is given; "" where there is
    none."""
    for option in options:
        keys = option.key or "", f"{option.key}_PRODUCT"
        if option.takes_product and option.needed and not any(is_given(parameters.get(key)) for key in keys):
            return tr("{label} is missing: choose a layer ({key}) or a product ({product}).").format(
                label=tr(option.label), key=keys[0], product=keys[1]
            )
    return ""


def in_place(parameters: dict[str, Any], options: Sequence[Option]) -> dict[str, Any]:
    """The parameters as they are declared, with products that were given as layers in the parameters of products.

    Args:
        parameters: as Processing has them.
        options: of the job.
    """
    moved = as_declared(parameters, options)
    for option in options:
        key, given = option.key or "", parameters.get(option.key or "")
        if option.takes_product and option.kind == "raster" and is_product(given):
            moved.update({key: None, f"{key}_PRODUCT": given})
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


def no_layer(parameters: dict[str, Any], options: Iterable[Option], context: QgsProcessingContext) -> str:
    """A sentence about a file that QGIS makes no layer of, or of which there is none among several; "" where there is
    none. To be called where layers may be touched."""
    for option in options:
        given = parameters.get(option.key or "")
        several = given.split(";") if option.kind == "rasters" and isinstance(given, str) else given
        for path in several if isinstance(several, (list, tuple)) else [several]:
            sentence = _no_layer(option, path, context) if isinstance(path, str) else ""
            if sentence:
                return sentence
    return ""


def _no_layer(option: Option, path: str, context: QgsProcessingContext) -> str:
    product = f"{option.key}_PRODUCT"
    if option.takes_product and os.path.exists(path) and not QgsRasterLayer(path).isValid():
        if is_container(path) or is_product(path):
            text = tr(
                "QGIS makes no layer of {product}: give it as {key}, or run “Open a product” "
                "(ssml:openproduct) first and take the rasters that it writes."
            )
            return text.format(product=path, key=product)
        text = tr(
            "QGIS opens no image in {path}, and it is no product that is known here: choose a raster, or a "
            "product's file, folder or archive ({key})."
        )
        return text.format(path=path, key=product)
    if option.kind == "rasters" and QgsProcessingUtils.mapLayerFromString(path, context) is None:
        return tr("{key}: there is no layer or image {path}.").format(key=option.key, path=path)
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
