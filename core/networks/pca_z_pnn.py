"""PCA-Z-PNN: three convolutions on principal components."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .base import FusionNetwork, register
from .layers.zero import zero_conv


@register("pca-z-pnn")
class PcaZPnn(FusionNetwork):
    """7x7, 5x5 and 3x3 convolutions on components and PAN.

    Note: the network alone; the training is ours, not the paper's. 51,396 parameters on its four components.

    Source: Guarino et al., IEEE Geoscience and Remote Sensing Letters, 2023, after Masi et al., Remote Sensing 8(7),
    594, 2016.

    Args:
        components: planes of the HSI.
        guides: M, the PAN's number of bands.
    """

    several_guides = True

    def __init__(self, components: int, guides: int = 1) -> None:
        super().__init__()
        self.guides = guides
        self.first = nn.Conv2d(components + guides, 48, 7, padding=3)
        self.second = nn.Conv2d(48, 32, 5, padding=2)
        self.tail = zero_conv(32, components, 3)
        self.receptive_field = 3 + 2 + 1

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        x = functional.relu(self.first(planes[:, : -self.guides]))
        return self.tail(functional.relu(self.second(x)))
