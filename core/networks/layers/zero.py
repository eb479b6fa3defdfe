"""A last layer that starts at zero, so that an untrained network returns the prior."""

from __future__ import annotations

from torch import nn

from .pointwise import PointwiseConv2d


def zero_conv(channels: int, outputs: int, size: int = 1) -> nn.Conv2d:
    """A convolution that keeps the image's size, with weights and biases of zero.

    Args:
        channels: of the image.
        outputs: channels of the result.
        size: of the kernel, odd.

    Returns:
        The layer.
    """
    layer = PointwiseConv2d(channels, outputs) if size == 1 else nn.Conv2d(channels, outputs, size, padding=size // 2)
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
