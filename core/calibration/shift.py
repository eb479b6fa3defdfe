"""How far the PAN is shifted against the HSI: phase correlation at the HSI's resolution, in steps (own).

The PAN, degraded to the HSI's grid by the exact operator ``D``, is compared with the sum of bands in its range that
explains it best. The cross-power spectrum, whitened (Kuglin and Hines, 1975) and weighted by a low-pass, is summed over
tiles; the peak of its inverse transform, evaluated between the samples, is the shift. Then the PAN's *position* is
moved by it, the PAN is degraded anew, and what remains is measured again: so what aliasing and the sampling of either
image add does not stay in the result, and the shift found is the one that the exact sub-pixel phase of ``D`` corrects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..operators.fill import fill_invalid
from ..operators.linear import Separable, Span
from ..operators.pair import DEFAULT_MTF_GAIN
from ..operators.resample import degrader
from ..runtime.progress import Progress
from ..scene.scene import Scene

MAX_SHIFT = 4.0  # HSI pixels: shifts beyond are not searched for
VISIBLE = (400.0, 900.0)  # nm: where panchromatic bands lie
_BANDS = 12  # of those, spread evenly: more explain the PAN no better
_RIDGE = 1e-3  # of the bands' mean variance, so that neighbours share a weight
_LEAST_CORRELATION = 0.5  # of the two images where they fit: below, there is no result
_STEPS, _CONVERGED = 8, 0.03  # steps at most; PAN pixels: a residual shift below is none
_TILE, _PAN_TILE, _TILES = 256, 1024, 3  # HSI and PAN pixels along an edge at most; tiles along each axis
_LOW_PASS = 0.25  # cycles per HSI pixel at which the weight has fallen to exp(-1/2)


@dataclass(frozen=True)
class Shift:
    """By how much the PAN must be moved to lie on the HSI.

    Attributes:
        y, x: PAN pixels, towards higher rows and columns.
        correlation: of the degraded PAN, moved, with the sum of the HSI's bands that explains it best.
        unmoved: the same where the PAN stays.
    """

    y: float
    x: float
    correlation: float
    unmoved: float

    @property
    def size(self) -> float:
        """Its length in PAN pixels."""
        return math.hypot(self.y, self.x)


def measure_shift(scene: Scene, progress: Progress | None = None) -> Shift | None:
    """Measure the shift of a scene's PAN.

    It depends on the two rasters alone, not on any choice, so that it can be measured again.

    Args:
        scene: the HSI and the PAN.
        progress: asked for cancellation.

    Returns:
        The shift; None where it cannot be measured: the images are not alike, moved or not, or have no contrast.
    """
    progress = progress or Progress()
    tiles = _tiles(scene)
    bands = _bands(scene)
    images = [_hsi_tile(scene, tile, bands, progress) for tile in tiles]
    shift, unmoved = np.zeros(2), 0.0
    max_shift = min(MAX_SHIFT, min(min(valid.shape) for _, valid in images) / 4)
    converged = False
    for step in range(_STEPS + 1):
        down = _moved(scene, (float(shift[0]), float(shift[1])))
        degraded = [_degraded_tile(scene, tile, down, progress) for tile in tiles]
        sums, correlation = _explain(images, degraded, progress)
        unmoved = correlation if step == 0 else unmoved
        if converged or step == _STEPS:
            break
        found = _peak(sums, degraded, max_shift)
        if found is None:
            return None
        converged = bool(np.hypot(*found) * scene.ratio < _CONVERGED)
        shift = np.clip(shift + found * scene.ratio, -MAX_SHIFT * scene.ratio, MAX_SHIFT * scene.ratio)
    if correlation < max(_LEAST_CORRELATION, unmoved - 1e-3):
        return None
    return Shift(float(shift[0]), float(shift[1]), correlation, unmoved)


def _tiles(scene: Scene) -> list[tuple[Span, Span]]:
    """Spans of rows and columns of the HSI, spread evenly."""
    size = max(64, min(_TILE, _PAN_TILE // scene.ratio))
    spans = []
    for count in scene.low_shape:
        length = min(size, count)
        number = min(_TILES, max(1, count // length))
        starts = np.linspace(0, count - length, number).astype(int) if number > 1 else [(count - length) // 2]
        spans.append([(int(start), int(start) + length) for start in starts])
    return [(rows, cols) for rows in spans[0] for cols in spans[1]]


def _moved(scene: Scene, shift: tuple[float, float]) -> Separable:
    """D of the PAN whose position is moved by (y, x) PAN pixels."""
    phase = scene.alignment.phase
    return degrader(
        scene.high_shape, scene.low_shape, scene.ratio, (phase[0] + shift[0], phase[1] + shift[1]), DEFAULT_MTF_GAIN
    )


def _degraded_tile(
    scene: Scene, tile: tuple[Span, Span], down: Separable, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """A tile of the degraded PAN, and the share of valid pixels in it: (rows, columns) each."""
    progress.check()
    (top, bottom), (left, right) = down.support(*tile)
    block = scene.pan.read(scene.alignment.pan.part((top, bottom), (left, right)))
    if block.valid.all():
        share = np.ones((1, tile[0][1] - tile[0][0], tile[1][1] - tile[1][0]))
        values = block.values
    else:
        share = down.part(block.valid.astype(np.float32), *tile, (top, left))
        level = block.values[block.valid].mean() if block.valid.any() else 0.0
        values = fill_invalid(block.values, block.valid[0], 2 * scene.ratio, level)
    progress.check()
    return down.part(values, *tile, (top, left))[0].astype(np.float64), share[0] > 0.99


def _bands(scene: Scene) -> list[int]:
    """Some good bands where panchromatic ones lie, or of all where wavelengths are unknown."""
    waves = scene.hsi.metadata.wavelengths
    good = [int(band) for band in np.flatnonzero(scene.good)]
    visible = [band for band in good if (wave := waves[band]) is not None and VISIBLE[0] <= wave <= VISIBLE[1]] or good
    return [visible[i] for i in np.unique(np.linspace(0, len(visible) - 1, _BANDS).round().astype(int))]


def _hsi_tile(
    scene: Scene, tile: tuple[Span, Span], bands: list[int], progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """A tile of some bands (bands, rows, columns), and its valid pixels."""
    progress.check()
    block = scene.hsi.read(scene.alignment.hsi.part(*tile), bands)
    return block.values, scene.low_valid[slice(*tile[0]), slice(*tile[1])]


def _explain(images: list, degraded: list, progress: Progress) -> tuple[list, float]:
    """Of each tile the sum of bands that explains the PAN best in all of them, and its valid pixels; and how well it
    does: the correlation with the PAN, each tile about its own mean, edges faded."""
    count = len(images[0][0])
    products = np.zeros((count + 1, count + 1))
    for (values, valid), (pan, pan_valid) in zip(images, degraded):
        progress.check()
        root = np.sqrt(_window(valid & pan_valid)).ravel()
        stack = np.concatenate([values.reshape(count, -1), pan.reshape(1, -1)]).astype(np.float64)
        stack -= (stack @ root**2 / max((root**2).sum(), 1e-30))[:, None]
        products += (stack * root) @ (stack * root).T
    covariance, common, variance = products[:-1, :-1], products[:-1, -1], products[-1, -1]
    ridge = _RIDGE * max(np.trace(covariance) / count, 1e-30)
    weights = np.linalg.solve(covariance + ridge * np.eye(count), common)
    spread = float(weights @ covariance @ weights) * float(variance)
    correlation = float(weights @ common) / math.sqrt(spread) if spread > 0 else 0.0
    return [(np.tensordot(weights, values, 1), valid) for values, valid in images], correlation


def _weighted(image: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Without its mean, faded out towards edges and where it is not valid."""
    total = weight.sum()
    return weight * (image - (weight * image).sum() / total) if total > 0 else np.zeros_like(image)


