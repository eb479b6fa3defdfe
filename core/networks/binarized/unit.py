"""Units of a binarized network: a binary convolution with all that keeps it accurate."""

from __future__ import annotations

from typing import Callable

import torch
from torch import Tensor, nn

from .binary import BinaryConv, RPReLU, SpectralRedistribution, StaticRedistribution, over_cells


class Unit(nn.Module):
    """Redistribute, binarize and convolve, scale back, RPReLU, and add the full-precision input.

    Signs forget the scale ``k`` of what they are signs of, so the convolution's result is multiplied by it again (own).

    Args:
        redistribution: "dynamic" (SRM), "static" (BiSRNet) or "none".
        cell: of the SRM, in pixels of this scale.

    Shape: (N, channels, rows, columns) to the same.
    """

    def __init__(self, channels: int, redistribution: str, cell: int, binary: bool) -> None:
        super().__init__()
        if redistribution not in ("dynamic", "static", "none"):
            raise ValueError(f"no redistribution {redistribution!r}")
        self.redistribute: nn.Module | None = None
        if redistribution == "dynamic":
            self.redistribute = SpectralRedistribution(channels, cell, rounded=binary)
        elif redistribution == "static":
            self.redistribute = StaticRedistribution(channels)
        self.conv = BinaryConv(channels, channels, binary=binary)
        self.bend = RPReLU(channels)  # as model files call it
        self.compiled: Callable[[Tensor], Tensor] | None = None  # computes all of it at inference

    def forward(self, x: Tensor) -> Tensor:
        """One S2B-convolution."""
        if self.compiled is not None:
            return self.compiled(x)
        y, scale = x, None
        if self.redistribute is not None:
            scale, bias = self.redistribute(x)
            y = over_cells(y, bias, torch.add)
        if scale is not None and (torch.is_grad_enabled() or not self.conv.binary):
            y = over_cells(y, scale, torch.mul)  # positive: of the sign it changes the gradient only
        y = self.bend(self.conv(y, scale))
        return x + y if torch.is_grad_enabled() else y.add_(x)


class Widen(nn.ModuleList):
    """C to 2C with the identity kept: two units side by side (BiSRNet)."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, rows, columns) to (N, 2C, rows, columns)."""
        return torch.cat([unit(x) for unit in self], 1)


class Narrow(nn.ModuleList):
    """2C to C with the identity kept: a unit for each half, averaged (BiSRNet)."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2C, rows, columns) to (N, C, rows, columns)."""
        first, second = (unit(half) for unit, half in zip(self, x.chunk(2, 1)))
        return (first + second) / 2
