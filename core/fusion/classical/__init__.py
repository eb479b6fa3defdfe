"""Classical fusion: what users compare with, in numpy alone, through the same engine as the networks."""

from __future__ import annotations

from dataclasses import dataclass

from ...operators.consistency import DEFAULT_ITERATIONS
from ...operators.pair import DEFAULT_MTF_GAIN
from ...operators.resample import Gains
from ...runtime.progress import Progress
from ...scene.scene import Scene
from ..method import FittedMethod
from . import multiresolution, several, subspace, substitution, unmixing
from .fitted import Exp
from .moments import scene_moments
from .several import Fit

DEFAULT_METHOD = "mtf-glp"


@dataclass(frozen=True)
class Description:
    """A classical method.

    Attributes:
        title: for the user.
        source: the paper that describes it.
        fit: (scene, its moments, progress) to the fitted method.
        several: the same for a sharper image of several bands; None for hypersharpening by a selected band.
    """

    title: str
    source: str
    fit: Fit
    several: Fit | None = None


METHODS = {
    "exp": Description(
        "Up-sampling (EXP)",
        "Cubic convolution (Keys, 1981), a = -0.75: the HSI on the PAN's grid, nothing taken from the PAN.",
        lambda scene, moments, progress: Exp(moments),
        lambda scene, moments, progress: Exp(moments),
    ),
    "brovey": Description(
        "Brovey, haze-corrected",
        "Gillespie, Kahle and Walker (1987), with the haze of Lolli et al. (2017); intensity by regression.",
        substitution.Brovey,
    ),
    "gs": Description(
        "Gram-Schmidt (GS)",
        "Laben and Brower (2000), the low-resolution PAN being the mean of the bands.",
        substitution.gram_schmidt,
    ),
    "gsa": Description(
        "Gram-Schmidt, adaptive (GSA)",
        "Aiazzi, Baronti and Selva (2007): the low-resolution PAN is a regression on the bands.",
        substitution.gram_schmidt_adaptive,
        several.MultipleSubstitution,
    ),
    "pca": Description(
        "Principal component substitution (PCA)",
        "Chavez, Sides and Anderson (1991), on the covariance of the bands.",
        substitution.principal_component,
    ),
    "gfpca": Description(
        "Guided filter on principal components (GFPCA)",
        "Liao et al. (2015); the PAN guides the filter, window and regularisation are ours.",
        subspace.GuidedFilter,
    ),
    "bdsd": Description(
        "Band-dependent spatial detail (BDSD)",
        "Garzelli, Nencini and Capobianco (2008), on principal components in the place of bands.",
        subspace.band_dependent,
    ),
    "sfim": Description(
        "Smoothing-filter intensity modulation (SFIM)",
        "Liu (2000): bands are multiplied by the ratio of the PAN and its mean over an HSI pixel.",
        multiresolution.SmoothingFilter,
    ),
    "awlp": Description(
        "Additive wavelet luminance proportional (AWLP)",
        "Otazu et al. (2005): a-trous wavelet planes of the PAN, in proportion to each band's share of the luminance.",
        multiresolution.Wavelet,
    ),
    "mtf-glp": Description(
        "MTF-GLP",
        "Generalised Laplacian pyramid matched to the sensor's MTF (Aiazzi et al., 2006), one regression gain per "
        "band over the whole scene.",
        multiresolution.regression,
        several.MultipleRegression,
    ),
    "mtf-glp-fs": Description(
        "MTF-GLP, full-scale regression (FS)",
        "Vivone, Restaino and Chanussot (2018): gains estimated at full resolution.",
        multiresolution.full_scale,
    ),
    "mtf-glp-hpm": Description(
        "MTF-GLP, high-pass modulation (HPM)",
        "Aiazzi et al. (2003), Vivone et al. (2014): bands are multiplied by the ratio of the PAN and its low-pass "
        "version, both matched to each band.",
        multiresolution.modulation,
    ),
    "mtf-glp-hpm-h": Description(
        "MTF-GLP-HPM, haze-corrected (HPM-H)",
        "Lolli et al. (2017): the ratio is taken from the haze on.",
        multiresolution.HazeModulation,
    ),
    "mtf-glp-hpm-r": Description(
        "MTF-GLP-HPM by regression (HPM-R)",
        "Vivone, Restaino and Chanussot (2018): the PAN is matched to each band by regression; with several sharp "
        "bands hypersharpening by a synthesised band (Selva et al., 2015).",
        multiresolution.regression_modulation,
        several.SynthesisedBand,
    ),
    "cnmf": Description(
        "Coupled non-negative matrix factorisation (CNMF)",
        "Yokoya, Yairi and Iwasaki (2012): endmembers from the HSI, their shares from HSI and PAN; one coupled round.",
        unmixing.CoupledFactorisation,
        unmixing.CoupledFactorisation,
    ),
}


@dataclass(frozen=True)
class ClassicalMethod:
    """A classical method with its parameters; a :class:`..method.FusionMethod`.

    Attributes:
        name: in :data:`METHODS`.
        mtf_gain, iterations: see :class:`..method.FittedMethod`.
    """

    name: str = DEFAULT_METHOD
    mtf_gain: Gains = DEFAULT_MTF_GAIN
    iterations: int = DEFAULT_ITERATIONS

    def fit(self, scene: Scene, progress: Progress | None = None) -> FittedMethod:
        """Fit the method to a scene. A PAN without any contrast gives plain up-sampling: no band can be matched to it.

        Args:
            scene: the pair of images.
            progress: of the fit.

        Returns:
            the fitted method.

        Raises:
            InputError: the scene cannot be fused by this method.
            Cancelled: the user stopped the job.
        """
        progress = progress or Progress()
        moments = scene.cached(
            ("moments", self.mtf_gain), lambda: scene_moments(scene, self.mtf_gain, progress.part(0.0, 0.5))
        )
        method = METHODS["exp" if moments.flat else self.name]
        fit = method.fit if scene.guides == 1 else method.several or several.selected_band(method.fit)
        fitted = fit(scene, moments, progress.part(0.5, 1.0))
        fitted.iterations = self.iterations
        return fitted
