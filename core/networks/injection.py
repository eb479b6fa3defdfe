"""Detail injection, the last layer of a network: how much of the PAN's detail goes into each component, by pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .cpu.blocks import detail_injection, slabs_on_cpu
from .layers.folding import upsample
from .layers.zero import zero_conv


@slabs_on_cpu(detail_injection)
class DetailInjection(nn.Module):
    """``additive + gain * detail`` with additive parts and injection gains from a 1x1 convolution of the features,
    which starts at zero and is up-sampled where the features are folded.

    An injection gain depends on materials, not on scale, so gains learned at reduced resolution hold at full
    resolution, as in context-adaptive injection. With a gain proportional to the component it is high-pass modulation.

    Source: context-adaptive injection after Aiazzi et al., IEEE Trans. Geoscience and Remote Sensing 40(10), 2002.
    Note: gains from features are our own.

    Args:
        channels: of the features.
        components: planes of the HSI.
        side: PAN pixels, along each axis, per pixel of the features.
    """

    def __init__(self, channels: int, components: int, side: int = 1) -> None:
        super().__init__()
        self.side = side
        self.read = zero_conv(channels, 2 * components)

    def forward(self, features: Tensor, planes: Tensor) -> Tensor:
        """The residual of the components.

        Args:
            features: (N, channels, rows / side, columns / side) float32.
            planes: (N, components + 2, rows, columns) float32, see :meth:`.FusionNetwork.forward`.

        Returns:
            (N, components, rows, columns) float32.
        """
        return inject(upsample(self.read(features), (planes.shape[-2], planes.shape[-1]), self.side), planes[:, -1:])


def inject(features: Tensor, detail: Tensor) -> Tensor:
    """Additive parts plus injection gains times the PAN's detail.

    Args:
        features: (N, 2 components, rows, columns) float32: the additive parts, then the gains.
        detail: (N, 1, rows, columns) float32.

    Returns:
        (N, components, rows, columns) float32.
    """
    additive, gains = features.chunk(2, 1)
    return torch.addcmul(additive, gains, detail)
