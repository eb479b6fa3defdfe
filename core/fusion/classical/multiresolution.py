"""Multiresolution analysis: the PAN's detail beyond the HSI's resolution is added to the bands, or multiplies them."""

from __future__ import annotations

import numpy as np

from ...runtime.progress import Progress
from ...scene.scene import Scene
from ...scene.statistics import scene_statistics
from .fitted import ClassicalFit, Ratio, haze, matched, relative
from .moments import Moments, full_scale_gains
from .smoothing import pixel_mean, pixel_reach, wavelet_approximation, wavelet_levels


class Laplacian(ClassicalFit):
    """MTF-GLP: ``Y_b = U X_b + g_b (P - P_L)``, ``P_L = U D P``.

    Args:
        moments: of the scene.
        gains: (bands,) float64 injection gains g.
    """

    def __init__(self, moments: Moments, gains: np.ndarray) -> None:
        super().__init__(moments, 1, coefficients=gains[:, None])

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; P - P_L."""
        return pan[None] - lifted[:1]


def regression_gains(scene: Scene, moments: Moments, progress: Progress) -> np.ndarray:
    """The injection gains ``g_b = cov(U X_b, P_L) / var(P_L)``, computed once for a view of a scene.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the pass over the scene.

    Returns:
        (bands,) float64.
    """
    mtf_gain = moments.operators.mtf_gain
    return scene.cached(
        ("regression gains", mtf_gain), lambda: scene_statistics(scene, mtf_gain, 0, progress).gains[:, 0]
    )


def regression(scene: Scene, moments: Moments, progress: Progress) -> ClassicalFit:
    """MTF-GLP with ``g_b = cov(U X_b, P_L) / var(P_L)`` (Aiazzi et al., 2006).

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Returns:
        the fitted method.
    """
    return Laplacian(moments, regression_gains(scene, moments, progress))


def full_scale(scene: Scene, moments: Moments, progress: Progress) -> ClassicalFit:
    """MTF-GLP-FS, the regression at full resolution: ``g_b = cov(U X_b, P) / cov(P_L, P)`` (Vivone et al., 2018).

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Returns:
        the fitted method.
    """
    return Laplacian(moments, full_scale_gains(scene, moments, progress))


class HighPassModulation(ClassicalFit):
    """``Y_b = z_b + (U X_b - z_b) (P_b - z_b) / (P_bL - z_b)``, with ``P_b = s_b (P - mean) + mean_b`` and its low-pass
    version P_bL; z_b is the stored number of physical 0.

    Args:
        moments: of the scene.
        slopes: (bands,) float64 s.
    """

    def __init__(self, moments: Moments, slopes: np.ndarray) -> None:
        super().__init__(moments, 2)
        self._slopes, self._zero = slopes.astype(np.float32), moments.zero.astype(np.float32)
        self._level = moments.mean - moments.zero

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; P - P_L, and P_L - the PAN's mean."""
        return np.stack([pan - lifted[0], lifted[0] - np.float32(self.pan_mean)])

    def fuse_bands(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """See :meth:`..method.FittedMethod.fuse_bands`; bands without slope or level stay as they are."""
        for value, slope, zero, level in zip(values, self._slopes[bands], self._zero[bands], self._level[bands]):
            if slope != 0 and level > 0:
                value += (value - zero) * relative(slope * planes[0], slope * planes[1] + np.float32(level), level)


def modulation(scene: Scene, moments: Moments, progress: Progress) -> ClassicalFit:
    """HPM: the PAN has the mean and the contrast of each band (Aiazzi et al., 2003; Vivone et al., 2014).

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Returns:
        the fitted method.
    """
    return HighPassModulation(moments, moments.std / moments.pan_std)


def regression_modulation(scene: Scene, moments: Moments, progress: Progress) -> ClassicalFit:
    """HPM-R: the PAN is matched to each band by regression on P_L (Vivone, Restaino and Chanussot, 2018).

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Returns:
        the fitted method.
    """
    return HighPassModulation(moments, regression_gains(scene, moments, progress))


class HazeModulation(Ratio):
    """HPM-H (Lolli et al., 2017): ``Y_b = h_b + (U X_b - h_b) (P - h_P) / (P_L - h_P)``, h the haze of band and PAN.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        self.origin, pan = haze(scene, moments, progress)
        super().__init__(moments, 1)
        self._dark, self._usual = np.float32(pan), moments.pan_mean - pan

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; (P - P_L) / (P_L - h_P)."""
        return relative(pan[None] - lifted[:1], lifted[:1] - self._dark, self._usual)


class SmoothingFilter(Ratio):
    """SFIM (Liu, 2000): ``Y_b = z_b + (U X_b - z_b) P / P_S``, P_S the mean of the PAN over the size of an HSI pixel;
    z_b is the stored number of physical 0.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        self._ratios = moments.operators.ratios
        super().__init__(moments, 1, receptive_field=pixel_reach(max(self._ratios)), work=3)
        self.origin = moments.zero
        self._pan_zero = np.float32(-scene.pan.metadata.offsets[0] / scene.pan.metadata.scales[0])

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; (P - P_S) / P_S."""
        smooth = pixel_mean(pan, self._ratios)
        return relative(pan - smooth, smooth - self._pan_zero, self.pan_mean - self._pan_zero)[None]


class Wavelet(Ratio):
    """AWLP (Otazu et al., 2005): ``Y_b = z_b + (U X_b - z_b) (1 + (P' - P'_W) / I)``: I is the mean of the bands, P'
    the PAN with the mean and the contrast of I, and P'_W its approximation by a-trous wavelets; z_b is the stored
    number of physical 0.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        self._levels = wavelet_levels(scene.ratio)
        weights = moments.good / moments.good.sum()
        shift = -float(weights @ moments.zero)
        self.origin = moments.zero
        super().__init__(
            moments,
            1,
            weights=weights[None],
            shift=np.array([shift]),
            receptive_field=2 * (2**self._levels - 1),
            work=3,
        )
        self._usual = float(weights @ moments.mean + shift)
        self._scale, _ = matched(moments, self._usual, float(np.sqrt(weights @ moments.covariance @ weights)))

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; (P' - P'_W) / I."""
        detail = self._scale * (pan - wavelet_approximation(pan, self._levels))
        return relative(detail, lifted[0], self._usual)[None]
