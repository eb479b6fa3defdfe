"""What tests with and without QGIS share."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

# What the person who runs the tests has set up for programs that the tests start, or whose libraries they load. What
# says where libraries lie is kept, and so are language, time zone and threads, which must not matter.
OF_THE_USER = re.compile(
    r"(PIP|XDG|DASK|GDAL|CPL|OGR|GTIFF|VSI|NUMBA|MPL|JUPYTER|IPYTHON|PYTHON)_?\w*|\w+_proxy", re.IGNORECASE
)
KEPT = re.compile(r"GDAL_DATA|GDAL_(PYTHON_)?DRIVER_PATH|XDG_RUNTIME_DIR|PYTHON(PATH|HOME|DONTWRITEBYTECODE|HASHSEED)")

# Without a display, Qt would end the run without a word.
if not any(os.environ.get(name) for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"

BEFORE = dict(os.environ)


def forget_the_user() -> str:
    """No test, and no program that a test starts, sees a user's settings; returns the empty home that they get."""
    for name in list(os.environ):
        if OF_THE_USER.fullmatch(name) and not KEPT.fullmatch(name):
            del os.environ[name]
    home = tempfile.mkdtemp(prefix="ssml-home-")
    os.environ.update(HOME=home, USERPROFILE=home, PIP_CONFIG_FILE=os.devnull, NO_PROXY="127.0.0.1,localhost")
    return home


HOME = forget_the_user()

# GDAL reads a configuration file of the user's when it is loaded.
import numpy as np  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from osgeo import gdal, osr  # noqa: E402

# How long an example takes says something of the machine, not of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# pytest-qgis would start QGIS before this file is read; pyproject.toml keeps it from being loaded by itself.
pytest_plugins = ["pytest_qgis.plugin"] if importlib.util.find_spec("pytest_qgis") else []

NORTH_UP = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture
def environment_of_the_user(monkeypatch):
    """For what fetches packages from elsewhere: the index, certificates and proxy that this machine is set up for."""
    for name in set(os.environ) - set(BEFORE):
        monkeypatch.delenv(name)
    for name, value in BEFORE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def scenes() -> Path:
    """The folder of real scenes."""
    folder = os.environ.get("SSML_SCENES")
    if not folder:
        pytest.skip("SSML_SCENES is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def make_raster():
    """A function that writes a raster with GDAL alone, so that readers and writers are tested against GDAL."""

    def make(path, array, geotransform=NORTH_UP, epsg=32633, nodata=None, driver="GTiff", options=(), kind=None):
        array = np.asarray(array)
        array = array[None] if array.ndim == 2 else array
        kinds = {
            "uint8": gdal.GDT_Byte,
            "int16": gdal.GDT_Int16,
            "uint16": gdal.GDT_UInt16,
            "int32": gdal.GDT_Int32,
            "uint32": gdal.GDT_UInt32,
            "float32": gdal.GDT_Float32,
            "float64": gdal.GDT_Float64,
            "complex64": gdal.GDT_CFloat32,
        }
        kind = kinds[array.dtype.name] if kind is None else kind
        bands, rows, cols = array.shape
        dataset = gdal.GetDriverByName(driver).Create(str(path), cols, rows, bands, kind, list(options))
        if geotransform is not None:
            dataset.SetGeoTransform(geotransform)
        if epsg:
            system = osr.SpatialReference()
            system.ImportFromEPSG(epsg)
            dataset.SetProjection(system.ExportToWkt())
        for number in range(1, bands + 1):
            band = dataset.GetRasterBand(number)
            if nodata is not None:
                value = nodata[number - 1] if isinstance(nodata, (list, tuple)) else nodata
                if value is not None:
                    band.SetNoDataValue(value)
            band.WriteRaster(0, 0, cols, rows, array[number - 1].tobytes(), buf_type=kind)
        dataset.FlushCache()
        return str(path)

    return make


@pytest.fixture(scope="session")
def materials():
    """A function that makes fields with sharp edges, each with a spectrum of its own, (bands, rows, columns)."""

    def make(rows, cols, bands, seed=0):
        spectra = np.random.default_rng(seed).uniform(300, 3000, (4, bands))
        y, x = np.mgrid[:rows, :cols]
        maps = [np.sin(y / 5 + i) + np.cos(x / (4 + i)) + (((x // 9 + y // 7 + i) % 4) == 0) for i in range(4)]
        return np.tensordot(spectra.T, np.exp(maps) / np.exp(maps).sum(0), 1)

    return make
