"""Cutting scenes into the areas that networks learn from."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..io.ratio import footprint, ratio_text, whole_pixels
from ..operators.fill import fill_invalid
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.scene import Scene
from ..scene.streams import FILL_LEFT_OUT, FILL_LOW, degraded_pan, pan_stream, scene_operators, without_left_out
from .areas import (
    Area,
    AreaContext,
    LabelledArea,
    UnlabelledArea,
    high_window,
    shape_of,
    shared_operators,
    unlabelled_area,
)
from .reduction import Reduction, intermediate_reduction, labelled_area, low_shape_of, whole_reduction
from .settings import Settings, intermediate_factor

MOST_LABELLED = 48  # areas a scene
MOST_UNLABELLED = 12
_HIGH_SIZE = 144  # PAN pixels of an unlabelled area
SHIFTS = 3  # along each axis: a small scene is degraded from several corners, which shows more of what can happen


class Prepare(Protocol):
    """Gives what is kept of an area of either kind."""

    def __call__(self, area: Area) -> Area:
        """An area of the same kind.

        Args:
            area: as it was cut.

        Returns:
            What is kept of it.
        """


def scene_areas(
    scene: Scene,
    context: AreaContext,
    settings: Settings,
    progress: Progress | None = None,
    share: float = 1.0,
    prepare: Prepare | None = None,
) -> tuple[list[LabelledArea], list[UnlabelledArea]]:
    """The labelled and unlabelled areas of a scene.

    Args:
        scene: to be cut.
        context: what all areas have in common.
        settings: of the training.
        progress: asked for cancellation.
        share: of the most areas that a scene may have, where several scenes are learned from.
        prepare: called with each area as soon as it is cut; gives what is kept of it.

    Returns:
        The areas of either kind; none at full resolution where the settings give them no weight.

    Raises:
        InputError: the scene is too small, or has too few valid pixels, to be degraded once more.
        Cancelled: the user stopped the job.
    """
    cutter = _Cutter(scene, context, settings, progress or Progress(), prepare or _as_it_is)
    labelled = cutter.labelled(max(2, round(MOST_LABELLED * share)))
    if settings.intermediate and intermediate_factor(min(scene.ratios)) > 1:
        labelled += cutter.intermediate(max(2, round(MOST_LABELLED * share)))
    if not (settings.consistency or settings.full_exchange):
        return labelled, []
    return labelled, cutter.unlabelled(max(1, round(MOST_UNLABELLED * share)))


def _as_it_is(area: Area) -> Area:
    return area


class _Cutter:
    """A scene that is being cut, with its PAN on the low grid and a random generator of the settings' seed."""

    def __init__(
        self, scene: Scene, context: AreaContext, settings: Settings, progress: Progress, prepare: Prepare
    ) -> None:
        self.scene, self.context, self.settings, self.progress = scene, context, settings, progress
        self.prepare = prepare
        self.rng = np.random.default_rng([settings.seed, 1])
        operators = scene_operators(scene, context.mtf_gain)
        self.pan_low = degraded_pan(scene, operators, context.statistics.pan_mean, progress)
        self.filled = without_left_out(scene, self.pan_low)  # as the HSI of labelled areas is
        self.weight = scene.low_covered
        self.held_out = np.zeros(scene.low_shape, bool)  # what is only scored on, once that is drawn

    def labelled(self, most: int) -> list[LabelledArea]:
        scene, settings = self.scene, self.settings
        if any(whole_pixels(count, ratio) < 2 for count, ratio in zip(scene.low_shape, scene.ratios)):
            raise InputError(
                f"{scene.hsi.name} and {scene.pan.name} share {scene.low_shape[0]} x {scene.low_shape[1]} HSI pixels; "
                f"learning at ratio {ratio_text(scene.ratios)} needs {footprint(2 * max(scene.ratios))} in each "
                "direction: use a trained model or a classical method."
            )
        reduction = whole_reduction(self._coarse(scene.ratios), scene.ratios, self.context.mtf_gain)
        shape = reduction.coarser.high
        corners = _spread(scene.low_shape, shape, most, self.rng, least=SHIFTS)
        areas, block = [], max(1, round(scene.ratio))
        self.held_out = _held_out(scene.low_shape, corners, shape, settings.held_out, block, self.rng)
        for corner in corners:
            self.progress.check()
            rows, cols = _window(corner, shape)
            areas += self._labelled(reduction, corner, self.filled[:, rows, cols])
        if not any(area.train_mask.any() for area in areas) or not any(area.held_out_mask.any() for area in areas):
            raise InputError(
                f"{scene.hsi.name} has too few valid pixels to learn from; fuse with a trained model or a classical "
                "method."
            )
        return areas

    def intermediate(self, most: int) -> list[LabelledArea]:
        """Areas at intermediate resolution; what is only scored on at reduced resolution is not learned there."""
        scene, areas = self.scene, []
        ratios, phase = scene.ratios, scene.alignment.phase
        factor = intermediate_factor(min(ratios))
        step = ratios[0] / factor, ratios[1] / factor
        coarse = self._coarse(step)
        shape = low_shape_of(coarse, step)
        for corner in _spread(scene.low_shape, shape, most, self.rng, least=SHIFTS):
            self.progress.check()
            high, inner_phase = high_window(corner, shape, scene.high_shape, ratios, phase)
            pan = self._pan_without_left_out(corner, shape, high, inner_phase)
            reduction = intermediate_reduction(
                coarse, ratios, self.context.mtf_gain, factor, shape_of(pan), inner_phase
            )
            areas += self._labelled(reduction, corner, pan)
        return areas

    def _labelled(self, reduction: Reduction, corner: tuple[int, int], pan: np.ndarray) -> list[LabelledArea]:
        """An area with a truth; none where no pixel of it is valid."""
        shape = reduction.coarser.high
        hsi, _, valid = self._low_part(corner, shape, FILL_LEFT_OUT)
        held_out = self.held_out[_window(corner, shape)]
        area = labelled_area(self.context, reduction, hsi, pan, valid, held_out, self.settings.iterations)
        return [self.prepare(area)] if area.train_mask.any() or area.held_out_mask.any() else []

    def _coarse(self, steps: tuple[float, float]) -> tuple[int, int]:
        """Pixels of what an area is degraded to, by so much along each axis."""
        sizes = zip(self.scene.low_shape, self.scene.ratios, steps)
        rows, cols = (self.settings.degraded(count, ratio, step) for count, ratio, step in sizes)
        return rows, cols

    def _pan(self, high: tuple[slice, slice]) -> np.ndarray:
        """A part of the PAN, filled."""
        (top, bottom), cols = ((part.start, part.stop) for part in high)
        return pan_stream(self.scene, bottom - top, self.context.statistics.pan_mean, top, cols).get(top, bottom)

    def _pan_without_left_out(
        self, corner: tuple[int, int], shape: tuple[int, int], high: tuple[slice, slice], phase: tuple[float, float]
    ) -> np.ndarray:
        """A part of the PAN; what is left out is as smooth there as the HSI's filled pixels are."""
        scene, pan = self.scene, self._pan(high)
        if scene.left_out is None or self.filled is self.pan_low:
            return pan
        rows, cols = _window(corner, shape)
        operators = shared_operators(shape, shape_of(pan), scene.ratios, phase, self.context.mtf_gain)
        left_out = scene.left_out[np.ix_(scene.low_owner(0)[high[0]], scene.low_owner(1)[high[1]])]
        return np.where(left_out, operators.up(self.filled[:, rows, cols]), pan)

    def unlabelled(self, most: int) -> list[UnlabelledArea]:
        scene, context, areas = self.scene, self.context, []
        rows, cols = (
            min(max(self.settings.coarse(ratio), whole_pixels(_HIGH_SIZE, ratio)), count)
            for count, ratio in zip(scene.low_shape, scene.ratios)
        )
        for corner in _spread(scene.low_shape, (rows, cols), most, self.rng):
            self.progress.check()
            if not self.weight[corner[0] : corner[0] + rows, corner[1] : corner[1] + cols].any():
                continue
            high, phase = high_window(corner, (rows, cols), scene.high_shape, scene.ratios, scene.alignment.phase)
            pan = self._pan(high)
            hsi, pan_low, weight = self._low_part(corner, (rows, cols))
            operators = shared_operators((rows, cols), shape_of(pan), scene.ratios, phase, context.mtf_gain)
            area = unlabelled_area(context, operators, hsi, pan, pan_low, weight, self.progress)
            areas.append(self.prepare(area))
        return areas

    def _low_part(
        self, corner: tuple[int, int], shape: tuple[int, int], left_out: int = 0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """HSI, filled, PAN and valid pixels of a window of the low grid; what is left out is filled, too, from so many
        pixels around."""
        (row, col), (rows, cols), whole = corner, shape, self.scene.low_shape
        window, around = _window(corner, shape), max(FILL_LOW, left_out)
        top, bottom = max(0, row - around), min(whole[0], row + rows + around)
        left, right = max(0, col - around), min(whole[1], col + cols + around)
        values, valid = self.scene.hsi_rows(top, bottom, (left, right))
        mean = self.context.statistics.mean
        filled = fill_invalid(values, valid, FILL_LOW, mean)
        if left_out:
            filled = without_left_out(self.scene, filled, mean, (top, left))
        hsi = filled[:, row - top : row - top + rows, col - left : col - left + cols]
        return hsi, self.pan_low[:, window[0], window[1]], self.weight[window]


def _window(corner: tuple[int, int], shape: tuple[int, int]) -> tuple[slice, slice]:
    (row, col), (rows, cols) = corner, shape
    return slice(row, row + rows), slice(col, col + cols)


def _spread(
    whole: tuple[int, int], size: tuple[int, int], most: int, rng: np.random.Generator, least: int = 1
) -> list[tuple[int, int]]:
    """Corners of windows spread evenly over an image, ``least`` along each axis where there is room; a random choice
    where there would be too many."""
    starts = []
    for count, part in zip(whole, size):
        number = max(-(-count // part), min(least, count - part + 1))
        starts.append(np.linspace(0, count - part, number).round().astype(int))
    corners = [(int(row), int(col)) for row in starts[0] for col in starts[1]]
    if len(corners) > most:
        corners = [corners[i] for i in sorted(rng.choice(len(corners), most, replace=False))]
    return corners


def _held_out(
    whole: tuple[int, int],
    corners: list[tuple[int, int]],
    shape: tuple[int, int],
    share: float,
    block: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Which pixels of an image are only scored on, in all areas that show them, so that nothing is both learned from
    and scored on: whole areas, or, where there are few, blocks of the size of one pixel of the degraded area. Many
    small blocks leave no kind of object out of what is learned, and their scores vary less than those of a few large
    ones."""
    held_out = np.zeros(whole, bool)
    rows, cols = (max(corner[axis] for corner in corners) + shape[axis] for axis in range(2))
    size = shape
    if rows * cols < 8 * shape[0] * shape[1]:
        size = block, block
        corners = [(row, col) for row in range(0, rows, block) for col in range(0, cols, block)]
    for index in rng.permutation(len(corners))[: max(1, round(share * len(corners)))]:
        row, col = corners[index]
        held_out[row : min(row + size[0], rows), col : min(col + size[1], cols)] = True
    return held_out
