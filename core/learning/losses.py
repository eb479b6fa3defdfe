"""The hybrid loss: reconstruction, spectra, space. Bands in units of their standard deviation, so that dark ones count.

Own design after the abstract of Peng et al., 2022; the same three terms measure the distance to the truth and to the
other network. Results are a fixed image plus ``basis @ components``, so nothing of the size of all bands has to be kept
for gradients: the angle between spectra follows from products of components, and the gradients of what is summed over
bands go back to components as soon as they are known, some bands at a time (own).
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import torch
from torch import Tensor

_SAMPLES = 120_000  # of all bands that are worked on at once
_LEAST = 1e-6  # squared sine of the smallest angle that has a gradient


class Spectra(NamedTuple):
    """What the angle needs to know of an image in bands, with ``w`` the bands' squared scales.

    Attributes:
        along: (components, rows, columns), ``basis.T @ (w * image)``.
        square: (rows, columns), the sum of ``w * image ** 2``.
    """

    along: Tensor
    square: Tensor


class Wanted(NamedTuple):
    """What a residual shall be.

    Attributes:
        bands: (bands, rows, columns).
        spectra: of ``bands``.
        product: (rows, columns), the sum over bands of ``w * bands * whole``, with the whole image that gives.
    """

    bands: Tensor
    spectra: Spectra
    product: Tensor


class Known(NamedTuple):
    """What does not change of a labelled area: its truth, what its residual shall be, its projected prior."""

    truth: Spectra
    target: Wanted
    prior: Spectra


class HybridLoss:
    """``L1 + angle * spectral angle + gradient * L1 of gradients``, of a residual ``basis @ components``.

    Args:
        basis: (bands, components).
        scale: (bands, 1, 1), the bands' standard deviations: the angle is that of the physical spectra.
        angle, gradient: weights.
    """

    def __init__(self, basis: Tensor, scale: Tensor, angle: float, gradient: float) -> None:
        self.basis, self.scale, self.angle, self.gradient = basis, scale, angle, gradient
        self._weights = (scale / scale.mean()).square().flatten()
        self._weighted = basis * self._weights[:, None]
        self._gram = basis.T @ self._weighted

    def spectra(self, image: Tensor) -> Spectra:
        """Of (bands, rows, columns)."""
        return Spectra(_mix(self._weighted.T, image), self._product(image, image))

    def moved(self, spectra: Spectra, residual: Tensor) -> Spectra:
        """Of an image to which ``basis @ residual`` was added."""
        change = _mix(self._gram, residual)
        square = spectra.square + ((2 * spectra.along + change) * residual).sum(0)
        return Spectra(spectra.along + change, square)

    def wanted(self, bands: Tensor, whole: Tensor) -> Wanted:
        """A target (bands, rows, columns), and the whole image that the right residual would give."""
        return Wanted(bands, self.spectra(bands), self._product(bands, whole))

    def known(self, truth: Tensor, target: Tensor) -> Known:
        """Of a labelled area; both (bands, rows, columns)."""
        whole, wanted = self.spectra(truth), self.wanted(target, truth)
        square = whole.square - 2 * wanted.product + wanted.spectra.square
        return Known(whole, wanted, Spectra(whole.along - wanted.spectra.along, square))

    def __call__(
        self, residual: Tensor, whole: Spectra, mask: Tensor | None = None, wanted: Wanted | None = None
    ) -> Tensor:
        """Scalar loss.

        Args:
            residual: (components, rows, columns).
            whole: of the image that the right residual would give.
            mask: (rows, columns), 1 where pixels count.
            wanted: what the residual shall be; None for 0.
        """
        loss = band_distance(residual, self.basis, None if wanted is None else wanted.bands, mask, self.gradient)
        if self.angle:
            square = (_mix(self._gram, residual) * residual).sum(0)
            product = (whole.along * residual).sum(0)
            if wanted is not None:
                square = square - 2 * (wanted.spectra.along * residual).sum(0) + wanted.spectra.square
                product = product - wanted.product
            loss = loss + self.angle * masked_mean(angle_to(whole.square, product, square), mask)
        return loss

    def _product(self, first: Tensor, second: Tensor) -> Tensor:
        return _mix(self._weights[None], first * second)[0]


def _mix(matrix: Tensor, image: Tensor) -> Tensor:
    """(m, n) and (n, rows, columns) to (m, rows, columns)."""
    return (matrix @ image.reshape(len(image), -1)).reshape(-1, *image.shape[1:])


def masked_mean(image: Tensor, mask: Tensor | None) -> Tensor:
    """Mean of (rows, columns) where ``mask`` is 1; 0 where it is 0 everywhere."""
    if mask is None:
        return image.mean()
    return (image * mask).sum() / mask.sum().clamp(min=1.0)


def angle_to(square: Tensor, product: Tensor, change: Tensor) -> Tensor:
    """The angle in radians between ``b`` and ``b + e``, given ``b . b``, ``b . e`` and ``e . e``, each of any shape.

    ``|b x e| = sqrt(b.b e.e - (b.e)^2)`` keeps small angles, which a cosine near 1 loses.
    """
    across = (square * change - product.square()).clamp(min=_LEAST * square.square().detach() + 1e-12)
    return torch.atan2(across.sqrt(), square + product)


def band_distance(
    residual: Tensor, basis: Tensor, wanted: Tensor | None, mask: Tensor | None, gradient: float = 0.0
) -> Tensor:
    """Mean over bands and pixels of ``|d| + gradient * (|d's step downwards| + |d's step to the right|)`` with
    ``d = basis @ residual - wanted``, a scalar.

    Args:
        residual: (components, rows, columns). basis: (bands, components). wanted: (bands, rows, columns), None for 0.
        mask: (rows, columns), 1 where pixels count; a step counts where both of its pixels do.
    """
    return _BandDistance.apply(residual, basis, wanted, mask, gradient)


class _BandDistance(torch.autograd.Function):
    """The value and the gradient at once, some bands at a time. A sum of absolute values is the product of what it is
    a function of with its own gradient, which is made of signs."""

    @staticmethod
    def forward(
        ctx: Any, residual: Tensor, basis: Tensor, wanted: Optional[Tensor], mask: Optional[Tensor], gradient: float
    ) -> Tensor:
        rows, cols = residual.shape[1:]
        pixels = _Share(mask, (rows, cols), len(basis))
        down = _Share(None if mask is None else mask[1:] * mask[:-1], (rows - 1, cols), len(basis), gradient)
        right = _Share(None if mask is None else mask[:, 1:] * mask[:, :-1], (rows, cols - 1), len(basis), gradient)
        few = max(1, _SAMPLES // (rows * cols))
        flat, value = residual.reshape(len(residual), -1), residual.new_zeros(())
        back = torch.zeros_like(flat)
        distance, signs, steps = residual.new_empty(3, min(few, len(basis)), rows, cols)
        for begin in range(0, len(basis), few):
            part = basis[begin : begin + few]
            apart, sign, step = distance[: len(part)], signs[: len(part)], steps[: len(part)]
            torch.mm(part, flat, out=apart.reshape(len(part), -1))
            if wanted is not None:
                apart -= wanted[begin : begin + few]
            pixels.of(torch.sign(apart, out=sign))
            if gradient:
                change = step[:, : rows - 1]
                down.of(torch.sub(apart[:, 1:], apart[:, :-1], out=change).sign_())
                sign[:, 1:] += change
                sign[:, :-1] -= change
                change = step.reshape(len(part), -1)[:, : rows * (cols - 1)].reshape(len(part), rows, cols - 1)
                right.of(torch.sub(apart[:, :, 1:], apart[:, :, :-1], out=change).sign_())
                sign[:, :, 1:] += change
                sign[:, :, :-1] -= change
            value += torch.dot(apart.flatten(), sign.flatten())
            back.addmm_(part.T, sign.reshape(len(part), -1))
        ctx.save_for_backward(back.reshape(residual.shape))
        return value

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Optional[Tensor], ...]:
        return gradient * ctx.saved_tensors[0], None, None, None, None


class _Share:
    """What each sample of a (rows, columns) image of some bands has of a masked mean."""

    def __init__(self, mask: Tensor | None, shape: tuple[int, int], bands: int, weight: float = 1.0) -> None:
        if mask is None:
            self._share: Tensor | float = weight / (bands * max(1, shape[0] * shape[1]))
        else:
            self._share = mask * (weight / bands / mask.sum().clamp(min=1.0))

    def of(self, signs: Tensor) -> None:
        """Multiply."""
        signs *= self._share
