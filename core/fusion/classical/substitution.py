"""Component substitution: the PAN replaces an intensity, a combination of the bands."""

from __future__ import annotations

import numpy as np

from ...runtime.progress import Progress
from ...scene.scene import Scene
from .fitted import ClassicalFit, Ratio, haze, matched, relative
from .moments import Moments


class Substitution(ClassicalFit):
    """``Y_b = U X_b + g_b (P' - I)``: ``I = U (w X + c)``, P' the PAN with the mean and the contrast of I.

    Args:
        moments: of the scene.
        weights: (bands,) float64 w.
        shift: c.
        gains: (bands,) float64 injection gains g.
    """

    def __init__(self, moments: Moments, weights: np.ndarray, shift: float, gains: np.ndarray) -> None:
        super().__init__(
            moments, 1, weights=weights[None], shift=np.array([shift]), coefficients=gains[:, None], work=1
        )
        mean = float(weights @ moments.mean + shift)
        self._match = matched(moments, mean, _spread(moments, weights))

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; P' - I."""
        scale, shift = self._match
        return scale * pan[None] + shift - lifted[:1]


def gram_schmidt(scene: Scene, moments: Moments, progress: Progress) -> ClassicalFit:
    """GS (Laben and Brower, 2000): I is the mean of the bands, ``g_b = cov(X_b, I) / var(I)``.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Returns:
        the fitted method.
    """
    return _by_covariance(moments, moments.good / moments.good.sum(), 0.0)


def gram_schmidt_adaptive(scene: Scene, moments: Moments, progress: Progress) -> ClassicalFit:
    """GSA (Aiazzi, Baronti and Selva, 2007): I is the regression of the degraded PAN on the bands.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Returns:
        the fitted method.
    """
    weights, shift = regression_weights(moments)
    return _by_covariance(moments, weights, shift)


def principal_component(scene: Scene, moments: Moments, progress: Progress) -> ClassicalFit:
    """PCA (Chavez, Sides and Anderson, 1991): the PAN replaces the first principal component.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Returns:
        the fitted method.
    """
    _, vectors = np.linalg.eigh(moments.covariance)
    first = vectors[:, -1] * (1.0 if vectors[:, -1] @ moments.pan_covariance >= 0 else -1.0)
    return Substitution(moments, first, -float(first @ moments.mean), first)


class Brovey(Ratio):
    """Brovey (Gillespie, Kahle and Walker, 1987; haze: Lolli et al., 2017): ``Y_b = h_b + (U X_b - h_b) (P' - h_I) /
    (I - h_I)``, I as in GSA, h the haze of each band and of I.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        weights, shift = regression_weights(moments)
        self.origin, dark = haze(scene, moments, progress, weights)
        super().__init__(moments, 1, weights=weights[None], shift=np.array([shift]), work=2)
        mean, std = float(weights @ moments.mean + shift), _spread(moments, weights)
        self._match, self._dark = matched(moments, mean, std), np.float32(dark + shift)
        self._usual = mean - dark - shift

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; (P' - I) / (I - h_I)."""
        scale, shift = self._match
        return relative(scale * pan[None] + shift - lifted[:1], lifted[:1] - self._dark, self._usual)


def regression_weights(moments: Moments) -> tuple[np.ndarray, float]:
    """Least-squares regression of the degraded PAN on the HSI's bands, on the HSI's grid (Aiazzi, Baronti and Selva,
    2007); of least norm where bands depend on each other.

    Args:
        moments: of the scene.

    Returns:
        weights (bands,) float64, and the constant.
    """
    values, vectors = np.linalg.eigh(moments.covariance)
    keep = values > 1e-12 * values[-1]
    vectors = vectors[:, keep]
    weights = vectors @ ((vectors.T @ moments.pan_covariance) / values[keep])
    return weights, float(moments.pan_mean - weights @ moments.mean)


def _by_covariance(moments: Moments, weights: np.ndarray, shift: float) -> Substitution:
    gains = moments.covariance @ weights
    return Substitution(moments, weights, shift, gains / max(float(weights @ gains), 1e-30))


def _spread(moments: Moments, weights: np.ndarray) -> float:
    """Standard deviation of a combination of bands."""
    return float(np.sqrt(max(weights @ moments.covariance @ weights, 0.0)))
