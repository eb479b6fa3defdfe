"""The regression prior and the other scene-wide numbers, from one pass over each raster.

Prior: MTF-GLP (Aiazzi et al., 2006) with one injection gain per band, ``U X + g (P - P_L)``, ``P_L = U D P``,
``g_b = cov(U X_b, P_L) / var(P_L)``. The covariance is computed exactly without up-sampling a band:
``sum (U X) q = sum X (U^T q)``. Where the sharper image has several bands, g_b is the ridge regression of the band on
all of them, of details on details (:mod:`.ridge`). Subspace: principal components of the standardised good bands; with
several sharp bands those of what the regression does not explain of their details (own).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from ..io.row_stream import row_strips
from ..operators.resample import Gains
from ..runtime.progress import Progress
from .lowpass import PAN_SAMPLES, add_details, band_moments, pan_low_weights
from .ridge import HeldOut
from .scene import Scene
from .streams import degraded_pan, high_valid, scene_operators

_SMALLEST = 1e-6  # variance of a component, of the largest
_OF_PAN = "gains", "pan_mean", "pan_std", "detail_std"  # what has a number for each of the PAN's bands


@dataclass(frozen=True)
class Statistics:
    """Scene-wide numbers, in the HSI's and the PAN's stored units. A band that takes no part, or is constant, has an
    injection gain of 0 and no share in the basis.

    Attributes:
        mean, std: (bands,) float32 of the HSI; ``std`` is 1 where a band is constant.
        gains: (bands, M) float32, the injection gains of the prior, HSI units per PAN unit.
        basis: (bands, components) float32, orthonormal, of the standardised bands.
        variance: (components,) float32, the components' variances.
        pan_mean, pan_std: (M,) float32 of the PAN's bands. detail_std: the same of their details P - P_L.
    """

    mean: np.ndarray
    std: np.ndarray
    gains: np.ndarray
    basis: np.ndarray
    variance: np.ndarray
    pan_mean: np.ndarray
    pan_std: np.ndarray
    detail_std: np.ndarray

    @property
    def guides(self) -> int:
        """M, the PAN's number of bands."""
        return self.gains.shape[1]

    @property
    def components(self) -> int:
        """Size of the subspace."""
        return self.basis.shape[1]

    @property
    def encoder(self) -> tuple[np.ndarray, np.ndarray]:
        """(components, bands) and (components, 1, 1): ``z = A x - c`` gives components of unit variance."""
        matrix = (self.basis / self.std[:, None]).T / np.sqrt(self.variance)[:, None]
        return matrix, (matrix @ self.mean)[:, None, None]

    @property
    def coefficients(self) -> np.ndarray:
        """(bands, M + components): what the PAN's details and the networks' residual are multiplied with."""
        return np.concatenate([self.gains, self.basis * self.std[:, None]], axis=1)

    def converted(
        self,
        scale: np.ndarray | float,
        offset: np.ndarray | float,
        pan_scale: np.ndarray | float,
        pan_offset: np.ndarray | float,
    ) -> Statistics:
        """The same scene in other units; the subspace is of standardised bands and stays.

        Args:
            scale: new HSI units per old one, (bands,) float64 or one number, above 0.
            offset: what is added after that, (bands,) float64 or one number, new HSI units.
            pan_scale: new PAN units per old one, (M,) float64 or one number, above 0.
            pan_offset: what is added after that, (M,) float64 or one number, new PAN units.

        Returns:
            The statistics of ``scale * HSI + offset`` and ``pan_scale * PAN + pan_offset``.
        """
        factors = np.asarray(scale, np.float64)
        return dataclasses.replace(
            self,
            mean=(factors * self.mean + offset).astype(np.float32),
            std=(factors * self.std).astype(np.float32),
            gains=(factors[..., None] * self.gains / pan_scale).astype(np.float32),
            pan_mean=(pan_scale * self.pan_mean.astype(np.float64) + pan_offset).astype(np.float32),
            pan_std=(pan_scale * self.pan_std.astype(np.float64)).astype(np.float32),
            detail_std=(pan_scale * self.detail_std.astype(np.float64)).astype(np.float32),
        )

    def reordered(self, order: np.ndarray) -> Statistics:
        """The same scene with its bands in another order.

        Args:
            order: (bands,) int, bands counted from 0, in the order of the result.

        Returns:
            The statistics.
        """
        of_bands = {name: getattr(self, name)[order] for name in ("mean", "std", "gains", "basis")}
        return dataclasses.replace(self, **of_bands)

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers as float32 arrays by name, of any shape, for a model file. Of a PAN of one band there is one gain
        a band, (bands,), and its own numbers are scalars, as in files of earlier versions."""
        arrays = {field.name: np.asarray(getattr(self, field.name), np.float32) for field in dataclasses.fields(self)}
        if self.guides == 1:
            arrays.update({name: arrays[name][..., 0] for name in _OF_PAN})
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Statistics:
        """The inverse of :meth:`arrays`.

        Args:
            arrays: by name, of any shape, float32.

        Returns:
            The statistics.
        """
        numbers = {field.name: arrays[field.name] for field in dataclasses.fields(cls)}
        for name in _OF_PAN:
            one = numbers[name].ndim == (1 if name == "gains" else 0)
            numbers[name] = numbers[name][..., None] if one else numbers[name]
        return cls(**numbers)


class StatisticsBuilder:
    """Collects the numbers of one scene, or of several of one sensor.

    Injection gains are pooled within scenes (covariances about each scene's own mean), so that a difference in
    brightness between two scenes is not taken for a relation of HSI and PAN; the subspace is of all pixels together.

    Args:
        mtf_gain: MTF gain of the HSI.
    """

    def __init__(self, mtf_gain: Gains) -> None:
        self.mtf_gain = mtf_gain
        self.good: np.ndarray | None = None
        self._origin: np.ndarray | None = None
        self._count = 0

    def add(self, scene: Scene, progress: Progress | None = None) -> None:
        """Add one scene.

        Args:
            scene: of as many bands as those before.
            progress: asked for cancellation.
        """
        progress = progress or Progress()
        bands = scene.hsi.bands
        if self._origin is None:
            self.good = np.ones(bands, bool)
            self._total = np.zeros(bands)
            self._products = np.zeros((bands, bands))
            guides = scene.guides
            self._covariance = np.zeros((bands, guides))
            self._pan = np.zeros((guides, 3))  # count, sum, sum of squares
            self._pixels, self._details = 0, np.zeros(guides)  # valid output pixels, squares of the details
            self._spread = np.zeros((guides, guides))  # within-scene covariance of P_L
            self._held_out = HeldOut(bands, guides)
        self.good = self.good & scene.good
        operators = scene_operators(scene, self.mtf_gain)
        pan = pan_moments(scene, progress)
        pan_low = degraded_pan(scene, operators, pan[:, 1] / np.maximum(pan[:, 0], 1.0), progress)
        low = pan_low_weights(scene, operators, pan_low, progress)
        total, products, count, origin, covariance = band_moments(scene, self._origin, low, progress)
        if scene.guides > 1 and origin is not None:
            mean = (origin + total / max(count, 1)).astype(np.float32)
            add_details(scene, pan_low, mean, self.mtf_gain, self._held_out, progress)
        self._origin = origin
        self._pan += pan
        self._pixels += low.pixels
        self._spread += low.spread * low.pixels
        self._details += low.details
        self._count += count
        self._total += total
        self._products += products
        self._covariance += covariance

    def _one_gain(self) -> np.ndarray:
        """(bands, 1): the regression on a PAN of one band."""
        spread = self._spread[0, 0]
        return self._covariance / spread if spread > 0 else np.zeros_like(self._covariance)

    def result(self, components: int) -> Statistics:
        """The statistics.

        Args:
            components: size of the subspace; fewer where there are fewer good bands.

        Returns:
            The statistics of all scenes added.

        Raises:
            ValueError: no scene has been added, or none with a valid pixel.
        """
        if self.good is None or self._origin is None:
            raise ValueError("statistics need a scene with a valid pixel")
        shifted = self._total / self._count
        mean = self._origin + shifted
        covariance = self._products / self._count - np.outer(shifted, shifted)
        std = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        varies = self.good & (std > 1e-7 * np.maximum(np.abs(mean), 1e-30))
        std = np.where(varies, std, 1.0)
        used, correlation = varies if varies.any() else self.good, covariance / np.outer(std, std)
        if self._spread.size > 1:
            gains = self._held_out.regression(varies)
            basis, _ = _principal(self._held_out.unexplained(gains) / np.outer(std, std), used, components)
            values = np.einsum("bk,bc,ck->k", basis, correlation, basis)
            variance = np.maximum(values, _SMALLEST * max(values.max(initial=0.0), 1e-30))
        else:
            gains = self._one_gain()
            basis, variance = _principal(correlation, used, components)
        pixels = np.maximum(self._pan[:, 0], 1.0)
        pan_mean = self._pan[:, 1] / pixels
        pan_std = np.sqrt(np.maximum(self._pan[:, 2] / pixels - pan_mean**2, 0.0))
        detail_std = np.sqrt(self._details / max(self._pixels, 1.0)).astype(np.float32)
        return Statistics(
            mean.astype(np.float32),
            std.astype(np.float32),
            np.where(varies[:, None], gains, 0.0).astype(np.float32),
            basis.astype(np.float32),
            variance.astype(np.float32),
            pan_mean.astype(np.float32),
            np.where(pan_std > 1e-7 * np.maximum(np.abs(pan_mean), 1e-30), pan_std, 1.0).astype(np.float32),
            np.where(detail_std > 0, detail_std, np.float32(1.0)),
        )


def scene_statistics(scene: Scene, mtf_gain: Gains, components: int, progress: Progress | None = None) -> Statistics:
    """The scene-wide numbers of one scene; see :class:`StatisticsBuilder`.

    Args:
        scene: the scene.
        mtf_gain: MTF gain of the HSI.
        components: size of the subspace.
        progress: asked for cancellation.

    Returns:
        The statistics.
    """
    builder = StatisticsBuilder(mtf_gain)
    builder.add(scene, progress)
    return builder.result(components)


def pan_moments(scene: Scene, progress: Progress) -> np.ndarray:
    """Count, sum and sum of squares of the valid PAN pixels; of several sharp bands without those that are left out.

    Args:
        scene: the scene.
        progress: asked for cancellation.

    Returns:
        (M, 3) float64, for each of its bands.
    """
    rows, cols = scene.high_shape
    sums = np.zeros((scene.guides, 3))
    for start, stop in row_strips(rows, max(1, PAN_SAMPLES // (scene.guides * cols)), progress):
        values, valid = scene.pan_rows(start, stop)
        if scene.guides > 1 and scene.left_out is not None:
            valid = high_valid(scene, start, stop, valid)
        for band, of_band in zip(values, sums):
            chosen = band[valid].astype(np.float64)
            of_band += chosen.size, chosen.sum(), (chosen**2).sum()
    return sums


def _principal(correlation: np.ndarray, good: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Leading eigenvectors of the good bands' correlation, (bands, components), with a fixed sign, and eigenvalues."""
    index = np.flatnonzero(good)
    values, vectors = np.linalg.eigh(correlation[np.ix_(index, index)])
    components = min(components, len(index))
    floor = _SMALLEST * max(values[-1], 1e-30)
    values, vectors = values[::-1][:components], vectors[:, ::-1][:, :components]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(components)])
    basis = np.zeros((len(good), components))
    basis[index] = vectors
    return basis, np.maximum(values, floor)
