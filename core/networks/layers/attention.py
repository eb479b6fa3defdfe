"""Attention without global pooling: weights depend on a window around a pixel, so tiles equal the whole image."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .pointwise import PointwiseConv2d
from .pooling import window_mean


class LocalChannelAttention(nn.Module):
    """Squeeze and excitation over a local window.

    Source: Hu et al., IEEE Conference on Computer Vision and Pattern Recognition, 2018. Note: the window is our own.

    Args:
        channels: of the image.
        window: in pixels, odd.
        reduction: the squeeze divides the channels by this.
        hard: weights by the piecewise linear sigmoid of Howard et al., 2019 (MobileNetV3), in a sixth of the time.
    """

    def __init__(self, channels: int, window: int = 5, reduction: int = 4, hard: bool = False) -> None:
        super().__init__()
        self.window, self.hard = window, hard
        self.squeeze = PointwiseConv2d(channels, channels // reduction)
        self.excite = PointwiseConv2d(channels // reduction, channels)
        self.radius = window // 2

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel at each pixel by a weight from its neighbourhood.

        Args:
            x: (N, channels, rows, columns) float32.

        Returns:
            Same shape and same dtype.
        """
        return x * self.weights(x)

    def weights(self, x: Tensor) -> Tensor:
        """The weights.

        Args:
            x: (N, channels, rows, columns) float32.

        Returns:
            Same shape and same dtype, between 0 and 1.
        """
        return self.excited(self.mean(self.squeeze(x)))

    def mean(self, squeezed: Tensor) -> Tensor:
        """Mean of the squeezed channels over each pixel's window: the same as squeezing the mean, on fewer channels.

        Args:
            squeezed: (N, channels / reduction, rows, columns) float32.

        Returns:
            Same shape and same dtype.
        """
        return window_mean(squeezed, self.window)

    def excited(self, mean: Tensor) -> Tensor:
        """The weights from the result of :meth:`mean`.

        Args:
            mean: (N, channels / reduction, rows, columns) float32.

        Returns:
            (N, channels, rows, columns) float32, between 0 and 1.
        """
        logits = self.excite(functional.relu(mean))
        inplace = not torch.is_grad_enabled()
        return functional.hardsigmoid(logits, inplace=inplace) if self.hard else torch.sigmoid(logits)


class SpatialAttention(nn.Module):
    """A weight per pixel from the channels' mean and maximum.

    Source: Woo et al., European Conference on Computer Vision, 2018 (CBAM). Note: the size of the window is our own.

    Args:
        window: in pixels, odd.
    """

    def __init__(self, window: int = 5) -> None:
        super().__init__()
        self.radius = window // 2
        self.weigh = nn.Conv2d(2, 1, window, padding=self.radius)

    def forward(self, x: Tensor) -> Tensor:
        """Scale all channels of each pixel by one weight.

        Args:
            x: (N, channels, rows, columns) float32.

        Returns:
            Same shape and same dtype.
        """
        return x * self.weights(x)

    def weights(self, x: Tensor) -> Tensor:
        """The weights.

        Args:
            x: (N, channels, rows, columns) float32.

        Returns:
            (N, 1, rows, columns) float32, between 0 and 1.
        """
        summary = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return torch.sigmoid(self.weigh(summary))
