"""The hybrid loss as a textbook writes it, in all bands, for autograd to differentiate.

Training does not use it: :mod:`.losses` computes the same value, and the gradient derived by hand, from components.
This is the independent reference of both.
"""

from __future__ import annotations

from torch import Tensor


def plain_loss(
    difference: Tensor, ideal: Tensor, scale: Tensor, angle: float, gradient: float, mask: Tensor | None = None
) -> Tensor:
    """``L1 + angle * spectral angle + gradient * L1 of the spatial gradients``, equations (1) to (4) of
    ``docs/gradients.md``.

    Args:
        difference: (bands, rows, columns) float32 or float64, the result minus its target, in standard deviations.
        ideal: (bands, rows, columns), same dtype, the image that a residual without error gives, in standard
            deviations.
        scale: (bands, 1, 1), same dtype, the bands' standard deviations: the angle is that of the physical spectra.
        angle: weight of the spectral angle, in radians.
        gradient: weight of the spatial gradients.
        mask: (rows, columns), same dtype, 1 where pixels count; all do by default.

    Returns:
        A scalar, same dtype.
    """
    mask = difference.new_ones(difference.shape[1:]) if mask is None else mask
    loss = masked_mean(difference.abs().mean(0), mask)
    down, right = difference.diff(dim=1).abs().mean(0), difference.diff(dim=2).abs().mean(0)
    steps = masked_mean(down, mask[1:] * mask[:-1]) + masked_mean(right, mask[:, 1:] * mask[:, :-1])
    result, target = (ideal + difference) * scale, ideal * scale
    norms = (result.square().sum(0) * target.square().sum(0)).clamp(min=1e-16).sqrt()
    cosine = (result * target).sum(0) / norms
    return loss + gradient * steps + angle * masked_mean(cosine.clamp(-1 + 1e-6, 1 - 1e-6).arccos(), mask)


def masked_mean(image: Tensor, mask: Tensor) -> Tensor:
    """Mean of an image where a mask is 1; 0 where it is 0 everywhere.

    Args:
        image: (rows, columns), any dtype.
        mask: (rows, columns), same dtype, 0 or 1.

    Returns:
        A scalar, same dtype.
    """
    return (image * mask).sum() / mask.sum().clamp(min=1.0)
