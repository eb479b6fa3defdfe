"""Deep mutual learning of two networks (Zhang et al., 2018; for pansharpening Peng et al., 2022).

Each network has its own loss and its own optimizer; each learns from the truth and from the other, whose output is
detached. At full resolution there is no truth: there the degraded result must be the HSI, and the two must agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .areas import LabelledArea, UnlabelledArea, turn, turn_back
from .losses import HybridLoss, masked_mean
from .settings import Settings


class MutualStep:
    """One update of both networks at a time.

    Args:
        networks: the two; in mode "alone" they do not see each other.
        basis: (bands, components) of the good bands: from components to bands, in standard deviations.
        loss: distance to the truth and to the other network.
    """

    def __init__(self, networks: Sequence[nn.Module], basis: Tensor, loss: HybridLoss, settings: Settings) -> None:
        self.networks, self.basis, self.loss, self.settings = list(networks), basis, loss, settings
        self.optimizers = [torch.optim.Adam(network.parameters(), lr=settings.rate) for network in self.networks]

    def __call__(
        self,
        step: int,
        labelled: LabelledArea,
        unlabelled: UnlabelledArea | None,
        rng: np.random.Generator,
    ) -> list[float]:
        """Update both networks; returns their losses."""
        settings = self.settings
        rate = settings.rate * 0.5 * (1 + math.cos(math.pi * step / settings.steps))
        ramp = min(1.0, (step + 1) / max(settings.ramp * settings.steps, 1.0))
        exchange = ramp if settings.mode == "mutual" else 0.0
        losses = self._labelled(labelled, exchange * settings.exchange, int(rng.integers(8)))
        if unlabelled is not None:
            others = self._unlabelled(unlabelled, exchange * settings.full_exchange, int(rng.integers(8)))
            losses = [own + other for own, other in zip(losses, others)]
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
            for group in optimizer.param_groups:
                group["lr"] = rate
        sum(losses).backward()  # the networks share no parameter and see each other detached: two losses, one pass
        for optimizer in self.optimizers:
            optimizer.step()
        return [float(loss.detach()) for loss in losses]

    def _labelled(self, area: LabelledArea, exchange: float, way: int) -> list[Tensor]:
        results = [self.to_bands(area.project(residual)) for residual in self.residuals(area.planes, way)]
        losses = [self.loss(result - area.target, area.truth, area.learn) for result in results]
        return self._exchange(losses, results, area.truth - area.target, area.learn, exchange)

    def _unlabelled(self, area: UnlabelledArea, exchange: float, way: int) -> list[Tensor]:
        residuals = self.residuals(area.planes, way)
        inner = torch.zeros_like(area.weight)
        inner[1:-1, 1:-1] = area.weight[1:-1, 1:-1]  # beyond the edge of a crop nothing is known
        losses = [
            self.settings.consistency
            * masked_mean((self.to_bands(area.operators.down(residual)) - area.lack).abs().mean(0), inner)
            for residual in residuals
        ]
        if not exchange:
            return losses
        return self._exchange(losses, [self.to_bands(residual) for residual in residuals], area.prior, None, exchange)

    def _exchange(
        self, losses: list[Tensor], results: list[Tensor], prior: Tensor, mask: Tensor | None, weight: float
    ) -> list[Tensor]:
        """Add to each loss the distance to the other network's result, detached."""
        if not weight:
            return losses
        return [
            loss + weight * self.loss(own - other.detach(), prior + other.detach(), mask)
            for loss, own, other in zip(losses, results, reversed(results))
        ]

    def residuals(self, planes: Tensor, way: int = 0) -> list[Tensor]:
        """Each network's residual, (components, rows, columns), seen through one of eight flips and rotations."""
        turned = turn(planes, way)[None]
        return [turn_back(network(turned)[0], way) for network in self.networks]

    def to_bands(self, residual: Tensor) -> Tensor:
        """(components, rows, columns) to (bands, rows, columns), in standard deviations."""
        components, rows, cols = residual.shape
        return (self.basis @ residual.reshape(components, -1)).reshape(-1, rows, cols)
