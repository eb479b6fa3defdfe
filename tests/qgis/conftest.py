"""A registered provider and small scenes for the tests in QGIS."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

RATIO = 3
SIZE = 24  # HSI pixels along an edge
BANDS = 12
HSI_PIXEL = 30.0


@dataclass(frozen=True)
class Scene:
    """Files of one place: the truth at the PAN's resolution, and a crude HSI + PAN pair made from it."""

    reference: str
    hsi: str
    pan: str


@pytest.fixture(scope="session", autouse=True)
def english(qgis_app):
    """The texts that tests look for, whatever language the machine speaks."""
    former = qgis_app.translation()
    qgis_app.setTranslation("en")
    yield
    qgis_app.setTranslation(former)


@pytest.fixture(scope="session")
def ssml_plugin(qgis_processing):
    """The plugin as qgis_process starts it: no window, only ``initProcessing``."""
    from ssml_qgis import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    yield plugin
    plugin.unload()
    gc.collect()  # what is left of QGIS's objects must go before QGIS does


@pytest.fixture
def provider(ssml_plugin):
    return ssml_plugin.provider


@pytest.fixture(scope="session")
def scene(tmp_path_factory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    truth = _truth()
    hsi = truth.reshape(BANDS, SIZE, RATIO, SIZE, RATIO).mean(axis=(2, 4))
    pan = truth[2:8].mean(axis=0, keepdims=True)
    return Scene(
        reference=write_raster(folder / "reference.tif", truth, HSI_PIXEL / RATIO),
        hsi=write_raster(folder / "hsi.tif", hsi, HSI_PIXEL),
        pan=write_raster(folder / "pan.tif", pan, HSI_PIXEL / RATIO, wavelengths=False),
    )


def _truth() -> np.ndarray:
    """Smooth fields, edges and texture, each with a spectrum of its own: (bands, rows, cols), reflectance x 10000."""
    size = SIZE * RATIO
    row, col = np.mgrid[0:size, 0:size] / size
    fields = [
        0.5 + 0.5 * np.sin(7 * row + 3 * col),
        (np.floor(9 * col) + np.floor(7 * row)) % 2,
        np.random.default_rng(0).random((size, size)),
    ]
    band = np.arange(BANDS) / BANDS
    spectra = [0.2 + 0.6 * band, 0.5 - 0.3 * band, 0.15 * np.exp(-((band - 0.5) ** 2) / 0.05)]
    return 300 + 4000 * sum(s[:, None, None] * f for s, f in zip(spectra, fields))


def write_raster(path: Path, values: np.ndarray, pixel: float, wavelengths: bool = True) -> str:
    bands, rows, cols = values.shape
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), cols, rows, bands, gdal.GDT_Float32)
    dataset.SetGeoTransform((500000.0, pixel, 0.0, 4600000.0, 0.0, -pixel))
    system = osr.SpatialReference()
    system.ImportFromEPSG(32633)
    dataset.SetProjection(system.ExportToWkt())
    for index in range(bands):
        band = dataset.GetRasterBand(index + 1)
        band.WriteArray(values[index].astype(np.float32))
        if wavelengths:
            band.SetMetadataItem("CENTRAL_WAVELENGTH_UM", f"{0.4 + 0.05 * index:.3f}", "IMAGERY")
    dataset.FlushCache()
    return str(path)


def read(path: str) -> np.ndarray:
    dataset = gdal.Open(path)
    values = dataset.ReadAsArray()
    return values if values.ndim == 3 else values[None]
