"""The two networks of spectral-spatial mutual learning.

One network learns spectra, one learns space, and both are small. The spectral one works at the resolution of the PAN,
the spatial one has twice the receptive field at half the resolution. Both end in a layer that starts at zero, so that
an untrained network returns the prior.

Source: Peng et al., Remote Sensing 14(18), 4682, 2022. Note: blocks, widths, attention, detail injection and the two
resolutions are our own.
"""

from __future__ import annotations

from torch import Tensor, nn

from .base import FusionNetwork, register
from .cpu.blocks import slabs_on_cpu, spatial_block, spectral_block
from .cpu.learning import learn_spatial_block, learn_spectral_block
from .injection import DetailInjection
from .layers.activation import hardswish
from .layers.attention import LocalChannelAttention, SpatialAttention
from .layers.depthwise import DepthwiseConv2d
from .layers.folding import fold, folded_channels
from .layers.pointwise import JoinedPointwiseConv2d, PointwiseConv2d, SplitPointwiseConv2d
from .layers.pooling import window_mean


@slabs_on_cpu(spectral_block, learn_spectral_block)
class SpectralBlock(nn.Module):
    """Pointwise, depthwise 3x3 and pointwise convolution, and local channel attention, residual.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = PointwiseConv2d(width, width)
        self.look = DepthwiseConv2d(width)  # the name in model files
        self.merge = PointwiseConv2d(width, width)
        self.attention = LocalChannelAttention(width, hard=True)
        self.radius = 1 + self.attention.radius

    def forward(self, x: Tensor) -> Tensor:
        """The block, added to its input.

        Args:
            x: (N, width, rows, columns) float32, the channels last in memory.

        Returns:
            Same shape and same dtype.
        """
        return self.attention(self.merge(hardswish(self.look(hardswish(self.mix(x)))))).add_(x)


@register("ssml-spectral")
class SpectralNetwork(FusionNetwork):
    """The spectral network: blocks of mostly pointwise convolutions, with channel attention.

    Args:
        components: planes of the HSI.
        width: channels of the blocks.
        blocks: number of blocks.
        side: PAN pixels, along each axis, per pixel of the layers.
        guides: M, the PAN's number of bands.
    """

    several_guides = True
    in_slabs = True

    def __init__(self, components: int, width: int = 32, blocks: int = 3, side: int = 1, guides: int = 1) -> None:
        super().__init__()
        self.side, self.alignment, self.folded, self.guides = side, side, side**2, guides
        self.head = PointwiseConv2d(folded_channels(components, side, guides), width)
        body = [SpectralBlock(width) for _ in range(blocks)]
        self.body = nn.Sequential(*body)
        self.tail = DetailInjection(width, components, side, guides)
        self.receptive_field = side * (sum(block.radius for block in body) + (side > 1))

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        return self.tail(self.body(hardswish(self.head(fold(planes, self.side, self.guides)))), planes)


@slabs_on_cpu(spatial_block, learn_spatial_block)
class SpatialBlock(nn.Module):
    """Two branches of depthwise 3x3 convolutions, one dilated, between pointwise ones, with spatial attention,
    residual.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = SplitPointwiseConv2d(width, 2 * width)
        self.near = DepthwiseConv2d(width)
        self.far = DepthwiseConv2d(width, dilation=2)
        self.merge = JoinedPointwiseConv2d(2 * width, width)
        self.attention = SpatialAttention()
        self.radius = 2 + self.attention.radius

    def forward(self, x: Tensor) -> Tensor:
        """The block, added to its input.

        Args:
            x: (N, width, rows, columns) float32, the channels last in memory.

        Returns:
            Same shape and same dtype.
        """
        near, far = self.mix(x)
        near, far = self.near(hardswish(near)), self.far(hardswish(far))
        return self.attention(self.merge(hardswish(near), hardswish(far))).add_(x)


@register("ssml-spatial")
class SpatialNetwork(FusionNetwork):
    """The spatial network: multi-scale residual blocks with spatial attention, on high-passed planes.

    Source: high-passed inputs after Yang et al., IEEE International Conference on Computer Vision, 2017 (PanNet).

    Args:
        components: planes of the HSI.
        width: channels of the blocks.
        blocks: number of blocks.
        side: PAN pixels, along each axis, per pixel of the layers.
        highpass: window of the mean that is subtracted, in pixels of the layers, odd.
        guides: M, the PAN's number of bands.
    """

    several_guides = True
    in_slabs = True

    @classmethod
    def config_for(cls, ratio: float | None) -> dict[str, object]:
        """As :meth:`.FusionNetwork.config_for`: at ratio 2 it works at the PAN's resolution, as half of it is no more
        than the HSI's."""
        return {} if ratio is None or round(ratio) > 2 else {"side": 1}

    def __init__(
        self, components: int, width: int = 40, blocks: int = 3, side: int = 2, highpass: int = 5, guides: int = 1
    ) -> None:
        super().__init__()
        self.side, self.alignment, self.folded, self.highpass = side, side, side**2, highpass
        self.guides = guides
        self.head = nn.Conv2d(folded_channels(components, side, guides), width, 3, padding=1)
        body = [SpatialBlock(width) for _ in range(blocks)]
        self.body = nn.Sequential(*body)
        self.tail = DetailInjection(width, components, side, guides)
        radius = highpass // 2 + 1 + sum(block.radius for block in body)
        self.receptive_field = side * (radius + (side > 1))

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        folded = fold(planes, self.side, self.guides)
        detail = folded - window_mean(folded, self.highpass)
        return self.tail(self.body(hardswish(self.head(detail))), planes)
