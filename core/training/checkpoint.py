"""Checkpoints: everything that training needs to go on as if it had never stopped. No code, no pickle: a model file."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..models.format import ModelFile, read_model, write_model
from ..runtime.errors import InputError
from .mutual import MutualStep
from .trainer import TrainingState

_SAME = ("network", "config", "bands", "ratio", "mtf", "consistency", "settings", "training_data", "fingerprint")


def save_checkpoint(path: str, header: dict[str, Any], learner: MutualStep, state: TrainingState) -> None:
    """Write a checkpoint. A training that has diverged leaves the former one: there is nothing to go on from.

    Args:
        header: of the model file that will come out; says which training this is.
    """
    tensors: dict[str, np.ndarray] = {f"best.{name}": value.numpy() for name, value in state.best.items()}
    for number, (network, optimizer) in enumerate(zip(learner.networks, learner.optimizers)):
        for name, value in network.state_dict().items():
            tensors[f"now.{number}.{name}"] = value.detach().cpu().numpy()
        for index, moments in optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                tensors[f"adam.{number}.{index}.{name}"] = torch.as_tensor(value).float().cpu().numpy()
    if not all(np.isfinite(array).all() for array in tensors.values()):
        return
    record = {
        "step": state.step,
        "best_step": state.best_step,
        "best_score": state.best_score,
        "best_share": state.best_share,
        "prior_scores": state.prior_scores,
        "history": state.history,
    }
    write_model(path, ModelFile({**header, "checkpoint": record}, tensors))


def load_checkpoint(path: str, header: dict[str, Any], learner: MutualStep) -> TrainingState:
    """Put the networks and optimizers back to where they were.

    Raises:
        InputError: it is no checkpoint, or one of another training.
    """
    file = read_model(path)
    record = file.header.get("checkpoint")
    if not isinstance(record, dict):
        raise InputError(f"{path} is no checkpoint of a training that was stopped; start without resuming.")
    for key in _SAME:
        if file.header.get(key) != header.get(key):
            raise InputError(
                f"{path} belongs to a training with another {key.replace('_', ' ')}; give the same files and settings, "
                "or start without resuming."
            )
    refusal = InputError(f"{path} is damaged; start without resuming.")
    try:
        for number, (network, optimizer) in enumerate(zip(learner.networks, learner.optimizers)):
            now = f"now.{number}."
            device = next(network.parameters()).device
            network.load_state_dict(
                {
                    name[len(now) :]: torch.from_numpy(a.copy())
                    for name, a in file.tensors.items()
                    if name.startswith(now)
                }
            )
            moments: dict[int, dict[str, torch.Tensor]] = {}
            for name, array in file.tensors.items():
                parts = name.split(".")
                if parts[0] == "adam" and parts[1] == str(number):
                    value = torch.from_numpy(np.array(array))
                    moments.setdefault(int(parts[2]), {})[parts[3]] = value if parts[3] == "step" else value.to(device)
            optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
        best = {
            name[len("best.") :]: torch.from_numpy(a.copy()) for name, a in file.tensors.items() if name[:5] == "best."
        }
        return TrainingState(
            int(record["step"]),
            best,
            float(record["best_score"]),
            int(record["best_step"]),
            float(record["best_share"]),
            prior_scores=dict(record["prior_scores"]),
            history=list(record["history"]),
        )
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError):
        raise refusal from None
