"""Classical methods with a sharper image of several bands.

Where the paper of a method takes several bands, so does the method here. The others, which take a PAN of one band, are
applied by hypersharpening: each band of the HSI is sharpened by the one sharp band that it correlates with most.

Source: Selva, Aiazzi, Butera, Chiarantini and Baronti, IEEE J. Selected Topics in Applied Earth Observations and Remote
Sensing 8(6), 2015, doi:10.1109/JSTARS.2015.2440092 (selected band, and synthesised band).
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from ...io.band_selection import SelectedBands
from ...runtime.progress import Progress
from ...scene.lowpass import add_details
from ...scene.ridge import HeldOut, regression_by_band
from ...scene.scene import Scene
from ..method import FittedMethod, Part, Support
from .fitted import LiftedFit, relative
from .moments import Moments

_RIDGE = 1e-6  # of GSA, in variances of each intensity
Fit = Callable[[Scene, Moments, Progress], FittedMethod]


def multiple_gains(scene: Scene, moments: Moments, progress: Progress) -> np.ndarray:
    """The injection gains of the regression of each band's details on those of all sharp bands, that of the networks'
    prior (:mod:`...scene.ridge`): of the values themselves, noise of sharp bands that are alike would be injected.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of reading the HSI.

    Returns:
        (bands, M) float64; 0 for bands that take no part or have no contrast.
    """

    def regressed() -> np.ndarray:
        held_out, mean = HeldOut(len(moments.mean), scene.guides), moments.mean.astype(np.float32)
        add_details(scene, moments.pan_low, mean, moments.operators.mtf_gain, held_out, progress)
        varies = moments.good & (moments.std > 0)
        return np.where(varies[:, None], held_out.regression(varies), 0.0)

    return scene.cached(("gains of several sharp bands", moments.operators.mtf_gain), regressed)


class MultipleRegression(LiftedFit):
    """MTF-GLP with several sharp bands: ``Y_b = U X_b + sum_m g_bm (P_m - U D P_m)``, g by multiple regression.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        super().__init__(moments, scene.guides, coefficients=multiple_gains(scene, moments, progress))

    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """See :meth:`..method.FittedMethod.planes`; P_m - U D P_m."""
        return pan - self.lifted(hsi, part)


class MultipleSubstitution(LiftedFit):
    """GSA with several sharp bands: ``Y_b = U X_b + sum_m g_bm (P'_m - U I_m)``, I_m the regression of the degraded
    P_m on the HSI's bands, P' matched to it in mean and contrast, and g the regression of the bands on all I, with a
    ridge of each band (:func:`...scene.ridge.regression_by_band`).

    Note: the multiple regression is our own; one band gives Aiazzi, Baronti and Selva (2007).

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        weights = _on_bands(moments)
        shift = moments.guide_mean - weights @ moments.mean
        spread, cross = weights @ moments.covariance @ weights.T, moments.covariance @ weights.T
        gains = regression_by_band(spread, cross, moments.std**2, _RIDGE)
        super().__init__(
            moments, scene.guides, weights=weights, shift=shift, coefficients=gains, stored=moments.pan_low[:0], work=1
        )
        std = np.maximum(moments.guide_std, 1e-30)
        scale = np.where(moments.guide_std > 0, np.sqrt(np.maximum(np.diag(spread), 0.0)) / std, 0.0)
        self._scale = scale.astype(np.float32)[:, None, None]
        self._shift_of_pan = ((1.0 - scale) * moments.guide_mean).astype(np.float32)[:, None, None]

    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """See :meth:`..method.FittedMethod.planes`; P'_m - U I_m."""
        return self._scale * pan + self._shift_of_pan - self.lifted(hsi, part)


