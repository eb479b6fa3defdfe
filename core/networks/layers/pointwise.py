"""Pointwise (1x1) convolution as one matrix product: with the channels last in memory it needs no copy."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class PointwiseConv2d(nn.Conv2d):
    """``Conv2d(inputs, outputs, 1)`` with its parameters, for images with the channels last in memory.

    Args:
        inputs: channels of the image.
        outputs: channels of the result.
    """

    bias: nn.Parameter  # never None

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 1)

    def forward(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        """The convolution.

        Args:
            x: (N, inputs, rows, columns) float32.
            out: (1, outputs, rows, columns) float32, complete rows of an image, for the result; only without
                gradients.

        Returns:
            (N, outputs, rows, columns) float32; ``out``, where it is given.
        """
        return _product(x, self.weight.flatten(1), self.bias, out)


class SplitPointwiseConv2d(PointwiseConv2d):
    """``Conv2d(inputs, outputs, 1)(x).chunk(2, 1)``: each half of the outputs is an image of its own in memory."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]  # two images
        """The convolution.

        Args:
            x: (N, inputs, rows, columns) float32.

        Returns:
            Two images, (N, outputs / 2, rows, columns) float32.
        """
        weights, biases = self.weight.flatten(1).chunk(2), self.bias.chunk(2)
        return _product(x, weights[0], biases[0]), _product(x, weights[1], biases[1])


class JoinedPointwiseConv2d(PointwiseConv2d):
    """``Conv2d(inputs, outputs, 1)(cat([first, second], 1))`` without the copy of a concatenation."""

    def forward(  # type: ignore[override]  # two images
        self, first: Tensor, second: Tensor, out: Tensor | None = None
    ) -> Tensor:
        """The convolution.

        Args:
            first, second: (N, inputs / 2, rows, columns) float32.
            out: as :meth:`PointwiseConv2d.forward` takes it: (1, outputs, rows, columns) float32.

        Returns:
            (N, outputs, rows, columns) float32; ``out``, where it is given.
        """
        weights = self.weight.flatten(1).chunk(2, 1)
        y = _product(first, weights[0], self.bias, out)
        pixels = _pixels(y)
        if torch.is_grad_enabled():
            return torch.addmm(pixels, _pixels(second), weights[1].t()).view(_nhwc(y).shape).permute(0, 3, 1, 2)
        pixels.addmm_(_pixels(second), weights[1].t())
        return y


def _product(x: Tensor, weight: Tensor, bias: Tensor, out: Tensor | None = None) -> Tensor:
    if out is None:
        return functional.linear(_nhwc(x), weight, bias).permute(0, 3, 1, 2)
    torch.addmm(bias, _pixels(x), weight.t(), out=_pixels(out))
    return out


def _nhwc(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)


def _pixels(x: Tensor) -> Tensor:
    """(pixels, channels) of images, in the same memory."""
    return _nhwc(x).view(-1, x.shape[1])
