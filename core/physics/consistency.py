"""The spectral consistency projection: degrading the fused image gives back the HSI.

``Y <- Y + U (X - D Y)``, a fixed number of times, with ``U`` up-sampling and ``D`` degradation. Both are linear, so
with ``R_0 = X - D Y_0`` on the low-resolution grid ``R_{i+1} = R_i - D U R_i`` needs no high-resolution work, and
``Y = Y_0 + U (R_0 + ... + R_{n-1})`` (own formulation of iterative back-projection, Irani and Peleg, 1991).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .resample import Separable

if TYPE_CHECKING:
    from .resample import Array

DEFAULT_ITERATIONS = 5


def residual_rows(round_trip: Separable, iterations: int, start: int, stop: int) -> list[tuple[int, int]]:
    """The rows of R_0, R_1, ... R_{n-1} that rows ``start`` to ``stop`` of the correction depend on, widest first."""
    windows = [(start, stop)]
    for _ in range(iterations - 1):
        low, high = round_trip.y.support(*windows[-1])
        windows.append((min(low, windows[-1][0]), max(high, windows[-1][1])))
    return windows[::-1]


def correction(
    residual: Array,
    round_trip: Separable,
    iterations: int,
    weight: Array | None = None,
    rows: tuple[int, int] | None = None,
    offset: int = 0,
) -> Array:
    """What has to be added to the HSI before up-sampling: ``E = R_0 + ... + R_{n-1}``.

    Args:
        residual: (bands, rows, columns), ``X - D Y_0`` on the low-resolution grid, rows from ``offset`` on.
        round_trip: ``D U`` on the low-resolution grid.
        iterations: n; 0 gives zeros.
        weight: (rows, columns) like ``residual``, 1 where it is known, 0 where not (no data, outside the PAN).
        rows: the rows to compute, all by default.
    """
    start, stop = rows or (0, round_trip.y.outputs)
    if iterations == 0:
        return residual[..., start - offset : stop - offset, :] * 0
    windows = residual_rows(round_trip, iterations, start, stop)
    low, high = windows[0]

    def cut(image: Array, begin: int, end: int, image_start: int) -> Array:
        return image[..., begin - image_start : end - image_start, :]

    current = cut(residual, low, high, offset)
    if weight is not None:
        current = current * cut(weight, low, high, offset)
    total = cut(current, start, stop, low)
    for begin, end in windows[1:]:
        current = cut(current, begin, end, low) - round_trip.rows(current, begin, end, low)
        if weight is not None:
            current = current * cut(weight, begin, end, offset)
        low = begin
        total = total + cut(current, start, stop, low)
    return total