def _window(valid: np.ndarray) -> np.ndarray:
    edges = [np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 2 for count in valid.shape]
    return edges[0][:, None] * edges[1][None, :] * valid


def _peak(sums: list, degraded: list, max_shift: float) -> np.ndarray | None:
    """Where the summed phase correlation is highest, (y, x) in HSI pixels; None without any contrast."""
    summed: dict[tuple[int, int], np.ndarray] = {}
    for (image, valid), (pan, pan_valid) in zip(sums, degraded):
        window = _window(valid & pan_valid)
        cross = np.fft.fft2(_weighted(image, window)) * np.conj(np.fft.fft2(_weighted(pan, window)))
        size = np.abs(cross)
        if size.max() > 0:
            # The root leaves the strong frequencies some of their weight: in small scenes the weak ones are noise.
            whitened = cross / np.sqrt(np.maximum(size, 1e-9 * size.max()) * size.max())
            summed[image.shape] = summed.get(image.shape, 0.0) + whitened
    if not summed:
        return None
    centre, reach = np.zeros(2), max_shift
    for step in (0.125, 0.01):
        offsets = np.arange(-reach, reach + step / 2, step)
        surface = np.zeros((len(offsets), len(offsets)))
        for cross in summed.values():
            surface += _surface(cross, centre[0] + offsets, centre[1] + offsets)
        row, col = np.unravel_index(int(np.argmax(surface)), surface.shape)
        centre = centre + np.array([offsets[row], offsets[col]])
        reach = step
    return centre


def _surface(cross: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The inverse transform of a weighted cross spectrum at any places, (y, x)."""
    frequencies = [np.fft.fftfreq(count, 1.0) for count in cross.shape]
    low_pass = [np.exp(-0.5 * (frequency / _LOW_PASS) ** 2) for frequency in frequencies]
    rows = np.exp(2j * np.pi * y[:, None] * frequencies[0]) * low_pass[0]
    cols = np.exp(2j * np.pi * x[:, None] * frequencies[1]) * low_pass[1]
    return (rows @ cross @ cols.T).real
