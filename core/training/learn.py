"""Learning from open scenes: what ``sharpen`` and ``train`` share."""

from __future__ import annotations

import copy
import hashlib
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..models.band_order import check_guides_order
from ..models.pair import Pair, branch_kind, kind_of
from ..models.trained import TrainedModel, describe
from ..models.units import LEAST_FACTOR
from ..operators.resample import Gains
from ..quality.angle_bands import angle_bands
from ..runtime.errors import InputError
from ..runtime.memory import trim_heap
from ..runtime.progress import Progress
from ..runtime.time_left import spoken_duration
from ..scene.distribution import Distribution, sample_distributions
from ..scene.statistics import StatisticsBuilder
from .agreement import expected_gain, unexplained_share
from .areas import AreaContext, LabelledArea, UnlabelledArea
from .band_store import BandStore
from .checkpoint import Checkpoint
from .constants import without_images
from .dataset import scene_areas
from .distributed import Processes
from .losses import HybridLoss
from .mutual import MutualStep, Sample, beside_each_other
from .settings import MODES, LearningTask, Settings, learned_best, steps_for
from .trainer import Trainer, TrainingState

if TYPE_CHECKING:
    from ..scene.scene import Scene


def learn(
    scenes: Sequence[Scene],
    network: str,
    mtf_gain: Gains,
    settings: Settings,
    device: torch.device,
    checkpoint: Checkpoint,
    progress: Progress,
    processes: Processes | None = None,
) -> TrainedModel:
    """Train networks on one or several scenes.

    Args:
        scenes: of one sensor.
        network: a name that :func:`core.models.pair.kind_of` takes.
        mtf_gain: of the HSI at its Nyquist frequency.
        settings: of the training.
        device: where the networks are trained.
        checkpoint: where the training is kept, and the one that is resumed.
        progress: of the training; asked for cancellation.
        processes: that train together; this one alone by default.

    Returns:
        The model; where the held-out part shows that the networks are no better than the projected prior, their best
        state is the untrained one, which adds nothing to it.

    Raises:
        InputError: the scenes do not suit the network or each other, or the checkpoint is of another training.
        Cancelled: the user stopped the job; the checkpoint is kept.
    """
    processes = processes or Processes()
    _check_bands(scenes[0], network)
    trim_heap()  # what looking through the scenes has left, and below what each part of the preparation leaves
    progress.set(0.0, "Computing statistics")
    context = _context(scenes, mtf_gain, settings.components, device, progress)
    trim_heap()
    statistics, good = context.statistics, context.good
    sampled = [sample_distributions(scene, mtf_gain, progress) for scene in scenes]
    _warn_of_units(scenes, sampled, good, progress)
    _check_guides(scenes, sampled, good, progress)
    numbers = statistics.arrays()
    different = "The processes of this training see different images; give the same to all."
    processes.check_same(_fingerprint(numbers), different)
    settings = replace(settings, components=statistics.components)
    progress.set(0.02, "Preparing what to learn from")
    basis, scale = context.tensor(statistics.basis[good]), context.tensor(statistics.std[good, None, None])
    loss = HybridLoss(basis, scale, settings.angle, settings.gradient)
    store = BandStore() if checkpoint.spare_memory and device.type == "cpu" else None
    keep, share = partial(without_images, loss=loss, store=store), 1 / len(scenes)
    areas = [scene_areas(scene, context, settings, progress, share, keep) for scene in scenes]
    for scene in scenes:
        scene.hsi.release()
        scene.pan.release()
    trim_heap()
    labelled = [area for some, _ in areas for area in some]
    unlabelled = [area for _, some in areas for area in some]

    pair = Pair.fresh(
        network, statistics.components, settings.seed, device, scenes[0].ratio, statistics.guides, settings.pairs
    )
    learners = [MutualStep(networks, loss, settings, processes) for networks in pair.pairs]
    learning = {"settings": settings.as_dict()}
    header = describe(pair, scenes, good, mtf_gain, settings.iterations, learning, str(device))
    state = checkpoint.load(header, numbers, learners)
    mean = context.tensor((statistics.mean[good] / statistics.std[good])[:, None, None])
    save = partial(checkpoint.save, header, numbers, learners) if processes.first else None
    waves = [wave for wave, flag in zip(scenes[0].hsi.metadata.wavelengths, good) if flag]
    compared = angle_bands(waves, statistics.mean[good])
    if not compared.all():
        progress.info(
            f"The held-out SAM leaves out {int((~compared).sum())} of {len(compared)} bands, which are thermal or far "
            "larger than the others and would swamp the angle."
        )
    branches = tuple(kind_of(network).networks)
    trainer = Trainer(learners, labelled, unlabelled, scenes[0].ratio, mean, save, branches, compared)
    _announce(trainer, state, pair.parameters, progress)
    trim_heap()
    progress.set(0.05, "Learning")
    started = time.monotonic()
    state = trainer.run(state, progress.part(0.05, 1.0))
    one_pan = scenes[0].guides == 1  # with which the expected gain was measured
    unexplained = unexplained_share(trainer.unlabelled or trainer.labelled, statistics) if one_pan else None
    stored = pair.part(trainer.kept)  # what a file holds, so that the result is that of the file
    header.update(
        config=stored.config,
        parameters=stored.parameters,
        costs=stored.costs,
        scores={"prior": state.prior_scores, **state.best_scores},
        best_step=state.best_step,
        best_share=state.best_share,
        shares=[round(share, 4) for share in state.shares],
        spread=state.spread,
        limits=plane_limits([*trainer.labelled, *trainer.unlabelled]),
        unexplained=unexplained,
        expected_gain={} if unexplained is None else expected_of(state, unexplained),
        history=state.history,
        training_seconds=round(time.monotonic() - started, 1),
    )
    return TrainedModel(header, stored, statistics, tuple(itertools.chain(*sampled)))


