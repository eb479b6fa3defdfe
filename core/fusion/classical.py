"""Classical fusion: what users compare with, in numpy alone, through the same engine as the networks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Callable

import numpy as np

from ..physics.prior import scene_statistics
from ..progress import Progress
from ..raster.scene import Scene
from .engine import Recipe

DEFAULT_METHOD = "mtf-glp"


@dataclass(frozen=True)
class Method:
    """A classical method.

    Attributes:
        title: for people. source: where it is described.
        recipe: (scene, MTF gain, iterations of the projection, progress) to what the engine computes.
    """

    title: str
    source: str
    recipe: Callable[[Scene, float, int, Progress], Recipe]


def _mtf_glp(scene: Scene, gain: float, iterations: int, progress: Progress) -> Recipe:
    return Recipe(scene_statistics(scene, gain, 0, progress), gain, iterations)


def _exp(scene: Scene, gain: float, iterations: int, progress: Progress) -> Recipe:
    recipe = _mtf_glp(scene, gain, iterations, progress)
    statistics = dataclasses.replace(recipe.statistics, gains=np.zeros_like(recipe.statistics.gains))
    return dataclasses.replace(recipe, statistics=statistics)


METHODS = {
    "exp": Method(
        "Up-sampling (EXP)",
        "Cubic convolution (Keys, 1981), a = -0.75: the HSI on the PAN's grid, nothing taken from the PAN.",
        _exp,
    ),
    "mtf-glp": Method(
        "MTF-GLP",
        "Generalised Laplacian pyramid matched to the sensor's MTF (Aiazzi et al., 2006), one regression gain per "
        "band over the whole scene.",
        _mtf_glp,
    ),
}
