"""How far networks agree: how much of their residual is added to the prior, and what gain it promises.

Networks that learned by themselves agree on what the scene shows and differ in what they made up. So their mean is too
large by the share of its power that is theirs alone; and where all are cautious, as networks are that learned at
reduced resolution, it is too small (own; shrinkage after James and Stein, 1961). How far they differ at full
resolution, where there is no truth, also tells the gain there better than scores at reduced resolution do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ..networks.base import FusionNetwork
from ..runtime.progress import Progress
from .areas import LabelledArea, Projection, UnlabelledArea

_PAIR = 2  # networks: those of a single pair have taught each other what they agree on, so it tells less
# Gain over the regression prior in per cent: factor and exponent of the spread, the most that was seen, and how far
# below and above the range goes that held in nine of ten cases (benchmarks/verdict.py).
_EXPECTED = {"ergas": (3.1, -0.72, 48.0, 7.5, 7.5), "sam": (5.7, -0.37, 26.0, 8.0, 6.4)}


class Expected(NamedTuple):
    """A gain over the regression prior at full resolution, per cent, and the range in which it lies in nine of ten
    cases."""

    low: float
    gain: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """Of networks' residuals, in components.

    Attributes:
        power: (components,) float32, mean over pixels of the squared mean of the networks.
        variance: (components,) float32, the same of the variance of a single network, as their differences tell it.
        count: of the networks.
        boldness: what networks that agree add, over their mean.
    """

    power: Tensor
    variance: Tensor
    count: int
    boldness: float

    @property
    def shares(self) -> Tensor:
        """(components,) float32, the share of the mean that is added to the prior, from 0 to the boldness, which
        is 1 at most of a single pair; 1 of a single network, of which nothing is known."""
        if self.count < _PAIR:
            return torch.ones_like(self.power)
        boldness = self.boldness if self.count > _PAIR else min(self.boldness, 1.0)
        return boldness * (1 - self.variance / self.count / self.power.clamp(min=1e-12)).clamp(min=0.0)

    @property
    def spread(self) -> float | None:
        """The variance of a single network over the power of the mean; None of a single pair or network, or where all
        add nothing."""
        power = float(self.power.sum())
        return float(self.variance.sum()) / power if self.count > _PAIR and power > 0 else None


def expected_gain(spread: float) -> dict[str, Expected]:
    """What the result gains over the regression prior at full resolution.

    Args:
        spread: of the networks, see :attr:`Agreement.spread`.

    Returns:
        For "ergas" and "sam".
    """
    found = {}
    for key, (factor, exponent, most, below, above) in _EXPECTED.items():
        gain = min(factor * max(spread, 1e-6) ** exponent, most)
        found[key] = Expected(gain - below, gain, gain + above)
    return found


@torch.no_grad()
def agreement(
    networks: Sequence[FusionNetwork],
    areas: Sequence[LabelledArea | UnlabelledArea],
    iterations: int,
    boldness: float,
    progress: Progress,
) -> Agreement:
    """Compare the residuals of networks.

    Args:
        networks: one or more.
        areas: on which they are compared.
        iterations: of the consistency projection.
        boldness: what networks that agree add to the prior, over their mean.
        progress: asked for cancellation.

    Returns:
        How far they agree.

    Raises:
        Cancelled: the user stopped the job.
    """
    power, variance, pixels = torch.zeros(1), torch.zeros(1), 0
    for area in areas:
        project = _projection(area, iterations)
        residuals = []
        for network in networks:
            progress.check()
            residuals.append(project(network(area.planes[None])[0]))
        stack = torch.stack(residuals)
        mean = stack.mean(0)
        power = power.to(mean.device) + mean.square().sum((1, 2))
        differences = (stack - mean).square().sum((0, 2, 3)) / max(len(stack) - 1, 1)
        variance = variance.to(mean.device) + differences
        pixels += mean[0].numel()
    return Agreement(power / pixels, variance / pixels, len(networks), boldness)


def _projection(area: LabelledArea | UnlabelledArea, iterations: int) -> Projection:
    if isinstance(area, LabelledArea):
        return area.project
    return Projection(area.operators, iterations, area.weight)
