"""Classical fusion: what users compare with, in numpy alone, through the same engine as the networks.

``METHODS[name].recipe(scene, gain, iterations, progress)`` is what :func:`..engine.fuse` is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ...progress import Progress
from ...raster.scene import Scene
from . import multiresolution, subspace, substitution, unmixing
from .injection import ClassicalRecipe, Injection, Nothing
from .moments import Moments, scene_moments

DEFAULT_METHOD = "mtf-glp"


@dataclass(frozen=True)
class Method:
    """A classical method.

    Attributes:
        title: for people. source: where it is described.
        make: (scene, its moments, progress) to the method, ready for the scene.
    """

    title: str
    source: str
    make: Callable[[Scene, Moments, Progress], Injection]

    def recipe(self, scene: Scene, gain: float, iterations: int, progress: Progress) -> ClassicalRecipe:
        """What the engine computes.

        Args:
            gain: the HSI's MTF gain. iterations: of the consistency projection.
        """
        moments = scene_moments(scene, gain, progress.part(0.0, 0.5))
        # A PAN without any contrast tells nothing, and nothing can be matched to it.
        method = Nothing(moments) if moments.flat else self.make(scene, moments, progress.part(0.5, 1.0))
        return ClassicalRecipe(gain, iterations, method)


METHODS = {
    "exp": Method(
        "Up-sampling (EXP)",
        "Cubic convolution (Keys, 1981), a = -0.75: the HSI on the PAN's grid, nothing taken from the PAN.",
        lambda scene, moments, progress: Nothing(moments),
    ),
    "brovey": Method(
        "Brovey, haze-corrected",
        "Gillespie, Kahle and Walker (1987), with the haze of Lolli et al. (2017); intensity by regression.",
        substitution.Brovey,
    ),
    "gs": Method(
        "Gram-Schmidt (GS)",
        "Laben and Brower (2000), the low-resolution PAN being the mean of the bands.",
        substitution.gram_schmidt,
    ),
    "gsa": Method(
        "Gram-Schmidt, adaptive (GSA)",
        "Aiazzi, Baronti and Selva (2007): the low-resolution PAN is a regression on the bands.",
        substitution.gram_schmidt_adaptive,
    ),
    "pca": Method(
        "Principal component substitution (PCA)",
        "Chavez, Sides and Anderson (1991), on the covariance of the bands.",
        substitution.principal_component,
    ),
    "gfpca": Method(
        "Guided filter on principal components (GFPCA)",
        "Liao et al. (2015); the PAN guides the filter, window and regularisation are ours.",
        subspace.GuidedFilter,
    ),
    "bdsd": Method(
        "Band-dependent spatial detail (BDSD)",
        "Garzelli, Nencini and Capobianco (2008), on principal components in the place of bands.",
        subspace.band_dependent,
    ),
    "sfim": Method(
        "Smoothing-filter intensity modulation (SFIM)",
        "Liu (2000): bands are multiplied by the ratio of the PAN and its mean over an HSI pixel.",
        multiresolution.SmoothingFilter,
    ),
    "awlp": Method(
        "Additive wavelet luminance proportional (AWLP)",
        "Otazu et al. (2005): a-trous wavelet planes of the PAN, in proportion to each band's share of the luminance.",
        multiresolution.Wavelet,
    ),
    "mtf-glp": Method(
        "MTF-GLP",
        "Generalised Laplacian pyramid matched to the sensor's MTF (Aiazzi et al., 2006), one regression gain per "
        "band over the whole scene.",
        multiresolution.regression,
    ),
    "mtf-glp-fs": Method(
        "MTF-GLP, full-scale regression (FS)",
        "Vivone, Restaino and Chanussot (2018): gains estimated at full resolution.",
        multiresolution.full_scale,
    ),
    "mtf-glp-hpm": Method(
        "MTF-GLP, high-pass modulation (HPM)",
        "Aiazzi et al. (2003), Vivone et al. (2014): bands are multiplied by the ratio of the PAN and its low-pass "
        "version, both matched to each band.",
        multiresolution.modulation,
    ),
    "mtf-glp-hpm-h": Method(
        "MTF-GLP-HPM, haze-corrected (HPM-H)",
        "Lolli et al. (2017): the ratio is taken from the haze on.",
        multiresolution.HazeModulation,
    ),
    "mtf-glp-hpm-r": Method(
        "MTF-GLP-HPM by regression (HPM-R)",
        "Vivone, Restaino and Chanussot (2018): the PAN is matched to each band by regression.",
        multiresolution.regression_modulation,
    ),
    "cnmf": Method(
        "Coupled non-negative matrix factorisation (CNMF)",
        "Yokoya, Yairi and Iwasaki (2012): endmembers from the HSI, their shares from HSI and PAN; one coupled round.",
        unmixing.CoupledFactorisation,
    ),
}
