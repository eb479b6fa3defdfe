"""The networks of a model, how they are stored, and what they add to the prior: a spectral and a spatial network that
learned from each other, or a single one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from ..devices import is_out_of_memory
from ..errors import InputError
from . import published, s2bnet, ssml  # noqa: F401 - register their networks
from .costs import costs
from .registry import create_network, network_names
from .side_by_side import Each, side_by_side

PATHS = ("spectral", "spatial")
USES = ("mean", *PATHS)


@dataclass(frozen=True)
class Kind:
    """What a model may consist of.

    Attributes:
        networks: registered name of each network, by path; two for mutual learning, or one.
        config: arguments of every network beside the number of components.
        learning: fields of :class:`core.learning.settings.Settings` that it learns best with.
        bands: (fewest, most) bands of the images that it is made for; None for any.
    """

    networks: Mapping[str, str]
    config: Mapping[str, object] = field(default_factory=dict)
    learning: Mapping[str, object] = field(default_factory=dict)
    bands: tuple[int, int] | None = None

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


PAIRS = {
    "ssml": Kind({"spectral": "ssml-spectral", "spatial": "ssml-spatial"}),
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
    own = PAIRS["ssml"].networks
    networks = {"spectral": spectral or own["spectral"], "spatial": spatial or own["spatial"]}
    return "ssml" if networks == own else "+".join(networks[path] for path in PATHS)


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
        self.networks: list[nn.Module] = [
            create_network(network, **self.config[path]).to(device) for path, network in kind.networks.items()
        ]

    @classmethod
    def fresh(cls, name: str, components: int, seed: int, device: torch.device | str = "cpu") -> Pair:
        """Untrained networks; the seed fixes their parameters without touching torch's global generator."""
        kind = kind_of(name)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(name, {path: {"components": components, **kind.config} for path in kind.networks}, device)

    @property
    def parameters(self) -> dict[str, int]:
        """Learned numbers of each network, as inference needs them."""
        return {path: int(cost["parameters"]) for path, cost in self.costs.items()}

    @property
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


class PairResidual:
    """What trained networks add to the prior, computed in tiles: fusion's view of them. A tile that does not fit
    into memory is halved and tried again.

    Args:
        use: "mean" of both networks, or one of them.
        bands: number of bands that took part, for the disagreement.

    Attributes:
        engine: a sentence about how it is computed, "" where there is nothing to say.
    """

    TILE, SMALLEST_TILE = 256, 32  # columns

    def __init__(self, pair: Pair, device: torch.device, use: str = "mean", bands: int = 1) -> None:
        if use not in USES:
            raise InputError(f"There is no result {use!r} of a pair of networks; choose one of {', '.join(USES)}.")
        if use not in ("mean", *pair.paths):
            raise InputError(f"A model of {pair.name} has no {use} network; use the mean, which is its only network.")
        self.networks = [network.to(device).eval() for network in pair.networks]
        self.paths, self.device, self.use, self.bands, self.tile = pair.paths, device, use, bands, self.TILE
        self.receptive_field = max(network.receptive_field for network in self.networks)
        self.alignment = max(getattr(network, "alignment", 1) for network in self.networks)
        self.planes_dtype = max(getattr(network, "planes_dtype", "float32") for network in self.networks)
        prepared = [network.prepare(device) for network in self.networks if hasattr(network, "prepare")]
        self.engine = prepared[0] if prepared else ""
        # The widest layers of the networks, some of them alive at once.
        self.bytes_per_pixel = 4 * 4 * max(max(p.shape[0] for p in network.parameters()) for network in self.networks)

    @torch.inference_mode()
    def __call__(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K + 2, rows, columns) to the residual (K, rows, columns), and the networks' disagreement (rows, columns):
        the root mean square over bands of their difference, in standard deviations of the bands; 0 of a single one.
        The first pixel lies on a multiple of ``alignment``."""
        rows, cols = planes.shape[1:]
        residual = np.empty((planes.shape[0] - 2, rows, cols), np.float32)
        disagreement = np.zeros((rows, cols), np.float32)
        left = 0
        with side_by_side(self.device, len(self.networks)) as each:
            while left < cols:
                right = min(left + self.tile, cols)
                try:
                    results = self._results(each, planes, left, right)
                except RuntimeError as error:
                    if not is_out_of_memory(error):
                        raise
                    if self.tile <= self.SMALLEST_TILE:
                        raise MemoryError(str(error)) from None
                    self.tile //= 2
                    continue
                residual[:, :, left:right] = self._chosen(results).cpu().numpy()
                if len(results) == 2:
                    difference = ((results[0] - results[1]) ** 2).sum(0) / self.bands
                    disagreement[:, left:right] = difference.sqrt().cpu().numpy()
                left = right
        return residual, disagreement

    def _results(self, each: Each, planes: np.ndarray, left: int, right: int) -> list[Tensor]:
        """The networks' residuals of columns ``left`` to ``right``, with the margin that they need around them."""
        low = max(0, left - self.receptive_field) // self.alignment * self.alignment
        high = min(planes.shape[2], -(-(right + self.receptive_field) // self.alignment) * self.alignment)
        tile = torch.from_numpy(np.ascontiguousarray(planes[:, :, low:high])).to(self.device)[None]
        inner = slice(left - low, right - low)
        return each(lambda index: self._run(index, tile)[:, :, inner])

    @torch.inference_mode()
    def _run(self, index: int, tile: Tensor) -> Tensor:
        return self.networks[index](tile)[0]

    def _chosen(self, results: list[Tensor]) -> Tensor:
        if self.use == "mean":
            return sum(results) / len(results)
        return results[self.paths.index(self.use)]
