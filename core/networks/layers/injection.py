"""The last layer of a network that sharpens: how much of the PAN's detail goes into each component, pixel by pixel."""

from __future__ import annotations

from torch import Tensor, nn

from .zero import zero_conv


class DetailInjection(nn.Module):
    """``free + gain * detail``: free part and gains are read off the features by a 1x1 convolution that starts at zero.

    A gain says something of materials, not of scale, so what is learned at reduced resolution holds at full resolution,
    as in context-adaptive injection (after Aiazzi et al., IEEE TGRS 2002; gains from features are own). With a
    gain that grows with the component it is high-pass modulation.
    """

    def __init__(self, channels: int, components: int) -> None:
        super().__init__()
        self.read = zero_conv(channels, 2 * components)

    def forward(self, features: Tensor, planes: Tensor) -> Tensor:
        """(N, channels, rows, columns) and (N, components + 2, rows, columns) to (N, components, rows, columns)."""
        return inject(self.read(features), planes[:, -1:])


def inject(said: Tensor, detail: Tensor) -> Tensor:
    """Residuals and gains, (N, 2 components, rows, columns), and the PAN's detail, (N, 1, rows, columns), to
    ``free + gain * detail``, (N, components, rows, columns)."""
    free, gains = said.chunk(2, 1)
    return free + gains * detail
