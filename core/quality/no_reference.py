r"""Quality indices of a fused image at full resolution, where no reference exists.

With Y the fused image, P the PAN, X the HSI, :math:`P_L` and DY the PAN and the fused image degraded to the HSI's grid
with the HSI's MTF, Q the UIQI (:mod:`.uiqi`), b and l bands of B:

* :math:`D_\lambda = \frac{1}{B (B - 1)} \sum_{b \neq l} |Q(Y_b, Y_l) - Q(X_b, X_l)|`: whether the bands relate to each
  other as they do in the HSI. Source: Alparone et al., Photogrammetric Engineering and Remote Sensing 74(2), 2008,
  doi:10.14358/PERS.74.2.193 (exponent p = 1).
* :math:`D_s = \frac{1}{B} \sum_b |Q(Y_b, P) - Q(X_b, P_L)|`: whether they relate to the PAN as they do at low
  resolution. Source: the same (q = 1).
* :math:`D_\lambda^K = 1 - Q2^n(DY, X)` (:mod:`.q2n`): whether the degraded result gives back the HSI. Source: Khan,
  Alparone and Chanussot, IEEE Trans. Geoscience and Remote Sensing 47(11), 2009, doi:10.1109/TGRS.2009.2029094.
* :math:`D_{s,reg} = 1 - R^2` of the PAN regressed on all bands of Y and a constant. Source: Alparone, Garzelli and
  Vivone, the same, 56(9), 2018, doi:10.1109/TGRS.2018.2822284.
* :math:`D_\rho = 1 - \frac{1}{B} \sum_b \rho(Y_b, P)`, with the correlation in sliding windows of R x R pixels, R the
  ratio, rounded, but 3 at least (:mod:`.local_correlation`). Source: Scarpa and Ciotola, Remote Sensing 14(8), 2022,
  doi:10.3390/rs14081808.
* QNR :math:`= (1 - D_\lambda)(1 - D_s)`, Alparone et al., 2008. HQNR :math:`= (1 - D_\lambda^K)(1 - D_s)`, Aiazzi et
  al., Proc. IGARSS, 2014. RQNR :math:`= (1 - D_\lambda^K)(1 - D_{s,reg})`, Arienzo et al., IEEE Geoscience and Remote
  Sensing Magazine 10(3), 2022, doi:10.1109/MGRS.2022.3170092.

Where P has M bands, D_s is the mean of those with each of them, D_{s,reg} the mean of the M regressions (how far the
fused image, integrated by a response, gives the sharp bands again), and D_rho takes each band with the sharp band that
it correlates with most (own).

Distortions are best at 0, QNR, HQNR and RQNR at 1. All are masked and streamed over rows; values are taken as they are:
apply scale and offset first, leave bad bands out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from .blocks import BLOCK, BlockStream, block_notes, lanes
from .local_correlation import LocalCorrelation
from .q2n import hypercomplex_quality
from .regression import Regression
from .uiqi import PairwiseQuality
from .windows import Run

LEAST_WINDOW = 3  # pixels, of D_rho
NO_REFERENCE = ("d_lambda", "d_lambda_k", "d_s", "d_s_reg", "d_rho", "qnr", "hqnr", "rqnr")


class NoReferenceIndices:
    """All indices of this module, accumulated over rows of both resolutions, each handed in from top to bottom.

    Args:
        bands: the number of bands B.
        ratio: HSI pixel size over PAN pixel size, R, any real number.
        check: called between pieces of work; may raise to stop it.
        block: width and height of the blocks of UIQI and Q2n, at either resolution, in pixels.
        pans: the number M of the PAN's bands.
    """

    def __init__(
        self, bands: int, ratio: float, check: Callable[[], None] | None = None, block: int = BLOCK, pans: int = 1
    ) -> None:
        self.bands, self.pans, self._check, self._block = bands, pans, check, block
        self._high: list[tuple[PairwiseQuality, Regression]] = []  # of each lane
        self._low = PairwiseQuality(bands + pans, check, block)
        self._khan, self._khan_sum = BlockStream(block, check), 0.0
        self._correlation = LocalCorrelation(bands, max(LEAST_WINDOW, round(ratio)), check, pans)

    def update_high(self, stack: np.ndarray, valid: np.ndarray, run: Run = map) -> None:
        """Add the next rows at full resolution.

        Args:
            stack: (B + M, r, c) of any dtype, the bands of Y and, last, P.
            valid: (r, c) bool.
            run: as ``map``; that of a pool of threads does work side by side where numpy would use one core.
        """
        parts = lanes(stack.shape[2], self._block)
        self._high = self._high or [self._lane() for _ in parts]
        beside = [
            functools.partial(lane.update, stack[..., part], valid[:, part])
            for (lane, _), part in zip(self._high, parts)
        ]
        self._correlation.update(stack, valid, run, beside)

    def _lane(self) -> tuple[PairwiseQuality, Regression]:
        regression = Regression(self.bands, self._check, self.pans)
        return PairwiseQuality(self.bands + self.pans, self._check, self._block, regression), regression

    def update_low(
        self, degraded: np.ndarray, hsi: np.ndarray, pan: np.ndarray, valid: np.ndarray, run: Run = map
    ) -> None:
        """Add the next rows of the HSI's grid.

        Args:
            degraded: (B, r, c) of any dtype, DY.
            hsi: (B, r, c) of any dtype, X.
            pan: (r, c) or (M, r, c) of any dtype, the degraded PAN.
            valid: (r, c) bool.
            run: as ``map``; that of a pool of threads does work side by side.
        """
        both = np.concatenate([hsi, pan.reshape(self.pans, *pan.shape[-2:])])
        work = functools.partial(self._low.update, both, valid), functools.partial(self._add_khan, degraded, hsi, valid)
        for _ in run(lambda piece: piece(), work):
            pass

    def _add_khan(self, degraded: np.ndarray, hsi: np.ndarray, valid: np.ndarray) -> None:
        for block in self._khan.update(degraded, hsi, valid):
            self._khan_sum += hypercomplex_quality(block)

    def result(self) -> dict:
        """The indices over everything handed in, after the last row.

        Returns:
            floats by the names of ``NO_REFERENCE``, NaN where an index cannot be computed; ``per_band``, a dict of (B,)
            float64 arrays ``d_s`` and ``d_rho``; ``notes``, sentences on what was left out.
        """
        high, regression = self._lane()
        for lane, rest in self._high:
            lane.blocks.finish()
            high.count_in(lane)
            regression.count_in(rest)
        difference = np.abs(high.result() - self._low.result())
        d_s = difference[: self.bands, self.bands :].mean(axis=1)
        pairs = difference[: self.bands, : self.bands][~np.eye(self.bands, dtype=bool)]
        d_lambda = float(pairs.mean()) if pairs.size else math.nan
        d_rho = 1.0 - self._correlation.result()
        defined = ~np.isnan(d_rho)
        khan = 1.0 - self._khan_sum / self._khan.used if self._khan.used else math.nan
        values = {
            "d_lambda": d_lambda,
            "d_lambda_k": khan,
            "d_s": float(d_s.mean()),
            "d_s_reg": float(np.mean([regression.unexplained(band) for band in range(self.pans)])),
            "d_rho": float(d_rho[defined].mean()) if defined.any() else math.nan,
        }
        values["qnr"] = (1 - values["d_lambda"]) * (1 - values["d_s"])
        values["hqnr"] = (1 - values["d_lambda_k"]) * (1 - values["d_s"])
        values["rqnr"] = (1 - values["d_lambda_k"]) * (1 - values["d_s_reg"])
        notes = block_notes(high.blocks, "D_lambda and D_s", "pixels of the result")
        notes += block_notes(self._low.blocks, "D_lambda, D_lambda^K and D_s", "pixels of the HSI")
        if not defined.all() and regression.pixels:
            notes.append(
                f"D_rho leaves out {np.count_nonzero(~defined)} band(s) without any window of valid pixels that vary."
            )
        if math.isnan(values["d_s_reg"]):
            notes.append("D_s,reg is left out, because the PAN is constant or no pixel is valid.")
        return {**values, "per_band": {"d_s": d_s, "d_rho": d_rho}, "notes": notes}
