"""The hybrid loss with its gradient derived by hand: L1, spectral angle, spatial gradients. Bands are in units of their
standard deviation, so that dark ones count.

Note: our own design after the abstract of Peng et al., 2022; the same three terms measure the distance to the truth and
to the other network. Results are a fixed image plus ``basis @ components``, so nothing of the size of all bands is kept
for the backward pass: the spectral angle follows from inner products of components, and what is summed over bands goes
back to components at once, some bands at a time. Numbers in parentheses are the equations of ``docs/gradients.md``,
which derives all gradients; :mod:`.plain_losses` is the same loss for autograd.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .loss_terms import LossTerm, angle_to, band_distance

ENOUGH = 64  # bands that stand for all in a step: neighbouring ones say nearly the same
ALL = slice(None)


class Spectra(NamedTuple):
    """The inner products of an image that the spectral angle needs, with ``w`` the bands' squared scales.

    Attributes:
        products: (components, rows, columns) float32 or float64, ``basis.T @ (w * image)``.
        square: (rows, columns) of the same dtype, the sum of ``w * image ** 2``.
    """

    products: Tensor
    square: Tensor


class Target(NamedTuple):
    """What a residual should be.

    Attributes:
        bands: (bands, rows, columns) float32 or float64.
        spectra: of ``bands``.
        product: (rows, columns) of the same dtype, the sum over bands of ``w * bands * image``, with the image that a
            residual without error gives.
    """

    bands: Tensor
    spectra: Spectra
    product: Tensor


class Reference(NamedTuple):
    """The constants of a labelled area.

    Attributes:
        truth: spectra of the truth.
        target: of the residual.
        prior: spectra of the projected prior.
    """

    truth: Spectra
    target: Target
    prior: Spectra


class LossFunction(torch.autograd.Function):
    """A loss whose gradient is derived by hand: computed with the value, kept for the backward pass."""

    @staticmethod
    def forward(ctx: Any, residual: Tensor, compute: Callable[[Tensor], LossTerm]) -> Tensor:
        """The value of the loss.

        Args:
            ctx: autograd's, for the backward pass.
            residual: (components, rows, columns) float32 or float64.
            compute: gives the value, a scalar, and the gradient with respect to ``residual``, of the same dtype.

        Returns:
            A scalar of the same dtype.
        """
        term = compute(residual)
        ctx.save_for_backward(term.gradient)
        return term.value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None]:
        """The chain rule, for the residual alone.

        Args:
            ctx: autograd's.
            outer: the derivative by the loss, a scalar of the same dtype as the loss.

        Returns:
            (components, rows, columns) of the same dtype, and None for the function.
        """
        return outer[0] * ctx.saved_tensors[0], None


class HybridLoss:
    """``L1 + angle * spectral angle + gradient * L1 of gradients``, of a residual ``basis @ components``.

    Args:
        basis: (bands, components) float32 or float64, as all tensors here.
        scale: (bands, 1, 1) of the same dtype, the bands' standard deviations: the angle is that of the physical
            spectra.
        angle: weight of the spectral angle, in radians.
        gradient: weight of the spatial gradients.

    Attributes:
        every: of so many bands one is enough for a step's terms in bands, if each step begins with another.
    """

    def __init__(self, basis: Tensor, scale: Tensor, angle: float, gradient: float) -> None:
        self.basis, self.scale, self.angle, self.gradient = basis, scale, angle, gradient
        self._weights = (scale / scale.mean()).square().flatten()
        self._weighted = basis * self._weights[:, None]
        self._gram = basis.T @ self._weighted
        self.every = max(1, len(basis) // ENOUGH)

    def spectra(self, image: Tensor) -> Spectra:
        """The inner products of an image.

        Args:
            image: (bands, rows, columns), same dtype as the basis.

        Returns:
            Its spectra.
        """
        return Spectra(_mix(self._weighted.T, image), self._product(image, image))

    def moved(self, spectra: Spectra, residual: Tensor) -> Spectra:
        """The inner products of an image to which ``basis @ residual`` was added (15).

        Args:
            spectra: of the image without it.
            residual: (components, rows, columns), same dtype as the basis.

        Returns:
            The spectra of the sum.
        """
        change = _mix(self._gram, residual)
        square = spectra.square + ((2 * spectra.products + change) * residual).sum(0)
        return Spectra(spectra.products + change, square)

    def reference(self, truth: Tensor, target: Tensor) -> Reference:
        """The constants of a labelled area.

        Args:
            truth: (bands, rows, columns), same dtype as the basis.
            target: of the residual, (bands, rows, columns), same dtype.

        Returns:
            What the loss needs of both.
        """
        full, part, product = self.spectra(truth), self.spectra(target), self._product(target, truth)
        prior = Spectra(full.products - part.products, full.square - 2 * product + part.square)
        return Reference(full, Target(target, part, product), prior)

    def __call__(
        self,
        residual: Tensor,
        ideal: Spectra,
        mask: Tensor | None = None,
        target: Target | None = None,
        bands: LossTerm | None = None,
        weight: float = 1.0,
        some: slice = ALL,
    ) -> Tensor:
        """The loss, which autograd differentiates with respect to ``residual`` by the gradient derived here.

        Args:
            residual: (components, rows, columns), same dtype as the basis.
            ideal: of the image that a residual without error gives.
            mask: (rows, columns), same dtype, 1 where pixels count; all do by default.
            target: what the residual should be; None for 0.
            bands: all but the spectral angle, where :meth:`band_share` has computed it.
            weight: of the loss.
            some: the bands that stand for all but in the spectral angle.

        Returns:
            A scalar, same dtype.
        """

        def compute(residual: Tensor) -> LossTerm:
            goal = None if target is None else target.bands[some]
            term = bands or band_distance(residual, self.basis[some], goal, mask, self.gradient)
            return weight * (term + self.spectral_angle(residual, ideal, mask, target) if self.angle else term)

        return LossFunction.apply(residual, compute)

    def l1(self, residual: Tensor, target: Tensor, mask: Tensor, weight: float = 1.0) -> Tensor:
        """L1 alone, for autograd as the whole loss.

        Args:
            residual: (components, rows, columns), same dtype as the basis.
            target: (bands, rows, columns), same dtype.
            mask: (rows, columns), same dtype, 1 where pixels count.
            weight: of the loss.

        Returns:
            A scalar, same dtype.
        """
        return LossFunction.apply(residual, lambda z: weight * band_distance(z, self.basis, target, mask))

    def band_share(self, residual: Tensor, mask: Tensor | None, part: int, parts: int, some: slice = ALL) -> LossTerm:
        """All but the angle, of a residual that should be 0, for a share of the bands (17).

        Args:
            residual: (components, rows, columns), same dtype as the basis.
            mask: (rows, columns), same dtype, 1 where pixels count; None for all.
            part: which share, from 0.
            parts: number of equal shares.
            some: the bands that stand for all.

        Returns:
            The share's part of the mean over bands; the shares add up to all.
        """
        basis = self.basis[some]
        count = len(basis)
        share = basis[part * count // parts : (part + 1) * count // parts]
        return len(share) / count * band_distance(residual, share, None, mask, self.gradient)

    def spectral_angle(
        self, residual: Tensor, ideal: Spectra, mask: Tensor | None = None, target: Target | None = None
    ) -> LossTerm:
        """The term of the spectral angle alone.

        Args:
            residual: (components, rows, columns), same dtype as the basis.
            ideal: of the image that a residual without error gives.
            mask: (rows, columns), same dtype, 1 where pixels count; None for all.
            target: what the residual should be; None for 0.

        Returns:
            The weighted term.
        """
        ahead = _mix(self._gram, residual)  # half of the gradient of the change's square (13)
        change, product = (ahead * residual).sum(0), (ideal.products * residual).sum(0)
        if target is not None:
            change = change - 2 * (target.spectra.products * residual).sum(0) + target.spectra.square
            ahead, product = ahead - target.spectra.products, product - target.product
        angle = angle_to(ideal.square, product, change)
        weights = self.angle * (1 / product.numel() if mask is None else mask / mask.sum().clamp(min=1.0))
        gradient = ahead * (2 * weights * angle.by_change) + ideal.products * (weights * angle.by_product)  # (14)
        return LossTerm((weights * angle.value).sum(), gradient)

    def _product(self, first: Tensor, second: Tensor) -> Tensor:
        return _mix(self._weights[None], first * second)[0]


def _mix(matrix: Tensor, image: Tensor) -> Tensor:
    """(m, n) and (n, rows, columns) to (m, rows, columns)."""
    return (matrix @ image.reshape(len(image), -1)).reshape(-1, *image.shape[1:])
