"""Values between the nodes of a mesh."""

from __future__ import annotations

import numpy as np


def between_nodes(
    nodes: np.ndarray, row: np.ndarray, col: np.ndarray, down: np.ndarray, across: np.ndarray
) -> np.ndarray:
    """Linear interpolation in both directions. A value has the same bits whichever others are asked for with it.

    Args:
        nodes: (m, n) float32 or float64.
        row, col: any shape (...) int, the node before each position; where it is the last one, the next is taken to be
            the same.
        down, across: (...) float64, how far the position is on the way to the next node, 0 to 1; beyond, the line goes
            on.

    Returns:
        (...) float64.
    """
    flat, (rows, cols) = nodes.ravel(), nodes.shape
    first, below, beside = row * cols + col, (row < rows - 1) * cols, (col < cols - 1) * 1
    upper = flat[first] * (1.0 - across) + flat[first + beside] * across
    lower = flat[first + below] * (1.0 - across) + flat[first + below + beside] * across
    found: np.ndarray = upper * (1.0 - down) + lower * down
    return found
