"""Folding (space to depth): ``side`` x ``side`` pixels of the PAN become channels at a lower resolution, without loss.

At a quarter of the pixels a network costs a quarter, and the components of the HSI are smooth between its pixels.

Note: our own, the inverse of the sub-pixel convolution of Shi et al., IEEE Conference on Computer Vision and Pattern
Recognition, 2016.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def folded_channels(components: int, side: int, guides: int = 1) -> int:
    """Number of channels of the result of :func:`fold`.

    Args:
        components: planes of the HSI.
        side: PAN pixels, along each axis, per folded pixel.
        guides: M, the PAN's number of bands.

    Returns:
        The number of channels.

    Raises:
        ValueError: ``side`` is below 1.
    """
    if side < 1:
        raise ValueError("side is at least 1")
    if guides == 1:
        return components + 2 * side**2
    return components + guides + guides * side**2


def pad_to_multiple(planes: Tensor, size: int) -> Tensor:
    """Repeat the last row and column until the rows and the columns are multiples of a number.

    Args:
        planes: (N, channels, rows, columns) of any dtype.
        size: of which rows and columns become multiples.

    Returns:
        (N, channels, padded rows, padded columns), same dtype.
    """
    missing = -planes.shape[-1] % size, -planes.shape[-2] % size
    return functional.pad(planes, (0, missing[0], 0, missing[1]), mode="replicate") if any(missing) else planes


def fold(planes: Tensor, side: int, guides: int = 1) -> Tensor:
    """Components averaged over ``side`` x ``side`` pixels, and all those pixels of the PAN and of its detail as
    channels; at the edges the last pixel is repeated, where rows or columns are no multiple of ``side``. Of several
    bands the details are kept whole and the bands themselves averaged: there are enough channels.

    Args:
        planes: (N, components + 2 M, rows, columns) float32, see :meth:`.FusionNetwork.forward`.
        side: PAN pixels, along each axis, per folded pixel.
        guides: M, the PAN's number of bands.

    Returns:
        (N, folded channels, rows / side, columns / side) float32, the channels last in memory, where pointwise
        convolutions are matrix products.
    """
    if side > 1:
        planes = pad_to_multiple(planes, side)
        kept = 2 if guides == 1 else guides
        means = functional.avg_pool2d(planes[:, :-kept], side)
        planes = torch.cat([means, functional.pixel_unshuffle(planes[:, -kept:], side)], 1)
    return planes.contiguous(memory_format=torch.channels_last)


def upsample(folded: Tensor, shape: tuple[int, int], side: int) -> Tensor:
    """Linear interpolation of a folded image to the PAN grid.

    Args:
        folded: (N, channels, rows / side, columns / side) float32.
        shape: rows and columns of the result.
        side: PAN pixels, along each axis, per folded pixel.

    Returns:
        (N, channels, rows, columns) float32.
    """
    if side > 1:
        folded = functional.interpolate(folded, scale_factor=float(side), mode="bilinear")
    return folded[..., : shape[0], : shape[1]]