class SynthesisedBand(LiftedFit):
    """Hypersharpening by a synthesised band: ``Y_b = z_b + (U X_b - z_b) (S_b - z_b) / (S_bL - z_b)``, S_b the
    regression of the band on all sharp bands, S_bL its low-pass version, z_b the stored number of physical 0.

    Source: Selva et al., 2015.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        super().__init__(moments, 2 * scene.guides)
        self._slopes = multiple_gains(scene, moments, progress).astype(np.float32)
        self._zero, self._level = moments.zero.astype(np.float32), moments.mean - moments.zero

    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """See :meth:`..method.FittedMethod.planes`; P_m - P_mL, and P_mL - its mean."""
        lifted = self.lifted(hsi, part)
        mean = self.moments.guide_mean.astype(np.float32)[:, None, None]
        return np.concatenate([pan - lifted, lifted - mean])

    def fuse_bands(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """See :meth:`..method.FittedMethod.fuse_bands`; bands without slope or level stay as they are."""
        details, low_pass = planes[: planes.shape[0] // 2], planes[planes.shape[0] // 2 :]
        for value, slopes, zero, level in zip(values, self._slopes[bands], self._zero[bands], self._level[bands]):
            if slopes.any() and level > 0:
                detail, base = np.tensordot(slopes, details, 1), np.tensordot(slopes, low_pass, 1)
                value += (value - zero) * relative(detail, base + np.float32(level), level)


class SelectedBand(FittedMethod):
    """Hypersharpening by a selected band: each band of the HSI is sharpened by the sharp band that it correlates with
    most, with a method that takes a PAN of one band.

    Source: Selva et al., 2015.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
        fit: the method for one band.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress, fit: Fit) -> None:
        sizes = np.outer(np.maximum(moments.std, 1e-30), np.maximum(moments.guide_std, 1e-30))
        self.chosen = np.abs(moments.guide_cross / sizes).argmax(axis=1)
        used = np.unique(self.chosen[moments.good]) if moments.good.any() else np.unique(self.chosen)
        self._fitted: list[tuple[int, FittedMethod]] = []
        for place, number in enumerate(used.tolist()):
            view = single_guide(scene, number)
            part = progress.part(place / len(used), (place + 1) / len(used))
            self._fitted.append((number, fit(view, moments.of_guide(number), part)))
        methods = [fitted for _, fitted in self._fitted]
        self.mtf_gain, self.iterations = methods[0].mtf_gain, methods[0].iterations
        self.mean, self.pan_mean = moments.mean.astype(np.float32), moments.guide_mean.astype(np.float32)
        self.guide = moments.guide
        self.planes_count = sum(fitted.planes_count for fitted in methods)
        self.coefficients = self._coefficients(len(moments.mean))
        supports = [fitted.support for fitted in methods]
        self.support = Support(
            max(one.receptive_field for one in supports),
            bytes_per_pixel=sum(4 * one.planes_count for one in methods) + max(one.bytes_per_pixel for one in supports),
        )

    def _coefficients(self, bands: int) -> np.ndarray | None:
        if any(fitted.coefficients is None for _, fitted in self._fitted):
            return None
        blocks = []
        for number, fitted in self._fitted:
            own = np.asarray(fitted.coefficients).copy()
            own[self.chosen != number] = 0.0
            blocks.append(own)
        return np.concatenate(blocks, axis=1).astype(np.float32).reshape(bands, -1)

    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """See :meth:`..method.FittedMethod.planes`; those of each sharp band, one after the other."""
        return np.concatenate(
            [fitted.planes(hsi, pan[number : number + 1], part, progress) for number, fitted in self._fitted]
        )

    def fuse_bands(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """See :meth:`..method.FittedMethod.fuse_bands`; each band by its own sharp band."""
        first = 0
        for number, fitted in self._fitted:
            own = planes[first : first + fitted.planes_count]
            first += fitted.planes_count
            for place in np.flatnonzero(self.chosen[bands] == number).tolist():
                band = bands.start + place
                fitted.fuse_bands(values[place : place + 1], own, slice(band, band + 1))


def selected_band(fit: Fit) -> Fit:
    """A method for several sharp bands made of one for a PAN of one band.

    Args:
        fit: the method for one band.

    Returns:
        The method, see :class:`SelectedBand`.
    """
    return lambda scene, moments, progress: SelectedBand(scene, moments, progress, fit)


def single_guide(scene: Scene, number: int) -> Scene:
    """A scene with one of the sharp bands as its PAN; the same view whenever it is asked for.

    Args:
        scene: the pair of images.
        number: of the band, counted from 0.

    Returns:
        The view.
    """
    return scene.cached(("one sharp band", number), lambda: scene.showing(pan=SelectedBands(scene.pan, [number])))


def _on_bands(moments: Moments) -> np.ndarray:
    """(M, bands) float64: regression of each degraded sharp band on the HSI's bands, of least norm."""
    values, vectors = np.linalg.eigh(moments.covariance)
    keep = values > 1e-12 * values[-1]
    vectors = vectors[:, keep]
    return ((moments.guide_cross.T @ vectors) / values[keep]) @ vectors.T
