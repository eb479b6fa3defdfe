"""Phase correlation of tiles: where one image lies on another, to a part of a sample.

The cross-power spectrum, whitened (Kuglin and Hines, 1975) and weighted by a low-pass, is summed over tiles; the peak
of its inverse transform, evaluated between the samples, is the shift.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_LOW_PASS = 0.25  # cycles per HSI pixel at which the weight has fallen to exp(-1/2)
_COARSE = 0.5  # HSI pixels, the steps of the wide search


def window(valid: np.ndarray) -> np.ndarray:
    """Weights that fade out towards the edges.

    Args:
        valid: (rows, columns) bool.

    Returns:
        (rows, columns) float64, 0 where a pixel is not valid.
    """
    edges = [np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 2 for count in valid.shape]
    return edges[0][:, None] * edges[1][None, :] * valid


def cross_spectrum(image: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """The cross-power spectrum of two images, whitened in part.

    Args:
        image, other: (rows, columns) float64.
        weights: (rows, columns) float64, see :func:`window`.

    Returns:
        (rows, columns) complex; None where an image has no contrast.
    """
    cross = np.fft.fft2(_weighted(image, weights)) * np.conj(np.fft.fft2(_weighted(other, weights)))
    size = np.abs(cross)
    if not size.max() > 0:
        return None
    # The root leaves the strong frequencies some of their weight: in small scenes the weak ones are noise.
    whitened: np.ndarray = cross / np.sqrt(np.maximum(size, 1e-9 * size.max()) * size.max())
    return whitened


def fine_peak(spectra: Iterable[np.ndarray], reach: float) -> np.ndarray:
    """Where the summed phase correlation is highest near 0.

    Args:
        spectra: (rows, columns) complex each, of :func:`cross_spectrum`.
        reach: HSI pixels to either side that are searched.

    Returns:
        (2,) float64: y and x in HSI pixels, to 0.01.
    """
    summed: dict[tuple[int, ...], np.ndarray] = {}
    for cross in spectra:
        summed[cross.shape] = summed.get(cross.shape, 0.0) + cross
    centre = np.zeros(2)
    for step in (0.125, 0.01):
        offsets = np.arange(-reach, reach + step / 2, step)
        surface = np.zeros((len(offsets), len(offsets)))
        for cross in summed.values():
            surface += _surface(cross, centre[0] + offsets, centre[1] + offsets)
        row, col = np.unravel_index(int(np.argmax(surface)), surface.shape)
        centre = centre + np.array([offsets[row], offsets[col]])
        reach = step
    return centre


def coarse_peak(spectra: Iterable[np.ndarray], reach: float) -> tuple[np.ndarray, float]:
    """Where most blocks have a high phase correlation: each block's surface weighs the same.

    Args:
        spectra: (rows, columns) complex each, of :func:`cross_spectrum`.
        reach: HSI pixels to either side that are searched.

    Returns:
        (2,) float64 y and x in HSI pixels, to half a pixel; and by how many standard deviations of the surface the
        peak stands out of it.
    """
    offsets = np.arange(-reach, reach + _COARSE / 2, _COARSE)
    summed = np.zeros((len(offsets), len(offsets)))
    for cross in spectra:
        surface = _surface(cross, offsets, offsets)
        summed += (surface - surface.mean()) / max(float(surface.std()), 1e-30)
    row, col = np.unravel_index(int(np.argmax(summed)), summed.shape)
    spread = max(float(summed.std()), 1e-30)
    return np.array([offsets[row], offsets[col]]), float(summed[row, col]) / spread


def _weighted(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Without its mean, faded out towards edges and where it is not valid."""
    total = weights.sum()
    return weights * (image - (weights * image).sum() / total) if total > 0 else np.zeros_like(image)


def _surface(cross: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The inverse transform of a weighted cross spectrum at any places, (y, x)."""
    frequencies = [np.fft.fftfreq(count, 1.0) for count in cross.shape]
    low_pass = [np.exp(-0.5 * (frequency / _LOW_PASS) ** 2) for frequency in frequencies]
    rows = np.exp(2j * np.pi * y[:, None] * frequencies[0]) * low_pass[0]
    cols = np.exp(2j * np.pi * x[:, None] * frequencies[1]) * low_pass[1]
    surface: np.ndarray = (rows @ cross @ cols.T).real
    return surface
