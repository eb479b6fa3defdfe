"""The two networks of spectral-spatial mutual learning.

After Peng et al., Remote Sensing 2022, 14(18), 4682: one network learns spectra, one learns space, and both are small.
Blocks, widths, attention and the injection of detail are our own; see the registry for what goes in and out. The
spectral one looks at every pixel of the PAN, the spatial one sees twice as far at half the resolution (own). Both end
in a layer that starts at zero, so that an untrained network returns the prior.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers.attention import LocalChannelAttention, SpatialAttention
from .layers.depthwise import HoledDepthwise
from .layers.folding import fold, folded_channels
from .layers.injection import DetailInjection
from .layers.pointwise import Pointwise
from .layers.pooling import window_mean
from .layers.slabs import by_rows, conv_slab, whole
from .registry import Network, register


def _bend(x: Tensor) -> Tensor:
    """The activation; ``x`` is nobody else's."""
    return functional.hardswish(x, inplace=not torch.is_grad_enabled())


class SpectralBlock(nn.Module):
    """1x1 mixing, a depthwise 3x3, 1x1 mixing, and local channel attention, residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = Pointwise(width, width)
        self.look = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.merge = Pointwise(width, width)
        self.attention = LocalChannelAttention(width, hard=True)
        self.radius = 1 + self.attention.radius

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, rows, columns) to the same; without gradients ``x`` is worked on in place."""
        if whole(x):
            y, squeezed = self._chain(x)
            return self._add(x, y, self.attention.pooled(squeezed))
        outs = torch.empty_like(x), torch.empty_like(x[:, : self.attention.squeeze.out_channels])
        y, squeezed = by_rows(self._chain, 1, x.shape[1], (x,), outs)
        return by_rows(self._add, 0, x.shape[1], (x, y, self.attention.pooled(squeezed)), (x,))[0]

    def _chain(
        self,
        x: Tensor,
        margins: tuple[int, int] = (0, 0),
        out: Tensor | None = None,
        squeezed: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        y = self.merge(_bend(conv_slab(self.look, _bend(self.mix(x)), margins)), out)
        return y, self.attention.squeeze(y, squeezed)

    def _add(
        self, x: Tensor, y: Tensor, pooled: Tensor, margins: tuple[int, int] = (0, 0), out: Tensor | None = None
    ) -> Tensor:
        weights = self.attention.excited(pooled)
        return (y * weights).add_(x) if out is None else torch.addcmul(x, y, weights, out=out)  # by their gradients


@register("ssml-spectral")
class SpectralNetwork(Network):
    """The spectral network: 1x1-dominated blocks with channel attention.

    Args:
        components: planes of the HSI. width: channels. blocks: how many. side: pixels of the PAN, along each axis, that
            are one in its layers.
    """

    in_slabs = True

    def __init__(self, components: int, width: int = 32, blocks: int = 3, side: int = 1) -> None:
        super().__init__()
        self.side, self.alignment, self.folded = side, side, side**2
        self.head = Pointwise(folded_channels(components, side), width)
        body = [SpectralBlock(width) for _ in range(blocks)]
        self.body = nn.Sequential(*body)
        self.tail = DetailInjection(width, components, side)
        self.receptive_field = side * (sum(block.radius for block in body) + (side > 1))

    def forward(self, planes: Tensor) -> Tensor:
        """(N, components + 2, rows, columns) to the residual (N, components, rows, columns)."""
        return self.tail(self.body(_bend(self.head(fold(planes, self.side)))), planes)


class SpatialBlock(nn.Module):
    """Two scales of depthwise 3x3 side by side between 1x1 mixings, with spatial attention, residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = Pointwise(width, 2 * width)
        self.near = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.far = HoledDepthwise(width)
        self.merge = Pointwise(2 * width, width)
        self.attention = SpatialAttention()
        self.radius = 2 + self.attention.radius

    def forward(self, x: Tensor) -> Tensor:
        """(N, width, rows, columns) to the same; without gradients ``x`` is worked on in place."""
        if whole(x):
            y = self._chain(x)
            return (y * self.attention.weights(y)).add_(x)
        (y,) = by_rows(self._chain, 2, 2 * x.shape[1], (x,), (torch.empty_like(x),))
        return x.addcmul_(y, self.attention.weights(y))

    def _chain(self, x: Tensor, margins: tuple[int, int] = (0, 0), out: Tensor | None = None) -> Tensor:
        near, far = map(_bend, self.mix.halves(x))
        near, far = conv_slab(self.near, near, margins), conv_slab(self.far, far, margins)
        return self.merge.joined(_bend(near), _bend(far), out)


@register("ssml-spatial")
class SpatialNetwork(Network):
    """The spatial network: multi-scale residual blocks with spatial attention, on high-passed planes (the idea of
    PanNet, Yang et al., 2017).

    Args:
        components: planes of the HSI. width: channels. blocks: how many. side: pixels of the PAN, along each axis, that
            are one in its layers.
    """

    in_slabs = True

    def __init__(self, components: int, width: int = 40, blocks: int = 3, side: int = 2, highpass: int = 5) -> None:
        super().__init__()
        self.side, self.alignment, self.folded, self.highpass = side, side, side**2, highpass
        self.head = nn.Conv2d(folded_channels(components, side), width, 3, padding=1)
        body = [SpatialBlock(width) for _ in range(blocks)]
        self.body = nn.Sequential(*body)
        self.tail = DetailInjection(width, components, side)
        reach = highpass // 2 + 1 + sum(block.radius for block in body)
        self.receptive_field = side * (reach + (side > 1))

    def forward(self, planes: Tensor) -> Tensor:
        """(N, components + 2, rows, columns) to the residual (N, components, rows, columns)."""
        folded = fold(planes, self.side)
        detail = folded - window_mean(folded, self.highpass)
        return self.tail(self.body(_bend(self.head(detail))), planes)
