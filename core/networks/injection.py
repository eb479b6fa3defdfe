"""The last layer of a network that sharpens: how much of the PAN's detail goes into each component, pixel by pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .cpu.blocks import detail_injection, slabs_on_cpu
from .layers.folding import spread
from .layers.zero import zero_conv


@slabs_on_cpu(detail_injection)
class DetailInjection(nn.Module):
    """``free + gain * detail``: free part and gains are read off the features by a 1x1 convolution that starts at zero,
    and interpolated where the features are folded.

    A gain says something of materials, not of scale, so what is learned at reduced resolution holds at full resolution,
    as in context-adaptive injection (after Aiazzi et al., IEEE TGRS 2002; gains from features are own). With a
    gain that grows with the component it is high-pass modulation.
    """

    def __init__(self, channels: int, components: int, side: int = 1) -> None:
        super().__init__()
        self.side = side
        self.read = zero_conv(channels, 2 * components)

    def forward(self, features: Tensor, planes: Tensor) -> Tensor:
        """(N, channels, rows / side, columns / side) and planes (N, components + 2, rows, columns) to (N, components,
        rows, columns)."""
        return inject(spread(self.read(features), (planes.shape[-2], planes.shape[-1]), self.side), planes[:, -1:])


def inject(features: Tensor, detail: Tensor) -> Tensor:
    """Residuals and gains, (N, 2 components, rows, columns), and the PAN's detail, (N, 1, rows, columns), to
    ``free + gain * detail``, (N, components, rows, columns)."""
    free, gains = features.chunk(2, 1)
    return torch.addcmul(free, gains, detail)