def plane_limits(areas: Sequence[LabelledArea | UnlabelledArea]) -> list[float]:
    """The magnitude of each plane that the networks see in training, at most: what lies beyond they do not know.

    Args:
        areas: that are learned from.

    Returns:
        One number a plane.
    """
    most = [area.planes[:].abs().amax((1, 2)) for area in areas]
    found: list[float] = torch.stack(most).amax(0).tolist()
    return found


def expected_of(state: TrainingState, unexplained: float) -> dict[str, list[float]]:
    """What the result gains over the regression prior at full resolution, as far as the networks' agreement and the
    PAN tell.

    Args:
        state: at the end of a training.
        unexplained: of the PAN by the HSI, see :func:`.agreement.unexplained_share`.

    Returns:
        Per cent, as [low, gain, high] for "ergas" and "sam"; nothing where the prior is the result or a single network
        learned.
    """
    if state.best_step == 0 or state.spread is None:
        return {}
    ranges = expected_gain(state.spread, unexplained)
    return {key: [round(value, 1) for value in found] for key, found in ranges.items()}


def settings_for(
    network: str,
    task: LearningTask,
    mode: str = MODES[0],
    seed: int = 0,
    steps: int | None = None,
    more: Mapping[str, object] | None = None,
) -> Settings:
    """The settings that a network learns with.

    Args:
        network: a name that :func:`core.models.pair.kind_of` takes.
        task: to be learned; by as many networks as that name stands for.
        mode: one of :data:`.settings.MODES`.
        seed: of everything that is drawn.
        steps: number of updates, None for what the task takes.
        more: further fields of :class:`.settings.Settings`, which override those that the network learns best with.

    Returns:
        The settings.

    Raises:
        InputError: there is no such network or mode, or a number is out of range.
    """
    kind = kind_of(network)
    task = replace(task, networks=len(kind.networks))
    best = kind.learning or learned_best(task)
    fields: dict[str, Any] = {**best, "mode": mode, "steps": steps or steps_for(task), "seed": seed}
    if task.networks == 1:
        fields["pairs"] = 1
    return Settings(**{**fields, **(more or {})})


def _check_bands(scene: Scene, network: str) -> None:
    if scene.guides > 1 and not kind_of(network).several_guides:
        raise InputError(
            f"{network} takes a sharper image of one band but {scene.pan.name} has {scene.guides}; choose one of them "
            "(--pan-bands-used, PAN_BANDS_USED), or the network ssml."
        )
    bounds = kind_of(network).bands
    if bounds is not None and not bounds[0] <= scene.hsi.bands <= bounds[1]:
        raise InputError(
            f"{network} is made for {bounds[0]} to {bounds[1]} bands but {scene.hsi.name} has {scene.hsi.bands}; "
            "choose the network ssml."
        )


