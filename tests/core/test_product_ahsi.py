"""AHSI of ZY1 and GF-5: two files with RPCs, and texts named .raw."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.positions import to_map
from core.io.reader import RasterReader
from core.products.band_rule import BandRule
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from tests.core import swaths

VNIR, SWIR = [450.0, 650.0, 1020.0], [1005.0, 1600.0, 2200.0]
STEM = "ZY1E_AHSI_E107.37_N38.33_20220311_013195_L1A0000394325"
GAINS = [0.05, 0.04, 0.03, 0.02, 0.02, 0.01]


def rpb(moved=(0.0, 0.0)):
    """Coefficients of a plain swath: latitude along rows, longitude along columns; those of the made scene, about."""
    rows, cols = swaths.SHAPE
    lon, lat = swaths.places()
    r, c = np.mgrid[:rows, :cols]
    x, y = (lon - lon.mean()) / 0.01, (lat - lat.mean()) / 0.01
    terms = np.stack([np.ones_like(x), x, y], -1).reshape(-1, 3)
    line, sample = (np.linalg.lstsq(terms, axis.ravel(), rcond=None)[0] for axis in (r, c))

    def listed(values, name):
        numbers = [*values, *[0.0] * (20 - len(values))]
        return f"\t{name} = (\n" + ",\n".join(f"\t\t\t{number:+.12E}" for number in numbers) + ");\n"

    text = (
        'satId = "ZY1E";\nbandId = "P";\nSpecId = "RPC00B";\nBEGIN_GROUP = IMAGE\n\terrBias = 1.0;\n\terrRand = 0.0;\n'
    )
    facts = {
        "lineOffset": -moved[0],
        "sampOffset": -moved[1],
        "latOffset": lat.mean(),
        "longOffset": lon.mean(),
        "heightOffset": 0,
        "lineScale": 1,
        "sampScale": 1,
        "latScale": 0.01,
        "longScale": 0.01,
        "heightScale": 500,
    }
    text += "".join(f"\t{key} = {value:.12f};\n" for key, value in facts.items())
    text += listed([line[0], line[1], line[2]], "lineNumCoef") + listed([1.0], "lineDenCoef")
    text += listed([sample[0], sample[1], sample[2]], "sampNumCoef") + listed([1.0], "sampDenCoef")
    return text + "END_GROUP = IMAGE\nEND;\n"


@pytest.fixture
def product(tmp_path, write_raster):
    def write(moved=(2.1, -0.9), leave_out=()):
        folder = tmp_path / "ahsi"
        folder.mkdir(exist_ok=True)
        cubes = swaths.hsi(6)[:3], swaths.hsi(6, moved=moved)[3:]
        for ending, name, cube, waves, gains, at in zip(
            ("VN", "SW"), ("VNIR", "SWIR"), cubes, (VNIR, SWIR), (GAINS[:3], GAINS[3:]), ((0.0, 0.0), moved)
        ):
            path = write_raster(folder / f"{STEM}_{ending}.tif", np.rint(cube * 2e4).astype(np.int16))
            _unplace(path)
            (folder / f"{STEM}_{ending}.rpb").write_text(rpb(at))
            (folder / f"ZY1E_AHSI_RadCal_{name}.raw").write_text("".join(f"{gain}, -0.5\n" for gain in gains))
            lines = "".join(f"{wave}\t9.5\n" for wave in waves)
            (folder / f"ZY1E_AHSI_Spectralresponse_{name}.raw").write_text(lines)
        for name in leave_out:
            (folder / name).unlink()
        return folder

    return write


def _unplace(path):
    from osgeo import gdal

    dataset = gdal.Open(path)
    plain = gdal.GetDriverByName("MEM").CreateCopy("", dataset)
    del dataset
    plain.SetGeoTransform((0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    plain.SetProjection("")
    gdal.GetDriverByName("GTiff").CreateCopy(path, plain)


def test_both_detectors_lie_on_each_other_and_have_what_the_texts_say(product):
    with open_raster(product()) as image:
        assert image.metadata.wavelengths == (*VNIR, *SWIR)
        assert image.metadata.fwhm == (9.5,) * 6
        assert image.metadata.scales == pytest.approx(GAINS)
        assert image.metadata.offsets == (-0.5,) * 6
        assert (image.origin.product, image.origin.acquired) == ("ZY1E AHSI", "20220311")
        assert any("read -2 rows and +1 columns aside" in text for text in image.origin.provenance)
        assert image.grid.in_sensor_geometry
        x, y = to_map(image.grid, np.array([12.0]), np.array([13.0]))
        block = image.read()
    lon, lat = swaths.places()
    assert abs(x[0] - lon.mean()) < 1e-3
    assert abs(y[0] - lat.mean()) < 1e-3
    vnir, swir = (np.rint(cube * 2e4) for cube in (swaths.hsi(6)[:3], swaths.hsi(6, moved=(2.1, -0.9))[3:]))
    np.testing.assert_array_equal(block.values[:3], vnir)
    np.testing.assert_array_equal(block.values[3:, 2:, :-1], swir[:, :-2, 1:])
    assert block.valid[3:, 2:, :-1].all()
    assert not block.valid[3:, :2].any()
    assert not block.valid[3:, :, -1].any()


def test_the_overlap_of_the_detectors_follows_the_one_rule(product):
    folder = product()
    with open_raster(folder, rule=BandRule("drop")) as image:
        assert image.metadata.wavelengths == (450.0, 650.0, *SWIR)
    with open_raster(folder, rule=BandRule("1010", True)) as image:
        assert image.metadata.wavelengths == (450.0, 650.0, 1600.0, 2200.0)


def test_jobs_take_the_folder(product, tmp_path, write_raster):
    folder = str(product(moved=(0.0, 0.0)))
    pan = write_raster(tmp_path / "pan.tif", swaths.pan(), pixel=10.0)
    assert inspect(folder, pan)["ratio"] == pytest.approx(3.0, abs=0.05)
    classical(folder, pan, str(tmp_path / "out.tif"), mtf=0.6, shift="none")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert (fused.grid.dx, fused.bands) == (10.0, 6)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (f"{STEM}_SW.tif", "lacks its image of SWIR"),
        ("ZY1E_AHSI_RadCal_SWIR.raw", r"lacks its text ZY1E_AHSI_RadCal_SWIR\.raw"),
        ("ZY1E_AHSI_Spectralresponse_VNIR.raw", "Spectralresponse_VNIR"),
    ],
)
def test_a_product_that_lacks_a_file_is_refused(product, missing, sentence):
    with pytest.raises(InputError, match=sentence):
        open_raster(product(leave_out=(missing,)))


def test_a_text_of_another_number_of_bands_is_refused(product):
    folder = product()
    (folder / "ZY1E_AHSI_RadCal_SWIR.raw").write_text("0.1, 0\n")
    with pytest.raises(InputError, match=r"RadCal_SWIR\.raw describes 1 bands, but .*_SW\.tif has 3"):
        open_raster(folder)
    (folder / "ZY1E_AHSI_RadCal_SWIR.raw").write_text("0.1\n0.1\n0.1\n")
    with pytest.raises(InputError, match="lines without two numbers"):
        open_raster(folder)
