"""Depthwise 3x3 convolution, without PyTorch's slow gradient of a dilated one on CPUs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class DepthwiseConv2d(nn.Conv2d):
    """``Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, groups=channels)`` with its parameters.

    Note: PyTorch's gradient of the dense convolution is ten times as fast on CPUs. Therefore, a convolution of dilation
    2 is computed as dense ones of four images, each of every other row and column (own).

    Args:
        channels: of the image.
        dilation: 1 or 2.
    """

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__(channels, channels, 3, padding=dilation, dilation=dilation, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        """The convolution.

        Args:
            x: (N, channels, rows, columns) float32.

        Returns:
            Same shape and same dtype.
        """
        if self.dilation == (1, 1) or not torch.is_grad_enabled() or x.device.type != "cpu":
            return super().forward(x)
        count, channels, rows, cols = x.shape
        x = functional.pad(x, (0, cols % 2, 0, rows % 2)).permute(0, 2, 3, 1)
        half = x.shape[1] // 2, x.shape[2] // 2
        x = x.reshape(count, half[0], 2, half[1], 2, channels).permute(0, 2, 4, 1, 3, 5).reshape(-1, *half, channels)
        x = functional.conv2d(x.permute(0, 3, 1, 2), self.weight, self.bias, padding=1, groups=channels)
        x = x.permute(0, 2, 3, 1).reshape(count, 2, 2, *half, channels).permute(0, 3, 1, 4, 2, 5)
        return x.reshape(count, 2 * half[0], 2 * half[1], channels)[:, :rows, :cols].permute(0, 3, 1, 2)
