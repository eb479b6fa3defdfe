"""The regression prior and the other scene-wide numbers, from one pass over each raster.

Prior: MTF-GLP (Aiazzi et al., 2006) with one injection gain per band, ``U X + g (P - P_L)``, ``P_L = U D P``,
``g_b = cov(U X_b, P_L) / var(P_L)``. The covariance is computed exactly without up-sampling a band:
``sum (U X) q = sum X (U^T q)``. Subspace: principal components of the standardised good bands.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..io.row_stream import row_strips
from ..operators.pair import Operators
from ..operators.resample import Gains
from ..runtime.progress import Progress
from .scene import Scene
from .streams import degraded_pan, high_valid, hsi_stream, scene_operators

_SAMPLES = 8_000_000  # samples of the HSI held at once


@dataclass(frozen=True)
class Statistics:
    """Scene-wide numbers, in the HSI's and the PAN's stored units. A band that takes no part, or is constant, has an
    injection gain of 0 and no share in the basis.

    Attributes:
        mean, std: (bands,) float32 of the HSI; ``std`` is 1 where a band is constant.
        gains: (bands,) float32, the injection gains of the prior, HSI units per PAN unit.
        basis: (bands, components) float32, orthonormal, of the standardised bands.
        variance: (components,) float32, the components' variances.
        pan_mean, pan_std: of the PAN. detail_std: of the PAN's detail P - P_L.
    """

    mean: np.ndarray
    std: np.ndarray
    gains: np.ndarray
    basis: np.ndarray
    variance: np.ndarray
    pan_mean: float
    pan_std: float
    detail_std: float

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
        """(bands, 1 + components): what the PAN's detail and the networks' residual are multiplied with."""
        return np.concatenate([self.gains[:, None], self.basis * self.std[:, None]], axis=1)

    def converted(
        self, scale: np.ndarray | float, offset: np.ndarray | float, pan_scale: float, pan_offset: float
    ) -> Statistics:
        """The same scene in other units; the subspace is of standardised bands and stays.

        Args:
            scale: new HSI units per old one, (bands,) float64 or one number, above 0.
            offset: what is added after that, (bands,) float64 or one number, new HSI units.
            pan_scale: new PAN units per old one, above 0.
            pan_offset: what is added after that, new PAN units.

        Returns:
            The statistics of ``scale * HSI + offset`` and ``pan_scale * PAN + pan_offset``.
        """
        factors = np.asarray(scale, np.float64)
        return dataclasses.replace(
            self,
            mean=(factors * self.mean + offset).astype(np.float32),
            std=(factors * self.std).astype(np.float32),
            gains=(factors * self.gains / pan_scale).astype(np.float32),
            pan_mean=float(np.float32(pan_scale * self.pan_mean + pan_offset)),
            pan_std=float(np.float32(pan_scale * self.pan_std)),
            detail_std=float(np.float32(pan_scale * self.detail_std)),
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
        """All numbers as float32 arrays by name, (bands,), (bands, components), (components,) or scalar, for a model
        file."""
        return {field.name: np.asarray(getattr(self, field.name), np.float32) for field in dataclasses.fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Statistics:
        """The inverse of :meth:`arrays`.

        Args:
            arrays: by name: (bands,), (bands, components), (components,) or scalar, float32.

        Returns:
            The statistics.
        """
        numbers: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            value = arrays[field.name]
            numbers[field.name] = float(value) if field.type == "float" else value
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
        self._pan = np.zeros(3)  # count, sum, sum of squares
        self._prior = np.zeros(3)  # valid output pixels, within-scene variance of P_L, squares of the detail

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
            self._total, self._covariance = np.zeros(bands), np.zeros(bands)
            self._products = np.zeros((bands, bands))
        self.good = self.good & scene.good
        operators = scene_operators(scene, self.mtf_gain)
        pan = pan_moments(scene, progress)
        pan_low = degraded_pan(scene, operators, pan[1] / max(pan[0], 1.0), progress)
        low = _pan_low_weights(scene, operators, pan_low, progress)
        total, products, count, origin, covariance = _band_moments(scene, self._origin, low, progress)
        self._origin = origin
        self._pan += pan
        self._prior += low.pixels, low.spread * low.pixels, low.details
        self._count += count
        self._total += total
        self._products += products
        self._covariance += covariance

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
        gains = self._covariance / self._prior[1] if self._prior[1] > 0 else np.zeros_like(mean)
        basis, variance = _principal(covariance / np.outer(std, std), varies if varies.any() else self.good, components)
        pan_mean = self._pan[1] / max(self._pan[0], 1.0)
        pan_std = np.sqrt(max(self._pan[2] / max(self._pan[0], 1.0) - pan_mean**2, 0.0))
        detail_std = np.sqrt(self._prior[2] / max(self._prior[0], 1.0))
        return Statistics(
            mean.astype(np.float32),
            std.astype(np.float32),
            np.where(varies, gains, 0.0).astype(np.float32),
            basis.astype(np.float32),
            variance.astype(np.float32),
            float(np.float32(pan_mean)),
            float(np.float32(pan_std)) if pan_std > 1e-7 * max(abs(pan_mean), 1e-30) else 1.0,
            float(np.float32(detail_std)) or 1.0,
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
    """Count, sum and sum of squares of the valid PAN pixels.

    Args:
        scene: the scene.
        progress: asked for cancellation.

    Returns:
        (3,) float64.
    """
    rows, cols = scene.high_shape
    sums = np.zeros(3)
    for start, stop in row_strips(rows, max(1, _SAMPLES // cols), progress):
        values, valid = scene.pan_rows(start, stop)
        chosen = values[0][valid].astype(np.float64)
        sums += chosen.size, chosen.sum(), (chosen**2).sum()
    return sums


class _LowPass(NamedTuple):
    """Of P_L over the valid output pixels: their number, its mean (from ``level``) and variance, the sum of squares of
    P - P_L, and U^T of the mask and of the masked P_L - level."""

    pixels: int
    mean: float
    spread: float
    details: float
    one: np.ndarray
    pan: np.ndarray


def _pan_low_weights(scene: Scene, operators: Operators, pan_low: np.ndarray, progress: Progress) -> _LowPass:
    rows, cols = operators.high
    level = float(pan_low.mean())
    weights = np.zeros((2, *operators.low))
    count, total, squares, details = 0, 0.0, 0.0, 0.0
    for start, stop in row_strips(rows, max(1, _SAMPLES // cols), progress):
        (low, high), _ = operators.up.support((start, stop), (0, cols))
        lowpass = operators.up.part(pan_low[0, low:high], (start, stop), (0, cols), (low, 0)).astype(np.float64)
        values, valid = scene.pan_rows(start, stop)
        valid = high_valid(scene, start, stop, valid)
        shifted = np.where(valid, lowpass - level, 0.0)
        count += int(valid.sum())
        total += shifted.sum()
        squares += (shifted**2).sum()
        details += (np.where(valid, values[0] - lowpass, 0.0) ** 2).sum()
        weights += operators.up.adjoint_rows(np.stack([valid.astype(np.float64), shifted]), start)
    spread = squares / max(count, 1) - (total / max(count, 1)) ** 2
    if spread <= 1e-12 * max(level**2, 1e-30):  # a PAN without any contrast has no regression
        spread = 0.0
        weights[1] = 0.0
    return _LowPass(count, total / max(count, 1), spread, details, weights[0], weights[1])


def _band_moments(
    scene: Scene, origin: np.ndarray | None, low: _LowPass, progress: Progress
) -> tuple[np.ndarray, np.ndarray, int, np.ndarray | None, np.ndarray]:
    """Sums over the valid HSI pixels of X - origin and of its products, their count, the origin, and the sum of
    (U X - mean)(P_L - mean) over the valid output pixels."""
    rows, cols = scene.low_shape
    bands = scene.hsi.bands
    step = max(1, _SAMPLES // (bands * cols))
    total, with_one, with_pan = np.zeros(bands), np.zeros(bands), np.zeros(bands)
    products = np.zeros((bands, bands))
    count = 0
    stream = hsi_stream(scene, step, np.zeros(bands, np.float32))
    for start, stop in row_strips(rows, step, progress):
        stream.forget(start)
        values = stream.get(start, stop).reshape(bands, -1)
        valid = scene.low_valid[start:stop].ravel()
        if not valid.any():
            continue
        chosen = values[:, valid].astype(np.float64)
        if origin is None:  # a first guess of the mean, against cancellation
            origin = chosen.mean(axis=1)
        chosen -= origin[:, None]
        count += chosen.shape[1]
        total += chosen.sum(axis=1)
        products += chosen @ chosen.T
        near = low.one[start:stop].ravel() != 0  # what the valid output pixels depend on
        shifted = values[:, near] - origin[:, None]
        with_one += shifted @ low.one[start:stop].ravel()[near]
        with_pan += shifted @ low.pan[start:stop].ravel()[near]
    return total, products, count, origin, with_pan - with_one * low.mean


def _principal(correlation: np.ndarray, good: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Leading eigenvectors of the good bands' correlation, (bands, components), with a fixed sign, and eigenvalues."""
    index = np.flatnonzero(good)
    values, vectors = np.linalg.eigh(correlation[np.ix_(index, index)])
    components = min(components, len(index))
    floor = 1e-6 * max(values[-1], 1e-30)
    values, vectors = values[::-1][:components], vectors[:, ::-1][:, :components]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(components)])
    basis = np.zeros((len(good), components))
    basis[index] = vectors
    return basis, np.maximum(values, floor)
