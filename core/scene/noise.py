"""White noise of the HSI's detectors: found, and removed from a scene.

What passed the optics is blurred; what a detector adds afterwards is not, so noise of one band next to Nyquist's
frequency tells how much of it there is everywhere. Where bands are many and materials few, nearly all of that noise
lies outside of the subspace that the spectra span, and there it can be told from them (PCA of noise-whitened bands,
Green et al., 1988; where the noise's eigenvalues end: Marchenko and Pastur, 1967; Veraart et al., 2016). A spectrum
that is unlike all others is larger than noise there and kept: the part outside of the subspace is shrunk pixel by pixel
(James and Stein, 1961).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..io.grid import Window
from ..io.reader import Block, RasterReader
from ..runtime.progress import Progress
from .reader_view import ReaderView
from .scene import Scene

LEAST_WHITE = 0.15  # of what lies outside of the spectra's subspace: below, it is not the detectors'
LEAST_NOISE = 1e-3  # of the signal, in the median of the bands: less is not worth a word, as what rounding makes
_SPECTRA = 12  # components that a first look takes for spectra
_LEAST_BANDS, _LEAST_PIXELS = 24, 2.0  # good bands; pixels a band
_MOST_REMOVED = 0.5  # of the power of all bands: where there is more of it, it is not noise that is seen
_LEAST_OUTSIDE = 0.3  # of a band's noise, that is not taken for spectra
_EDGE = 2.0  # times the largest eigenvalue of noise alone: a component just above holds more noise than spectra
_SAMPLES = 1_500_000  # that are looked at, at most: some copies of them are held
_TILE = 32  # HSI pixels along an edge
_HIGH_PASS = np.array([1.0, -4.0, 6.0, -4.0, 1.0], np.float32) / math.sqrt(70.0)  # of white noise: its variance
_NORMAL = 1.4826  # standard deviation over median absolute deviation


@dataclass(frozen=True)
class DetectorNoise:
    """White noise of an HSI, and how it is told from spectra.

    Attributes:
        bands: (n,) int, the bands that are looked at: good ones whose values differ.
        mean: (n,) float32, DN.
        deviation: (n,) float32, standard deviation of the white noise, DN.
        basis: (n, K) float32, orthonormal: the subspace of spectra in bands divided by ``deviation``.
        white: how much of what lies outside of :data:`_SPECTRA` components is white, from 0 to about 1.
    """

    bands: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    basis: np.ndarray
    white: float

    @property
    def ratios(self) -> np.ndarray:
        """(n,) mean over noise, each band's signal-to-noise ratio."""
        return np.abs(self.mean) / self.deviation

    def removed_from(self, values: np.ndarray) -> np.ndarray:
        """Spectra without what cannot be told from noise.

        Args:
            values: (n, pixels) float32, DN, of :attr:`bands`.

        Returns:
            The same of the spectra: what lies outside of the subspace is shrunk by the share of its power that noise
            has there.
        """
        size = self.deviation[:, None]
        outside = values - self.mean[:, None]
        outside /= size
        inside = self.basis @ (self.basis.T @ outside)
        outside -= inside
        expected = np.float32(len(self.bands) - self.basis.shape[1])
        power = np.einsum("np,np->p", outside, outside)
        outside *= np.clip(1 - expected / np.maximum(power, np.float32(1e-12)), 0, 1)
        outside += inside
        outside *= size
        outside += self.mean[:, None]
        return outside


def find_noise(scene: Scene, progress: Progress) -> DetectorNoise | None:
    """Look for white noise in the HSI of a scene.

    Args:
        scene: whose pixels are looked at, or tiles of them that are spread evenly.
        progress: asked whether to stop.

    Returns:
        What was found; None where there is none, or bands or pixels are too few to tell.

    Raises:
        Cancelled: the user stopped the job.
    """
    bands = np.flatnonzero(scene.good)
    if len(bands) < _LEAST_BANDS:
        return None
    tiles = list(_tiles(scene, bands, progress))
    count = sum(int(valid.sum()) for _, valid in tiles)
    if count < _LEAST_PIXELS * len(bands):
        return None
    spectra = np.concatenate([values[:, valid] for values, valid in tiles], axis=1)
    differ = spectra.std(axis=1) > 0
    bands, spectra = bands[differ], spectra[differ]
    mean, size = spectra.mean(axis=1), spectra.std(axis=1)
    main = _components((spectra - mean[:, None]) / size[:, None])[1][:, :_SPECTRA]
    rest = [
        (_outside(main, (values[differ] - mean[:, None, None]) / size[:, None, None]), valid) for values, valid in tiles
    ]
    white = _white_variance(rest)
    total = np.concatenate([values[:, valid] for values, valid in rest], axis=1).var(axis=1)
    if white is None or not 0 < total.sum() < _MOST_REMOVED * len(bands):
        return None
    share = float(white.sum() / total.sum())
    if share < LEAST_WHITE:
        return None
    white /= np.maximum(1 - np.square(main).sum(axis=1), _LEAST_OUTSIDE)  # of it all, not only of what lies outside
    deviation = np.sqrt(np.maximum(white, 1e-3 * np.median(white))) * size
    if np.median(deviation / np.maximum(np.abs(mean), 1e-30)) < LEAST_NOISE:
        return None
    powers, vectors = _components((spectra - mean[:, None]) / deviation[:, None])
    edge = _EDGE * (1 + math.sqrt(len(bands) / spectra.shape[1])) ** 2
    kept = int(np.count_nonzero(powers > edge))
    if not 0 < kept < len(bands) / 2:
        return None
    basis = vectors[:, :kept].astype(np.float32)
    return DetectorNoise(bands, mean.astype(np.float32), deviation.astype(np.float32), basis, share)


