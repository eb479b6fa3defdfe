from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

from core.io.grid import Grid
from core.io.metadata import GDAL_OF_DTYPE
from core.workflows.inspect import inspect

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def make_grid():
    """A function: a north-up grid of 30 m."""

    def make(rows, cols, crs=""):
        return Grid(500000.0, 5800000.0, 30.0, -30.0, rows, cols, crs)

    return make


@pytest.fixture
def write_raster():
    """A function that writes (bands, rows, columns) by GDAL alone, without a word of what the bands are."""

    def write(path, values, pixel=30.0, nodata=None, driver="GTiff", epsg=32633, options=(), items=None):
        values = np.asarray(values)
        values = values[None] if values.ndim == 2 else values
        code = GDAL_OF_DTYPE[values.dtype.name]
        bands, rows, cols = values.shape
        dataset = gdal.GetDriverByName(driver).Create(str(path), cols, rows, bands, code, list(options))
        dataset.SetGeoTransform((500000.0, pixel, 0.0, 5800000.0, 0.0, -pixel))
        system = osr.SpatialReference()
        system.ImportFromEPSG(epsg)
        dataset.SetProjection(system.ExportToWkt())
        for i, plane in enumerate(values):
            band = dataset.GetRasterBand(i + 1)
            if nodata is not None:
                band.SetNoDataValue(nodata)
            for key, value in (items[i] if items else {}).items():
                band.SetMetadataItem(key, value)
            band.WriteArray(plane)
        return str(path)

    return write


@pytest.fixture
def related():
    """A function: an HSI of fields and the PAN that shows them, (bands, n, n) and (n * ratio, n * ratio), 0 to 1."""

    def make(bands, n=12, ratio=3):
        generator = np.random.default_rng(4)
        fields = np.kron(generator.uniform(0.1, 0.9, (n // 2, n // 2)), np.ones((2 * ratio, 2 * ratio)))
        pan = fields + generator.uniform(-0.05, 0.05, fields.shape)
        low = pan.reshape(n, ratio, n, ratio).mean((1, 3))
        return np.stack([low * (0.3 + 0.6 * i / bands) + 0.02 for i in range(bands)]), pan

    return make


@pytest.fixture
def related_files(related, make_raster, tmp_path):
    """Files of an HSI of five bands and its PAN, ratio 3, and their arrays."""
    hsi, pan = related(5, 24, 3)
    return (
        make_raster(tmp_path / "hsi.tif", hsi.astype(np.float32), (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)),
        make_raster(tmp_path / "pan.tif", pan.astype(np.float32), (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)),
        hsi,
        pan,
    )


@pytest.fixture
def run_jobs():
    """A function: ``inspect`` and ``python -m core classical`` on an HSI and a PAN; what the latter says."""

    def run(hsi, pan, out, *more):
        found = inspect(str(hsi), str(pan))
        assert found["fit"] in ("yes", "limited")
        assert found["ratio"] > 1.5
        command = [sys.executable, "-m", "core", "classical", "--hsi", hsi, "--pan", pan, "--out", out, *more]
        done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stderr + done.stdout

    return run
