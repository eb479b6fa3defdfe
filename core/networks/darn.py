"""DARN: dual-attention residual network."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .base import FusionNetwork, register
from .layers.attention import LocalChannelAttention, SpatialAttention
from .layers.zero import zero_conv


class _Block(nn.Module):
    """Two 3x3 convolutions with channel and spatial attention, residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.channels = LocalChannelAttention(width, reduction=16)
        self.places = SpatialAttention()
        self.radius = 2 + self.channels.radius + self.places.radius

    def forward(self, x: Tensor) -> Tensor:
        return x + self.places(self.channels(self.second(functional.relu(self.first(x)))))


@register("darn")
class DARN(FusionNetwork):
    """Residual blocks with channel and spatial attention on HSI and PAN together.

    Note: our own is pooling over windows, where the paper pools over the image, so that tiles equal the whole image.
    The paper's up-sampling by a deep prior is not part of it. 416,194 parameters at 102 bands.

    Source: Zheng et al., IEEE Trans. Geoscience and Remote Sensing 58(11), 8059-8076, 2020.

    Args:
        components: planes of the HSI.
        width: channels of the blocks.
        blocks: number of blocks.
        guides: M, the PAN's number of bands.
    """

    several_guides = True

    def __init__(self, components: int, width: int = 64, blocks: int = 4, guides: int = 1) -> None:
        super().__init__()
        self.guides = guides
        self.head = nn.Conv2d(components + guides, width, 3, padding=1)
        body = [_Block(width) for _ in range(blocks)]
        self.body = nn.Sequential(*body)
        self.tail = zero_conv(width, components, 3)
        self.receptive_field = 2 + sum(block.radius for block in body)

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        return self.tail(self.body(self.head(planes[:, : -self.guides])))
