"""How far the PAN is shifted against the HSI in each place, besides the shift of the whole of it (own).

Terrain, a sensor's jitter or a poor orthorectification move one image against the other by another amount in each place.
In some areas of the scene a smooth field of displacements is fitted (:mod:`.local_fit`) to one half of the pixels, in
cells like those of a chessboard, and judged on the other half, whose pixels took no part. Only where these fit clearly
better with the field than without one is there a local shift; how stiff it is, they tell as well. Then the field of the
whole scene is fitted. Where nothing tells it, it falls to 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..io.row_stream import row_strips
from ..operators.fill import fill_invalid
from ..operators.linear import Separable, Span
from ..runtime.progress import Progress
from ..scene.scene import Scene
from ..scene.shift_field import ShiftField
from .explain import explain
from .local_fit import ALIKE, BEFORE, FINER, Area, Fit, fine_degrader, fit_fields
from .relation import Ground, same_ground
from .tiles import VISIBLE, read_tiles

BENDS = (0.4, 0.15, 0.06, 0.02)  # how much a field may bend, as of SmoothFields; from soft to stiff
NOTICEABLE = 0.15  # PAN pixels, root mean square: a smaller field costs more, by resampling, than it gains
_BANDS = 60  # that are fitted to the PAN
_PIXELS_A_BAND = 12  # at least
_WHOLE = 14_000  # pixels of a scene that is looked at as a whole
_AREA = 40  # HSI pixels along the edge of an area of others
_LEAST = 300  # pixels that have to take part
_CELL = 4  # HSI pixels along the edge of a cell
_PLAIN_STEPS, _FIRST_STEPS, _STEPS = 8, 3, 6  # of fits without a field, of those that look for one, of the last one
# Errors of held-out cells with the field, over those without: the median, the share of cells that is better, and by how
# many standard deviations the mean of the logarithms lies below 0. Measured on clean pairs, noisy ones among them: 0.98
# to 2.7, 0 to 0.67, -2 to 20; with fields of 0.25 PAN pixels: 0.13 to 0.5, 0.94 to 1, -10 to -45.
_BETTER, _SHARE, _CLEAR = 0.9, 0.7, 4.0
_LOOK_ON = 0.97  # the same median, below which other stiffnesses are tried
_UNUSUAL = 4.0  # standard deviations at which the error of a pixel is cut
_FAR = 8.0  # standard deviations of what is left of the PAN from which on a pixel shows something else, as a cloud
_DOUBT = 0.25  # PAN pixels: standard deviation of a displacement at which its confidence is a half
_AROUND = 4.0  # nodes whose pixels tell of a displacement together
# Where PAN and HSI stay apart: by how many PAN pixels at least, how large their standard deviation may be, and how much
# of what is left they explain, over squares of so many HSI pixels to either side.
_STAYS, _SURELY, _EXPLAINED, _SQUARE = 1.0, 0.35, 0.5, 3
_SAMPLES = 8_000_000  # read at once


@dataclass(frozen=True)
class LocalShift:
    """By how much the PAN must be moved in each place, besides its shift as a whole.

    Attributes:
        field: of displacements; 0 where there is no local shift.
        found: whether held-out pixels fit clearly better with it.
        errors: of held-out cells with the field, over those without it, their median.
        share: of held-out cells that fit better.
        untrusted: (rows, columns) bool, the HSI pixels where PAN and HSI stay apart in spite of the field.
    """

    field: ShiftField
    found: bool
    errors: float
    share: float
    untrusted: np.ndarray

    @property
    def sure(self) -> bool:
        """Whether it is worth to be corrected."""
        return self.found and self.field.typical >= NOTICEABLE


def measure_local_shift(
    scene: Scene, shift: tuple[float, float] = (0.0, 0.0), progress: Progress | None = None
) -> LocalShift | None:
    """Measure the local shift of a scene's PAN.

    Args:
        scene: the HSI and the PAN.
        shift: (rows, columns) in PAN pixels, by which the whole PAN is moved.
        progress: asked whether to stop.

    Returns:
        The local shift; None where too few pixels can be compared.

    Raises:
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()
    places = _places(scene, _ground(scene, shift, progress))
    if not places:
        return None
    source = _Source(scene, shift, places)
    areas = [source.area(*place, progress) for place in places]
    if sum(int(area.mask.sum()) for area in areas) < max(_LEAST, 4 * len(source.bands)):
        return None
    bend, held = _stiffness(areas, progress)
    if bend is None:
        return LocalShift(source.nothing(), False, held.errors, held.share, np.zeros(scene.low_shape, bool))
    fit = fit_fields(areas, [area.mask for area in areas], bend, _STEPS, progress)
    whole = source.whole(fit, progress)
    begin = Fit([np.zeros((2, *whole.nodes.shape))], fit.variances, fit.weights, [], [], [whole.mask * 1.0])
    fit = fit_fields([whole], [whole.mask], bend, _STEPS, progress, begin)
    field, untrusted = _field(scene, whole, fit)
    return LocalShift(field, True, held.errors, held.share, untrusted)


