"""A straightforward step of learning, which the one that learning takes is measured against: everything in all bands.

The networks' residual is mapped to bands at once, all bands are projected and degraded, and PyTorch derives the hybrid
loss, written down term by term. It gives the same losses and the same gradients.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from core.training.areas import LabelledArea, UnlabelledArea
from core.training.losses import masked_mean
from core.training.mutual import MutualStep


class Bands(NamedTuple):
    """What a network makes of a step's areas: bands of the labelled one, of the unlabelled one, and that degraded."""

    labelled: Tensor
    unlabelled: Tensor
    degraded: Tensor


class BandSpaceStep(MutualStep):
    """The step of :class:`MutualStep` with a labelled and an unlabelled area."""

    def _forward(self, index: int, labelled: LabelledArea, unlabelled: UnlabelledArea, ways: tuple[int, int]) -> Bands:
        result = self.to_bands(self.residual(index, labelled.planes, ways[0]))
        operators, weight = labelled.project.operators, labelled.project.weight
        lack = -operators.down(result)
        for _ in range(labelled.project.iterations):
            result = result + operators.up(weight * lack)
            lack = -operators.down(result)
        bands = self.to_bands(self.residual(index, unlabelled.planes, ways[1]))
        return Bands(result, bands, unlabelled.operators.down(bands))

    def _apart(self, index: int, shown: list[Bands], labelled: LabelledArea) -> None:
        """Each network works it out for itself."""

    def _backward(
        self,
        index: int,
        shown: list[Bands],
        apart: list[None],
        labelled: LabelledArea,
        unlabelled: UnlabelledArea,
        exchange: float,
        losses: Tensor,
    ) -> None:
        settings, own, other = self.settings, shown[index], shown[-1 - index]
        loss = self._distance(own.labelled - labelled.target, labelled.truth, labelled.learn)
        peer, prior = other.labelled.detach(), labelled.truth - labelled.target
        loss = loss + exchange * settings.exchange * self._distance(own.labelled - peer, prior + peer, labelled.learn)
        inner = torch.zeros_like(unlabelled.weight)
        inner[1:-1, 1:-1] = unlabelled.weight[1:-1, 1:-1]
        lack = (own.degraded - unlabelled.lack).abs().mean(0)
        loss = loss + settings.consistency * masked_mean(lack, inner)
        peer = other.unlabelled.detach()
        distance = self._distance(own.unlabelled - peer, unlabelled.prior + peer)
        loss = loss + exchange * settings.full_exchange * distance
        loss.backward()
        losses[index] += loss.detach()

    def _distance(self, difference: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """L1, gradients and spectral angle of (bands, rows, columns)."""
        mask = torch.ones_like(difference[0]) if mask is None else mask
        down, right = difference.diff(dim=1).abs().mean(0), difference.diff(dim=2).abs().mean(0)
        steps = masked_mean(down, mask[1:] * mask[:-1]) + masked_mean(right, mask[:, 1:] * mask[:, :-1])
        first, second = (target + difference) * self.loss.scale, target * self.loss.scale
        cosine = (first * second).sum(0) / (first.square().sum(0) * second.square().sum(0)).clamp(min=1e-16).sqrt()
        angle = masked_mean(torch.arccos(cosine.clamp(-1 + 1e-6, 1 - 1e-6)), mask)
        loss = masked_mean(difference.abs().mean(0), mask)
        return loss + self.loss.gradient * steps + self.loss.angle * angle
