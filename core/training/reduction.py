"""How a piece of a scene is degraded to an area with a truth, the HSI.

At *reduced* resolution (Wald's protocol) HSI and PAN are degraded by the whole ratio ``r``. What is learned there lies
``r`` times above the details that are wanted, and a small scene holds few pixels of it. At *intermediate* resolution
both are degraded by ``r / m`` only. The networks' result then has pixels of an m-th of the HSI's, and is known by what
it gives when it is degraded by ``m``: the HSI. That is nearer to the details that are wanted, and there are ``m`` times
as many pixels along each axis.

Seen from a scene, an image at a resolution has that resolution's blur: the Gaussian ``g ** f ** 2``, with ``g`` the MTF
gain and ``f`` in Nyquist frequencies of its own pixels. From one resolution to the next the blur that is missing is
applied, so that learning meets everywhere what the sensors do.

Source: the protocol is Wald et al., Photogrammetric Engineering and Remote Sensing 63(6), 1997. Note: intermediate
resolutions are our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np
from torch import Tensor

from ..io.ratio import Ratio, pixels_inside, ratio_per_axis
from ..operators.consistency import correction
from ..operators.footprints import all_valid
from ..operators.linear import Separable
from ..operators.pair import Operators
from ..operators.resample import Gains, per_axis
from ..scene.streams import injected
from .areas import AreaContext, LabelledArea, planes_and_detail, shared_operators
from .projection import Projection


@dataclass(frozen=True)
class Reduction:
    """The grids of an area with a truth, and what leads from one to the other.

    Attributes:
        coarser: between the HSI's grid, which is the high one here, and that of the degraded HSI.
        operators: between the grid of the networks' result and that of the degraded HSI.
        back: from the grid of the result to the HSI's; None where they are the same.
        pan: from the grid of a piece of the PAN to that of the result; None where they are the same.
    """

    coarser: Operators
    operators: Operators
    back: Optional[Separable] = None
    pan: Optional[Separable] = None


@dataclass(frozen=True)
class DegradedProjection:
    """The projected residual of networks, degraded.

    Attributes:
        project: the projection.
        degrade: from its grid to a coarser one.
    """

    project: Projection
    degrade: Separable

    def __call__(self, residual: Tensor) -> Tensor:
        """What the residual is on the coarser grid.

        Args:
            residual: (components, rows, columns) float32 or float64.

        Returns:
            (components, rows, columns) of the coarser grid, same dtype.
        """
        return self.degrade(self.project(residual))


def whole_reduction(coarse: tuple[int, int], ratio: Ratio, mtf_gain: Gains) -> Reduction:
    """Of Wald's protocol: the result has the HSI's grid.

    Args:
        coarse: (rows, columns) of the degraded HSI.
        ratio: PAN pixels per HSI pixel, of both axes or of each.
        mtf_gain: of the HSI at its Nyquist frequency.

    Returns:
        The grids, without phase.
    """
    operators = shared_operators(coarse, low_shape_of(coarse, ratio), ratio, (0.0, 0.0), mtf_gain)
    return Reduction(operators, operators)


def intermediate_reduction(
    coarse: tuple[int, int],
    ratio: Ratio,
    mtf_gain: Gains,
    factor: float,
    pan_shape: tuple[int, int],
    phase: tuple[float, float],
) -> Reduction:
    """Of an intermediate resolution.

    Args:
        coarse: (rows, columns) of the degraded HSI.
        ratio: PAN pixels per HSI pixel, of both axes or of each.
        mtf_gain: of the HSI at its Nyquist frequency.
        factor: m, pixels of the result per HSI pixel, more than 1 and less than the ratio.
        pan_shape: (rows, columns) of the piece of the PAN.
        phase: (y, x) of the piece of the PAN in the HSI's pixels, PAN pixels.

    Returns:
        The grids, without phase but for the PAN's.
    """
    ratios, gains = ratio_per_axis(ratio), per_axis(mtf_gain)
    step = ratios[0] / factor, ratios[1] / factor
    low = low_shape_of(coarse, step)
    high = pixels_inside(low[0], factor), pixels_inside(low[1], factor)

    def gain(power: list[float]) -> tuple[float, float]:
        return gains[0] ** power[0], gains[1] ** power[1]

    # Squares of blurs, in those of what the finer image of each pair has: of the HSI's pixel 1, of the PAN's 1 / r^2.
    of_pan = gain([1 - 1 / one**2 for one in step])
    of_hsi = gain([(1 - 1 / one**2) * (1 + 1 / whole**2) for one, whole in zip(step, ratios)])
    of_result = gain([1 + 1 / whole**2 - 1 / factor**2 for whole in ratios])
    return Reduction(
        shared_operators(coarse, low, step, (0.0, 0.0), of_hsi),
        shared_operators(coarse, high, ratio, (0.0, 0.0), mtf_gain),
        shared_operators(low, high, factor, (0.0, 0.0), of_result).down,
        shared_operators(high, pan_shape, step, phase, of_pan).down,
    )


def low_shape_of(coarse: tuple[int, int], ratio: Ratio) -> tuple[int, int]:
    """The HSI's pixels that lie inside of those of a degraded HSI.

    Args:
        coarse: (rows, columns) of it.
        ratio: HSI pixels per pixel of it, of both axes or of each.

    Returns:
        (rows, columns).
    """
    rows, cols = (pixels_inside(count, one) for count, one in zip(coarse, ratio_per_axis(ratio)))
    return rows, cols


def labelled_area(
    context: AreaContext,
    reduction: Reduction,
    hsi: np.ndarray,
    pan: np.ndarray,
    valid: np.ndarray,
    held_out: np.ndarray,
    iterations: int,
) -> LabelledArea:
    """Degrade a piece of the HSI and its PAN once more.

    Args:
        context: what all areas have in common.
        reduction: the grids.
        hsi: (bands, rows, columns) float32, invalid pixels filled; those that lie inside the degraded pixels.
        pan: (M, rows, columns) float32, the PAN on the same pixels, or, at intermediate resolution, as it is.
        valid: (rows, columns) bool, of the HSI.
        held_out: (rows, columns) bool, the pixels that are only scored on, or, at intermediate resolution, not learned.
        iterations: of the consistency projection.

    Returns:
        The area.
    """
    statistics, good = context.statistics, context.good
    coarser, operators, back = reduction.coarser, reduction.operators, reduction.back
    if reduction.pan is not None:
        pan = reduction.pan(pan)
    lowered, pan_lowered = coarser.down(hsi), operators.down(pan)
    weight = all_valid(valid, coarser.low, coarser.ratio).astype(np.float32)
    planes, detail = planes_and_detail(operators, statistics, lowered, pan, pan_lowered)
    prior = operators.up(lowered) + injected(statistics.gains, detail)
    residual = lowered - operators.down(prior)
    prior = prior + operators.up(correction(residual, operators.round_trip, iterations, weight))
    project = Projection(operators, iterations, context.tensor(weight))
    scored = valid & held_out
    if back is not None:
        prior = back(prior)
        inner = np.zeros_like(valid)
        inner[1:-1, 1:-1] = True  # beyond the edge there is nothing to be degraded
        valid, scored = valid & inner, np.zeros_like(valid)
    scale = statistics.std[good, None, None]
    return LabelledArea(
        context.tensor(planes),
        context.tensor((hsi[good] - prior[good]) / scale),
        context.tensor(hsi[good] / scale),
        context.tensor(valid & ~held_out),
        context.tensor(scored),
        project if back is None else DegradedProjection(project, back),
    )
