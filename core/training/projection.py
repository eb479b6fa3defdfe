"""The consistency projection of the networks' residual while they learn.

On an area the projection is a small matrix between two sampling operators: its iterations on the low grid are one
matrix, made once, and so is the gradient, its transpose. Autograd would keep some forty operations for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..operators.consistency import correction
from ..operators.linear import Line
from ..operators.pair import Operators

_MOST = 400  # pixels of the low grid: the matrix between them grows with their square


class Matrices(NamedTuple):
    """Both operators along each axis as whole matrices.

    Attributes:
        down_y: (low rows, high rows) of D, float32 or float64.
        down_x: (low columns, high columns) of D, same dtype.
        up_y: (high rows, low rows) of U, same dtype.
        up_x: (high columns, low columns) of U, same dtype.
    """

    down_y: Tensor
    down_x: Tensor
    up_y: Tensor
    up_x: Tensor


class LinearProjection(torch.autograd.Function):
    """``dz - U E D dz`` with ``E`` a matrix."""

    @staticmethod
    def forward(ctx: Any, residual: Tensor, axes: Matrices, inner: Tensor) -> Tensor:
        """The projected residual.

        Args:
            ctx: autograd's.
            residual: (components, rows, columns) float32 or float64, as all tensors here.
            axes: D and U.
            inner: (pixels, pixels) of the low grid, same dtype: row i is what E makes of a 1 at pixel i.

        Returns:
            Same shape, same dtype.
        """
        ctx.axes, ctx.inner = axes, inner
        lowered = axes.down_y @ (residual @ axes.down_x.T)
        corrected = (lowered.flatten(1) @ inner).view(lowered.shape)
        return residual - (axes.up_y @ corrected) @ axes.up_x.T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, None, None]:
        """The transposed projection.

        Args:
            ctx: autograd's.
            outer: the derivative by the result, same shape and same dtype.

        Returns:
            (components, rows, columns) of the same dtype, and None for what is constant.
        """
        axes, gradient = ctx.axes, outer[0]
        lowered = axes.up_y.T @ (gradient @ axes.up_x)
        corrected = (lowered.flatten(1) @ ctx.inner.T).view(lowered.shape)
        return gradient - (axes.down_y.T @ corrected) @ axes.down_x, None, None


@dataclass(frozen=True)
class Projection:
    """The consistency projection of the networks' residual, which is linear: ``dz - U E(D dz)``.

    Attributes:
        operators: U and D of the area.
        iterations: of the projection, 0 for none.
        weight: (rows, columns) on the low grid, 1 where the HSI is valid; float32, or of the residual's dtype.
    """

    operators: Operators
    iterations: int
    weight: Tensor

    def __call__(self, residual: Tensor) -> Tensor:
        """The projected residual.

        Args:
            residual: (components, rows, columns) on the high grid, float32 or float64.

        Returns:
            Same shape, same dtype.
        """
        if self.iterations == 0:
            return residual
        if self.weight.numel() > _MOST:
            lowered = self.operators.down(residual)
            corrected = correction(lowered, self.operators.round_trip, self.iterations, self.weight)
            return residual - self.operators.up(corrected)
        axes = _matrices(self.operators, residual.dtype, residual.device)
        return LinearProjection.apply(residual, axes, self._inner)

    @cached_property
    def _inner(self) -> Tensor:
        """(pixels, pixels): row i is what E makes of a 1 at pixel i of the low grid."""
        if bool(self.weight.all()):  # most areas share it
            return _whole_correction(self.operators, self.iterations, self.weight.dtype, self.weight.device)
        return _correction_matrix(self.operators, self.iterations, self.weight)


def _correction_matrix(operators: Operators, iterations: int, weight: Tensor) -> Tensor:
    pixels = torch.eye(weight.numel(), dtype=weight.dtype, device=weight.device).view(-1, *weight.shape)
    return correction(pixels, operators.round_trip, iterations, weight).flatten(1)


@lru_cache(maxsize=16)
def _whole_correction(operators: Operators, iterations: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return _correction_matrix(operators, iterations, torch.ones(operators.low, dtype=dtype, device=device))


@lru_cache(maxsize=64)
def _matrices(operators: Operators, dtype: torch.dtype, device: torch.device) -> Matrices:
    def whole(line: Line) -> Tensor:
        return line.apply(torch.eye(line.inputs, dtype=dtype, device=device), -2)

    down, up = operators.down, operators.up
    return Matrices(whole(down.y), whole(down.x), whole(up.y), whole(up.x))
