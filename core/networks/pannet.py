"""PanNet: a residual network on high-passed inputs (Yang et al., ICCV 2017, 1753-1761)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .base import FusionNetwork, register
from .layers.pooling import window_mean
from .layers.zero import zero_conv


class _Block(nn.Module):
    """Two 3x3 convolutions, residual."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(functional.relu(self.first(x)))


@register("pannet")
class PanNet(FusionNetwork):
    """Residual blocks on what a mean over a window leaves of HSI and PAN: edges, which look alike on every sensor."""

    def __init__(self, components: int, width: int = 32, blocks: int = 4, highpass: int = 5) -> None:
        super().__init__()
        self.components, self.highpass = components, highpass
        self.head = nn.Conv2d(components + 1, width, 3, padding=1)
        self.body = nn.Sequential(*(_Block(width) for _ in range(blocks)))
        self.tail = zero_conv(width, components, 3)
        self.receptive_field = highpass // 2 + 2 + 2 * blocks

    def forward(self, planes: Tensor) -> Tensor:
        """(N, components + 2, rows, columns) to the residual (N, components, rows, columns)."""
        planes = planes[:, : self.components + 1]
        low = window_mean(planes, self.highpass)
        return self.tail(self.body(functional.relu(self.head(planes - low))))
