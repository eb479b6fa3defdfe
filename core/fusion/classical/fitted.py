"""What the classical methods have in common once fitted: planes lifted from the HSI's grid, and how bands take them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from ...operators.consistency import DEFAULT_ITERATIONS
from ...runtime.progress import Progress
from ...scene.scene import Scene
from ..method import FittedMethod, Part, Support
from .moments import Moments, low_sample

_HAZE = 0.1  # per cent of the pixels that are darker than what haze alone is taken to be
_SAMPLE = 100_000  # HSI pixels that the haze is estimated from
_LEAST = 0.1  # a divisor is not let fall below this share of its usual size


class LiftedFit(FittedMethod):
    """Base of the fitted classical methods: ``U X`` and what the PAN adds.

    A subclass gives :meth:`planes`, and either ``coefficients`` or :meth:`fuse_bands`.

    Args:
        moments: of the scene.
        count: number of planes that :meth:`high_planes` computes.
        weights: (k, bands) float64: low-resolution planes as combinations of the HSI's bands, which are lifted.
        shift: (k,) float64, added to these planes.
        stored: (j, rows, columns) float32: further low-resolution planes; D P where not given.
        coefficients: (bands, count) float64 of a linear method.
        receptive_field: PAN pixels around a pixel that the planes depend on.
        work: planes that :meth:`high_planes` has in memory while it works.
    """

    def __init__(
        self,
        moments: Moments,
        count: int,
        *,
        weights: np.ndarray | None = None,
        shift: np.ndarray | None = None,
        stored: np.ndarray | None = None,
        coefficients: np.ndarray | None = None,
        receptive_field: int = 0,
        work: int = 0,
    ) -> None:
        self.moments, self.planes_count = moments, count
        self.mtf_gain, self.iterations = moments.operators.mtf_gain, DEFAULT_ITERATIONS
        self.mean, self.pan_mean = moments.mean.astype(np.float32), moments.guide_mean.astype(np.float32)
        self.coefficients = None if coefficients is None else coefficients.astype(np.float32)
        self.guide = moments.guide
        self._weights = np.zeros((0, len(moments.mean))) if weights is None else weights
        self._shift = np.zeros(len(self._weights)) if shift is None else shift
        self._stored = moments.pan_low if stored is None else stored
        planes = len(self._weights) + len(self._stored) + count + work + len(moments.pan_low) - 1
        self.support = Support(receptive_field, bytes_per_pixel=4 * planes)

    def lifted(self, hsi: np.ndarray, part: Part) -> np.ndarray:
        """U of the low-resolution planes.

        Args:
            hsi: (bands, rows, columns) float32, as :meth:`..method.FittedMethod.planes` has it.
            part: of the output.

        Returns:
            (k + j, rows, columns) float32.
        """
        top, left = part.origin
        stored = self._stored[:, top : top + hsi.shape[1], left : left + hsi.shape[2]]
        made = np.tensordot(self._weights, hsi, 1) + self._shift[:, None, None]
        low = np.concatenate([made.astype(np.float32), stored])
        return self.moments.operators.up.part(low, *part)


class ClassicalFit(LiftedFit):
    """Base of the methods that take a PAN of one band.

    A subclass gives :meth:`high_planes`, and either ``coefficients`` or :meth:`fuse_bands`. Arguments as
    :class:`LiftedFit`.
    """

    pan_mean: float

    def __init__(self, moments: Moments, count: int, **more: Any) -> None:
        super().__init__(moments, count, **more)
        self.pan_mean = float(np.float32(moments.pan_mean))

    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """See :meth:`..method.FittedMethod.planes`; lifts the low-resolution planes and calls :meth:`high_planes`."""
        return self.high_planes(self.lifted(hsi, part), pan[0], progress)

    @abstractmethod
    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """The planes of a part.

        Args:
            lifted: (k + j, rows, columns) float32, U of the low-resolution planes.
            pan: (rows, columns) float32.
            progress: asked whether to stop.

        Returns:
            (count, rows, columns) float32.
        """


class Exp(LiftedFit):
    """The up-sampled HSI alone.

    Args:
        moments: of the scene.
    """

    def __init__(self, moments: Moments) -> None:
        super().__init__(moments, 1, coefficients=np.zeros((len(moments.mean), 1)))
        self.guide = None  # nothing is taken from the PAN, nor where the HSI has no values

    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """See :meth:`..method.FittedMethod.planes`; a plane that no band takes from."""
        return np.zeros((1, *pan.shape[1:]), np.float32)


class Ratio(ClassicalFit):
    """Base of the methods that multiply all bands by one ratio, ``Y_b = h_b + (U X_b - h_b) (1 + S)``.

    Attributes:
        origin: (bands,) float64 h, the stored numbers that stand for no light from the ground.
    """

    origin: np.ndarray

    def fuse_bands(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """See :meth:`..method.FittedMethod.fuse_bands`; bad bands stay as they are."""
        for value, origin, good in zip(values, self.origin[bands].astype(np.float32), self.moments.good[bands]):
            if good:
                value += (value - origin) * planes[0]


def relative(change: np.ndarray, base: np.ndarray, usual: float | np.floating) -> np.ndarray:
    """``change / base``, with a base that is not let fall below a tenth of its usual size (own): dark or noisy pixels
    get no huge ratio, and no pixel jumps.

    Args:
        change: any shape (...), float32.
        base: of the same shape (...), float32.
        usual: usual size of the base.

    Returns:
        of the same shape (...), float32.
    """
    return change / np.maximum(base, np.float32(max(_LEAST * usual, 1e-30)))


def haze(
    scene: Scene, moments: Moments, progress: Progress, weights: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Haze: the 0.1st percentile over the scene (own: the papers take the minimum, which a single bad sample decides).

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of reading the HSI.
        weights: (bands,) float64: the second result is that of ``w X`` instead of the degraded PAN.

    Returns:
        (bands,) float64 of the bands, and one number.
    """
    sample = low_sample(scene, moments, _SAMPLE, progress)
    plane = moments.pan_low[0][moments.chosen] if weights is None else weights @ sample
    return np.array([np.percentile(band, _HAZE) for band in sample]), float(np.percentile(plane, _HAZE))


def matched(moments: Moments, mean: float, std: float) -> tuple[np.float32, np.float32]:
    """Scale and shift that give the PAN a mean and a standard deviation at the HSI's resolution.

    Args:
        moments: of the scene.
        mean: in stored units.
        std: in stored units.

    Returns:
        scale and shift.
    """
    scale = std / moments.pan_std
    return np.float32(scale), np.float32(mean - scale * moments.pan_mean)
