"""The networks of a model and how they are stored: a spectral and a spatial network that learned from each other, or a
single one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from ..networks import published, ssml  # noqa: F401 - register their networks
from ..networks.binarized import s2bnet  # noqa: F401 - register their networks
from ..networks.costs import costs
from ..networks.registry import Network, create_network, network_names
from ..runtime.errors import InputError

PATHS = ("spectral", "spatial")
USES = ("mean", *PATHS)


@dataclass(frozen=True)
class Kind:
    """What a model may consist of.

    Attributes:
        networks: registered name of each network, by path; two for mutual learning, or one.
        config: arguments of every network beside the number of components.
        learning: fields of :class:`core.training.settings.Settings` that it learns best with.
        bands: (fewest, most) bands of the images that it is made for; None for any.
        at_two: further arguments, by path, at ratio 2, where half the PAN's resolution is no more than the HSI's.
    """

    networks: Mapping[str, str]
    config: Mapping[str, object] = field(default_factory=dict)
    learning: Mapping[str, object] = field(default_factory=dict)
    bands: tuple[int, int] | None = None
    at_two: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @classmethod
    def binary(cls, network: str, **config: object) -> Kind:
        """A single network for multispectral images, learned by plain L1 where the truth is known."""
        learning = {
            "rate": 3e-3,
            "angle": 0.0,
            "gradient": 0.0,
            "consistency": 0.0,
            "full_exchange": 0.0,
            "emphasis": 1.0,
            "components": 16,
        }
        return cls({"network": network}, config, learning, (3, 16))


SSML = {"spectral": "ssml-spectral", "spatial": "ssml-spatial"}
PAIRS = {
    "ssml": Kind(SSML, at_two={"spatial": {"side": 1}}),
    "s2bnet": Kind.binary("s2bnet"),
    "bisrnet": Kind.binary("bisrnet"),
    "s2bnet_float": Kind.binary("s2bnet_float"),
}


def kind_of(name: str) -> Kind:
    """The kind of that name: one of :data:`PAIRS`, a registered network alone, or "<spectral>+<spatial>" for any two.

    Raises:
        InputError: there is none.
    """
    if name in PAIRS:
        return PAIRS[name]
    networks = name.split("+")
    unknown = [network for network in networks if network not in network_names()]
    if unknown or len(networks) > 2:
        choices = ", ".join(dict.fromkeys([*PAIRS, *network_names()]))
        raise InputError(f"There is no network called {(unknown or [name])[0]}; choose one of: {choices}.")
    return Kind(dict(zip(PATHS, networks)) if len(networks) == 2 else {"network": name})


def pair_name(spectral: str, spatial: str) -> str:
    """The name of a pair in which networks take the places of SSML's own; "" keeps the own one."""
    networks = {"spectral": spectral or SSML["spectral"], "spatial": spatial or SSML["spatial"]}
    return "ssml" if networks == SSML else "+".join(networks[path] for path in PATHS)


class Pair:
    """The networks of a model over one subspace: one for each path of its kind.

    Attributes:
        name: of the kind. paths: of the networks.
        config: arguments of the networks, by path; with ``name`` it rebuilds them.
        networks: in the order of ``paths``.
    """

    def __init__(self, name: str, config: Mapping[str, Mapping], device: torch.device | str = "cpu") -> None:
        kind = kind_of(name)
        self.name, self.paths = name, tuple(kind.networks)
        self.config = {path: dict(config[path]) for path in self.paths}
        with torch.random.fork_rng(devices=[]):  # what layers start from is drawn from torch's global generator
            self.networks: list[Network] = [
                create_network(network, **self.config[path]).to(device) for path, network in kind.networks.items()
            ]

    @classmethod
    def fresh(
        cls, name: str, components: int, seed: int, device: torch.device | str = "cpu", ratio: int | None = None
    ) -> Pair:
        """Untrained networks, for a ratio; the seed fixes what they start from without touching torch's generator."""
        kind = kind_of(name)
        more = kind.at_two if ratio == 2 else {}
        config = {path: {"components": components, **kind.config, **more.get(path, {})} for path in kind.networks}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(name, config, device)

    @property
    def parameters(self) -> dict[str, int]:
        """Learned numbers of each network, as inference needs them."""
        return {path: int(cost["parameters"]) for path, cost in self.costs.items()}

    @cached_property
    def costs(self) -> dict[str, dict[str, float]]:
        """What each network costs at inference; see :func:`.costs.costs`."""
        return {
            path: costs(network, int(self.config[path]["components"]))
            for path, network in zip(self.paths, self.networks)
        }

    def tensors(self) -> dict[str, np.ndarray]:
        """What inference needs, by "<path>.<name>": parameters, those of binarized layers one bit each."""
        return {
            f"{path}.{name}": value.detach().cpu().contiguous().numpy()
            for path, network in zip(self.paths, self.networks)
            for name, value in _stored(network).items()
        }

    def load(self, tensors: Mapping[str, np.ndarray], file: str = "The model file") -> None:
        """Take parameters from :meth:`tensors`.

        Raises:
            InputError: one is missing or of another shape or type, or there are others.
        """
        refusal = InputError(f"{file} does not hold the parameters of its own network; train the model again.")
        own = {f"{path}." for path in self.paths}
        given = {name for name in tensors if any(name.startswith(path) for path in own)}
        for path, network in zip(self.paths, self.networks):
            state = {}
            for name, value in _stored(network).items():
                found = tensors.get(f"{path}.{name}")
                kind = np.float32 if value.is_floating_point() else value.detach().cpu().numpy().dtype
                if found is None or tuple(found.shape) != tuple(value.shape) or found.dtype != kind:
                    raise refusal
                given.discard(f"{path}.{name}")
                state[name] = torch.from_numpy(np.array(found))
            _restore(network, state)
        if given:
            raise refusal


def _stored(network: nn.Module) -> dict[str, Tensor]:
    """What a network stores: parameters, or what a layer says that it stores instead."""
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
