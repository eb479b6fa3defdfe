"""The settings of a training: one frozen record, stored in the model file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..io.ratio import whole_pixels
from ..models.header import MOST_PAIRS
from ..operators.consistency import DEFAULT_ITERATIONS, check_iterations
from ..runtime.errors import InputError
from ..scene.scene import Scene

EFFORTS = {"fast": 200, "normal": 350, "thorough": 700}  # steps on a scene of _SMALL pixels
_PAIRS = {"fast": 1, "normal": 2, "thorough": 4}  # of networks, by effort
# Networks of different pairs differ as much as all do: a spectral one of the first and a spatial one of the second pair
# are within 0.3 points of all four, and take half of the time whenever an image is fused (docs/notebook).
_KEPT = {"normal": 1}
# Several sharp bands leave finer things to learn than a PAN does: larger areas, many more steps, fewer networks; and
# what networks agree on needs no boldness there (docs/notebook). A first look does without.
_STEPS_OF_SEVERAL = 2.8
_PAIRS_OF_SEVERAL = {"normal": 1, "thorough": 2}
# Pairs that learn from a PAN do so at a higher rate, with a shorter memory of Adam's second moment and in more steps
# (docs/notebook). Times, and the power by which they grow with the scene.
_STEPS_OF_PAIRS = {"fast": (1.7, 0.25), "normal": (1.3, 0.2), "thorough": (1.3, 0.2)}
_RATE_OF_PAIRS = {"rate": 1.2e-2, "second_moment": 0.99}
# Scenes that are larger than such an area have more to learn than one of 32 pixels shows in a step, but a first look is
# better off with more steps. Small ones have, too, at intermediate resolution, and need fewer: times (docs/notebook).
_SIZE_OF_LARGE, _SIZE_OF_SMALL, _STEPS_OF_SMALL = 64, 48, 0.77
# Half of the steps at intermediate resolution or two thirds: the same. None at reduced resolution is worse: what is
# finer than the HSI's pixels hardly shows in a result that was degraded by 2 (docs/notebook).
_INTERMEDIATE = 0.65
_FACTOR = 2.0  # pixels of a result at intermediate resolution per HSI pixel, at most
_LEAST_RATIO = 1.9  # at 1.5 areas that are degraded by 1.22 made three scenes of three worse (docs/notebook)
MODES = ("mutual", "alone")
_SMALL = 36 * 36  # HSI pixels
_LEAST_COARSE = 6  # coarse pixels of an area along an axis: the outermost ones do not count


@dataclass(frozen=True)
class Settings:
    """The settings of mutual learning; weights are relative to the reconstruction term.

    Attributes:
        mode: "mutual", or "alone": the same two networks without any exchange.
        steps: number of updates of each network.
        batch: number of areas of either kind in a step.
        seed: of initialisation, patches and augmentation.
        rate: Adam's first learning rate; falls to 0 along a cosine.
        second_moment: share of Adam's second moment that a step keeps.
        nesterov: whether Adam's steps look ahead (Nesterov's momentum).
        angle: weight of the spectral angle, radians.
        gradient: weight of the spatial gradients.
        exchange: weight of the distance to the other network on labelled areas.
        full_exchange: the same on areas at full resolution.
        consistency: weight of the reprojection residual ("degraded result equals HSI") at full resolution.
        intermediate: share of the steps that learn from an area at intermediate resolution instead of one at reduced
            resolution.
        full_start: share of the steps after which full-resolution areas take part.
        ramp: share of the steps over which the exchange grows to its weight.
        size: of areas, in the pixels of what networks give there: HSI pixels at reduced resolution, smaller ones at
            intermediate, PAN pixels of crops at full resolution. A labelled area and a crop of one size are computed at
            once.
        held_out: share of the labelled areas that is only scored on.
        checks: number of times the held-out part is scored.
        iterations: of the consistency projection, which is applied to the residual before the loss and the held-out
            scores; a model is fused with the same number.
        components: size of the subspace.
        pairs: of networks that learn beside each other.
        kept: of each kind of network, how many the model keeps, from different pairs where that can be; their mean is
            the result. 0: all.
        boldness: what networks that agree add to the prior, over their mean.
    """

    mode: str = "mutual"
    steps: int = 600
    batch: int = 1
    seed: int = 0
    rate: float = 8e-3
    second_moment: float = 0.999
    nesterov: bool = False
    angle: float = 0.1
    gradient: float = 0.5
    exchange: float = 0.2
    full_exchange: float = 0.3
    consistency: float = 1.0
    intermediate: float = 0.0
    full_start: float = 0.1
    ramp: float = 0.1
    size: int = 32
    held_out: float = 0.2
    checks: int = 12
    iterations: int = DEFAULT_ITERATIONS
    components: int = 12
    pairs: int = 1
    kept: int = 0
    boldness: float = 1.2

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InputError(f"There is no mode {self.mode!r}; choose one of {', '.join(MODES)}.")
        if self.steps < 1:
            raise InputError(f"Learning needs at least one step, not {self.steps}; give a positive number.")
        if self.batch < 1:
            raise InputError(f"A step of learning needs at least one area, not {self.batch}.")
        if not 1 <= self.pairs <= MOST_PAIRS:
            raise InputError(f"A cohort has 1 to {MOST_PAIRS} pairs of networks, not {self.pairs}.")
        if not 0 <= self.kept <= self.pairs:
            raise InputError(f"Of {self.pairs} pairs of networks 0 (all) to {self.pairs} are kept, not {self.kept}.")
        if self.components < 1:
            raise InputError(f"The subspace needs at least one component, not {self.components}.")
        check_iterations(self.iterations)

    def coarse(self, ratio: float) -> int:
        """The size of areas along an axis in their coarse pixels.

        Args:
            ratio: fine pixels per coarse pixel.

        Returns:
            A number of pixels.
        """
        return max(round(self.size / ratio), _LEAST_COARSE)

    def degraded(self, count: int, ratio: float, step: float) -> int:
        """The size along an axis of what an area with a truth is degraded to; where a scene is a single area, there is
        room to shift it by less than one of these pixels.

        Args:
            count: HSI pixels of the scene.
            ratio: PAN pixels per HSI pixel.
            step: HSI pixels per pixel of what it is degraded to.

        Returns:
            A number of pixels.
        """
        return min(self.coarse(ratio), max(whole_pixels(count - 1, step), 2))

    def keeps(self, kind: int, pair: int) -> bool:
        """Whether the model keeps a network.

        Args:
            kind: number of its kind within a pair, from 0.
            pair: that it learned in, from 0.

        Returns:
            True for ``kept`` networks of each kind; those of one kind are not of the pairs of another, as far as there
            are enough.
        """
        kept = self.kept or self.pairs
        return (pair - kind * kept) % self.pairs < kept

    def as_dict(self) -> dict[str, object]:
        """All fields by name, for a model file."""
        return dataclasses.asdict(self)


def intermediate_factor(ratio: float) -> float:
    """Pixels of a result at intermediate resolution per HSI pixel, along each axis.

    Args:
        ratio: PAN pixels per HSI pixel.

    Returns:
        2, or at small ratios half of the way to the PAN's pixels; 1 at ratios where nothing between helps.
    """
    return min(_FACTOR, math.sqrt(ratio)) if ratio > _LEAST_RATIO else 1.0


@dataclass(frozen=True)
class LearningTask:
    """What networks learn from, and how thoroughly.

    Attributes:
        effort: one of :data:`EFFORTS`.
        pixels: of the HSIs.
        guides: sharp bands.
        networks: that learn together, two or a single one.

    Raises:
        InputError: an unknown effort.
    """

    effort: str
    pixels: int
    guides: int = 1
    networks: int = 2

    def __post_init__(self) -> None:
        if self.effort not in EFFORTS:
            raise InputError(f"There is no effort {self.effort!r}; choose one of {', '.join(EFFORTS)}.")

    @staticmethod
    def of(scenes: Sequence[Scene], effort: str) -> LearningTask:
        """The task that scenes set a pair of networks.

        Args:
            scenes: of one sensor.
            effort: one of :data:`EFFORTS`.

        Returns:
            The task.

        Raises:
            InputError: an unknown effort.
        """
        return LearningTask(effort, sum(math.prod(scene.low_shape) for scene in scenes), scenes[0].guides)

    @property
    def several_guides(self) -> bool:
        """Whether several sharp bands are learned from as such; in a first look they are as a PAN is."""
        return self.guides > 1 and self.effort in _PAIRS_OF_SEVERAL

    @property
    def small(self) -> bool:
        """Whether a few areas show the whole scene."""
        return self.pixels <= _SMALL


def steps_for(task: LearningTask) -> int:
    """Number of steps: a fixed formula, so that a seed reproduces the result.

    Args:
        task: to be learned.

    Returns:
        The number of steps.
    """
    growth = max(task.pixels / _SMALL, 1.0)
    if task.several_guides:
        share, power, most = _STEPS_OF_SEVERAL, 0.25, 4 * _STEPS_OF_SEVERAL
    elif task.networks == 2:
        (share, power), most = _STEPS_OF_PAIRS[task.effort], 3.2
        share *= _STEPS_OF_SMALL if task.small and task.guides == 1 else 1.0
    else:
        share, power, most = 1.0, 0.25, 4.0
    return math.ceil(EFFORTS[task.effort] * min(growth**power * share, most))


def learned_best(task: LearningTask) -> dict[str, Any]:
    """Fields of :class:`Settings` that pairs of networks learn best with.

    Args:
        task: to be learned.

    Returns:
        The fields that follow from it.
    """
    of_pairs: dict[str, Any] = {"intermediate": _INTERMEDIATE, "nesterov": True} if task.networks == 2 else {}
    if task.several_guides:
        return {"size": _SIZE_OF_LARGE, "boldness": 1.0, "pairs": _PAIRS_OF_SEVERAL[task.effort], **of_pairs}
    fields = {"pairs": _PAIRS[task.effort], "kept": _KEPT.get(task.effort, 0), **of_pairs}
    if task.networks == 2:
        fields.update(_RATE_OF_PAIRS)
    if task.small and task.networks == 2:
        fields["size"] = _SIZE_OF_SMALL
    elif not task.small and task.effort != "fast":
        fields["size"] = _SIZE_OF_LARGE
    if task.effort == "fast":
        fields["full_start"] = 0.0  # there is no time to learn without full resolution first, and to unlearn some of it
    return fields
