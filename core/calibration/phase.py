"""Phase and orientation correlation of tiles: where one image lies on another, to a part of a sample.

The cross-power spectrum, whitened (Kuglin and Hines, 1975) and weighted by a low-pass, is summed over tiles; the peak
of its inverse transform, evaluated between the samples, is the shift. The wide search correlates the orientation of
gradients alone (Fitch, Kadyrov, Christmas and Kittler, 2002): a cloud, however bright, has no more weight than ground.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_LOW_PASS = 0.25  # cycles per HSI pixel at which the weight has fallen to exp(-1/2)
_COARSE, _APART = 0.5, 1.5  # HSI pixels: the steps of the wide search, and how far its peaks lie apart


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


def orientation_spectrum(image: np.ndarray, other: np.ndarray, valid: np.ndarray) -> np.ndarray | None:
    """The cross-power spectrum of the directions of the gradients of two images.

    Args:
        image, other: (rows, columns) float64.
        valid: (rows, columns) bool.

    Returns:
        (rows, columns) complex; None where an image has no contrast.
    """
    inner = valid.copy()
    for axis in (0, 1):  # a gradient is made of the pixels on both sides
        inner &= np.roll(valid, 1, axis) & np.roll(valid, -1, axis)
    first, second = (np.fft.fft2(window(inner) * _directions(plane)) for plane in (image, other))
    cross: np.ndarray = first * np.conj(second)
    return cross if np.abs(cross).max() > 0 else None


def _directions(image: np.ndarray) -> np.ndarray:
    """(rows, columns) complex: of the gradients, each of length 1, or 0 where there is none."""
    down, right = np.gradient(image)
    gradient = right + 1j * down
    size = np.abs(gradient)
    directions: np.ndarray = np.divide(gradient, size, out=np.zeros_like(gradient), where=size > 0)
    return directions


def coarse_peaks(spectra: Iterable[np.ndarray], reach: float, number: int) -> list[np.ndarray]:
    """Where most blocks correlate best: each block's surface weighs the same.

    Args:
        spectra: (rows, columns) complex each, of :func:`orientation_spectrum`.
        reach: HSI pixels to either side that are searched.
        number: of places.

    Returns:
        (2,) float64 each, y and x in HSI pixels, to half a pixel: the places, the highest peak first.
    """
    offsets = np.arange(-reach, reach + _COARSE / 2, _COARSE)
    summed = np.zeros((len(offsets), len(offsets)))
    for cross in spectra:
        surface = _surface(cross, offsets, offsets)
        summed += (surface - surface.mean()) / max(float(surface.std()), 1e-30)
    places = []
    for _ in range(number):
        row, col = np.unravel_index(int(np.argmax(summed)), summed.shape)
        places.append(np.array([offsets[row], offsets[col]]))
        apart = max(1, round(_APART / _COARSE))
        summed[max(0, row - apart) : row + apart + 1, max(0, col - apart) : col + apart + 1] = -np.inf
    return places


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
