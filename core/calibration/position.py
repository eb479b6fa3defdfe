"""Where the PAN lies, fitted together with the blur (:mod:`.blur_fit`): the last step of :mod:`.shift` (own).

A wrong blur moves the peak of the phase correlation; fitted together, the two are told apart. What takes part is all
ground but that which the PAN contradicts, and its rim: the fewer pixels, the fewer bands can explain the PAN, and what
they leave unexplained moves the position by more than the spread over blocks says. Of several sharp bands each gives a
position, and the mean of these is taken, with weights by their widths: what is not explained differs from band to band.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..io.band_selection import SelectedBands
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .blur import shift_at
from .contradictions import contradicting
from .explain import Explained, box_mean, explain
from .relation import Ground
from .tiles import Tiles

_FITS = 4  # of blur and position, one after the other
_SETTLED = 0.1  # PAN pixels: with a smaller step the ground that takes part stays the same
_EXPLAINED, _WIDEST = 0.5, 0.25  # of the PAN's detail; PAN pixels: a position that is known no better is none
_NEAR = 1.0  # PAN pixels: a wrong blur moves the peak of the phase correlation by less than half of that
_AS_GOOD = 0.95  # correlation from which on two fits are as good as each other
_TILES_OF_BAND = 3  # at most that each of several sharp bands is fitted on, not all on the same
_FINEST = 0.005  # PAN pixels: no width is less
_90_PER_CENT = 1.645  # standard deviations to either side


class Position(NamedTuple):
    """Where the PAN lies.

    Attributes:
        place: (2,) float64, (y, x) in PAN pixels, by which it has to be moved.
        fit: how the HSI's bands explain it there.
        width: half the width of the 90 per cent interval of either, PAN pixels.
        share: of the valid ground that took part, 0 to 1.
    """

    place: np.ndarray
    fit: Explained
    width: float
    share: float


def fitted_position(
    scene: Scene, tiles: Tiles, start: tuple[np.ndarray, Explained], progress: Progress
) -> Position | None:
    """Fit the position together with the blur.

    Args:
        scene: the HSI and the PAN, or an image of several sharp bands.
        tiles: of the scene, with the one band that is compared.
        start: a place, (y, x) in PAN pixels, and how the images fit there.
        progress: asked whether to stop.

    Returns:
        The position; None where it is not precise or contradicts the one that was found before.

    Raises:
        Cancelled: the user stopped the job.
    """
    views = [tiles.scene]
    if scene.guides > 1:
        views = [scene.showing(pan=SelectedBands(scene.pan, [number])) for number in range(scene.guides)]
    (place, fit), width, share = start, 0.0, 0.0
    for _ in range(_FITS):
        masks = _ground(scene, tiles, fit)
        share = sum(int(mask.sum()) for mask in masks) / max(1, sum(int(valid.sum()) for valid in fit.valid))
        ground = [Ground(tile.rows, tile.cols, mask) for tile, mask in zip(tiles.tiles, masks)]
        step = -(-len(ground) // _TILES_OF_BAND) if len(views) > 1 else 1
        tried = (_of_band(view, place, ground[number % step :: step], progress) for number, view in enumerate(views))
        found = [each for each in tried if each is not None]
        if not found:
            return None
        before, (place, width) = place, _mean(np.array(found))
        fit = explain(tiles, (float(place[0]), float(place[1])), progress)
        if np.hypot(*(place - before)) < _SETTLED:
            break
    else:
        return None
    near = np.hypot(*(place - start[0])) <= _NEAR
    alike = fit.correlation >= min(start[1].correlation, _AS_GOOD)
    return Position(place, fit, width, share) if near and alike else None


def _ground(scene: Scene, tiles: Tiles, fit: Explained) -> list[np.ndarray]:
    """Of each tile (rows, columns) bool: the pixels that take part."""
    contradictory = contradicting(fit)
    if contradictory is None:
        return fit.same
    masks = []
    for tile, valid, out in zip(tiles.tiles, fit.valid, contradictory):
        if scene.left_out is not None:
            out = out | scene.left_out[slice(*tile.rows), slice(*tile.cols)]
        masks.append(valid & (box_mean(out.astype(float), 1) < 1e-9))
    return masks


def _of_band(
    scene: Scene, place: np.ndarray, ground: list[Ground], progress: Progress
) -> tuple[float, float, float] | None:
    """The position by one sharp band, (y, x), and its width, PAN pixels; None where it is not precise."""
    found = shift_at(scene, (float(place[0]), float(place[1])), ground, progress)
    if found is None or found[1] > _WIDEST or found[2] < _EXPLAINED:
        return None
    y, x = place + found[0]
    return float(y), float(x), found[1]


def _mean(found: np.ndarray) -> tuple[np.ndarray, float]:
    """The mean of positions (n, 3), y, x and width, and its width: by their widths, or by how far they lie apart."""
    places, weights = found[:, :2], 1 / (found[:, 2] ** 2 + _FINEST**2)
    mean = weights @ places / weights.sum()
    width = 1 / math.sqrt(weights.sum())
    if len(found) > 1:
        apart = weights @ (places - mean) ** 2 / weights.sum() / (len(found) - 1)
        width = max(width, _90_PER_CENT * math.sqrt(float(apart.max())))
    return mean, width
