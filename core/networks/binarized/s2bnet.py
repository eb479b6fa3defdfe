"""Binarized networks for PAN and multispectral images: S2BNet, its ancestor, and its twin in full precision.

After Jiang et al., arXiv 2509.23321 (S2BNet), and Cai et al., NeurIPS 2023 (BiSRNet); the modules of
:mod:`.layers` say what is theirs. Own: the prior as a starting point; 2 x 2 pixels gathered into channels first, and
channels by 64 as the words of a CPU have bits, so that the cost lies in the convolutions that are binary; a U of few
scales, whose receptive field is small; numbers that do not depend on how an image is cut (:mod:`.layers.fixed_point`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..layers.injection import inject
from ..layers.zero import zero_conv
from ..registry import Network, register
from .binary import BinaryConv, RPReLU, SpectralRedistribution, StaticRedistribution, over_cells, weight_sign
from .fixed_point import FixedPointConv, to_steps
from .gabor import ANGLES, FREQUENCIES, GaborAmplifier
from .onebit import int8_reason
from .popcount import PopcountUnit, popcount_reason


class Unit(nn.Module):
    """Redistribute, binarize and convolve, scale back, bend, and add the full-precision input.

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
        self.bend = RPReLU(channels)
        self._whole: PopcountUnit | None = None  # computes all of it at inference

    def prepare(self, popcount: bool) -> None:
        """Compute on packed bits, or else on 8-bit integers, from now on."""
        if popcount:
            self._whole = PopcountUnit(weight_sign(self.conv.weight), self.conv.scale, self.bend, self.redistribute)
        else:
            self.conv.prepare()

    def forward(self, x: Tensor) -> Tensor:
        """One S2B-convolution."""
        if self._whole is not None:
            return self._whole(x)
        y, scale = x, None
        if self.redistribute is not None:
            scale, bias = self.redistribute(x)
            y = over_cells(y, bias, torch.add)
        if scale is not None and (torch.is_grad_enabled() or not self.conv.binary):
            y = over_cells(y, scale, torch.mul)  # positive: of the sign it changes the gradient only
        bent = self.bend(self.conv(y, scale))
        return x + bent if torch.is_grad_enabled() else bent.add_(x)


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


