"""The spectral consistency projection: degrading the fused image gives back the HSI.

``Y <- Y + U (X - D Y)``, a fixed number of times, with ``U`` up-sampling and ``D`` degradation. Both are linear, so
with ``R_0 = X - D Y_0`` on the low-resolution grid ``R_{i+1} = R_i - D U R_i`` needs no high-resolution work, and
``Y = Y_0 + U (R_0 + ... + R_{n-1})`` (own formulation of iterative back-projection, Irani and Peleg, 1991).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..runtime.errors import InputError

if TYPE_CHECKING:  # so that the command line's help can name the numbers without loading numpy
    from .linear import Array, Separable, Span

DEFAULT_ITERATIONS = 5
MOST_ITERATIONS = 50  # more of them amplify noise without end


def check_iterations(iterations: int) -> None:
    """Make sure that the number of iterations of the consistency projection is sensible.

    Args:
        iterations: the number.

    Raises:
        InputError: it is negative or larger than :data:`MOST_ITERATIONS`.
    """
    if not 0 <= iterations <= MOST_ITERATIONS:
        raise InputError(
            f"consistency is {iterations}, but it lies between 0 (off) and {MOST_ITERATIONS}: {DEFAULT_ITERATIONS} is "
            "the usual number."
        )


def residual_spans(round_trip: Separable, iterations: int, rows: Span, cols: Span) -> list[tuple[Span, Span]]:
    """The parts of R_0, R_1, ... R_{n-1} that a part of the correction depends on, widest first.

    Args:
        round_trip: ``D U`` on the low-resolution grid.
        iterations: n, 1 or more.
        rows: (start, stop) of the part.
        cols: (start, stop) of the part.

    Returns:
        n pairs of (start, stop) of rows and of columns.
    """
    parts = [(rows, cols)]
    for _ in range(iterations - 1):
        last = parts[-1]
        support = round_trip.support(*last)
        parts.append((_union(support[0], last[0]), _union(support[1], last[1])))
    return parts[::-1]


def effective_support(iterations: int) -> int:
    """Distance in HSI pixels beyond which a residual has no effect on a correction: it adds less than 2e-7 of itself
    (own; the sums of the weights' absolute values, at MTF gains of 0.15 to 0.5).

    Args:
        iterations: of the projection.

    Returns:
        HSI pixels.
    """
    return iterations + 4


def correction(
    residual: Array,
    round_trip: Separable,
    iterations: int,
    weight: Array | None = None,
    part: tuple[Span, Span] | None = None,
    origin: tuple[int, int] = (0, 0),
) -> Array:
    """What has to be added to the HSI before up-sampling: ``E = R_0 + ... + R_{n-1}``.

    Args:
        residual: (bands, rows, columns) float32 or float64, array or tensor: ``X - D Y_0`` on the low-resolution grid,
            from ``origin`` on, DN.
        round_trip: ``D U`` on the low-resolution grid.
        iterations: n; 0 gives zeros.
        weight: (rows, columns) on the same pixels as ``residual``, same dtype: 1 where it is known, 0 where not (no
            data, outside the PAN).
        part: (rows, columns) to compute, each (start, stop); all by default.
        origin: row and column of the low-resolution grid at which ``residual`` begins.

    Returns:
        (bands, rows, columns) of ``part``, same dtype and kind as ``residual``.
    """
    target = part or ((0, round_trip.shape[0]), (0, round_trip.shape[1]))
    if iterations == 0:
        return _cut(residual, target, origin) * 0
    widest, *others = residual_spans(round_trip, iterations, *target)
    corner = (widest[0][0], widest[1][0])
    current = _cut(residual, widest, origin)
    if weight is not None:
        current = current * _cut(weight, widest, origin)
    total = _cut(current, target, corner)
    for spans in others:
        current = _cut(current, spans, corner) - round_trip.part(current, *spans, corner)
        corner = (spans[0][0], spans[1][0])
        if weight is not None:
            current = current * _cut(weight, spans, origin)
        total = total + _cut(current, target, corner)
    return total


def _union(first: Span, second: Span) -> Span:
    return min(first[0], second[0]), max(first[1], second[1])


def _cut(image: Array, spans: tuple[Span, Span], corner: tuple[int, int]) -> Array:
    """The part of an image that starts at ``corner``."""
    (top, bottom), (left, right) = spans
    return image[..., top - corner[0] : bottom - corner[0], left - corner[1] : right - corner[1]]
