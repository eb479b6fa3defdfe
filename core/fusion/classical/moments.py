"""Statistics for the classical methods: joint first and second moments of the HSI and of the PAN at its resolution.

All are taken on the low-resolution grid, over the HSI pixels that are valid, lie inside the PAN and hold valid PAN
pixels only; one pass over each raster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...operators.pair import Operators
from ...operators.resample import Gains
from ...runtime.progress import Progress
from ...scene.scene import Scene
from ...scene.statistics import pan_moments
from ...scene.streams import Guide, degraded_pan, high_valid, hsi_stream, scene_operators

_SAMPLES = 8_000_000  # samples of the HSI held at once
_FLAT = 1e-6  # a PAN whose contrast is below this share of its level has none


@dataclass(frozen=True)
class Moments:
    """Numbers of one scene in stored units; those of bands that take no part are 0.

    Attributes:
        operators: U and D between the scene's grids.
        good: (bands,) bool.
        zero: (bands,) float64, the stored number that stands for physical 0 (that of a band's offset).
        pan_low: (1, rows, columns) float32, D P.
        mean: (bands,) float64 of the HSI, of all bands.
        covariance: (bands, bands) float64.
        pan_mean, pan_variance: of D P.
        pan_covariance: (bands,) float64 of the HSI and D P.
        chosen: (rows, columns) bool, the HSI pixels that the moments are taken over.
    """

    operators: Operators
    good: np.ndarray
    zero: np.ndarray
    pan_low: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    pan_mean: float
    pan_variance: float
    pan_covariance: np.ndarray
    chosen: np.ndarray

    @property
    def std(self) -> np.ndarray:
        """(bands,) float64 standard deviations."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def pan_std(self) -> float:
        """Standard deviation of D P."""
        return float(np.sqrt(self.pan_variance))

    @property
    def guide(self) -> Guide:
        """How the HSI goes on where it has no values and the PAN has."""
        gains = self.pan_covariance / max(self.pan_variance, 1e-300)
        return Guide(self.pan_low[0], self.pan_mean, (gains if not self.flat else 0.0 * gains).astype(np.float32))

    @property
    def flat(self) -> bool:
        """Whether the PAN has no contrast: then there is no detail to inject."""
        return self.pan_std <= _FLAT * max(abs(self.pan_mean), 1e-30)


def scene_moments(scene: Scene, gain: Gains, progress: Progress) -> Moments:
    """Estimate the moments of a scene.

    Args:
        scene: the pair of images.
        gain: the HSI's MTF gain at its Nyquist frequency.
        progress: of reading both images.

    Returns:
        the moments.

    Raises:
        Cancelled: the user stopped the job.
    """
    bands, good = scene.hsi.bands, scene.good
    operators = scene_operators(scene, gain)
    pan_count, total, _ = pan_moments(scene, progress)
    pan_low = degraded_pan(scene, operators, total / max(pan_count, 1.0), progress)
    chosen = _chosen(scene, progress)
    sums, products, origin = np.zeros(bands + 1), np.zeros((bands + 1, bands + 1)), np.zeros(bands + 1)
    count = 0
    for start, values in low_strips(scene, np.zeros(bands, np.float32), progress):
        stop = start + values.shape[1]
        inside = chosen[start:stop]
        if not inside.any():
            continue
        both = np.concatenate([values[:, inside], pan_low[:, start:stop][:, inside]]).astype(np.float64)
        if count == 0:  # a first guess of the mean, against cancellation
            origin = both.mean(axis=1)
        both -= origin[:, None]
        count += both.shape[1]
        sums += both.sum(axis=1)
        products += both @ both.T
    sums /= count
    covariance = products / count - np.outer(sums, sums)
    mean = origin + sums
    keep = np.append(good, True)
    covariance[~keep] = covariance[:, ~keep] = 0.0
    covariance[np.diag_indices(bands + 1)] = np.maximum(np.diag(covariance), 0.0)
    metadata = scene.hsi.metadata
    zero = -np.array(metadata.offsets, float) / np.array(metadata.scales, float)
    return Moments(
        operators,
        good,
        zero,
        pan_low,
        mean[:-1],
        covariance[:-1, :-1],
        float(mean[-1]),
        float(covariance[-1, -1]),
        covariance[:-1, -1],
        chosen,
    )


def low_sample(scene: Scene, moments: Moments, most: int, progress: Progress) -> np.ndarray:
    """HSI pixels spread evenly over the scene.

    Args:
        scene: the pair of images.
        moments: hold which pixels may be taken.
        most: number of pixels, at most about.
        progress: of reading the HSI.

    Returns:
        (bands, n) float32.
    """
    places = np.flatnonzero(moments.chosen)
    step = max(1, -(-len(places) // most))
    taken = np.zeros(moments.chosen.size, bool)
    taken[places[step // 2 :: step]] = True
    taken = taken.reshape(moments.chosen.shape)
    parts = [
        values[:, taken[start : start + values.shape[1]]]
        for start, values in low_strips(scene, moments.mean.astype(np.float32), progress)
    ]
    return np.concatenate(parts, axis=1)


def full_scale_gains(scene: Scene, moments: Moments, progress: Progress) -> np.ndarray:
    """Injection gains ``cov(U X_b, P) / cov(P_L, P)`` over the valid output pixels, without up-sampling a band:
    ``sum (U X) q = sum X (U^T q)``.

    Source: Vivone, Restaino and Chanussot, 2018, equation of the full-scale regression.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of reading both images.

    Returns:
        (bands,) float64, 0 for bands that take no part.
    """
    operators, (rows, cols) = moments.operators, scene.high_shape
    weights = np.zeros((2, *operators.low))
    count, total, cross = 0, np.zeros(2), 0.0
    step = max(1, _SAMPLES // cols)
    for start in range(0, rows, step):
        progress.check()
        stop = min(start + step, rows)
        (low, high), _ = operators.up.support((start, stop), (0, cols))
        lowpass = operators.up.part(moments.pan_low[0, low:high], (start, stop), (0, cols), (low, 0))
        pan, valid = scene.pan_rows(start, stop)
        valid = high_valid(scene, start, stop, valid)
        centred = np.where(valid, pan[0] - moments.pan_mean, 0.0)
        lowered = np.where(valid, lowpass - moments.pan_mean, 0.0).astype(np.float64)
        count += int(valid.sum())
        total += centred.sum(), lowered.sum()
        cross += float((centred * lowered).sum())
        weights += operators.up.adjoint_rows(np.stack([valid.astype(np.float64), centred]), start)
    mean = total / max(count, 1)
    cross -= count * mean[0] * mean[1]
    covariance = np.zeros(scene.hsi.bands)
    flat = (weights[1] - mean[0] * weights[0]).ravel()
    for start, values in low_strips(scene, moments.mean.astype(np.float32), progress):
        part = flat[start * values.shape[2] : (start + values.shape[1]) * values.shape[2]]
        covariance += (values.reshape(len(values), -1) - moments.mean[:, None]) @ part
    # A PAN whose detail is all finer than the HSI explains no band.
    gains = covariance / cross if cross > 1e-9 * count * moments.pan_variance else np.zeros_like(covariance)
    return np.where(moments.good, gains, 0.0)


def _chosen(scene: Scene, progress: Progress) -> np.ndarray:
    covered = scene.low_covered
    if scene.complete:
        return covered
    chosen, owners = covered.copy(), (scene.low_owner(0), scene.low_owner(1))
    rows, cols = scene.high_shape
    step = max(1, _SAMPLES // cols)
    for start in range(0, rows, step):
        progress.check()
        y, x = np.nonzero(~scene.pan_rows(start, min(start + step, rows)).valid)
        chosen[owners[0][start + y], owners[1][x]] = False
    return chosen if chosen.any() else covered if covered.any() else scene.low_valid


def low_strips(
    scene: Scene, fallback: np.ndarray, progress: Progress, guide: Guide | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """The HSI, filled, in strips of rows.

    Args:
        scene: the pair of images.
        fallback: (bands,) float32, what stands for pixels far from valid ones.
        progress: asked whether to stop.
        guide: see :func:`..scene.streams.hsi_stream`.

    Yields:
        the first row and (bands, rows, columns) float32, from top to bottom.
    """
    rows, cols = scene.low_shape
    step = max(1, _SAMPLES // (scene.hsi.bands * cols))
    stream = hsi_stream(scene, step, fallback, guide=guide)
    for start in range(0, rows, step):
        progress.check()
        stream.forget(start)
        yield start, stream.get(start, min(start + step, rows))
