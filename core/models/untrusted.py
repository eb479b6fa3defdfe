"""Networks out of a file that nobody vouches for: what it says of them is looked at before anything is built."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from ..networks.base import create_network
from .pair import kind_of

_MOST = 256  # of a number among a network's arguments
_WIDEST = 1024  # of a number of channels
_FARTHEST = 1024  # PAN pixels of a receptive field, and of what tiles are aligned to
_WIDTHS = ("components", "width")


def check_config(name: str, config: Mapping[str, Mapping], tensors: Mapping[str, np.ndarray]) -> None:
    """Make sure that networks can be built with the time and memory that a file of these tensors may take.

    The networks are built once without memory, and no further than the file has parameters for.

    Args:
        name: of the kind of model. config: arguments of its networks, by branch.
        tensors: what the file holds.

    Raises:
        ValueError: arguments of another kind than networks take, or a network that is larger than the file.
    """
    bits = sum(array.size * (8 if array.dtype == np.uint8 else 1) for array in tensors.values())
    for branch, network in kind_of(name).networks.items():
        for key, value in config[branch].items():
            _check_argument(str(key), value)
        with _Bounded(numbers=2 * bits + 4096, parameters=2 * len(tensors) + 16), torch.device("meta"):
            built = create_network(network, **config[branch])
        if max(built.receptive_field, built.alignment) > _FARTHEST:
            raise ValueError(f"a receptive field of more than {_FARTHEST} pixels")


def _check_argument(key: str, value: object) -> None:
    if isinstance(value, (list, tuple)):
        if len(value) > 16 or any(isinstance(one, (list, tuple)) for one in value):
            raise ValueError(f"{key} is no short list")
        for one in value:
            _check_argument(key, one)
    elif isinstance(value, int) and not isinstance(value, bool):
        most = 2**63 - 1 if key.endswith("seed") else _WIDEST if key in _WIDTHS else _MOST
        if not 0 <= value <= most:
            raise ValueError(f"{key} lies between 0 and {most}")
    elif isinstance(value, float):
        if not math.isfinite(value) or abs(value) > _MOST:
            raise ValueError(f"{key} is at most {_MOST}")
    elif not isinstance(value, (bool, str)):
        raise ValueError(f"{key} is neither a number nor a word")


class _Bounded:
    """While it is entered, this thread can give modules so many parameters, of so many numbers together, no more."""

    def __init__(self, numbers: int, parameters: int) -> None:
        self._numbers, self._parameters, self._thread = numbers, parameters, threading.get_ident()

    def __enter__(self) -> _Bounded:
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
