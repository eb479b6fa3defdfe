"""A part of the resolution without loss of the PAN: ``side`` x ``side`` of its pixels as channels.

What a network does at a quarter of the pixels costs a quarter, and the components of the HSI are smooth between its
pixels anyway (own; after Shi et al., CVPR 2016, whose sub-pixel convolution goes the other way).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def folded_channels(components: int, side: int) -> int:
    """Channels that :func:`fold` gives.

    Raises:
        ValueError: ``side`` is no number of pixels.
    """
    if side < 1:
        raise ValueError("side is at least 1")
    return components + 2 * side**2


def fold(planes: Tensor, side: int) -> Tensor:
    """Components averaged over ``side`` x ``side`` pixels, and all those pixels of the PAN and of its detail; where an
    edge is not a multiple, its last pixel is repeated. (N, components + 2, rows, columns) to (N, folded channels, rows
    / side, columns / side), the channels last in memory, where 1x1 convolutions are matrix products."""
    if side > 1:
        missing = -planes.shape[-1] % side, -planes.shape[-2] % side
        if any(missing):
            planes = functional.pad(planes, (0, missing[0], 0, missing[1]), mode="replicate")
        means = functional.avg_pool2d(planes[:, :-2], side)
        planes = torch.cat([means, functional.pixel_unshuffle(planes[:, -2:], side)], 1)
    return planes.contiguous(memory_format=torch.channels_last)


def spread(folded: Tensor, shape: tuple[int, int], side: int) -> Tensor:
    """Linear interpolation of (N, channels, rows / side, columns / side) to (N, channels, *shape)."""
    if side > 1:
        folded = functional.interpolate(folded, scale_factor=float(side), mode="bilinear")
    return folded[..., : shape[0], : shape[1]]
