"""A straightforward step of learning, which the one that learning takes is measured against: everything in all bands.

The networks' residual is mapped to bands at once, all bands are projected and degraded, and PyTorch differentiates the
plain loss. It gives the same losses and the same gradients.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.training.loss_terms import LossTerm
from core.training.mutual import MutualStep, Outputs, Sample
from core.training.plain_losses import masked_mean, plain_loss


class BandSpaceStep(MutualStep):
    """The step of :class:`MutualStep` with a labelled and an unlabelled area; its outputs are bands."""

    def forward(self, index: int, sample: Sample, turns: tuple[int, int]) -> Outputs:
        labelled, unlabelled, _ = sample
        result = self.to_bands(self.residuals(index, [labelled.planes], turns[:1])[0])
        operators, weight = labelled.project.operators, labelled.project.weight
        residual = -operators.down(result)
        for _ in range(labelled.project.iterations):
            result = result + operators.up(weight * residual)
            residual = -operators.down(result)
        full = self.to_bands(self.residuals(index, [unlabelled.planes], turns[1:])[0])
        return Outputs(result, full, unlabelled.operators.down(full))

    def half_distances(self, index: int, outputs: Sequence[Outputs], sample: Sample) -> list[LossTerm]:
        return []  # each network computes the distance for itself

    def loss_of(
        self, index: int, outputs: Sequence[Outputs], halves: Sequence[list[LossTerm]], sample: Sample, exchange: float
    ) -> Tensor:
        settings, (labelled, unlabelled, _), own = self.settings, sample, outputs[index]
        peer = Outputs(*(image.detach() for image in outputs[-1 - index]))
        loss = self._plain(own.labelled - labelled.target, labelled.truth, labelled.train_mask)
        ideal = labelled.truth - labelled.target + peer.labelled
        loss = loss + exchange * settings.exchange * self._plain(
            own.labelled - peer.labelled, ideal, labelled.train_mask
        )
        inner = torch.zeros_like(unlabelled.weight)
        inner[1:-1, 1:-1] = unlabelled.weight[1:-1, 1:-1]
        reprojection = masked_mean((own.degraded - unlabelled.reprojection_residual).abs().mean(0), inner)
        distance = self._plain(own.full - peer.full, unlabelled.prior + peer.full)
        return loss + settings.consistency * reprojection + exchange * settings.full_exchange * distance

    def _plain(self, difference: Tensor, ideal: Tensor, mask: Tensor | None = None) -> Tensor:
        return plain_loss(difference, ideal, self.loss.scale, self.loss.angle, self.loss.gradient, mask)

    def to_bands(self, residual: Tensor) -> Tensor:
        """The bands of a residual, in standard deviations: (components, rows, columns) to (bands, rows, columns)."""
        components, rows, cols = residual.shape
        return (self.loss.basis @ residual.reshape(components, -1)).reshape(-1, rows, cols)
