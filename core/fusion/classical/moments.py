"""Statistics for the classical methods: joint first and second moments of the HSI and of the PAN at its resolution.

All are taken on the low-resolution grid, over the HSI pixels that are valid, lie inside the PAN and hold valid PAN
pixels only; one pass over each raster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...operators.pair import Operators
from ...operators.resample import Gains
from ...runtime.progress import Progress
from ...scene.ridge import ridge_regression
from ...scene.scene import Scene
from ...scene.statistics import pan_moments
from ...scene.streams import Guide, degraded_pan, high_valid, hsi_stream, scene_operators

_SAMPLES = 8_000_000  # samples of the HSI held at once
_RIDGE = 1e-4  # of the regression on several bands that gaps are filled by
_FLAT = 1e-6  # a PAN whose contrast is below this share of its level has none


@dataclass(frozen=True)
class Moments:
    """Numbers of one scene in stored units; those of bands that take no part are 0.

    Attributes:
        operators: U and D between the scene's grids.
        good: (bands,) bool.
        zero: (bands,) float64, the stored number that stands for physical 0 (that of a band's offset).
        pan_low: (M, rows, columns) float32, D P.
        mean: (bands,) float64 of the HSI, of all bands.
        covariance: (bands, bands) float64.
        guide_mean: (M,) float64 of D P.
        guide_covariance: (M, M) float64 of D P.
        guide_cross: (bands, M) float64 of the HSI and D P.
        chosen: (rows, columns) bool, the HSI pixels that the moments are taken over.
    """

    operators: Operators
    good: np.ndarray
    zero: np.ndarray
    pan_low: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    guide_mean: np.ndarray
    guide_covariance: np.ndarray
    guide_cross: np.ndarray
    chosen: np.ndarray

    @property
    def std(self) -> np.ndarray:
        """(bands,) float64 standard deviations."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def pan_mean(self) -> float:
        """Mean of D P, of a PAN of one band."""
        return float(self.guide_mean[0])

    @property
    def pan_variance(self) -> float:
        """Variance of D P, of a PAN of one band."""
        return float(self.guide_covariance[0, 0])

    @property
    def pan_covariance(self) -> np.ndarray:
        """(bands,) float64 of the HSI and D P, of a PAN of one band."""
        return self.guide_cross[:, 0]

    @property
    def pan_std(self) -> float:
        """Standard deviation of D P, of a PAN of one band."""
        return float(np.sqrt(self.pan_variance))

    @property
    def guide_std(self) -> np.ndarray:
        """(M,) float64 standard deviations of D P."""
        return np.sqrt(np.diag(self.guide_covariance))

    def of_guide(self, number: int) -> Moments:
        """The moments with one band of the PAN.

        Args:
            number: of the band, counted from 0.

        Returns:
            the moments.
        """
        one = slice(number, number + 1)
        return replace(
            self,
            pan_low=self.pan_low[one],
            guide_mean=self.guide_mean[one],
            guide_covariance=self.guide_covariance[one, one],
            guide_cross=self.guide_cross[:, one],
        )

    @property
    def guide(self) -> Guide:
        """How the HSI goes on where it has no values and the PAN has."""
        if len(self.pan_low) == 1:
            gains = self.guide_cross / max(self.pan_variance, 1e-300)
        else:
            gains = ridge_regression(self.guide_covariance, self.guide_cross, _RIDGE)
        gains = gains if not self.flat else 0.0 * gains
        return Guide(self.pan_low, self.guide_mean.astype(np.float32), gains.astype(np.float32))

    @property
    def flat(self) -> bool:
        """Whether no band of the PAN has any contrast: then there is no detail to inject."""
        return bool((self.guide_std <= _FLAT * np.maximum(np.abs(self.guide_mean), 1e-30)).all())


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
    bands, good, guides = scene.hsi.bands, scene.good, scene.guides
    operators = scene_operators(scene, gain)
    pan_count, total, _ = pan_moments(scene, progress).T
    pan_low = degraded_pan(scene, operators, total / np.maximum(pan_count, 1.0), progress)
    chosen, size = _chosen(scene, progress), bands + guides
    sums, products, origin = np.zeros(size), np.zeros((size, size)), np.zeros(size)
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
    keep = np.append(good, np.ones(guides, bool))
    covariance[~keep] = covariance[:, ~keep] = 0.0
    covariance[np.diag_indices(size)] = np.maximum(np.diag(covariance), 0.0)
    metadata = scene.hsi.metadata
    zero = -np.array(metadata.offsets, float) / np.array(metadata.scales, float)
    return Moments(
        operators,
        good,
        zero,
        pan_low,
        mean[:bands],
        covariance[:bands, :bands],
        mean[bands:],
        covariance[bands:, bands:],
        covariance[:bands, bands:],
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
