"""Cutting scenes into the areas that networks learn from."""

from __future__ import annotations

from typing import Callable

import numpy as np
import torch

from ..operators.fill import fill_invalid
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.scene import Scene
from ..scene.statistics import Statistics
from ..scene.streams import FILL_LOW, degraded_pan, pan_stream, scene_operators
from .areas import LabelledArea, UnlabelledArea, labelled_area, unlabelled_area
from .settings import Settings

MOST_LABELLED = 48  # areas a scene
MOST_UNLABELLED = 12
_HIGH_SIZE = 144  # PAN pixels of an unlabelled area
SHIFTS = 3  # along each axis: a small scene is degraded from several corners, which shows more of what can happen


def scene_areas(
    scene: Scene,
    statistics: Statistics,
    good: np.ndarray,
    gain: float,
    settings: Settings,
    device: torch.device,
    progress: Progress | None = None,
    share: float = 1.0,
) -> tuple[list[LabelledArea], list[UnlabelledArea]]:
    """The labelled and unlabelled areas of a scene.

    Args:
        good: (bands,) bool, the bands to learn.
        gain: MTF gain of the HSI.
        share: of the most areas that a scene may have, where several scenes are learned from.

    Raises:
        InputError: the scene is too small, or has too few valid pixels, to be degraded once more.
    """
    progress = progress or Progress()
    ratio = scene.ratio
    rng = np.random.default_rng([settings.seed, 1])
    pan_low = degraded_pan(scene, scene_operators(scene, gain), statistics.pan_mean, progress)
    size = max(settings.patch // ratio, 2) * ratio
    # Where the scene is a single area, leave room to shift it by less than a pixel of what it is degraded to.
    rows, cols = (min(size, max(count - 1, 2 * ratio) // ratio * ratio) for count in scene.low_shape)
    shape = rows, cols
    if min(scene.low_shape) < 2 * ratio:
        raise InputError(
            f"{scene.hsi.name} and {scene.pan.name} share {scene.low_shape[0]} x {scene.low_shape[1]} HSI pixels; "
            f"learning at ratio {ratio} needs {2 * ratio} in each direction: use a trained model or a classical method."
        )
    places = _spread(scene.low_shape, shape, max(2, round(MOST_LABELLED * share)), rng, least=SHIFTS)
    held = _held_out(places, shape, settings.held_out, ratio, rng)
    weight = scene.low_covered

    def low_part(row: int, col: int, rows: int, cols: int) -> np.ndarray:
        top, bottom = max(0, row - FILL_LOW), min(scene.low_shape[0], row + rows + FILL_LOW)
        values, valid = scene.hsi_rows(top, bottom)
        left, right = max(0, col - FILL_LOW), min(scene.low_shape[1], col + cols + FILL_LOW)
        part = fill_invalid(values[..., left:right], valid[:, left:right], FILL_LOW, statistics.mean)
        return part[:, row - top : row - top + rows, col - left : col - left + cols]

    labelled = []
    for (row, col), judged in zip(places, held):
        progress.check()
        window = slice(row, row + shape[0]), slice(col, col + shape[1])
        area = labelled_area(
            low_part(row, col, *shape),
            pan_low[:, window[0], window[1]],
            weight[window],
            judged,
            statistics,
            good,
            ratio,
            gain,
            settings.iterations,
            device,
        )
        if area.learn.any() or area.judge.any():
            labelled.append(area)
    if not any(area.learn.any() for area in labelled) or not any(area.judge.any() for area in labelled):
        raise InputError(
            f"{scene.hsi.name} has too few valid pixels to learn from; fuse with a trained model or a classical method."
        )

    rows, cols = (min(max(settings.crop, _HIGH_SIZE // ratio), count) for count in scene.low_shape)
    shape = rows, cols
    unlabelled = []
    if settings.consistency or settings.full_exchange:
        for row, col in _spread(scene.low_shape, shape, max(1, round(MOST_UNLABELLED * share)), rng):
            progress.check()
            piece = _unlabelled(
                scene, statistics, good, gain, low_part, pan_low, weight, (row, col), shape, device, progress
            )
            if piece is not None:
                unlabelled.append(piece)
    return labelled, unlabelled


def _unlabelled(
    scene: Scene,
    statistics: Statistics,
    good: np.ndarray,
    gain: float,
    low_part: Callable[[int, int, int, int], np.ndarray],
    pan_low: np.ndarray,
    weight: np.ndarray,
    corner: tuple[int, int],
    shape: tuple[int, int],
    device: torch.device,
    progress: Progress,
) -> UnlabelledArea | None:
    """The unlabelled area of a window of the low grid; None if nothing in it is known."""
    ratio, spans, phases = scene.ratio, [], []
    for axis in range(2):
        phase = scene.alignment.phase[axis]
        begin = max(0, int(np.ceil(corner[axis] * ratio - phase - 1e-9)))
        end = min(scene.high_shape[axis], int(np.floor((corner[axis] + shape[axis]) * ratio - phase + 1e-9)))
        spans.append((begin, end))
        phases.append(round(begin + phase - corner[axis] * ratio, 9))
    window = slice(corner[0], corner[0] + shape[0]), slice(corner[1], corner[1] + shape[1])
    if not weight[window].any():
        return None
    (top, bottom), (left, right) = spans
    pan = pan_stream(scene, bottom - top, statistics.pan_mean, top).get(top, bottom)[..., left:right]
    return unlabelled_area(
        low_part(*corner, *shape),
        pan,
        pan_low[:, window[0], window[1]],
        weight[window],
        statistics,
        good,
        ratio,
        (phases[0], phases[1]),
        gain,
        device,
        progress,
    )


def _spread(
    whole: tuple[int, int], size: tuple[int, int], most: int, rng: np.random.Generator, least: int = 1
) -> list[tuple[int, int]]:
    """Corners of windows spread evenly over an image, ``least`` along each axis where there is room; a random choice
    where there would be too many."""
    starts = []
    for count, part in zip(whole, size):
        number = max(-(-count // part), min(least, count - part + 1))
        starts.append(np.linspace(0, count - part, number).round().astype(int))
    places = [(int(row), int(col)) for row in starts[0] for col in starts[1]]
    if len(places) > most:
        places = [places[i] for i in sorted(rng.choice(len(places), most, replace=False))]
    return places


def _held_out(
    places: list[tuple[int, int]], shape: tuple[int, int], share: float, block: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Which pixels of each area are only judged: whole areas that overlap no other, or, where there are few, blocks of
    the size of one pixel of the degraded area. Many small blocks leave no kind of object out of what is learned, and
    say more certainly what is better than a few large ones."""
    masks = [np.zeros(shape, bool) for _ in places]
    extent = [max(place[axis] for place in places) + shape[axis] for axis in range(2)]
    if extent[0] * extent[1] >= 8 * shape[0] * shape[1]:
        for index in rng.permutation(len(places))[: max(1, round(share * len(places)))]:
            masks[index][:] = True
        _clear_overlaps(places, masks, shape, extent)
        return masks
    occupied = np.zeros(extent, bool)
    blocks = [(row, col) for row in range(0, extent[0], block) for col in range(0, extent[1], block)]
    for index in rng.permutation(len(blocks))[: max(1, round(share * len(blocks)))]:
        row, col = blocks[index]
        occupied[row : row + block, col : col + block] = True
    for (row, col), mask in zip(places, masks):
        mask[:] = occupied[row : row + shape[0], col : col + shape[1]]
    return masks


def _clear_overlaps(
    places: list[tuple[int, int]], masks: list[np.ndarray], shape: tuple[int, int], extent: list[int]
) -> None:
    """What is judged in one area is judged in all, so that nothing is both learned from and judged."""
    judged = np.zeros(extent, bool)
    for (row, col), mask in zip(places, masks):
        judged[row : row + shape[0], col : col + shape[1]] |= mask
    for (row, col), mask in zip(places, masks):
        mask[:] = judged[row : row + shape[0], col : col + shape[1]]
