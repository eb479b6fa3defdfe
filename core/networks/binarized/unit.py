"""Units of a binarized network: a binary convolution with redistribution, activation and identity branch."""

from __future__ import annotations

from typing import Callable

import torch
from torch import Tensor, nn

from .binary import BinaryConv, RPReLU, SpectralRedistribution, StaticRedistribution, over_cells


class Unit(nn.Module):
    """S2B-convolution: redistribution, binary convolution, scaling, RPReLU, and addition of the full-precision input.

    Source: Jiang et al., arXiv 2509.23321, 2025 (S2BNet). Note: our own is that the convolution's result is multiplied
    by the scale ``k`` of the redistribution, which signs do not keep.

    Args:
        channels: of the image.
        redistribution: "dynamic" (SRM), "static" (BiSRNet) or "none".
        cell: of the SRM, in pixels of this scale.
        binary: False for the full-precision counterpart.

    Raises:
        ValueError: another ``redistribution``.
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
        self.bend = RPReLU(channels)  # the name in model files
        self.compiled: Callable[[Tensor], Tensor] | None = None  # computes the whole unit at inference

    def forward(self, x: Tensor) -> Tensor:
        """The unit.

        Args:
            x: (N, channels, rows, columns) float32, rows and columns multiples of ``cell``.

        Returns:
            Same shape and same dtype.
        """
        if self.compiled is not None:
            return self.compiled(x)
        y, scale = x, None
        if self.redistribute is not None:
            scale, bias = self.redistribute(x)
            y = over_cells(y, bias, torch.add)
        if scale is not None and (torch.is_grad_enabled() or not self.conv.binary):
            y = over_cells(y, scale, torch.mul)  # it is positive, so it changes only the gradient of the sign
        y = self.bend(self.conv(y, scale))
        return x + y if torch.is_grad_enabled() else y.add_(x)


class Widen(nn.ModuleList):
    """Channel expansion with an identity branch: two parallel units.

    Source: Cai et al., Advances in Neural Information Processing Systems, 2023 (BiSRNet).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Both units' results, concatenated.

        Args:
            x: (N, C, rows, columns) float32.

        Returns:
            (N, 2C, rows, columns) float32.
        """
        return torch.cat([unit(x) for unit in self], 1)


class Narrow(nn.ModuleList):
    """Channel reduction with an identity branch: a unit for each half of the channels, averaged.

    Source: Cai et al., Advances in Neural Information Processing Systems, 2023 (BiSRNet).
    """

    def forward(self, x: Tensor) -> Tensor:
        """The mean of both units' results.

        Args:
            x: (N, 2C, rows, columns) float32.

        Returns:
            (N, C, rows, columns) float32.
        """
        first, second = (unit(half) for unit, half in zip(self, x.chunk(2, 1)))
        return (first + second) / 2
