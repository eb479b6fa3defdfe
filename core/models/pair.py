"""The networks of a model and how they are stored: pairs of networks that teach each other, or a single network.

Of several pairs each learns by itself: errors that networks have taught each other do not cancel in their mean (own;
for the mean of networks Hansen and Salamon, IEEE Trans. Pattern Analysis and Machine Intelligence 12(10), 1990).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from ..networks import published, ssml  # noqa: F401 - register their networks
from ..networks.base import FusionNetwork, create_network, network_class, network_names
from ..networks.binarized import s2bnet  # noqa: F401 - register their networks
from ..networks.costs import costs
from ..runtime.errors import InputError
from .header import MOST_PAIRS

BRANCHES = ("spectral", "spatial")
USES = ("mean", *BRANCHES)


@dataclass(frozen=True)
class Kind:
    """The networks that a model consists of.

    Attributes:
        networks: registered name of each network, by branch; two for mutual learning, or one.
    """

    networks: Mapping[str, str]

    @property
    def learning(self) -> Mapping[str, object]:
        """Fields of :class:`core.training.settings.Settings` that a single network learns best with."""
        single = self.networks.get("network")
        return {} if single is None else network_class(single).learning_defaults

    @property
    def bands(self) -> tuple[int, int] | None:
        """(fewest, most) bands of the images that a single network is made for; None for any."""
        single = self.networks.get("network")
        return None if single is None else network_class(single).bands

    @property
    def several_guides(self) -> bool:
        """Whether all networks take a sharper image of several bands."""
        return all(network_class(network).several_guides for network in self.networks.values())


SSML = {"spectral": "ssml-spectral", "spatial": "ssml-spatial"}
PAIRS = {"ssml": Kind(SSML), **{name: Kind({"network": name}) for name in ("s2bnet", "bisrnet", "s2bnet_float")}}


def kind_of(name: str) -> Kind:
    """A kind of model by name.

    Args:
        name: one of :data:`PAIRS`, a registered network alone, or "<spectral>+<spatial>" for any two.

    Returns:
        The kind.

    Raises:
        InputError: there is no such kind.
    """
    if name in PAIRS:
        return PAIRS[name]
    networks = name.split("+")
    unknown = [network for network in networks if network not in network_names()]
    if unknown or len(networks) > 2:
        choices = ", ".join(dict.fromkeys([*PAIRS, *network_names()]))
        raise InputError(f"There is no network called {(unknown or [name])[0]}; choose one of: {choices}.")
    return Kind(dict(zip(BRANCHES, networks)) if len(networks) == 2 else {"network": name})


def pair_name(spectral: str, spatial: str) -> str:
    """The name of a pair in which networks replace SSML's own.

    Args:
        spectral, spatial: names of registered networks; "" for SSML's own.

    Returns:
        The name, for :func:`kind_of`.
    """
    networks = {"spectral": spectral or SSML["spectral"], "spatial": spatial or SSML["spatial"]}
    return "ssml" if networks == SSML else "+".join(networks[branch] for branch in BRANCHES)


def branches_of(name: str, config: Mapping) -> tuple[str, ...]:
    """The branches of a model's networks.

    Args:
        name: of the kind, see :func:`kind_of`.
        config: of the networks, by branch.

    Returns:
        "spectral", "spatial", "spectral-2", "spatial-2" ..., as far as the configuration goes; at least one pair.
    """
    kinds, pairs = tuple(kind_of(name).networks), 1
    while pairs < MOST_PAIRS and all(_branch(kind, pairs + 1) in config for kind in kinds):
        pairs += 1
    return tuple(_branch(kind, pair) for pair in range(1, pairs + 1) for kind in kinds)


def _branch(kind: str, pair: int) -> str:
    """The name of a kind's network in a pair, counted from 1."""
    return kind if pair == 1 else f"{kind}-{pair}"


def branch_kind(branch: str) -> str:
    """What a branch is.

    Args:
        branch: as :func:`branches_of` names it.

    Returns:
        The branch of the kind, as "spectral" of "spectral-2".
    """
    return branch.partition("-")[0]


