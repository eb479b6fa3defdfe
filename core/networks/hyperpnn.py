"""HyperPNN: spectrally predictive convolutional network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .base import FusionNetwork, register
from .layers.zero import zero_conv


@register("hyperpnn")
class HyperPNN(FusionNetwork):
    """1x1 convolutions for spectra before and after 3x3 convolutions of spectra and PAN, with a skip connection.

    Note: our own gives the residual over the prior, so it ends without ReLU. 132,902 parameters at 102 bands.

    Source: He et al., IEEE J. Selected Topics in Applied Earth Observations and Remote Sensing 12(8), 3092-3100, 2019.

    Args:
        components: planes of the HSI.
        width: channels.
        guides: M, the PAN's number of bands.
    """

    several_guides = True

    def __init__(self, components: int, width: int = 64, guides: int = 1) -> None:
        super().__init__()
        self.guides = guides
        self.before = nn.ModuleList([nn.Conv2d(components, width, 1), nn.Conv2d(width, width, 1)])
        self.middle = nn.ModuleList(
            nn.Conv2d(width + guides * (number == 0), width, 3, padding=1) for number in range(3)
        )
        self.after = nn.Conv2d(width, width, 1)
        self.tail = zero_conv(width, components)
        self.receptive_field = 3

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        spectra, pan = planes[:, : -2 * self.guides], planes[:, -2 * self.guides : -self.guides]
        for layer in self.before:
            spectra = functional.relu(layer(spectra))
        x = torch.cat([spectra, pan], 1)
        for layer in self.middle:
            x = functional.relu(layer(x))
        return self.tail(functional.relu(self.after(x + spectra)))
