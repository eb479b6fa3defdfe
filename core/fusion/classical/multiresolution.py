"""Multiresolution analysis: the PAN's detail beyond the HSI's resolution is added to the bands, or multiplies them."""

from __future__ import annotations

import numpy as np

from ...physics.prior import scene_statistics
from ...progress import Progress
from ...raster.scene import Scene
from .injection import Injection, relative
from .moments import Moments, full_scale_gains


class Laplacian(Injection):
    """MTF-GLP: ``Y_b = U X_b + g_b (P - P_L)``, ``P_L = U D P``.

    Args:
        gains: (bands,) g.
    """

    def __init__(self, moments: Moments, gains: np.ndarray) -> None:
        super().__init__(moments, 1, coefficients=gains[:, None])

    def high(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """P - P_L."""
        return pan[None] - lifted[:1]


def regression(scene: Scene, moments: Moments, progress: Progress) -> Injection:
    """``g_b = cov(U X_b, P_L) / var(P_L)``."""
    return Laplacian(moments, scene_statistics(scene, moments.operators.gain, 0, progress).gains)


def full_scale(scene: Scene, moments: Moments, progress: Progress) -> Injection:
    """``g_b = cov(U X_b, P) / cov(P_L, P)``: the regression at full resolution."""
    return Laplacian(moments, full_scale_gains(scene, moments, progress))


class HighPassModulation(Injection):
    """``Y_b = z_b + (U X_b - z_b) (P_b - z_b) / (P_bL - z_b)``, with ``P_b = s_b (P - mean) + mean_b`` and its low-pass
    version P_bL; z_b is the stored number of physical 0.

    Args:
        slopes: (bands,) s.
    """

    def __init__(self, moments: Moments, slopes: np.ndarray) -> None:
        super().__init__(moments, 2)
        self._slopes, self._zero = slopes.astype(np.float32), moments.zero.astype(np.float32)
        self._level = moments.mean - moments.zero

    def high(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """P - P_L, and P_L from the PAN's mean."""
        return np.stack([pan - lifted[0], lifted[0] - np.float32(self.pan_mean)])

    def fuse(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """See :class:`..engine.Plan`."""
        for value, slope, zero, level in zip(values, self._slopes[bands], self._zero[bands], self._level[bands]):
            if slope != 0 and level > 0:
                value += (value - zero) * relative(slope * planes[0], slope * planes[1] + np.float32(level), level)


def modulation(scene: Scene, moments: Moments, progress: Progress) -> Injection:
    """HPM: the PAN has the mean and the contrast of each band."""
    return HighPassModulation(moments, moments.std / moments.pan_std)
