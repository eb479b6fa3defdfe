"""What every network declares, and the networks by name.

A network maps the planes of a scene on the PAN grid to the residual over the regression prior.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from ..runtime.errors import InputError


class FusionNetwork(nn.Module):
    """Base class of the networks: what training and inference need to know of each.

    Attributes:
        receptive_field: PAN pixels on each side that an output pixel depends on: the margin that tiles need.
        alignment: tiles start at multiples of this many PAN pixels.
        planes_dtype: dtype in which the planes are computed: float64 where their last digit must not depend on how an
            image is cut into tiles.
        folded: PAN pixels per pixel of the layers.
        in_slabs: on the CPU it works in slabs of rows, so that large tiles take little memory.
        tail: the last layer, linear in its parameters.
        learning_defaults: default fields of :class:`core.training.settings.Settings` for this network.
        bands: (fewest, most) bands of the images that it is made for; None for any.
        several_guides: whether it takes a sharper image of several bands; its constructor then takes ``guides``.
        guides: M, the number of that image's bands.
    """

    receptive_field: int
    alignment: int = 1
    planes_dtype: np.dtype = np.dtype(np.float32)
    folded: int = 1
    in_slabs: bool = False
    tail: nn.Module
    learning_defaults: ClassVar[Mapping[str, object]] = {}
    bands: ClassVar[tuple[int, int] | None] = None
    several_guides: ClassVar[bool] = False
    guides: int = 1

    @classmethod
    def config_for(cls, ratio: float | None) -> dict[str, object]:
        """Arguments for a ratio, besides the number of components.

        Args:
            ratio: PAN pixels per HSI pixel, any real number; None: unknown.

        Returns:
            Keyword arguments of the constructor.
        """
        return {}

    def forward(self, planes: Tensor) -> Tensor:
        """The residual over the regression prior.

        Args:
            planes: (N, components + 2 M, rows, columns) float32, or float64 where ``planes_dtype`` is: the up-sampled
                components of the HSI, the PAN's M bands, and the details of these.

        Returns:
            (N, components, rows, columns) float32.
        """
        raise NotImplementedError

    def memory_at_work(self, pixels: int, slabs: bool) -> int:
        """Peak memory of its layers for a tile at inference: the widest layers, some of them alive at once.

        Args:
            pixels: of the tile, counted in pixels of the layers.
            slabs: whether it works in slabs of rows, which takes less.

        Returns:
            Bytes.
        """
        widest = max(parameter.shape[0] for parameter in self.parameters())
        return (2 if slabs else 4) * 4 * widest * pixels

    def prepare(self, device: torch.device) -> str:
        """Prepare for inference on the fastest engine available; afterwards it cannot be trained any more.

        Args:
            device: where the network is.

        Returns:
            A sentence that names the engine, "" where there is no choice.
        """
        return ""

    @torch.no_grad()
    def scale_output(self, shares: Tensor) -> None:
        """Change the parameters so that the residual is scaled.

        Args:
            shares: (components,) float32, factors of the residual's components.
        """
        together = self.of_tail(shares)
        for parameter in self.tail.parameters():
            factors = together.repeat(len(parameter) // len(together))
            parameter.mul_(factors.view(-1, *[1] * (parameter.dim() - 1)))

    def of_tail(self, shares: Tensor) -> Tensor:
        """What belongs to components, for the channels of the last layer, which repeat them in this order.

        Args:
            shares: (components,) of any dtype.

        Returns:
            Same dtype, as many as channels that belong together.
        """
        return shares


_NETWORKS: dict[str, tuple[type[FusionNetwork], dict[str, Any]]] = {}

_Network = TypeVar("_Network", bound=type[FusionNetwork])


def register(name: str, **preset: object) -> Callable[[_Network], _Network]:
    """Decorator that registers a network class.

    Args:
        name: under which :func:`create_network` finds it.
        **preset: default arguments of its constructor.

    Returns:
        The decorator, which returns the class unchanged.
    """

    def add(network: _Network) -> _Network:
        _NETWORKS[name] = network, preset
        return network

    return add


def network_names() -> list[str]:
    """The registered names."""
    return sorted(_NETWORKS)


def network_class(name: str) -> type[FusionNetwork]:
    """The class of a registered network.

    Args:
        name: one of :func:`network_names`.

    Returns:
        The class.

    Raises:
        InputError: no network has this name.
    """
    if name not in _NETWORKS:
        raise InputError(f"There is no network called {name}; choose one of: {', '.join(network_names())}.")
    return _NETWORKS[name][0]


def create_network(name: str, **config: object) -> FusionNetwork:
    """Build a network by name.

    Args:
        name: one of :func:`network_names`.
        **config: arguments of its constructor, which rebuild it from a model file.

    Returns:
        The network, untrained.

    Raises:
        InputError: no network has this name, or it does not take these arguments.
    """
    network = network_class(name)
    try:
        return network(**{**_NETWORKS[name][1], **config})
    except (TypeError, ValueError) as error:
        raise InputError(f"The network {name} does not take these settings ({error}).") from error


def parameter_count(network: nn.Module) -> int:
    """Number of learned parameters.

    Args:
        network: any module.

    Returns:
        The number of elements of all parameters.
    """
    return sum(parameter.numel() for parameter in network.parameters())
