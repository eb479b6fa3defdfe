"""Checkpoints: everything that training needs to go on as if it had never stopped. No code, no pickle: a model file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..models.format import ModelFile, read_model, write_model
from ..networks.base import FusionNetwork
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .adam import Adam
from .mutual import MutualStep
from .trainer import TrainingState

_SAME = ("training_data", "network", "bands", "ratio", "mtf", "consistency", "settings", "config")  # causes come first
_STATISTICS = "statistics."
_CLOSE = 1e-4  # of the largest number: last digits depend on the number of threads and on the library of linear algebra
_RECORD = ("step", "best_step", "best_score", "best_share", "prior_scores", "history")


def checkpoint_beside(path: str, resume: bool, progress: Progress) -> str:
    """The checkpoint that a training is resumed from; says where there is none, or one that is not asked for.

    Args:
        path: where this training keeps its own, and a stopped one left it.
        resume: whether it is to be resumed.
        progress: receives warnings.

    Returns:
        The path; "" to start anew.
    """
    there = os.path.exists(path)
    if resume and not there:
        progress.warning(f"There is no {path} to resume from; starting anew.")
    elif there and not resume:
        progress.warning(
            f"{path} is of a training that was stopped; this one starts anew and writes over it: to go on from there, "
            "stop now and resume (--resume, RESUME)."
        )
    return path if resume and there else ""


@dataclass(frozen=True)
class Checkpoint:
    """Where a training is kept and taken up.

    Attributes:
        path: file to keep while training runs; to be removed when all that was asked for is written, so that a failure
            after training costs no training.
        resume: checkpoint of a training that was stopped, "" to start anew.
        spare_memory: whether images of areas are kept in a file, too, while training runs.
    """

    path: str
    resume: str = ""
    spare_memory: bool = False

    def save(
        self,
        header: dict[str, Any],
        statistics: Mapping[str, np.ndarray],
        learners: Sequence[MutualStep],
        state: TrainingState,
    ) -> None:
        """Write the checkpoint. A training that has diverged leaves the former one: there is nothing to go on from.

        Args:
            header: of the model file that will come out; it identifies the training.
            statistics: of the images, by name, float32 arrays of any shape; they identify the pixels.
            learners: with the networks and optimizers, one for each pair.
            state: where training stands.
        """
        tensors: dict[str, np.ndarray] = {f"best.{name}": value.numpy() for name, value in state.best.items()}
        for number, (network, optimizer) in enumerate(_networks(learners)):
            for name, value in network.state_dict().items():
                tensors[f"now.{number}.{name}"] = value.detach().cpu().numpy()
            for index, moments in optimizer.state.items():
                for name, value in moments.items():
                    tensors[f"adam.{number}.{index}.{name}"] = value.float().cpu().numpy()
        tensors.update({f"{_STATISTICS}{name}": array for name, array in statistics.items()})
        if all(np.isfinite(array).all() for array in tensors.values()):
            record = {key: getattr(state, key) for key in _RECORD}
            write_model(self.path, ModelFile({**header, "checkpoint": record}, tensors))

    def load(
        self, header: dict[str, Any], statistics: Mapping[str, np.ndarray], learners: Sequence[MutualStep]
    ) -> TrainingState:
        """Put the networks and optimizers back to where they were in the training that is resumed.

        Args:
            header: of the model file that will come out.
            statistics: of the images, by name, float32 arrays of any shape.
            learners: whose networks and optimizers are put back.

        Returns:
            Where that training stood, or a fresh state where none is resumed.

        Raises:
            InputError: ``resume`` is no checkpoint, or one of another training.
        """
        if not self.resume:
            return TrainingState()
        file = read_model(self.resume)
        record = file.header.get("checkpoint")
        if not isinstance(record, dict):
            raise InputError(f"{self.resume} is no checkpoint of a training that was stopped; start without resuming.")
        for key in _SAME:
            if file.header.get(key) != header.get(key):
                raise InputError(
                    f"{self.resume} belongs to a training {_difference(key, file.header.get(key), header[key])}; give "
                    "the same files and settings, or start without resuming."
                )
        kept = {name: file.tensors.get(f"{_STATISTICS}{name}") for name in statistics}
        if not all(_is_close(kept[name], array) for name, array in statistics.items()):
            raise InputError(
                f"{self.resume} belongs to a training with other images, though their names and sizes are the same; "
                "give the same files and settings, or start without resuming."
            )
        try:
            for number, (network, optimizer) in enumerate(_networks(learners)):
                network.load_state_dict(_tensors(file, f"now.{number}."))
                moments: dict[int, dict[str, torch.Tensor]] = {}
                for name, value in _tensors(file, f"adam.{number}.").items():
                    index, moment = name.split(".")
                    moments.setdefault(int(index), {})[moment] = value
                optimizer.load(moments)
            return TrainingState(
                int(record["step"]),
                _tensors(file, "best."),
                float(record["best_score"]),
                int(record["best_step"]),
                float(record["best_share"]),
                prior_scores=dict(record["prior_scores"]),
                history=list(record["history"]),
            )
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError):
            raise InputError(f"{self.resume} is damaged; start without resuming.") from None

    def remove(self) -> None:
        """Remove the files, as they are no longer needed."""
        for path in {self.path, self.resume} - {""}:
            with contextlib.suppress(OSError):
                os.remove(path)


def _networks(learners: Sequence[MutualStep]) -> list[tuple[FusionNetwork, Adam]]:
    """The networks of all pairs, with their optimizers."""
    return [pair for learner in learners for pair in zip(learner.networks, learner.optimizers)]


def _difference(key: str, kept: Any, now: Any) -> str:
    """What sets another training apart: "with another mtf (0.3, now 0.25)"."""
    if key == "training_data":
        return f"on {_images(kept)}, and not on {_images(now)}"
    if isinstance(kept, dict) and isinstance(now, dict):
        apart = [f"{name} {kept.get(name)}, now {now.get(name)}" for name in now if kept.get(name) != now.get(name)]
        return f"with other {key} ({'; '.join(apart)})" if apart else f"with other {key}"
    return f"with another {key} ({kept}, now {now})"


def _images(data: Any) -> str:
    """The images of a training, with their HSI pixels, which differ between parts of one scene."""
    try:
        sizes = [" x ".join(map(str, one["hsi_pixels"])) for one in data]
        return " and ".join(f"{one['hsi']} with {one['pan']} ({size} HSI pixels)" for one, size in zip(data, sizes))
    except (KeyError, TypeError):
        return "unknown images"


def _is_close(kept: np.ndarray | None, array: np.ndarray) -> bool:
    """Whether numbers are the same but for their last digits."""
    if kept is None or kept.shape != array.shape:
        return False
    return bool(np.abs(kept - array).max(initial=0.0) <= _CLOSE * np.abs(array).max(initial=0.0))


def _tensors(file: ModelFile, prefix: str) -> dict[str, torch.Tensor]:
    """The tensors whose names begin with a prefix, by the rest of their names."""
    return {
        name[len(prefix) :]: torch.from_numpy(array.copy())
        for name, array in file.tensors.items()
        if name.startswith(prefix)
    }
