"""Inference on the CPU: blocks that are written plainly, computed in slabs of rows and in place.

A block's ``forward`` says what it computes. Without gradients on the CPU the same is computed by a function of this
module, which :func:`slabs_on_cpu` puts in its place: what lies between two layers is then a few rows that stay in the
processor's cache, and results go straight to where they belong. Tests compare both, and each layer with PyTorch's.
"""

from __future__ import annotations

from typing import Callable, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ..layers.activation import hardswish
from ..layers.attention import LocalChannelAttention, SpatialAttention
from ..layers.depthwise import DepthwiseConv2d
from ..layers.folding import spread
from ..layers.pointwise import JoinedPointwiseConv2d, PointwiseConv2d, SplitPointwiseConv2d
from .slabs import by_rows, conv_slab, slabs, whole

_Block = TypeVar("_Block", bound=type[nn.Module])


def slabs_on_cpu(work: Callable[..., Tensor]) -> Callable[[_Block], _Block]:
    """Decorator of a block: ``work(block, *images)`` stands in for its ``forward`` at inference on the CPU."""

    def change(block: _Block) -> _Block:
        plain = block.forward

        def forward(self: nn.Module, *images: Tensor) -> Tensor:
            return plain(self, *images) if whole(*images) else work(self, *images)

        forward.__doc__ = plain.__doc__
        block.forward = forward
        return block

    return change


class SpectralLayers(Protocol):
    """Layers of :class:`..ssml.SpectralBlock`."""

    mix: PointwiseConv2d
    look: DepthwiseConv2d
    merge: PointwiseConv2d
    attention: LocalChannelAttention


def spectral_block(block: SpectralLayers, x: Tensor) -> Tensor:
    """:class:`..ssml.SpectralBlock` in two passes: up to the squeezed channels, which the attention's window needs of
    the rows around, and from there on. ``x`` is worked on in place."""
    attention = block.attention

    def before(x: Tensor, margins: tuple[int, int], out: Tensor, squeezed: Tensor) -> None:
        y = block.merge(hardswish(conv_slab(block.look, hardswish(block.mix(x)), margins)), out)
        attention.squeeze(y, squeezed)

    def after(x: Tensor, y: Tensor, mean: Tensor, margins: tuple[int, int], out: Tensor) -> None:
        torch.addcmul(x, y, attention.excited(mean), out=out)

    outs = torch.empty_like(x), torch.empty_like(x[:, : attention.squeeze.out_channels])
    y, squeezed = by_rows(before, 1, x.shape[1], (x,), outs)
    return by_rows(after, 0, x.shape[1], (x, y, attention.mean(squeezed)), (x,))[0]


class SpatialLayers(Protocol):
    """Layers of :class:`..ssml.SpatialBlock`."""

    mix: SplitPointwiseConv2d
    near: DepthwiseConv2d
    far: DepthwiseConv2d
    merge: JoinedPointwiseConv2d
    attention: SpatialAttention


def spatial_block(block: SpatialLayers, x: Tensor) -> Tensor:
    """:class:`..ssml.SpatialBlock`; ``x`` is worked on in place."""

    def before(x: Tensor, margins: tuple[int, int], out: Tensor) -> None:
        near, far = map(hardswish, block.mix(x))
        near, far = conv_slab(block.near, near, margins), conv_slab(block.far, far, margins)
        block.merge(hardswish(near), hardswish(far), out)

    (y,) = by_rows(before, 2, 2 * x.shape[1], (x,), (torch.empty_like(x),))
    return x.addcmul_(y, block.attention.weights(y))


class InjectionLayers(Protocol):
    """Layers of :class:`..layers.injection.DetailInjection`."""

    side: int
    read: nn.Conv2d


def detail_injection(layer: InjectionLayers, features: Tensor, planes: Tensor) -> Tensor:
    """:class:`..layers.injection.DetailInjection`: what is interpolated is never there as a whole."""
    folded, detail, side = layer.read(features), planes[:, -1:], layer.side
    (rows, cols), folded_rows = detail.shape[-2:], folded.shape[-2]
    out = planes.new_empty(len(planes), folded.shape[1] // 2, rows, cols)
    for start, stop in slabs(folded_rows, 1, side * folded.shape[1], len(planes) * side * cols):
        low, high = max(0, start - 1), min(folded_rows, stop + 1)
        top, bottom = side * start, min(side * stop, rows)
        finer = spread(folded[:, :, low:high], (bottom - side * low, cols), side)[:, :, top - side * low :]
        free, gains = finer.chunk(2, 1)
        out[:, :, top:bottom] = torch.addcmul(free, gains, detail[:, :, top:bottom])
    return out
