"""A 1x1 convolution as one matrix product: of images with the channels last in memory it needs no copy."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class PointwiseConv2d(nn.Conv2d):
    """``Conv2d(inputs, outputs, 1)``, with the same parameters. Images are (N, channels, rows, columns), the channels
    last in memory."""

    bias: nn.Parameter  # there always is one

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 1)

    def forward(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """All inputs to all outputs; to ``out``, where that is given: whole rows of one image, without gradients."""
        return _product(x, self.weight.flatten(1), self.bias, out)


class SplitPointwiseConv2d(PointwiseConv2d):
    """``Conv2d(inputs, outputs, 1)(x).chunk(2, 1)``: each half of the outputs is an image of its own in memory."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]  # two images
        """(N, inputs, rows, columns) to two of (N, outputs / 2, rows, columns)."""
        weights, biases = self.weight.flatten(1).chunk(2), self.bias.chunk(2)
        return _product(x, weights[0], biases[0]), _product(x, weights[1], biases[1])


class JoinedPointwiseConv2d(PointwiseConv2d):
    """``Conv2d(inputs, outputs, 1)(cat([first, second], 1))``, without the copy that joins the images."""

    def forward(  # type: ignore[override]  # two images
        self, first: Tensor, second: Tensor, out: Tensor | None = None
    ) -> Tensor:
        """Two of (N, inputs / 2, rows, columns) to (N, outputs, rows, columns), or to ``out``."""
        weights = self.weight.flatten(1).chunk(2, 1)
        y = _product(first, weights[0], self.bias, out)
        pixels = _pixels(y)
        if torch.is_grad_enabled():
            return torch.addmm(pixels, _pixels(second), weights[1].t()).view(_last(y).shape).permute(0, 3, 1, 2)
        pixels.addmm_(_pixels(second), weights[1].t())
        return y


def _product(x: Tensor, weight: Tensor, bias: Tensor, out: Tensor | None = None) -> Tensor:
    if out is None:
        return functional.linear(_last(x), weight, bias).permute(0, 3, 1, 2)
    torch.addmm(bias, _pixels(x), weight.t(), out=_pixels(out))
    return out


def _last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)


def _pixels(x: Tensor) -> Tensor:
    """(pixels, channels) of images, in the same memory."""
    return _last(x).view(-1, x.shape[1])
