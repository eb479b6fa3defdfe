"""Checks of an untrusted model file's arguments of networks before anything is built."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from ..networks.base import create_network
from .pair import branch_kind, branches_of, kind_of

_MAX_NUMBER = 256  # among a network's arguments
_MAX_CHANNELS = 1024
_MAX_PIXELS = 1024  # PAN pixels of a receptive field, and of the alignment of tiles
_WIDTHS = ("components", "width")


def check_config(name: str, config: Mapping[str, Mapping], tensors: Mapping[str, np.ndarray]) -> None:
    """Check that building the networks takes no more time and memory than their parameters in a file justify.

    The networks are built once without memory, and the construction stops at more parameters than the file has.

    Args:
        name: of the kind of model.
        config: arguments of its networks, by branch.
        tensors: of the file, of any shape and any dtype.

    Raises:
        ValueError: arguments of a type or size that no network takes, or a network that is larger than the file.
    """
    bits = sum(array.size * (8 if array.dtype == np.uint8 else 1) for array in tensors.values())
    networks = kind_of(name).networks
    for branch in branches_of(name, config):
        network = networks[branch_kind(branch)]
        for key, value in config[branch].items():
            _check_argument(str(key), value)
        with _ParameterLimit(numbers=2 * bits + 4096, parameters=2 * len(tensors) + 16), torch.device("meta"):
            built = create_network(network, **config[branch])
        if max(built.receptive_field, built.alignment) > _MAX_PIXELS:
            raise ValueError(f"a receptive field of more than {_MAX_PIXELS} pixels")


def _check_argument(key: str, value: object) -> None:
    if isinstance(value, (list, tuple)):
        if len(value) > 16 or any(isinstance(one, (list, tuple)) for one in value):
            raise ValueError(f"{key} is no short list")
        for one in value:
            _check_argument(key, one)
    elif isinstance(value, int) and not isinstance(value, bool):
        most = 2**63 - 1 if key.endswith("seed") else _MAX_CHANNELS if key in _WIDTHS else _MAX_NUMBER
        if not 0 <= value <= most:
            raise ValueError(f"{key} lies between 0 and {most}")
    elif isinstance(value, float):
        if not math.isfinite(value) or abs(value) > _MAX_NUMBER:
            raise ValueError(f"{key} is at most {_MAX_NUMBER}")
    elif not isinstance(value, (bool, str)):
        raise ValueError(f"{key} is neither a number nor a word")


class _ParameterLimit:
    """Context in which this thread can register so many parameters, of so many numbers in total."""

    def __init__(self, numbers: int, parameters: int) -> None:
        self._numbers, self._parameters, self._thread = numbers, parameters, threading.get_ident()

    def __enter__(self) -> _ParameterLimit:
        self._hook = register_module_parameter_registration_hook(self._count)
        return self

    def __exit__(self, *exception: object) -> None:
        self._hook.remove()

    def _count(self, module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        if parameter is None or threading.get_ident() != self._thread:
            return
        self._numbers -= parameter.numel()
        self._parameters -= 1
        if self._numbers < 0 or self._parameters < 0:
            raise ValueError("the network has more parameters than the file")
