"""The hybrid loss: reconstruction, spectra, space. Bands in units of their standard deviation, so that dark ones count.

Own design after the abstract of Peng et al., 2022; the same three terms measure the distance to the truth and to the
other network.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class HybridLoss:
    """``L1 + angle * spectral angle + gradient * L1 of gradients``.

    Attributes:
        scale: (bands, 1, 1), the bands' standard deviations: the angle is that of the physical spectra.
        angle, gradient: weights.
    """

    scale: Tensor
    angle: float
    gradient: float

    def __call__(self, difference: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """Scalar loss.

        Args:
            difference: (bands, rows, columns), result minus target.
            target: (bands, rows, columns).
            mask: (rows, columns), 1 where pixels count.
        """
        loss = masked_mean(difference.abs().mean(0), mask)
        if self.gradient:
            loss = loss + self.gradient * gradient_distance(difference, mask)
        if self.angle:
            loss = loss + self.angle * spectral_angle((target + difference) * self.scale, target * self.scale, mask)
        return loss


def masked_mean(image: Tensor, mask: Tensor | None) -> Tensor:
    """Mean of (rows, columns) where ``mask`` is 1; 0 where it is 0 everywhere."""
    if mask is None:
        return image.mean()
    return (image * mask).sum() / mask.sum().clamp(min=1.0)


def gradient_distance(difference: Tensor, mask: Tensor | None = None) -> Tensor:
    """L1 of the differences between neighbours in both directions, (bands, rows, columns) to a scalar."""
    down = (difference[:, 1:] - difference[:, :-1]).abs().mean(0)
    right = (difference[:, :, 1:] - difference[:, :, :-1]).abs().mean(0)
    if mask is None:
        return down.mean() + right.mean()
    return masked_mean(down, mask[1:] * mask[:-1]) + masked_mean(right, mask[:, 1:] * mask[:, :-1])


def spectral_angle(first: Tensor, second: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean angle in radians between the spectra of (bands, rows, columns)."""
    # PyTorch's cosine_similarity divides both images by their norms, band by band.
    norms = first.square().sum(0) * second.square().sum(0)
    cosine = (first * second).sum(0) / norms.clamp(min=1e-16).sqrt()
    return masked_mean(torch.arccos(cosine.clamp(-1 + 1e-6, 1 - 1e-6)), mask)
