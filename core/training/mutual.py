"""Deep mutual learning of two networks, or of one alone (Zhang et al., 2018; for pansharpening Peng et al., 2022).

Each network has its own loss and its own optimizer; each learns from the truth and from the other, whose output is
detached. At full resolution there is no truth: there the degraded result must be the HSI, and the two must agree.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional

import numpy as np
import torch
from torch import Tensor

from ..networks.base import FusionNetwork
from ..networks.side_by_side import Each, one_after_the_other, side_by_side
from .adam import Adam
from .areas import Area, LabelledArea, UnlabelledArea, turn, turn_back
from .constants import in_step, prepared, reference_of, spectra_of
from .distributed import Processes
from .loss_terms import LossTerm
from .losses import ALL, HybridLoss
from .settings import Settings


class Sample(NamedTuple):
    """What a step learns from: one of a batch.

    Attributes:
        labelled: an area at reduced resolution, or at an intermediate one.
        unlabelled: an area at full resolution, or None.
        rng: draws how they are flipped and rotated.
    """

    labelled: LabelledArea
    unlabelled: Optional[UnlabelledArea]
    rng: np.random.Generator


class Outputs(NamedTuple):
    """The outputs of one network for a sample, in components.

    Attributes:
        labelled: (components, rows, columns) float32, the projected residual on the labelled area, on the truth's grid.
        full: (components, rows, columns) float32, the residual on the unlabelled area; None where there is none.
        degraded: (components, rows, columns) float32 on the low grid, the same degraded.
    """

    labelled: Tensor
    full: Optional[Tensor] = None
    degraded: Optional[Tensor] = None


@contextlib.contextmanager
def beside_each_other(learners: Sequence[MutualStep]) -> Iterator[Each]:
    """Runs work for each of several pairs on threads of their own, or, of a single pair, for its two networks.

    Args:
        learners: one for each pair; within the context a single one works on threads of its own.

    Yields:
        A function that takes ``work`` and returns the results of ``work(0)``, ``work(1)``, ..., one for each pair.
    """
    first, count = learners[0], len(learners)
    device = first.loss.basis.device
    if count == 1:
        with side_by_side(device, len(first.networks)) as first.each:
            yield one_after_the_other(1)
        first.each = one_after_the_other(len(first.networks))
    elif first.processes.size > 1:  # which exchange gradients in one order
        yield one_after_the_other(count)
    else:
        with side_by_side(device, count) as each:
            yield each


class MutualStep:
    """One update of both networks of a pair at a time.

    Args:
        networks: two, or a single one; in mode "alone" two do not exchange anything.
        loss: distance to the truth and to the other network.
        settings: of the training.
        processes: among which batches are divided; this one alone by default.

    Attributes:
        optimizers: one for each network.
        each: how work is done for both networks; see :func:`core.networks.side_by_side.side_by_side`.
    """

    def __init__(
        self,
        networks: Sequence[FusionNetwork],
        loss: HybridLoss,
        settings: Settings,
        processes: Processes | None = None,
    ) -> None:
        self.processes = processes or Processes()
        self.networks, self.loss, self.settings = list(networks), loss, settings
        self.optimizers = [
            Adam(network.parameters(), settings.rate, settings.second_moment, settings.nesterov)
            for network in self.networks
        ]
        self.each: Each = one_after_the_other(len(self.networks))
        self._some = ALL  # the bands that stand for all in the present step

    def __call__(self, step: int, samples: Sequence[Sample]) -> list[float]:
        """Update the networks by the mean of their losses over a batch.

        Args:
            step: number of the update, from 0, which sets the learning rate and the weight of the exchange.
            samples: this process's share of the batch.

        Returns:
            The loss of each network.
        """
        settings = self.settings
        rate = settings.rate * 0.5 * (1 + math.cos(math.pi * step / settings.steps))
        ramp = min(1.0, (step + 1) / max(settings.ramp * settings.steps, 1.0))
        exchange = ramp if settings.mode == "mutual" and len(self.networks) == 2 else 0.0
        losses = torch.zeros(len(self.networks), device=self.loss.basis.device)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
            optimizer.rate = rate
        for sample in samples:
            self._learn_from(sample, exchange, losses)
        gradients = [p.grad for network in self.networks for p in network.parameters() if p.grad is not None]
        self.processes.all_reduce([losses, *gradients])
        self.each(lambda index: self.optimizers[index].step())
        return losses.tolist()

    def _learn_from(self, sample: Sample, exchange: float, losses: Tensor) -> None:
        """Add the sample's part of both losses and of their gradients: forward, distance to each other, backward."""
        turns = int(sample.rng.integers(8)), int(sample.rng.integers(8))
        every = self.loss.every
        self._some = slice(int(sample.rng.integers(every)), None, every) if every > 1 else ALL
        unlabelled = sample.unlabelled and in_step(sample.unlabelled, self.loss)
        sample = Sample(in_step(sample.labelled, self.loss), unlabelled, sample.rng)
        outputs = self.each(lambda index: self.forward(index, sample, turns))
        halves = self.each(lambda index: self.half_distances(index, outputs, sample)) if exchange else ()

        def backward(index: int) -> None:
            loss = self.loss_of(index, outputs, halves, sample, exchange) * (1 / self.settings.batch)
            loss.backward()
            losses[index] += loss.detach()

        self.each(backward)

    def prepared(self, area: Area) -> Area:
        """The area with the constants of its loss.

        Args:
            area: of either kind; an area that has them already is returned itself.

        Returns:
            An area of the same kind.
        """
        return prepared(area, self.loss)

    def forward(self, index: int, sample: Sample, turns: tuple[int, int]) -> Outputs:
        """The outputs of a network for a sample.

        Args:
            index: of the network.
            sample: with prepared areas.
            turns: flips and rotations of the labelled and the unlabelled area, 0 to 7 each.

        Returns:
            Its outputs.
        """
        if sample.unlabelled is None:
            return Outputs(sample.labelled.project(self.residuals(index, [sample.labelled.planes[:]], turns)[0]))
        result, full = self.residuals(index, [sample.labelled.planes[:], sample.unlabelled.planes[:]], turns)
        result = sample.labelled.project(result)
        return Outputs(result, full, sample.unlabelled.operators.down(full))

    @torch.no_grad()
    def half_distances(self, index: int, outputs: Sequence[Outputs], sample: Sample) -> list[LossTerm]:
        """The distance of the first network's bands from the second's, on the labelled and the unlabelled area. It is
        the same for both networks, so each computes it for half of the bands.

        Args:
            index: which half.
            outputs: of both networks.
            sample: with prepared areas.

        Returns:
            A term for each area.
        """
        (first, second), some = outputs, self._some
        found = [self.loss.band_share(first.labelled - second.labelled, sample.labelled.train_mask, index, 2, some)]
        if first.full is not None and second.full is not None:
            found.append(self.loss.band_share(first.full - second.full, None, index, 2, some))
        return found

    def loss_of(
        self, index: int, outputs: Sequence[Outputs], halves: Sequence[list[LossTerm]], sample: Sample, exchange: float
    ) -> Tensor:
        """A network's loss of a sample, equation (18) of ``docs/gradients.md``.

        Args:
            index: of the network.
            outputs: of all networks.
            halves: the results of :meth:`half_distances`, empty without exchange.
            sample: with prepared areas.
            exchange: weight of the exchange, from 0 to 1.

        Returns:
            A scalar, float32.
        """
        settings, (labelled, unlabelled, _) = self.settings, sample
        own, peer = outputs[index], outputs[-1 - index]  # with a single network nothing is exchanged
        distances = [first + second for first, second in zip(*halves)]
        if index:
            distances = [distance.mirrored for distance in distances]
        reference = reference_of(labelled, self.loss)
        mask = labelled.train_mask
        loss = self.loss(own.labelled, reference.truth, mask, reference.target, some=self._some)
        if distances and settings.exchange:
            other, weight = peer.labelled.detach(), exchange * settings.exchange
            ideal = self.loss.moved(reference.prior, other)
            loss = loss + self.loss(own.labelled - other, ideal, mask, bands=distances[0], weight=weight)
        if unlabelled is not None and own.full is not None and own.degraded is not None:
            inner = torch.zeros_like(unlabelled.weight)
            inner[1:-1, 1:-1] = unlabelled.weight[1:-1, 1:-1]  # beyond the edge of a crop there are no data
            loss = loss + self.loss.l1(own.degraded, unlabelled.reprojection_residual[:], inner, settings.consistency)
            if distances and settings.full_exchange and peer.full is not None:
                other, weight = peer.full.detach(), exchange * settings.full_exchange
                ideal = self.loss.moved(spectra_of(unlabelled, self.loss), other)
                loss = loss + self.loss(own.full - other, ideal, bands=distances[1], weight=weight)
        return loss

    def residuals(self, index: int, areas: Sequence[Tensor], ways: Sequence[int] = (0, 0)) -> list[Tensor]:
        """One network's residuals, augmented by one of eight flips and rotations each. Areas of one shape are one
        batch: a small network's time goes into the number of its operations rather than into pixels.

        Args:
            index: of the network.
            areas: planes, each (components + 2 M, rows, columns) float32.
            ways: of :func:`.areas.turn`, for each; the results are turned back.

        Returns:
            (components, rows, columns) float32 for each.
        """
        turned = [turn(planes, way) for planes, way in zip(areas, ways)]
        if len({planes.shape for planes in turned}) == 1:
            found = list(self.networks[index](torch.stack(turned)))
        else:
            found = [self.networks[index](planes[None])[0] for planes in turned]
        return [turn_back(result, way) for result, way in zip(found, ways)]
