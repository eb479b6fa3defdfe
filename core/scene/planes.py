"""The planes that networks see: components of the HSI, the PAN and its detail, on the PAN grid, of unit size."""

from __future__ import annotations

import numpy as np

from ..operators.linear import Span
from ..operators.pair import Operators
from .statistics import Statistics


def network_planes(
    operators: Operators,
    statistics: Statistics,
    components: np.ndarray,
    pan: np.ndarray,
    pan_low: np.ndarray,
    part: tuple[Span, Span],
    low_origin: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """A part of what a network is given.

    Args:
        operators: between the two grids of the scene.
        statistics: the scene's, or those of the model.
        components: (K, rows, columns) float32, the HSI's components on the low grid, from ``low_origin`` on.
        pan: (M, rows, columns) float32, the PAN on exactly that part.
        pan_low: (M, rows, columns) float32, D P on the same pixels as ``components``.
        part: (rows, columns) on the high grid.
        low_origin: row and column of the low grid at which ``components`` begin.

    Returns:
        (K + 2 M, rows, columns) float32: components, the PAN's bands, and the details of these.
    """
    lifted = operators.up.part(np.concatenate([components, pan_low]), *part, low_origin)
    mean, std, detail_std = (
        of_bands[:, None, None] for of_bands in (statistics.pan_mean, statistics.pan_std, statistics.detail_std)
    )
    guides = len(pan)
    planes = np.empty((len(lifted) + guides, *lifted.shape[1:]), np.result_type(lifted, pan))
    planes[: -2 * guides] = lifted[:-guides]
    level, detail = planes[-2 * guides : -guides], planes[-guides:]
    np.subtract(pan, lifted[-guides:], out=detail)
    detail /= detail_std
    np.subtract(pan, mean, out=level)
    level /= std
    return planes
