"""PACE OCI and HYPSO: netCDF swaths of their structure, written by h5py."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.reader import RasterReader
from core.products.band_rule import BandRule
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from tests.core import swaths

h5py = pytest.importorskip("h5py")

BLUE, RED, SWIR = [400.0, 500.0, 600.0], [595.0, 680.0, 800.0], [1250.0, 2130.0]
LEVEL_1B = "PACE_OCI.20240514T211236.L1B.V3.nc"
LEVEL_2 = "PACE_OCI.20240514T211236.L2.SFREFL.V3_0.nc"
HYPSO = "erie_2024-07-20T15-39-12Z-l1d.nc"


def write_level_1b(path, places=True):
    values = swaths.hsi(8)
    with h5py.File(path, "w") as file:
        file.attrs["time_coverage_start"] = "2024-05-14T21:12:36.000Z"
        first = 0
        for name, waves in (("blue", BLUE), ("red", RED), ("SWIR", SWIR)):
            own = values[first : first + len(waves)].copy()
            own[0, 2, 3] = -32767.0
            cube = file.create_dataset(f"observation_data/rhot_{name}", data=own, chunks=(2, 5, 26), fillvalue=-32767.0)
            cube.attrs["_FillValue"] = np.float32(-32767.0)
            flags = np.zeros(own.shape, np.uint8)
            flags[1, 7, 8] = 4
            file.create_dataset(f"observation_data/qual_{name}", data=flags)
            file.create_dataset(f"sensor_band_parameters/{name}_wavelength", data=np.array(waves, np.float32))
            first += len(waves)
        if places:
            for name, plane in zip(("longitude", "latitude"), swaths.places()):
                file.create_dataset(f"geolocation_data/{name}", data=plane.astype(np.float32))
    return str(path)


def write_level_2(path):
    stored = np.rint((swaths.hsi(4) - 0.05) / 2e-6 / 20).astype(np.int16)
    stored[:, 0, 0] = -32767
    with h5py.File(path, "w") as file:
        cube = file.create_dataset("geophysical_data/rhos", data=stored.transpose(1, 2, 0))
        cube.attrs["scale_factor"], cube.attrs["add_offset"] = np.float32(4e-5), np.float32(0.05)
        cube.attrs["_FillValue"] = np.int16(-32767)
        file.create_dataset("sensor_band_parameters/wavelength_3d", data=np.array([450.0, 550.0, 650.0, 860.0]))
        for name, plane in zip(("longitude", "latitude"), swaths.places()):
            file.create_dataset(f"navigation_data/{name}", data=plane)
    return str(path), stored


@pytest.fixture
def pan(tmp_path, write_raster):
    return write_raster(tmp_path / "pan.tif", swaths.pan(), pixel=10.0)


def test_level_1b_is_three_cubes_and_its_flags_count(tmp_path):
    with open_raster(write_level_1b(tmp_path / LEVEL_1B)) as image:
        np.testing.assert_allclose(image.metadata.wavelengths, BLUE + RED + SWIR)
        assert image.origin.detectors == ("blue",) * 3 + ("red",) * 3 + ("SWIR",) * 2
        block = image.read()
        part = image.read(bands=[7, 1, 4])
    valid = np.ones((8, *swaths.SHAPE), bool)
    valid[[0, 3, 6], 2, 3] = False
    valid[[1, 4, 7], 7, 8] = False
    np.testing.assert_array_equal(block.valid, valid)
    np.testing.assert_array_equal(block.values, np.where(valid, swaths.hsi(8), 0))
    np.testing.assert_array_equal(part.values, block.values[[7, 1, 4]])


@pytest.mark.parametrize(
    ("rule", "waves"),
    [
        (BandRule("drop"), [400.0, 500.0, *RED, *SWIR]),
        (BandRule("598"), [400.0, 500.0, *RED[1:], *SWIR]),
        (BandRule("keep", True), sorted(BLUE + RED + SWIR)),
    ],
)
def test_blue_and_red_overlap_and_follow_the_one_rule(tmp_path, rule, waves):
    with open_raster(write_level_1b(tmp_path / LEVEL_1B), rule=rule) as image:
        np.testing.assert_allclose(image.metadata.wavelengths, waves)


def test_level_2_has_scale_offset_and_fill(tmp_path):
    path, stored = write_level_2(tmp_path / LEVEL_2)
    with open_raster(path) as image:
        assert image.metadata.scales == pytest.approx((4e-5,) * 4)
        assert image.metadata.offsets == pytest.approx((0.05,) * 4)
        assert (image.metadata.nodata, image.dtype) == (-32767.0, "int16")
        block = image.read()
    np.testing.assert_array_equal(block.valid, stored != -32767)
    np.testing.assert_array_equal(block.values, np.where(stored == -32767, 0, stored))


def test_hypsos_wavelengths_are_attributes_of_its_cube(tmp_path, pan):
    values = swaths.hsi(4)
    with h5py.File(tmp_path / HYPSO, "w") as file:
        cube = file.create_dataset("products/Lt", data=values.transpose(1, 2, 0).astype(np.float64))
        cube.attrs["wavelengths"], cube.attrs["fwhm"] = [450.0, 550.0, 650.0, 760.0], [5.0] * 4
        for name, plane in zip(("longitude", "latitude"), swaths.places()):
            file.create_dataset(f"navigation/{name}", data=plane)
    with open_raster(tmp_path / HYPSO) as image:
        assert image.metadata.wavelengths == (450.0, 550.0, 650.0, 760.0)
        assert image.metadata.fwhm == (5.0,) * 4
        np.testing.assert_array_equal(image.read().values, values)
    classical(str(tmp_path / HYPSO), pan, str(tmp_path / "out.tif"), mtf=0.6, shift="none")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert (fused.grid.dx, fused.bands) == (10.0, 4)


def test_jobs_take_an_oci_file(tmp_path, pan):
    product = write_level_1b(tmp_path / LEVEL_1B)
    assert inspect(product, pan)["ratio"] == pytest.approx(3.0, abs=0.05)
    classical(product, pan, str(tmp_path / "out.tif"), mtf=0.6, shift="none", detectors="drop")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert fused.bands == 7


def test_files_without_places_or_spectra_are_refused(tmp_path):
    with pytest.raises(InputError, match="longitudes and latitudes of none"):
        open_raster(write_level_1b(tmp_path / LEVEL_1B, places=False))
    for name in (LEVEL_2, HYPSO):
        with h5py.File(tmp_path / name, "w") as file:
            file.create_group("a")
        with pytest.raises(InputError, match="choose another file"):
            open_raster(tmp_path / name)
