"""Hyper-DSNet: deep-shallow fusion with detail extractors and spectral attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .base import FusionNetwork, register
from .layers.attention import LocalChannelAttention
from .layers.zero import zero_conv

_GRADIENTS = (  # along rows and columns: Roberts, Prewitt, Sobel
    ((0, 0, 0), (0, 1, 0), (0, 0, -1)),
    ((0, 0, 0), (0, 0, 1), (0, -1, 0)),
    ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
    ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
    ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
)


@register("hyper-dsnet")
class HyperDSNet(FusionNetwork):
    """PAN, six of its gradients and HSI; kernels of three sizes; features of all depths, weighted per component by
    attention on the HSI.

    Note: our own are pooling over windows, where the paper pools over the image, so that tiles equal the whole image,
    and the choice of gradients. 181,777 parameters at 102 bands.

    Source: Zhuo et al., IEEE J. Selected Topics in Applied Earth Observations and Remote Sensing, 2022.

    Args:
        components: planes of the HSI.
        guides: M, the PAN's number of bands.
    """

    several_guides = True
    WIDTHS = (32, 16, 8, 8)
    gradients: Tensor

    def __init__(self, components: int, guides: int = 1) -> None:
        super().__init__()
        self.guides = guides
        self.register_buffer("gradients", torch.tensor(_GRADIENTS, dtype=torch.float32)[:, None], persistent=False)
        inputs = components + guides * (1 + len(_GRADIENTS))
        self.shallow = nn.ModuleList(nn.Conv2d(inputs, 16, size, padding=size // 2) for size in (3, 5, 7))
        widths = (48, *self.WIDTHS)
        self.deep = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:]))
        self.tail = zero_conv(sum(widths), components)
        self.weigh = LocalChannelAttention(components, reduction=min(4, components))
        self.receptive_field = 1 + 3 + len(self.WIDTHS)

    def forward(self, planes: Tensor) -> Tensor:
        """As :meth:`.FusionNetwork.forward`."""
        spectra, pan = planes[:, : -2 * self.guides], planes[:, -2 * self.guides : -self.guides]
        gradients = self.gradients.repeat(self.guides, 1, 1, 1)
        details = functional.conv2d(pan, gradients, padding=1, groups=self.guides)
        x = torch.cat([pan, details, spectra], 1)
        x = functional.relu(torch.cat([layer(x) for layer in self.shallow], 1))
        features = [x]
        for layer in self.deep:
            features.append(functional.relu(layer(features[-1])))
        return self.tail(torch.cat(features, 1)) * self.weigh.weights(spectra)
