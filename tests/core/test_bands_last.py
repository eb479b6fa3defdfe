"""Cubes of netCDF whose bands are not the first dimension, as xarray and processors write them, are read as cubes."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from osgeo import gdal, osr

from core.io.grid import Window
from core.io.reader import RasterReader
from core.products.pair import open_pair
from core.runtime.errors import InputError

BANDS, ROWS, COLS = 5, 8, 12
WAVES = [450.0, 550.0, 650.0, 850.0, 1600.0]
X, Y = 500000.0, 4600000.0
NAMES = {"y": ROWS, "x": COLS, "wavelength": BANDS}


@pytest.fixture
def cube():
    return np.random.default_rng(0).integers(1, 9000, (BANDS, ROWS, COLS)).astype(np.int16)


@pytest.fixture
def write(tmp_path):
    """A function: a netCDF file of cubes with dimensions in an order."""

    def make(cubes, order, system=True):
        if gdal.GetDriverByName("netCDF") is None:
            pytest.skip("GDAL has no netCDF here")
        path = str(tmp_path / "cube.nc")
        root = gdal.GetDriverByName("netCDF").CreateMultiDimensional(path).GetRootGroup()
        dimensions = {}
        centres = {"y": Y - 15 - 30 * np.arange(ROWS), "x": X + 15 + 30 * np.arange(COLS), "wavelength": WAVES}
        for name, size in NAMES.items():
            kind = {"y": gdal.DIM_TYPE_HORIZONTAL_Y, "x": gdal.DIM_TYPE_HORIZONTAL_X}.get(name, "")
            dimensions[name] = root.CreateDimension(name, kind, "", size)
            axis = root.CreateMDArray(name, [dimensions[name]], gdal.ExtendedDataType.Create(gdal.GDT_Float64))
            axis.Write(np.asarray(centres[name], np.float64))
            axis.SetUnit("nm" if name == "wavelength" else "m")
        crs = osr.SpatialReference()
        crs.ImportFromEPSG(32633)
        for name, values in cubes.items():
            there = [dimensions[one] for one in order]
            array = root.CreateMDArray(name, there, gdal.ExtendedDataType.Create(gdal.GDT_Int16))
            if system:
                array.SetSpatialRef(crs)
            array.SetNoDataValueDouble(-9999)
            array.SetScale(1e-4)
            turned = values.transpose([["wavelength", "y", "x"].index(one) for one in order])
            array.Write(np.ascontiguousarray(turned))
        array = axis = dimensions = root = None
        return path

    return make


ORDERS = [("y", "x", "wavelength"), ("wavelength", "y", "x"), ("y", "wavelength", "x"), ("x", "y", "wavelength")]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("bands", [[0], [1, 2, 3], [3, 1], [0, 4], [2, 2]])
def test_some_bands_of_a_window_are_those_of_the_cube(write, cube, order, bands):
    with RasterReader(write({"reflectance": cube}, order)) as reader:
        values = reader.read(Window(2, 3, 5, 4), bands).values
    np.testing.assert_array_equal(values, cube[bands, 2:7, 3:7])


@pytest.mark.parametrize("order", ORDERS)
def test_values_wavelengths_scale_and_place_do_not_depend_on_the_order_of_dimensions(write, cube, order):
    cube[:, 2, 3] = -9999
    with RasterReader(write({"reflectance": cube}, order)) as reader:
        values, valid = reader.read()
        assert (reader.bands, reader.grid.rows, reader.grid.cols) == cube.shape
        assert reader.grid.geotransform == (X, 30.0, 0.0, Y, 0.0, -30.0)
        assert osr.SpatialReference(reader.grid.crs).GetAuthorityCode(None) == "32633"
        assert reader.metadata.wavelengths == tuple(WAVES)
        assert reader.metadata.scales == (1e-4,) * BANDS
    np.testing.assert_array_equal(valid, cube != -9999)
    np.testing.assert_array_equal(values[valid], cube[valid])


def test_one_of_several_cubes_is_read_by_its_name(write, cube):
    path = write({"reflectance": cube, "uncertainty": cube // 2}, ("y", "x", "wavelength"))
    with RasterReader(f'NETCDF:"{path}":uncertainty') as reader:
        np.testing.assert_array_equal(reader.read().values, cube // 2)


def test_a_cube_that_tools_of_gdal_see_otherwise_is_told_to_assume_its_system(write, cube, make_raster, tmp_path):
    path = write({"reflectance": cube}, ("y", "x", "wavelength"), system=False)
    fine = (X, 7.5, 0.0, Y, 0.0, -7.5)
    pan = make_raster(tmp_path / "pan.tif", np.kron(cube[0], np.ones((4, 4), np.int16)), fine, 32633)
    with pytest.raises(InputError) as error:
        open_pair(path, pan)
    assert str(error.value).endswith("say so (--assume-crs EPSG:32633, ASSUME_CRS).")


@pytest.mark.parametrize("order", ORDERS[:2])
@pytest.mark.parametrize("name", ["{}", 'ZARR:"{}":/reflectance'])
def test_a_cube_of_a_zarr_store_without_coordinates_is_placed_by_the_commands(cube, make_raster, tmp_path, order, name):
    if gdal.GetDriverByName("Zarr") is None or not shutil.which("gdalmdimtranslate"):
        pytest.skip("GDAL has no Zarr here, or not all of its tools")
    root = gdal.GetDriverByName("Zarr").CreateMultiDimensional(str(tmp_path / "cube.zarr")).GetRootGroup()
    there = [root.CreateDimension(one, "", "", NAMES[one]) for one in order]
    array = root.CreateMDArray("reflectance", there, gdal.ExtendedDataType.Create(gdal.GDT_Int16))
    turned = cube.transpose([["wavelength", "y", "x"].index(one) for one in order])
    array.Write(np.ascontiguousarray(turned))
    array = there = root = None
    names = tmp_path / "cube.zarr" / "reflectance" / ".zattrs"  # as xarray writes them
    (tmp_path / "cube.zarr" / ".zmetadata").unlink(missing_ok=True)
    names.write_text(json.dumps({"_ARRAY_DIMENSIONS": order}))
    hsi = name.format(tmp_path / "cube.zarr")
    pan = make_raster(tmp_path / "pan.tif", np.kron(cube[0], np.ones((4, 4), np.int16)), (X, 7.5, 0, Y, 0, -7.5), 32633)
    with pytest.raises(InputError, match="has no georeference; if it shows the same ground") as error:
        open_pair(hsi, pan)
    texts = str(error.value).partition("corners: ")[2].rstrip(".").split(", then ")
    made, edit = map(shlex.split, texts)
    subprocess.run([*made[:1], "-q", *made[1:]], check=True, cwd=tmp_path)
    subprocess.run([sys.executable, "-m", "osgeo_utils.gdal_edit", *edit[1:]], check=True, cwd=tmp_path)
    with open_pair(tmp_path / edit[-1], pan) as scene:
        assert scene.ratio == 4
        np.testing.assert_array_equal(scene.hsi.read().values, cube)
