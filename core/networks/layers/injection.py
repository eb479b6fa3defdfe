"""The last layer of a network that sharpens: how much of the PAN's detail goes into each component, pixel by pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .folding import spread
from .slabs import slabs, whole
from .zero import zero_conv


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
        said, detail, side = self.read(features), planes[:, -1:], self.side
        (rows, cols), few = detail.shape[-2:], said.shape[-2]
        if whole(planes):
            return inject(spread(said, (rows, cols), side), detail)
        out = planes.new_empty(len(planes), said.shape[1] // 2, rows, cols)
        for start, stop in slabs(few, 1, side * said.shape[1], len(planes) * side * cols):
            low, high = max(0, start - 1), min(few, stop + 1)
            top, bottom = side * start, min(side * stop, rows)
            finer = spread(said[:, :, low:high], (bottom - side * low, cols), side)[:, :, top - side * low :]
            out[:, :, top:bottom] = inject(finer, detail[:, :, top:bottom])
        return out


def inject(said: Tensor, detail: Tensor) -> Tensor:
    """Residuals and gains, (N, 2 components, rows, columns), and the PAN's detail, (N, 1, rows, columns), to
    ``free + gain * detail``, (N, components, rows, columns)."""
    free, gains = said.chunk(2, 1)
    return torch.addcmul(free, gains, detail)
