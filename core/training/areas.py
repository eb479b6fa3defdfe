"""Training areas: what networks learn from, prepared once as tensors on the device.

A *labelled* area is a piece of the HSI degraded once more, with its PAN: the HSI itself is the truth, at reduced
resolution (Wald's protocol) or at an intermediate one (:mod:`.reduction`).
An *unlabelled* area is a piece of the scene at full resolution: there is no truth, but the degraded result must be the
HSI, and the two networks can agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Callable, Optional, TypeVar, Union, final

import numpy as np
import torch
from torch import Tensor

from ..io.ratio import Ratio, ratio_per_axis
from ..operators.pair import Operators
from ..operators.resample import Gains
from ..runtime.progress import Progress
from ..scene.planes import network_planes
from ..scene.statistics import Statistics
from ..scene.streams import injected
from .band_store import Bands, StoredImages, in_memory
from .losses import Reference, Spectra

_BANDS = 16  # at once


@dataclass(frozen=True)
class AreaContext:
    """What all areas of a training have in common.

    Attributes:
        statistics: of the scenes.
        good: (bands,) bool, the bands that are learned.
        mtf_gain: of the HSI at its Nyquist frequency.
        device: of the tensors.
    """

    statistics: Statistics
    good: np.ndarray
    mtf_gain: Gains
    device: torch.device

    def tensor(self, array: np.ndarray) -> Tensor:
        """An array as a tensor on the device.

        Args:
            array: any shape, any dtype.

        Returns:
            Same shape, float32.
        """
        return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(self.device)


@final
@dataclass(frozen=True)
class LabelledArea:
    """An area with its truth; bands are the good ones, in units of their standard deviation. Images may lie on disk
    (:mod:`.band_store`).

    Attributes:
        planes: (components + 2 M, rows, columns) float32, the input of a network; at intermediate resolution of more
            pixels than all that follows.
        target: (bands, rows, columns) float32, the truth minus the projected prior.
        truth: (bands, rows, columns) float32; None where its constants were prepared, as it is large.
        train_mask: (rows, columns) float32, 1 where a pixel is learned from.
        held_out_mask: (rows, columns) float32, 1 where a pixel is only scored on.
        project: of the networks' residual, (components, rows, columns) float32: its projection, degraded to the truth's
            grid where that is a coarser one.
        reference: the constants of the loss, once a learner has prepared them.
        scored: (bands, held-out pixels) float32, the truth where it is scored on; None where all of it is there.
    """

    planes: Bands
    target: Bands
    truth: Optional[Tensor]
    train_mask: Tensor
    held_out_mask: Tensor
    project: Callable[[Tensor], Tensor]
    reference: Optional[Union[Reference, StoredImages[Reference]]] = None
    scored: Optional[Bands] = None

    @property
    def intermediate(self) -> bool:
        """Whether it is one at intermediate resolution."""
        return self.planes.shape[1:] != self.train_mask.shape

    def held_out(self, image: Tensor) -> Tensor:
        """The held-out pixels of an image.

        Args:
            image: (n, rows, columns) float32.

        Returns:
            (n, pixels) float32; of a whole area without a copy.
        """
        where = self.held_out_mask.flatten() > 0
        return image.flatten(1) if where.all() else image.flatten(1)[:, where]


@final
@dataclass(frozen=True)
class UnlabelledArea:
    """A full-resolution area; bands, and where images lie, as in :class:`LabelledArea`.

    Attributes:
        planes: (components + 2 M, rows, columns) float32, the input of a network.
        prior: (bands, rows, columns) float32; None where its spectra were prepared, as it is large.
        reprojection_residual: (bands, rows, columns) float32 on the low grid, the HSI minus the degraded prior.
        weight: (rows, columns) float32 on the low grid, 1 where the HSI is valid.
        operators: U and D of the area.
        spectra: of the prior, once a learner has prepared them.
    """

    planes: Bands
    prior: Optional[Tensor]
    reprojection_residual: Bands
    weight: Tensor
    operators: Operators
    spectra: Optional[Union[Spectra, StoredImages[Spectra]]] = None

    def crop(self, row: int, col: int, size: tuple[int, int]) -> UnlabelledArea:
        """A part of the area.

        Args:
            row: first one, HSI pixels.
            col: first column, HSI pixels.
            size: rows and columns, HSI pixels, fewer where the area ends.

        Returns:
            The part in memory, with operators of its own.
        """
        whole, spectra = self.operators, self.spectra and in_memory(self.spectra)
        rows, cols = (min(most, count - start) for most, start, count in zip(size, (row, col), whole.low))
        high, phase = high_window((row, col), (rows, cols), whole.high, whole.ratio, whole.phase)
        low = slice(row, row + rows), slice(col, col + cols)
        planes, weight = self.planes[:, high[0], high[1]], self.weight[low]
        return replace(
            self,
            planes=planes,
            prior=None if self.prior is None else self.prior[:, high[0], high[1]],
            reprojection_residual=self.reprojection_residual[:, low[0], low[1]],
            weight=weight,
            operators=shared_operators((rows, cols), shape_of(planes), whole.ratio, phase, whole.mtf_gain),
            spectra=spectra and Spectra(*(image[..., high[0], high[1]] for image in spectra)),
        )


Area = TypeVar("Area", LabelledArea, UnlabelledArea)


def high_window(
    corner: tuple[int, int],
    shape: tuple[int, int],
    high_shape: tuple[int, int],
    ratio: Ratio,
    phase: tuple[float, float],
) -> tuple[tuple[slice, slice], tuple[float, float]]:
    """The PAN pixels that lie wholly within a window of HSI pixels.

    Args:
        corner: first row and column of the window, HSI pixels.
        shape: rows and columns of the window, HSI pixels.
        high_shape: rows and columns of the high grid.
        ratio: PAN pixels per HSI pixel, of both axes or of each.
        phase: (y, x) of the high grid in the low one, PAN pixels.

    Returns:
        Rows and columns of the high grid, and the phase within the window.
    """
    spans, phases = [], []
    for start, count, most, one, offset in zip(corner, shape, high_shape, ratio_per_axis(ratio), phase):
        begin = max(0, math.ceil(start * one - offset - 1e-9))
        spans.append(slice(begin, min(most, math.floor((start + count) * one - offset + 1e-9))))
        phases.append(round(begin + offset - start * one, 9))
    return (spans[0], spans[1]), (phases[0], phases[1])


def shape_of(image: np.ndarray | Tensor) -> tuple[int, int]:
    """Rows and columns of an image.

    Args:
        image: (..., rows, columns), any dtype.

    Returns:
        (rows, columns).
    """
    rows, cols = image.shape[-2:]
    return rows, cols


@lru_cache(maxsize=64)
def shared_operators(
    low: tuple[int, int], high: tuple[int, int], ratio: Ratio, phase: tuple[float, float], mtf_gain: Gains
) -> Operators:
    """Operators that areas of the same geometry share, so that their matrices are made once.

    Args:
        low: (rows, columns) of the low grid.
        high: (rows, columns) of the high grid.
        ratio: PAN pixels per HSI pixel, of both axes or of each.
        phase: (y, x) of the high grid in the low one, PAN pixels.
        mtf_gain: of the degradation.

    Returns:
        U and D.
    """
    return Operators(low, high, ratio, phase, mtf_gain)


def unlabelled_area(
    context: AreaContext,
    operators: Operators,
    hsi: np.ndarray,
    pan: np.ndarray,
    pan_low: np.ndarray,
    weight: np.ndarray,
    progress: Progress,
) -> UnlabelledArea:
    """Prepare a piece of the scene at full resolution, some bands at a time.

    Args:
        context: what all areas have in common.
        operators: between the grids of the piece.
        hsi: (bands, rows, columns) float32 on the low grid, invalid pixels filled.
        pan: (M, rows, columns) float32 on the high grid.
        pan_low: (M, rows, columns) float32 on the low grid.
        weight: (rows, columns) bool on the low grid, where the HSI is valid and under the PAN.
        progress: asked for cancellation.

    Returns:
        The area.

    Raises:
        Cancelled: the user stopped the job.
    """
    statistics = context.statistics
    planes, detail = planes_and_detail(operators, statistics, hsi, pan, pan_low)
    chosen = np.flatnonzero(context.good)
    prior = np.empty((len(chosen), *operators.high), np.float32)
    residual = np.empty((len(chosen), *operators.low), np.float32)
    for first in range(0, len(chosen), _BANDS):
        progress.check()
        place, bands = slice(first, first + _BANDS), chosen[first : first + _BANDS]
        part = operators.up(hsi[bands]) + injected(statistics.gains[bands], detail)
        scale = statistics.std[bands, None, None]
        prior[place] = part / scale
        residual[place] = (hsi[bands] - operators.down(part)) / scale
    progress.check()
    tensor = context.tensor
    return UnlabelledArea(tensor(planes), tensor(prior), tensor(residual), tensor(weight), operators)


def planes_and_detail(
    operators: Operators, statistics: Statistics, hsi: np.ndarray, pan: np.ndarray, pan_low: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The input of a network for an area, and the details of the PAN's bands.

    Args:
        operators: between the grids of the area.
        statistics: of the scenes.
        hsi: (bands, rows, columns) float32 on the low grid, invalid pixels filled.
        pan: (M, rows, columns) float32 on the high grid.
        pan_low: (M, rows, columns) float32 on the low grid.

    Returns:
        (components + 2 M, rows, columns) and (M, rows, columns) float32 on the high grid.
    """
    matrix, shift = statistics.encoder
    components = np.tensordot(matrix, hsi, 1) - shift
    whole = (0, operators.high[0]), (0, operators.high[1])
    planes = network_planes(operators, statistics, components, pan, pan_low, whole)
    return planes, pan - operators.up(pan_low)


def turn(image: Tensor, way: int) -> Tensor:
    """One of the eight flips and rotations of an image, for augmentation.

    Args:
        image: (..., rows, columns), any dtype.
        way: 0 to 7; 0 is the image itself.

    Returns:
        Same dtype, (..., rows, columns) or, turned by a quarter, (..., columns, rows).
    """
    if way >= 4:
        image = image.flip(-1)
    return torch.rot90(image, way % 4, (-2, -1))


def turn_back(image: Tensor, way: int) -> Tensor:
    """The inverse of :func:`turn`.

    Args:
        image: (..., rows, columns), any dtype.
        way: the same as there.

    Returns:
        Same dtype, (..., rows, columns) as they were before.
    """
    image = torch.rot90(image, -(way % 4), (-2, -1))
    return image.flip(-1) if way >= 4 else image
