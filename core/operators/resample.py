"""Resampling between a low- and a high-resolution grid: cubic up-sampling and MTF-matched degradation.

Positions: ``phase`` is the distance from the corner of the low-resolution grid to the corner of the high-resolution
grid in high-resolution pixels, any real number; a sample stands at the centre of its pixel.
"""

from __future__ import annotations

import math
from typing import Union

import numpy as np

from ..io.ratio import Ratio, ratio_per_axis
from .linear import Line, Separable

Gains = Union[float, tuple[float, float]]
"""An MTF gain at the low-resolution Nyquist frequency: one, or one along the rows' axis and one along the columns'."""

CUBIC_A = -0.75  # of the cubic convolution that torch calls bicubic
GAUSSIAN_CUT = 4  # low-resolution pixels on each side


def cubic_line(low: int, high: int, ratio: float, phase: float = 0.0) -> Line:
    """Up-sampling of ``low`` samples to ``high`` samples by cubic convolution (Keys 1981, a = -0.75).

    Cubic convolution passes planes only for a = -0.5; with -0.75, which is sharper, it moves them by up to 0.05
    low-resolution pixels. The kernel's centroid is put exactly on the position by the smallest change of its weights
    (own), as for the Gaussian, so that planes pass unchanged at every phase.

    Args:
        low: input samples.
        high: output samples.
        ratio: output samples per input sample, any real number.
        phase: distance from the corner of the low grid to that of the high one, in high-resolution samples.

    Returns:
        The line.
    """
    position = (phase + np.arange(high) + 0.5) / ratio - 0.5  # of each output, in input samples
    base = np.floor(position)
    offset = base[:, None] + np.arange(-1, 3) - position[:, None]
    distance = np.abs(offset)
    near = ((CUBIC_A + 2) * distance - (CUBIC_A + 3)) * distance**2 + 1
    far = CUBIC_A * (((distance - 5) * distance + 8) * distance - 4)
    weights = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    weights /= weights.sum(axis=1, keepdims=True)
    centroid = (weights * offset).sum(axis=1, keepdims=True)
    arm = offset - offset.mean(axis=1, keepdims=True)
    weights -= centroid * arm / (arm**2).sum(axis=1, keepdims=True)
    return Line.gather(low, base[:, None].astype(int) + np.arange(-1, 3), weights)


def per_axis(mtf_gain: Gains) -> tuple[float, float]:
    """An MTF gain along each axis.

    Args:
        mtf_gain: one, or one for each axis.

    Returns:
        Along the rows' axis, and along the columns'.
    """
    if isinstance(mtf_gain, (int, float)):
        return mtf_gain, mtf_gain
    along, across = mtf_gain
    return along, across


def gaussian_sigma(mtf_gain: float, ratio: float) -> float:
    """Standard deviation of the Gaussian whose frequency response at the low-resolution Nyquist frequency, 1 / (2
    ratio) cycles per pixel, is ``mtf_gain`` (Aiazzi et al., 2006).

    Args:
        mtf_gain: MTF gain, between 0 and 1.
        ratio: high-resolution pixels per low-resolution pixel.

    Returns:
        High-resolution pixels.

    Raises:
        ValueError: the gain does not lie between 0 and 1.
    """
    if not 0.0 < mtf_gain < 1.0:
        raise ValueError(f"an MTF gain lies between 0 and 1, not at {mtf_gain}")
    return ratio * math.sqrt(-2.0 * math.log(mtf_gain)) / math.pi


def gaussian_line(high: int, low: int, ratio: float, phase: float = 0.0, mtf_gain: float = 0.3) -> Line:
    """MTF-matched low-pass and decimation of ``high`` samples to ``low`` samples: a Gaussian cut at 4 low-resolution
    pixels, normalised, sampled at the low-resolution centres. The kernel's centroid is put exactly on the centre, so
    that planes pass unchanged at every phase (own).

    Args:
        high: input samples.
        low: output samples.
        ratio: input samples per output sample, any real number.
        phase: distance from the corner of the low grid to that of the high one, in high-resolution samples.
        mtf_gain: frequency response at the low-resolution Nyquist frequency.

    Returns:
        The line.

    Raises:
        ValueError: the gain does not lie between 0 and 1.
    """
    sigma = gaussian_sigma(mtf_gain, ratio)
    position = (np.arange(low) + 0.5) * ratio - phase - 0.5  # of each output, in input samples
    reach = GAUSSIAN_CUT * ratio
    index = np.floor(position).astype(int)[:, None] + np.arange(-math.ceil(reach), math.ceil(reach) + 2)
    distance = index - position[:, None]
    weights = np.where(np.abs(distance) <= reach, np.exp(-0.5 * (distance / sigma) ** 2), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    centroid = (weights * distance).sum(axis=1, keepdims=True)
    spread = (weights * distance**2).sum(axis=1, keepdims=True)
    weights *= 1.0 - centroid * (distance - centroid) / np.maximum(spread - centroid**2, 1e-12)
    return Line.gather(high, index, weights)


def upsampler(
    low: tuple[int, int], high: tuple[int, int], ratio: Ratio, phase: tuple[float, float] = (0.0, 0.0)
) -> Separable:
    """Cubic up-sampling.

    Args:
        low: (rows, columns) of the input.
        high: (rows, columns) of the output.
        ratio: output pixels per input pixel, of both axes or of each.
        phase: (y, x) distance from the low grid's corner to the high grid's, in high-resolution pixels.

    Returns:
        U.
    """
    rows, cols = (cubic_line(*axis) for axis in zip(low, high, ratio_per_axis(ratio), phase))
    return Separable(rows, cols)


def degrader(
    high: tuple[int, int],
    low: tuple[int, int],
    ratio: Ratio,
    phase: tuple[float, float] = (0.0, 0.0),
    mtf_gain: Gains = 0.3,
) -> Separable:
    """MTF-matched degradation.

    Args:
        high: (rows, columns) of the input.
        low: (rows, columns) of the output.
        ratio: input pixels per output pixel, of both axes or of each.
        phase: (y, x) distance from the low grid's corner to the high grid's, in high-resolution pixels.
        mtf_gain: MTF gain at the low-resolution Nyquist frequency, between 0 and 1, of both axes or of each.

    Returns:
        D.
    """
    axes = zip(high, low, ratio_per_axis(ratio), phase, per_axis(mtf_gain))
    rows, cols = (gaussian_line(*axis) for axis in axes)
    return Separable(rows, cols)
