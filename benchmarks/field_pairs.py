"""Pairs with known faults, made of the open scenes: blurred, moved, distorted, noisy, with a cloud or hot pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.io.array_image import ArrayImage, pair_of_arrays, with_wavelengths
from core.operators.linear import Separable
from core.operators.resample import gaussian_line

VISIBLE = slice(5, 36)  # bands, where a file has no wavelengths
DETECTORS = 1000.0  # nm: bands beyond have twice the noise
_TAPS = 6  # samples to either side of the kernel that distorts a PAN
_HOT, _HOT_FACTOR = 20, 5.0  # pixels, and how many times the brightest one


@dataclass(frozen=True)
class Trouble:
    """What a pair is made with.

    Attributes:
        noise: signal-to-noise ratios of PAN and HSI; None for none.
        shift: of the PAN, (y, x) in PAN pixels.
        cloud: share of the PAN's rows and of its columns that one covers.
        outside: weight of other bands in the PAN.
        distortion: amplitude of a smooth field of displacements of the PAN, PAN pixels.
        hot: whether the PAN has hot pixels.
    """

    noise: tuple[float, float] | None = None
    shift: tuple[float, float] = (0.0, 0.0)
    cloud: float = 0.0
    outside: float = 0.0
    distortion: float = 0.0
    hot: bool = False


@dataclass(frozen=True)
class Pair:
    """A pair, and what it was made of.

    Attributes:
        truth: (bands, rows, columns) float32, on the PAN's pixels where it is not distorted.
        hsi: (bands, rows, columns) float32.
        pan: (rows, columns) float32.
        waves: nm, one a band; None where they are unknown.
        shift: (rows, columns) in PAN pixels, by which the PAN's file is off.
        cloud: (rows, columns) bool, of the PAN.
    """

    truth: np.ndarray
    hsi: np.ndarray
    pan: np.ndarray
    waves: list[float] | None
    shift: tuple[float, float]
    cloud: np.ndarray

    def write(self, folder: Path, moved: tuple[float, float] = (0.0, 0.0)) -> tuple[Path, Path]:
        """Write both.

        Args:
            folder: that exists.
            moved: (rows, columns) in PAN pixels, by which the PAN's place is moved.

        Returns:
            The files of the HSI and of the PAN.
        """
        hsi, pan = pair_of_arrays(self.hsi, self.pan, self.pan.shape[0] // self.hsi.shape[1])
        hsi = with_wavelengths(hsi, self.waves) if self.waves else hsi
        pan = replace(pan, grid=pan.grid.move(*moved))
        for image, name in ((hsi, "hsi.tif"), (pan, "pan.tif")):
            image.write(folder / name)
        return folder / "hsi.tif", folder / "pan.tif"


def scene_file(folder: Path, name: str) -> Path:
    """Where a scene lies."""
    return folder / "aviris_los_angeles" / f"{name}.tif" if "-" in name else folder / name / "hsi.tif"


def good_bands(image: ArrayImage) -> tuple[np.ndarray, list[float] | None]:
    """(bands, rows, columns) float32 of the bands with values, and their wavelengths."""
    flat = image.values.reshape(len(image.values), -1)
    kept = [
        band
        for band, flag in enumerate(image.metadata.bbl)
        if flag and flat[band].min() != flat[band].max() and flat[band].mean() > 0
    ]
    waves = [image.metadata.wavelengths[band] for band in kept]
    cube = np.maximum(image.values[kept].astype(np.float32), 0)
    return cube, None if None in waves else [float(wave or 0.0) for wave in waves]


def made(
    cube: np.ndarray, waves: list[float] | None, ratio: int, gains: tuple[float, float], trouble: Trouble, seed: int
) -> Pair:
    """A pair that is made of a scene; the HSI has the given gains at its Nyquist frequency along rows and columns."""
    rng = np.random.default_rng(seed)
    rows, cols = (count // ratio * ratio for count in cube.shape[1:])
    cube = cube[:, :rows, :cols]
    lines = [
        gaussian_line(count, count // ratio, ratio, moved, gain)
        for count, moved, gain in zip((rows, cols), trouble.shift, gains)
    ]
    hsi = Separable(*lines)(cube)
    visible = VISIBLE if waves is None else np.flatnonzero((np.array(waves) > 480) & (np.array(waves) < 720))
    pan = cube[visible].mean(axis=0) + trouble.outside * cube[len(cube) // 2 : len(cube) // 2 + 30].mean(axis=0)
    if trouble.distortion:
        pan = displaced(pan, *_field(pan.shape, trouble.distortion, rng))
    if trouble.noise is not None:
        pan = pan + rng.normal(size=pan.shape) * pan.mean() / trouble.noise[0]
        beyond = np.zeros(len(cube), bool) if waves is None else np.array(waves) > DETECTORS
        level = hsi.mean(axis=(1, 2)) / trouble.noise[1] * np.where(beyond, 2, 1)
        hsi = hsi + rng.normal(size=hsi.shape) * level[:, None, None]
    cloud = np.zeros(pan.shape, bool)
    if trouble.cloud:
        top, left = rng.integers(0, rows // 2), rng.integers(0, cols // 2)
        cloud[top : top + int(rows * trouble.cloud), left : left + int(cols * trouble.cloud)] = True
        pan[cloud] = 1.5 * pan.max()
    if trouble.hot:
        pan[rng.integers(0, rows, _HOT), rng.integers(0, cols, _HOT)] = _HOT_FACTOR * pan.max()
    return Pair(cube, hsi.astype(np.float32), pan.astype(np.float32), waves, trouble.shift, cloud)


def _field(shape: tuple[int, ...], amplitude: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Displacements along rows and columns, (rows, columns) each: one wave over the image, as of a swaying sensor."""
    y, x = (np.arange(count) / count for count in shape)
    phases = rng.uniform(0, 2 * np.pi, 2)
    return (
        amplitude * np.sin(2 * np.pi * (0.8 * y[:, None] + 0.5 * x) + phases[0]),
        amplitude * np.sin(2 * np.pi * (0.6 * y[:, None] - 0.7 * x) + phases[1]),
    )


def displaced(image: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """An image seen elsewhere, by a windowed sinc (Lanczos) of twelve taps an axis, edges repeated.

    Args:
        image: (rows, columns) float32 or float64.
        down, right: displacements that broadcast to (rows, columns), pixels.

    Returns:
        (rows, columns) of the same dtype: what lies at each pixel moved by its displacement.
    """
    result, norm = np.zeros(image.shape), np.zeros(image.shape)
    places, wholes = [], []
    for axis, moved in enumerate((down, right)):
        place = np.expand_dims(np.arange(image.shape[axis], dtype=np.float64), 1 - axis) + moved
        place = np.broadcast_to(place, image.shape)
        places.append(place)
        wholes.append(np.floor(place).astype(int))
    for y in range(1 - _TAPS, _TAPS + 1):
        for x in range(1 - _TAPS, _TAPS + 1):
            weight = _lanczos(places[0] - wholes[0] - y) * _lanczos(places[1] - wholes[1] - x)
            row = np.clip(wholes[0] + y, 0, image.shape[0] - 1)
            col = np.clip(wholes[1] + x, 0, image.shape[1] - 1)
            result += weight * image[row, col]
            norm += weight
    return (result / norm).astype(image.dtype)


def _lanczos(distance: np.ndarray) -> np.ndarray:
    return np.where(np.abs(distance) < _TAPS, np.sinc(distance) * np.sinc(distance / _TAPS), 0.0)
