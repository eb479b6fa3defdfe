"""AVIRIS (ENVI and netCDF) and Pixxel: headers beside images."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from tests.core import swaths

WAVES = [450.0, 660.0, 655.0, 860.0]  # of two spectrometers
CLASSIC = "f130503t01p00r11rdn_b_sc01_ort_img"
NG = "ang20140625t193012_rfl_v1e_img"
AV3 = "AV320230926t201618_006_L2A_OE_main_27577724_RFL_ORT"
NETCDF = "AV520250611t181234_001_L2A_OE_0b4f48b4_RFL_ORT.nc"


def write_envi(path, values, turned="-14.0", bbl=True, waves=WAVES, unit="Nanometers", order=1):
    """BIL, big-endian where ``order`` is 1, its map info rotated."""
    bands, rows, cols = values.shape
    kinds = {"int16": 2, "float32": 4}
    stored = values.astype(values.dtype.newbyteorder(">" if order else "<"))
    path.write_bytes(stored.transpose(1, 0, 2).tobytes())
    info = f"UTM, 1, 1, 500000, 5800000, 30, 30, 33, North, WGS-84, units=Meters, rotation={turned}"
    lines = [
        "ENVI",
        f"samples = {cols}\nlines = {rows}\nbands = {bands}\nheader offset = 0",
        f"data type = {kinds[values.dtype.name]}\ninterleave = bil\nbyte order = {order}",
        f"map info = {{{info}}}",
        f"wavelength units = {unit}",
        "wavelength = {" + ",\n ".join(map(str, waves)) + "}",
        "fwhm = {" + ", ".join(["9.8"] * len(waves)) + "}",
    ]
    if bbl:
        lines.append("bbl = {1, 1, 0, 1}")
    path.with_name(path.name + ".hdr").write_text("\n".join(lines) + "\n")
    return str(path)


def test_classic_radiance_has_a_gain_a_band_and_runs_along_the_flight_line(tmp_path, related):
    values = np.rint(related(4)[0] * 9000).astype(np.int16)
    values[:, :2, :1] = -50
    product = write_envi(tmp_path / CLASSIC, values)
    (tmp_path / "f130503t01p00r11rdn_b.gain").write_text("300 1\n300 2\n600 3\n1200 4\n")
    with open_raster(product) as image:
        assert image.origin.product == "AVIRIS Classic"
        assert image.metadata.wavelengths == tuple(WAVES)
        assert image.metadata.scales == pytest.approx((1 / 300, 1 / 300, 1 / 600, 1 / 1200))
        assert image.metadata.bbl == (1, 1, 0, 1)
        assert image.metadata.nodata == -50
        assert image.grid.geotransform[2] != 0
        block = image.read()
    np.testing.assert_array_equal(block.valid, values != -50)
    np.testing.assert_array_equal(block.values, np.where(values == -50, 0, values))


def test_classic_reflectance_has_no_file_of_gains(tmp_path, related):
    values = np.rint(related(4)[0] * 9000).astype(np.int16)
    with open_raster(write_envi(tmp_path / "f130503t01p00r11_rfl_ort_img", values)) as image:
        assert image.metadata.scales == (1e-4,) * 4


@pytest.mark.parametrize(("name", "said"), [(NG, "AVIRIS-NG"), (AV3, "AVIRIS-3")])
def test_ng_and_3_are_floats(tmp_path, related, name, said):
    values = related(4)[0].astype(np.float32)
    values[:, 3, 4] = -9999
    with open_raster(write_envi(tmp_path / name, values, order=0, unit="Nanometers")) as image:
        assert (image.origin.product, image.metadata.nodata) == (said, -9999)
        assert image.metadata.scales == (1.0,) * 4
        np.testing.assert_array_equal(image.read().valid, values != -9999)


def test_a_header_that_does_not_fit_is_refused_and_a_list_that_does_not_is_told(tmp_path, related):
    values = related(4)[0].astype(np.float32)
    with pytest.raises(InputError, match=r"describes 3 bands, but .* has 4"):
        open_raster(write_envi(tmp_path / NG, values, waves=WAVES[:3]))
    path = write_envi(tmp_path / AV3, values, order=0)
    header = tmp_path / f"{AV3}.hdr"
    header.write_text(header.read_text().replace("{1, 1, 0, 1}", "{1, 1}"))
    with open_raster(path) as image:
        assert image.metadata.bbl == (1, 1, 1, 1)
        assert any("bbl" in note and "2 entries for 4 bands" in note for note in image.notes)


@pytest.mark.parametrize("which", ["ng", "pixxel"])
def test_jobs_take_the_file(tmp_path, related, write_raster, which):
    if which == "ng":
        product = write_envi(tmp_path / NG, swaths.hsi(4), turned="-14.0", order=0)
        with open_raster(product) as image:
            pan = str(tmp_path / "pan.tif")
            _write_pan(pan, image.grid)
    else:
        product = write_pixxel(tmp_path, related, write_raster)
        pan = write_raster(tmp_path / "pan.tif", np.rint(related(4)[1] * 1e4).astype(np.uint16), pixel=10.0)
    assert inspect(product, pan)["ratio"] == pytest.approx(3.0, abs=0.05)
    classical(product, pan, str(tmp_path / "out.tif"), mtf=0.6, shift="none")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert fused.bands == 4
        assert fused.read().valid[0].sum() > 800


def _write_pan(path, grid):
    """North-up, over all of a rotated grid."""
    x, dx, sx, y, sy, dy = grid.geotransform
    corners = [(x + c * dx + r * sx, y + c * sy + r * dy) for r in (0, grid.rows) for c in (0, grid.cols)]
    left, top = min(c[0] for c in corners), max(c[1] for c in corners)
    right, bottom = max(c[0] for c in corners), min(c[1] for c in corners)
    rows, cols = int((top - bottom) / 10) + 1, int((right - left) / 10) + 1
    values = np.rint(1000 + 500 * np.random.default_rng(0).random((rows, cols))).astype(np.uint16)
    made = gdal.GetDriverByName("GTiff").Create(path, cols, rows, 1, gdal.GDT_UInt16)
    made.SetGeoTransform((left, 10.0, 0.0, top, 0.0, -10.0))
    made.SetProjection(grid.crs)
    made.GetRasterBand(1).WriteArray(values)


@pytest.mark.parametrize("ending", [".hdr", ".mask.tif", ".tif"])
def test_no_file_of_pixxels_product_is_overwritten(tmp_path, related, write_raster, ending):
    product = write_pixxel(tmp_path, related, write_raster)
    taken = product.replace(".mask.tif", ending)
    with pytest.raises(InputError, match=r"FF01_20250303_00065800_L2A\S* is (?:one|a part) of the input"):
        classical(product, product, taken)


def write_netcdf(path, values, mapping=True):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        cube = file.create_dataset("reflectance/reflectance", data=values, chunks=(4, 5, 5))
        cube.attrs["_FillValue"] = np.float32(-9999)
        cube.attrs["grid_mapping"] = "transverse_mercator"
        file.create_dataset("reflectance/wavelength", data=np.array(sorted(WAVES), np.float32))
        file.create_dataset("reflectance/fwhm", data=np.full(4, 7.5, np.float32))
        if mapping:
            place = file.create_dataset("transverse_mercator", data=np.int8(0))
            place.attrs["spatial_ref"] = swaths.wkt(32633)
            place.attrs["GeoTransform"] = "500000 30 0 5800000 0 -30"
    return str(path)


def test_the_netcdf_file_says_its_grid_and_bands(tmp_path, related, write_raster):
    values = related(4)[0].astype(np.float32)
    values[:, 3, 4] = -9999
    path = write_netcdf(tmp_path / NETCDF, values)
    with open_raster(path) as image:
        assert image.origin.product == "AVIRIS-5 reflectance"
        np.testing.assert_allclose(image.metadata.wavelengths, sorted(WAVES))
        assert image.grid.geotransform == (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
        np.testing.assert_array_equal(image.read().valid, values != -9999)
    pan = write_raster(tmp_path / "pan.tif", np.rint(related(4)[1] * 1e4).astype(np.uint16), pixel=10.0)
    classical(path, pan, str(tmp_path / "out.tif"), mtf=0.3, shift="none")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert (fused.grid.rows, fused.metadata.fwhm) == (36, (7.5,) * 4)
    with pytest.raises(InputError, match="says of no map where it lies"):
        open_raster(write_netcdf(tmp_path / NETCDF.replace("001", "002"), values, mapping=False))


def write_pixxel(folder, related, write_raster, kind=np.uint16, waves=WAVES):
    values = np.rint(related(4)[0] * 5e4).astype(kind)
    values[:, :2, :1] = 0
    path = write_raster(folder / "FF01_20250303_00065800_L2A.tif", values)
    header = (
        "ENVI\nwavelength units = Nanometers\nwavelength = {" + ", ".join(map(str, waves)) + "}\nfwhm = {5, 5, 5, 5}\n"
    )
    (folder / "FF01_20250303_00065800_L2A.hdr").write_text(header)
    write_raster(folder / "FF01_20250303_00065800_L2A.mask.tif", np.ones((12, 12), np.uint8))
    return path.replace(".tif", ".mask.tif")


def test_pixxels_reflectance_is_stored_times_50000(tmp_path, related, write_raster):
    product = write_pixxel(tmp_path, related, write_raster)
    with open_raster(product) as image:
        assert image.metadata.scales == (1 / 50_000,) * 4
        assert image.metadata.wavelengths == tuple(WAVES)
        assert image.metadata.fwhm == (5.0,) * 4
        assert image.read().valid.sum() == 4 * 142
    with open_raster(tmp_path, "quality") as mask:
        assert mask.read().values.min() == 1
    with pytest.raises(InputError, match="describes 3 bands"):
        open_raster(write_pixxel(tmp_path, related, write_raster, waves=WAVES[:3]))
