"""The algorithms that do the engine's jobs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessing, QgsProcessingUtils

from ..core.runtime.progress import Progress
from ..core.workflows.options import fusion, inspection, products, quality
from ..core.workflows.options.declare import Option
from ..core.workflows.options.menus import network_title
from ..translation import tr
from .arguments import Arguments, is_given
from .base import SsmlAlgorithm

_MODEL = ".safetensors"


class SharpenAlgorithm(SsmlAlgorithm):
    """Learns on the scene itself, then fuses it."""

    JOB = fusion.SHARPEN
    LEARNS = True

    def values(self, arguments: Arguments) -> dict[str, Any]:
        """As declared; the model is always kept, among the temporary files where it was not asked for."""
        values = super().values(arguments)
        return {**values, "model": values["model"] or QgsProcessingUtils.generateTempFilename("model.safetensors")}

    def complaint(self, given: dict[str, Any]) -> str:
        """A run can only be taken up where its model was to be, and only model files are taken as such."""
        if given.get("RESUME") is True and not is_given(given.get("MODEL")):
            return tr("A run that is taken up needs the place of its model file: give MODEL.")
        return _misnamed_model(given.get("MODEL"))

    def method(self, values: dict[str, Any], made: dict[str, Any]) -> str:
        """The network's title."""
        return network_title(values["network"])


class TrainAlgorithm(SsmlAlgorithm):
    """Learns on several scenes of a sensor and writes a model file."""

    JOB = fusion.TRAIN
    LEARNS = True

    def complaint(self, given: dict[str, Any]) -> str:
        """Every HSI needs its PAN."""
        hsi, pan = (_count(given.get(key), given.get(f"{key}_PRODUCT")) for key in ("HSI", "PAN"))
        if hsi is not None and pan is not None and hsi != pan:
            return tr(
                "There are {hsi} hyperspectral and {pan} sharper images: give one sharper image for each "
                "hyperspectral one, in the same order."
            ).format(hsi=hsi, pan=pan)
        if is_given(given.get("RESUME")) and not is_given(given.get("MODEL")):
            return tr("A run that is taken up needs the place of its model file: give MODEL.")
        return _misnamed_model(given.get("MODEL"))


class FuseAlgorithm(SsmlAlgorithm):
    """Applies a model file to a scene."""

    JOB = fusion.FUSE
    LEARNS = True

    def method(self, values: dict[str, Any], made: dict[str, Any]) -> str:
        """The network's title."""
        return network_title(made["network"])


class ClassicalFuseAlgorithm(SsmlAlgorithm):
    """Fuses with a classical method; needs no PyTorch."""

    JOB = fusion.CLASSICAL

    def method(self, values: dict[str, Any], made: dict[str, Any]) -> str:
        """The method's title."""
        from ..core.fusion.classical import METHODS

        return METHODS[values["method"]].title

    def words(self, option: Option) -> dict[str, str]:
        """The methods by their titles."""
        return {**(_methods() if option.name == "method" else {}), **super().words(option)}


class SimulateAlgorithm(SsmlAlgorithm):
    """Makes a low-resolution HSI and a PAN from a reference, by Wald's protocol."""

    JOB = quality.SIMULATE

    def complaint(self, given: dict[str, Any]) -> str:
        """The bands of the PAN must be given."""
        if not any(is_given(given.get(key)) for key in ("PAN_BANDS", "PAN_RANGE", "PAN_RESPONSE")):
            return tr(
                "The bands of the PAN are not given: set PAN_BANDS (band numbers, as in 6-36), PAN_RANGE (wavelengths "
                "in nm, as in 480-690) or PAN_RESPONSE (a file)."
            )
        return ""

    def layer_name(self, key: str, arguments: Arguments, method: str) -> str:
        """Named after the reference."""
        text = tr("Simulated HSI: {name}") if key == "HSI" else tr("Simulated PAN: {name}")
        return text.format(name=arguments.layer_name("REFERENCE"))


