"""Smooth fields from what each place says of them: cubic B-splines with a penalty on how much they bend (P-splines,
Eilers and Marx, 1996), in two directions at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Callable

import numpy as np

_KNOTS = 3.0  # samples from one knot to the next, about
_REACH = 25.0  # samples over which a field falls to 0 where nothing tells it
_STEPS, _RESOLVED = 200, 1e-7  # of the conjugate gradients; share of the first residual's square


@dataclass(frozen=True)
class SmoothFields:
    """Fields of two components on samples.

    Attributes:
        shape: (rows, columns) of the samples.
        spacing: HSI pixels from one sample to the next.
    """

    shape: tuple[int, int]
    spacing: float = 1.0

    @cached_property
    def _bases(self) -> list[tuple[np.ndarray, float, np.ndarray, np.ndarray]]:
        """Along each axis: the splines at the samples, HSI pixels from one to the next, and the products of their first
        and second differences, by HSI pixels."""
        found = []
        for count in self.shape:
            pieces = max(1, round(count / _KNOTS))
            step = count / pieces
            distance = np.abs((np.arange(count)[:, None] + 0.5) / step - (np.arange(pieces + 3) - 1))
            near, far = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance) ** 3 / 6
            basis = np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
            wide, one = step * self.spacing, np.eye(pieces + 3)
            first, second = (np.diff(one, order, axis=0) / wide**order for order in (1, 2))
            found.append((basis, wide, first.T @ first, second.T @ second))
        return found

    def solve(self, weights: np.ndarray, sides: np.ndarray, bend: float) -> np.ndarray:
        """The fields d that make ``d' A d - 2 b' d``, summed over samples, and their bending least.

        Args:
            weights: (3, rows, columns) float64, A of each sample: of y with y, of x with x, of y with x.
            sides: (2, rows, columns) float64, b.
            bend: how much a field may bend, the standard deviation of its second derivative, HSI pixels per HSI pixel
                squared; over places where nothing is known it falls to 0.

        Returns:
            (2, rows, columns) float64.
        """
        (rows, high, rows_1, rows_2), (cols, wide, cols_1, cols_2) = self._bases
        stiff = high * wide / bend**2
        rest = stiff / _REACH**4

        def product(fields: np.ndarray) -> np.ndarray:
            y, x = rows @ fields @ cols.T
            told = np.stack([weights[0] * y + weights[2] * x, weights[2] * y + weights[1] * x])
            bent = rows_2 @ fields + fields @ cols_2 + 2 * rows_1 @ fields @ cols_1
            result: np.ndarray = rows.T @ told @ cols + stiff * bent + rest * fields
            return result

        diagonal = (rows.T**2) @ weights[:2] @ (cols**2) + rest
        diagonal += stiff * (
            np.diag(rows_2)[:, None] + np.diag(cols_2) + 2 * np.outer(np.diag(rows_1), np.diag(cols_1))
        )
        found = _conjugate_gradients(product, rows.T @ sides @ cols, diagonal)
        fields: np.ndarray = rows @ found @ cols.T
        return fields


def _conjugate_gradients(
    product: Callable[[np.ndarray], np.ndarray], side: np.ndarray, diagonal: np.ndarray
) -> np.ndarray:
    found, residual = np.zeros_like(side), side.copy()
    scaled = residual / diagonal
    direction, size = scaled, float((residual * scaled).sum())
    first = size
    for _ in range(_STEPS):
        if size <= _RESOLVED * first or size <= 0:
            break
        image = product(direction)
        step = size / float((direction * image).sum())
        found = found + step * direction
        residual = residual - step * image
        scaled = residual / diagonal
        before, size = size, float((residual * scaled).sum())
        direction = scaled + size / before * direction
    return found
