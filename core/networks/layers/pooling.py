"""Means over small windows as depthwise convolutions, which PyTorch computes much faster than its own pooling."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


def window_mean(x: Tensor, window: int) -> Tensor:
    """The mean over ``window`` x ``window`` pixels (an odd number), of those that lie inside the image.

    Args:
        x: (N, channels, rows, columns).

    Returns:
        The same shape.
    """
    radius, channels = window // 2, x.shape[1]
    ones = x.new_ones(channels, 1, window, 1)
    total = functional.conv2d(x, ones, padding=(radius, 0), groups=channels)
    total = functional.conv2d(total, ones.transpose(2, 3), padding=(0, radius), groups=channels)
    rows, cols = (_share(count, radius, x.dtype, x.device) for count in x.shape[2:])
    return total.mul_(rows[:, None] * cols)


@lru_cache(maxsize=64)
def _share(count: int, radius: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """One over how many of the pixels at most ``radius`` away lie inside an axis of ``count``, (count,)."""
    place = torch.arange(count, device=device)
    return 1 / ((place + radius).clamp(max=count - 1) - (place - radius).clamp(min=0) + 1).to(dtype)
