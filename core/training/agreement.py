"""How far networks agree: how much of their residual is added to the prior, and what gain it promises.

Networks that learned by themselves agree on what the scene shows and differ in what they made up. So their mean is too
large by the share of its power that is theirs alone; and where all are cautious, as networks are that learned at
reduced resolution, it is too small (own; shrinkage after James and Stein, 1961). How far they differ at full
resolution, where there is no truth, also tells the gain there better than scores at reduced resolution do; so does how
much of the PAN the HSI explains, since networks learn to trust a PAN on the HSI's pixels and cannot see there what it
shows besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..networks.base import FusionNetwork
from ..runtime.progress import Progress
from ..scene.statistics import Statistics
from .areas import LabelledArea, UnlabelledArea
from .projection import Projection

_PAIR = 2  # networks: those of a single pair have taught each other what they agree on, so it tells less
_MIXTURE = 3e-4  # what is not explained of a PAN that is a mixture of the bands: blur and rounding
_LEAST = -1.0  # per cent: a result that is worse than the prior is not written


class Promise(NamedTuple):
    """What the gain over the regression prior follows from, and how far below and above it the range goes.

    Attributes:
        factor: per cent.
        of_spread: exponent of the networks' spread.
        of_pan: exponent of what the HSI does not explain of the PAN.
        most: gain that was seen, per cent.
        below, above: per cent.
    """

    factor: float
    of_spread: float
    of_pan: float
    most: float
    below: float
    above: float

    def gain(self, spread: np.ndarray | float, unexplained: np.ndarray | float) -> np.ndarray:
        """The gain in the mean of cases like these.

        Args:
            spread: see :attr:`Agreement.spread`, any shape.
            unexplained: see :func:`unexplained_share`, of that shape.

        Returns:
            Per cent, float64 of that shape.
        """
        spread, unexplained = np.maximum(spread, 1e-6), np.add(unexplained, _MIXTURE)
        return np.minimum(self.factor * spread**self.of_spread * unexplained**self.of_pan, self.most)


# Ranges held in nine of ten cases of areas that the factor was fitted without (benchmarks/verdict.py). Exponents are
# those of learning at reduced resolution alone: fitted anew they held less often on areas that were left out.
PROMISES = {
    "ergas": Promise(0.525, -0.609, -0.252, 48.0, 5.5, 5.5),
    "sam": Promise(0.668, -0.444, -0.269, 26.0, 7.5, 7.5),
}


class Expected(NamedTuple):
    """A gain over the regression prior at full resolution, and the range in which it lies in nine of ten cases.

    Attributes:
        low: the range's lower end, per cent.
        gain: per cent.
        high: its upper end, per cent.
    """

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


def expected_gain(spread: float, unexplained: float) -> dict[str, Expected]:
    """What the result gains over the regression prior at full resolution.

    Args:
        spread: of the networks, see :attr:`Agreement.spread`.
        unexplained: of the PAN, see :func:`unexplained_share`.

    Returns:
        For "ergas" and "sam".
    """
    found = {}
    for key, promise in PROMISES.items():
        gain = float(promise.gain(spread, unexplained))
        found[key] = Expected(max(gain - promise.below, _LEAST), gain, gain + promise.above)
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
        project, planes = _projection(area, iterations), area.planes[:]
        residuals = []
        for network in networks:
            progress.check()
            residuals.append(project(network(planes[None])[0]))
        stack = torch.stack(residuals)
        mean = stack.mean(0)
        power = power.to(mean.device) + mean.square().sum((1, 2))
        differences = (stack - mean).square().sum((0, 2, 3)) / max(len(stack) - 1, 1)
        variance = variance.to(mean.device) + differences
        pixels += mean[0].numel()
    return Agreement(power / pixels, variance / pixels, len(networks), boldness)


def unexplained_share(areas: Sequence[LabelledArea | UnlabelledArea], statistics: Statistics) -> float:
    """How much of a PAN's variance at the HSI's resolution the HSI does not explain: noise, another response, another
    day, a wrong blur or position. Both are up-sampled alike, so that a PAN that is a mixture of the bands is explained
    wholly.

    Args:
        areas: one or more, of scenes with a PAN of one band.
        statistics: of the scenes.

    Returns:
        From 0 to 1; 0 where the PAN does not vary.
    """
    count = statistics.components
    products = np.zeros((count + 2, count + 2))
    for area in areas:
        planes = area.planes[:].detach().cpu().double().numpy().reshape(count + 2, -1)
        level = planes[count] * statistics.pan_std[0] - planes[count + 1] * statistics.detail_std[0]
        rows = np.concatenate([planes[:count], np.ones((1, planes.shape[1])), level[None]])
        products += rows @ rows.T
    known, wanted = products[:-1, :-1], products[:-1, -1]
    weights = np.linalg.lstsq(known, wanted, rcond=None)[0]
    total = products[-1, -1] - products[-2, -1] ** 2 / max(products[-2, -2], 1.0)
    if total <= 1e-12 * products[-1, -1]:
        return 0.0
    return float(np.clip((products[-1, -1] - weights @ wanted) / total, 0.0, 1.0))


def _projection(area: LabelledArea | UnlabelledArea, iterations: int) -> Callable[[Tensor], Tensor]:
    if isinstance(area, LabelledArea):
        return area.project
    return Projection(area.operators, iterations, area.weight)
