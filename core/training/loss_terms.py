"""The terms of the loss with their gradients: bands and their spatial gradients in L1, and the spectral angle.

Numbers in parentheses are the equations of ``docs/gradients.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

_SAMPLES = 240_000  # of all bands that are worked on at once: two threads at work seldom wait for Python's lock then
_LEAST = 1e-6  # squared sine of the smallest angle that has a gradient


@dataclass(frozen=True)
class LossTerm:
    """A term of the loss and its gradient.

    Attributes:
        value: scalar, float32 or float64.
        gradient: (components, rows, columns) of the same dtype, with respect to the residual.
    """

    value: Tensor
    gradient: Tensor

    def __add__(self, other: LossTerm) -> LossTerm:
        return LossTerm(self.value + other.value, self.gradient + other.gradient)

    def __rmul__(self, weight: float) -> LossTerm:
        return LossTerm(weight * self.value, weight * self.gradient)

    @property
    def mirrored(self) -> LossTerm:
        """The same distance, differentiated with respect to the residual at its other end (16)."""
        return LossTerm(self.value, -self.gradient)


class Angle(NamedTuple):
    """An angle and its derivatives with respect to two of the numbers that it follows from.

    Attributes:
        value: radians, any shape, float32 or float64.
        by_product: derivative by ``b . e``, same shape, same dtype.
        by_change: derivative by ``e . e``, same shape, same dtype.
    """

    value: Tensor
    by_product: Tensor
    by_change: Tensor


def angle_to(square: Tensor, product: Tensor, change: Tensor) -> Angle:
    """The angle between ``b`` and ``b + e``, from their inner products.

    ``|b x e| = sqrt(b.b e.e - (b.e)^2)`` keeps small angles, which a cosine near 1 loses (9).

    Args:
        square: ``b . b``, any shape, float32 or float64.
        product: ``b . e``, same shape, same dtype.
        change: ``e . e``, same shape, same dtype.

    Returns:
        The angle with its derivatives (11), (12).
    """
    across, along = square * change - product.square(), square + product
    least = _LEAST * square.square() + 1e-12
    height = torch.maximum(across, least).sqrt()
    share = 1 / (height.square() + along.square())
    up = (share * along / height).masked_fill_(across < least, 0.0)
    return Angle(torch.atan2(height, along), -up * product - share * height, 0.5 * up * square)  # (11), (12)


def band_distance(
    residual: Tensor, basis: Tensor, target: Tensor | None, mask: Tensor | None, gradient: float = 0.0
) -> LossTerm:
    """Mean over bands and pixels of ``|d| + gradient * (|d's step downwards| + |d's step to the right|)`` with
    ``d = basis @ residual - target`` (1), (2), (3).

    Args:
        residual: (components, rows, columns) float32 or float64.
        basis: (bands, components), same dtype.
        target: (bands, rows, columns), same dtype; None for 0.
        mask: (rows, columns), same dtype, 1 where pixels count; a step counts where both of its pixels do. None for
            all.
        gradient: weight of the steps.

    Returns:
        The mean and its gradient with respect to the residual (7), (8).
    """
    bands, (rows, cols) = len(basis), residual.shape[1:]
    pixels = _MaskedMean(mask, rows * cols, 1.0)
    down = _MaskedMean(None if mask is None else mask[1:] * mask[:-1], (rows - 1) * cols, gradient, pixels)
    right = _MaskedMean(None if mask is None else mask[:, 1:] * mask[:, :-1], rows * (cols - 1), gradient, pixels)
    few = -(-bands // max(1, round(bands * rows * cols / _SAMPLES)))
    flat, value = residual.reshape(len(residual), -1), residual.new_zeros(())
    back = torch.zeros_like(flat)
    distance, signs, steps = residual.new_empty(3, few, rows, cols)
    for begin in range(0, bands, few):
        part = basis[begin : begin + few]
        difference, sign, step = distance[: len(part)], signs[: len(part)], steps[: len(part)]
        torch.mm(part, flat, out=difference.view(len(part), -1))
        if target is not None:
            difference -= target[begin : begin + few]
        pixels.weigh(torch.sign(difference, out=sign))  # (5)
        if gradient:  # (6)
            change = step[:, : rows - 1]
            down.weigh(torch.sub(difference[:, 1:], difference[:, :-1], out=change).sign_())
            sign[:, 1:].add_(change, alpha=down.alpha)
            sign[:, :-1].sub_(change, alpha=down.alpha)
            change = step.view(len(part), -1)[:, : rows * (cols - 1)].view(len(part), rows, cols - 1)
            right.weigh(torch.sub(difference[:, :, 1:], difference[:, :, :-1], out=change).sign_())
            sign[:, :, 1:].add_(change, alpha=right.alpha)
            sign[:, :, :-1].sub_(change, alpha=right.alpha)
        value += torch.dot(difference.view(-1), sign.view(-1))  # (7)
        back.addmm_(part.T, sign.view(len(part), -1))  # (8)
    scale = 1.0 / (bands * pixels.count)
    return LossTerm(value * scale, back.view(residual.shape).mul_(scale))


class _MaskedMean:
    """The masked mean over pixels, or over the steps between them, as weights relative to those of the pixels.

    Attributes:
        count: of those that count. alpha: weight of each, where none is masked, or 1.
    """

    def __init__(self, mask: Tensor | None, count: int, weight: float, pixels: _MaskedMean | None = None) -> None:
        self.count: Tensor | float = max(1, count) if mask is None else mask.sum().clamp(min=1.0)
        share = weight if pixels is None else weight * pixels.count / self.count
        self.alpha: Tensor | float = share if mask is None else 1.0
        self._weights = None if mask is None else mask * share

    def weigh(self, signs: Tensor) -> None:
        """Multiply in place by the weights, where something is masked."""
        if self._weights is not None:
            signs *= self._weights
