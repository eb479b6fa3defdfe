"""A scene that is known everywhere: a sum of sinusoids, which can be sampled on any grid and blurred exactly.

    scene = Waves.random(seed=0, shortest=24.0)
    hsi = scene.on(placed, gain=0.3)      the HSI of a sensor with that gain at its Nyquist frequency
    pan = scene.on(other)[visible].mean(0)

A Gaussian blur of covariance S multiplies the amplitude of a sinusoid of frequency f by exp(-2 pi^2 f' S f). The scene
lives in the map coordinates of :data:`SCENE_EPSG`; a raster may lie anywhere in any reference system.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from osgeo import gdal, osr

SCENE_EPSG = 32633
BANDS, VISIBLE = 24, slice(0, 10)
_CHUNK = 4096  # positions at once, where a grid is not parallel to the scene's axes


@dataclass(frozen=True)
class Placed:
    """A raster's place.

    Attributes:
        transform: GDAL's six numbers.
        rows, cols: number of pixels.
        epsg: of the map coordinates.
    """

    transform: tuple[float, float, float, float, float, float]
    rows: int
    cols: int
    epsg: int = SCENE_EPSG

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """x and y of the pixels' centres, in the scene's map coordinates: (1, columns) and (rows, 1) where the axes are
        parallel to its own, else both (rows, columns)."""
        x0, dx, rx, y0, ry, dy = self.transform
        col, row = np.arange(self.cols)[None] + 0.5, np.arange(self.rows)[:, None] + 0.5
        if self.epsg == SCENE_EPSG and rx == 0 and ry == 0:
            return x0 + col * dx, y0 + row * dy
        return self.to_scene(x0 + col * dx + row * rx, y0 + col * ry + row * dy)

    def to_scene(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map coordinates of the raster as those of the scene."""
        if self.epsg == SCENE_EPSG:
            return x, y
        transformation = osr.CreateCoordinateTransformation(system(self.epsg), system(SCENE_EPSG))
        points = np.array(transformation.TransformPoints(np.stack([x.ravel(), y.ravel()], 1).tolist()))
        return points[:, 0].reshape(x.shape), points[:, 1].reshape(x.shape)

    def pixel(self) -> np.ndarray:
        """(2, 2) what a step along a row and one along a column are in the scene's map coordinates, as columns, in the
        middle of the raster."""
        x0, dx, rx, y0, ry, dy = self.transform
        col, row = self.cols / 2 + np.array([0.0, 1.0, 0.0]), self.rows / 2 + np.array([0.0, 0.0, 1.0])
        x, y = self.to_scene(x0 + col * dx + row * rx, y0 + col * ry + row * dy)
        return np.array([[x[1] - x[0], x[2] - x[0]], [y[1] - y[0], y[2] - y[0]]])


@dataclass(frozen=True)
class Waves:
    """A scene.

    Attributes:
        frequencies: (n, 2) float64, along x and y, cycles per map unit.
        phases: (n,) float64, radians, at (0, 0) of ``origin``.
        amplitudes: (bands, n) float64.
        mean: (bands,) float64.
        origin: x and y, map units.
    """

    frequencies: np.ndarray
    phases: np.ndarray
    amplitudes: np.ndarray
    mean: np.ndarray
    origin: tuple[float, float]

    @classmethod
    def random(
        cls,
        seed: int,
        shortest: float,
        longest: float = 900.0,
        origin: tuple[float, float] = (500000.0, 5800000.0),
        count: int = 160,
    ) -> Waves:
        """A scene of random directions, phases and spectra, with as much contrast in each octave.

        Args:
            seed: of all that is drawn.
            shortest, longest: wavelengths, map units.
            origin: about where it is looked at.
            count: of sinusoids.

        Returns:
            The scene.
        """
        rng = np.random.default_rng(seed)
        length = np.exp(rng.uniform(math.log(shortest), math.log(longest), count))
        angle = rng.uniform(0, math.pi, count)
        bands = np.linspace(0.0, 1.0, BANDS)

        def smooth(n: int) -> np.ndarray:
            knots = rng.normal(size=(n, 6))
            return np.stack([np.interp(bands, np.linspace(0, 1, 6), row) for row in knots])

        spectra = 1.0 + 0.25 * smooth(1) + 0.6 * smooth(6)[rng.integers(0, 6, count)]
        mean = 2000.0 + 300.0 * smooth(1)[0]
        contrast = 0.15 * mean / np.sqrt((spectra**2).sum(axis=0) / 2)
        frequencies = np.stack([np.cos(angle), np.sin(angle)], 1) / length[:, None]
        return cls(frequencies, rng.uniform(0, 2 * math.pi, count), (spectra * contrast).T, mean, origin)

    def on(self, place: Placed, gain: float | tuple[float, float] | None = None) -> np.ndarray:
        """What a sensor sees.

        Args:
            place: of its pixels.
            gain: of its blur at its Nyquist frequency, one or one along rows' and one along columns' axis; None samples
                the scene as it is.

        Returns:
            (bands, rows, columns) float64.
        """
        amplitudes = self.amplitudes
        if gain is not None:
            along, across = gain if isinstance(gain, tuple) else (gain, gain)
            variances = [-2 * math.log(one) / math.pi**2 for one in (across, along)]  # of columns, rows, in pixels
            pixel = place.pixel()
            covariance = pixel @ np.diag(variances) @ pixel.T
            exponent = np.einsum("ni,ij,nj->n", self.frequencies, covariance, self.frequencies)
            amplitudes = amplitudes * np.exp(-2 * math.pi**2 * exponent)
        x, y = place.centres()
        x, y = x - self.origin[0], y - self.origin[1]
        turn = 2j * math.pi
        if x.shape[0] == 1 and y.shape[1] == 1:
            right = np.exp(turn * self.frequencies[:, :1] * x)
            down = np.exp(turn * self.frequencies[:, 1:] * y.T + 1j * self.phases[:, None])
            waves = [(down.T * row) @ right for row in amplitudes]
            return self.mean[:, None, None] + np.real(np.stack(waves))
        x, y = np.broadcast_arrays(x, y)
        result = np.empty((len(self.mean), x.size))
        for first in range(0, x.size, _CHUNK):
            part = slice(first, first + _CHUNK)
            place_of = self.frequencies[:, :1] * x.ravel()[part] + self.frequencies[:, 1:] * y.ravel()[part]
            result[:, part] = amplitudes @ np.cos(2 * math.pi * place_of + self.phases[:, None])
        return self.mean[:, None, None] + result.reshape(-1, *x.shape)


