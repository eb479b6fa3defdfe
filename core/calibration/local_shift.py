"""How far the PAN is shifted against the HSI in each place, besides the shift of the whole of it (own).

Terrain, a sensor's jitter or a poor orthorectification move one image against the other by another amount in each
place. In some areas of the scene a smooth field of displacements is fitted (:mod:`.local_fit`) to one half of the
pixels, in cells like those of a chessboard, and judged on the other half, whose pixels took no part. Only where these
fit clearly better with the field than without one is there a local shift; how stiff it is, they tell as well. Then the
field of the whole scene is fitted. Where nothing tells it, it falls to 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..runtime.progress import Progress
from ..scene.scene import Scene
from ..scene.shift_field import ShiftField
from .blur_fit import high_passed
from .guide import comparable
from .local_areas import AreaReader, widened
from .local_fit import ALIKE, HIGH_PASS, Area, Fit, fit_fields

BENDS = (0.15, 0.4, 0.06, 0.02)  # how much a field may bend, as of SmoothFields; the first one shows any local shift
NOTICEABLE = 0.15  # PAN pixels, root mean square: a smaller field costs more, by resampling, than it gains
_LEAST = 300  # pixels that have to take part
_LARGEST = 1e15  # number whose products can be computed with
_CELL = 4  # HSI pixels along the edge of a cell
_PLAIN_STEPS, _FIRST_STEPS, _STEPS = 8, 3, 6  # of fits without a field, of those that look for one, of the last one
# Errors of held-out cells with the field, over those without: the median, the share of cells that is better, and by how
# many standard deviations the mean of the logarithms lies below 0. Measured on clean pairs, noisy ones among them: 0.98
# to 2.7, 0 to 0.67, -2 to 20; with fields of 0.25 PAN pixels: 0.13 to 0.5, 0.94 to 1, -10 to -45. The bounds lie
# between: few cells (24 x 24 HSI pixels) reached 0.84, 0.89 and -4.9 without any field.
_BETTER, _SHARE, _CLEAR = 0.75, 0.8, 6.0
_LOOK_ON = 0.98  # the same median, below which other stiffnesses are tried
_UNUSUAL = 4.0  # standard deviations at which the error of a pixel is cut
_DOUBT = 0.25  # PAN pixels: standard deviation of a displacement at which its confidence is a half
_AROUND = 4.0  # nodes whose pixels tell of a displacement together
# Where PAN and HSI stay apart: by how many PAN pixels at least, how large their standard deviation may be, and how much
# of what is left they explain, over squares of so many HSI pixels to either side.
_STAYS, _SURELY, _EXPLAINED, _SQUARE = 1.0, 0.35, 0.5, 3


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
        The local shift; None where too few pixels, or too large numbers, can be compared.

    Raises:
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()
    scene = comparable(scene, progress)
    reader = AreaReader(scene, shift, progress)
    areas = reader.areas(progress)
    if sum(int(area.mask.sum()) for area in areas) < max(_LEAST, 4 * len(reader.bands)):
        return None
    if any(not np.abs(values).max() < _LARGEST for area in areas for values in (area.bands, area.pan)):
        return None
    bend, held = _stiffness(areas, progress)
    if bend is None:
        return LocalShift(no_displacement(scene), False, held.errors, held.share, np.zeros(scene.low_shape, bool))
    fit = fit_fields(areas, [area.mask for area in areas], bend, _STEPS, progress)
    whole, known = reader.whole(fit, progress)
    begin = Fit([np.zeros((2, *whole.nodes.shape))], fit.variances, fit.weights, [], [], [whole.mask * 1.0])
    fit = fit_fields([whole], [whole.mask], bend, _STEPS, progress, begin)
    apart = _apart(whole, known, fit, max(scene.ratios))
    return LocalShift(_field(scene, whole, fit), True, held.errors, held.share, apart)


def no_displacement(scene: Scene) -> ShiftField:
    """A field of no displacements.

    Args:
        scene: the HSI and the PAN.

    Returns:
        The field, on the HSI's grid under the output.
    """
    zero = np.zeros(scene.low_shape, np.float32)
    return ShiftField(zero, zero, zero, scene.hsi.grid.crop(scene.alignment.hsi))


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
        if bend == BENDS[0] and found[bend].errors > _LOOK_ON:
            break
        if bend < BENDS[0] and found[bend].total > 1.2 * min(each.total for each in found.values()):
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


def _field(scene: Scene, area: Area, fit: Fit) -> ShiftField:
    """The field in PAN pixels."""
    grid, step = scene.hsi.grid.crop(scene.alignment.hsi), area.step
    rows, cols = area.nodes.shape
    grid = replace(grid, dx=grid.dx * step, dy=grid.dy * step, rows=rows, cols=cols)
    told = _around(fit.told[0])
    doubt = np.sqrt(_variance(told)) * scene.ratio
    confidence = 1.0 / (1.0 + (doubt / _DOUBT) ** 2)
    y, x = (field.astype(np.float32) * np.float32(ratio) for field, ratio in zip(fit.fields[0], scene.ratios))
    return ShiftField(y, x, confidence.astype(np.float32), grid)


def _apart(area: Area, known: np.ndarray, fit: Fit, ratio: float) -> np.ndarray:
    """(rows, columns) bool: where what is left looks like another displacement."""
    seen = area.seen(area.blurred(fit.variances), area.spread(fit.fields[0]), False)
    seen[0] = area.total - seen[0]
    left, y, x = high_passed(seen, known, HIGH_PASS)
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
    return widened(apart) & known


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
