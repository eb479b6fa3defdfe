"""Methods that work on principal components of the bands, of which a few carry nearly all of the scene."""

from __future__ import annotations

import numpy as np

from ...io.encoding import check_finite
from ...io.ratio import pixels_inside, whole_pixels
from ...operators.pair import Operators
from ...runtime.progress import Progress
from ...scene.scene import Scene
from .fitted import ClassicalFit
from .moments import Moments, low_strips
from .multiresolution import regression
from .smoothing import window_mean

_SHARE = 0.999  # of the variance that the components carry
_MOST = 10  # components
_WINDOW = 1  # radius of the guided filter's window, in HSI pixels
_SMOOTH = 1e-4  # the guided filter's regularisation, in variances of the PAN
_DEPENDENT = 1e-12  # of the largest singular value: smaller ones are taken as 0
_PIXELS = 10  # HSI pixels per coefficient that shall be estimated, at least


def principal_components(moments: Moments, most: int = _MOST) -> np.ndarray:
    """Leading eigenvectors of the bands' covariance, as many as carry 99.9 per cent of the variance.

    Args:
        moments: of the scene.
        most: number of components, at most.

    Returns:
        (bands, K) float64, the columns orthonormal.
    """
    values, vectors = np.linalg.eigh(moments.covariance)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    share = np.cumsum(values) / max(values.sum(), 1e-300)  # of a scene without any contrast there is none
    return vectors[:, : min(int(np.searchsorted(share, _SHARE)) + 1, most, int(moments.good.sum()))]


class ComponentFit(ClassicalFit):
    """Base of the methods that add detail to principal components: the up-sampled components are lifted.

    Args:
        moments: of the scene.
        basis: (bands, K) float64, the components' spectra.
        receptive_field, work: see :class:`.fitted.ClassicalFit`.
    """

    def __init__(self, moments: Moments, basis: np.ndarray, *, receptive_field: int = 0, work: int) -> None:
        super().__init__(
            moments,
            basis.shape[1],
            weights=basis.T,
            shift=-(basis.T @ moments.mean),
            coefficients=basis,
            receptive_field=receptive_field,
            work=work,
        )


class GuidedFilter(ComponentFit):
    """GFPCA (Liao et al., 2015): the leading components pass a guided filter (He, Sun and Tang, 2013) with the PAN as
    its guide; the others are up-sampled only.

    In each window the component is taken for ``a P + b``; a and b are averaged over the windows that hold a pixel. The
    number of components, the window (own: three HSI pixels wide) and the regularisation (own) are fixed.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        basis = principal_components(moments)
        y, x = moments.operators.ratios
        self._radius, self._smooth = (round(_WINDOW * y), round(_WINDOW * x)), _SMOOTH * moments.pan_variance
        super().__init__(moments, basis, receptive_field=2 * max(self._radius), work=10 * basis.shape[1] + 10)

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; what the filter changes in each component."""
        guide = pan.astype(np.float64) - self.pan_mean
        mean = window_mean(guide, self._radius)
        variance = window_mean(guide**2, self._radius) - mean**2
        changes = np.empty((self.planes_count, *pan.shape), np.float32)
        for component, change in zip(lifted.astype(np.float64), changes):
            progress.check()
            level = window_mean(component, self._radius)
            slope = (window_mean(component * guide, self._radius) - level * mean) / (variance + self._smooth)
            rest = level - slope * mean
            change[:] = window_mean(slope, self._radius) * guide + window_mean(rest, self._radius) - component
        return changes


