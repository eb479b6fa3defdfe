"""A cheap look at a finished result, at places spread evenly over it: does it reproduce the HSI, and does it stay near
the HSI's values?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable

import numpy as np

from ..io.grid import Window
from ..io.reader import Block
from ..operators.extremes import extreme
from ..operators.linear import Span
from ..operators.resample import GAUSSIAN_CUT, Gains
from ..scene.noise import DenoisedReader
from ..scene.scene import Scene
from ..scene.streams import scene_operators

_REACH = GAUSSIAN_CUT + 1  # HSI pixels that a degraded pixel depends on, on each side
_PLACES, _SIZE, _BANDS = 3, 8, 48  # along each axis; HSI pixels along the edge of one; bands at most
_TOUCHED = 1e-3  # weight of clipped samples in a degraded one, from which they count
_OUTSIDE, _SPREAD = 1.5, 0.5  # of the local range and of a place's standard deviation: some samples may lie beyond
_DARK = 0.01  # of the usual level: errors of darker bands are related to it

Read = Callable[[Window, list], Block]


@dataclass(frozen=True)
class Look:
    """What was seen.

    Attributes:
        residual: relative RMSE of the degraded result against the HSI over all samples, a ratio; of integers, what is
            beyond 1 DN, which comes of rounding, and does not come of clipping at the ends of the type.
        band: number, counted from 1, of the band whose own is largest.
        band_residual: that band's.
        outside: share of the samples, at some places, that lie beyond 1.5 times the range of the 3 x 3 HSI pixels
            around them; samples that cannot be (:mod:`.local_range`) lie much farther.
        samples: how many were seen.
        denoised: whether the HSI is taken without noise of its detectors, which was removed before the fusion.
    """

    residual: float
    band: int
    band_residual: float
    outside: float
    samples: int
    denoised: bool


def look_at(scene: Scene, read: Read, gain: Gains, window: Window) -> Look | None:
    """Look at a result.

    Args:
        scene: what it was made of.
        read: gives (bands, rows, columns) DN of some bands of a window of the whole output, and what is valid.
        gain: the HSI's MTF gain.
        window: the part of the output that the result covers.

    Returns:
        What was seen; None where the result is too small, or nothing of it is valid.
    """
    good = np.flatnonzero(scene.good)
    bands = [int(good[i]) for i in np.unique(np.linspace(0, len(good) - 1, _BANDS).round().astype(int))]
    errors, squares = np.zeros(len(bands)), np.zeros(len(bands))
    outside = samples = 0
    dtype = np.dtype(scene.hsi.metadata.dtype)
    rounding = 1.0 if dtype.kind in "iu" else 0.0
    down = scene_operators(scene, gain).down
    for rows, cols in _places(scene, window):
        high = down.support(rows, cols)
        around = [(max(0, a - 1), min(count, b + 1)) for (a, b), count in zip((rows, cols), scene.low_shape)]
        block = read(Window(high[0][0], high[1][0], high[0][1] - high[0][0], high[1][1] - high[1][0]), bands)
        low = scene.hsi.read(scene.alignment.hsi.part(*around), bands)
        inner = tuple(slice(a - top, b - top) for (a, b), (top, _) in zip((rows, cols), around))
        known = block.valid.all(axis=0)
        seen = scene.low_covered[slice(*rows), slice(*cols)] & low.valid.all(axis=0)[inner]
        if not known.all():
            share = down.part(known[None].astype(np.float32), rows, cols, (high[0][0], high[1][0]))[0]
            seen = seen & (share > 0.999)
        if not seen.any():
            continue
        values = np.where(known, block.values, 0.0).astype(np.float32)
        degraded = down.part(values, rows, cols, (high[0][0], high[1][0]))[:, seen].astype(np.float64)
        truth = low.values[:, inner[0], inner[1]][:, seen].astype(np.float64)
        error = np.maximum(np.abs(degraded - truth) - rounding, 0.0) * np.sign(degraded - truth)
        for sign, clipped in _clipped(values, known, dtype):
            share = down.part(clipped.astype(np.float32), rows, cols, (high[0][0], high[1][0]))[:, seen]
            error[(share > _TOUCHED) & (sign * error > 0)] = 0.0
        errors += (error**2).sum(axis=1)
        squares += (truth**2).sum(axis=1)
        far, count = _far_outside(scene, block, low, (rows, cols), (high, tuple(around)), rounding)
        outside, samples = outside + far, samples + count
    if not samples or not squares.sum() > 0:
        return None
    relative = np.sqrt(errors / np.maximum(squares, _DARK**2 * squares.mean()))
    worst = int(np.argmax(relative))
    overall = math.sqrt(float(errors.sum() / squares.sum()))
    denoised = isinstance(scene.hsi, DenoisedReader)
    return Look(overall, bands[worst] + 1, float(relative[worst]), outside / samples, samples, denoised)


def _clipped(values: np.ndarray, known: np.ndarray, dtype: np.dtype) -> Iterator[tuple[int, np.ndarray]]:
    """Samples at the ends of an integer type, at one of which nodata may lie: what is clipped at the lowest number is
    too high (1), what is clipped at the highest too low (-1), and no method can do better."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        for sign, clipped in ((1, values <= limits.min + 1), (-1, values >= limits.max - 1)):
            if (clipped & known).any():
                yield sign, clipped & known


def _places(scene: Scene, window: Window) -> Iterator[tuple[Span, Span]]:
    """Spans of HSI rows and columns that lie wholly, with all that their degradation takes, in the window."""
    spans = []
    extents = (window.row, window.rows), (window.col, window.cols)
    axes = zip(extents, scene.high_shape, scene.ratios, scene.alignment.phase, scene.low_shape)
    for (first, size), whole, ratio, phase, count in axes:
        least = max(0, math.ceil((first + phase) / ratio) + (_REACH if first > 0 else 0))
        most = min(count, math.floor((first + size + phase) / ratio) - (_REACH if first + size < whole else 0))
        length = min(_SIZE, most - least)
        if length < 1:
            return
        starts = np.unique(np.linspace(least, most - length, _PLACES).round().astype(int))
        spans.append([(int(start), int(start) + length) for start in starts])
    yield from ((rows, cols) for rows in spans[0] for cols in spans[1])


def _far_outside(
    scene: Scene,
    block: Block,
    low: Block,
    place: tuple[Span, Span],
    held: tuple[tuple[Span, ...], tuple[Span, ...]],
    rounding: float,
) -> tuple[int, int]:
    """Samples of a place that lie beyond the HSI's local range, and all of its samples."""
    high, around = held
    least, most = (extreme(low.values, function) for function in (np.minimum, np.maximum))
    spread = low.values.std(axis=(1, 2))[:, None, None]
    margin = _OUTSIDE * (most - least) + _SPREAD * spread + rounding
    picks, owners = [], []
    for axis, ((start, stop), (first, end), (top, _)) in enumerate(zip(place, high, around)):
        owner = scene.low_owner(axis)[first:end]
        own = np.flatnonzero((owner >= start) & (owner < stop))
        picks.append(slice(int(own[0]), int(own[-1]) + 1) if own.size else slice(0, 0))
        owners.append(owner[picks[-1]] - top)
    values, valid = block.values[:, picks[0], picks[1]], block.valid[:, picks[0], picks[1]]
    grid = np.ix_(np.arange(len(values)), *owners)
    far = valid & ((values < (least - margin)[grid]) | (values > (most + margin)[grid]))
    return int(np.count_nonzero(far)), int(np.count_nonzero(valid))