def _tiles(scene: Scene, bands: np.ndarray, progress: Progress) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Parts of the HSI: (bands, rows, columns) float64, and (rows, columns) bool, where all of them are valid and
    take part in learning."""
    rows, cols = scene.low_shape
    corners = [(row, col) for row in range(0, rows, _TILE) for col in range(0, cols, _TILE)]
    most = max(1, int(_SAMPLES / (len(bands) * _TILE**2)))
    chosen = np.unique(np.linspace(0, len(corners) - 1, min(most, len(corners))).round().astype(int))
    for row, col in (corners[place] for place in chosen):
        progress.check()
        ends = min(row + _TILE, rows), min(col + _TILE, cols)
        block = scene.hsi.read(scene.alignment.hsi.part((row, ends[0]), (col, ends[1])), bands.tolist())
        valid = block.valid.all(axis=0) & scene.low_valid[row : ends[0], col : ends[1]]
        yield block.values.astype(np.float64), valid


def _components(scaled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, largest first, and eigenvectors of the covariance of (n, pixels)."""
    powers, vectors = np.linalg.eigh(scaled @ scaled.T / scaled.shape[1])
    return powers[::-1], vectors[:, ::-1]


def _outside(basis: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n, rows, columns) less what lies in the subspace."""
    flat = values.reshape(len(values), -1)
    rest: np.ndarray = (flat - basis @ (basis.T @ flat)).reshape(values.shape)
    return rest


def _white_variance(tiles: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray | None:
    """(n,) variance that each band would have if its power next to Nyquist's frequency were its power everywhere;
    robust against edges. None where no pixel has neighbours."""
    found = []
    for values, valid in tiles:
        if min(valid.shape) < len(_HIGH_PASS):
            continue
        whole = np.lib.stride_tricks.sliding_window_view(valid, (len(_HIGH_PASS),) * 2).all(axis=(2, 3))
        found.append(_filtered(_filtered(values, 1), 2)[:, whole])
    highest = np.concatenate(found, axis=1) if found else np.empty((1, 0))
    if highest.shape[1] == 0:
        return None
    variance: np.ndarray = (_NORMAL * np.median(np.abs(highest), axis=1)) ** 2
    return variance


def _filtered(values: np.ndarray, axis: int) -> np.ndarray:
    """High-passed along an axis, where the filter has all it needs."""
    length = values.shape[axis] - len(_HIGH_PASS) + 1
    parts = (weight * values.take(np.arange(start, start + length), axis) for start, weight in enumerate(_HIGH_PASS))
    total: np.ndarray = sum(parts, np.zeros(()))
    return total


class DenoisedReader(ReaderView):
    """An HSI without what cannot be told from white noise of its detectors; closes it with itself. Pixels that miss a
    sample stay as they are.

    Args:
        reader: the open raster.
        noise: that was found in it.
    """

    def __init__(self, reader: RasterReader, noise: DetectorNoise) -> None:
        super().__init__(reader)
        self._noise = noise

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._noise)

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        read, valid = self._reader.read(window, None, read_ahead)
        noise, count = self._noise, len(self._noise.bands)
        whole = valid[noise.bands].all(axis=0)
        if whole.all() and count == len(read):
            values = noise.removed_from(read.reshape(count, -1)).reshape(read.shape)
        else:
            values = self._partly(read, whole)
        if bands is None:
            return Block(values, valid)
        chosen = list(bands)
        return Block(values[chosen], valid[chosen])

    def _partly(self, read: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """A copy of what was read, without noise in the bands that have it and the pixels (rows, columns) bool that are
        whole."""
        values, bands = read.copy(), self._noise.bands
        if whole.all():
            values[bands] = self._noise.removed_from(read[bands].reshape(len(bands), -1)).reshape(-1, *whole.shape)
        elif whole.any():
            some = np.ix_(bands, *(np.arange(count) for count in whole.shape))
            part = values[some]
            part[:, whole] = self._noise.removed_from(part[:, whole])
            values[some] = part
        return values


def without_noise(scene: Scene, noise: DetectorNoise | None) -> Scene:
    """A view without noise.

    Args:
        scene: in whose HSI it was looked for.
        noise: that was found; None for none.

    Returns:
        The view; the scene itself where there is none. The files are shared, and closed with either.
    """
    return scene if noise is None else scene.showing(DenoisedReader(scene.hsi, noise))
