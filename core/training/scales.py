"""How much of the networks' residual is added to the prior, for each component, from how far networks agree.

Networks that learned by themselves agree on what the scene shows and differ in what they made up: their mean is too
large by the share of its power that is theirs alone. Besides, it is too small where all are cautious, as networks that
learned at reduced resolution are (own; shrinkage after James and Stein, 1961).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..networks.base import FusionNetwork
from ..runtime.progress import Progress
from .areas import LabelledArea, Projection, UnlabelledArea

BOLDNESS = 1.2  # what networks that agree add, over their mean
DOUBT = 1.0  # by how much of the mean's power that is the networks' alone it is lowered


@torch.no_grad()
def component_shares(
    networks: Sequence[FusionNetwork],
    areas: Sequence[LabelledArea | UnlabelledArea],
    iterations: int,
    progress: Progress,
) -> Tensor:
    """The share of the mean of networks that is added to the prior.

    Args:
        networks: whose mean is the residual; with a single one nothing is known, and all of it is added.
        areas: on which they are compared.
        iterations: of the consistency projection.
        progress: asked for cancellation.

    Returns:
        (components,) float32, from 0 to :data:`BOLDNESS`; 1 of a single network.

    Raises:
        Cancelled: the user stopped the job.
    """
    powers, doubts = [], []
    for area in areas:
        project = (
            area.project if isinstance(area, LabelledArea) else Projection(area.operators, iterations, area.weight)
        )
        residuals = []
        for network in networks:
            progress.check()
            residuals.append(project(network(area.planes[None])[0]))
        power, doubt = agreement(torch.stack(residuals))
        powers.append(power)
        doubts.append(doubt)
    if len(networks) < 2:
        return torch.ones_like(powers[0])
    power, doubt = torch.stack(powers).sum(0), torch.stack(doubts).sum(0)
    return BOLDNESS * (1 - DOUBT * doubt / power.clamp(min=1e-12)).clamp(min=0.0)


def agreement(residuals: Tensor) -> tuple[Tensor, Tensor]:
    """The power of the mean of residuals, and how much of it differs from network to network.

    Args:
        residuals: (networks, components, rows, columns) float32.

    Returns:
        Two tensors, (components,) float32: the sum over pixels of the squared mean, and that of the variance of the
        mean, as the networks' differences tell it.
    """
    mean = residuals.mean(0)
    count = len(residuals)
    variance = (residuals - mean).square().sum((0, 2, 3)) / max(count - 1, 1) / count
    return mean.square().sum((1, 2)), variance
