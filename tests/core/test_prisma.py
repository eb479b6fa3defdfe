"""PRISMA products: a file of the structure of a PRS_L2D one, written by h5py, read by GDAL alone."""

from __future__ import annotations

import shutil
import zipfile

import numpy as np
import pytest

from core.io.grid import Window
from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.products.pair import open_pair
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.openproduct import openproduct

h5py = pytest.importorskip("h5py")

ROWS, COLS = 12, 10
# From long to short, as in the products; the first VNIR bands are not used and have no wavelength.
VNIR = {"cw": [0.0, 0.0, 1000.5, 960.0, 700.0, 560.0, 450.0], "flags": [0, 0, 1, 1, 1, 1, 1]}
SWIR = {"cw": [2450.0, 2200.0, 1900.0, 1600.0, 1400.0, 1100.0, 940.0, 0.0], "flags": [0, 1, 1, 1, 1, 1, 1, 0]}
KEPT = [
    *(("VNIR", index, wave) for index, wave in ((6, 450.0), (5, 560.0), (4, 700.0))),
    *(
        ("SWIR", index, wave)
        for index, wave in ((6, 940.0), (5, 1100.0), (4, 1400.0), (3, 1600.0), (2, 1900.0), (1, 2200.0))
    ),
]
SCALE = {"Vnir": (0.0, 0.9), "Swir": (0.01, 0.7), "Pan": (0.0, 1.1)}


def cubes(rows=ROWS, cols=COLS):
    generator = np.random.default_rng(0)
    found = {
        "VNIR": generator.integers(1, 65535, (rows, len(VNIR["cw"]), cols), np.uint16),
        "SWIR": generator.integers(1, 65535, (rows, len(SWIR["cw"]), cols), np.uint16),
        "PAN": generator.integers(1, 65535, (rows * 6, cols * 6), np.uint16),
    }
    found["VNIR"][:2, :, :3] = 0  # outside the image
    found["SWIR"][:2, :, :3] = 0
    found["PAN"][:12, :18] = 0
    found["SWIR"][5, :, 5] = 0  # failed retrievals
    return found


def write_product(
    path, content=None, inset=15.0, epsg=32633, leave_out=(), swath="PRS_L2D", errors=None, sun=None, **changes
):
    """``inset``: how far the corners lie inside the outer edges, in m; 0 for edges, 15 for centres of HSI pixels."""
    content = cubes() if content is None else content
    rows, cols = content["VNIR"].shape[0], content["VNIR"].shape[2]
    west, north = 600000.0, 5000000.0
    east, south = west + cols * 30.0, north - rows * 30.0
    attributes = {"Epsg_Code": np.int64(epsg), "Processing_Level": np.bytes_("2D")}
    for name, x, y in (("UL", west, north), ("UR", east, north), ("LL", west, south), ("LR", east, south)):
        attributes[f"Product_{name}corner_easting"] = np.float32(x + (inset if x == west else -inset))
        attributes[f"Product_{name}corner_northing"] = np.float32(y + (inset if y == south else -inset))
    for name, bands in (("Vnir", VNIR), ("Swir", SWIR)):
        attributes[f"List_Cw_{name}"] = np.array(bands["cw"], np.float32)
        attributes[f"List_Fwhm_{name}"] = np.full(len(bands["cw"]), 10.5, np.float32)
        attributes[f"List_Cw_{name}_Flags"] = np.array(bands["flags"], np.uint8)
    for name, (low, high) in SCALE.items():
        attributes[f"L2Scale{name}Min"], attributes[f"L2Scale{name}Max"] = np.float32(low), np.float32(high)
    attributes.update(changes)
    with h5py.File(path, "w") as file:
        for key, value in attributes.items():
            if key not in leave_out:
                file.attrs[key] = value
        fields = file.create_group(f"HDFEOS/SWATHS/{swath}_HCO/Data Fields")
        for name in ("VNIR", "SWIR"):
            fields.create_dataset(f"{name}_Cube", data=content[name], chunks=True, compression="gzip")
        panchromatic = file.create_group(f"HDFEOS/SWATHS/{swath}_PCO/Data Fields")
        panchromatic.create_dataset("Cube", data=content["PAN"])
        for name, matrix in (errors or {}).items():
            group, prefix = (panchromatic, "") if name == "PAN" else (fields, f"{name}_")
            group.create_dataset(f"{prefix}PIXEL_L2_ERR_MATRIX", data=matrix)
        if sun is not None:
            file.create_group(f"HDFEOS/SWATHS/{swath}_HCO/Geometric Fields").create_dataset(
                "Solar_Zenith_Angle", data=sun
            )
    return str(path)


@pytest.fixture
def product(tmp_path):
    return write_product(tmp_path / "PRS_L2D_STD_20200101.he5")


def test_bands_ascend_without_unused_and_overlapping_ones(product):
    with open_raster(product, "hsi") as hsi:
        assert hsi.metadata.wavelengths == tuple(wave for _, _, wave in KEPT)
        assert hsi.metadata.names == tuple(f"{cube} {index + 1}" for cube, index, _ in KEPT)
        assert hsi.metadata.fwhm == (10.5,) * len(KEPT)
        assert hsi.metadata.bbl == (1, 1, 1, 1, 1, 0, 1, 0, 1)  # 1400 and 1900 nm
        block = hsi.read()
    expected = np.stack([cubes()[cube][:, index] for cube, index, _ in KEPT])
    np.testing.assert_array_equal(block.values, expected)


