"""PRISMA of the levels 1, 2B and 2C, in sensor geometry: files of their structure, written by h5py."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.positions import to_map
from core.io.reader import RasterReader
from core.products.detectors import BandRule
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.training import settings as learning_settings
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from core.workflows.sharpen import sharpen
from tests.core import swaths

h5py = pytest.importorskip("h5py")

ROWS, COLS = swaths.SHAPE
VNIR = [0.0, 990.0, 850.0, 660.0, 550.0, 450.0]  # from long to short; the first is not used
SWIR = [2400.0, 2200.0, 1880.0, 1600.0, 1240.0, 960.0]
KEPT = [450.0, 550.0, 660.0, 850.0, 960.0, 1240.0, 1600.0, 1880.0, 2200.0, 2400.0]
MOVED = 2.2, -1.1  # by which the SWIR sees other ground
FACTOR, OFFSET = 100.0, 1.5
HIGH = 60000.0


def stored(moved=MOVED):
    """(rows, bands, columns) of both detectors, as they are stored."""
    cubes = [swaths.hsi(6), swaths.hsi(6, moved=moved)]
    return [np.rint(cube * HIGH).astype(np.uint16).transpose(1, 0, 2) for cube in cubes]


def write_level(path, level="1", errors=True, moved=MOVED, leave_out=(), exchanged=False, **changes):
    vnir, swir = stored(moved)
    facts = {"Product_StartTime": np.bytes_("2021-07-01T10:00:00"), "Processing_Level": np.bytes_(level)}
    for name, waves in (("Vnir", VNIR), ("Swir", SWIR)):
        facts[f"List_Cw_{name}"] = np.array(waves, np.float32)
        facts[f"List_Fwhm_{name}"] = np.full(6, 11.0, np.float32)
        facts[f"List_Cw_{name}_Flags"] = np.array([wave > 0 for wave in waves], np.uint8)
    for name in ("Vnir", "Swir", "Pan"):
        if level == "1":
            facts[f"ScaleFactor_{name}"], facts[f"Offset_{name}"] = np.float32(FACTOR), np.float32(OFFSET)
        else:
            facts[f"L2Scale{name}Min"], facts[f"L2Scale{name}Max"] = np.float32(0.1), np.float32(0.9)
    lon, lat = swaths.places()
    for corner, x, y in (
        ("UL", lon.min(), lat.max()),
        ("UR", lon.max(), lat.max()),
        ("LL", lon.min(), lat.min()),
        ("LR", lon.max(), lat.min()),
    ):
        facts[f"Product_{corner}corner_long"], facts[f"Product_{corner}corner_lat"] = np.float32(x), np.float32(y)
    facts.update(changes)
    with h5py.File(path, "w") as file:
        for key, value in facts.items():
            if key not in leave_out:
                file.attrs[key] = value
        swath = file.create_group(f"HDFEOS/SWATHS/PRS_L{level}_HCO")
        places = swath.create_group("Geolocation Fields")
        of_swir = swaths.places(moved=moved)
        named = [("_VNIR", (lon, lat)), ("_SWIR", of_swir)] if level == "1" else [("", (lon, lat))]
        for end, (x, y) in named:
            places.create_dataset(f"Longitude{end}", data=(y if exchanged else x).astype(np.float64))
            places.create_dataset(f"Latitude{end}", data=(x if exchanged else y).astype(np.float64))
        for name, cube in (("VNIR", vnir), ("SWIR", swir)):
            swath.create_dataset(f"Data Fields/{name}_Cube", data=cube, chunks=(5, 6, 9), compression="gzip")
            if errors:
                matrix = np.zeros(cube.shape, np.uint8)
                matrix[4, 3, 7] = 2
                matrix[6, 3, 8] = 3
                kind = "SAT" if level == "1" else "L2"
                swath.create_dataset(f"Data Fields/{name}_PIXEL_{kind}_ERR_MATRIX", data=matrix)
        if level == "1":
            for name in ("Cloud_Mask", "SunGlint_Mask", "LandCover_Mask"):
                swath.create_dataset(f"Data Fields/{name}", data=np.full((ROWS, COLS), len(name), np.uint8))
        fine = swaths.hsi(1, (ROWS * 6, COLS * 6))
        rows, cols = (np.mgrid[: ROWS * 6, : COLS * 6] + 0.5) / 6
        x, y = swaths.on_map(rows, cols)
        fine = np.rint(swaths.ground(x, y) * HIGH).astype(np.uint16)
        pan = file.create_group(f"HDFEOS/SWATHS/PRS_L{level}_PCO")
        pan.create_dataset("Data Fields/Cube", data=fine)
        x, y = swaths.degrees(x, y)
        pan.create_dataset("Geolocation Fields/Longitude", data=y if exchanged else x)
        pan.create_dataset("Geolocation Fields/Latitude", data=x if exchanged else y)
    return str(path)


@pytest.fixture
def pan(tmp_path, write_raster):
    return write_raster(tmp_path / "pan.tif", swaths.pan(), pixel=10.0)


def test_level_1_is_radiance_in_sensor_geometry_and_its_detectors_lie_on_each_other(tmp_path):
    product = write_level(tmp_path / "PRS_L1_STD.he5")
    vnir, swir = stored()
    with open_raster(product) as hsi:
        assert hsi.metadata.wavelengths == tuple(KEPT)
        assert hsi.metadata.bbl[7] == 0  # 1880 nm
        assert hsi.metadata.scales == pytest.approx((1 / FACTOR,) * 10)
        assert hsi.metadata.offsets == pytest.approx((-OFFSET,) * 10)
        assert hsi.origin.product == "PRISMA L1"
        assert any("read -2 rows and +1 columns aside" in text for text in hsi.origin.provenance)
        x, y = to_map(hsi.grid, np.array([3.5]), np.array([8.5]))
        block = hsi.read()
    lon, lat = swaths.places()
    assert (x[0], y[0]) == pytest.approx((lon[3, 8], lat[3, 8]), abs=1e-12)
    np.testing.assert_array_equal(block.values[0], vnir[:, 5])
    # The SWIR's pixel two rows up and one column to the right sees this pixel's ground, but for a fifth of a row.
    expected, seen = np.zeros((ROWS, COLS)), np.zeros((ROWS, COLS), bool)
    expected[2:, :-1], seen[2:, :-1] = swir[:-2, 5, 1:], True
    np.testing.assert_array_equal(block.valid[4], seen)
    np.testing.assert_array_equal(block.values[4], expected)


def test_the_error_matrix_of_level_1_keeps_samples_that_are_less_accurate(tmp_path):
    with open_raster(write_level(tmp_path / "p.he5", moved=(0.0, 0.0))) as hsi:
        valid = hsi.read().valid
    expected = np.ones((ROWS, COLS), bool)
    expected[4, 7] = False
    np.testing.assert_array_equal(valid[KEPT.index(660.0)], expected)
    assert valid[KEPT.index(450.0)].all()


@pytest.mark.parametrize(("level", "said"), [("2B", "radiance at the surface"), ("2C", "reflectance")])
def test_levels_2b_and_2c_are_scaled_between_their_limits(tmp_path, level, said):
    with open_raster(write_level(tmp_path / "p.he5", level, moved=(0.0, 0.0))) as hsi:
        assert hsi.metadata.scales == pytest.approx((0.8 / 65535,) * 10)
        assert hsi.metadata.offsets == pytest.approx((0.1,) * 10)
        assert said in hsi.origin.provenance[0]
        assert hsi.grid.in_sensor_geometry
        valid = hsi.read().valid[KEPT.index(660.0)]
    assert not valid[4, 7]
    assert not valid[6, 8]


def test_the_masks_of_level_1_are_the_quality_raster_and_other_levels_have_none(tmp_path):
    with open_raster(write_level(tmp_path / "p.he5"), "quality") as masks:
        assert masks.metadata.names == ("Cloud", "SunGlint", "LandCover")
        assert masks.read().values[:, 0, 0].tolist() == [10, 13, 14]
    with pytest.raises(InputError, match="level 1 has them"):
        open_raster(write_level(tmp_path / "q.he5", "2C"), "quality")


def test_bands_of_both_detectors_in_the_files_order_on_request(tmp_path):
    product = write_level(tmp_path / "p.he5")
    with open_raster(product, rule=BandRule("keep", False)) as hsi:
        assert hsi.metadata.wavelengths == (*VNIR[1:], *SWIR)
        assert hsi.origin.detectors == ("VNIR",) * 5 + ("SWIR",) * 6
    with open_raster(product, rule=BandRule("keep", True)) as hsi:
        assert hsi.metadata.wavelengths == tuple(sorted((*VNIR[1:], *SWIR)))
    with open_raster(product, rule=BandRule("990")) as hsi:
        assert hsi.metadata.wavelengths == (450.0, 550.0, 660.0, 850.0, *sorted(SWIR)[1:])
    with pytest.raises(InputError, match=r"cannot be joined at 700 nm: they overlap from 960 to 990 nm"):
        open_raster(product, rule=BandRule("700"))


def test_exchanged_coordinates_are_put_right_and_others_are_refused(tmp_path):
    with open_raster(write_level(tmp_path / "p.he5", "2C", exchanged=True)) as hsi:
        assert "exchanged" in hsi.notes[0]
    far = {f"Product_{corner}corner_lat": np.float32(-20.0) for corner in ("UL", "UR", "LL", "LR")}
    with pytest.raises(InputError, match="lie around 15"):
        open_raster(write_level(tmp_path / "q.he5", "2C", **far))
    with pytest.raises(InputError, match="lacks the attribute 'Offset_Swir'"):
        open_raster(write_level(tmp_path / "r.he5", leave_out=("Offset_Swir",)))


@pytest.mark.parametrize("wrong", [np.zeros(3), np.bytes_("text"), np.float64("nan")])
@pytest.mark.parametrize("name", ["ScaleFactor_Vnir", "List_Cw_Swir"])
def test_an_attribute_of_another_kind_is_refused(tmp_path, name, wrong):
    with pytest.raises(InputError, match="cannot be used"):
        open_raster(write_level(tmp_path / "p.he5", **{name: wrong}))


def test_one_product_of_level_1_is_hsi_and_pan_and_its_result_lies_on_the_map(tmp_path):
    product, out = write_level(tmp_path / "PRS_L1_STD.he5", moved=(0.0, 0.0)), str(tmp_path / "out.tif")
    made = classical(product, product, out, mtf=0.6, shift="none")
    assert made["ratio"] == pytest.approx(6.0, abs=0.1)
    with RasterReader(out) as fused:
        assert not fused.grid.in_sensor_geometry
        assert "UTM zone 33N" in fused.grid.crs
        block = fused.read(bands=[0])
        x, y = to_map(fused.grid, *(axis.ravel() + 0.5 for axis in np.mgrid[: fused.grid.rows, : fused.grid.cols]))
    seen = block.valid[0].ravel()
    truth = (swaths.ground(x, y)[seen] * 0.8 + 0.02) * HIGH
    assert seen.sum() > 20_000
    assert np.abs(block.values[0].ravel()[seen] - truth).mean() < 0.15 * np.abs(truth - truth.mean()).mean()


def test_level_1_and_a_partner_are_inspected_and_sharpened(tmp_path, pan, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(learning_settings, "EFFORTS", {"fast": 3, "normal": 30, "thorough": 60})
    product, out = write_level(tmp_path / "PRS_L1_STD.he5", moved=(0.0, 0.0)), str(tmp_path / "out.tif")
    assert inspect(product, pan)["ratio"] == pytest.approx(3.0, abs=0.05)
    sharpen(product, pan, out, effort="fast", mtf=0.6, shift="none")
    with RasterReader(out) as fused:
        assert fused.grid.dx == 10.0
        assert fused.metadata.wavelengths == tuple(KEPT)
        assert fused.read(bands=[0]).valid.sum() > 4000
