"""The ratio of two grids whose axes are parallel: PAN pixels per HSI pixel, a real number along each axis."""

from __future__ import annotations

import math
from typing import Union

Ratio = Union[float, tuple[float, float]]
"""High-resolution pixels per low-resolution pixel: one, or one along the rows' axis and one along the columns'."""

MIN_RATIO, MAX_RATIO = 1.5, 40.0
"""The ratios that a pair may have along each axis."""

STATED = 0.005  # share by which a ratio that a person states may be off
_NOISE = 1e-9  # of a count: rounding, which costs no pixel


def ratio_per_axis(ratio: Ratio) -> tuple[float, float]:
    """The ratio along each axis.

    Args:
        ratio: one, or one for each axis.

    Returns:
        Along the rows' axis, and along the columns'.
    """
    if isinstance(ratio, tuple):
        return ratio
    return ratio, ratio


def nominal(ratio: Ratio) -> float:
    """One number for both axes: the square root of the ratio of the pixels' areas.

    Args:
        ratio: one, or one for each axis.

    Returns:
        An int where both axes have the same whole ratio; else a float of six decimals.
    """
    y, x = ratio_per_axis(ratio)
    mean = y if y == x else math.sqrt(y * x)
    return int(mean) if mean == int(mean) else round(mean, 6)


def footprint(ratio: Ratio) -> int:
    """Whole high-resolution pixels along the longer edge of a low-resolution one, rounded up.

    Args:
        ratio: one, or one for each axis.

    Returns:
        1 or more.
    """
    return max(1, math.ceil(max(ratio_per_axis(ratio)) - _NOISE))


def ratio_text(ratio: Ratio) -> str:
    """The ratio as sentences name it.

    Args:
        ratio: one, or one for each axis.

    Returns:
        As "4", "3.6" or "6 in x and 5 in y".
    """
    y, x = (f"{one:.5g}" for one in ratio_per_axis(ratio))
    return y if y == x else f"{x} in x and {y} in y"


def same_ratio(first: Ratio, second: Ratio, tolerance: float) -> bool:
    """Whether two ratios differ, along each axis, by no more than a share of the smaller.

    Args:
        first: one, or one for each axis.
        second: the same.
        tolerance: the share.

    Returns:
        Whether they do.
    """
    pairs = zip(ratio_per_axis(first), ratio_per_axis(second))
    return all(max(pair) <= (1 + tolerance) * min(pair) for pair in pairs)


def whole_pixels(count: int, ratio: float) -> int:
    """How many low-resolution pixels lie wholly inside some high-resolution ones, from the same corner.

    Args:
        count: high-resolution pixels.
        ratio: along this axis.

    Returns:
        0 or more.
    """
    return math.floor(count / ratio + _NOISE)


def pixels_inside(count: int, ratio: float) -> int:
    """How many high-resolution pixels lie wholly inside some low-resolution ones, from the same corner.

    Args:
        count: low-resolution pixels.
        ratio: along this axis.

    Returns:
        0 or more.
    """
    return math.floor(count * ratio + _NOISE)


def pixels_under(count: int, ratio: float) -> int:
    """How many high-resolution pixels some low-resolution ones touch, from the same corner.

    Args:
        count: low-resolution pixels.
        ratio: along this axis.

    Returns:
        0 or more.
    """
    return math.ceil(count * ratio - _NOISE)