@register("s2bnet")
class S2BNet(Network):
    """A U of binarized convolutions over the regression prior.

    Args:
        components: planes of the HSI.
        width: channels at half the PAN's resolution; doubled at each lower scale.
        levels: scales below that. units: convolutions at each scale, on the way down, at the bottom, on the way up.
        redistribution: see :class:`Unit`. cell: side of the SRM's cells, in PAN pixels.
        cues: number of Gabor kernels, 0 for none; gabor_size, gabor_seed, frequencies, angles: see
            :func:`.layers.gabor.gabor_bank`.
        binary: False for the twin in full precision.
    """

    folded = 4

    def __init__(
        self,
        components: int,
        width: int = 64,
        levels: int = 1,
        units: int = 1,
        redistribution: str = "dynamic",
        cell: int = 4,
        cues: int = 16,
        gabor_size: int = 7,
        gabor_seed: int = 0,
        frequencies: Sequence[float] = FREQUENCIES,
        angles: Sequence[float] = ANGLES,
        binary: bool = True,
    ) -> None:
        super().__init__()
        smallest = 2 << levels
        self.binary, self.planes_dtype = binary, "float64" if binary else "float32"
        self.levels, self.alignment = levels, math.lcm(cell, smallest) if redistribution == "dynamic" else smallest

        def unit(level: int) -> Unit:
            return Unit(width << level, redistribution, max(1, cell // (2 << level)), binary)

        def stage(level: int) -> nn.Sequential:
            return nn.Sequential(*(unit(level) for _ in range(units)))

        self.amplify = (
            GaborAmplifier(cues, gabor_size, gabor_seed, frequencies, angles, rounded=binary) if cues else None
        )
        self.head = FixedPointConv(components + 4 * 2 + cues, width, 1, rounded=binary)
        self.down = nn.ModuleList(stage(level) for level in range(levels))
        self.widen = nn.ModuleList(
            Widen(Unit(width << level, redistribution, max(1, cell // (4 << level)), binary) for _ in range(2))
            for level in range(levels)
        )
        self.bottom = stage(levels)
        self.narrow = nn.ModuleList(
            Narrow(Unit(width << level, redistribution, max(1, cell // (4 << level)), binary) for _ in range(2))
            for level in range(levels)
        )
        self.up = nn.ModuleList(stage(level) for level in range(levels))
        self.tail = zero_conv(width, 8 * components)  # residuals and gains of the PAN's detail, four pixels each
        self.receptive_field = self._reach(units, cell if redistribution == "dynamic" else 1)

    def _reach(self, units: int, cell: int) -> int:
        """Pixels on each side: of the 3 x 3 windows, or of the cells where they reach farther, and of gathering."""
        reach = 1 if self.amplify is None else 1 + self.amplify.kernels.shape[-1] // 2
        for level in range(self.levels + 1):
            pixel = 2 << level
            convolutions = units if level == self.levels else 2 * units
            convolutions += 2 if level else 0
            reach += convolutions * (pixel + max(0, cell - pixel)) + (pixel // 2 if level else 0)
        return reach

    def forward(self, planes: Tensor) -> Tensor:
        """(N, components + 2, rows, columns) to the residual (N, components, rows, columns)."""
        rows, cols = planes.shape[-2:]
        missing = -cols % self.alignment, -rows % self.alignment
        if any(missing):
            planes = functional.pad(planes, (0, missing[0], 0, missing[1]), mode="replicate")
        detail = planes[:, -1:, :rows, :cols].to(self.tail.weight.dtype)
        x = self.head(self._gathered(planes))
        skips = []
        for level in range(self.levels):
            x = self.down[level](x)
            skips.append(x)
            x = self.widen[level](functional.avg_pool2d(x, 2))
        x = self.bottom(x)
        for level in reversed(range(self.levels)):
            x = self.up[level](_add_spread(skips[level], self.narrow[level](x)))
        return inject(functional.pixel_shuffle(self.tail(x), 2)[..., :rows, :cols], detail)

    def _gathered(self, planes: Tensor) -> Tensor:
        """At half the resolution: the components, which are smooth, averaged; all pixels of the PAN; and the cues."""
        kind = self.tail.weight.dtype
        pan = to_steps(planes[:, -2:], self.binary).to(kind)
        given = [to_steps(functional.avg_pool2d(planes[:, :-2], 2), self.binary).to(kind)]
        given.append(functional.pixel_unshuffle(pan, 2))
        if self.amplify is not None:
            given.append(self.amplify(pan[:, 1:]))
        # As the convolutions that follow want it in memory.
        return torch.cat(given, 1).contiguous(memory_format=torch.channels_last)

    def prepare(self, device: torch.device) -> str:
        """Get ready for inference on the fastest engine; returns a sentence that says which."""
        units = [module for module in self.modules() if isinstance(module, Unit)] if self.binary else []
        if device.type != "cpu":
            return "Binary convolutions are computed in float32 on the GPU." if units else ""
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's overloads
        if not units:
            return ""
        popcount, reason = not popcount_reason(), int8_reason()
        if not popcount and reason:
            return f"Binary convolutions are computed in float32 ({reason})."
        for unit in units:
            unit.prepare(popcount)
        return f"Binary convolutions are computed on {'packed bits' if popcount else '8-bit integers'}."


def _add_spread(fine: Tensor, coarse: Tensor) -> Tensor:
    """(N, C, rows, columns) plus (N, C, rows / 2, columns / 2), each of whose pixels is added to 2 x 2."""
    rows, cols = coarse.shape[-2:]
    quads = fine.unflatten(3, (cols, 2)).unflatten(2, (rows, 2))
    return (quads + coarse[:, :, :, None, :, None]).flatten(4).flatten(2, 3)


# The ancestor in the same body: static redistribution, no Gabor cues; and the same network in full precision.
register("bisrnet")(partial(S2BNet, redistribution="static", cues=0))
register("s2bnet_float")(partial(S2BNet, binary=False))
