"""Scoring of rasters of any size in blocks of rows, with bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..physics.fill import fill_invalid
from ..physics.operators import Operators
from ..physics.prior import FILL_HIGH
from ..progress import Progress
from ..quality.consistency import ConsistencyResidual
from ..quality.reference import BandRange, PixelMaps, ReferenceIndices
from ..raster.grid import Alignment, Window
from ..raster.reader import RasterReader
from ..report.pictures import decimation

MAP_SIZE = 480  # pixels: the maps of the report at most
_SAMPLES = 32_000_000  # samples of one raster held at once


@dataclass(frozen=True)
class View:
    """A window of an open raster."""

    reader: RasterReader
    window: Window

    def crop(self, pixels: int) -> View:
        """The view without its outermost pixels.

        Raises:
            InputError: nothing is left.
        """
        window = self.window
        if min(window.rows, window.cols) <= 2 * pixels:
            raise InputError(
                f"Cropping {pixels} pixels at each side leaves nothing of the {window.rows} x {window.cols} pixels of "
                f"{self.reader.name} that can be compared; choose a smaller crop."
            )
        rows, cols = window.rows - 2 * pixels, window.cols - 2 * pixels
        return View(self.reader, Window(window.row + pixels, window.col + pixels, rows, cols))

    def read(self, start: int, stop: int, bands: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Rows ``start`` to ``stop`` of the view: values (B, r, c) float32 in physical units, valid (B, r, c) bool."""
        window = Window(self.window.row + start, self.window.col, stop - start, self.window.cols)
        values, valid = self.reader.read(window, bands)
        metadata = self.reader.metadata
        for plane, band in zip(values, bands):
            if metadata.scales[band] != 1.0:
                plane *= np.float32(metadata.scales[band])
            if metadata.offsets[band] != 0.0:
                plane += np.float32(metadata.offsets[band])
        return values, valid

    def blocks(self, bands: int, progress: Progress) -> Iterator[tuple[int, int]]:
        """(start, stop) of row blocks in which ``bands`` bands fit the memory budget; reports progress."""
        step = max(1, _SAMPLES // (max(bands, 1) * self.window.cols))
        for start in range(0, self.window.rows, step):
            progress.check()
            progress.set(start / self.window.rows)
            yield start, min(start + step, self.window.rows)
        progress.set(1.0)


def good_bands(views: Sequence[View], progress: Progress) -> list[int]:
    """The bands, counted from 0, that are in no bad-band list and hold a value in every raster.

    Raises:
        InputError: the numbers of bands differ, or no band is left.
    """
    first = views[0].reader
    for view in views[1:]:
        if view.reader.bands != first.bands:
            raise InputError(
                f"{first.name} has {first.bands} bands and {view.reader.name} has {view.reader.bands}; choose images "
                "with the same bands."
            )
    good = [band for band in range(first.bands) if all(view.reader.metadata.bbl[band] for view in views)]
    for view in views:
        unseen = list(good)
        for start, stop in view.blocks(len(good), Progress()):
            if not unseen:
                break
            progress.check()
            filled = view.read(start, stop, unseen)[1].any(axis=(1, 2))
            unseen = [band for band, seen in zip(unseen, filled) if not seen]
        good = [band for band in good if band not in unseen]
    if not good:
        names = " and ".join(view.reader.name for view in views)
        raise InputError(f"{names} have no good band with values in common where they overlap; choose other images.")
    return good


def score_reference(
    fused: View, reference: View, bands: Sequence[int], ratio: int | None, progress: Progress
) -> tuple[dict, PixelMaps]:
    """The indices with reference, and maps of the differences.

    Args:
        fused: the result.
        reference: the truth, a view of the same size.
        bands: good bands, counted from 0.
        ratio: for ERGAS; None leaves it out.

    Returns:
        what :meth:`.ReferenceIndices.result` returns, and the maps, decimated to 480 pixels at most.
    """
    shape = fused.window.rows, fused.window.cols
    limits = BandRange(len(bands))
    for start, stop in fused.blocks(len(bands), progress.part(0.0, 0.3)):
        valid = fused.read(start, stop, bands)[1].all(axis=0)
        values, other = reference.read(start, stop, bands)
        limits.update(values, valid & other.all(axis=0))
    indices = ReferenceIndices(len(bands), ratio, limits.result())
    step = decimation(shape, MAP_SIZE)
    maps: list[list[np.ndarray]] = [[], []]
    for start, stop in fused.blocks(len(bands), progress.part(0.3, 1.0)):
        values, valid = fused.read(start, stop, bands)
        truth, other = reference.read(start, stop, bands)
        block = indices.update(values, truth, valid.all(axis=0) & other.all(axis=0))
        first = (step // 2 - start) % step
        for kept, plane in zip(maps, block):
            kept.append(plane[first::step, step // 2 :: step])
    return indices.result(), PixelMaps(*(np.concatenate(kept) for kept in maps))


def score_consistency(
    fused: View, hsi: View, alignment: Alignment, bands: Sequence[int], gain: float, crop: int, progress: Progress
) -> tuple[float, np.ndarray, int]:
    """The relative RMSE of the degraded result against the HSI.

    Invalid pixels of the result are filled from their neighbours before the degradation. HSI pixels count that are
    valid themselves and whose own ratio x ratio pixels of the result all exist, lie inside the crop and are valid.

    Args:
        fused: the result, the window ``alignment.pan``.
        hsi: the HSI, the window ``alignment.hsi``.
        alignment: how the one lies on the other.
        bands: good bands, counted from 0.
        gain: MTF gain of the degradation.
        crop: pixels of the result left out at each side.

    Returns:
        the overall value, (B,) values of the bands, and the number of HSI pixels that count.
    """
    high, low = (fused.window.rows, fused.window.cols), (hsi.window.rows, hsi.window.cols)
    ratio = alignment.ratio
    down = Operators(low, high, ratio, alignment.phase, gain).down
    high_valid, means = _look_through(fused, bands, progress.part(0.0, 0.3))
    low_valid = np.empty(low, bool)
    for start, stop in hsi.blocks(len(bands), Progress()):
        low_valid[start:stop] = hsi.read(start, stop, bands)[1].all(axis=0)
    counted = low_valid & _footprints(high_valid, low, ratio, alignment.phase, crop)
    residual = ConsistencyResidual(len(bands))
    passes = FILL_HIGH * ratio
    reach = down.y.taps + ratio + 2 * passes  # rows of the result that one row of the HSI needs
    group = max(1, min(len(bands), _SAMPLES // (2 * reach * high[1])))
    step = max(1, (_SAMPLES // (group * high[1]) - reach) // ratio)
    starts = range(0, low[0], step)
    firsts = range(0, len(bands), group)
    steps = progress.part(0.3, 1.0)
    for done, (start, first) in enumerate((start, first) for start in starts for first in firsts):
        progress.check()
        steps.set(done / (len(starts) * len(firsts)))
        stop = min(start + step, low[0])
        if not counted[start:stop].any():
            continue
        chosen = bands[first : first + group]
        top, bottom = down.y.support(start, stop)
        outer_top, outer_bottom = max(0, top - passes), min(high[0], bottom + passes)
        values = fused.read(outer_top, outer_bottom, chosen)[0]
        filled = fill_invalid(values, high_valid[outer_top:outer_bottom], passes, means[first : first + group])
        degraded = down.part(filled, (start, stop), (0, low[1]), (outer_top, 0))
        residual.update(degraded, hsi.read(start, stop, chosen)[0], counted[start:stop], first)
    steps.set(1.0)
    overall, per_band = residual.result()
    return overall, per_band, int(np.count_nonzero(counted))


def _look_through(view: View, bands: Sequence[int], progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """(rows, columns) bool, where all the bands are valid, and (B,) float32, the bands' means there."""
    mask = np.empty((view.window.rows, view.window.cols), bool)
    total = np.zeros(len(bands))
    for start, stop in view.blocks(len(bands), progress):
        values, valid = view.read(start, stop, bands)
        mask[start:stop] = valid.all(axis=0)
        for band, plane in enumerate(values):
            total[band] += plane[mask[start:stop]].sum(dtype=np.float64)
    return mask, (total / max(int(np.count_nonzero(mask)), 1)).astype(np.float32)


def _footprints(
    valid: np.ndarray, low: tuple[int, int], ratio: int, phase: tuple[float, float], crop: int
) -> np.ndarray:
    """``low`` bool: whether all the high-resolution pixels that a low-resolution one touches exist and are valid."""
    whole = valid
    for axis in (0, 1):
        size = whole.shape[axis]
        edge = np.arange(low[axis] + 1) * ratio - phase[axis]
        first = np.floor(edge[:-1] + 0.01).astype(int)
        last = np.ceil(edge[1:] - 0.01).astype(int)
        inside = (first >= crop) & (last <= size - crop)
        first, last = np.clip(first, 0, size), np.clip(last, 0, size)
        shape = list(whole.shape)
        shape[axis] = 1
        count = np.concatenate([np.zeros(shape, np.int32), np.cumsum(whole, axis=axis, dtype=np.int32)], axis=axis)
        held = np.take(count, last, axis=axis) - np.take(count, first, axis=axis)
        lengths = np.expand_dims(last - first, 1 - axis)
        whole = (held == lengths) & np.expand_dims(inside, 1 - axis)
    return whole


def finite(value: float) -> float | None:
    """The number, or None where it is not finite."""
    return float(value) if math.isfinite(value) else None
