"""Detail injection, the last layer of a network: how much of the PAN's details goes into each component, by pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .cpu.blocks import detail_injection, slabs_on_cpu
from .layers.folding import upsample
from .layers.zero import zero_conv


@slabs_on_cpu(detail_injection)
class DetailInjection(nn.Module):
    """``additive + gain * detail`` with additive parts and injection gains from a 1x1 convolution of the features,
    which starts at zero and is up-sampled where the features are folded. Of M details each has gains of its own.

    An injection gain depends on materials, not on scale, so gains learned at reduced resolution hold at full
    resolution, as in context-adaptive injection. With a gain proportional to the component it is high-pass modulation.

    Source: context-adaptive injection after Aiazzi et al., IEEE Trans. Geoscience and Remote Sensing 40(10), 2002.
    Note: gains from features are our own.

    Args:
        channels: of the features.
        components: planes of the HSI.
        side: PAN pixels, along each axis, per pixel of the features.
        guides: M, the PAN's number of bands.
    """

    def __init__(self, channels: int, components: int, side: int = 1, guides: int = 1) -> None:
        super().__init__()
        self.side, self.guides = side, guides
        self.read = zero_conv(channels, (1 + guides) * components)

    def forward(self, features: Tensor, planes: Tensor) -> Tensor:
        """The residual of the components.

        Args:
            features: (N, channels, rows / side, columns / side) float32.
            planes: (N, components + 2 M, rows, columns) float32, see :meth:`.FusionNetwork.forward`.

        Returns:
            (N, components, rows, columns) float32.
        """
        shape = planes.shape[-2], planes.shape[-1]
        return inject(upsample(self.read(features), shape, self.side), planes[:, -self.guides :])


def inject(features: Tensor, detail: Tensor) -> Tensor:
    """Additive parts plus injection gains times the PAN's details.

    Args:
        features: (N, (1 + M) components, rows, columns) float32: the additive parts, then the gains of each detail.
        detail: (N, M, rows, columns) float32.

    Returns:
        (N, components, rows, columns) float32.
    """
    result, *gains = features.chunk(1 + detail.shape[1], 1)
    for place, of_detail in enumerate(gains):
        result = torch.addcmul(result, of_detail, detail[:, place : place + 1])
    return result
