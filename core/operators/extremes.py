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
    for step in (np.s_[..., 1:, :], np.s_[..., :-1, :]), (np.s_[..., 1:], np.s_[..., :-1]):
        made = values.copy()
        for here, beside in (step, step[::-1]):
            function(made[here], values[beside], out=made[here])
        values = made
    return values
