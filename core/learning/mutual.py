"""Deep mutual learning of two networks, or of one alone (Zhang et al., 2018; for pansharpening Peng et al., 2022).

Each network has its own loss and its own optimizer; each learns from the truth and from the other, whose output is
detached. At full resolution there is no truth: there the degraded result must be the HSI, and the two must agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.side_by_side import Each, one_after_the_other
from .areas import LabelledArea, UnlabelledArea, turn, turn_back
from .losses import HybridLoss, masked_mean
from .settings import Settings


class _Shown(NamedTuple):
    """What one network makes of a step's areas: bands of the labelled one, of the unlabelled one, and that degraded."""

    labelled: Tensor
    unlabelled: Optional[Tensor] = None
    degraded: Optional[Tensor] = None


class MutualStep:
    """One update of both networks at a time.

    Args:
        networks: two, or a single one; in mode "alone" two do not see each other.
        basis: (bands, components) of the good bands: from components to bands, in standard deviations.
        loss: distance to the truth and to the other network.

    Attributes:
        each: how work is done for both networks; see :func:`core.networks.side_by_side.side_by_side`.
    """

    def __init__(self, networks: Sequence[nn.Module], basis: Tensor, loss: HybridLoss, settings: Settings) -> None:
        self.networks, self.basis, self.loss, self.settings = list(networks), basis, loss, settings
        self.optimizers = [torch.optim.Adam(network.parameters(), lr=settings.rate) for network in self.networks]
        self.each: Each = one_after_the_other(len(self.networks))

    def __call__(
        self,
        step: int,
        labelled: LabelledArea,
        unlabelled: UnlabelledArea | None,
        rng: np.random.Generator,
    ) -> list[float]:
        """Update the networks; returns their losses."""
        settings = self.settings
        rate = settings.rate * 0.5 * (1 + math.cos(math.pi * step / settings.steps))
        ramp = min(1.0, (step + 1) / max(settings.ramp * settings.steps, 1.0))
        exchange = ramp if settings.mode == "mutual" and len(self.networks) == 2 else 0.0
        ways = int(rng.integers(8)), int(rng.integers(8))
        shown = self.each(lambda index: self._forward(index, labelled, unlabelled, ways))
        return self.each(lambda index: self._update(index, shown, labelled, unlabelled, exchange, rate))

    def _forward(
        self, index: int, labelled: LabelledArea, unlabelled: UnlabelledArea | None, ways: tuple[int, int]
    ) -> _Shown:
        result = self.to_bands(labelled.project(self.residual(index, labelled.planes, ways[0])))
        if unlabelled is None:
            return _Shown(result)
        residual = self.residual(index, unlabelled.planes, ways[1])
        return _Shown(result, self.to_bands(residual), self.to_bands(unlabelled.operators.down(residual)))

    def _update(
        self,
        index: int,
        shown: Sequence[_Shown],
        labelled: LabelledArea,
        unlabelled: UnlabelledArea | None,
        exchange: float,
        rate: float,
    ) -> float:
        settings, own, other = self.settings, shown[index], shown[-1 - index]  # with a single one nothing is exchanged
        loss = self.loss(own.labelled - labelled.target, labelled.truth, labelled.learn)
        if exchange * settings.exchange:
            peer = other.labelled.detach()
            prior = labelled.truth - labelled.target
            loss = loss + exchange * settings.exchange * self.loss(own.labelled - peer, prior + peer, labelled.learn)
        if unlabelled is not None:
            inner = torch.zeros_like(unlabelled.weight)
            inner[1:-1, 1:-1] = unlabelled.weight[1:-1, 1:-1]  # beyond the edge of a crop nothing is known
            lack = (own.degraded - unlabelled.lack).abs().mean(0)
            loss = loss + settings.consistency * masked_mean(lack, inner)
            if exchange * settings.full_exchange:
                peer = other.unlabelled.detach()
                distance = self.loss(own.unlabelled - peer, unlabelled.prior + peer)
                loss = loss + exchange * settings.full_exchange * distance
        optimizer = self.optimizers[index]
        optimizer.zero_grad(set_to_none=True)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def residual(self, index: int, planes: Tensor, way: int = 0) -> Tensor:
        """One network's residual, (components, rows, columns), seen through one of eight flips and rotations."""
        return turn_back(self.networks[index](turn(planes, way)[None])[0], way)

    def to_bands(self, residual: Tensor) -> Tensor:
        """(components, rows, columns) to (bands, rows, columns), in standard deviations."""
        components, rows, cols = residual.shape
        return (self.basis @ residual.reshape(components, -1)).reshape(-1, rows, cols)
