"""HSpeNet: spectral-fidelity convolutional network for pansharpening (He et al., IEEE JSTARS, 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .base import FusionNetwork, register
from .layers.zero import zero_conv


@register("hspenet")
class HSpeNet(FusionNetwork):
    """The PAN's detail (the PAN minus what two convolutions keep of it) beside spectral features, then five densely
    connected 3x3 convolutions.

    110,374 parameters at 102 bands.
    """

    GROWTH, LAYERS = 16, 5

    def __init__(self, components: int, width: int = 64) -> None:
        super().__init__()
        self.components = components
        growth = self.GROWTH
        self.smooth = nn.ModuleList([nn.Conv2d(1, growth, 3, padding=1), nn.Conv2d(growth, growth, 3, padding=1)])
        self.spectra = nn.ModuleList([nn.Conv2d(components, width, 1), nn.Conv2d(width, width, 1)])
        self.dense = nn.ModuleList(
            nn.Conv2d(width + growth * (number + 1), growth, 3, padding=1) for number in range(self.LAYERS)
        )
        self.tail = zero_conv(width + growth * (self.LAYERS + 1), components)
        self.receptive_field = 2 + self.LAYERS

    def forward(self, planes: Tensor) -> Tensor:
        """(N, components + 2, rows, columns) to the residual (N, components, rows, columns)."""
        x, pan = planes[:, : self.components], planes[:, self.components : self.components + 1]
        kept = pan
        for layer in self.smooth:
            kept = functional.relu(layer(kept))
        for layer in self.spectra:
            x = functional.relu(layer(x))
        x = torch.cat([pan - kept, x], 1)
        for layer in self.dense:
            x = torch.cat([x, functional.relu(layer(x))], 1)
        return self.tail(x)
