"""The networks by name.

A network here maps the planes of a scene on the PAN grid to the residual over the regression prior: ``forward(planes)``
with planes (N, components + 2, rows, columns) - the up-sampled components of the HSI, the PAN, and the PAN's detail -
gives (N, components, rows, columns). It declares its receptive field, so that tiles can be given the margin they need;
it may declare an ``alignment`` (tiles start at multiples of it) and a ``planes_dtype`` (that of the planes).
"""

from __future__ import annotations

from typing import Callable, TypeVar

from torch import nn

from ..errors import InputError

_NETWORKS: dict[str, Callable[..., nn.Module]] = {}


_Maker = TypeVar("_Maker", bound=Callable[..., nn.Module])


def register(name: str) -> Callable[[_Maker], _Maker]:
    """Decorator of a class, or of a function that makes a network: make it known under ``name``."""

    def add(network: _Maker) -> _Maker:
        _NETWORKS[name] = network
        return network

    return add


def network_names() -> list[str]:
    """The registered names."""
    return sorted(_NETWORKS)


def create_network(name: str, **config: object) -> nn.Module:
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