def system(epsg: int) -> osr.SpatialReference:
    """A reference system whose first coordinate is x."""
    found = osr.SpatialReference()
    found.ImportFromEPSG(epsg)
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return found


def write(path: str, values: np.ndarray, place: Placed) -> None:
    """Write a GeoTIFF by GDAL alone.

    Args:
        path: of the file.
        values: (bands, rows, columns), any dtype, written as float32; several bands get the scene's wavelengths.
        place: of its pixels.
    """
    dataset = gdal.GetDriverByName("GTiff").Create(path, place.cols, place.rows, len(values), gdal.GDT_Float32)
    dataset.SetGeoTransform(place.transform)
    dataset.SetProjection(system(place.epsg).ExportToWkt())
    for number, plane in enumerate(values, 1):
        band = dataset.GetRasterBand(number)
        if len(values) > 1:
            band.SetMetadataItem("wavelength", f"{450 + 60 * (number - 1)}")
            band.SetMetadataItem("wavelength_units", "Nanometers")
        band.WriteArray(plane.astype(np.float32))
    dataset.FlushCache()


def make_pair(scene: Waves, hsi: Placed, pan: Placed, folder: str, gain: float = 0.3) -> tuple[str, str]:
    """Write an HSI and a PAN of a scene, ``hsi.tif`` and ``pan.tif``.

    Args:
        scene: what they show.
        hsi, pan: their places.
        folder: where they are written.
        gain: of the HSI at its Nyquist frequency.

    Returns:
        Their paths.
    """
    paths = f"{folder}/hsi.tif", f"{folder}/pan.tif"
    write(paths[0], scene.on(hsi, gain), hsi)
    write(paths[1], scene.on(pan)[VISIBLE].mean(axis=0, keepdims=True), pan)
    return paths


def read(path: str) -> tuple[np.ndarray, Placed]:
    """A result: (bands, rows, columns) float64, and its place by its geotransform; its reference system is the scene's
    where it says so, else its EPSG code."""
    dataset = gdal.Open(path)
    code = dataset.GetSpatialRef().GetAuthorityCode(None)
    values = dataset.ReadAsArray().astype(np.float64)
    place = Placed(tuple(dataset.GetGeoTransform()), dataset.RasterYSize, dataset.RasterXSize, int(code or SCENE_EPSG))
    return values.reshape(-1, place.rows, place.cols), place


def ergas_of(scene: Waves, path: str, ratio: float) -> tuple[float, int]:
    """ERGAS of a result against the scene at the result's own pixel centres; pixels without values are left out.

    Args:
        scene: what it shows.
        path: of the result.
        ratio: HSI pixel size over the result's.

    Returns:
        ERGAS, and how many pixels were compared.
    """
    values, place = read(path)
    truth = scene.on(place)
    known = np.isfinite(values).all(axis=0)
    error = ((values - truth)[:, known] ** 2).mean(axis=1) / truth[:, known].mean(axis=1) ** 2
    return 100 / ratio * math.sqrt(error.mean()), int(known.sum())
