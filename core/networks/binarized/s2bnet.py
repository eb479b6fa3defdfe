"""Binarized networks for PAN and multispectral images: S2BNet, BiSRNet, and their full-precision counterpart.

Source: Jiang et al., arXiv 2509.23321, 2025 (S2BNet), and Cai et al., Advances in Neural Information Processing
Systems, 2023 (BiSRNet); each layer's docstring names its source. Note: our own are the residual over the prior; the
folding of 2 x 2 pixels into channels before the first layer, and multiples of 64 channels, the bits of a CPU's word, so
that most of the cost lies in binary convolutions; a U-Net of few scales, whose receptive field is small; and numbers
that do not depend on how an image is cut into tiles (:mod:`.fixed_point`).
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
from ..layers.folding import pad_to_multiple
from ..layers.zero import zero_conv
from .engines import ENGINES
from .fixed_point import FixedPointConv, quantize
from .gabor import ANGLES, FREQUENCIES, GaborAmplifier
from .unit import Narrow, Unit, Widen


@dataclass(frozen=True)
class Config:
    """Arguments of :class:`S2BNet`.

    Attributes:
        width: channels at half the PAN's resolution; doubled at each lower scale.
        levels: scales below that.
        units: units of each stage of the encoder, at the lowest scale, and of each stage of the decoder.
        redistribution: see :class:`.unit.Unit`.
        cell: PAN pixels of the SRM's cells, along each axis.
        cues: number of Gabor kernels, 0 for none (the name in model files).
        gabor_size, gabor_seed, frequencies, angles: see :func:`.gabor.gabor_bank`.
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
        """PAN pixels, along each axis, per pixel of the lowest scale."""
        return 2 << self.levels

    @property
    def cell_side(self) -> int:
        """PAN pixels of the SRM's cells along each axis; 1 without an SRM."""
        return self.cell if self.redistribution == "dynamic" else 1

    def unit(self, level: int, above: int = 0) -> Unit:
        """A unit of a scale.

        Args:
            level: of the scale, 0 for the highest.
            above: it has the channels of so many scales above.

        Returns:
            The unit, untrained.
        """
        pixel = 2 << level
        return Unit(self.width << (level - above), self.redistribution, max(1, self.cell // pixel), self.binary)


# BiSRNet in the same architecture: static redistribution, no Gabor kernels; and the full-precision counterpart.
@register("s2bnet_float", binary=False)
@register("bisrnet", redistribution="static", cues=0)
@register("s2bnet")
class S2BNet(FusionNetwork):
    """A U-Net of binarized convolutions over the regression prior.

    Args:
        components: planes of the HSI.
        **config: fields of :class:`Config`.
    """

    folded = 4
    bands = 3, 16
    learning_defaults: ClassVar[Mapping[str, object]] = {  # L1 loss of labelled areas
        "rate": 3e-3,
        "angle": 0.0,
        "gradient": 0.0,
        "consistency": 0.0,
        "full_exchange": 0.0,
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
        self.tail = zero_conv(c.width, 8 * components)  # additive parts and injection gains of four pixels
        self.receptive_field = self._radius(c.units, c.cell_side)

    def of_tail(self, shares: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.of_tail`: four pixels of each component."""
        return shares.repeat_interleave(4)

    def _radius(self, units: int, cell: int) -> int:
        """PAN pixels on each side: of the 3 x 3 kernels, or of the cells where they are larger, and of folding."""
        radius = 1 if self.amplify is None else 1 + self.amplify.kernels.shape[-1] // 2
        for level in range(self.levels + 1):
            pixel = 2 << level
            convolutions = units if level == self.levels else 2 * units
            convolutions += 2 if level else 0
            radius += convolutions * (pixel + max(0, cell - pixel)) + (pixel // 2 if level else 0)
        return radius

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        rows, cols = planes.shape[-2:]
        detail = planes[:, -1:].to(self.head.bias.dtype)
        x = self.head(self._head_inputs(pad_to_multiple(planes, self.alignment)))
        skips = []
        for level in range(self.levels):
            x = self.down[level](x)
            skips.append(x)
            x = self.widen[level](functional.avg_pool2d(x, 2))
        x = self.bottom(x)
        for level in reversed(range(self.levels)):
            x = self.up[level](_add_upsampled(skips[level], self.narrow[level](x)))
        return inject(functional.pixel_shuffle(self.tail(x), 2)[..., :rows, :cols], detail)

    def _head_inputs(self, planes: Tensor) -> Tensor:
        """At half the resolution: averaged components, which are smooth; all pixels of the PAN and of its detail as
        channels; and the detail's responses to the Gabor kernels. The channels are last in memory."""
        dtype = self.head.bias.dtype
        pan = quantize(planes[:, -2:], self.binary).to(dtype)
        components = quantize(functional.avg_pool2d(planes[:, :-2], 2), self.binary).to(dtype)
        inputs = [components, functional.pixel_unshuffle(pan, 2)]
        if self.amplify is not None:
            inputs.append(self.amplify(pan[:, 1:]))
        return torch.cat(inputs, 1).contiguous(memory_format=torch.channels_last)

    def prepare(self, device: torch.device) -> str:
        """As :meth:`.FusionNetwork.prepare`: the first of :attr:`engines` that is available."""
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


def _add_upsampled(fine: Tensor, coarse: Tensor) -> Tensor:
    """(N, C, rows, columns) plus (N, C, rows / 2, columns / 2), each of whose pixels is added to 2 x 2."""
    rows, cols = coarse.shape[-2:]
    quads = fine.unflatten(3, (cols, 2)).unflatten(2, (rows, 2))
    return (quads + coarse[:, :, :, None, :, None]).flatten(4).flatten(2, 3)
