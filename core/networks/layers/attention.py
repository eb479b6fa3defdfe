"""Attention without global pooling: what a pixel gets depends on a window around it only, so tiles equal the whole."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .pointwise import Pointwise
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
        self.squeeze = Pointwise(channels, channels // reduction)
        self.excite = Pointwise(channels // reduction, channels)
        self.radius = window // 2

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel at each pixel by a weight from its neighbourhood."""
        return x * self.weights(x)

    def weights(self, x: Tensor) -> Tensor:
        """The weights alone, between 0 and 1, (N, channels, rows, columns)."""
        return self.excited(self.pooled(self.squeeze(x)))

    def pooled(self, squeezed: Tensor) -> Tensor:
        """What is known of each pixel's neighbourhood, (N, channels / reduction, rows, columns), from as many squeezed
        channels: the same as squeezing the mean, on fewer channels."""
        return window_mean(squeezed, self.window)

    def excited(self, pooled: Tensor) -> Tensor:
        """The weights from :meth:`pooled`."""
        said = self.excite(functional.relu(pooled))
        return functional.hardsigmoid(said, inplace=not torch.is_grad_enabled()) if self.hard else torch.sigmoid(said)


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
