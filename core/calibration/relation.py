"""Whether a PAN shows what the HSI shows: the bounds below which no detail is taken from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..operators.linear import Span
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .explain import Explained, box_mean, explain, multiple_correlation
from .guide import comparable
from .tiles import Tiles, read_tiles

DOUBTFUL = 0.5  # correlation below which a warning is given
# Below this no detail is taken from the PAN, and nothing is learned. Measured: 0.57 to 0.95 on seven real pairs, 0.99
# on simulated ones; 0.01 at most with the PAN mirrored, turned, of another place, or noise; 0.00 to 0.14 when it is
# 2 HSI pixels or more off.
UNRELATED = 0.3
_KEY = "pan_relation"
_ALL, _HALF = 1 - 1e-9, 0.5  # shares of the pixels around one


@dataclass(frozen=True)
class Relation:
    """How alike the degraded PAN and the HSI's bands in its range are: multiple correlations, 0 to 1, less what as many
    bands explain by chance.

    Attributes:
        level: of the values, areas that differ left out.
        detail: of what is left of both when the mean of 5 x 5 HSI pixels is taken off, areas that differ left out. This
            is what counts: bright and dark regions are alike by chance. NaN where the scene is too small to tell.
    """

    level: float
    detail: float

    @property
    def unrelated(self) -> bool:
        """Whether the PAN does not show what the HSI shows."""
        return self.detail < UNRELATED

    @property
    def doubtful(self) -> bool:
        """Whether it shows less of it than usual."""
        return self.detail < DOUBTFUL


@dataclass(frozen=True)
class Ground:
    """A part of the scene.

    Attributes:
        rows, cols: (start, stop) on the HSI's grid under the output.
        same: (rows, columns) bool, the valid pixels that show the same in both images.
    """

    rows: Span
    cols: Span
    same: np.ndarray


def pan_relation(scene: Scene, progress: Progress | None = None) -> Relation:
    """How alike PAN and HSI are. Computed once for a view of a scene.

    Args:
        scene: the HSI and the PAN.
        progress: asked whether to stop.

    Returns:
        The correlations.

    Raises:
        Cancelled: the user stopped the job.
    """
    return _compared(scene, progress or Progress())[0]


def same_ground(scene: Scene, progress: Progress) -> list[Ground]:
    """Where PAN and HSI show the same. Computed once for a view of a scene.

    Args:
        scene: the HSI and the PAN.
        progress: asked whether to stop.

    Returns:
        The parts of the scene that are compared.

    Raises:
        Cancelled: the user stopped the job.
    """
    return _compared(scene, progress)[1]


def _compared(scene: Scene, progress: Progress) -> tuple[Relation, list[Ground]]:
    scene = comparable(scene, progress)

    def compute() -> tuple[Relation, list[Ground]]:
        tiles = read_tiles(scene, progress)
        return _of_fit(tiles, explain(tiles, (0.0, 0.0), progress))

    return scene.cached(_KEY, compute)


def keep_relation(tiles: Tiles, unmoved: Explained) -> None:
    """Keep the relation of a scene, where what it is computed of is at hand.

    Args:
        tiles: of the scene.
        unmoved: how its bands explain the PAN where it lies.
    """
    tiles.scene.cached(_KEY, lambda: _of_fit(tiles, unmoved))


def _of_fit(tiles: Tiles, fit: Explained) -> tuple[Relation, list[Ground]]:
    ground = [Ground(tile.rows, tile.cols, same) for tile, same in zip(tiles.tiles, fit.same)]
    return relation_at(tiles, fit), ground


def relation_at(tiles: Tiles, fit: Explained) -> Relation:
    """The relation with the PAN at a position.

    Args:
        tiles: of the scene.
        fit: how its bands explain the PAN there.

    Returns:
        The correlations.
    """
    detail = np.nan
    # The edge of a cloud is detail of one image alone.
    for masks, share in ((fit.same, _ALL), (fit.same, _HALF), (fit.valid, _ALL)):
        if np.isnan(detail):
            detail = multiple_correlation(_details(tiles, fit, masks, share))
    return Relation(fit.correlation, detail)


def _details(tiles: Tiles, fit: Explained, masks: list[np.ndarray], share: float) -> np.ndarray:
    """(bands + 1, n) float64: of bands and PAN, where a pixel and a share of those around it count."""
    samples = []
    for tile, pan, mask in zip(tiles.tiles, fit.pan, masks):
        counts = box_mean(mask.astype(float))
        chosen = mask & (counts > share)
        around = np.where(counts[chosen] > _ALL, 1.0, counts[chosen])
        planes = [*tile.values, pan]
        samples.append(np.stack([p[chosen] - box_mean(np.where(mask, p, 0.0))[chosen] / around for p in planes]))
    return np.concatenate(samples, axis=1).astype(np.float64)
