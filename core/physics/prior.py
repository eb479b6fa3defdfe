"""The regression prior and the other scene-wide numbers, from one pass over each raster.

Prior: MTF-GLP (Aiazzi et al., 2006) with one gain per band, ``U X + g (P - P_L)``, ``P_L = U D P``,
``g_b = cov(U X_b, P_L) / var(P_L)``. The covariance is computed exactly without up-sampling a band:
``sum (U X) q = sum X (U^T q)``. Subspace: principal components of the standardised good bands.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from ..raster.rows import RowStream
from ..raster.scene import Scene
from .fill import fill_invalid
from .operators import Operators

FILL_LOW = 4  # rings of HSI pixels filled around valid ones: as far as the filters see
FILL_HIGH = 2  # the same for the PAN, in HSI pixels
_SAMPLES = 8_000_000  # samples of the HSI held at once


@dataclass(frozen=True)
class Statistics:
    """Scene-wide numbers, in the HSI's and the PAN's stored units. A band that takes no part has gain 0 and no share in the basis.

    Attributes:
        mean, std: (bands,) float32 of the HSI; ``std`` is 1 where a band is constant.
        gains: (bands,) float32 of the prior, HSI units per PAN unit.
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

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers as float32 arrays by name, for a model file."""
        return {field.name: np.asarray(getattr(self, field.name), np.float32) for field in dataclasses.fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Statistics:
        """The inverse of :meth:`arrays`."""
        fields = dataclasses.fields(cls)
        return cls(**{f.name: arrays[f.name] if f.type == "np.ndarray" else float(arrays[f.name]) for f in fields})


def pan_stream(scene: Scene, step: int, fallback: float, first: int = 0) -> RowStream:
    """The PAN's rows, invalid pixels filled: (1, rows, columns) float32."""
    passes = FILL_HIGH * scene.ratio

    def produce(start: int, stop: int) -> np.ndarray:
        low, high = max(0, start - passes), min(scene.high_shape[0], stop + passes)
        rows = scene.pan_rows(low, high)
        return fill_invalid(rows.values, rows.valid, passes, fallback)[:, start - low : stop - low]

    return RowStream(scene.high_shape[0], produce, step, first)


def hsi_stream(scene: Scene, step: int, fallback: np.ndarray, first: int = 0) -> RowStream:
    """The HSI's rows, invalid pixels filled: (bands, rows, columns) float32."""

    def produce(start: int, stop: int) -> np.ndarray:
        low, high = max(0, start - FILL_LOW), min(scene.low_shape[0], stop + FILL_LOW)
        rows = scene.hsi_rows(low, high)
        return fill_invalid(rows.values, rows.valid, FILL_LOW, fallback)[:, start - low : stop - low]

    return RowStream(scene.low_shape[0], produce, step, first)


def scene_operators(scene: Scene, gain: float) -> Operators:
    """The operators between the two grids of a scene."""
    return Operators(scene.low_shape, scene.high_shape, scene.ratio, scene.alignment.phase, gain)


