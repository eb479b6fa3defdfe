"""Binarized networks for PAN and multispectral images: S2BNet, its ancestor, and its full-precision counterpart.

After Jiang et al., arXiv 2509.23321 (S2BNet), and Cai et al., NeurIPS 2023 (BiSRNet); the modules beside this one say
what is theirs. Own: the prior as a starting point; 2 x 2 pixels gathered into channels first, and channels by 64 as the
words of a CPU have bits, so that the cost lies in the convolutions that are binary; a U of few scales, whose receptive
field is small; numbers that do not depend on how an image is cut (:mod:`.fixed_point`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..base import FusionNetwork, register
from ..injection import inject
from ..layers.zero import zero_conv
from .engines import ENGINES
from .fixed_point import FixedPointConv, to_steps
from .gabor import ANGLES, FREQUENCIES, GaborAmplifier
from .unit import Narrow, Unit, Widen


@dataclass(frozen=True)
class Config:
    """Arguments of :class:`S2BNet`.

    Attributes:
        width: channels at half the PAN's resolution; doubled at each lower scale.
        levels: scales below that. units: convolutions at each scale, on the way down, at the bottom, on the way up.
        redistribution: see :class:`.unit.Unit`. cell: side of the SRM's cells, in PAN pixels.
        cues: number of Gabor kernels, 0 for none; gabor_size, gabor_seed, frequencies, angles: see
            :func:`.gabor.gabor_bank`.
        binary: False for the full-precision counterpart.
    """

    width: int = 64
    levels: int = 1
    units: int = 1
    redistribution: str = "dynamic"
    cell: int = 4
    cues: int = 16
    gabor_size: int = 7
    gabor_seed: int = 0
    frequencies: Sequence[float] = FREQUENCIES
    angles: Sequence[float] = ANGLES
    binary: bool = True

    @property
    def smallest(self) -> int:
        """PAN pixels that are one at the lowest scale."""
        return 2 << self.levels

    @property
    def cell_side(self) -> int:
        """PAN pixels of a cell that numbers are generated for; 1 where none are."""
        return self.cell if self.redistribution == "dynamic" else 1

    def unit(self, level: int, above: int = 0) -> Unit:
        """A unit of a scale, ``above`` of them where it has the channels of a higher one."""
        pixel = 2 << level
        return Unit(self.width << (level - above), self.redistribution, max(1, self.cell // pixel), self.binary)


# The ancestor in the same body: static redistribution, no Gabor kernels; and the same network in full precision.
@register("s2bnet_float", binary=False)
@register("bisrnet", redistribution="static", cues=0)
@register("s2bnet")
class S2BNet(FusionNetwork):
    """A U of binarized convolutions over the regression prior.

    Args:
        components: planes of the HSI. config: fields of :class:`Config`.
    """

    folded = 4
    bands = 3, 16
    learning_defaults: ClassVar[Mapping[str, object]] = {  # plain L1 where the truth is known
        "rate": 3e-3,
        "angle": 0.0,
        "gradient": 0.0,
        "consistency": 0.0,
        "full_exchange": 0.0,
        "emphasis": 1.0,
        "components": 16,
    }
    engines = ENGINES

    def __init__(self, components: int, **config: Any) -> None:
        super().__init__()
        c = Config(**config)
        self.binary, self.planes_dtype = c.binary, np.dtype(np.float64 if c.binary else np.float32)
        self.levels, self.alignment = c.levels, math.lcm(c.cell_side, c.smallest)

        def stage(level: int) -> nn.Sequential:
            return nn.Sequential(*(c.unit(level) for _ in range(c.units)))

        self.amplify = (
            GaborAmplifier(c.cues, c.gabor_size, c.gabor_seed, c.frequencies, c.angles, rounded=c.binary)
            if c.cues
            else None
        )
        self.head = FixedPointConv(components + 4 * 2 + c.cues, c.width, 1, rounded=c.binary)
        self.down = nn.ModuleList(stage(level) for level in range(c.levels))
        below = range(1, c.levels + 1)
        self.widen = nn.ModuleList(Widen(c.unit(level, above=1) for _ in range(2)) for level in below)
        self.bottom = stage(c.levels)
        self.narrow = nn.ModuleList(Narrow(c.unit(level, above=1) for _ in range(2)) for level in below)
        self.up = nn.ModuleList(stage(level) for level in range(c.levels))
        self.tail = zero_conv(c.width, 8 * components)  # residuals and gains of the PAN's detail, four pixels each
        self.receptive_field = self._reach(c.units, c.cell_side)

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
        detail = planes[:, -1:, :rows, :cols].to(self.head.bias.dtype)
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
        """At half the resolution: the components, which are smooth, averaged; all pixels of the PAN; and the responses
        to the Gabor kernels."""
        dtype = self.head.bias.dtype
        pan = to_steps(planes[:, -2:], self.binary).to(dtype)
        given = [to_steps(functional.avg_pool2d(planes[:, :-2], 2), self.binary).to(dtype)]
        given.append(functional.pixel_unshuffle(pan, 2))
        if self.amplify is not None:
            given.append(self.amplify(pan[:, 1:]))
        # As the convolutions that follow want it in memory.
        return torch.cat(given, 1).contiguous(memory_format=torch.channels_last)

    def prepare(self, device: torch.device) -> str:
        """See :meth:`.FusionNetwork.prepare`: the first of :attr:`engines` that works here."""
        units = [module for module in self.modules() if isinstance(module, Unit)] if self.binary else []
        if device.type != "cpu":
            return "Binary convolutions are computed in float32 on the GPU." if units else ""
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's overloads
        if not units:
            return ""
        reasons = [engine.unavailable() for engine in self.engines]
        chosen = self.engines[reasons.index("")]
        for unit in units:
            chosen.prepare(unit)
        last = reasons[-2] if chosen is self.engines[-1] and len(reasons) > 1 else ""
        return f"Binary convolutions are computed {chosen.name}{f' ({last})' if last else ''}."


def _add_spread(fine: Tensor, coarse: Tensor) -> Tensor:
    """(N, C, rows, columns) plus (N, C, rows / 2, columns / 2), each of whose pixels is added to 2 x 2."""
    rows, cols = coarse.shape[-2:]
    quads = fine.unflatten(3, (cols, 2)).unflatten(2, (rows, 2))
    return (quads + coarse[:, :, :, None, :, None]).flatten(4).flatten(2, 3)
