"""Convolution of integers with integers, for the few layers of a binarized network that keep full precision.

What comes before a sign must not depend on the order of a sum: a last digit that differs between two ways of cutting an
image would flip a sign. Sums of integers below 2^24 are exact in float32, in any order, on any device (own).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

STEPS = 64  # integers per unit of what goes in
MOST = 8.0  # what goes in is cut at this many units
LEVELS = 63  # of the weights, on each side; fewer where very many products are summed


class _Round(torch.autograd.Function):
    """Rounding, passed straight through backward."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        return x.round()

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        return gradient


def to_steps(x: Tensor, rounded: bool = True) -> Tensor:
    """Numbers to integers: 64 a unit, cut at 8 units. The gradient is that of the numbers. Not ``rounded`` where the
    numbers may differ in their last digits, as in a network of full precision: a step is more than such a digit."""
    if not torch.is_grad_enabled():
        steps = (x * STEPS).clamp_(-MOST * STEPS, MOST * STEPS)
        return steps.round_() if rounded else steps
    steps = (x * STEPS).clamp(-MOST * STEPS, MOST * STEPS)
    return _Round.apply(steps) if rounded else steps


class FixedPointConv(nn.Module):
    """Convolution with weights of at most 127 levels, scaled and shifted per output channel.

    With 64 steps a unit, 8 units and 63 levels a product is below 2^15: 512 products are summed exactly. Where there
    are more, there are fewer levels. Not ``rounded``, it is an ordinary convolution: the same layer of the
    full-precision counterpart.

    Shape: (N, inputs, rows, columns), integers from :func:`to_steps`, to (N, outputs, rows, columns) in units.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, zero: bool = False, rounded: bool = True) -> None:
        super().__init__()
        self.rounded = rounded
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        if zero:
            nn.init.zeros_(self.weight)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self._levels = min(LEVELS, int(2**24 / (MOST * STEPS * self.weight[0].numel())))
        self._step: Tensor | None = None  # of a layer that was restored; else it follows from the weights

    @property
    def step(self) -> Tensor:
        """(outputs,): what one level of the weights is worth."""
        if self._step is not None:
            return self._step.to(self.weight)
        return self.weight.detach().abs().amax((1, 2, 3)).clamp(min=1e-12) / self._levels

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, zeros outside."""
        if not self.rounded:
            return self._convolve(x, self.weight / STEPS, self.bias)
        step = self.step
        levels = _Round.apply(self.weight / step[:, None, None, None])
        sums = self._convolve(x, levels)
        if torch.is_grad_enabled():
            return sums * (step / STEPS)[:, None, None] + self.bias[:, None, None]
        return sums.mul_((step / STEPS)[:, None, None]).add_(self.bias[:, None, None])

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if weight.shape[-1] == 1:  # PyTorch is slow at small ones
            return functional.linear(x.permute(0, 2, 3, 1), weight[:, :, 0, 0], bias).permute(0, 3, 1, 2)
        return functional.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)

    def stored(self) -> dict[str, Tensor]:
        """For a model file: levels (int8), step, bias; or what an ordinary convolution has."""
        if not self.rounded:
            return {"weight": self.weight.detach(), "bias": self.bias.detach()}
        levels = (self.weight.detach() / self.step[:, None, None, None]).round().to(torch.int8)
        return {"levels": levels, "step": self.step, "bias": self.bias.detach()}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """The inverse of :meth:`stored`."""
        with torch.no_grad():
            self.bias.copy_(stored["bias"])
            if not self.rounded:
                self.weight.copy_(stored["weight"])
                return
            self._step = stored["step"].clone()
            self.weight.copy_(stored["levels"].to(self.weight.dtype) * self._step[:, None, None, None])
