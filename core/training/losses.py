"""The hybrid loss with its gradient derived by hand: L1, spectral angle, spatial gradients. Bands are in units of their
standard deviation, so that dark ones count.

Note: our own design after the abstract of Peng et al., 2022; the same three terms measure the distance to the truth and
to the other network. Results are a fixed image plus ``basis @ components``, so nothing of the size of all bands is kept
for the backward pass: the spectral angle follows from inner products of components, and what is summed over bands goes
back to components at once, some bands at a time. Numbers in parentheses are the equations of ``docs/gradients.md``,
which derives all gradients; :mod:`.plain_losses` is the same loss for autograd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_SAMPLES = 240_000  # of all bands that are worked on at once: two threads at work seldom wait for Python's lock then
_LEAST = 1e-6  # squared sine of the smallest angle that has a gradient


class Spectra(NamedTuple):
    """The inner products of an image that the spectral angle needs, with ``w`` the bands' squared scales.

    Attributes:
        products: (components, rows, columns), ``basis.T @ (w * image)``.
        square: (rows, columns), the sum of ``w * image ** 2``.
    """

    products: Tensor
    square: Tensor


class Target(NamedTuple):
    """What a residual should be.

    Attributes:
        bands: (bands, rows, columns).
        spectra: of ``bands``.
        product: (rows, columns), the sum over bands of ``w * bands * whole``, with the whole image that gives.
    """

    bands: Tensor
    spectra: Spectra
    product: Tensor


class Reference(NamedTuple):
    """The constants of a labelled area: its truth, the target of its residual, its projected prior."""

    truth: Spectra
    target: Target
    prior: Spectra


@dataclass(frozen=True)
class LossTerm:
    """A term of the loss, a scalar, and its gradient with respect to the residual, (components, rows, columns)."""

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


class LossFunction(torch.autograd.Function):
    """A loss whose gradient is derived by hand: computed with the value, kept for the backward pass."""

    @staticmethod
    def forward(ctx: Any, residual: Tensor, compute: Callable[[Tensor], LossTerm]) -> Tensor:
        """``compute`` gives the value and the gradient with respect to ``residual``."""
        term = compute(residual)
        ctx.save_for_backward(term.gradient)
        return term.value

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None]:
        """The chain rule, for the residual alone."""
        return outer[0] * ctx.saved_tensors[0], None


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
        """Of an image to which ``basis @ residual`` was added (15)."""
        change = _mix(self._gram, residual)
        square = spectra.square + ((2 * spectra.products + change) * residual).sum(0)
        return Spectra(spectra.products + change, square)

    def reference(self, truth: Tensor, target: Tensor) -> Reference:
        """Of a labelled area; both (bands, rows, columns)."""
        whole, part, product = self.spectra(truth), self.spectra(target), self._product(target, truth)
        prior = Spectra(whole.products - part.products, whole.square - 2 * product + part.square)
        return Reference(whole, Target(target, part, product), prior)

    def __call__(
        self,
        residual: Tensor,
        whole: Spectra,
        mask: Tensor | None = None,
        target: Target | None = None,
        bands: LossTerm | None = None,
        weight: float = 1.0,
    ) -> Tensor:
        """The loss, a scalar that autograd differentiates with respect to ``residual`` by the gradient derived here.

        Args:
            residual: (components, rows, columns).
            whole: of the image that the right residual would give.
            mask: (rows, columns), 1 where pixels count.
            target: what the residual should be; None for 0.
            bands: all but the spectral angle, where it is known from :meth:`band_share`.
            weight: of the loss.
        """

        def compute(residual: Tensor) -> LossTerm:
            term = bands or band_distance(residual, self.basis, target and target.bands, mask, self.gradient)
            return weight * (term + self.spectral_angle(residual, whole, mask, target) if self.angle else term)

        return LossFunction.apply(residual, compute)

    def l1(self, residual: Tensor, target: Tensor, mask: Tensor, weight: float = 1.0) -> Tensor:
        """L1 alone, a scalar for autograd as above; ``target``: (bands, rows, columns)."""
        return LossFunction.apply(residual, lambda own: weight * band_distance(own, self.basis, target, mask))

    def band_share(self, residual: Tensor, mask: Tensor | None, part: int, parts: int) -> LossTerm:
        """All but the angle, of a residual that should be 0, and one of ``parts`` equal shares of the bands (17)."""
        count = len(self.basis)
        some = self.basis[part * count // parts : (part + 1) * count // parts]
        return len(some) / count * band_distance(residual, some, None, mask, self.gradient)

    def spectral_angle(
        self, residual: Tensor, whole: Spectra, mask: Tensor | None = None, target: Target | None = None
    ) -> LossTerm:
        """The term of the spectral angle alone."""
        ahead = _mix(self._gram, residual)  # half of the gradient of the change's square (13)
        change, product = (ahead * residual).sum(0), (whole.products * residual).sum(0)
        if target is not None:
            change = change - 2 * (target.spectra.products * residual).sum(0) + target.spectra.square
            ahead, product = ahead - target.spectra.products, product - target.product
        angle = angle_to(whole.square, product, change)
        weights = self.angle * (1 / product.numel() if mask is None else mask / mask.sum().clamp(min=1.0))
        gradient = ahead * (2 * weights * angle.by_change) + whole.products * (weights * angle.by_product)  # (14)
        return LossTerm((weights * angle.value).sum(), gradient)

    def _product(self, first: Tensor, second: Tensor) -> Tensor:
        return _mix(self._weights[None], first * second)[0]


def _mix(matrix: Tensor, image: Tensor) -> Tensor:
    """(m, n) and (n, rows, columns) to (m, rows, columns)."""
    return (matrix @ image.reshape(len(image), -1)).reshape(-1, *image.shape[1:])


class Angle(NamedTuple):
    """An angle in radians, and its derivatives with respect to two of the numbers that it follows from."""

    value: Tensor
    by_product: Tensor
    by_change: Tensor


def angle_to(square: Tensor, product: Tensor, change: Tensor) -> Angle:
    """The angle between ``b`` and ``b + e``, given ``b . b``, ``b . e`` and ``e . e``, each of any shape.

    ``|b x e| = sqrt(b.b e.e - (b.e)^2)`` keeps small angles, which a cosine near 1 loses (9).
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
    ``d = basis @ residual - target``, a scalar (1), (2), (3).

    Args:
        residual: (components, rows, columns). basis: (bands, components). target: (bands, rows, columns), None for 0.
        mask: (rows, columns), 1 where pixels count; a step counts where both of its pixels do.
    """
    bands, (rows, cols) = len(basis), residual.shape[1:]
    pixels = _Steps(mask, rows * cols, 1.0)
    down = _Steps(None if mask is None else mask[1:] * mask[:-1], (rows - 1) * cols, gradient, pixels)
    right = _Steps(None if mask is None else mask[:, 1:] * mask[:, :-1], rows * (cols - 1), gradient, pixels)
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


class _Steps:
    """The masked mean over all steps of a kind, as weights relative to those of the pixels.

    Attributes:
        count: of those that count. alpha: weight of each, where none is masked, or 1.
    """

    def __init__(self, mask: Tensor | None, count: int, weight: float, pixels: _Steps | None = None) -> None:
        self.count: Tensor | float = max(1, count) if mask is None else mask.sum().clamp(min=1.0)
        share = weight if pixels is None else weight * pixels.count / self.count
        self.alpha: Tensor | float = share if mask is None else 1.0
        self._weights = None if mask is None else mask * share

    def weigh(self, signs: Tensor) -> None:
        """Multiply in place by the weights, where something is masked."""
        if self._weights is not None:
            signs *= self._weights