def test_scale_and_offset_give_reflectance(product):
    with open_raster(product, "hsi") as hsi, open_raster(product, "pan") as pan:
        stored = hsi.read().values
        for band, (cube, index, _) in enumerate(KEPT):
            low, high = SCALE[cube.title()]
            reflectance = low + cubes()[cube][:, index] * (high - low) / 65535
            found = stored[band] * hsi.metadata.scales[band] + hsi.metadata.offsets[band]
            np.testing.assert_allclose(found, reflectance, atol=1e-6)
        assert pan.metadata.scales == pytest.approx((1.1 / 65535,))


def inside_image():
    inside = np.ones((ROWS, COLS), bool)
    inside[:2, :3] = False
    return inside


def test_a_pixel_is_outside_where_all_vnir_bands_are_zero_and_a_zero_is_a_failed_retrieval(product):
    with open_raster(product, "hsi") as hsi, open_raster(product, "pan") as pan:
        valid, of_pan = hsi.read().valid, pan.read().valid
        assert "0 is a failed retrieval" in hsi.origin.provenance
    for found, (cube, _, _) in zip(valid, KEPT):
        expected = inside_image()
        expected[5, 5] = cube == "VNIR"
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(of_pan[0], inside_image().repeat(6, 0).repeat(6, 1))


def error_matrices():
    content = cubes()
    found = {name: np.zeros(content[name].shape, np.uint8) for name in content}
    found["SWIR"][7, :, 2] = 1
    found["VNIR"][8, 4, 3], found["VNIR"][8, 5, 4], found["PAN"][30, 31] = 2, 4, 1
    return found


def test_the_error_matrices_say_which_samples_failed_and_a_zero_that_they_call_good_is_kept(tmp_path):
    errors = error_matrices()
    product = write_product(tmp_path / "p.he5", errors=errors)
    with open_raster(product, "hsi") as hsi, open_raster(product, "pan") as pan:
        whole, part = hsi.read(), hsi.read(Window(3, 1, 6, 7), [8, 0, 2])
        of_pan = pan.read().valid[0]
        assert "failed retrievals from its error matrices" in hsi.origin.provenance
    for found, (cube, index, _) in zip(whole.valid, KEPT):
        np.testing.assert_array_equal(found, inside_image() & (errors[cube][:, index] == 0))
    np.testing.assert_array_equal(part.valid, whole.valid[[8, 0, 2], 3:9, 1:8])
    expected = inside_image().repeat(6, 0).repeat(6, 1)
    expected[30, 31] = False
    np.testing.assert_array_equal(of_pan, expected)


def test_matrices_of_another_size_are_not_believed(tmp_path):
    errors = {"VNIR": np.ones((3, 7, 3), np.uint8), "SWIR": np.ones((3, 8, 3), np.uint8)}
    with open_raster(write_product(tmp_path / "p.he5", errors=errors), "hsi") as hsi:
        assert "0 is a failed retrieval" in hsi.origin.provenance
        assert hsi.read().valid[0].sum() == ROWS * COLS - 6


def test_padding_is_where_the_sun_has_no_zenith_angle(tmp_path):
    sun = np.full((ROWS, COLS), 31.5, np.float32)
    sun[:, -1] = 0
    with open_raster(write_product(tmp_path / "p.he5", sun=sun), "hsi") as hsi:
        np.testing.assert_array_equal(hsi.read().valid[0], inside_image() & (sun != 0))
    for useless in (np.zeros_like(sun), sun[:3]):
        with open_raster(write_product(tmp_path / "q.he5", sun=useless), "hsi") as hsi:
            np.testing.assert_array_equal(hsi.read().valid[0], inside_image())


@pytest.mark.parametrize("way", ["folder", "zip"])
def test_a_folder_or_an_archive_with_the_product_is_opened(product, tmp_path, way):
    place = tmp_path / "delivered"
    if way == "zip":
        place = tmp_path / "delivered.zip"
        with zipfile.ZipFile(place, "w") as archive:
            archive.write(product, "PRS_L2D_STD_20200101.he5")
    else:
        place.mkdir()
        shutil.copy(product, place)
    with open_raster(place, "hsi") as hsi, open_raster(product, "hsi") as expected:
        np.testing.assert_array_equal(hsi.read().values, expected.read().values)


def test_the_time_of_the_acquisition_is_known(tmp_path):
    product = write_product(tmp_path / "p.he5", Product_StartTime=np.bytes_("2020-01-01T10:00:00.1"))
    with open_raster(product, "pan") as pan:
        assert (pan.origin.acquired, pan.origin.sensor) == ("2020-01-01T10:00:00.1", "prisma")


