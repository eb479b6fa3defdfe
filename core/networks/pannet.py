"""PanNet: a residual network on high-passed inputs."""

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
    """Residual blocks on HSI and PAN minus their mean over a window: edges, which are similar on every sensor.

    Source: Yang et al., IEEE International Conference on Computer Vision, 1753-1761, 2017.

    Args:
        components: planes of the HSI.
        width: channels of the blocks.
        blocks: number of blocks.
        highpass: window of the mean that is subtracted, in PAN pixels, odd.
        guides: M, the PAN's number of bands.
    """

    several_guides = True

    def __init__(self, components: int, width: int = 32, blocks: int = 4, highpass: int = 5, guides: int = 1) -> None:
        super().__init__()
        self.highpass, self.guides = highpass, guides
        self.head = nn.Conv2d(components + guides, width, 3, padding=1)
        self.body = nn.Sequential(*(_Block(width) for _ in range(blocks)))
        self.tail = zero_conv(width, components, 3)
        self.receptive_field = highpass // 2 + 2 + 2 * blocks

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        planes = planes[:, : -self.guides]
        return self.tail(self.body(functional.relu(self.head(planes - window_mean(planes, self.highpass)))))
