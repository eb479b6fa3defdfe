"""The images of a scene as streams of rows, invalid pixels filled, and what is degraded of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..io.row_stream import RowStream, row_strips
from ..operators.fill import fill_invalid
from ..operators.pair import Operators
from ..operators.resample import Gains
from ..runtime.progress import Progress
from .scene import Scene

FILL_LOW = 4  # rings of HSI pixels filled around valid ones: as far as the filters reach
FILL_HIGH = 2  # the same for the PAN, in HSI pixels
FILL_LEFT_OUT = 16  # rings of HSI pixels filled where pixels are left out
_SAMPLES = 8_000_000  # samples of the PAN held at once


@dataclass(frozen=True)
class Guide:
    """What tells how the HSI goes on where it has no values: the PAN, at the HSI's resolution.

    Attributes:
        pan_low: (M, rows, columns) float32, D P on the HSI's grid.
        pan_mean: (M,) float32 of D P.
        gains: (bands, M) float32, slopes of the bands on D P.
    """

    pan_low: np.ndarray
    pan_mean: np.ndarray
    gains: np.ndarray

    def fill(self, values: np.ndarray, valid: np.ndarray, fallback: np.ndarray, origin: tuple[int, int]) -> np.ndarray:
        """Fill invalid pixels: what the PAN does not explain of their valid neighbours, and what it explains of them.

        Args:
            values: (bands, rows, columns) float32.
            valid: (rows, columns) bool.
            fallback: (bands,) float32, for what is far from valid pixels.
            origin: row and column of the HSI's grid at which the values begin.

        Returns:
            Same shape, float32; valid pixels are what they were.
        """
        if valid.all():
            return values
        here = slice(None), *(slice(first, first + count) for first, count in zip(origin, valid.shape))
        planes = self.pan_low[here] - self.pan_mean[:, None, None]
        explained = injected(self.gains, planes)
        filled = fill_invalid(values - explained, valid, FILL_LOW, fallback) + explained
        return np.where(valid, values, filled)


def injected(gains: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """What bands take of planes.

    Args:
        gains: (bands, M) float32.
        planes: (M, rows, columns) float32.

    Returns:
        (bands, rows, columns) float32.
    """
    if len(planes) == 1:
        return gains[:, 0, None, None] * planes
    return np.tensordot(gains, planes, 1)


def pan_stream(
    scene: Scene, step: int, fallback: np.ndarray | float, first: int = 0, cols: tuple[int, int] | None = None
) -> RowStream:
    """The PAN's rows, invalid pixels filled; of several sharp bands those at which they are not trusted, too: a cloud
    would reach far when it is degraded.

    Args:
        scene: the scene.
        step: rows computed at once.
        fallback: values far from valid pixels, (M,) float64 or float32, or one for all bands, DN.
        first: the first row that will be asked for.
        cols: (start, stop) of some columns; all by default.

    Returns:
        A stream of (M, rows, columns) float32, DN.
    """
    passes, (left, right) = FILL_HIGH * scene.footprint, cols or (0, scene.high_shape[1])
    faded = scene.faded if scene.guides > 1 else None

    def produce(start: int, stop: int) -> np.ndarray:
        if scene.complete and faded is None:
            return scene.pan_rows(start, stop, (left, right)).values
        (low, high), (west, east) = _widened(scene.high_shape, passes, (start, stop), (left, right))
        values, valid = scene.pan_rows(low, high, (west, east))
        if faded is not None:
            valid = valid & ~faded[np.ix_(scene.low_owner(0)[low:high], scene.low_owner(1)[west:east])]
        filled = fill_invalid(values, valid, passes, fallback)
        return filled[:, start - low : stop - low, left - west : right - west]

    return RowStream(scene.high_shape[0], produce, step, first)


def hsi_stream(
    scene: Scene,
    step: int,
    fallback: np.ndarray,
    first: int = 0,
    cols: tuple[int, int] | None = None,
    guide: Guide | None = None,
) -> RowStream:
    """The HSI's rows, invalid pixels filled. Single good bands are estimated from the others; a bad band has gaps of
    its own.

    Args:
        scene: the scene.
        step: rows computed at once.
        fallback: (bands,) float32, values far from valid pixels, DN.
        first: the first row that will be asked for.
        cols: (start, stop) of some columns; all by default.
        guide: how the PAN goes on where the HSI has no values; None to repeat the HSI's edge.

    Returns:
        A stream of (bands, rows, columns) float32, DN.
    """
    others = [] if scene.complete else [int(band) for band in np.flatnonzero(~scene.good & ~scene.empty)]
    left, right = cols or (0, scene.low_shape[1])

    def produce(start: int, stop: int) -> np.ndarray:
        if scene.complete:
            return scene.hsi_rows(start, stop, (left, right), read_ahead=True).values
        (low, high), (west, east) = _widened(scene.low_shape, FILL_LOW, (start, stop), (left, right))
        rows = scene.hsi_rows(low, high, (west, east), read_ahead=True)
        if guide is None:
            filled = fill_invalid(rows.values, rows.valid, FILL_LOW, fallback)
        else:
            filled = guide.fill(rows.values, rows.valid, fallback, (low, west))
        for band, own in zip(others, scene.hsi_band_valid(low, high, others, (west, east)) if others else ()):
            filled[band] = fill_invalid(rows.values[band : band + 1], own & rows.valid, FILL_LOW, fallback[band])[0]
        return filled[:, start - low : stop - low, left - west : right - west]

    return RowStream(scene.low_shape[0], produce, step, first)


def _widened(shape: tuple[int, int], margin: int, *spans: tuple[int, int]) -> list[tuple[int, int]]:
    return [(max(0, start - margin), min(count, stop + margin)) for count, (start, stop) in zip(shape, spans)]


def scene_operators(scene: Scene, mtf_gain: Gains) -> Operators:
    """The operators between the two grids of a scene.

    Args:
        scene: the scene.
        mtf_gain: the HSI's MTF gain at its Nyquist frequency.

    Returns:
        The operators.
    """
    return Operators(scene.low_shape, scene.high_shape, scene.ratios, scene.alignment.phase, mtf_gain)


def degraded_pan(
    scene: Scene, operators: Operators, fallback: np.ndarray | float, progress: Progress | None = None
) -> np.ndarray:
    """D P on the low-resolution grid, computed in rows.

    Args:
        scene: the scene.
        operators: between its grids.
        fallback: values far from valid PAN pixels, (M,) float64 or float32, or one for all bands, DN.
        progress: asked for cancellation.

    Returns:
        (M, rows, columns) float32, DN.
    """
    rows, cols = operators.low
    step = max(1, _SAMPLES // (scene.guides * operators.high[1] * scene.footprint))
    pan = pan_stream(scene, step * scene.footprint, fallback)
    result = np.empty((scene.guides, rows, cols), np.float32)
    for start, stop in row_strips(rows, step, progress):
        low, high = operators.down.y.support(start, stop)
        pan.forget(low)
        result[:, start:stop] = operators.down.part(pan.get(low, high), (start, stop), (0, cols), (low, 0))
    return result


def without_left_out(
    scene: Scene, image: np.ndarray, fallback: np.ndarray | None = None, corner: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """An image on the HSI's grid with what is left out filled from its surroundings: degraded once more, a cloud would
    reach far. HSI and sharp bands are filled alike, so that they go on belonging together.

    Args:
        scene: the scene.
        image: (bands, rows, columns) float32, the HSI or D P, or a part of it that has :data:`FILL_LEFT_OUT` more
            pixels on each side than are used.
        fallback: (bands,) float32, for what is farther than that from other pixels; the mean of these by default.
        corner: row and column of the HSI's grid at which the part begins.

    Returns:
        The same shape, float32; the image itself where the PAN has one band, or where nothing is left out.
    """
    if not _fills_left_out(scene) or scene.left_out is None:
        return image
    kept = ~scene.left_out[corner[0] :, corner[1] :][: image.shape[1], : image.shape[2]]
    if fallback is None:
        fallback = image[:, kept].mean(axis=1)
    return fill_invalid(image, kept, FILL_LEFT_OUT, fallback)


def hsi_without_left_out(scene: Scene, step: int, mean: np.ndarray) -> RowStream:
    """The HSI's rows with what is left out filled, as :func:`without_left_out` does.

    Args:
        scene: the scene.
        step: rows computed at once.
        mean: (bands,) float32, for what is far from other pixels.

    Returns:
        A stream of (bands, rows, columns) float32, DN.
    """
    rows = hsi_stream(scene, step, mean)
    if not _fills_left_out(scene):
        return rows

    def produce(start: int, stop: int) -> np.ndarray:
        ((low, high),) = _widened(scene.low_shape, FILL_LEFT_OUT, (start, stop))
        rows.forget(low)
        return without_left_out(scene, rows.get(low, high), mean, (low, 0))[:, start - low : stop - low]

    return RowStream(scene.low_shape[0], produce, step)


def _fills_left_out(scene: Scene) -> bool:
    if scene.guides == 1 or scene.left_out is None:
        return False
    return bool(scene.left_out.any() and not scene.left_out.all())


def high_valid(scene: Scene, start: int, stop: int, pan_valid: np.ndarray) -> np.ndarray:
    """Output pixels that statistics are taken over: the PAN is valid, and the HSI pixel under the centre takes part.

    Args:
        scene: the scene.
        start: first row.
        stop: the row after the last.
        pan_valid: (rows, columns) bool, the valid PAN pixels of those rows.

    Returns:
        (rows, columns) bool.
    """
    return pan_valid & scene.low_valid[np.ix_(scene.low_owner(0)[start:stop], scene.low_owner(1))]


def output_valid(scene: Scene, rows: tuple[int, int], cols: tuple[int, int]) -> np.ndarray:
    """Where a part of the output is valid: the PAN is, and so is the HSI pixel under the centre.

    Args:
        scene: the scene.
        rows: (start, stop).
        cols: (start, stop).

    Returns:
        (rows, columns) bool, or (bands, rows, columns) where bands differ: bad bands, and good ones that miss samples,
        have gaps of their own.
    """
    if scene.complete:
        return np.broadcast_to(np.True_, (rows[1] - rows[0], cols[1] - cols[0]))
    owners = scene.low_owner(0)[slice(*rows)], scene.low_owner(1)[slice(*cols)]
    valid = scene.pan_rows(*rows, cols).valid & scene.low_present[np.ix_(*owners)]
    own = (scene.missing > 0) | ~scene.good
    if not own.any():
        return valid
    valid = np.repeat(valid[None], scene.hsi.bands, axis=0)
    valid[scene.empty] = False
    others = np.flatnonzero(own & ~scene.empty)
    if len(others):
        spans = [(int(owner[0]), int(owner[-1]) + 1) for owner in owners]
        bands = scene.hsi_band_valid(*spans[0], list(others), spans[1])
        valid[others] &= bands[:, owners[0] - spans[0][0]][:, :, owners[1] - spans[1][0]]
    return valid
