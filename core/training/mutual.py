"""Deep mutual learning of two networks, or of one alone (Zhang et al., 2018; for pansharpening Peng et al., 2022).

Each network has its own loss and its own optimizer; each learns from the truth and from the other, whose output is
detached. At full resolution there is no truth: there the degraded result must be the HSI, and the two must agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Optional, TypeVar

import numpy as np
import torch
from torch import Tensor

from ..networks.base import FusionNetwork
from ..networks.side_by_side import Each, one_after_the_other
from .areas import LabelledArea, UnlabelledArea, turn, turn_back
from .distributed import Processes
from .losses import Distance, HybridLoss, Known, Spectra, band_distance
from .settings import Settings

Area = TypeVar("Area", LabelledArea, UnlabelledArea)


class Sample(NamedTuple):
    """What a step learns from: one of a batch. ``rng`` draws how it is turned."""

    labelled: LabelledArea
    unlabelled: Optional[UnlabelledArea]
    rng: np.random.Generator


class _Apart(NamedTuple):
    """How far the bands of the second network's residuals are from the first's, or half of the bands."""

    labelled: Distance
    unlabelled: Optional[Distance] = None


class _Full(NamedTuple):
    """What one network makes of the unlabelled area, in components: its residual, and that degraded."""

    residual: Tensor
    degraded: Tensor


class _Shown(NamedTuple):
    """What one network makes of a step's areas: of the labelled one its residual after the projection, in components,
    and what it makes of the unlabelled one."""

    labelled: Tensor
    unlabelled: Optional[_Full] = None


def load_optimizers() -> None:
    """Have PyTorch load what it loads with the first optimizer: its compiler, for seconds."""
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


class MutualStep:
    """One update of both networks at a time.

    Args:
        networks: two, or a single one; in mode "alone" two do not see each other.
        loss: distance to the truth and to the other network.
        processes: among which batches are shared out.

    Attributes:
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
        fused = loss.basis.device.type in ("cpu", "cuda")
        self.optimizers = [
            torch.optim.Adam(network.parameters(), lr=settings.rate, fused=fused) for network in self.networks
        ]
        self.each: Each = one_after_the_other(len(self.networks))

    def __call__(self, step: int, samples: Sequence[Sample]) -> list[float]:
        """Update the networks by the mean of the losses over a batch; returns those of the networks.

        Args:
            samples: this process's share of the batch.
        """
        settings = self.settings
        rate = settings.rate * 0.5 * (1 + math.cos(math.pi * step / settings.steps))
        ramp = min(1.0, (step + 1) / max(settings.ramp * settings.steps, 1.0))
        exchange = ramp if settings.mode == "mutual" and len(self.networks) == 2 else 0.0
        losses = torch.zeros(len(self.networks), device=self.loss.basis.device)
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
            for group in optimizer.param_groups:
                group["lr"] = rate
        for sample in samples:
            self._learn_from(sample, exchange, losses)
        self.processes.add([losses, *(p.grad for net in self.networks for p in net.parameters() if p.grad is not None)])
        self.each(lambda index: self.optimizers[index].step())
        return losses.tolist()

    def _learn_from(self, sample: Sample, exchange: float, losses: Tensor) -> None:
        """Add the sample's part of both losses and of their gradients."""
        ways = int(sample.rng.integers(8)), int(sample.rng.integers(8))
        labelled, unlabelled = self.prepared(sample.labelled), sample.unlabelled and self.prepared(sample.unlabelled)
        shown = self.each(lambda index: self._forward(index, labelled, unlabelled, ways))
        apart = self.each(lambda index: self._apart(index, shown, labelled)) if exchange else ()
        self.each(lambda index: self._backward(index, shown, apart, labelled, unlabelled, exchange, losses))

    def prepared(self, area: Area) -> Area:
        """The area with what the loss needs to know of it; such an area itself."""
        if isinstance(area, LabelledArea):
            return area if area.known else replace(area, known=self._known(area))
        return area if area.spectra else replace(area, spectra=self._spectra(area))

    def _known(self, area: LabelledArea) -> Known:
        """What the loss needs to know of a labelled area; of one that is prepared nothing is computed."""
        return area.known or self.loss.known(area.truth, area.target)

    def _spectra(self, area: UnlabelledArea) -> Spectra:
        """The same of an unlabelled one."""
        return area.spectra or self.loss.spectra(area.prior)

    def _forward(
        self, index: int, labelled: LabelledArea, unlabelled: UnlabelledArea | None, ways: tuple[int, int]
    ) -> _Shown:
        result = labelled.project(self.residual(index, labelled.planes, ways[0]))
        if unlabelled is None:
            return _Shown(result)
        residual = self.residual(index, unlabelled.planes, ways[1])
        return _Shown(result, _Full(residual, unlabelled.operators.down(residual)))

    @torch.no_grad()
    def _apart(self, index: int, shown: Sequence[_Shown], labelled: LabelledArea) -> _Apart:
        """Half of the bands each, as it is the same for both networks."""
        first, second = shown
        known = self.loss.bands(first.labelled - second.labelled, labelled.learn, index, 2)
        if first.unlabelled is None or second.unlabelled is None:
            return _Apart(known)
        difference = first.unlabelled.residual - second.unlabelled.residual
        return _Apart(known, self.loss.bands(difference, None, index, 2))

    @torch.no_grad()
    def _backward(
        self,
        index: int,
        shown: Sequence[_Shown],
        apart: Sequence[_Apart],
        labelled: LabelledArea,
        unlabelled: UnlabelledArea | None,
        exchange: float,
        losses: Tensor,
    ) -> None:
        """Add a network's part of that: the terms of its loss, each with what it is a function of."""
        settings, own, other = self.settings, shown[index], shown[-1 - index]  # with a single one nothing is exchanged
        known, learn = self._known(labelled), labelled.learn
        found = [(own.labelled, self.loss(own.labelled, known.truth, learn, known.target))]
        if apart and settings.exchange:
            peer, halves = other.labelled, [half.labelled for half in apart]
            distance = self._to_peer(index, halves, own.labelled - peer, self.loss.moved(known.prior, peer), learn)
            found.append((own.labelled, exchange * settings.exchange * distance))
        if unlabelled is not None and own.unlabelled is not None:
            inner = torch.zeros_like(unlabelled.weight)
            inner[1:-1, 1:-1] = unlabelled.weight[1:-1, 1:-1]  # beyond the edge of a crop nothing is known
            residual, degraded = own.unlabelled
            lack = band_distance(degraded, self.loss.basis, unlabelled.lack, inner)
            found.append((degraded, settings.consistency * lack))
            if apart and settings.full_exchange and other.unlabelled is not None:
                peer = other.unlabelled.residual
                halves = [half.unlabelled for half in apart if half.unlabelled is not None]
                distance = self._to_peer(
                    index, halves, residual - peer, self.loss.moved(self._spectra(unlabelled), peer)
                )
                found.append((residual, exchange * settings.full_exchange * distance))
        share = 1 / settings.batch
        torch.autograd.backward([seen for seen, _ in found], [share * distance.gradient for _, distance in found])
        losses[index] += share * sum(distance.value for _, distance in found)

    def _to_peer(
        self, index: int, halves: Sequence[Distance], residual: Tensor, whole: Spectra, mask: Tensor | None = None
    ) -> Distance:
        """The loss of what one network makes of an area, against what the other makes of it."""
        distance = halves[0] + halves[1]
        if index:
            distance = distance.back
        return distance + self.loss.angles(residual, whole, mask) if self.loss.angle else distance

    def residual(self, index: int, planes: Tensor, way: int = 0) -> Tensor:
        """One network's residual, (components, rows, columns), seen through one of eight flips and rotations."""
        return turn_back(self.networks[index](turn(planes, way)[None])[0], way)

    def to_bands(self, residual: Tensor) -> Tensor:
        """(components, rows, columns) to (bands, rows, columns), in standard deviations."""
        components, rows, cols = residual.shape
        return (self.loss.basis @ residual.reshape(components, -1)).reshape(-1, rows, cols)
