"""Learning from open scenes: what ``sharpen`` and ``train`` share."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..models.pair import Pair, kind_of
from ..models.trained import TrainedModel, describe
from ..networks.side_by_side import side_by_side
from ..runtime.errors import InputError
from ..runtime.progress import Progress, spoken_duration
from ..runtime.threads import run_cancellable
from ..scene.statistics import StatisticsBuilder
from .areas import LabelledArea, UnlabelledArea
from .checkpoint import load_checkpoint, save_checkpoint
from .dataset import scene_areas
from .distributed import Processes
from .losses import HybridLoss
from .mutual import MutualStep, Sample, load_optimizers
from .settings import Settings
from .trainer import Trainer, TrainingState

if TYPE_CHECKING:
    from ..scene.scene import Scene


def learn(
    scenes: Sequence[Scene],
    network: str,
    gain: float,
    settings: Settings,
    device: torch.device,
    checkpoint: str,
    resume: str,
    progress: Progress,
    processes: Processes | None = None,
) -> TrainedModel:
    """Train networks on one or several scenes.

    Args:
        checkpoint: file to keep while training runs; to be removed by :func:`forget` when all that was asked for is
            written, so that a failure after training costs no training.
        resume: checkpoint of a training that was stopped, "" to start anew.
        processes: that train together; this one alone by default.

    Returns:
        The model; where the held-out part says that the networks are no better than the projected prior, their best
        state is the untrained one, which adds nothing to it.
    """
    processes = processes or Processes()
    _check_bands(scenes[0], network)
    # First: whoever imports anything while another thread loads this waits for it, deaf to the user.
    run_cancellable(load_optimizers, progress)
    progress.set(0.0, "Computing statistics")
    builder = StatisticsBuilder(gain)
    for scene in scenes:
        builder.add(scene, progress)
    statistics, good = builder.result(settings.components), builder.good
    if good is None or not good.any():
        raise InputError("The scenes have no good band in common; choose scenes of one sensor.")
    fingerprint = _fingerprint(statistics.arrays())
    processes.check_same(fingerprint, "The processes of this training see different images; give the same to all.")
    settings = replace(settings, components=statistics.components)
    progress.set(0.02, "Preparing what to learn from")
    labelled: list[LabelledArea] = []
    unlabelled: list[UnlabelledArea] = []
    for scene in scenes:
        some = scene_areas(scene, statistics, good, gain, settings, device, progress, 1 / len(scenes))
        labelled += some[0]
        unlabelled += some[1]

    pair = Pair.fresh(network, statistics.components, settings.seed, device, scenes[0].ratio)
    learner = _learner(pair, statistics, good, settings, device, processes)
    mean = torch.from_numpy(statistics.mean[good] / statistics.std[good])[:, None, None].to(device)
    header = describe(
        pair,
        scenes,
        good,
        gain,
        settings.iterations,
        {"settings": settings.as_dict(), "fingerprint": fingerprint},
        str(device),
    )
    state = load_checkpoint(resume, header, learner) if resume else TrainingState()
    _announce(pair, statistics, good, settings, state, labelled, unlabelled, device, processes, progress)
    trainer = Trainer(
        learner,
        labelled,
        unlabelled,
        scenes[0].ratio,
        mean,
        (lambda reached: save_checkpoint(checkpoint, header, learner, reached)) if processes.first else None,
        pair.branches,
    )
    started = time.monotonic()
    state = trainer.run(state, progress.part(0.05, 1.0))
    scores = {"prior": state.prior_scores, **state.best_scores}
    header.update(
        scores=scores,
        best_step=state.best_step,
        best_share=state.best_share,
        history=state.history,
        training_seconds=round(time.monotonic() - started, 1),
    )
    kept = Pair(pair.name, pair.config, device)  # what a file holds, so that the result is that of the file
    kept.load(pair.tensors())
    return TrainedModel(header, kept, statistics)


def forget(*checkpoints: str) -> None:
    """Remove checkpoints that are no longer needed; empty names are passed over."""
    for path in {*checkpoints} - {""}:
        with contextlib.suppress(OSError):
            os.remove(path)


def _check_bands(scene: Scene, network: str) -> None:
    bounds = kind_of(network).bands
    if bounds is not None and not bounds[0] <= scene.hsi.bands <= bounds[1]:
        raise InputError(
            f"{network} is made for {bounds[0]} to {bounds[1]} bands but {scene.hsi.name} has {scene.hsi.bands}; "
            "choose the network ssml."
        )


def settings_for(network: str, mode: str, steps: int, seed: int, more: Mapping[str, object] | None) -> Settings:
    """The settings that a network learns with, and what was asked for otherwise."""
    fields: dict[str, Any] = {**kind_of(network).learning, "mode": mode, "steps": steps, "seed": seed, **(more or {})}
    return Settings(**fields)


def _learner(
    pair: Pair,
    statistics: Any,
    good: np.ndarray,
    settings: Settings,
    device: torch.device,
    processes: Processes | None = None,
) -> MutualStep:
    scale = torch.from_numpy(statistics.std[good])[:, None, None].to(device)
    basis = torch.from_numpy(np.ascontiguousarray(statistics.basis[good])).to(device)
    loss = HybridLoss(basis, scale, settings.angle, settings.gradient)
    return MutualStep(pair.networks, loss, settings, processes)


def _announce(
    pair: Pair,
    statistics: Any,
    good: np.ndarray,
    settings: Settings,
    state: TrainingState,
    labelled: list[LabelledArea],
    unlabelled: list[UnlabelledArea],
    device: torch.device,
    processes: Processes,
    progress: Progress,
) -> None:
    """Say what will be done and how long it will take, from a few steps of a copy of the networks."""
    trial = copy.copy(pair)
    trial.networks = [copy.deepcopy(network) for network in pair.networks]
    learner = _learner(trial, statistics, good, settings, device)
    seconds, own = [], len(processes.share(range(settings.batch)))
    kinds = [None, unlabelled[0].crop(0, 0, settings.crop)] if unlabelled else [None]
    for crop in kinds:
        with side_by_side(device, len(trial.networks)) as learner.each:
            for attempt in range(3):
                progress.check()
                started = time.monotonic()
                learner(settings.steps // 2, [Sample(labelled[0], crop, np.random.default_rng(attempt))])
                elapsed = time.monotonic() - started
        seconds.append(elapsed * own)
        progress.check()
    early = int(settings.full_start * settings.steps) if len(seconds) > 1 else settings.steps
    before = max(0, early - state.step)
    expected = before * seconds[0] + (settings.steps - max(early, state.step)) * seconds[-1]
    counts = " and ".join(
        f"{count:,} ({branch})" if len(pair.branches) > 1 else f"{count:,}" for branch, count in pair.parameters.items()
    )
    progress.info(
        f"Learning {settings.steps - state.step} steps with {counts} parameters on {len(labelled)} labelled and "
        f"{len(unlabelled)} full-resolution areas; expected time {spoken_duration(expected)}."
    )


def _fingerprint(arrays: dict[str, np.ndarray]) -> str:
    """Tells whether a checkpoint was made from the same pixels."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(np.round(arrays[name].astype(np.float64), 6).tobytes())
    return digest.hexdigest()