def _context(
    scenes: Sequence[Scene], mtf_gain: Gains, components: int, device: torch.device, progress: Progress
) -> AreaContext:
    """The statistics of all scenes, and the bands that are good in each of them."""
    builder = StatisticsBuilder(mtf_gain)
    for scene in scenes:
        builder.add(scene, progress)
    statistics, good = builder.result(components), builder.good
    if good is None or not good.any():
        raise InputError("The scenes have no good band in common; choose scenes of one sensor.")
    return AreaContext(statistics, good, mtf_gain, device)


def _warn_of_units(
    scenes: Sequence[Scene], sampled: Sequence[Sequence[Distribution]], good: np.ndarray, progress: Progress
) -> None:
    """Warn of scenes whose numbers are many times larger than those of others."""
    found = [(float(np.median(np.abs(each[0].level[good]))), scene) for each, scene in zip(sampled, scenes) if each]
    if len(found) < 2:
        return
    least, most = min(found, key=lambda one: one[0]), max(found, key=lambda one: one[0])
    if most[0] > LEAST_FACTOR * least[0]:
        progress.warning(
            f"The numbers of {most[1].hsi.name} are {most[0] / max(least[0], 1e-300):.3g} times those of "
            f"{least[1].hsi.name} (median of the bands {most[0]:.4g} and {least[0]:.4g}): scenes that train one model "
            "need the same units; convert one of them."
        )


def _check_guides(
    scenes: Sequence[Scene], sampled: Sequence[Sequence[Distribution]], good: np.ndarray, progress: Progress
) -> None:
    """Refuse sharper images whose bands lie in another order than those of the first."""
    first = scenes[0].pan
    remedy = 'put them in the order {numbers} (gdal_translate with -b for each, "Rearrange bands")'
    for scene, each in zip(scenes[1:], sampled[1:]):
        if sampled[0] and each:
            known, others = first.metadata.wavelengths, f"those of {first.name}"
            check_guides_order(sampled[0], each, good, scene.pan, known, others, remedy, progress)


def _announce(trainer: Trainer, state: TrainingState, parameters: Mapping[str, int], progress: Progress) -> None:
    """Log what will be done and how long it will take, from a few steps of a copy of the networks."""
    settings, share = trainer.settings, len(trainer.processes.share(range(trainer.settings.batch)))
    kinds = {area.intermediate: area for area in reversed(trainer.labelled)}  # the first one of each
    weights = {False: 1 - settings.intermediate, True: settings.intermediate} if len(kinds) > 1 else {False: 1.0}
    crops = [None, trainer.crop(trainer.unlabelled[0], (0, 0))] if trainer.unlabelled else [None]
    learners = [MutualStep(copy.deepcopy(one.networks), trainer.loss, settings) for one in trainer.learners]
    seconds = [
        share * sum(weight * _step_seconds(learners, kinds[kind], crop, progress) for kind, weight in weights.items())
        for crop in crops
    ]
    early = int(settings.full_start * settings.steps) if len(seconds) > 1 else settings.steps
    before = max(0, early - state.step)
    expected = before * seconds[0] + (settings.steps - max(early, state.step)) * seconds[-1]
    several = f"{settings.pairs} pairs of " if settings.pairs > 1 else ""
    counts = several + " and ".join(
        f"{count:,} ({branch})" if len(parameters) > 1 else f"{count:,}"
        for branch, count in parameters.items()
        if branch == branch_kind(branch)
    )
    progress.info(
        f"Learning {settings.steps - state.step} steps with {counts} parameters on {len(trainer.labelled)} labelled "
        f"and {len(trainer.unlabelled)} full-resolution areas; expected time {spoken_duration(expected)}."
    )


def _step_seconds(
    learners: Sequence[MutualStep], area: LabelledArea, crop: UnlabelledArea | None, progress: Progress
) -> float:
    """How long a step takes that learns from an area and a crop, one of a batch, with all pairs."""

    def update(pair: int) -> list[float]:
        sample = Sample(area, crop, np.random.default_rng(pair))
        return learners[pair](learners[pair].settings.steps // 2, [sample])

    with beside_each_other(learners) as each:
        progress.check()
        each(update)  # loads and allocates
        progress.check()
        started = time.monotonic()
        each(update)
        seconds = time.monotonic() - started
    progress.check()
    return seconds


def _fingerprint(arrays: dict[str, np.ndarray]) -> str:
    """A digest that tells whether processes see the same pixels."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.round(arrays[name].astype(np.float64), 6).tobytes())
    return digest.hexdigest()
