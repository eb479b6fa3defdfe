"""Attention without global pooling: what a pixel gets depends on a window around it only, so tiles equal the whole."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class LocalChannelAttention(nn.Module):
    """Squeeze and excitation over a local window (own; after Hu et al., 2018).

    Shape: (N, channels, rows, columns) to the same.
    """

    def __init__(self, channels: int, window: int = 5, reduction: int = 4) -> None:
        super().__init__()
        self.window = window
        self.squeeze = nn.Conv2d(channels, channels // reduction, 1)
        self.excite = nn.Conv2d(channels // reduction, channels, 1)
        self.radius = window // 2

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel at each pixel by a weight from its neighbourhood."""
        return x * self.weights(x)

    def weights(self, x: Tensor) -> Tensor:
        """The weights alone, between 0 and 1, of the same shape."""
        pooled = functional.avg_pool2d(x, (self.window, 1), 1, (self.radius, 0), count_include_pad=False)
        pooled = functional.avg_pool2d(pooled, (1, self.window), 1, (0, self.radius), count_include_pad=False)
        return torch.sigmoid(self.excite(functional.relu(self.squeeze(pooled))))


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
        summary = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.weigh(summary))