def degraded_pan(scene: Scene, operators: Operators, fallback: float, progress: Progress | None = None) -> np.ndarray:
    """D P on the low-resolution grid, (1, rows, columns) float32, computed in rows."""
    progress = progress or Progress()
    rows, cols = operators.low
    step = max(1, _SAMPLES // (operators.high[1] * operators.ratio))
    pan = pan_stream(scene, step * operators.ratio, fallback)
    result = np.empty((1, rows, cols), np.float32)
    for start in range(0, rows, step):
        progress.check()
        stop = min(start + step, rows)
        low, high = operators.down.y.support(start, stop)
        pan.forget(low)
        result[:, start:stop] = operators.down.part(pan.get(low, high), (start, stop), (0, cols), (low, 0))
    return result


def high_valid(scene: Scene, start: int, stop: int, pan_valid: np.ndarray) -> np.ndarray:
    """Valid output pixels of rows ``start`` to ``stop``: the PAN is, and so is the HSI pixel that the centre lies in."""
    rows, cols = scene.low_owner(0)[start:stop], scene.low_owner(1)
    return pan_valid & scene.low_valid[rows][:, cols]


def scene_statistics(scene: Scene, gain: float, components: int, progress: Progress | None = None) -> Statistics:
    """Compute the scene-wide numbers.

    Args:
        gain: MTF gain of the HSI.
        components: size of the subspace; fewer where the scene has fewer good bands.
    """
    progress = progress or Progress()
    operators = scene_operators(scene, gain)
    pan_mean, pan_std = _pan_moments(scene, progress)
    pan_low = degraded_pan(scene, operators, pan_mean, progress)
    count, level, spread, detail_std, weight_one, weight_pan = _pan_low_weights(scene, operators, pan_low, progress)
    moments = _band_moments(scene, weight_one, weight_pan, progress)
    good = scene.good
    mean = moments.total / moments.count
    covariance = moments.products / moments.count - np.outer(moments.shifted, moments.shifted)
    std = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    std = np.where(good & (std > 1e-7 * np.maximum(np.abs(mean), 1e-30)), std, 1.0)
    gains = (moments.with_pan - moments.with_one * level) / count / spread if spread > 0 else np.zeros_like(mean)
    basis, variance = _principal(covariance / np.outer(std, std), good, components)
    return Statistics(
        mean.astype(np.float32),
        std.astype(np.float32),
        np.where(good, gains, 0.0).astype(np.float32),
        basis.astype(np.float32),
        variance.astype(np.float32),
        pan_mean,
        pan_std,
        detail_std,
    )


def _pan_moments(scene: Scene, progress: Progress) -> tuple[float, float]:
    rows, cols = scene.high_shape
    step = max(1, _SAMPLES // cols)
    count, total, squares = 0, 0.0, 0.0
    for start in range(0, rows, step):
        progress.check()
        values, valid = scene.pan_rows(start, min(start + step, rows))
        chosen = values[0][valid].astype(np.float64)
        count, total, squares = count + chosen.size, total + chosen.sum(), squares + (chosen**2).sum()
    if count == 0:
        return 0.0, 1.0
    mean = total / count
    std = float(np.sqrt(max(squares / count - mean**2, 0.0)))
    return float(mean), std if std > 1e-7 * max(abs(mean), 1e-30) else 1.0


def _pan_low_weights(scene: Scene, operators: Operators, pan_low: np.ndarray, progress: Progress) -> tuple:
    """Count of valid output pixels; mean and variance of P_L; deviation of P - P_L; U^T of the mask and of P_L."""
    rows, cols = operators.high
    level_guess = float(pan_low.mean())
    weights = np.zeros((2, *operators.low))
    count, total, squares, details = 0, 0.0, 0.0, 0.0
    step = max(1, _SAMPLES // cols)
    for start in range(0, rows, step):
        progress.check()
        stop = min(start + step, rows)
        (low, high), _ = operators.up.support((start, stop), (0, cols))
        lowpass = operators.up.part(pan_low[0, low:high], (start, stop), (0, cols), (low, 0)).astype(np.float64)
        values, valid = scene.pan_rows(start, stop)
        valid = high_valid(scene, start, stop, valid)
        shifted = np.where(valid, lowpass - level_guess, 0.0)
        count += int(valid.sum())
        total += shifted.sum()
        squares += (shifted**2).sum()
        details += (np.where(valid, values[0] - lowpass, 0.0) ** 2).sum()
        weights += operators.up.adjoint_rows(np.stack([valid.astype(np.float64), shifted]), start)
    count = max(count, 1)
    spread = squares / count - (total / count) ** 2
    tiny = 1e-12 * max(level_guess**2, 1e-30)
    detail_std = float(np.sqrt(details / count))
    return count, total / count, spread if spread > tiny else 0.0, detail_std or 1.0, weights[0], weights[1]


@dataclass
class _Moments:
    """Sums over the HSI: all valid pixels for mean and products, weighted ones for the prior."""

    count: int
    total: np.ndarray
    shifted: np.ndarray
    products: np.ndarray
    with_one: np.ndarray
    with_pan: np.ndarray


def _band_moments(scene: Scene, weight_one: np.ndarray, weight_pan: np.ndarray, progress: Progress) -> _Moments:
    rows, cols = scene.low_shape
    bands = scene.hsi.bands
    step = max(1, _SAMPLES // (bands * cols))
    origin = np.zeros(bands)  # a first guess of the mean, against cancellation
    sums = [np.zeros(bands) for _ in range(3)]
    products = np.zeros((bands, bands))
    count = 0
    stream = hsi_stream(scene, step, np.zeros(bands, np.float32))
    for start in range(0, rows, step):
        progress.check()
        stop = min(start + step, rows)
        stream.forget(start)
        values = stream.get(start, stop).reshape(bands, -1)
        chosen = values[:, scene.low_valid[start:stop].ravel()].astype(np.float64)
        if count == 0 and chosen.shape[1]:
            origin = chosen.mean(axis=1)
        chosen -= origin[:, None]
        count += chosen.shape[1]
        sums[0] += chosen.sum(axis=1)
        products += chosen @ chosen.T
        if count:
            shifted = values - origin[:, None].astype(values.dtype)
            sums[1] += shifted @ weight_one[start:stop].ravel()
            sums[2] += shifted @ weight_pan[start:stop].ravel()
    return _Moments(count, sums[0] + origin * count, sums[0] / count, products, sums[1], sums[2])


def _principal(correlation: np.ndarray, good: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Leading eigenvectors of the good bands' correlation, (bands, components), with a fixed sign, and eigenvalues."""
    index = np.flatnonzero(good)
    values, vectors = np.linalg.eigh(correlation[np.ix_(index, index)])
    components = min(components, len(index))
    values, vectors = values[::-1][:components], vectors[:, ::-1][:, :components]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(components)])
    basis = np.zeros((len(good), components))
    basis[index] = vectors
    return basis, np.maximum(values, 1e-6 * max(values[0], 1e-30))
