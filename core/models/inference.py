"""The residual that trained networks add to the prior, computed in tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np
import torch

from ..networks.cpu.slabs import interruptible
from ..operators.tiles import tile_cols
from ..runtime.devices import choose_device, is_out_of_memory
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..runtime.threads import Workers
from .pair import USES, Pair, branch_kind

_ROWS = 16  # of results that are combined at once
_PROGRAM = 260_000_000  # bytes of Python, GDAL and PyTorch, once they are loaded
_SHARE = 0.66  # of what a budget leaves besides, at most, for tiles


class PairResidual:
    """The residual that trained networks add to the prior, computed in tiles, as fusion uses it. When memory is not
    enough for a tile, the size of tiles is halved.

    Args:
        pair: the networks.
        device: where they are computed.
        use: "mean" of all networks, or of those of one branch.
        bands: number of bands that the networks learned, for the disagreement.
        memory: budget of the fusion in GB; None for no limit.
        limits: magnitude of each plane that the networks saw in training, at most, to which planes are clipped: beyond
            it, as at a mirroring roof, networks extrapolate without bound. None for no limits.

    Attributes:
        engine: a sentence about how it is computed, "" where there is no choice.
        tile, tile_bytes, bytes_at_work: see :class:`..fusion.prior.Residual`.

    Raises:
        InputError: the pair has no result called ``use``.
    """

    # In pixels of layers: all concurrent tiles of networks that work in slabs without folding; a tile of other
    # networks; the smallest tile that a budget leads to, and that a lack of memory leads to.
    TILES, TILE, LEAST_TILE, SMALLEST_TILE = 640_000, 80_000, 20_000, 512

    def __init__(
        self,
        pair: Pair,
        device: torch.device,
        use: str = "mean",
        bands: int = 1,
        memory: float | None = None,
        limits: Sequence[float] | None = None,
    ) -> None:
        if use not in USES:
            raise InputError(f"There is no result {use!r} of a pair of networks; choose one of {', '.join(USES)}.")
        kinds = [branch_kind(branch) for branch in pair.branches]
        if use not in ("mean", *kinds):
            raise InputError(f"A model of {pair.name} has no {use} network; use the mean, which is its only network.")
        self.networks = [network.to(device).eval() for network in pair.networks]
        self.device, self.use, self.bands, self.limits = device, use, bands, limits
        self._used = [number for number, kind in enumerate(kinds) if use in ("mean", kind)]
        self._around = 1 if len(self.networks) > 1 else 0  # pixels on each side over which the disagreement is averaged
        self.receptive_field = max(network.receptive_field for network in self.networks) + self._around
        self.alignment = max(network.alignment for network in self.networks)
        self.planes_dtype = np.result_type(*(network.planes_dtype for network in self.networks))
        self.engine = next(filter(None, [network.prepare(device) for network in self.networks]), "")
        self._threads = torch.get_num_threads() if device.type == "cpu" else 1
        in_slabs = device.type == "cpu" and all(network.in_slabs for network in self.networks)
        folded = min(network.folded for network in self.networks)
        tiles = self.TILES // math.isqrt(folded)  # margins of the same size take a larger share of smaller tiles
        tile = max(self.TILE, tiles // max(self._threads, 2)) if in_slabs else self.TILE
        layers = max(network.memory_at_work(tile, in_slabs) for network in self.networks) / tile
        self.components = int(pair.config[pair.branches[0]]["components"])
        guides = max(network.guides for network in self.networks)
        planes = 4 * folded * 2 * (self.components + guides)  # bytes of input and output
        taken = (layers + planes) * self._threads
        most = math.inf if memory is None else _SHARE * (1e9 * memory - _PROGRAM)
        while tile > self.LEAST_TILE and tile * taken > most:
            tile //= 2
        self.bytes_at_work, self.tile, self.tile_bytes = _PROGRAM, tile * folded, taken / folded
        self._pair = pair

    def __getstate__(self) -> dict[str, Any]:
        """What rebuilds it in another process; it keeps the size of tiles, as last digits depend on it."""
        pair = self._pair
        return {
            "pair": (pair.name, pair.config, pair.tensors()),
            "arguments": (self.device.type, self.use, self.bands, self.limits),
            "tiling": {"_threads": self._threads, "tile": self.tile, "tile_bytes": self.tile_bytes},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        name, config, tensors = state["pair"]
        kind, use, bands, limits = state["arguments"]
        device, sentence = choose_device(kind)
        if device.type != kind:
            raise InputError(f"{sentence[:-1]}; give --device cpu, so that all compute the same.")
        pair = Pair(name, config)
        pair.load(tensors)
        self.__init__(pair, device, use, bands, limits=limits)  # type: ignore[misc]  # from its own arguments
        self.__dict__.update(state["tiling"])

    @torch.inference_mode()
    def __call__(
        self, planes: np.ndarray, progress: Progress | None = None, margins: tuple[int, int] = (0, 0)
    ) -> tuple[np.ndarray, np.ndarray]:
        """The residual and the networks' disagreement.

        Args:
            planes: (K + 2 M, rows, columns) of dtype ``planes_dtype``, float32 or float64, see
                :meth:`.FusionNetwork.forward`; the first pixel lies on a multiple of ``alignment``. They are clipped to
                the limits in place.
            progress: asked whether to cancel.
            margins: numbers of rows above and below for which no result is computed.

        Returns:
            The residual, (K, rows, columns) float32, and the disagreement, (rows, columns) float32: the root mean
            square, over bands, all pairs of networks and 3 x 3 pixels, of their difference, in standard deviations of
            the bands, 0 of a single network. Both are 0 in the margins.

        Raises:
            MemoryError: memory is not enough for the smallest tile.
            Cancelled: the user has cancelled.
        """
        for plane, limit in zip(planes, self.limits or ()):
            np.clip(plane, -limit, limit, out=plane)
        rows = planes.shape[1]
        inner = max(margins[0] - self._around, 0), rows - max(margins[1] - self._around, 0)
        results = [np.empty((self.components, *planes.shape[1:]), np.float32) for _ in self.networks]
        for result in results:
            result[:, : inner[0]] = result[:, inner[1] :] = 0
        while True:
            try:
                self._run_all(planes, results, inner, progress or Progress())
                break
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                if self.tile <= self.SMALLEST_TILE:
                    raise MemoryError(str(error)) from None
                self.tile //= 2
        found = self._combined(results, progress or Progress())
        for one in found:
            one[..., : margins[0], :] = one[..., rows - margins[1] :, :] = 0
        return found

    def _run_all(
        self, planes: np.ndarray, results: list[np.ndarray], rows: tuple[int, int], progress: Progress
    ) -> None:
        """Rows (start, stop) of all tiles of all networks in parallel, each on a thread of the CPU: splitting small
        operations between threads saves little time, and a core that other programs keep busy delays one tile only."""
        cols = planes.shape[2]
        width = tile_cols(cols, planes.shape[1], self.tile, self.receptive_field)
        tiles = [
            (index, left, min(left + width, cols))
            for left in range(0, cols, width)
            for index in range(len(self.networks))
        ]

        def work(tile: tuple[int, int, int]) -> None:
            index, left, right = tile
            results[index][:, slice(*rows), left:right] = self._result(index, planes, rows, (left, right), progress)

        self._in_parallel(work, tiles, progress)

    def _in_parallel(self, work: Callable[[Any], None], pieces: Sequence[Any], progress: Progress) -> None:
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
        self, index: int, planes: np.ndarray, rows: tuple[int, int], cols: tuple[int, int], progress: Progress
    ) -> np.ndarray:
        """A network's residual of rows and columns (start, stop), computed with its margin."""
        (top, bottom), (left, right) = (self._with_margin(index, *span) for span in (rows, cols))
        part = planes[:, top:bottom, left:right]
        tile = torch.from_numpy(np.ascontiguousarray(part)).to(self.device)[None]
        inner = slice(rows[0] - top, rows[1] - top), slice(cols[0] - left, cols[1] - left)
        with interruptible(progress.check):
            return self.networks[index](tile)[0][:, inner[0], inner[1]].cpu().numpy()

    def _with_margin(self, index: int, start: int, stop: int) -> tuple[int, int]:
        """The pixels along an axis that a network's pixels ``start`` to ``stop`` depend on; the end may be beyond the
        image."""
        radius, step = self.networks[index].receptive_field, self.alignment
        return max(0, start - radius) // step * step, -(-(stop + radius) // step) * step

    def _combined(self, results: list[np.ndarray], progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        """The result to use, in the array of one of the results, and their disagreement."""
        disagreement = np.zeros(results[0].shape[1:], np.float32)
        count, used = len(results), [results[number] for number in self._used]
        if count < 2:
            return results[0], disagreement
        chosen, share = used[0], np.float32(1 / len(used))

        def work(start: int) -> None:
            parts = [result[:, start : start + _ROWS] for result in results]
            squares = np.zeros(parts[0].shape[1:], np.float32)
            for place, one in enumerate(parts):
                for other in parts[place + 1 :]:
                    difference = one - other
                    squares += np.einsum("krc,krc->rc", difference, difference)
            disagreement[start : start + _ROWS] = squares / np.float32(self.bands * count * (count - 1) / 2)
            if len(used) > 1:
                first, *others = (result[:, start : start + _ROWS] for result in used)
                first -= share * sum(first - other for other in others)

        self._in_parallel(work, range(0, len(disagreement), _ROWS), progress)
        return chosen, np.sqrt(_mean_around(disagreement))


def _mean_around(plane: np.ndarray) -> np.ndarray:
    """Means over 3 x 3 pixels of a plane that goes on beyond its edges as it ends, float32: a network's difference in
    one pixel tells less of its error than those around it do, too (rank correlation 0.29 and 0.37, docs/notebook)."""
    padded = np.pad(plane, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) * np.float32(1 / 9)
