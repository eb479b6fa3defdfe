"""A trained model is tried on a scene before its result is believed: on a part of the scene, brought one step down,
whose truth is the HSI itself (Wald's protocol). What networks learned elsewhere may not hold here."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

from ..assessment.good_bands import good_bands
from ..assessment.reduced import reduced_pair
from ..assessment.reference import View
from ..assessment.scores import Scores
from ..fusion.method import FusionMethod
from ..fusion.prior import RegressionPrior
from ..io.grid import Window
from ..io.reader import RasterReader
from ..operators.resample import Gains
from ..products.pair import open_pair
from ..runtime.atomic_files import working_folder
from ..runtime.errors import InputError
from ..runtime.progress import Progress, Silent
from ..scene.part import part_of
from ..scene.scene import Scene
from ..scene.statistics import scene_statistics
from .left_out import reduced_without
from .output import fuse_to_scratch

_SIDE = 160  # HSI pixels along the edge of the part, at most
_KEYS = ("ergas", "sam")
_ALIKE = 1.02  # scores that differ by less say nothing of full resolution (docs/notebook)


@dataclass(frozen=True)
class Trial:
    """Scores at reduced resolution.

    Attributes:
        model: "ergas" and "sam" (degrees) of the model's result.
        prior: the same of the scene's own regression prior.
    """

    model: dict[str, float]
    prior: dict[str, float]

    @property
    def failed(self) -> bool:
        """Whether the model's result is worse than the prior's in either score, as networks are judged in learning; by
        more than a trial can tell."""
        return any(self.model[key] > _ALIKE * self.prior[key] for key in _KEYS)

    def sentence(self, model: str, hsi: str) -> str:
        """Why the prior is the result.

        Args:
            model: file of the model.
            hsi: what the image is called.

        Returns:
            The warning.
        """
        (ergas, sam), (own_ergas, own_sam) = ([scores[key] for key in _KEYS] for scores in (self.model, self.prior))
        return (
            f"{model} does not know this ground: tried on a part of {hsi} at reduced resolution, where the truth is "
            f"known, its result has ERGAS {ergas:.3g} and SAM {sam:.3g} degrees, the regression prior of the scene "
            f"{own_ergas:.3g} and {own_sam:.3g}; so that prior is the result. Learn from this scene (ssml sharpen, or "
            "ssml train with it among the others)."
        )

    def facts(self) -> dict[str, dict[str, float]]:
        """As JSON has it: "model" and "prior", each with "ergas" and "sam"."""
        return {"model": self.model, "prior": self.prior}


def scene_prior(scene: Scene, gain: Gains, iterations: int, progress: Progress) -> RegressionPrior:
    """The regression prior with the injection gains of a scene, without networks; estimated once for a scene.

    Args:
        scene: the open scene.
        gain: the HSI's MTF gain.
        iterations: of the consistency projection.
        progress: asked whether to stop.

    Returns:
        The method.
    """
    statistics = scene.cached(("statistics of its own prior", gain), lambda: scene_statistics(scene, gain, 1, progress))
    return RegressionPrior(statistics, gain, iterations)


def tried(scene: Scene, method: RegressionPrior, progress: Progress) -> Trial | None:
    """Try a model on a part of a scene, brought one step down, beside the prior with the gains of that part.

    Args:
        scene: the open scene.
        method: the prior of the model, with its networks.
        progress: asked whether to stop.

    Returns:
        The scores; None where the scene is too small for them.

    Raises:
        Cancelled: the user stopped the job.
    """
    quiet = Silent(progress)
    try:
        with working_folder() as folder, contextlib.ExitStack() as stack:
            part = _middle(scene, quiet)
            prior = scene_prior(part, method.mtf_gain, method.iterations, quiet)
            pair = reduced_pair(part, method.mtf_gain, folder, quiet)
            whole = stack.enter_context(open_pair(pair.hsi, pair.pan, quiet))
            truth = stack.enter_context(RasterReader(pair.truth))
            reduced, path = reduced_without(whole, part), os.path.join(folder, "fused")
            model, own = (_scores(reduced, one, truth, path, quiet) for one in (method, prior))
    except InputError:
        return None
    return None if model is None or own is None else Trial(model, own)


def _middle(scene: Scene, progress: Progress) -> Scene:
    """The middle of a large scene, all of a small one."""
    rows, cols = scene.low_shape
    if max(rows, cols) <= _SIDE:
        return scene
    height, width = min(rows, _SIDE), min(cols, _SIDE)
    return part_of(scene, Window((rows - height) // 2, (cols - width) // 2, height, width), progress)


def _scores(
    reduced: Scene, method: FusionMethod, truth: RasterReader, path: str, progress: Progress
) -> dict[str, float] | None:
    window = reduced.alignment.pan
    with fuse_to_scratch(reduced, method.fit(reduced, progress), path, None, progress) as fused:
        images = View(fused, Window(0, 0, window.rows, window.cols)), View(truth, window)
        scores = Scores(good_bands(images, progress))
        scores.add_reference(*images, reduced.ratio, progress)
    found = {key: scores.indices[key] for key in _KEYS}
    known = {key: float(value) for key, value in found.items() if value is not None}
    return known if len(known) == len(found) else None