_Place = tuple[Span, Span, np.ndarray]


def _ground(scene: Scene, shift: tuple[float, float], progress: Progress) -> list[Ground]:
    """Where PAN and HSI show the same."""
    if not any(shift):
        return same_ground(scene, progress)
    tiles = read_tiles(scene, progress)
    fit = explain(tiles, shift, progress)
    return [Ground(tile.rows, tile.cols, same) for tile, same in zip(tiles.tiles, fit.same)]


def _places(scene: Scene, ground: list[Ground]) -> list[_Place]:
    """Rows, columns and mask of the areas that are looked at: all of a small scene, the middle of parts of others."""
    whole = scene.low_shape[0] * scene.low_shape[1] <= _WHOLE and len(ground) == 1
    places = []
    for each in ground:
        cuts = []
        for length in each.same.shape:
            first = 0 if whole else max(0, (length - _AREA) // 2)
            cuts.append(slice(first, length if whole else min(length, first + _AREA)))
        mask = each.same[cuts[0], cuts[1]]
        if mask.sum() >= _CELL * _CELL:
            spans = [(span[0] + cut.start, span[0] + cut.stop) for span, cut in zip((each.rows, each.cols), cuts)]
            places.append((spans[0], spans[1], mask))
    return places


@dataclass(frozen=True)
class _HeldOut:
    """How held-out cells fit with a field, against without."""

    errors: float
    share: float
    clear: float
    total: float

    @property
    def better(self) -> bool:
        return self.errors < _BETTER and self.share >= _SHARE and self.clear > _CLEAR


def _stiffness(areas: list[Area], progress: Progress) -> tuple[float | None, _HeldOut]:
    """How much a field may bend so that held-out cells fit best; None where they do not fit clearly better."""
    boards = [_chessboard(area.mask.shape) for area in areas]
    plain = []
    for half in (True, False):
        masks = [area.mask & (board == half) for area, board in zip(areas, boards)]
        plain.append((masks, fit_fields(areas, masks, None, _PLAIN_STEPS, progress)))
    found: dict[float, _HeldOut] = {}
    for bend in BENDS:
        found[bend] = _held_out(areas, boards, plain, bend, progress)
        if bend == BENDS[1] and min(each.errors for each in found.values()) > _LOOK_ON:
            break
        if bend != BENDS[0] and found[bend].total > 1.2 * min(each.total for each in found.values()):
            break
    best = min(found, key=lambda bend: found[bend].total)
    return (best if found[best].better else None), found[best]


def _chessboard(shape: tuple[int, ...]) -> np.ndarray:
    rows, cols = (np.arange(count) // _CELL for count in shape)
    board: np.ndarray = (rows[:, None] + cols) % 2 == 0
    return board


def _held_out(
    areas: list[Area],
    boards: list[np.ndarray],
    plain: list[tuple[list[np.ndarray], Fit]],
    bend: float,
    progress: Progress,
) -> _HeldOut:
    """Both halves held out in turn."""
    before = [np.zeros(area.mask.shape) for area in areas]
    after = [np.zeros(area.mask.shape) for area in areas]
    for half, (masks, without) in zip((True, False), plain):
        fit = fit_fields(areas, masks, bend, _FIRST_STEPS, progress, without)
        for place, board in enumerate(boards):
            before[place] += np.where(board != half, np.abs(without.residuals[place]), 0.0)
            after[place] += np.where(board != half, np.abs(fit.residuals[place]), 0.0)
    limit = _UNUSUAL * 1.4826 * float(np.median(np.concatenate([b[a.mask] for a, b in zip(areas, before)])))
    sums = []
    for area, errors, changed in zip(areas, before, after):
        cells = [
            _cells(np.where(area.mask, plane, 0.0))
            for plane in (np.minimum(errors, limit), np.minimum(changed, limit), np.ones(area.mask.shape))
        ]
        sums.append(np.stack([plane.ravel() for plane in cells]))
    without_field, with_field, count = np.concatenate(sums, axis=1)
    known = (count >= _CELL * _CELL / 2) & (without_field > 0)
    if known.sum() < 2:
        return _HeldOut(1.0, 0.0, 0.0, 1.0)
    ratios = np.log(np.maximum(with_field[known], 1e-9 * without_field[known]) / without_field[known])
    clear = -float(ratios.mean()) / max(float(ratios.std()) / np.sqrt(ratios.size), 1e-9)
    total = float(with_field[known].sum() / without_field[known].sum())
    return _HeldOut(float(np.exp(np.median(ratios))), float((ratios < 0).mean()), clear, total)


def _cells(plane: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        plane = np.add.reduceat(plane, np.arange(0, plane.shape[axis], _CELL), axis=axis)
    return plane


class _Source:
    """What areas are read from."""

    def __init__(self, scene: Scene, shift: tuple[float, float], places: list[_Place]) -> None:
        self._scene, self._places = scene, places
        phase = scene.alignment.phase[0] + shift[0], scene.alignment.phase[1] + shift[1]
        self._down: Separable = fine_degrader(scene.high_shape, scene.low_shape, scene.ratio, phase)
        self._inside = []
        for count, size, moved in zip(scene.low_shape, scene.high_shape, phase):
            edges = np.arange(count) * scene.ratio - moved
            inside = (edges >= -0.5) & (edges + scene.ratio <= size + 0.5)
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
            for (start, stop), size, phase in zip((rows, cols), scene.high_shape, scene.alignment.phase):
                first = min(max(0, int(start * scene.ratio - phase)), size - 1)
                spans.append((first, max(first + 1, min(size, int(stop * scene.ratio - phase)))))
            block = scene.pan.read(scene.alignment.pan.part(spans[0], spans[1]))
            values.append(block.values[block.valid])
        known = np.concatenate(values)
        low, high = (float(limit) for limit in np.percentile(known, (0.5, 99.5))) if known.size else (0.0, 0.0)
        return low - (high - low), high + (high - low)

    def area(self, rows: Span, cols: Span, same: np.ndarray, progress: Progress) -> Area:
        """An area with its bands; ``same`` are the pixels that show the same in both images."""
        progress.check()
        scene = self._scene
        values = self._bands(rows, cols)
        pan, known, before = self._degraded(rows, cols)
        return Area(values, pan, before, known & same & scene.low_valid[slice(*rows), slice(*cols)])

    def whole(self, fit: Fit, progress: Progress) -> Area:
        """The whole scene, with the sum of bands that was fitted to some areas."""
        (rows, cols), scene = self._scene.low_shape, self._scene
        total, weights = np.empty((rows, cols), np.float32), fit.weights.astype(np.float32)
        pan, known = np.empty((rows * FINER, cols * FINER), np.float32), np.empty((rows, cols), bool)
        step = max(1, _SAMPLES // max(scene.hsi.bands * cols, scene.high_shape[1] * scene.ratio))
        for start, stop in row_strips(rows, step, progress):
            total[start:stop] = np.tensordot(weights, self._bands((start, stop), (0, cols)), 1)
            part, known[start:stop], before = self._degraded((start, stop), (0, cols), around=0)
            pan[start * FINER : stop * FINER] = part
        area = Area(np.empty((0, 0, 0), np.float32), pan, (0, 0), known & scene.low_valid, total)
        left = total - area.seen(area.blurred(fit.variances), np.zeros((2, rows, cols)), False)[0]
        left = np.abs(left - np.median(left[area.mask])) if area.mask.any() else np.abs(left)
        far = left > _FAR * 1.4826 * float(np.median(left[area.mask], axis=None)) if area.mask.any() else left < 0
        return replace(area, mask=area.mask & ~_widened(far))

    def _bands(self, rows: Span, cols: Span) -> np.ndarray:
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

    def nothing(self) -> ShiftField:
        """A field of no displacements."""
        scene = self._scene
        zero = np.zeros(scene.low_shape, np.float32)
        return ShiftField(zero, zero, zero, scene.hsi.grid.crop(scene.alignment.hsi))


def _widened(mask: np.ndarray) -> np.ndarray:
    """The pixels within two of one, a square around each."""
    for axis in (0, 1):
        padded = np.pad(mask, [(2, 2) if axis == along else (0, 0) for along in (0, 1)])
        count = mask.shape[axis]
        mask = np.logical_or.reduce([padded.take(range(at, at + count), axis) for at in range(5)])
    return mask


def _field(scene: Scene, area: Area, fit: Fit) -> tuple[ShiftField, np.ndarray]:
    """The field in PAN pixels, and where PAN and HSI stay apart."""
    grid, step = scene.hsi.grid.crop(scene.alignment.hsi), area.step
    rows, cols = area.nodes.shape
    grid = replace(grid, dx=grid.dx * step, dy=grid.dy * step, rows=rows, cols=cols)
    told = _around(fit.told[0])
    doubt = np.sqrt(_variance(told)) * scene.ratio
    confidence = 1.0 / (1.0 + (doubt / _DOUBT) ** 2)
    y, x = (fit.fields[0] * scene.ratio).astype(np.float32)
    return ShiftField(y, x, confidence.astype(np.float32), grid), _apart(area, fit, scene.ratio)


def _apart(area: Area, fit: Fit, ratio: int) -> np.ndarray:
    """(rows, columns) bool: where what is left looks like another displacement."""
    left, y, x = fit.seen[0]
    planes = np.stack([y * y, x * x, y * x, -y * left, -x * left, left * left])
    size = 2 * _SQUARE + 1
    for axis in (1, 2):
        pad = [(_SQUARE + 1, _SQUARE) if axis == along else (0, 0) for along in range(3)]
        total, count = np.cumsum(np.pad(planes, pad), axis=axis), planes.shape[axis]
        planes = total.take(range(size, size + count), axis) - total.take(range(count), axis)
    told, sides, power = planes[:3], planes[3:5], planes[5]
    determinant = np.maximum(told[0] * told[1] - told[2] ** 2, 1e-30)
    moved = np.stack([told[1] * sides[0] - told[2] * sides[1], told[0] * sides[1] - told[2] * sides[0]]) / determinant
    explained = (moved * sides).sum(axis=0) / np.maximum(power, 1e-30)
    usual = 1.4826 * float(np.median(np.abs(left[area.mask])))
    doubt = np.sqrt(ALIKE * usual**2 * _variance(told))
    apart: np.ndarray = (np.hypot(*moved) * ratio > _STAYS) & (doubt * ratio < _SURELY) & (explained > _EXPLAINED)
    return apart & area.mask


def _around(planes: np.ndarray) -> np.ndarray:
    """Weighted sums over the nodes around each."""
    reach = int(2 * _AROUND)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _AROUND) ** 2)
    for axis in (1, 2):
        count = planes.shape[axis]
        padded = np.pad(planes, [(reach, reach) if axis == along else (0, 0) for along in range(3)])
        planes = sum(weight * padded.take(range(at, at + count), axis) for at, weight in enumerate(weights.tolist()))
    return planes


def _variance(told: np.ndarray) -> np.ndarray:
    """(rows, columns): of the displacement that is told worst, HSI pixels squared."""
    trace, determinant = told[0] + told[1], told[0] * told[1] - told[2] ** 2
    least = 0.5 * (trace - np.sqrt(np.maximum(trace**2 - 4 * determinant, 0.0)))
    return 1.0 / np.maximum(least, 1e-12)
