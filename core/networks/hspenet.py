"""HSpeNet: spectral-fidelity convolutional network for pansharpening."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .base import FusionNetwork, register
from .layers.zero import zero_conv


@register("hspenet")
class HSpeNet(FusionNetwork):
    """The PAN's detail (the PAN minus two convolutions of it) and spectral features, concatenated, then five densely
    connected 3x3 convolutions.

    110,374 parameters at 102 bands.

    Source: He et al., IEEE J. Selected Topics in Applied Earth Observations and Remote Sensing, 2020.

    Args:
        components: planes of the HSI.
        width: channels of the spectral features.
        guides: M, the PAN's number of bands.
    """

    several_guides = True

    GROWTH, LAYERS = 16, 5

    def __init__(self, components: int, width: int = 64, guides: int = 1) -> None:
        super().__init__()
        self.guides = guides
        growth = self.GROWTH
        self.smooth = nn.ModuleList(
            [nn.Conv2d(guides, growth, 3, padding=1), nn.Conv2d(growth, guides * growth, 3, padding=1)]
        )
        self.spectra = nn.ModuleList([nn.Conv2d(components, width, 1), nn.Conv2d(width, width, 1)])
        self.dense = nn.ModuleList(
            nn.Conv2d(width + growth * (number + guides), growth, 3, padding=1) for number in range(self.LAYERS)
        )
        self.tail = zero_conv(width + growth * (self.LAYERS + guides), components)
        self.receptive_field = 2 + self.LAYERS

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        x, pan = planes[:, : -2 * self.guides], planes[:, -2 * self.guides : -self.guides]
        low_pass = pan
        for layer in self.smooth:
            low_pass = functional.relu(layer(low_pass))
        for layer in self.spectra:
            x = functional.relu(layer(x))
        detail = pan.repeat_interleave(self.GROWTH, 1) - low_pass
        x = torch.cat([detail, x], 1)
        for layer in self.dense:
            x = torch.cat([x, functional.relu(layer(x))], 1)
        return self.tail(x)
