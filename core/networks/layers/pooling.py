"""Means over small windows as depthwise convolutions, which PyTorch computes much faster than its own pooling."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


def window_mean(x: Tensor, window: int) -> Tensor:
    """The mean over a window around each pixel, of those pixels that lie inside the image.

    Args:
        x: (N, channels, rows, columns) float32.
        window: in pixels along each axis, odd.

    Returns:
        Same shape and same dtype.
    """
    radius, channels = window // 2, x.shape[1]
    ones = x.new_ones(channels, 1, window, 1)
    total = functional.conv2d(x, ones, padding=(radius, 0), groups=channels)
    total = functional.conv2d(total, ones.transpose(2, 3), padding=(0, radius), groups=channels)
    rows, cols = (_reciprocal_counts(count, radius, x.dtype, x.device) for count in x.shape[2:])
    return total.mul_(rows[:, None] * cols)


@lru_cache(maxsize=64)
def _reciprocal_counts(count: int, radius: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(count,): the reciprocal of the number of pixels within ``radius`` that lie inside an axis of ``count``."""
    index = torch.arange(count, device=device)
    return 1 / ((index + radius).clamp(max=count - 1) - (index - radius).clamp(min=0) + 1).to(dtype)
