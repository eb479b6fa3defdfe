"""What networks learn from, prepared once as tensors on the device.

A *labelled* area is a piece of the HSI degraded once more, with its PAN: the HSI itself is the truth (Wald's protocol).
An *unlabelled* area is a piece of the scene at full resolution: there is no truth, but the degraded result must be the
HSI, and the two networks can agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Optional, final

import numpy as np
import torch
from torch import Tensor

from ..operators.consistency import correction
from ..operators.pair import Operators
from ..runtime.progress import Progress
from ..scene.planes import network_planes
from ..scene.statistics import Statistics
from .losses import Reference, Spectra

_BANDS = 16  # at once


@dataclass(frozen=True)
class Projection:
    """What the consistency projection does to the networks' residual: ``dz - U E(D dz)``; linear, like all of it.

    Attributes:
        operators: of the area. iterations: of the projection.
        weight: (rows, columns) on the low grid, 1 where the HSI is known.
    """

    operators: Operators
    iterations: int
    weight: Tensor

    def __call__(self, residual: Tensor) -> Tensor:
        """(components, rows, columns) to the same."""
        if self.iterations == 0:
            return residual
        lowered = self.operators.down(residual)
        return residual - self.operators.up(
            correction(lowered, self.operators.round_trip, self.iterations, self.weight)
        )


@final
@dataclass(frozen=True)
class LabelledArea:
    """A reduced-resolution piece with its truth; bands are the good ones, in units of their standard deviation.

    Attributes:
        planes: (components + 2, rows, columns), what a network sees.
        target: (bands, rows, columns), the truth minus the projected prior.
        truth: (bands, rows, columns).
        learn, judge: (rows, columns), 1 where a pixel is learned from, or held out.
        project: to be applied to the networks' residual.
        reference: the constants of the loss, once a learner has prepared it.
    """

    planes: Tensor
    target: Tensor
    truth: Tensor
    learn: Tensor
    judge: Tensor
    project: Projection
    reference: Optional[Reference] = None


@final
@dataclass(frozen=True)
class UnlabelledArea:
    """A full-resolution piece; bands as in :class:`LabelledArea`.

    Attributes:
        planes: (components + 2, rows, columns), what a network sees.
        prior: (bands, rows, columns).
        reprojection_residual: (bands, rows, columns) on the low grid, the HSI minus the degraded prior.
        weight: (rows, columns) on the low grid, 1 where the HSI is known.
        ratio, phase, gain: of the two grids.
        spectra: of the prior, once a learner has prepared it.
    """

    planes: Tensor
    prior: Tensor
    reprojection_residual: Tensor
    weight: Tensor
    ratio: int
    phase: tuple[float, float]
    gain: float
    spectra: Optional[Spectra] = None

    def crop(self, row: int, col: int, size: int) -> UnlabelledArea:
        """``size`` x ``size`` HSI pixels from (row, col), or what the area has of them."""
        rows, cols = (min(size, count - start) for start, count in zip((row, col), self.weight.shape))
        spans, phases = [], []
        for axis, (start, count) in enumerate(((row, rows), (col, cols))):
            begin = max(0, math.ceil(start * self.ratio - self.phase[axis] - 1e-9))
            end = min(self.planes.shape[axis + 1], math.floor((start + count) * self.ratio - self.phase[axis] + 1e-9))
            spans.append(slice(begin, end))
            phases.append(round(begin + self.phase[axis] - start * self.ratio, 9))
        low = slice(row, row + rows), slice(col, col + cols)
        spectra = self.spectra and Spectra(*(image[..., spans[0], spans[1]] for image in self.spectra))
        return UnlabelledArea(
            self.planes[:, spans[0], spans[1]],
            self.prior[:, spans[0], spans[1]],
            self.reprojection_residual[:, low[0], low[1]],
            self.weight[low],
            self.ratio,
            (phases[0], phases[1]),
            self.gain,
            spectra,
        )

    @cached_property
    def operators(self) -> Operators:
        """U and D of this area."""
        return area_operators(_shape(self.weight), _shape(self.planes), self.ratio, self.phase, self.gain)


def _shape(image: np.ndarray | Tensor) -> tuple[int, int]:
    """Rows and columns of (..., rows, columns)."""
    rows, cols = image.shape[-2:]
    return rows, cols


_OPERATORS: dict[tuple, Operators] = {}


def area_operators(
    low: tuple[int, int], high: tuple[int, int], ratio: int, phase: tuple[float, float], gain: float
) -> Operators:
    """Operators that areas of the same shape share, so that their matrices are made once."""
    key = (low, high, ratio, phase, gain)
    if key not in _OPERATORS:
        if len(_OPERATORS) > 64:
            _OPERATORS.clear()
        _OPERATORS[key] = Operators(*key)
    return _OPERATORS[key]


def labelled_area(
    hsi: np.ndarray,
    pan_low: np.ndarray,
    valid: np.ndarray,
    judged: np.ndarray,
    statistics: Statistics,
    good: np.ndarray,
    ratio: int,
    gain: float,
    iterations: int,
    device: torch.device,
) -> LabelledArea:
    """Degrade a piece of the HSI and its PAN once more.

    Args:
        hsi: (bands, rows, columns) float32, invalid pixels filled; rows and columns are multiples of ``ratio``.
        pan_low: (1, rows, columns), the PAN on the same pixels.
        valid: (rows, columns) bool. judged: (rows, columns) bool, pixels that are held out.
    """
    high = _shape(hsi)
    low = high[0] // ratio, high[1] // ratio
    operators = area_operators(low, high, ratio, (0.0, 0.0), gain)
    lowered, pan_lowered = operators.down(hsi), operators.down(pan_low)
    weight = valid.reshape(low[0], ratio, low[1], ratio).all(axis=(1, 3)).astype(np.float32)
    planes, detail = _planes_and_detail(operators, statistics, lowered, pan_low, pan_lowered)
    prior = operators.up(lowered) + statistics.gains[:, None, None] * detail
    residual = lowered - operators.down(prior)
    prior = prior + operators.up(correction(residual, operators.round_trip, iterations, weight))
    scale = statistics.std[good, None, None]

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)

    return LabelledArea(
        tensor(planes),
        tensor((hsi[good] - prior[good]) / scale),
        tensor(hsi[good] / scale),
        tensor(valid & ~judged),
        tensor(valid & judged),
        Projection(operators, iterations, tensor(weight)),
    )


def unlabelled_area(
    hsi: np.ndarray,
    pan: np.ndarray,
    pan_low: np.ndarray,
    weight: np.ndarray,
    statistics: Statistics,
    good: np.ndarray,
    ratio: int,
    phase: tuple[float, float],
    gain: float,
    device: torch.device,
    progress: Progress,
) -> UnlabelledArea:
    """Prepare a piece of the scene at full resolution, some bands at a time.

    Args:
        hsi: (bands, rows, columns) float32, invalid pixels filled.
        pan: (1, rows, columns) on the high grid. pan_low: (1, rows, columns) on the low grid.
        weight: (rows, columns) bool on the low grid, where the HSI is known and under the PAN.

    Raises:
        Cancelled: the user stopped the job.
    """
    operators = area_operators(_shape(hsi), _shape(pan), ratio, phase, gain)
    planes, detail = _planes_and_detail(operators, statistics, hsi, pan, pan_low)
    chosen = np.flatnonzero(good)
    prior = np.empty((len(chosen), *pan.shape[1:]), np.float32)
    residual = np.empty((len(chosen), *hsi.shape[1:]), np.float32)
    for first in range(0, len(chosen), _BANDS):
        progress.check()
        place, bands = slice(first, first + _BANDS), chosen[first : first + _BANDS]
        made = operators.up(hsi[bands]) + statistics.gains[bands, None, None] * detail
        scale = statistics.std[bands, None, None]
        prior[place] = made / scale
        residual[place] = (hsi[bands] - operators.down(made)) / scale
    progress.check()

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)

    return UnlabelledArea(
        tensor(planes),
        tensor(prior),
        tensor(residual),
        tensor(weight),
        ratio,
        phase,
        gain,
    )


def _planes_and_detail(
    operators: Operators, statistics: Statistics, hsi: np.ndarray, pan: np.ndarray, pan_low: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What a network sees of an area, and the PAN's detail."""
    matrix, shift = statistics.encoder
    components = np.tensordot(matrix, hsi, 1) - shift
    whole = (0, operators.high[0]), (0, operators.high[1])
    planes = network_planes(operators, statistics, components, pan, pan_low, whole)
    return planes, pan - operators.up(pan_low)


def turn(image: Tensor, way: int) -> Tensor:
    """One of the eight flips and rotations of (..., rows, columns)."""
    if way >= 4:
        image = image.flip(-1)
    return torch.rot90(image, way % 4, (-2, -1))


def turn_back(image: Tensor, way: int) -> Tensor:
    """The inverse of :func:`turn`."""
    image = torch.rot90(image, -(way % 4), (-2, -1))
    return image.flip(-1) if way >= 4 else image
