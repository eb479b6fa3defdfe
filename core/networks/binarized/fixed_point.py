"""Fixed-point convolution, for the few layers of a binarized network that keep full precision.

The argument of a sign must not depend on the order of a sum: a last digit that differs between two ways of cutting an
image into tiles would flip a sign. Sums of integers below 2^24 are exact in float32, in any order, on any device.

Note: our own.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

STEPS = 64  # quantization steps per unit of the input
CLIP = 8.0  # units at which the input is clipped
LEVELS = 63  # of positive and of negative weights; fewer where very many products are summed


class _Round(torch.autograd.Function):
    """Rounding, with the straight-through estimator."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        return x.round()

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        return gradient


def quantize(x: Tensor, rounded: bool = True) -> Tensor:
    """Numbers to quantization steps, 64 a unit, clipped at 8 units, with the straight-through estimator.

    Args:
        x: any shape, float32 or float64.
        rounded: False for a full-precision network, whose numbers may differ in their last digits: rounding would make
            a step of such a difference.

    Returns:
        Same shape and same dtype; integers if ``rounded``.
    """
    if not torch.is_grad_enabled():
        steps = (x * STEPS).clamp_(-CLIP * STEPS, CLIP * STEPS)
        return steps.round_() if rounded else steps
    steps = (x * STEPS).clamp(-CLIP * STEPS, CLIP * STEPS)
    return _Round.apply(steps) if rounded else steps


class FixedPointConv(nn.Module):
    """Convolution with weights of at most 127 levels, scaled and shifted per output channel.

    With 64 steps a unit, 8 units and 63 levels a product is below 2^15: 512 products are summed exactly. Where there
    are more, there are fewer levels.

    Args:
        inputs: channels of the image.
        outputs: channels of the result.
        kernel: its size, odd.
        zero: whether the weights start at zero.
        rounded: False for an ordinary convolution, as the full-precision counterpart has it.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, zero: bool = False, rounded: bool = True) -> None:
        super().__init__()
        self.rounded = rounded
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        if zero:
            nn.init.zeros_(self.weight)
        self.bias = nn.Parameter(torch.zeros(outputs))
        self._levels = min(LEVELS, int(2**24 / (CLIP * STEPS * self.weight[0].numel())))
        self._step: Tensor | None = None  # of a restored layer; else computed from the weights

    @property
    def step(self) -> Tensor:
        """(outputs,) float32: the weight of one level."""
        if self._step is not None:
            return self._step.to(self.weight)
        return self.weight.detach().abs().amax((1, 2, 3)).clamp(min=1e-12) / self._levels

    def forward(self, x: Tensor) -> Tensor:
        """The convolution, padded with zeros.

        Args:
            x: (N, inputs, rows, columns) float32, quantization steps from :func:`quantize`.

        Returns:
            (N, outputs, rows, columns) float32, in units.
        """
        if not self.rounded:
            return self._convolve(x, self.weight / STEPS, self.bias)
        step = self.step
        levels = _Round.apply(self.weight / step[:, None, None, None])
        sums = self._convolve(x, levels)
        if torch.is_grad_enabled():
            return sums * (step / STEPS)[:, None, None] + self.bias[:, None, None]
        return sums.mul_((step / STEPS)[:, None, None]).add_(self.bias[:, None, None])

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if weight.shape[-1] == 1:  # faster than PyTorch's convolution
            return functional.linear(x.permute(0, 2, 3, 1), weight[:, :, 0, 0], bias).permute(0, 3, 1, 2)
        return functional.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)

    def stored(self) -> dict[str, Tensor]:
        """The arrays of a model file.

        Returns:
            ``levels``: (outputs, inputs, kernel, kernel) int8; ``step`` and ``bias``: (outputs,) float32. Or ``weight``
            and ``bias`` of an ordinary convolution, float32.
        """
        if not self.rounded:
            return {"weight": self.weight.detach(), "bias": self.bias.detach()}
        levels = (self.weight.detach() / self.step[:, None, None, None]).round().to(torch.int8)
        return {"levels": levels, "step": self.step, "bias": self.bias.detach()}

    def restore(self, stored: Mapping[str, Tensor]) -> None:
        """The inverse of :meth:`stored`.

        Args:
            stored: the arrays of a model file, their shapes and dtypes as in :meth:`stored`: (outputs, inputs, kernel,
                kernel) int8 and (outputs,) float32.
        """
        with torch.no_grad():
            self.bias.copy_(stored["bias"])
            if not self.rounded:
                self.weight.copy_(stored["weight"])
                return
            self._step = stored["step"].clone()
            self.weight.copy_(stored["levels"].to(self.weight.dtype) * self._step[:, None, None, None])
