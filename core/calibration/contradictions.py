"""Pixels where the PAN contradicts the HSI: clouds in one of the images, what has moved, hot pixels (own).

The degraded PAN is compared with the sum of bands that explains it on ground that both show alike. A pixel contradicts
where the two differ by far more than usual, by much of the PAN's own contrast, and by about as much as either varies
around it: what blur or a small shift leaves lies where both vary, and is no contradiction. Where the PAN itself has a
number far beyond what the bands explain (a hot pixel, a glint), it contradicts whatever varies around it. Of a sharper
image of several bands each is compared, and their sum: a thin cloud is as bright as the ground in some, not in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..io.band_selection import SelectedBands
from ..io.row_stream import row_strips
from ..operators.extremes import extreme
from ..operators.fill import fill_invalid
from ..operators.pair import DEFAULT_MTF_GAIN
from ..operators.resample import degrader
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .explain import Explained, explain
from .guide import comparable
from .relation import UNRELATED, relation_at
from .tiles import compared_bands, pan_limits, read_tiles

_SIGMAS, _AROUND = 8.0, 5.0  # robust standard deviations of what is not explained: of a pixel, and of those beside it
_CONTRAST = 1.2  # of the PAN's robust standard deviation
_CONTRAST_AROUND = 0.5  # the same of those beside it
_VARIES = 0.9  # of how much the images vary around the pixel
_PEAK, _PEAK_CONTRAST = 25.0, 2.0  # the same of a single PAN pixel, and then of the degraded one
_MOST = 0.5  # share of the pixels: where more contradict, it is the fit that does not hold
_LEAST_EXPLAINED = 0.5  # correlation below which the fit says nothing
_EXPLAINED_ALIKE = 4.0  # times what is least unexplained of a sharp band: where it is more, others tell better
_WHOLE = 0.99  # of the weights of a degraded sample lie on valid pixels
_SAMPLES = 8_000_000  # read at once


def contradictions(
    scene: Scene, shift: tuple[float, float] = (0.0, 0.0), progress: Progress | None = None
) -> np.ndarray:
    """Find the pixels where the PAN contradicts the HSI. Computed once for a view of a scene and a position.

    Args:
        scene: the HSI and the PAN.
        shift: (rows, columns) in PAN pixels, by which the PAN's position is moved to lie on the HSI.
        progress: asked whether to stop.

    Returns:
        (rows, columns) bool on the HSI's grid under the output, which nobody may change; none where the two are not
        alike at all.

    Raises:
        Cancelled: the user stopped the job.
    """
    told = progress or Progress()
    found: np.ndarray = scene.cached(("contradictions", shift), lambda: _in_any_band(scene, shift, told))
    return found


def _in_any_band(scene: Scene, shift: tuple[float, float], progress: Progress) -> np.ndarray:
    views = [comparable(scene, progress)]
    if scene.guides > 1:
        views += [scene.showing(pan=SelectedBands(scene.pan, [number])) for number in range(scene.guides)]
    whole = read_tiles(views[0], progress)
    fits = []
    for view in views:
        tiles = whole if view is views[0] else pan_limits(view, whole.tiles)
        fit = explain(tiles, shift, progress)
        usual = _usual(fit)
        explained = fit.correlation >= _LEAST_EXPLAINED and usual.contrast > 0
        if explained and relation_at(tiles, fit).detail >= UNRELATED:
            fits.append((view, fit.fit, usual))
    # What a fit leaves of a band that lies far from those it is made of is no contradiction.
    unexplained = [usual.spread / usual.contrast for _, _, usual in fits]
    fits = [one for one, left in zip(fits, unexplained) if left <= _EXPLAINED_ALIKE * min(unexplained)]
    totals = _summed(scene, [weights for _, weights, _ in fits], progress) if fits else ()
    found: list[np.ndarray] = []
    for (view, _, usual), total in zip(fits, totals):
        here, known = _of_band(view, total, usual, shift, progress)
        if here.sum() <= _MOST * max(1, int(known.sum())):
            found.append(here)
    together = np.logical_or.reduce([np.zeros(scene.low_shape, bool), *found])
    return together if together.sum() <= _MOST * scene.low_present.sum() else found[0]


def _of_band(
    scene: Scene, total: np.ndarray, usual: _Usual, shift: tuple[float, float], progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Where a PAN of one band contradicts the sum that explains it, and where it is known, (rows, columns) bool."""
    pan, known = _degraded(scene, shift, progress)
    known &= scene.low_present
    differs = np.where(known, np.abs(pan - total - usual.level), 0.0)
    sure = _sure(differs, pan, total, usual)
    peaks = differs > np.maximum(_SIGMAS * usual.spread, _PEAK_CONTRAST * usual.contrast)
    if peaks.any():
        sure |= peaks & (_peaks(scene, total, shift, progress) > _PEAK * usual.contrast)
    return _grown(sure, known & _allowed(differs, usual)), known


def contradicting(fit: Explained) -> list[np.ndarray] | None:
    """The same on the tiles of a scene, hot pixels aside.

    Args:
        fit: how the bands explain the PAN.

    Returns:
        Of each tile (rows, columns) bool; None where so much differs that the fit cannot tell what contradicts.
    """
    usual, found = _usual(fit), []
    if not usual.contrast > 0:
        return None
    for pan, total, valid in zip(fit.pan, fit.sums, fit.valid):
        differs = np.where(valid, np.abs(pan - total - usual.level), 0.0)
        found.append(_grown(_sure(differs, pan, total, usual), valid & _allowed(differs, usual)))
    count = sum(int(each.sum()) for each in found)
    return found if count <= _MOST * sum(int(valid.sum()) for valid in fit.valid) else None