class AssessAlgorithm(SsmlAlgorithm):
    """Scores a result with a reference, or with the HSI and PAN it was made from."""

    JOB = quality.ASSESS

    def complaint(self, given: dict[str, Any]) -> str:
        """There must be something to compare with."""
        hsi, pan = (is_given(given.get(key)) or is_given(given.get(f"{key}_PRODUCT")) for key in ("HSI", "PAN"))
        if hsi != pan:
            return tr("HSI and PAN go together: give both, or a REFERENCE alone.")
        if not hsi and not is_given(given.get("REFERENCE")):
            return tr("There is nothing to compare with: give a REFERENCE, or the HSI and the PAN.")
        return ""


class InspectAlgorithm(SsmlAlgorithm):
    """Says whether an HSI and a PAN fit together, and what is wrong with them."""

    JOB = inspection.INSPECT

    def layer_name(self, key: str, arguments: Arguments, method: str) -> str:
        """The only raster that it writes."""
        return tr("Local shift: {name}").format(name=arguments.layer_name("HSI"))


class CompareAlgorithm(SsmlAlgorithm):
    """Runs methods on one HSI and PAN and finds the best; classical ones need no PyTorch."""

    JOB = quality.COMPARE

    def default(self, option: Option) -> Any:
        """All classical methods are marked."""
        return fusion.classical_methods() if option.name == "methods" else super().default(option)

    def words(self, option: Option) -> dict[str, str]:
        """The methods by their titles."""
        if option.name != "methods":
            return super().words(option)
        return {**_methods(), "ssml": tr("SSML, learned on the scene"), "": tr("All classical methods")}

    def method(self, values: dict[str, Any], made: dict[str, Any]) -> str:
        """The best method's title."""
        return made["methods"][0]["title"]

    def results(self, made: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """The best method's name and numbers."""
        best = made["methods"][0]
        ergas, sam = best["reduced"]["ergas"], best["reduced"]["sam"]
        progress.info(
            tr("Best method: {title}, ERGAS {ergas:.3f}, SAM {sam:.3f} degrees at reduced resolution.").format(
                title=best["title"], ergas=ergas, sam=sam
            )
        )
        said = {key: made.get(key.lower()) for key in ("VERDICT", "MARK")}
        return {**said, "BEST": made["best"], "SCORE": best["score"], "ERGAS": ergas, "SAM": sam, "GAIN": made["gain"]}


class ModelInfoAlgorithm(SsmlAlgorithm):
    """Shows what a model file says of itself."""

    JOB = fusion.INFO

    def last_line(self, values: dict[str, Any], made: dict[str, Any]) -> str:
        """What the model is, which is all that is seen where no report is asked for."""
        return f"{made.get('summary', '')} {super().last_line(values, made)}".strip()


class OpenProductAlgorithm(SsmlAlgorithm):
    """Writes the images of a product as rasters."""

    JOB = products.OPENPRODUCT

    def complaint(self, given: dict[str, Any]) -> str:
        """The product must be there."""
        product = str(given.get("PRODUCT") or "")
        if product and not os.path.exists(product):
            return tr("{product} does not exist: choose a product's file, folder or archive.").format(product=product)
        return ""

    def written(self, values: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        """The images that the product has."""
        return {key: path for key, path in super().written(values, made).items() if made.get(key.lower())}

    def method(self, values: dict[str, Any], made: dict[str, Any]) -> str:
        """The product's name."""
        return Path(values["product"]).stem

    def layer_name(self, key: str, arguments: Arguments, method: str) -> str:
        """Named after the product."""
        return f"{method} {key}"


def _misnamed_model(given: Any) -> str:
    """A sentence about a name that no algorithm would take for a model file again; "" where there is none."""
    named = isinstance(given, str) and given not in ("", QgsProcessing.TEMPORARY_OUTPUT)
    if not named or given.lower().endswith(_MODEL):
        return ""
    return tr("MODEL is {value}: let the name end with {ending}, by which model files are known.").format(
        value=given, ending=_MODEL
    )


def _count(*given: Any) -> int | None:
    """How many files were given in several lists; None where that is not known before they are looked at."""
    some = [one for one in given if is_given(one)]
    return sum(map(len, some)) if all(isinstance(one, (list, tuple)) for one in some) else None


def _methods() -> dict[str, str]:
    """Titles of the classical methods."""
    from ..core.fusion.classical import METHODS

    return {name: method.title for name, method in METHODS.items()}
