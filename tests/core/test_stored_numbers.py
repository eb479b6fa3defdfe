from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.operators.pair import Operators
from core.workflows.assess import assess
from core.workflows.classical import classical
from tests.core.said import Said

HIGH = (500000.0, 7.5, 0.0, 5800000.0, 0.0, -7.5)
LOW = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
BANDS = 8


@pytest.fixture
def ground(materials):
    """(truth, hsi, pan): reflectance in 1/10,000."""
    truth = materials(96, 96, BANDS).astype(np.float32)
    return truth, Operators((24, 24), (96, 96), 4).down(truth), truth[2:6].mean(0)


def warnings_of(hsi, pan, folder):
    log = Said()
    classical(str(hsi), str(pan), str(folder / "out.tif"), mtf=0.3, progress=log)
    return log.warnings


@pytest.mark.parametrize(
    ("offset", "dtype"), [(1e9, "float64"), (-3e12, "float64"), (1.5e9, "int32"), (4e9, "uint32"), (1e15, "int64")]
)
def test_an_offset_that_float32_does_not_hold_beside_the_signal_is_warned_of_once(
    ground, make_raster, tmp_path, offset, dtype
):
    _, hsi, pan = ground
    if dtype == "int64" and not hasattr(gdal, "GDT_Int64"):
        pytest.skip("this GDAL has no 64-bit integers")
    values = (np.rint(hsi).astype(np.float64) + offset).astype(dtype)
    kind = gdal.GDT_Int64 if dtype == "int64" else None
    path = make_raster(tmp_path / "far.tif", values, LOW, kind=kind)
    warnings = warnings_of(path, make_raster(tmp_path / "pan.tif", pan, HIGH), tmp_path)
    warnings = [text for text in warnings if "computation is in float32" in text]
    assert len(warnings) == 1, warnings
    for words in ("far.tif", dtype, "float32", f"{BANDS} of {BANDS} bands", "subtract the offset"):
        assert words in warnings[0]


def test_a_pan_with_a_large_offset_and_an_assessed_image_are_warned_of_too(ground, make_raster, tmp_path):
    truth, hsi, pan = ground
    paths = [
        make_raster(tmp_path / "hsi.tif", hsi, LOW),
        make_raster(tmp_path / "pan.tif", pan.astype(np.float64) + 1e10, HIGH),
    ]
    assert [text for text in warnings_of(*paths, tmp_path) if "pan.tif" in text and "float64" in text]
    far = make_raster(tmp_path / "truth.tif", truth.astype(np.float64) + 1e10, HIGH)
    log = Said()
    assess(far, reference=make_raster(tmp_path / "reference.tif", truth, HIGH), ratio=4, progress=log)
    assert [text for text in log.warnings if "truth.tif" in text and "float64" in text]


@pytest.mark.parametrize("dtype", ["float64", "int32", "uint32", "float32", "uint16"])
def test_numbers_that_float32_holds_are_not_warned_of(ground, make_raster, tmp_path, dtype):
    _, hsi, pan = ground
    hsi = np.rint(hsi).astype(dtype)
    hsi[3] = 7  # a constant band loses nothing
    hsi[:, 20:, 20:] = 0
    paths = make_raster(tmp_path / "hsi.tif", hsi, LOW, nodata=0), make_raster(tmp_path / "pan.tif", pan, HIGH)
    assert not [text for text in warnings_of(*paths, tmp_path) if "float32" in text]


def test_a_nodata_value_is_no_large_number(ground, make_raster, tmp_path):
    _, hsi, pan = ground
    hsi = hsi.astype(np.float64)
    hsi[:, 20:, 20:] = -1.7e308
    paths = make_raster(tmp_path / "hsi.tif", hsi, LOW, nodata=-1.7e308), make_raster(tmp_path / "pan.tif", pan, HIGH)
    assert not [text for text in warnings_of(*paths, tmp_path) if "float32" in text]


@pytest.mark.parametrize(("waves", "words"), [((420, 2400), "times 0.001"), ((42, 24000000), "no plain factor")])
def test_wavelengths_that_cannot_be_are_named(ground, make_raster, tmp_path, waves, words):
    _, hsi, pan = ground
    path = make_raster(tmp_path / "hsi.tif", hsi, LOW)
    dataset = gdal.Open(str(path), gdal.GA_Update)
    for band, wave in enumerate(np.geomspace(*waves, BANDS), start=1):
        items = {"wavelength": f"{wave:.3f}", "wavelength_units": "Micrometers" if waves[1] == 2400 else "Nanometers"}
        dataset.GetRasterBand(band).SetMetadata(items)
    dataset = None
    warnings = warnings_of(path, make_raster(tmp_path / "pan.tif", pan, HIGH), tmp_path)
    assert len(warnings) == 1, warnings
    assert words in warnings[0]
    assert "hsi.tif" in warnings[0]