class _Usual(NamedTuple):
    """Of ground that PAN and HSI show alike: the median of what is not explained and its robust standard deviation, and
    that of the PAN."""

    level: float
    spread: float
    contrast: float


def _usual(fit: Explained) -> _Usual:
    left = _joined([pan - total for pan, total in zip(fit.pan, fit.sums)], fit.same)
    level = float(np.median(left)) if left.size else 0.0
    return _Usual(level, _spread(left), _spread(_joined(fit.pan, fit.same)))


def _sure(differs: np.ndarray, pan: np.ndarray, total: np.ndarray, usual: _Usual) -> np.ndarray:
    """Where the two differ by more than is usual, than much of the contrast, and than they vary around."""
    varies = np.minimum(*(extreme(each, np.maximum) - extreme(each, np.minimum) for each in (total, pan)))
    least = max(_CONTRAST * usual.contrast, _SIGMAS * usual.spread)
    sure: np.ndarray = (differs > least) & (differs > _VARIES * varies)
    return sure


def _allowed(differs: np.ndarray, usual: _Usual) -> np.ndarray:
    """What counts beside a pixel that is sure."""
    return differs > max(_AROUND * usual.spread, _CONTRAST_AROUND * usual.contrast)


def _joined(planes: list[np.ndarray], chosen: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0), *(plane[here] for plane, here in zip(planes, chosen))])


def _spread(values: np.ndarray) -> float:
    """Robust standard deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values)))) if values.size else 0.0


def _degraded(scene: Scene, shift: tuple[float, float], progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """The moved PAN on the HSI's grid, as it is, and where all of it is known, (rows, columns)."""
    phase = scene.alignment.phase[0] + shift[0], scene.alignment.phase[1] + shift[1]
    down = degrader(scene.high_shape, scene.low_shape, scene.ratios, phase, DEFAULT_MTF_GAIN)
    (rows, cols), step = scene.low_shape, max(1, _SAMPLES // (scene.high_shape[1] * scene.footprint))
    result, known = np.empty((rows, cols)), np.ones((rows, cols), bool)
    for start, stop in row_strips(rows, step, progress):
        low, high = down.y.support(start, stop)
        block = scene.pan_rows(low, high)
        values, spans = block.values, ((start, stop), (0, cols))
        if not block.valid.all():
            level = float(values[0][block.valid].mean()) if block.valid.any() else 0.0
            values = fill_invalid(values, block.valid, 2 * scene.footprint, level)
            known[start:stop] = down.part(block.valid[None].astype(np.float32), *spans, (low, 0))[0] > _WHOLE
        result[start:stop] = down.part(values, *spans, (low, 0))[0]
    for axis, (count, size, moved) in enumerate(zip((rows, cols), scene.high_shape, phase)):
        centres = (np.arange(count) + 0.5) * scene.ratios[axis] - moved
        known &= np.expand_dims((centres >= 0) & (centres <= size), 1 - axis)
    return result, known


def _summed(scene: Scene, fits: Sequence[np.ndarray], progress: Progress) -> np.ndarray:
    """(fits, rows, columns) float64: the sums of bands that explain each PAN."""
    bands, (rows, cols) = compared_bands(scene), scene.low_shape
    weights, levels = np.stack(fits)[:, :-1].astype(np.float32), np.stack(fits)[:, -1, None, None]
    result = np.empty((len(fits), rows, cols))
    step = max(1, _SAMPLES // (scene.hsi.bands * cols))
    for start, stop in row_strips(rows, step, progress):
        if scene.missing[bands].any():  # a missing sample is estimated from all the others
            values = scene.hsi_rows(start, stop).values[bands]
        else:
            values = scene.hsi.read(scene.alignment.hsi.part((start, stop), (0, cols)), bands).values
        result[:, start:stop] = np.tensordot(weights, values, 1) + levels
    return result


def _peaks(scene: Scene, total: np.ndarray, shift: tuple[float, float], progress: Progress) -> np.ndarray:
    """(rows, columns): how far the farthest PAN pixel whose centre lies in an HSI pixel is from what explains that."""
    owners = []
    for axis in (0, 1):
        centres = np.arange(scene.high_shape[axis]) + 0.5 + scene.alignment.phase[axis] + shift[axis]
        owners.append(np.clip((centres // scene.ratios[axis]).astype(int), 0, scene.low_shape[axis] - 1))
    result = np.zeros(scene.low_shape)
    cols, col_starts = np.unique(owners[1], return_index=True)
    step = max(1, _SAMPLES // scene.high_shape[1])
    for start, stop in row_strips(scene.high_shape[0], step, progress):
        block, rows = scene.pan_rows(start, stop), owners[0][start:stop]
        far = np.where(block.valid, np.abs(block.values[0] - total[np.ix_(rows, owners[1])]), 0.0)
        far = np.maximum.reduceat(far, col_starts, axis=1)
        here, row_starts = np.unique(rows, return_index=True)
        place = np.ix_(here, cols)
        result[place] = np.maximum(result[place], np.maximum.reduceat(far, row_starts, axis=0))
    return result


def _grown(seeds: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The seeds, and those that are allowed within two pixels of one: a cloud has an edge, a hot pixel a blur."""
    near = seeds
    for _ in range(2):
        near = seeds | (extreme(near, np.maximum) & allowed)
    grown: np.ndarray = near
    return grown
