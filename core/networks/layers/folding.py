"""Half the PAN's resolution without loss of the PAN: 2 x 2 of its pixels as channels.

What a network does at a quarter of the pixels costs a quarter, and the components of the HSI are smooth between its
pixels anyway (own; after Shi et al., CVPR 2016, whose sub-pixel convolution goes the other way).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 2  # pixels that become one, along each axis
EXTRA = 2 * (SIDE**2 - 1)  # channels that folding adds to the planes


def fold(planes: Tensor) -> Tensor:
    """Components averaged over 2 x 2 pixels, and all four pixels of the PAN and of its detail; at an odd edge the last
    pixel is repeated. (N, components + 2, rows, columns) to (N, components + 8, rows / 2, columns / 2), the channels
    last in memory, where 1x1 convolutions are matrix products."""
    missing = -planes.shape[-1] % SIDE, -planes.shape[-2] % SIDE
    if any(missing):
        planes = functional.pad(planes, (0, missing[0], 0, missing[1]), mode="replicate")
    components, pan = functional.avg_pool2d(planes[:, :-2], SIDE), functional.pixel_unshuffle(planes[:, -2:], SIDE)
    return torch.cat([components, pan], 1).contiguous(memory_format=torch.channels_last)


def spread(folded: Tensor, shape: tuple[int, int]) -> Tensor:
    """Linear interpolation of (N, channels, rows / 2, columns / 2) to (N, channels, *shape)."""
    finer = functional.interpolate(folded, scale_factor=float(SIDE), mode="bilinear")
    return finer[..., : shape[0], : shape[1]]
