"""Tiles of a scene on the HSI's grid: bands where the PAN lies, and the PAN degraded at any position.

Both are clipped to their own percentiles, so that a few hot pixels weigh no more than bright ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..operators.fill import fill_invalid
from ..operators.linear import Separable, Span
from ..operators.pair import DEFAULT_MTF_GAIN
from ..operators.resample import degrader
from ..runtime.progress import Progress
from ..scene.scene import Scene

VISIBLE = (400.0, 900.0)  # nm: where panchromatic bands lie
_BANDS = 12  # of those, spread evenly: more explain the PAN no better
_TILE, _PAN_TILE, _TILES = 256, 1024, 3  # HSI and PAN pixels along an edge at most; tiles along each axis
_CLIP = (0.5, 99.5)  # per cent of the samples: what lies beyond is clipped


@dataclass(frozen=True)
class HsiTile:
    """Some bands of a part of the HSI.

    Attributes:
        rows, cols: the part, (start, stop) on the HSI's grid under the output.
        values: (bands, rows, columns) float32, clipped.
        valid: (rows, columns) bool.
    """

    rows: Span
    cols: Span
    values: np.ndarray
    valid: np.ndarray


@dataclass(frozen=True)
class Tiles:
    """What is compared of a scene.

    Attributes:
        scene: the scene.
        tiles: of the HSI, spread evenly.
        limits: of the PAN's values, lowest and highest.
    """

    scene: Scene
    tiles: list[HsiTile]
    limits: tuple[float, float]

    def pan(self, shift: tuple[float, float], progress: Progress) -> list[tuple[np.ndarray, np.ndarray]]:
        """The PAN on the HSI's grid, moved.

        Args:
            shift: (rows, columns) in PAN pixels, by which the PAN's position is moved.
            progress: asked whether to stop.

        Returns:
            of each tile the degraded PAN (rows, columns) float64, and where all of it is valid, bool.
        """
        scene = self.scene
        phase = scene.alignment.phase[0] + shift[0], scene.alignment.phase[1] + shift[1]
        down = degrader(scene.high_shape, scene.low_shape, scene.ratios, phase, DEFAULT_MTF_GAIN)
        inside = [
            (centres >= 0) & (centres <= size)
            for centres, size in (
                ((np.arange(count) + 0.5) * ratio - moved, size)
                for count, size, ratio, moved in zip(scene.low_shape, scene.high_shape, scene.ratios, phase)
            )
        ]
        result = []
        for tile in self.tiles:
            values, valid = self._degraded(tile, down, progress)
            result.append((values, valid & inside[0][slice(*tile.rows), None] & inside[1][None, slice(*tile.cols)]))
        return result

    def _degraded(self, tile: HsiTile, down: Separable, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        progress.check()
        scene, spans = self.scene, (tile.rows, tile.cols)
        (top, bottom), (left, right) = down.support(*spans)
        block = scene.pan.read(scene.alignment.pan.part((top, bottom), (left, right)))
        clipped = np.clip(block.values, np.float32(self.limits[0]), np.float32(self.limits[1]))
        if block.valid.all():
            share = np.ones((1, *tile.valid.shape))
        else:
            share = down.part(block.valid.astype(np.float32), *spans, (top, left))
            level = clipped[block.valid].mean() if block.valid.any() else 0.0
            clipped = fill_invalid(clipped, block.valid[0], 2 * scene.footprint, level)
        progress.check()
        return down.part(clipped, *spans, (top, left))[0].astype(np.float64), share[0] > 0.99


def pan_limits(scene: Scene, tiles: list[HsiTile]) -> Tiles:
    """Tiles of the HSI with another PAN.

    Args:
        scene: with that PAN.
        tiles: of its HSI.

    Returns:
        The tiles, with the limits of that PAN's values.
    """
    low, high = [], []
    for tile in tiles:
        block = scene.pan.read(scene.alignment.pan.part(*_under(scene, tile.rows, tile.cols)))
        if block.valid.any():
            limits = np.percentile(block.values[block.valid], _CLIP)
            low.append(limits[0])
            high.append(limits[1])
    return Tiles(scene, tiles, (min(low, default=0.0), max(high, default=0.0)))


def read_tiles(scene: Scene, progress: Progress) -> Tiles:
    """Read what is compared.

    Args:
        scene: the scene.
        progress: asked whether to stop.

    Returns:
        The tiles.
    """
    bands, tiles = compared_bands(scene), []
    for rows, cols in _spans(scene):
        progress.check()
        if scene.missing[bands].any():  # a missing sample is estimated from all the others
            values = scene.hsi_rows(*rows, cols).values[bands]
        else:
            values = scene.hsi.read(scene.alignment.hsi.part(rows, cols), bands).values
        valid = scene.low_valid[slice(*rows), slice(*cols)]
        if valid.any():
            limits = np.percentile(values[:, valid], _CLIP, axis=1).astype(np.float32)
            values = np.clip(values, limits[0][:, None, None], limits[1][:, None, None])
        tiles.append(HsiTile(rows, cols, values, valid))
    return pan_limits(scene, tiles)


def compared_bands(scene: Scene) -> list[int]:
    """Some good bands where panchromatic ones lie, or of all where wavelengths are unknown.

    Args:
        scene: the scene.

    Returns:
        The bands, counted from 0.
    """
    waves = scene.hsi.metadata.wavelengths
    good = [int(band) for band in np.flatnonzero(scene.good)]
    visible = [band for band in good if (wave := waves[band]) is not None and VISIBLE[0] <= wave <= VISIBLE[1]] or good
    return [visible[i] for i in np.unique(np.linspace(0, len(visible) - 1, _BANDS).round().astype(int))]


def _spans(scene: Scene) -> list[tuple[Span, Span]]:
    """Spans of rows and columns of the HSI, spread evenly."""
    size = max(64, min(_TILE, _PAN_TILE // scene.footprint))
    spans = []
    for count in scene.low_shape:
        length = min(size, count)
        number = min(_TILES, max(1, count // length))
        starts = np.linspace(0, count - length, number).astype(int) if number > 1 else [(count - length) // 2]
        spans.append([(int(start), int(start) + length) for start in starts])
    return [(rows, cols) for rows in spans[0] for cols in spans[1]]


def _under(scene: Scene, rows: Span, cols: Span) -> tuple[Span, Span]:
    """The PAN pixels of a tile, at least one."""
    spans = []
    for span, size, ratio, phase in zip((rows, cols), scene.high_shape, scene.ratios, scene.alignment.phase):
        first = min(max(0, int(span[0] * ratio - phase)), size - 1)
        spans.append((first, max(first + 1, min(size, int(span[1] * ratio - phase)))))
    return spans[0], spans[1]
