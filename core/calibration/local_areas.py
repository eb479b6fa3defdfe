"""The areas of a scene in which a local shift is looked for: bands, and the PAN degraded with little blur."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..io.row_stream import row_strips
from ..operators.fill import fill_invalid
from ..operators.linear import Separable, Span
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .explain import explain
from .local_fit import BEFORE, FINER, Area, Fit, fine_degrader
from .relation import Ground, same_ground
from .tiles import VISIBLE, read_tiles

_BANDS = 60  # that are fitted to the PAN
_PIXELS_A_BAND = 12  # at least
_WHOLE = 14_000  # pixels of a scene that is looked at as a whole
_AREA = 40  # HSI pixels along the edge of an area of others
_LEAST = 16  # pixels of an area
# A pixel shows something else, as a cloud, from so many standard deviations of what is left of the PAN on, if that is
# so much of the PAN's contrast.
_FAR, _CONTRAST = 8.0, 1.0
_SAMPLES = 8_000_000  # read at once

_Place = tuple[Span, Span, np.ndarray]  # rows, columns, and which of the pixels show the same in both images


class AreaReader:
    """Reads what a local shift is looked for in.

    Args:
        scene: the HSI and the PAN.
        shift: (rows, columns) in PAN pixels, by which the whole PAN is moved.
        progress: asked whether to stop.

    Attributes:
        bands: that are compared, counted from 0.
    """

    def __init__(self, scene: Scene, shift: tuple[float, float], progress: Progress) -> None:
        self._scene, self._places = scene, _places(scene, _ground(scene, shift, progress))
        phase = scene.alignment.phase[0] + shift[0], scene.alignment.phase[1] + shift[1]
        self._down: Separable = fine_degrader(scene.high_shape, scene.low_shape, scene.ratios, phase)
        self._inside = []
        for count, size, ratio, moved in zip(scene.low_shape, scene.high_shape, scene.ratios, phase):
            edges = np.arange(count) * ratio - moved
            inside = (edges >= -0.5) & (edges + ratio <= size + 0.5)
            inside[[0, -1]] = False  # they see ground outside of the PAN
            self._inside.append(inside)
        self.bands = self._compared()
        self._limits = self._of_pan()

    def _compared(self) -> list[int]:
        """Good bands where panchromatic ones lie, or of all where wavelengths are unknown, no more than can be told
        apart."""
        waves = self._scene.hsi.metadata.wavelengths
        good = [int(band) for band in np.flatnonzero(self._scene.good)]
        inside = [b for b in good if (wave := waves[b]) is not None and VISIBLE[0] <= wave <= VISIBLE[1]] or good
        pixels = sum(int(mask.sum()) for _, _, mask in self._places)
        number = min(_BANDS, max(2, pixels // _PIXELS_A_BAND))
        return [inside[i] for i in np.unique(np.linspace(0, len(inside) - 1, number).round().astype(int))]

    def _of_pan(self) -> tuple[float, float]:
        """The PAN's lowest and highest values, but for a few: a hot pixel is no ground."""
        scene, values = self._scene, [np.zeros(0, np.float32)]
        for rows, cols, _ in self._places:
            spans = []
            axes = zip((rows, cols), scene.high_shape, scene.ratios, scene.alignment.phase)
            for (start, stop), size, ratio, phase in axes:
                first = min(max(0, int(start * ratio - phase)), size - 1)
                spans.append((first, max(first + 1, min(size, int(stop * ratio - phase)))))
            block = scene.pan.read(scene.alignment.pan.part(spans[0], spans[1]))
            values.append(block.values[block.valid])
        known = np.concatenate(values)
        low, high = (float(limit) for limit in np.percentile(known, (0.5, 99.5))) if known.size else (0.0, 0.0)
        return low - (high - low), high + (high - low)

    def areas(self, progress: Progress) -> list[Area]:
        """The areas that are looked at, with their bands: all of a small scene, the middle of parts of others.

        Args:
            progress: asked whether to stop.

        Returns:
            The areas; none where PAN and HSI nowhere show the same.
        """
        found = []
        for rows, cols, same in self._places:
            progress.check()
            pan, known, before = self._degraded(rows, cols)
            mask = known & same & self._scene.low_valid[slice(*rows), slice(*cols)]
            if mask.any():
                found.append(Area(self._read_bands(rows, cols), pan, before, mask))
        return found

    def whole(self, fit: Fit, progress: Progress) -> tuple[Area, np.ndarray]:
        """The whole scene, with the sum of bands that was fitted to some areas.

        Args:
            fit: of these areas.
            progress: asked whether to stop.

        Returns:
            The scene as an area, without its bands; its mask leaves out what shows something else, as a cloud. And
            (rows, columns) bool, all valid pixels.
        """
        (rows, cols), scene = self._scene.low_shape, self._scene
        total, weights = np.empty((rows, cols), np.float32), fit.weights.astype(np.float32)
        pan, known = np.empty((rows * FINER, cols * FINER), np.float32), np.empty((rows, cols), bool)
        step = max(1, _SAMPLES // max(scene.hsi.bands * cols, scene.high_shape[1] * scene.footprint))
        for start, stop in row_strips(rows, step, progress):
            total[start:stop] = np.tensordot(weights, self._read_bands((start, stop), (0, cols)), 1)
            part, known[start:stop], _ = self._degraded((start, stop), (0, cols), around=0)
            pan[start * FINER : stop * FINER] = part
        area = Area(np.empty((0, 0, 0), np.float32), pan, (0, 0), known & scene.low_valid, total)
        seen = area.seen(area.blurred(fit.variances), np.zeros((2, rows, cols)), False)[0]
        left = total - seen
        left = np.abs(left - np.median(left[area.mask]))
        far = left > max(_FAR * _spread(left[area.mask]), _CONTRAST * _spread(seen[area.mask]))
        return replace(area, mask=area.mask & ~widened(far)), area.mask

    def _read_bands(self, rows: Span, cols: Span) -> np.ndarray:
        scene = self._scene
        if scene.missing[self.bands].any():  # a missing sample is estimated from all the others
            return scene.hsi_rows(*rows, cols).values[self.bands]
        return scene.hsi.read(scene.alignment.hsi.part(rows, cols), self.bands).values

    def _degraded(self, rows: Span, cols: Span, around: int = BEFORE) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
        """The PAN degraded with little blur around an area; where all of it is known, without what lies around; and by
        how many HSI rows and columns it begins before it."""
        scene, before = self._scene, (min(around, rows[0]), min(around, cols[0]))
        low = [
            (start - first, min(count, stop + around))
            for (start, stop), first, count in zip((rows, cols), before, scene.low_shape)
        ]
        fine = [(start * FINER, stop * FINER) for start, stop in low]
        (top, bottom), (left, right) = self._down.support(fine[0], fine[1])
        block = scene.pan.read(scene.alignment.pan.part((top, bottom), (left, right)))
        low_value, high_value = (np.float32(limit) for limit in self._limits)
        level = float(np.float32(0.5) * (low_value + high_value))
        values = np.clip(block.values, low_value, high_value)
        known = self._inside[0][slice(*rows), None] & self._inside[1][None, slice(*cols)]
        if not block.valid.all():
            values = fill_invalid(values, block.valid[0], 2 * scene.footprint, level)
            share = self._down.part(block.valid.astype(np.float32), fine[0], fine[1], (top, left))[0] > 0.99
            whole = share.reshape(low[0][1] - low[0][0], FINER, low[1][1] - low[1][0], FINER).all(axis=(1, 3))
            known = known & whole[before[0] :, before[1] :][: known.shape[0], : known.shape[1]]
        pan = self._down.part(values - np.float32(level), fine[0], fine[1], (top, left))[0]
        return pan, known, before


def _spread(values: np.ndarray) -> float:
    """Robust standard deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def widened(mask: np.ndarray) -> np.ndarray:
    """The pixels within two of one, a square around each.

    Args:
        mask: (rows, columns) bool.

    Returns:
        (rows, columns) bool.
    """
    for axis in (0, 1):
        padded = np.pad(mask, [(2, 2) if axis == along else (0, 0) for along in (0, 1)])
        count = mask.shape[axis]
        mask = np.logical_or.reduce([padded.take(range(at, at + count), axis) for at in range(5)])
    return mask


def _ground(scene: Scene, shift: tuple[float, float], progress: Progress) -> list[Ground]:
    """Where PAN and HSI show the same."""
    if not any(shift):
        return same_ground(scene, progress)
    tiles = read_tiles(scene, progress)
    fit = explain(tiles, shift, progress)
    return [Ground(tile.rows, tile.cols, same) for tile, same in zip(tiles.tiles, fit.same)]


def _places(scene: Scene, ground: list[Ground]) -> list[_Place]:
    whole = scene.low_shape[0] * scene.low_shape[1] <= _WHOLE and len(ground) == 1
    places = []
    for each in ground:
        cuts = []
        for length in each.same.shape:
            first = 0 if whole else max(0, (length - _AREA) // 2)
            cuts.append(slice(first, length if whole else min(length, first + _AREA)))
        mask = each.same[cuts[0], cuts[1]]
        if mask.sum() >= _LEAST:
            spans = [(span[0] + cut.start, span[0] + cut.stop) for span, cut in zip((each.rows, each.cols), cuts)]
            places.append((spans[0], spans[1], mask))
    return places
