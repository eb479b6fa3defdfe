r"""The universal image quality index (UIQI) of two bands, or of all pairs of bands.

In a block, with means :math:`\bar x, \bar y`, variances and covariance,

.. math:: Q = \frac{2 \sigma_{xy}}{\sigma_x^2 + \sigma_y^2} \cdot \frac{2 \bar x \bar y}{\bar x^2 + \bar y^2}

between -1 and 1, 1 for equal bands; a factor that is 0 / 0 (both bands constant, both means zero) counts as 1. The
value of an image is the mean over its blocks of 32 x 32 pixels, see :mod:`.blocks`.

Source: Wang and Bovik, IEEE Signal Processing Letters 9(3), 2002, doi:10.1109/97.995823 (there in sliding windows).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .blocks import BLOCK, Beside, BlockMoments, BlockStream


def universal_quality(
    mean_x: np.ndarray, mean_y: np.ndarray, variance_x: np.ndarray, variance_y: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """UIQI from moments (Wang and Bovik, 2002): arrays of any shapes that broadcast together.

    Args:
        mean_x: any shape, float64, as all arguments.
        mean_y: any shape, float64.
        variance_x: any shape, float64.
        variance_y: any shape, float64.
        covariance: any shape, float64.

    Returns:
        the broadcast shape (...), float64 in [-1, 1].
    """
    structure = ratio_or_one(2 * covariance, variance_x + variance_y)
    return structure * ratio_or_one(2 * mean_x * mean_y, mean_x**2 + mean_y**2)


def ratio_or_one(numerator: np.ndarray | np.floating, denominator: np.ndarray | np.floating) -> np.ndarray:
    """The quotient; 1 where the denominator, a sum of squares that bounds the numerator, is 0.

    Args:
        numerator: any shape, float64.
        denominator: any shape, float64, not negative.

    Returns:
        the broadcast shape (...), float64.
    """
    zero = denominator == 0
    if not np.any(zero):
        return np.asarray(numerator / denominator)
    return np.where(zero, 1.0, numerator / np.where(zero, 1.0, denominator))


def band_quality(moments: BlockMoments) -> np.ndarray:
    """UIQI of each band of x with the same band of y in one block.

    Args:
        moments: of two images with B bands each.

    Returns:
        (B,) float64.
    """
    covariance = np.diagonal(moments.covariance)
    return universal_quality(moments.mean_x, moments.mean_y, moments.variance_x, moments.variance_y, covariance)


class PairwiseQuality:
    """UIQI of every band of an image with every other one, accumulated over blocks of rows.

    Args:
        bands: the number of bands B.
        check: called at every block; may raise to stop the work.
        block: width and height of the blocks in pixels.
        beside: gets all valid pixels too, see :class:`.blocks.BlockStream`.
    """

    def __init__(
        self,
        bands: int,
        check: Callable[[], None] | None = None,
        block: int = BLOCK,
        beside: Beside | None = None,
    ) -> None:
        self.blocks = BlockStream(block, check, beside)
        self._sum, self._work = np.zeros((bands, bands)), np.empty((bands, bands))

    def update(self, values: np.ndarray, valid: np.ndarray) -> None:
        """Add the next rows.

        Args:
            values: (B, r, c) of any dtype.
            valid: (r, c) bool.
        """
        for block in self.blocks.update(values, None, valid):
            self._sum += _of_pairs(block.mean_x, block.variance_x, block.covariance, self._work)

    def count_in(self, other: PairwiseQuality) -> None:
        """Add what was found in another part of the image.

        Args:
            other: of the same bands.
        """
        self.blocks.count_in(other.blocks)
        self._sum += other._sum

    def result(self) -> np.ndarray:
        """(B, B) float64, symmetric, mean over the blocks; NaN where there was no block."""
        return self._sum / self.blocks.used if self.blocks.used else np.full(self._sum.shape, math.nan)


def _of_pairs(mean: np.ndarray, variance: np.ndarray, covariance: np.ndarray, out: np.ndarray) -> np.ndarray:
    """(B, B) float64, UIQI of all pairs of bands of a block. Where no quotient can be 0 / 0, it is the covariance over
    ``(v_i + v_j) (m_i^2 + m_j^2) / (4 m_i m_j)``, four products of a number of band i and one of band j: a matrix
    product of these."""
    if not (mean.all() and variance.all()):
        return universal_quality(mean[:, None], mean, variance[:, None], variance, covariance)
    square, one = mean**2, np.ones(len(mean))
    first = np.stack([variance * square, variance, square, one]) / (2 * mean)
    other = np.stack([one, square, variance, variance * square]) / (2 * mean)
    return np.divide(covariance, np.matmul(first.T, other, out=out), out=out)