class BandDependent(ComponentFit):
    """BDSD (Garzelli, Nencini and Capobianco, 2008): the detail of each component is the combination of all components,
    of the PAN and of a constant that is best, in the least-squares sense, one scale further down, where the truth
    is given.

    The method gives each band as many coefficients as there are bands; hundreds cannot be estimated, so it works on
    principal components (own).

    Args:
        scene: the pair of images.
        moments: of the scene.
        most: components, at most.
        lower: (rows, columns) one scale further down.
        progress: of the fit.
    """

    def __init__(self, scene: Scene, moments: Moments, most: int, lower: tuple[int, int], progress: Progress) -> None:
        basis = principal_components(moments, most)
        gains = _detail_gains(scene, moments, basis, lower, progress)
        super().__init__(moments, basis, work=2)
        self._gains = gains.astype(np.float32)

    def high_planes(self, lifted: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
        """See :meth:`.fitted.ClassicalFit.high_planes`; the components' detail."""
        regressors = np.concatenate([lifted[:-1], pan[None] - np.float32(self.pan_mean), np.ones_like(pan)[None]])
        flat = self._gains.T @ regressors.reshape(len(regressors), -1)
        return flat.reshape(self.planes_count, *pan.shape)


def band_dependent(scene: Scene, moments: Moments, progress: Progress) -> ClassicalFit:
    """BDSD; where the scene is too small to be degraded once more, MTF-GLP, with a warning.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Returns:
        the fitted method.
    """
    y, x = moments.operators.ratios
    lower = whole_pixels(scene.low_shape[0], y), whole_pixels(scene.low_shape[1], x)
    inside = moments.chosen[: pixels_inside(lower[0], y), : pixels_inside(lower[1], x)]
    most = min(_MOST, int(inside.sum()) // _PIXELS - 2)
    if min(lower) >= 2 and most >= 1:
        return BandDependent(scene, moments, most, lower, progress)
    progress.warning(
        f"{scene.hsi.name} shares too few pixels with the PAN for bdsd to learn from them one scale down; the gains of "
        "mtf-glp are used."
    )
    return regression(scene, moments, progress)


def _detail_gains(
    scene: Scene, moments: Moments, basis: np.ndarray, lower: tuple[int, int], progress: Progress
) -> np.ndarray:
    """(K + 2, K): what a component's detail takes of the low-passed components, of the PAN and of 1."""
    components = np.empty((basis.shape[1], *scene.low_shape), np.float32)
    fallback = moments.mean.astype(np.float32)
    for start, values in low_strips(scene, fallback, progress):
        shifted = values - fallback[:, None, None]
        components[:, start : start + values.shape[1]] = np.tensordot(basis.T, shifted, 1)
    rows, cols = (pixels_inside(count, ratio) for count, ratio in zip(lower, moments.operators.ratios))
    operators = Operators(lower, (rows, cols), moments.operators.ratios, (0.0, 0.0), moments.operators.mtf_gain)
    inside = moments.chosen[:rows, :cols]
    lowpass = np.empty((len(components), rows, cols), np.float32)
    for plane, component in zip(lowpass, components[:, :rows, :cols]):
        progress.check()
        plane[:] = operators.up(operators.down(component))
    detail = (components[:, :rows, :cols] - lowpass)[:, inside].astype(np.float64)
    pan = moments.pan_low[:, :rows, :cols][:, inside] - moments.pan_mean
    regressors = np.concatenate([lowpass[:, inside], pan, np.ones_like(pan)]).astype(np.float64)
    squares, products = regressors @ regressors.T, regressors @ detail.T
    check_finite(np.hstack([squares, products]), None)
    return _least_squares(squares, products)


def _least_squares(squares: np.ndarray, products: np.ndarray) -> np.ndarray:
    """(n, K): the solution of normal equations. Where regressors are of so different sizes, in other units, that the
    small ones would be left out as if they depended on others, all are brought to one size first."""
    size = np.sqrt(np.diag(squares))
    size[size == 0] = 1.0
    if (size.min() / size.max()) ** 2 > _DEPENDENT:
        return np.linalg.lstsq(squares, products, rcond=_DEPENDENT)[0]
    scaled = np.linalg.lstsq(squares / np.outer(size, size), products / size[:, None], rcond=_DEPENDENT)[0]
    return scaled / size[:, None]