def test_a_window_is_that_part_of_the_image(product):
    with open_raster(product, "hsi") as hsi, open_raster(product, "pan") as pan:
        whole, part = hsi.read(), hsi.read(Window(3, 2, 4, 5), [7, 0, 3])
        np.testing.assert_array_equal(part.values, whole.values[[7, 0, 3], 3:7, 2:7])
        np.testing.assert_array_equal(part.valid, whole.valid[[7, 0, 3], 3:7, 2:7])
        np.testing.assert_array_equal(pan.read(Window(13, 1, 2, 30)).values, pan.read().values[:, 13:15, 1:31])


@pytest.mark.parametrize("inset", [0.0, 15.0, 2.5])
def test_the_grids_follow_from_the_corners_whatever_these_are(tmp_path, inset):
    product = write_product(tmp_path / "p.he5", inset=inset)
    with open_raster(product, "pan") as pan, open_raster(product, "hsi") as hsi:
        for reader in (hsi, pan):
            assert reader.grid.extent == pytest.approx((600000.0, 4999640.0, 600300.0, 5000000.0))
        assert (hsi.grid.dx, hsi.grid.dy, pan.grid.dx, pan.grid.dy) == (30.0, -30.0, 5.0, -5.0)
        assert "32633" in hsi.grid.crs


def test_grids_that_share_the_centres_of_their_corner_pixels_lie_apart_by_fractions_of_a_pixel(tmp_path):
    content = cubes()
    content["PAN"] = content["PAN"][:-5, :-5]  # 6 (n - 1) + 1 pixels from centre to centre
    product = write_product(tmp_path / "p.he5", content)
    with open_pair(product, product) as scene:
        assert scene.hsi.grid.x == 600000.0
        assert scene.pan.grid.x == pytest.approx(600012.5)
        assert scene.alignment.ratio == 6
        assert scene.alignment.phase == pytest.approx((2.5, 2.5))


def test_one_product_is_hsi_and_pan_of_a_job(product, tmp_path):
    output = tmp_path / "fused.tif"
    made = classical(product, product, str(output), method="exp")
    assert (made["rows"], made["cols"], made["bands"]) == (ROWS * 6, COLS * 6, len(KEPT))
    with RasterReader(str(output)) as fused:
        assert fused.metadata.wavelengths == tuple(wave for _, _, wave in KEPT)


@pytest.mark.parametrize("suffix", ["tif", "img"])
def test_openproduct_writes_what_the_product_holds(product, tmp_path, suffix):
    outputs = [str(tmp_path / f"{name}.{suffix}") for name in ("hsi", "pan")]
    made = openproduct(product, *outputs)
    assert (made["bands"], made["bad_bands"], made["rows"], made["cols"]) == (len(KEPT), 2, ROWS, COLS)
    for role, path in zip(("hsi", "pan"), outputs):
        with open_raster(product, role) as source, RasterReader(path) as copy:
            expected, found = source.read(), copy.read()
            np.testing.assert_array_equal(found.valid, expected.valid)
            # A dark value that is valid moves away from nodata by one.
            np.testing.assert_array_equal(found.values, np.where(expected.valid, expected.values.clip(1), 0))
            assert copy.grid.geotransform == source.grid.geotransform
            assert copy.metadata.wavelengths == source.metadata.wavelengths
            assert copy.metadata.bbl == source.metadata.bbl
            assert copy.metadata.scales == pytest.approx(source.metadata.scales)


def test_cancel_leaves_nothing(product, tmp_path):
    class Stop(Progress):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        openproduct(product, str(tmp_path / "h.tif"), str(tmp_path / "p.tif"), progress=Stop())
    assert [path.suffix for path in tmp_path.iterdir()] == [".he5"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"swath": "PRS_L0"}, "is no PRISMA product"),
        ({"leave_out": ("Epsg_Code",)}, "lacks the attribute 'Epsg_Code'"),
        ({"leave_out": ("List_Cw_Swir",)}, "lacks the attribute 'List_Cw_Swir'"),
        ({"inset": 40.0}, "do not fit its corners"),
        ({"inset": -5.0}, "do not fit its corners"),
        ({"epsg": 1}, "EPSG code"),
        ({"List_Cw_Vnir_Flags": np.zeros(7, np.uint8)}, "no usable VNIR"),
        ({"List_Cw_Vnir": np.zeros(3, np.float32)}, "do not fit the cube"),
    ],
)
def test_a_product_that_cannot_be_used_gets_one_sentence(tmp_path, options, sentence):
    product = write_product(tmp_path / "p.he5", **options)
    with pytest.raises(InputError, match=sentence) as caught:
        open_raster(product, "hsi")
    assert "p.he5" in str(caught.value)
    assert str(caught.value).endswith((".", ")."))


def test_files_that_are_none_get_one_sentence(tmp_path):
    (tmp_path / "text.he5").write_text("no HDF5")
    with pytest.raises(InputError, match="is no HDF5 file"):
        open_raster(tmp_path / "text.he5", "hsi")
    with pytest.raises(InputError, match="does not exist"):
        open_raster(tmp_path / "none.he5", "pan")
    with pytest.raises(InputError, match=r"x.tif does not exist"):
        openproduct(str(tmp_path / "x.tif"), "h.tif", "p.tif")
