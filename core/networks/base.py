"""What every network declares, and the networks by name.

A network maps the planes of a scene on the PAN grid to the residual over the regression prior: ``forward(planes)`` with
planes (N, components + 2, rows, columns) - the up-sampled components of the HSI, the PAN, and the PAN's detail - gives
(N, components, rows, columns).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, ClassVar, TypeVar

import numpy as np
import torch
from torch import nn

from ..runtime.errors import InputError


class FusionNetwork(nn.Module):
    """Base of the networks: what training and inference need to know of each.

    Attributes:
        receptive_field: PAN pixels on each side that an output pixel depends on: the margin that tiles need.
        alignment: tiles start at multiples of this many PAN pixels.
        planes_dtype: what the planes are computed in: float64 where their last digit must not depend on how an image is
            cut.
        folded: PAN pixels that are one pixel of its layers.
        in_slabs: on the CPU it works in slabs of rows, so that large tiles take little memory.
        tail: the last layer, linear in its parameters.
        learning_defaults: fields of :class:`core.training.settings.Settings` that it learns best with.
        bands: (fewest, most) bands of the images that it is made for; None for any.
    """

    receptive_field: int
    alignment: int = 1
    planes_dtype: np.dtype = np.dtype(np.float32)
    folded: int = 1
    in_slabs: bool = False
    tail: nn.Module
    learning_defaults: ClassVar[Mapping[str, object]] = {}
    bands: ClassVar[tuple[int, int] | None] = None

    @classmethod
    def config_for(cls, ratio: int | None) -> dict[str, object]:
        """Arguments beside the number of components that suit a ratio (PAN pixels per HSI pixel; None: unknown)."""
        return {}

    def memory_at_work(self, pixels: int, slabs: bool) -> int:
        """Bytes that its layers take at most for a tile of so many pixels *of its layers* at inference: the widest of
        them, some alive at once; fewer where it works in slabs of rows."""
        widest = max(parameter.shape[0] for parameter in self.parameters())
        return (2 if slabs else 4) * 4 * widest * pixels

    def prepare(self, device: torch.device) -> str:
        """Get ready for inference on the fastest engine there is; returns a sentence that says which, "" where there is
        no choice. Afterwards it cannot be trained any more."""
        return ""

    @torch.no_grad()
    def scale_output(self, share: float) -> None:
        """Change the parameters so that the residual is ``share`` of what it was."""
        for parameter in self.tail.parameters():
            parameter.mul_(share)


_NETWORKS: dict[str, tuple[type[FusionNetwork], dict[str, Any]]] = {}

_Network = TypeVar("_Network", bound=type[FusionNetwork])


def register(name: str, **preset: object) -> Callable[[_Network], _Network]:
    """Decorator of a class: make it known under ``name``, with arguments that it is always given unless told
    otherwise."""

    def add(network: _Network) -> _Network:
        _NETWORKS[name] = network, preset
        return network

    return add


def network_names() -> list[str]:
    """The registered names."""
    return sorted(_NETWORKS)


def network_class(name: str) -> type[FusionNetwork]:
    """The class of a registered network.

    Raises:
        InputError: there is no such network.
    """
    if name not in _NETWORKS:
        raise InputError(f"There is no network called {name}; choose one of: {', '.join(network_names())}.")
    return _NETWORKS[name][0]


def create_network(name: str, **config: object) -> FusionNetwork:
    """Build a network by name; ``config`` goes to its constructor and rebuilds it from a model file.

    Raises:
        InputError: no such network, or arguments that it does not take.
    """
    network = network_class(name)
    try:
        return network(**{**_NETWORKS[name][1], **config})
    except (TypeError, ValueError) as error:
        raise InputError(f"The network {name} does not take these settings ({error}).") from error


def parameter_count(network: nn.Module) -> int:
    """Learned numbers at inference."""
    return sum(parameter.numel() for parameter in network.parameters())
