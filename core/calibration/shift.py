"""How far the PAN is shifted against the HSI: phase correlation at the HSI's resolution, in steps (own).

The PAN, degraded to the HSI's grid by the exact operator ``D``, is compared with the sum of bands in its range that
explains it best. A wide search over blocks, each with one vote, for where gradients have the same directions gives a
place to start from besides 0. From both, the peak of the phase correlation is found, the PAN's *position* is moved by
it, the PAN is degraded anew, and what remains is measured again: so what aliasing and the sampling of either image add
does not stay in the result, and the shift found is the one that the exact sub-pixel phase of ``D`` corrects. Areas that
only one image shows (clouds) are left out, and a shift counts only where most blocks fit better with it than without.
Last, position and blur are fitted together (:mod:`.position`), as a wrong blur moves the peak: where that is precise,
it is the result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..runtime.progress import Progress
from ..scene.scene import Scene
from .contradictions import contradictions
from .explain import Explained, explain
from .guide import comparable
from .phase import coarse_peaks, cross_spectrum, fine_peak, orientation_spectrum, window
from .position import Position, fitted_position
from .relation import DOUBTFUL, keep_relation, relation_at
from .tiles import Tiles, read_tiles

MAX_SHIFT, _TOLERANCE = 10.0, 0.25  # HSI pixels: shifts beyond are no measurement; what one of just that may seem
LEAST_CORRELATION = 0.5  # of the two images where they fit: below, there is no result
_SEARCHED = 16.0  # HSI pixels: how far the wide search goes, so that a shift beyond the limit can be told
_BLOCK = 64  # HSI pixels along the edge of a block of the wide search
_PEAKS = 4  # places of the wide search that are tried
_CONVERGED, _REACH = 0.03, 2.0  # PAN pixels: a residual shift below is none; HSI pixels
_STEPS, _MOST_STEPS, _SMALL = 8, 32, 0.02  # steps; at most, as long as they are larger than this (HSI pixels)
_SETTLED = 0.1  # HSI pixels: a search whose last step is larger has not come to an end
_FINEST, _PRECISION = 0.02, 0.05  # PAN pixels: what is finer cannot be told, where the fit is precise and where not
_SURE = 3.0  # half widths of its interval by which a fitted position differs from another
_FARTHER = 0.7  # errors of blocks where the wide search leads, over those near 0: else the nearer shift counts
_ROUGH = 0.3  # PAN pixels: a shift of less that is known no better is not corrected
_CLEAR = 0.9  # of the ground takes part: with less, what is left of a cloud moves the position of one band a little
# PAN pixels: what is less is not moved, of a PAN and of several sharp bands, whose details are worth more.
_LEAST, _LEAST_OF_SEVERAL = 0.1, 0.05
_BETTER, _SHARE = 0.98, 0.6  # errors of blocks, moved over unmoved: their median; share of blocks that is better


@dataclass(frozen=True)
class Shift:
    """By how much the PAN must be moved to lie on the HSI.

    Attributes:
        y, x: PAN pixels, towards higher rows and columns.
        correlation: of the degraded PAN, moved, with the sum of the HSI's bands that explains it best.
        unmoved: the same where the PAN stays.
        beyond: whether it is larger than can be measured; then it is rough.
        detail: correlation of the details of PAN and HSI, moved, see :class:`.relation.Relation`.
    """

    y: float
    x: float
    correlation: float
    unmoved: float
    beyond: bool
    detail: float

    @property
    def explains(self) -> bool:
        """Whether the PAN shows what the HSI shows when it is moved."""
        return self.size > 0 and self.detail >= DOUBTFUL

    @property
    def size(self) -> float:
        """Its length in PAN pixels."""
        return math.hypot(self.y, self.x)


def measure_shift(scene: Scene, progress: Progress | None = None) -> Shift | None:
    """Measure the shift of a scene's PAN.

    It depends on the two rasters alone, not on any choice, so that it can be measured again.

    Args:
        scene: the HSI and the PAN.
        progress: asked for cancellation.

    Returns:
        The shift, 0 where the images fit no better when moved; None where it cannot be measured: the images are not
        alike, moved or not, or have no contrast.
    """
    progress = progress or Progress()
    whole = scene
    if scene.guides > 1:  # a cloud, which is seen as it lies, must not decide which band is compared
        whole = scene.without(contradictions(scene, progress=progress))
        scene = comparable(whole, progress)
    tiles = read_tiles(scene, progress)
    unmoved = explain(tiles, (0.0, 0.0), progress)
    keep_relation(tiles, unmoved)
    starts = [(np.zeros(2), unmoved)]
    wide = _wide_search(tiles, unmoved, progress)
    if wide[0].any():
        starts.append(wide)
    best, moved, least = np.zeros(2), unmoved, math.inf
    for start in starts:
        shift, fit, settled = _refined(tiles, start, progress)
        error = _typical(fit)
        if settled and fit.correlation >= LEAST_CORRELATION and error < _FARTHER * least:
            best, moved, least = shift, fit, error
    if moved.correlation < LEAST_CORRELATION:
        return None
    beyond = bool((np.abs(best) / scene.ratios).max() > MAX_SHIFT + _TOLERANCE)
    fine = None if beyond else fitted_position(whole, tiles, (best, moved), progress)
    precision = _PRECISION
    if fine is not None:
        precision = min(max(_FINEST, _SURE * fine.width), _PRECISION)
        best, moved = (fine.place, fine.fit) if np.hypot(*fine.place) >= _least(fine, whole) else (np.zeros(2), unmoved)
    elif np.hypot(*best) < _ROUGH or not _clearly_better(unmoved, moved):
        best, moved, beyond = np.zeros(2), unmoved, False
    if moved.correlation < LEAST_CORRELATION:
        return None
    best = _snapped(best, scene, precision)
    detail = relation_at(tiles, moved).detail
    return Shift(float(best[0]), float(best[1]), moved.correlation, unmoved.correlation, beyond, detail)


def _least(found: Position, scene: Scene) -> float:
    """PAN pixels: a shift that is less is none."""
    if scene.guides > 1:
        return max(_LEAST_OF_SEVERAL, _SURE * found.width)
    return max(_LEAST, 2 * found.width, _ROUGH if found.share < _CLEAR else 0.0)


def _snapped(shift: np.ndarray, scene: Scene, precision: float) -> np.ndarray:
    """The shift; where it brings the PAN's grid onto the HSI's within the precision, exactly onto it, so that the
    output begins where the HSI does."""
    phase = np.array(scene.alignment.phase)
    whole = np.round(phase + shift) - phase
    return np.where(np.abs(whole - shift) < precision, whole, shift)


def _wide_search(tiles: Tiles, unmoved: Explained, progress: Progress) -> tuple[np.ndarray, Explained]:
    """The place, (y, x) in PAN pixels, near which the images fit best of those where most blocks correlate, and how
    they fit there; 0 where that is about where the PAN lies.

    The mean of the bands stands for the PAN: a fit at the wrong place has weights without meaning.
    """
    spectra, least = [], math.inf
    for tile, pan, valid in zip(tiles.tiles, unmoved.pan, unmoved.valid):
        scale = np.maximum(tile.values.std(axis=(1, 2), dtype=np.float64), 1e-30)
        image = (tile.values / scale[:, None, None]).mean(axis=0, dtype=np.float64)
        for rows, cols in _halves(valid.shape):
            progress.check()
            cross = orientation_spectrum(image[rows, cols], pan[rows, cols], valid[rows, cols])
            if cross is not None:
                spectra.append(cross)
                least = min(least, *cross.shape)
    best, error = (np.zeros(2), unmoved), math.inf
    for peak in coarse_peaks(spectra, min(_SEARCHED, math.floor(least / 3)), _PEAKS) if spectra else ():
        place = peak * np.array(tiles.scene.ratios)
        found = (np.zeros(2), unmoved)
        if np.abs(peak).max() > 0.5:
            found = place, explain(tiles, (float(place[0]), float(place[1])), progress)
        if _typical(found[1]) < error:
            best, error = found, _typical(found[1])
    return best


def _halves(shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """Blocks of a tile that overlap by half."""
    spans = []
    for count in shape:
        length = min(_BLOCK, count)
        number = 2 * (count // length) - 1
        starts = np.linspace(0, count - length, max(1, number)).astype(int)
        spans.append([slice(int(start), int(start) + length) for start in starts])
    return [(rows, cols) for rows in spans[0] for cols in spans[1]]


def _refined(
    tiles: Tiles, start: tuple[np.ndarray, Explained], progress: Progress
) -> tuple[np.ndarray, Explained, bool]:
    """The shift, (y, x) in PAN pixels, to which the steps from a start lead, how the images fit there, and whether the
    steps came to an end there."""
    (shift, fit), ratio, size = start, np.array(tiles.scene.ratios), math.inf
    for step in range(1, _MOST_STEPS + 1):
        spectra = [
            cross
            for total, pan, same in zip(fit.sums, fit.pan, fit.same)
            if (cross := cross_spectrum(total, pan, window(same))) is not None
        ]
        if not spectra:
            return shift, fit, False
        found = fine_peak(spectra, _REACH)
        shift = np.clip(shift + found * ratio, -_SEARCHED * ratio, _SEARCHED * ratio)
        fit = explain(tiles, (float(shift[0]), float(shift[1])), progress)
        size = float(np.hypot(*found))
        if np.hypot(*(found * ratio)) < _CONVERGED or (step >= _STEPS and size <= _SMALL):
            break
    return shift, fit, size <= _SETTLED


def _typical(fit: Explained) -> float:
    """The unexplained share of a block in the middle of the better ones: up to half may have changed."""
    errors = fit.block_errors()
    known = errors[np.isfinite(errors)]
    return float(np.quantile(known, 0.3)) if known.size else math.inf


def _clearly_better(unmoved: Explained, moved: Explained) -> bool:
    """Whether most blocks fit better when the PAN is moved; those that are alike at neither place have no vote."""
    shown = [one | other for one, other in zip(unmoved.same, moved.same)]  # not by a cloud, wherever the PAN lies
    before, after = unmoved.block_errors(shown), moved.block_errors(shown)
    known = np.isfinite(before) & np.isfinite(after) & (unmoved.same_blocks() | moved.same_blocks())
    if not known.any():
        return False
    change = after[known] / np.maximum(before[known], 1e-12)
    return bool(np.median(change) < _BETTER and (change < 1.0).mean() >= _SHARE)
