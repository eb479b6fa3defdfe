"""The networks of a model, how they are stored, and what they add to the prior: a spectral and a spatial network that
learned from each other, or a single one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Callable

import numpy as np
import torch
from torch import Tensor, nn

from ..devices import is_out_of_memory
from ..errors import InputError
from ..progress import Progress
from ..workers import Workers
from . import published, s2bnet, ssml  # noqa: F401 - register their networks
from .costs import costs
from .layers.slabs import interruptible
from .registry import Network, create_network, network_names

PATHS = ("spectral", "spatial")
USES = ("mean", *PATHS)
_ROWS = 16  # of results that are combined at once


@dataclass(frozen=True)
class Kind:
    """What a model may consist of.

    Attributes:
        networks: registered name of each network, by path; two for mutual learning, or one.
        config: arguments of every network beside the number of components.
        learning: fields of :class:`core.learning.settings.Settings` that it learns best with.
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


class PairResidual:
    """What trained networks add to the prior, computed in tiles: fusion's view of them. A tile that does not fit
    into memory is halved and tried again.

    Args:
        use: "mean" of both networks, or one of them.
        bands: number of bands that took part, for the disagreement.

    Attributes:
        engine: a sentence about how it is computed, "" where there is nothing to say.
    """

    # Pixels of layers: of networks that work in slabs, in all tiles at work, where none are folded; of a tile of
    # others; of any tile, at least.
    TILES, TILE, SMALLEST_TILE = 640_000, 80_000, 512

    def __init__(self, pair: Pair, device: torch.device, use: str = "mean", bands: int = 1) -> None:
        if use not in USES:
            raise InputError(f"There is no result {use!r} of a pair of networks; choose one of {', '.join(USES)}.")
        if use not in ("mean", *pair.paths):
            raise InputError(f"A model of {pair.name} has no {use} network; use the mean, which is its only network.")
        self.networks = [network.to(device).eval() for network in pair.networks]
        self.paths, self.device, self.use, self.bands = pair.paths, device, use, bands
        self.receptive_field = max(network.receptive_field for network in self.networks)
        self.alignment = max(network.alignment for network in self.networks)
        self.planes_dtype = max(network.planes_dtype for network in self.networks)
        self.engine = next(filter(None, [network.prepare(device) for network in self.networks]), "")
        self._threads = torch.get_num_threads() if device.type == "cpu" else 1
        in_slabs = device.type == "cpu" and all(network.in_slabs for network in self.networks)
        folded = min(network.folded for network in self.networks)
        tiles = self.TILES // math.isqrt(folded)  # as large a margin takes more of a smaller tile
        tile = max(self.TILE, tiles // max(self._threads, 2)) if in_slabs else self.TILE
        # The widest layers of the networks, some of them alive at once; and what goes in and comes out.
        widest = max(max(p.shape[0] for p in network.parameters()) for network in self.networks)
        ends = 4 * folded * 2 * (int(pair.config[pair.paths[0]]["components"]) + 1)
        self.bytes_at_work = ((2 if in_slabs else 4) * 4 * widest + ends) * tile * self._threads
        self.tile = tile * folded

    @torch.inference_mode()
    def __call__(
        self, planes: np.ndarray, progress: Progress | None = None, margins: tuple[int, int] = (0, 0)
    ) -> tuple[np.ndarray, np.ndarray]:
        """(K + 2, rows, columns) to the residual (K, rows, columns), and the networks' disagreement (rows, columns):
        the root mean square over bands of their difference, in standard deviations of the bands; 0 of a single one.
        The first pixel lies on a multiple of ``alignment``; of ``margins``, so many rows above and below, nothing is
        wanted, and both are 0 there."""
        wanted = margins[0], planes.shape[1] - margins[1]
        results = [np.empty((planes.shape[0] - 2, *planes.shape[1:]), np.float32) for _ in self.networks]
        for result in results:
            result[:, : wanted[0]] = result[:, wanted[1] :] = 0
        while True:
            try:
                self._run_all(planes, results, wanted, progress or Progress())
                break
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                if self.tile <= self.SMALLEST_TILE:
                    raise MemoryError(str(error)) from None
                self.tile //= 2
        return self._combined(results, progress or Progress())

    def _run_all(
        self, planes: np.ndarray, results: list[np.ndarray], wanted: tuple[int, int], progress: Progress
    ) -> None:
        """All tiles of all networks, side by side, each on a thread of the CPU: small operations gain little when they
        are split between threads, and a core that is busy with something else holds up one tile only."""
        rows, cols = planes.shape[1:]
        width = max(16, self.tile // rows - 2 * self.receptive_field)
        width = -(-cols // -(-cols // width))  # all of one size
        tiles = [
            (index, left, min(left + width, cols))
            for left in range(0, cols, width)
            for index in range(len(self.networks))
        ]

        def work(tile: tuple[int, int, int]) -> None:
            index, left, right = tile
            place = results[index][:, wanted[0] : wanted[1], left:right]
            place[...] = self._result(index, planes, wanted, (left, right), progress)

        self._side_by_side(work, tiles, progress)

    def _side_by_side(self, work: Callable[[Any], None], pieces: Sequence[Any], progress: Progress) -> None:
        if self._threads < 2 or len(pieces) < 2:
            for piece in pieces:
                progress.check()
                work(piece)
            return
        try:
            with Workers(min(self._threads, len(pieces)), lambda: torch.set_num_threads(1)) as workers:
                workers.run(work, pieces, progress)
        finally:
            torch.set_num_threads(self._threads)

    @torch.inference_mode()
    def _result(
        self,
        index: int,
        planes: np.ndarray,
        rows: tuple[int, int],
        cols: tuple[int, int],
        progress: Progress,
    ) -> np.ndarray:
        """A network's residual of rows and columns (start, stop), computed with the margin that it needs."""
        (top, bottom), (left, right) = (self._with_margin(index, *span) for span in (rows, cols))
        part = planes[:, top:bottom, left:right]
        tile = torch.from_numpy(np.ascontiguousarray(part)).to(self.device)[None]
        inner = slice(rows[0] - top, rows[1] - top), slice(cols[0] - left, cols[1] - left)
        with interruptible(progress.check):
            return self.networks[index](tile)[0][:, inner[0], inner[1]].cpu().numpy()

    def _with_margin(self, index: int, start: int, stop: int) -> tuple[int, int]:
        """What a network's pixels ``start`` to ``stop`` depend on along an axis, or a little more than there is."""
        reach, step = self.networks[index].receptive_field, self.alignment
        return max(0, start - reach) // step * step, -(-(stop + reach) // step) * step

    def _combined(self, results: list[np.ndarray], progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        """What is used of the results, in the place of one of them, and their disagreement."""
        disagreement = np.zeros(results[0].shape[1:], np.float32)
        if len(results) < 2:
            return results[0], disagreement
        chosen = results[0 if self.use == "mean" else self.paths.index(self.use)]

        def work(start: int) -> None:
            one, other = (result[:, start : start + _ROWS] for result in results)
            gap = one - other
            disagreement[start : start + _ROWS] = np.sqrt(np.einsum("krc,krc->rc", gap, gap) / np.float32(self.bands))
            if self.use == "mean":
                gap *= np.float32(0.5)
                one -= gap

        self._side_by_side(work, range(0, len(disagreement), _ROWS), progress)
        return chosen, disagreement
