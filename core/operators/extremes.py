"""The least and the greatest of a pixel and those around it."""

from __future__ import annotations

import numpy as np


def extreme(values: np.ndarray, function: np.ufunc) -> np.ndarray:
    """The least or greatest of 3 x 3 samples, edges repeated.

    Args:
        values: (..., rows, columns) of any dtype.
        function: ``np.minimum`` or ``np.maximum``.

    Returns:
        The same shape and dtype.
    """
    for axis in (-2, -1):
        lines = np.moveaxis(values, axis, 0)
        made = lines.copy()
        function(made[1:], lines[:-1], out=made[1:])
        function(made[:-1], lines[1:], out=made[:-1])
        values = np.moveaxis(made, 0, axis)
    return values
