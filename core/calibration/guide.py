"""The one band by which calibration compares a sharper image of several bands with the HSI (own).

Blur and, but for its last step, the shift are measured with one band. Of several, the one whose detail
the HSI explains best is taken, or their sum in units of their standard deviations where that is explained better: its
noise is the least.
"""

from __future__ import annotations

import numpy as np

from ..io.band_selection import SelectedBands
from ..io.reader import RasterReader
from ..runtime.progress import Progress
from ..scene.guide import WeightedBand
from ..scene.scene import Scene
from .explain import box_mean, multiple_correlation
from .tiles import Tiles, pan_limits, read_tiles

_TILES = 3  # that are compared, spread over the scene
_BETTER = 1.002  # by which the sum has to be better than the best band


def comparable(scene: Scene, progress: Progress) -> Scene:
    """The scene with a PAN of one band. Computed once for a view of a scene.

    Args:
        scene: the HSI and the sharper image.
        progress: asked whether to stop.

    Returns:
        The scene itself where it has a PAN of one band; else a view.

    Raises:
        Cancelled: the user stopped the job.
    """
    if scene.guides == 1:
        return scene
    return scene.cached("comparable", lambda: scene.showing(pan=_one_band(scene, progress)))


def _one_band(scene: Scene, progress: Progress) -> RasterReader:
    """The band, or the sum of bands, that the HSI explains best."""
    views = [scene.showing(pan=SelectedBands(scene.pan, [number])) for number in range(scene.guides)]
    whole = read_tiles(views[0], progress)
    chosen = whole.tiles[:: max(1, -(-len(whole.tiles) // _TILES))]
    planes, found = [], []
    for view in views:
        tiles = pan_limits(view, chosen)
        seen = tiles.pan((0.0, 0.0), progress)
        planes.append([plane for plane, _ in seen])
        found.append(_explained(tiles, planes[-1], [valid for _, valid in seen]))
    sizes = np.array([np.std(np.concatenate([plane.ravel() for plane in of_band])) for of_band in planes])
    weights = np.where(sizes > 0, 1.0 / np.maximum(sizes, 1e-30), 0.0)
    total = [np.tensordot(weights, np.stack(of_tile), 1) for of_tile in zip(*planes)]
    with_sum = _explained(tiles, total, [valid for _, valid in seen])
    best = int(np.argmax(found))
    if with_sum > _BETTER * found[best]:
        return WeightedBand(scene.pan, (weights / weights.max()).tolist())
    return views[best].pan


def _explained(tiles: Tiles, pan: list[np.ndarray], valid: list[np.ndarray]) -> float:
    """Correlation of the details of bands and PAN; -1 where there are too few pixels to tell."""
    samples = []
    for tile, plane, known in zip(tiles.tiles, pan, valid):
        here = known & tile.valid
        whole = box_mean(here.astype(float)) > 1 - 1e-9
        layers = [*tile.values, plane]
        samples.append(np.stack([(layer - box_mean(np.where(here, layer, 0.0)))[whole] for layer in layers]))
    found = multiple_correlation(np.concatenate(samples, axis=1).astype(np.float64))
    return -1.0 if np.isnan(found) else found
