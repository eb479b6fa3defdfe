"""PCA-Z-PNN: three convolutions on principal components (after Masi et al., Remote Sensing 2016, 8(7), 594, and Guarino
et al., IEEE GRSL, 2023; the network alone, the zero-shot training is another one here)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .base import FusionNetwork, register
from .layers.zero import zero_conv


@register("pca-z-pnn")
class PcaZPnn(FusionNetwork):
    """7x7, 5x5 and 3x3 convolutions on components and PAN.

    51,396 parameters on the four components of its authors.
    """

    def __init__(self, components: int) -> None:
        super().__init__()
        self.components = components
        self.first = nn.Conv2d(components + 1, 48, 7, padding=3)
        self.second = nn.Conv2d(48, 32, 5, padding=2)
        self.tail = zero_conv(32, components, 3)
        self.receptive_field = 3 + 2 + 1

    def forward(self, planes: Tensor) -> Tensor:
        """(N, components + 2, rows, columns) to the residual (N, components, rows, columns)."""
        x = functional.relu(self.first(planes[:, : self.components + 1]))
        return self.tail(functional.relu(self.second(x)))
