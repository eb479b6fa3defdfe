"""NEON's and Tanager's products: HDF5 files of their structure, written by h5py, read by GDAL alone."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from core.io.grid import Window
from core.io.reader import RasterReader
from core.io.remedies import crs_code
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from tests.core import swaths

h5py = pytest.importorskip("h5py")

NEON_WAVES = [450.0, 650.5, 1390.0, 1600.0, 1800.0, 2200.0]  # 1390 and 1800 lie in water vapour
TANAGER_WAVES = [376.4, 500.0, 1380.0, 2499.2]
MAP_INFO = "UTM, 1.000, 1.000, 500000.00, 5800000.0, 30.0, 30.0, 33, North, WGS-84, units=Meters, 0"


def neon_values(related):
    values = np.rint(related(6)[0] * 1e4).astype(np.int16)
    values[:, :2, :1] = -9999
    values[2] = 11000  # what stands in the windows
    return values


def write_neon(path, values, waves=NEON_WAVES, map_info=MAP_INFO, epsg="32633"):
    with h5py.File(path, "w") as file:
        place = file.create_group("SJER/Reflectance")
        place.attrs["Band_Window_1_Nanometers"] = np.array([1340, 1445])
        place.attrs["Band_Window_2_Nanometers"] = np.array([1790, 1955])
        cube = place.create_dataset("Reflectance_Data", data=values.transpose(1, 2, 0), chunks=(4, 5, 2))
        cube.attrs["Scale_Factor"], cube.attrs["Data_Ignore_Value"] = 10000.0, -9999.0
        place.create_dataset("Metadata/Spectral_Data/Wavelength", data=np.array(waves, np.float32))
        place.create_dataset("Metadata/Spectral_Data/FWHM", data=np.full(len(waves), 5.5, np.float32))
        place.create_dataset("Metadata/Coordinate_System/Map_Info", data=map_info)
        place.create_dataset("Metadata/Coordinate_System/EPSG Code", data=epsg)
    return str(path)


NEON = "NEON_D17_SJER_DP3_257000_4112000_reflectance.h5"


def test_neons_cube_has_what_its_file_says(tmp_path, related):
    values = neon_values(related)
    with open_raster(write_neon(tmp_path / NEON, values)) as hsi:
        np.testing.assert_allclose(hsi.metadata.wavelengths, NEON_WAVES, rtol=1e-6)
        assert hsi.metadata.fwhm == (5.5,) * 6
        assert hsi.metadata.bbl == (1, 1, 0, 1, 0, 1)
        assert hsi.metadata.scales == (1e-4,) * 6
        assert hsi.metadata.nodata == -9999
        assert hsi.grid.geotransform == (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
        assert "32633" in hsi.grid.crs
        block, part = hsi.read(), hsi.read(Window(3, 2, 6, 7), [5, 0, 3])
        rows = hsi.read(Window(0, 0, 3, 12), read_ahead=True)
        with pickle.loads(pickle.dumps(hsi)) as other:
            np.testing.assert_array_equal(other.read().values, block.values)
    np.testing.assert_array_equal(block.valid, values != -9999)
    np.testing.assert_array_equal(block.values, np.where(values == -9999, 0, values))
    np.testing.assert_array_equal(part.values, block.values[[5, 0, 3], 3:9, 2:9])
    np.testing.assert_array_equal(rows.values, block.values[:, :3])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"waves": NEON_WAVES[:5]}, "6 bands and 5 wavelengths"),
        ({"map_info": MAP_INFO + ", rotation=12.5"}, "no north-up grid"),
        ({"map_info": ""}, "no north-up grid"),
        ({"epsg": "nothing"}, "no north-up grid"),
        ({"epsg": "1"}, "no north-up grid"),
    ],
)
def test_a_neon_file_that_cannot_be_used_gets_one_sentence(tmp_path, related, change, sentence):
    path = write_neon(tmp_path / NEON, neon_values(related), **change)
    with pytest.raises(InputError, match=sentence):
        open_raster(path)


def test_the_reference_pixel_of_the_map_info_counts(tmp_path, related):
    info = MAP_INFO.replace("1.000, 1.000", "3.000, 2.000")
    with open_raster(write_neon(tmp_path / NEON, neon_values(related), map_info=info)) as hsi:
        assert (hsi.grid.x, hsi.grid.y) == (500000.0 - 60, 5800000.0 + 30)


TANAGER = "20241101_190000_00_4001_ortho_{}_hdf5.h5"


def tanager_values(related):
    values = related(4)[0].astype(np.float32)
    values[2] = -0.01  # a flagged band
    values[:, :2, :1] = -9999
    return values


def write_tanager(
    path, values, kind="surface_reflectance", zone=-33, epsg=32733, unit=1.0, holder="", place="GRIDS", lonlat=None
):
    structure = (
        'GROUP=GridStructure\n\tGROUP=GRID_1\n\t\tGridName="HYP"\n\t\tXDim=12\n\t\tYDim=12\n'
        "\t\tUpperLeftPointMtrs=(500000.000000,5800000.000000)\n\t\tLowerRightMtrs=(500360.000000,5799640.000000)\n"
        f"\t\tProjection=HE5_GCTP_UTM\n\t\tZoneCode={zone}\n\t\tSphereCode=12\n"
    )
    with h5py.File(path, "w") as file:
        file.create_dataset("HDFEOS INFORMATION/StructMetadata.0", data=np.bytes_(structure))
        fields = file.create_group(f"HDFEOS/{place}/HYP/Data Fields")
        cube = fields.create_dataset(kind, data=values, chunks=(1, *values.shape[1:]), compression="gzip")
        cube.attrs["wavelengths"] = np.array(TANAGER_WAVES, np.float32) * np.float32(unit)
        cube.attrs["fwhm"] = np.full(4, 5.5, np.float32) * np.float32(unit)
        cube.attrs["good_wavelengths"] = np.array([1, 1, 0, 1], np.uint8)
        mask = np.zeros(values.shape[1:], np.uint8)
        mask[-1, -1] = 1
        fields.create_dataset("nodata_pixels", data=mask)
        for name, plane in zip(("Longitude", "Latitude"), lonlat or ()):
            file.create_dataset(f"HDFEOS/SWATHS/HYP/Geolocation Fields/{name}", data=plane)
        if epsg:
            (file[holder] if holder else cube).attrs["epsg_code"] = epsg
    return str(path)


@pytest.mark.parametrize(("kind", "name"), [("surface_reflectance", "sr"), ("toa_radiance", "radiance")])
@pytest.mark.parametrize("holder", ["", "HDFEOS/GRIDS/HYP"])
def test_tanagers_cube_has_what_its_file_says(tmp_path, related, kind, name, holder):
    values = tanager_values(related)
    path = write_tanager(tmp_path / TANAGER.format(name), values, kind, holder=holder)
    with open_raster(path) as hsi:
        np.testing.assert_allclose(hsi.metadata.wavelengths, TANAGER_WAVES, rtol=1e-6)
        assert hsi.metadata.bbl == (1, 1, 0, 1)
        assert hsi.metadata.nodata == -9999
        assert hsi.grid.geotransform == (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
        assert "32733" in hsi.grid.crs
        block = hsi.read()
    valid = values != -9999
    valid[:, -1, -1] = False
    np.testing.assert_array_equal(block.valid, valid)
    np.testing.assert_array_equal(block.values, np.where(valid, values, 0))


def test_a_tanager_file_without_a_code_has_its_zones_and_micrometres_are_told_from_nanometres(tmp_path, related):
    path = write_tanager(tmp_path / TANAGER.format("sr"), tanager_values(related), zone=11, epsg=0, unit=1e-3)
    with open_raster(path) as hsi:
        assert "32611" in hsi.grid.crs
        np.testing.assert_allclose(hsi.metadata.wavelengths, TANAGER_WAVES, rtol=1e-6)


BASIC = "20241101_190000_00_4001_basic_radiance_hdf5.h5"


def test_a_basic_tanager_cube_is_sharpened_in_sensor_geometry(tmp_path, write_raster):
    values = swaths.hsi(4)
    path = write_tanager(tmp_path / BASIC, values, "toa_radiance", place="SWATHS", lonlat=swaths.places())
    with open_raster(path) as hsi:
        assert hsi.grid.in_sensor_geometry
        np.testing.assert_array_equal(hsi.read().values[:, :-1], values[:, :-1])
    pan = write_raster(tmp_path / "pan.tif", swaths.pan(), pixel=10.0)
    assert inspect(path, pan)["ratio"] == pytest.approx(3.0, abs=0.05)
    classical(path, pan, str(tmp_path / "out.tif"), mtf=0.6, shift="none")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert (fused.grid.dx, fused.bands) == (10.0, 4)


def framing(**changes):
    """The grid of the orthorectified product, as the basic one names it: 30 m, a little larger than the swath."""
    said = {"epsg_code": 32633, "rows": 42, "cols": 43, "geotransform": [499987.0, 30.0, 0.0, 5800105.0, 0.0, -30.0]}
    return json.dumps({**said, **changes})


def test_the_result_of_a_basic_tanager_cube_lies_on_the_grid_of_the_orthorectified_one(tmp_path, write_raster):
    path = write_tanager(tmp_path / BASIC, swaths.hsi(4), "toa_radiance", place="SWATHS", lonlat=swaths.places())
    with h5py.File(path, "a") as file:
        file["HDFEOS/SWATHS/HYP/Geolocation Fields"].attrs["Planet_Ortho_Framing"] = framing()
    pan = write_raster(tmp_path / "pan.tif", swaths.pan(), pixel=10.0)
    classical(path, pan, str(tmp_path / "out.tif"), mtf=0.6, shift="none")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        grid, block = fused.grid, fused.read()
    assert (grid.dx, grid.dy) == (10.0, -10.0)
    assert ((grid.x - 499987.0) % 30.0, (5800105.0 - grid.y) % 30.0) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert crs_code(grid.crs) == "EPSG:32633"
    seen = block.valid.all(axis=0)
    assert seen.mean() > 0.4
    rows, cols = np.nonzero(seen)
    expected = swaths.ground(grid.x + 10 * (cols + 0.5), grid.y - 10 * (rows + 0.5)) * 0.3 + 0.02
    assert np.corrcoef(block.values[0][seen], expected)[0, 1] > 0.98


@pytest.mark.parametrize(
    "said",
    [
        framing(epsg_code=32601),
        framing(epsg_code=2**40),
        framing(geotransform=[0.0, 30.0, 0.0, 5800105.0, 0.0, -30.0]),
        framing(geotransform=[499987.0, 300.0, 0.0, 5800105.0, 0.0, -300.0]),
        framing(geotransform=[499987.0, 30.0, 5.0, 5800105.0, 0.0, -30.0]),
        framing(rows=10**12),
        framing(rows=1e400),
        framing(cols="many"),
        "[" * 9000,
        "no JSON",
        "[1, 2]",
    ],
)
def test_a_framing_that_is_none_of_the_image_is_not_used_and_that_is_said(tmp_path, said):
    path = write_tanager(tmp_path / BASIC, swaths.hsi(4), "toa_radiance", place="SWATHS", lonlat=swaths.places())
    with h5py.File(path, "a") as file:
        file["HDFEOS/SWATHS/HYP/Geolocation Fields"].attrs["Planet_Ortho_Framing"] = said
    with open_raster(path) as hsi:
        assert hsi.grid.frame.framing is None
        assert "Planet_Ortho_Framing" in hsi.notes[-1]


def test_tanager_files_that_contradict_themselves_or_lack_coordinates_are_refused(tmp_path, related):
    values = tanager_values(related)
    with pytest.raises(InputError, match=r"says EPSG:32733 and, by its UTM zone, EPSG:32633"):
        open_raster(write_tanager(tmp_path / TANAGER.format("sr"), values, zone=33))
    with pytest.raises(InputError, match="has no grid that can be used"):
        open_raster(write_tanager(tmp_path / TANAGER.format("sr"), values, zone="", epsg=2**40))
    with pytest.raises(InputError, match="has 12 x 12 pixels, but longitudes and latitudes of none"):
        open_raster(write_tanager(tmp_path / BASIC, values, "toa_radiance", place="SWATHS"))


@pytest.mark.parametrize("which", ["neon", "tanager"])
def test_a_job_takes_the_file(tmp_path, related, write_raster, run_jobs, which):
    if which == "neon":
        product = write_neon(tmp_path / NEON, neon_values(related))
    else:
        product = write_tanager(tmp_path / TANAGER.format("sr"), tanager_values(related), zone=33, epsg=32633)
    pan = write_raster(tmp_path / "pan.tif", np.rint(related(4)[1] * 1e4).astype(np.uint16), pixel=10.0)
    run_jobs(product, pan, tmp_path / "out.tif")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert (fused.grid.rows, fused.metadata.nodata) == (36, -9999)
        assert 0 in fused.metadata.bbl
        assert not fused.read().valid[:, :6, :3].any()


@pytest.mark.parametrize("name", [NEON, TANAGER.format("sr")])
def test_what_only_bears_the_name_gets_one_sentence(tmp_path, name):
    (tmp_path / name).write_text("no HDF5")
    with pytest.raises(InputError, match="is no HDF5 file"):
        open_raster(tmp_path / name)
    with h5py.File(tmp_path / name, "w") as file:
        file.create_group("a")
    with pytest.raises(InputError, match="choose another file"):
        open_raster(tmp_path / name)


def test_a_cube_of_more_rows_than_any_product_has_is_refused(tmp_path, related):
    product = write_neon(tmp_path / NEON, neon_values(related))
    with h5py.File(product, "a") as file:
        place = file["SJER/Reflectance"]
        del place["Reflectance_Data"]
        place.create_dataset("Reflectance_Data", (300_000, 10, 6), np.int16, chunks=(64, 10, 2))
    with pytest.raises(InputError, match=r"has a cube of the shape \(300000, 10, 6\)"):
        open_raster(product)
