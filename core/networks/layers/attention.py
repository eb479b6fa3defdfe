"""Attention without global pooling: what a pixel gets depends on a window around it only, so tiles equal the whole."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .pointwise import PointwiseConv2d
from .pooling import window_mean


class LocalChannelAttention(nn.Module):
    """Squeeze and excitation over a local window (own; after Hu et al., 2018).

    Shape: (N, channels, rows, columns) to the same.

    Args:
        hard: weights by the piecewise linear sigmoid (Howard et al., 2019, MobileNetV3), a sixth of the time.
    """

    def __init__(self, channels: int, window: int = 5, reduction: int = 4, hard: bool = False) -> None:
        super().__init__()
        self.window, self.hard = window, hard
        self.squeeze = PointwiseConv2d(channels, channels // reduction)
        self.excite = PointwiseConv2d(channels // reduction, channels)
        self.radius = window // 2

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel at each pixel by a weight from its neighbourhood."""
        return x * self.weights(x)

    def weights(self, x: Tensor) -> Tensor:
        """The weights alone, between 0 and 1, (N, channels, rows, columns)."""
        return self.excited(self.mean(self.squeeze(x)))

    def mean(self, squeezed: Tensor) -> Tensor:
        """The squeezed channels' mean over each pixel's window, (N, channels / reduction, rows, columns): the same as
        squeezing the mean, on fewer channels."""
        return window_mean(squeezed, self.window)

    def excited(self, mean: Tensor) -> Tensor:
        """The weights from :meth:`mean`."""
        logits = self.excite(functional.relu(mean))
        inplace = not torch.is_grad_enabled()
        return functional.hardsigmoid(logits, inplace=inplace) if self.hard else torch.sigmoid(logits)


class SpatialAttention(nn.Module):
    """A weight per pixel from the channels' mean and maximum (after Woo et al., 2018, CBAM; window own).

    Shape: (N, channels, rows, columns) to the same.
    """

    def __init__(self, window: int = 5) -> None:
        super().__init__()
        self.radius = window // 2
        self.weigh = nn.Conv2d(2, 1, window, padding=self.radius)

    def forward(self, x: Tensor) -> Tensor:
        """Scale all channels of each pixel by one weight."""
        return x * self.weights(x)

    def weights(self, x: Tensor) -> Tensor:
        """The weights alone, between 0 and 1, (N, 1, rows, columns)."""
        summary = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return torch.sigmoid(self.weigh(summary))
