"""Inference of blocks on the CPU, in slabs of rows and in place.

A block's ``forward`` defines what it computes. Without gradients on the CPU the same is computed by a function of this
module, by which :func:`slabs_on_cpu` replaces it: intermediate images are then a few rows that stay in the processor's
cache, and results are written to their place without a copy. Tests compare both, and each layer with PyTorch's.
"""

from __future__ import annotations

from typing import Callable, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ..layers.activation import hardswish
from ..layers.attention import LocalChannelAttention, SpatialAttention
from ..layers.depthwise import DepthwiseConv2d
from ..layers.folding import upsample
from ..layers.pointwise import JoinedPointwiseConv2d, PointwiseConv2d, SplitPointwiseConv2d
from .slabs import by_rows, conv_slab, is_whole_image, slabs

_Block = TypeVar("_Block", bound=type[nn.Module])


def slabs_on_cpu(work: Callable[..., Tensor], learn: Callable[..., Tensor] | None = None) -> Callable[[_Block], _Block]:
    """Decorator of a block that replaces its ``forward`` on the CPU.

    Args:
        work: at inference, called as ``work(block, *images)``, gives the result of ``block.forward(*images)``, of the
            same shape and float32.
        learn: the same where gradients are computed; None for ``forward`` itself.

    Returns:
        The decorator, which returns the class with its ``forward`` changed.
    """

    def decorate(block: _Block) -> _Block:
        plain = block.forward

        def forward(self: nn.Module, *images: Tensor) -> Tensor:
            if not is_whole_image(*images):
                return work(self, *images)
            if learn is not None and images[0].device.type == "cpu":
                return learn(self, *images)
            return plain(self, *images)

        forward.__doc__, forward.__wrapped__ = plain.__doc__, plain  # type: ignore[attr-defined]  # of functions
        block.forward = forward
        return block

    return decorate


class SpectralLayers(Protocol):
    """Layers of :class:`..ssml.SpectralBlock`."""

    mix: PointwiseConv2d
    look: DepthwiseConv2d
    merge: PointwiseConv2d
    attention: LocalChannelAttention


def spectral_block(block: SpectralLayers, x: Tensor) -> Tensor:
    """:class:`..ssml.SpectralBlock` in two passes: up to the squeezed channels, of which the attention's window needs
    the neighbouring rows, and from there on.

    Args:
        block: whose layers are applied.
        x: (N, width, rows, columns) float32, the channels last in memory; overwritten by the result.

    Returns:
        ``x``: (N, width, rows, columns) float32.
    """
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
    """:class:`..ssml.SpatialBlock` in slabs of rows.

    Args:
        block: whose layers are applied.
        x: (N, width, rows, columns) float32, the channels last in memory; overwritten by the result.

    Returns:
        ``x``: (N, width, rows, columns) float32.
    """

    def before(x: Tensor, margins: tuple[int, int], out: Tensor) -> None:
        near, far = map(hardswish, block.mix(x))
        near, far = conv_slab(block.near, near, margins), conv_slab(block.far, far, margins)
        block.merge(hardswish(near), hardswish(far), out)

    (y,) = by_rows(before, 2, 2 * x.shape[1], (x,), (torch.empty_like(x),))
    return x.addcmul_(y, block.attention.weights(y))


class InjectionLayers(Protocol):
    """Layers of :class:`..injection.DetailInjection`."""

    side: int
    guides: int
    read: nn.Conv2d


def detail_injection(layer: InjectionLayers, features: Tensor, planes: Tensor) -> Tensor:
    """:class:`..injection.DetailInjection` without an up-sampled image of all features in memory.

    Args:
        layer: whose parameters are used.
        features: (N, channels, rows / side, columns / side) float32.
        planes: (N, components + 2 M, rows, columns) float32.

    Returns:
        (N, components, rows, columns) float32.
    """
    guides, side, channels = layer.guides, layer.side, layer.read.out_channels
    details = planes[:, -guides:]
    (rows, cols), folded_rows = details.shape[-2:], features.shape[-2]
    # Of several details there are too many gains for an image of them.
    whole = layer.read(features) if guides == 1 else None
    out = planes.new_empty(len(planes), channels // (1 + guides), rows, cols)
    for start, stop in slabs(folded_rows, 1, side * channels, len(planes) * side * cols):
        low, high = max(0, start - 1), min(folded_rows, stop + 1)
        top, bottom = side * start, min(side * stop, rows)
        folded = layer.read(features[:, :, low:high]) if whole is None else whole[:, :, low:high]
        finer = upsample(folded, (bottom - side * low, cols), side)[:, :, top - side * low :]
        result, *gains = finer.chunk(1 + guides, 1)
        for place, of_detail in enumerate(gains):
            result = torch.addcmul(result, of_detail, details[:, place : place + 1, top:bottom])
        out[:, :, top:bottom] = result
    return out
