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
        pan: (1, rows, columns) float32, the PAN on exactly that part.
        pan_low: (1, rows, columns) float32, D P on the same pixels as ``components``.
        part: (rows, columns) on the high grid.
        low_origin: row and column of the low grid at which ``components`` begin.

    Returns:
        (K + 2, rows, columns) float32.
    """
    lifted = operators.up.part(np.concatenate([components, pan_low]), *part, low_origin)
    detail = (pan - lifted[-1:]) / np.float32(statistics.detail_std)
    level = (pan - np.float32(statistics.pan_mean)) / np.float32(statistics.pan_std)
    return np.concatenate([lifted[:-1], level, detail])
