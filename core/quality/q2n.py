r"""Q2n, the quality index of images whose pixels are hypercomplex numbers.

A pixel of B bands is a number :math:`z` of :math:`2^n \ge B` components, the missing ones zero. In a block, with means
:math:`\bar z_1, \bar z_2`, total variances :math:`\sigma_i^2 = E |z_i - \bar z_i|^2` and the hypercomplex covariance
:math:`\sigma_{12} = E [(z_1 - \bar z_1) (z_2 - \bar z_2)^*]`,

.. math:: Q2^n = \frac{2 |\sigma_{12}|}{\sigma_1^2 + \sigma_2^2}
                 \cdot \frac{2 |\bar z_1| |\bar z_2|}{|\bar z_1|^2 + |\bar z_2|^2}

with factors that are 0 / 0 counted as 1, averaged over blocks of 32 x 32 pixels (:mod:`.blocks`). 1 for equal images.
With one band it is the modulus of UIQI, with four bands Q4. Products are those of the Cayley-Dickson construction,
:math:`(a, b) (c, d) = (a c - d^* b, d a + b c^*)`, for which four components are Hamilton's quaternions.

Source: Garzelli and Nencini, IEEE Geoscience and Remote Sensing Letters 6(4), 2009, doi:10.1109/LGRS.2009.2022650;
Q4: Alparone, Baronti, Garzelli and Nencini, the same, 1(4), 2004, doi:10.1109/LGRS.2004.836784.

The covariance needs no hypercomplex product (own formulation): units multiply as :math:`e_i e_j = \pm e_{i \oplus j}`
(bitwise exclusive or), so component k of :math:`\sigma_{12}` is the sum, with those signs, of the covariances of bands
i and j with :math:`i \oplus j = k`; one matrix product a block gives them all.
"""

from __future__ import annotations

import functools

import numpy as np

from .blocks import BlockMoments
from .uiqi import ratio_or_one


def unit_signs(bands: int) -> np.ndarray:
    """The signs s of the products of hypercomplex units, e_i e_j = s e_(i xor j).

    Args:
        bands: B, the number of units.

    Returns:
        (B, B) float64 of +1 and -1.
    """
    signs: np.ndarray = np.ones((1, 1))
    while len(signs) < bands:
        conjugate = np.full(len(signs), -1.0)
        conjugate[0] = 1.0
        signs = np.block([[signs, signs.T], [signs * conjugate, -(signs * conjugate[:, None]).T]])
    return signs[:bands, :bands]


def hypercomplex_covariance(covariance: np.ndarray) -> np.ndarray:
    """The components of E[(z1 - mean) (z2 - mean)*].

    Args:
        covariance: (B, B) float64, of band i of the first image and band j of the second.

    Returns:
        (2^n,) float64.
    """
    bands = len(covariance)
    index, signs = _folding(bands)
    return np.bincount(index, weights=(signs * covariance).ravel(), minlength=1 << max(bands - 1, 0).bit_length())


@functools.lru_cache(maxsize=8)
def _folding(bands: int) -> tuple[np.ndarray, np.ndarray]:
    """To which component the product of unit i and the conjugate of unit j goes, flat, and with which sign."""
    number = np.arange(bands)
    conjugate = np.where(number == 0, 1.0, -1.0)
    return (number[:, None] ^ number[None, :]).ravel(), unit_signs(bands) * conjugate


def hypercomplex_quality(moments: BlockMoments) -> float:
    """Q2n of one block.

    Args:
        moments: of two images with the same number of bands.

    Returns:
        Q2n in [0, 1].
    """
    modulus = np.linalg.norm(hypercomplex_covariance(moments.covariance))
    structure = ratio_or_one(2 * modulus, moments.variance_x.sum() + moments.variance_y.sum())
    first, second = np.linalg.norm(moments.mean_x), np.linalg.norm(moments.mean_y)
    return float(structure * ratio_or_one(2 * first * second, first**2 + second**2))