class Pair:
    """The networks of a model over one subspace: one or several for each branch of its kind.

    Args:
        name: of the kind, see :func:`kind_of`.
        config: arguments of the networks, by branch; with ``name`` it rebuilds them.
        device: of the networks.

    Attributes:
        branches: of the networks, see :func:`branches_of`.
        networks: in the order of ``branches``, pair after pair.
    """

    def __init__(self, name: str, config: Mapping[str, Mapping], device: torch.device | str = "cpu") -> None:
        kind = kind_of(name)
        self.name, self.branches = name, branches_of(name, config)
        self.config = {branch: dict(config[branch]) for branch in self.branches}
        with torch.random.fork_rng(devices=[]):  # initial weights come from torch's global generator
            self.networks: list[FusionNetwork] = [
                create_network(kind.networks[branch_kind(branch)], **self.config[branch]).to(device)
                for branch in self.branches
            ]

    @classmethod
    def fresh(
        cls,
        name: str,
        components: int,
        seed: int,
        device: torch.device | str = "cpu",
        ratio: float | None = None,
        guides: int = 1,
        pairs: int = 1,
    ) -> Pair:
        """Untrained networks.

        Args:
            name: of the kind, see :func:`kind_of`.
            components: planes of the HSI.
            seed: of the initial weights; torch's global generator keeps its state.
            device: of the networks.
            ratio: PAN pixels per HSI pixel; None: unknown.
            guides: M, the PAN's number of bands.
            pairs: how many of each branch.

        Returns:
            The pair, or several.
        """
        networks = kind_of(name).networks
        several = {"guides": guides} if guides > 1 else {}
        config = {
            _branch(kind, pair): {"components": components, **several, **network_class(network).config_for(ratio)}
            for pair in range(1, pairs + 1)
            for kind, network in networks.items()
        }
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(name, config, device)

    @property
    def pairs(self) -> list[list[FusionNetwork]]:
        """The networks that learn from each other, pair by pair; of a single kind one each."""
        size = len(kind_of(self.name).networks)
        return [self.networks[first : first + size] for first in range(0, len(self.networks), size)]

    @property
    def parameters(self) -> dict[str, int]:
        """Number of parameters of each network at inference."""
        return {branch: int(cost["parameters"]) for branch, cost in self.costs.items()}

    @cached_property
    def costs(self) -> dict[str, dict[str, float]]:
        """The cost of each network at inference; see :func:`.costs.costs`."""
        return {
            branch: costs(network, int(self.config[branch]["components"]))
            for branch, network in zip(self.branches, self.networks)
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """The arrays that inference needs.

        Returns:
            Parameters by "<branch>.<name>", of any shape, float32; those of binarized layers as uint8, one bit each.
        """
        return {
            f"{branch}.{name}": value.detach().cpu().contiguous().numpy()
            for branch, network in zip(self.branches, self.networks)
            for name, value in _stored(network).items()
        }

    def part(self, networks: Sequence[int]) -> Pair:
        """Some of the networks as a model of their own, with the same parameters.

        Args:
            networks: their numbers in ``networks``, as many of each kind.

        Returns:
            A pair, or several, on the same device.
        """
        found: dict[str, list[int]] = {}
        for number in networks:
            found.setdefault(branch_kind(self.branches[number]), []).append(number)
        names = {_branch(kind, pair): number for kind, each in found.items() for pair, number in enumerate(each, 1)}
        device = next(self.networks[0].parameters()).device
        part = Pair(self.name, {name: self.config[self.branches[number]] for name, number in names.items()}, device)
        own = self.tensors()
        part.load(
            {
                f"{name}.{tensor[len(branch) + 1 :]}": array
                for name, branch in ((name, self.branches[number]) for name, number in names.items())
                for tensor, array in own.items()
                if tensor.startswith(f"{branch}.")
            }
        )
        return part

    def load(self, tensors: Mapping[str, np.ndarray], file: str = "The model file") -> None:
        """Restore the parameters.

        Args:
            tensors: from :meth:`tensors`, each of the same shape and the same dtype; arrays of no branch are ignored.
            file: for messages.

        Raises:
            InputError: a parameter is missing, unknown, or of another shape or dtype.
        """
        refusal = InputError(f"{file} does not hold the parameters of its own network; train the model again.")
        own = {f"{branch}." for branch in self.branches}
        unused = {name for name in tensors if any(name.startswith(branch) for branch in own)}
        for branch, network in zip(self.branches, self.networks):
            state = {}
            for name, value in _stored(network).items():
                found = tensors.get(f"{branch}.{name}")
                kind = np.float32 if value.is_floating_point() else value.detach().cpu().numpy().dtype
                if found is None or tuple(found.shape) != tuple(value.shape) or found.dtype != kind:
                    raise refusal
                unused.discard(f"{branch}.{name}")
                state[name] = torch.from_numpy(np.array(found))
            _restore(network, state)
        if unused:
            raise refusal


def _stored(network: nn.Module) -> dict[str, Tensor]:
    """The arrays that a network stores: its parameters, or what the ``stored`` of a layer gives instead."""
    found: dict[str, Tensor] = {}
    for place, module in network.named_modules():
        own = module.stored() if hasattr(module, "stored") else dict(module.named_parameters(recurse=False))
        found.update({f"{place}.{name}" if place else name: value for name, value in own.items()})
    return found


def _restore(network: nn.Module, stored: Mapping[str, Tensor]) -> None:
    for place, module in network.named_modules():
        prefix = f"{place}." if place else ""
        own = {n[len(prefix) :]: v for n, v in stored.items() if n.startswith(prefix) and "." not in n[len(prefix) :]}
        if hasattr(module, "restore"):
            module.restore({name: value.to(module.weight.device) for name, value in own.items()})
            continue
        with torch.no_grad():
            for name, parameter in module.named_parameters(recurse=False):
                parameter.copy_(own[name])
