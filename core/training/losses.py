"""The hybrid loss: reconstruction, spectra, space. Bands in units of their standard deviation, so that dark ones count.

Own design after the abstract of Peng et al., 2022; the same three terms measure the distance to the truth and to the
other network. Results are a fixed image plus ``basis @ components``, so nothing of the size of all bands has to be kept
for gradients: the angle between spectra follows from products of components, and the gradients of what is summed over
bands go back to components as soon as they are known, some bands at a time (own). Values and gradients are written down
here together; PyTorch derives none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

_SAMPLES = 240_000  # of all bands that are worked on at once: two threads at work seldom wait for Python's lock then
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


@dataclass(frozen=True)
class Distance:
    """A term of the loss, a scalar, and its gradient by the residual, (components, rows, columns)."""

    value: Tensor
    gradient: Tensor

    def __add__(self, other: Distance) -> Distance:
        return Distance(self.value + other.value, self.gradient + other.gradient)

    def __rmul__(self, weight: float) -> Distance:
        return Distance(weight * self.value, weight * self.gradient)

    @property
    def back(self) -> Distance:
        """Of a distance that does not change with the residual's sign: seen from the other end."""
        return Distance(self.value, -self.gradient)


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
    ) -> Distance:
        """The loss, a scalar.

        Args:
            residual: (components, rows, columns).
            whole: of the image that the right residual would give.
            mask: (rows, columns), 1 where pixels count.
            wanted: what the residual shall be; None for 0.
        """
        loss = band_distance(residual, self.basis, None if wanted is None else wanted.bands, mask, self.gradient)
        return loss + self.angles(residual, whole, mask, wanted) if self.angle else loss

    def bands(self, residual: Tensor, mask: Tensor | None, part: int, parts: int) -> Distance:
        """All but the angle, of a residual that shall be 0, and one of ``parts`` equal shares of the bands."""
        count = len(self.basis)
        some = self.basis[part * count // parts : (part + 1) * count // parts]
        return len(some) / count * band_distance(residual, some, None, mask, self.gradient)

    def angles(
        self, residual: Tensor, whole: Spectra, mask: Tensor | None = None, wanted: Wanted | None = None
    ) -> Distance:
        """The term of the spectral angle alone."""
        ahead = _mix(self._gram, residual)  # half of the gradient of the change's square
        change, product = (ahead * residual).sum(0), (whole.along * residual).sum(0)
        if wanted is not None:
            change = change - 2 * (wanted.spectra.along * residual).sum(0) + wanted.spectra.square
            ahead, product = ahead - wanted.spectra.along, product - wanted.product
        angle = angle_to(whole.square, product, change)
        weights = self.angle * (1 / product.numel() if mask is None else mask / mask.sum().clamp(min=1.0))
        gradient = ahead * (2 * weights * angle.by_change) + whole.along * (weights * angle.by_product)
        return Distance((weights * angle.value).sum(), gradient)

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


class Angle(NamedTuple):
    """An angle in radians, and its derivatives by two of the numbers that it follows from."""

    value: Tensor
    by_product: Tensor
    by_change: Tensor


def angle_to(square: Tensor, product: Tensor, change: Tensor) -> Angle:
    """The angle between ``b`` and ``b + e``, given ``b . b``, ``b . e`` and ``e . e``, each of any shape.

    ``|b x e| = sqrt(b.b e.e - (b.e)^2)`` keeps small angles, which a cosine near 1 loses.
    """
    across, along = square * change - product.square(), square + product
    least = _LEAST * square.square() + 1e-12
    height = torch.maximum(across, least).sqrt()
    share = 1 / (height.square() + along.square())
    up = (share * along / height).masked_fill_(across < least, 0.0)
    return Angle(torch.atan2(height, along), -up * product - share * height, 0.5 * up * square)


def band_distance(
    residual: Tensor, basis: Tensor, wanted: Tensor | None, mask: Tensor | None, gradient: float = 0.0
) -> Distance:
    """Mean over bands and pixels of ``|d| + gradient * (|d's step downwards| + |d's step to the right|)`` with
    ``d = basis @ residual - wanted``, a scalar.

    A sum of absolute values is the product of what it is a function of with its own gradient, which is made of signs.

    Args:
        residual: (components, rows, columns). basis: (bands, components). wanted: (bands, rows, columns), None for 0.
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
        apart, sign, step = distance[: len(part)], signs[: len(part)], steps[: len(part)]
        torch.mm(part, flat, out=apart.view(len(part), -1))
        if wanted is not None:
            apart -= wanted[begin : begin + few]
        pixels.of(torch.sign(apart, out=sign))
        if gradient:
            change = step[:, : rows - 1]
            down.of(torch.sub(apart[:, 1:], apart[:, :-1], out=change).sign_())
            sign[:, 1:].add_(change, alpha=down.alpha)
            sign[:, :-1].sub_(change, alpha=down.alpha)
            change = step.view(len(part), -1)[:, : rows * (cols - 1)].view(len(part), rows, cols - 1)
            right.of(torch.sub(apart[:, :, 1:], apart[:, :, :-1], out=change).sign_())
            sign[:, :, 1:].add_(change, alpha=right.alpha)
            sign[:, :, :-1].sub_(change, alpha=right.alpha)
        value += torch.dot(apart.view(-1), sign.view(-1))
        back.addmm_(part.T, sign.view(len(part), -1))
    scale = 1.0 / (bands * pixels.count)
    return Distance(value * scale, back.view(residual.shape).mul_(scale))


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

    def of(self, signs: Tensor) -> None:
        """Multiply, where something is masked."""
        if self._weights is not None:
            signs *= self._weights
