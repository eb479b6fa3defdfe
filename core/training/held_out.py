"""Scores on held-out pixels from inner products of components: a check computes nothing of the size of all bands.

With ``z`` a residual in components, ``V`` the basis and ``t`` the target, the squared error of band b, summed over
pixels, is ``v_b' (Z Z') v_b - 2 v_b' (Z t_b) + t_b' t_b``; the spectral angle follows from inner products as it does in
the loss (``docs/gradients.md``, (9) and (13)).
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Optional

import torch
from torch import Tensor

from .areas import LabelledArea
from .distributed import Processes


@dataclass(frozen=True)
class Scale:
    """What all areas are scored with.

    Attributes:
        basis: (bands, components) float32.
        scale: (bands, 1, 1) float32, the bands' standard deviations.
        mean: (bands, 1, 1) float32, the bands' means in standard deviations.
        ratio: PAN pixels per HSI pixel, for ERGAS.
        angle_bands: (bands,) bool, those that take part in the spectral angle; None for all.
    """

    basis: Tensor
    scale: Tensor
    mean: Tensor
    ratio: float
    angle_bands: Optional[Tensor] = None


class HeldOutArea:
    """The held-out pixels of an area, with what their scores need of the truth and of the target.

    Args:
        area: labelled, with some held-out pixels.
        scale: of the training.
    """

    def __init__(self, area: LabelledArea, scale: Scale) -> None:
        self.area, self.basis = area, scale.basis.double()
        truth = None if area.scored is None else area.scored[:]
        if area.truth is not None:
            truth = area.held_out(area.truth)
        if truth is None:
            raise ValueError("an area has its truth or what it is scored with")
        self._loaded: Optional[Tensor] = None  # the target's pixels, while several scores are asked for
        target = self._target
        self.count = target.shape[1]
        self._target_squares = target.double().square().sum(1)
        weights = scale.scale.flatten().double().square()
        weights = weights / weights.mean()
        if scale.angle_bands is not None:
            weights = weights * scale.angle_bands
        weighted = self.basis * weights[:, None]
        self._gram = self.basis.T @ weighted
        truth, target = truth.double(), target.double()
        self._of_truth, self._of_target = weighted.T @ truth, weighted.T @ target
        self._truth_square = weights @ truth.square()
        self._target_square, self._product = weights @ target.square(), weights @ (target * truth)

    @property
    def _target(self) -> Tensor:
        return self.area.held_out(self.area.target[:]) if self._loaded is None else self._loaded

    def in_memory(self) -> HeldOutArea:
        """The same with the target's pixels in memory, for several scores at a time."""
        loaded = copy.copy(self)
        loaded._loaded = self._target
        return loaded

    def pixels(self, residual: Tensor) -> Tensor:
        """The held-out pixels of a residual.

        Args:
            residual: (components, rows, columns) float32.

        Returns:
            (components, pixels) float32.
        """
        return self.area.held_out(residual)

    def squares(self, pixels: Tensor) -> Tensor:
        """Squared errors, summed over pixels.

        Args:
            pixels: of a residual, (components, pixels) float32.

        Returns:
            (bands,) float64.
        """
        power = (pixels @ pixels.T).double()
        along = (self._target @ pixels.T).double()
        own = ((self.basis @ power) * self.basis).sum(1)
        return own - 2 * (along * self.basis).sum(1) + self._target_squares

    def angles(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """The sum of the spectral angles to the truth, and of how many pixels; without those of no direction.

        Args:
            pixels: of a residual, (components, pixels) float32.

        Returns:
            Two scalars, float64: radians, pixels.
        """
        z = pixels.double()
        change = ((self._gram @ z - 2 * self._of_target) * z).sum(0) + self._target_square
        product = (self._of_truth * z).sum(0) - self._product
        square = self._truth_square
        used = (square > 0) & (square + 2 * product + change > 0)
        across = (square * change - product.square()).clamp(min=0).sqrt()
        angles = torch.atan2(across, square + product)
        return (angles * used).sum(), used.sum().double()


class HeldOutScores:
    """Running sums of the scores of one output, of this process's share of the areas.

    Args:
        scale: of the training.
        processes: that train together.
    """

    def __init__(self, scale: Scale, processes: Processes) -> None:
        self._scale, self._processes = scale, processes
        self._mean = scale.mean.flatten().double()
        self._squares = torch.zeros_like(self._mean)
        self._numbers = torch.zeros(3, dtype=torch.float64, device=self._mean.device)

    def add(self, area: HeldOutArea, pixels: Tensor) -> None:
        """Take an area into account.

        Args:
            area: that is scored.
            pixels: of the residual there, (components, pixels) float32.
        """
        self._squares += area.squares(pixels)
        angles, used = area.angles(pixels)
        self._numbers += torch.stack([angles, used, torch.full_like(used, area.count)])

    def scores(self) -> dict[str, float | None]:
        """Of the areas of all processes.

        Returns:
            "ergas" and "sam" (degrees); None for what is not a finite number.
        """
        squares, numbers, mean = self._squares.clone(), self._numbers.clone(), self._mean
        self._processes.all_reduce([squares, numbers])
        angles, used, count = numbers.tolist()
        shown = mean > 0
        ergas = float(100 / self._scale.ratio * (squares / count / mean**2)[shown].mean().sqrt())
        sam = math.degrees(angles / max(used, 1.0))
        return {"ergas": ergas if math.isfinite(ergas) else None, "sam": sam if math.isfinite(sam) else None}
