"""The regression prior, and what networks add to it, as a method of fusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..operators.consistency import DEFAULT_ITERATIONS
from ..operators.resample import Gains
from ..runtime.progress import Progress
from ..scene.planes import network_planes
from ..scene.scene import Scene
from ..scene.statistics import Statistics
from ..scene.streams import Guide, degraded_pan, scene_operators
from .method import FittedMethod, Part, Support


class Residual(Protocol):
    """The networks' residual over the prior. It can be pickled."""

    @property
    def receptive_field(self) -> int:
        """PAN pixels on each side that an output pixel depends on."""

    @property
    def alignment(self) -> int:
        """What it is given starts at multiples of this many pixels of the scene."""

    @property
    def planes_dtype(self) -> np.dtype:
        """Of the planes: float64 where their last digit must not depend on how they were cut, else float32."""

    @property
    def bytes_at_work(self) -> int:
        """Memory that is taken whatever is computed."""

    @property
    def tile(self) -> int:
        """Pixels of a tile, at most."""

    @property
    def tile_bytes(self) -> float:
        """Memory of computing tiles on all threads, per pixel of a tile."""

    def __call__(
        self, planes: np.ndarray, progress: Progress, margins: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The residual of a tile.

        Args:
            planes: (K + 2 M, rows, columns) of :attr:`planes_dtype` (float32 or float64), the networks' input.
            progress: asked whether to stop.
            margins: rows above and below that are left out of the result.

        Returns:
            the residual (K, rows, columns) and the networks' disagreement (rows, columns), float32, of all but the
            margins.
        """


@dataclass(frozen=True)
class RegressionPrior:
    """MTF-GLP by regression gains that are estimated already, and networks.

    Attributes:
        statistics: the scene-wide numbers; the injection gains among them.
        mtf_gain, iterations: see :class:`.method.FittedMethod`.
        residual: the networks; None for the prior alone.
    """

    statistics: Statistics
    mtf_gain: Gains
    iterations: int = DEFAULT_ITERATIONS
    residual: Residual | None = None

    def fit(self, scene: Scene, progress: Progress | None = None) -> FittedPrior:
        """Degrade the PAN of a scene.

        Args:
            scene: the pair of images.
            progress: of the degradation.

        Returns:
            the fitted method.

        Raises:
            Cancelled: the user stopped the job.
        """
        return FittedPrior(self, scene, progress or Progress())


class FittedPrior(FittedMethod):
    """``S``: the details of the PAN's bands in their own units, and the networks' residual.

    Args:
        method: with the statistics of this scene.
        scene: the pair of images.
        progress: of the degradation of the PAN.
    """

    def __init__(self, method: RegressionPrior, scene: Scene, progress: Progress) -> None:
        statistics, residual = method.statistics, method.residual
        self.mtf_gain, self.iterations = method.mtf_gain, method.iterations
        self.mean, self.pan_mean = statistics.mean, statistics.pan_mean
        guides = statistics.guides
        self.planes_count, self.coefficients = statistics.components + guides, statistics.coefficients
        bytes_per_pixel = 4 * (2 * self.planes_count + 2 * guides)
        self.support = Support(bytes_per_pixel=bytes_per_pixel)
        self._dtype = np.dtype("float32")
        if residual is not None:
            reach, taken = (residual.receptive_field, residual.alignment), residual.bytes_at_work
            self.support = Support(*reach, bytes_per_pixel, taken, residual.tile, residual.tile_bytes)
            self._dtype = np.dtype(residual.planes_dtype)
        self._statistics, self._residual = statistics, residual
        self._operators = scene_operators(scene, self.mtf_gain)
        self._pan_low = degraded_pan(scene, self._operators, self.pan_mean, progress)
        self.guide = Guide(self._pan_low, statistics.pan_mean, statistics.gains.astype(np.float32))

    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """See :meth:`.method.FittedMethod.planes`; details and residual, float32, and the disagreement."""
        matrix, shift = self._statistics.encoder
        top, left = part.origin
        pan_low = self._pan_low[:, top : top + hsi.shape[1], left : left + hsi.shape[2]]
        matrix, hsi, pan, pan_low = (array.astype(self._dtype, copy=False) for array in (matrix, hsi, pan, pan_low))
        components = np.tensordot(matrix, hsi, 1) - shift
        spans = part.rows, part.cols
        planes = network_planes(self._operators, self._statistics, components, pan, pan_low, spans, part.origin)
        guides, sizes = self._statistics.guides, self._statistics.detail_std[:, None, None]
        detail = (planes[-guides:] * sizes).astype(np.float32, copy=False)
        if self._residual is None:
            return np.concatenate([detail, np.zeros((self.planes_count - guides, *detail.shape[1:]), np.float32)])
        (start, stop), field = part.rows, self.support.receptive_field
        margins = field if start > 0 else 0, field if stop < self._operators.up.y.outputs else 0
        residual, disagreement = self._residual(planes, progress, margins)
        return np.concatenate([detail, residual, disagreement[None]])
