"""Sums over a scene that the injection gains are made of, in one pass over each raster."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..io.ratio import pixels_inside, whole_pixels
from ..io.row_stream import RowStream, row_strips
from ..operators.pair import Operators
from ..operators.resample import Gains
from ..runtime.progress import Progress
from .ridge import HeldOut
from .scene import Scene
from .streams import high_valid, hsi_stream, hsi_without_left_out, without_left_out

_SAMPLES = 4_000_000  # samples of the HSI held at once, some of them in double precision
PAN_SAMPLES = 2_000_000  # of the PAN held at once: there are several copies in double precision
_LEAST_LOWER = 3  # pixels along an edge one scale further down


class LowPass(NamedTuple):
    """Of P_L over the valid output pixels.

    Attributes:
        pixels: their number.
        mean: (M,) float64, from the mean of all of P_L on.
        spread: (M, M) float64, the covariance.
        details: (M,) float64, the sums of squares of P - P_L.
        one: (rows, columns) float64, U^T of the mask.
        pan: (M, rows, columns) float64, U^T of the masked P_L, from its mean on.
    """

    pixels: int
    mean: np.ndarray
    spread: np.ndarray
    details: np.ndarray
    one: np.ndarray
    pan: np.ndarray


def pan_low_weights(scene: Scene, operators: Operators, pan_low: np.ndarray, progress: Progress) -> LowPass:
    """Go through the PAN.

    Args:
        scene: the scene.
        operators: between its grids.
        pan_low: (M, rows, columns) float32, D P.
        progress: asked for cancellation.

    Returns:
        The numbers of P_L.
    """
    (rows, cols), guides = operators.high, scene.guides
    level = np.array([plane.mean() for plane in pan_low], np.float64)
    weights = np.zeros((1 + guides, *operators.low))
    count, total, details = 0, np.zeros(guides), np.zeros(guides)
    products = np.zeros((guides, guides))
    for start, stop in row_strips(rows, max(1, PAN_SAMPLES // (guides * cols)), progress):
        (low, high), _ = operators.up.support((start, stop), (0, cols))
        values, valid = scene.pan_rows(start, stop)
        valid = high_valid(scene, start, stop, valid)
        count += int(valid.sum())
        planes = [valid.astype(np.float64)]
        for band in range(guides):
            lowpass = operators.up.part(pan_low[band, low:high], (start, stop), (0, cols), (low, 0)).astype(np.float64)
            shifted = np.where(valid, lowpass - level[band], 0.0)
            total[band] += shifted.sum()
            details[band] += (np.where(valid, values[band] - lowpass, 0.0) ** 2).sum()
            for other, earlier in enumerate(planes[1:]):
                products[band, other] += (shifted * earlier).sum()
            products[band, band] += (shifted**2).sum()
            planes.append(shifted)
        weights += operators.up.adjoint_rows(np.stack(planes), start)
    mean = total / max(count, 1)
    products += np.tril(products, -1).T
    spread = products / max(count, 1) - np.outer(mean, mean)
    # A band without any contrast has no regression.
    flat = np.diag(spread) <= 1e-12 * np.maximum(level**2, 1e-30)
    spread[flat] = spread[:, flat] = 0.0
    weights[1:][flat] = 0.0
    return LowPass(count, mean, spread, details, weights[0], weights[1:])


def band_moments(
    scene: Scene, origin: np.ndarray | None, low: LowPass, progress: Progress
) -> tuple[np.ndarray, np.ndarray, int, np.ndarray | None, np.ndarray]:
    """Go through the HSI.

    Args:
        scene: the scene.
        origin: (bands,) float64, a first guess of the means, against cancellation; None for that of the first rows.
        low: of the PAN.
        progress: asked for cancellation.

    Returns:
        sums over the valid HSI pixels of X - origin, (bands,), and of its products, (bands, bands); their count; the
        origin; and the sums of (U X - mean)(P_L - mean) over the valid output pixels, (bands, M); float64.
    """
    rows, cols = scene.low_shape
    bands = scene.hsi.bands
    step = max(1, _SAMPLES // (bands * cols))
    total, with_one, with_pan = np.zeros(bands), np.zeros(bands), np.zeros((bands, scene.guides))
    products = np.zeros((bands, bands))
    count = 0
    stream = hsi_stream(scene, step, np.zeros(bands, np.float32))
    for start, stop in row_strips(rows, step, progress):
        stream.forget(start)
        values = stream.get(start, stop).reshape(bands, -1)
        valid = scene.low_valid[start:stop].ravel()
        if not valid.any():
            continue
        chosen = (values if valid.all() else values[:, valid]).astype(np.float64)
        if origin is None:  # a first guess of the mean, against cancellation
            origin = chosen.mean(axis=1)
        chosen -= origin[:, None]
        count += chosen.shape[1]
        total += chosen.sum(axis=1)
        products += chosen @ chosen.T
        near = low.one[start:stop].ravel() != 0  # what the valid output pixels depend on
        if not np.array_equal(near, valid):
            del chosen  # not two of them at once
            chosen = values[:, near] - origin[:, None]
        shifted = chosen
        with_one += shifted @ low.one[start:stop].ravel()[near]
        for plane, of_band in zip(low.pan[:, start:stop], with_pan.T):
            of_band += shifted @ plane.ravel()[near]
        del values, chosen, shifted  # before the next ones are read
    return total, products, count, origin, with_pan - np.outer(with_one, low.mean)


def add_details(
    scene: Scene, pan_low: np.ndarray, mean: np.ndarray, mtf_gain: Gains, held_out: HeldOut, progress: Progress
) -> None:
    """Hand on the details of HSI and PAN on the HSI's grid: what is lost one scale further down. Of a scene that is too
    small for that the values themselves.

    Args:
        scene: the scene.
        pan_low: (M, rows, columns) float32, D P; what is left out is filled here.
        mean: (bands,) float32 of the HSI.
        mtf_gain: of the degradation.
        held_out: receives the pixels.
        progress: asked for cancellation.
    """
    bands, (y, x) = scene.hsi.bands, scene.ratios
    lower = whole_pixels(scene.low_shape[0], y), whole_pixels(scene.low_shape[1], x)
    rows, cols = pixels_inside(lower[0], y), pixels_inside(lower[1], x)
    step = max(1, _SAMPLES // (bands * scene.low_shape[1]))
    pan_low = without_left_out(scene, pan_low)
    hsi, again = (hsi_without_left_out(scene, step, mean) for _ in range(2))
    if min(lower) < _LEAST_LOWER:
        places = np.flatnonzero(scene.low_covered)
        values = hsi.get(0, scene.low_shape[0]).reshape(bands, -1)[:, places].astype(np.float64)
        held_out.add(values, pan_low.reshape(len(pan_low), -1)[:, places], places, scene.low_shape[1])
        return
    operators = Operators(lower, (rows, cols), scene.ratios, (0.0, 0.0), mtf_gain)

    def degrade(start: int, stop: int) -> np.ndarray:
        low, high = operators.down.y.support(start, stop)
        hsi.forget(low)
        return operators.down.part(hsi.get(low, high)[..., :cols], (start, stop), (0, lower[1]), (low, 0))

    lowered = RowStream(lower[0], degrade, max(1, step // scene.footprint))
    pan_detail = pan_low[:, :rows, :cols] - operators.up(operators.down(pan_low[:, :rows, :cols]))
    for start, stop in row_strips(rows, step, progress):
        (low, high), _ = operators.up.support((start, stop), (0, cols))
        lowered.forget(low)
        again.forget(start)
        up = operators.up.part(lowered.get(low, high), (start, stop), (0, cols), (low, 0))
        detail = (again.get(start, stop)[..., :cols] - up).reshape(bands, -1)
        inside = scene.low_covered[start:stop, :cols].ravel()
        places = np.flatnonzero(inside) + start * cols
        held_out.add(
            detail[:, inside].astype(np.float64),
            pan_detail[:, start:stop].reshape(len(pan_low), -1)[:, inside],
            places,
            cols,
        )
