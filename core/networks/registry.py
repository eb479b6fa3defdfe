"""The networks by name.

A network here maps the planes of a scene on the PAN grid to the residual over the regression prior: ``forward(planes)``
with planes (N, components + 2, rows, columns) - the up-sampled components of the HSI, the PAN, and the PAN's detail -
gives (N, components, rows, columns). It declares its receptive field, so that tiles can be given the margin they need,
and what else :class:`Network` has defaults for.
"""

from __future__ import annotations

from typing import Callable, TypeVar

import torch
from torch import nn

from ..runtime.errors import InputError


class Network(nn.Module):
    """Base of the networks.

    Attributes:
        receptive_field: pixels on each side that an output pixel depends on.
        alignment: tiles must start at multiples of this many pixels.
        planes_dtype: what the planes must be computed in, so that they are the same however an image is cut.
        folded: pixels that are one in its layers.
        in_slabs: it works in slabs of rows, so that large tiles take little memory.
    """

    receptive_field: int
    alignment: int = 1
    planes_dtype: str = "float32"
    folded: int = 1
    in_slabs: bool = False

    def prepare(self, device: torch.device) -> str:
        """Get ready for inference on the fastest engine; returns a sentence that says which, "" where there is nothing
        to say."""
        return ""


_NETWORKS: dict[str, Callable[..., Network]] = {}


_Maker = TypeVar("_Maker", bound=Callable[..., Network])


def register(name: str) -> Callable[[_Maker], _Maker]:
    """Decorator of a class, or of a function that makes a network: make it known under ``name``."""

    def add(network: _Maker) -> _Maker:
        _NETWORKS[name] = network
        return network

    return add


def network_names() -> list[str]:
    """The registered names."""
    return sorted(_NETWORKS)


def create_network(name: str, **config: object) -> Network:
    """Build a network by name; ``config`` goes to its constructor and rebuilds it from a model file.

    Raises:
        InputError: no such network, or arguments that it does not take.
    """
    if name not in _NETWORKS:
        raise InputError(f"There is no network called {name}; choose one of: {', '.join(network_names())}.")
    try:
        return _NETWORKS[name](**config)
    except (TypeError, ValueError) as error:
        raise InputError(f"The network {name} does not take these settings ({error}).") from error


def parameter_count(network: nn.Module) -> int:
    """Learned numbers at inference."""
    return sum(parameter.numel() for parameter in network.parameters())
