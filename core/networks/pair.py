"""A pair of networks that belong together, how it is stored, and what it adds to the prior."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import InputError
from . import ssml  # noqa: F401 - registers its networks
from .registry import create_network, parameter_count
from .side_by_side import Each, side_by_side

PATHS = ("spectral", "spatial")
USES = ("mean", *PATHS)
PAIRS = {"ssml": ("ssml-spectral", "ssml-spatial")}


class Pair:
    """A spectral and a spatial network over one subspace.

    Attributes:
        name: of the pair.
        config: arguments of both networks, by path; with ``name`` it rebuilds them.
        networks: the two, in the order of ``PATHS``.
    """

    def __init__(self, name: str, config: Mapping[str, Mapping], device: torch.device | str = "cpu") -> None:
        if name not in PAIRS:
            raise InputError(f"There is no network called {name}; choose one of: {', '.join(PAIRS)}.")
        self.name, self.config = name, {path: dict(config[path]) for path in PATHS}
        self.networks: list[nn.Module] = [
            create_network(network, **self.config[path]).to(device) for network, path in zip(PAIRS[name], PATHS)
        ]

    @classmethod
    def fresh(cls, name: str, components: int, seed: int, device: torch.device | str = "cpu") -> Pair:
        """An untrained pair; the seed fixes its parameters without touching torch's global generator."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(name, {path: {"components": components} for path in PATHS}, device)

    @property
    def parameters(self) -> dict[str, int]:
        """Learned numbers of each network."""
        return {path: parameter_count(network) for path, network in zip(PATHS, self.networks)}

    def tensors(self) -> dict[str, np.ndarray]:
        """Parameters by "<path>.<name>"."""
        return {
            f"{path}.{name}": value.detach().cpu().numpy()
            for path, network in zip(PATHS, self.networks)
            for name, value in network.state_dict().items()
        }

    def load(self, tensors: Mapping[str, np.ndarray], file: str = "The model file") -> None:
        """Take parameters from :meth:`tensors`.

        Raises:
            InputError: one is missing or has another shape.
        """
        for path, network in zip(PATHS, self.networks):
            state = {}
            for name, value in network.state_dict().items():
                found = tensors.get(f"{path}.{name}")
                if found is None or tuple(found.shape) != tuple(value.shape):
                    raise InputError(f"{file} does not hold the parameters of its own network; train the model again.")
                state[name] = torch.from_numpy(np.array(found, np.float32))
            network.load_state_dict(state)


class PairResidual:
    """What a trained pair adds to the prior, computed in tiles: fusion's view of the networks. A tile that does not fit
    into memory is halved and tried again.

    Args:
        use: "mean" of both networks, or one of them.
        bands: number of bands that took part, for the disagreement.
    """

    TILE, SMALLEST_TILE = 256, 32  # columns

    def __init__(self, pair: Pair, device: torch.device, use: str = "mean", bands: int = 1) -> None:
        if use not in USES:
            raise InputError(f"There is no result {use!r} of a pair of networks; choose one of {', '.join(USES)}.")
        self.networks = [network.to(device).eval() for network in pair.networks]
        self.device, self.use, self.bands, self.tile = device, use, bands, self.TILE
        self.receptive_field = max(network.receptive_field for network in self.networks)
        # The widest layers of both networks, some of them alive at once.
        self.bytes_per_pixel = 4 * 4 * max(max(p.shape[0] for p in network.parameters()) for network in self.networks)

    @torch.inference_mode()
    def __call__(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K + 2, rows, columns) to the residual (K, rows, columns), and the networks' disagreement (rows, columns):
        the root mean square over bands of their difference, in standard deviations of the bands."""
        rows, cols = planes.shape[1:]
        residual = np.empty((planes.shape[0] - 2, rows, cols), np.float32)
        disagreement = np.empty((rows, cols), np.float32)
        left = 0
        with side_by_side(self.device) as each:
            while left < cols:
                right = min(left + self.tile, cols)
                try:
                    both = self._both(each, planes, left, right)
                except RuntimeError as error:
                    if not _out_of_memory(error):
                        raise
                    if self.tile <= self.SMALLEST_TILE:
                        raise MemoryError(str(error)) from None
                    self.tile //= 2
                    continue
                residual[:, :, left:right] = self._chosen(both).cpu().numpy()
                difference = ((both[0] - both[1]) ** 2).sum(0) / self.bands
                disagreement[:, left:right] = difference.sqrt().cpu().numpy()
                left = right
        return residual, disagreement

    def _both(self, each: Each, planes: np.ndarray, left: int, right: int) -> list[Tensor]:
        """Both networks' residuals of columns ``left`` to ``right``, with the margin that they need around them."""
        low, high = max(0, left - self.receptive_field), min(planes.shape[2], right + self.receptive_field)
        tile = torch.from_numpy(np.ascontiguousarray(planes[:, :, low:high])).to(self.device)[None]
        inner = slice(left - low, right - low)
        return each(lambda index: self._run(index, tile)[:, :, inner])

    @torch.inference_mode()
    def _run(self, index: int, tile: Tensor) -> Tensor:
        return self.networks[index](tile)[0]

    def _chosen(self, both: list[Tensor]) -> Tensor:
        if self.use == "mean":
            return (both[0] + both[1]) / 2
        return both[PATHS.index(self.use)]


def _out_of_memory(error: RuntimeError) -> bool:
    """Whether PyTorch could not allocate: each of its backends says it in its own words."""
    text = str(error).lower()
    return isinstance(error, torch.cuda.OutOfMemoryError) or "out of memory" in text or "allocate memory" in text
