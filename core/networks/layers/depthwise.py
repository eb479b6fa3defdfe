"""Depthwise 3x3 convolution."""

from __future__ import annotations

from torch import nn


class DepthwiseConv2d(nn.Conv2d):
    """``Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, groups=channels)`` with its parameters.

    Args:
        channels: of the image.
        dilation: 1 or 2.
    """

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__(channels, channels, 3, padding=dilation, dilation=dilation, groups=channels)
