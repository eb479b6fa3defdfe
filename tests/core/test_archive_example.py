"""The archive's folder that ``examples/archive.py`` makes is what the page about it says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from core.io.origin import Origin
from core.io.raster_files import short_name
from core.workflows.inspect import inspect
from tests.core.said import Said

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "archive.py"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    gdal = pytest.importorskip("osgeo.gdal")
    if gdal.GetDriverByName("JP2OpenJPEG") is None:
        pytest.skip("this GDAL writes no JPEG 2000")
    spec = importlib.util.spec_from_file_location("archive_example", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("archive")
    module.main(folder)
    return folder


def test_the_folder_is_hsi_and_sharper_image_at_once_and_its_shift_is_found(archive):
    told = Said()
    found = inspect(str(archive), str(archive), progress=told)
    assert (found["hsi"]["bands"], found["pan"]["bands"], found["ratio"]) == (200, 10, 3)
    assert (found["shift_x"], found["shift_y"]) == (-0.7, -0.4)  # 7 m to the east, 4 m to the south, of pixels of 10 m
    assert all(band["agrees"] for band in found["guide"])
    assert found["mtf_x"] == pytest.approx(0.3, abs=0.02)
    assert found["noise"]["snr"] == pytest.approx(250, rel=0.1)  # which it was given
    assert found["mark"] == "pass"
    assert (found["hsi"]["product"], found["pan"]["product"]) == ("EnMAP L2A", "Sentinel-2 L2A")
    assert found["hsi"]["acquired"].startswith("2022-07-24")
    assert found["hsi"]["crs"].startswith("EPSG:32616 (")


def test_sentences_call_a_product_by_what_it_is_where_its_name_fills_them(archive):
    told = Said()
    inspect(str(archive), str(archive), progress=told)
    assert any(text.startswith("archive") and "is read as EnMAP L2A of 2022-07-24" in text for text in told.infos)
    assert any(text.startswith("EnMAP L2A and Sentinel-2 L2A share 48 x 48 HSI pixels") for text in told.infos)


def test_a_folder_that_is_named_by_dots_has_its_own_name(tmp_path, monkeypatch):
    (tmp_path / "scene.SAFE" / "GRANULE").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "scene.SAFE" / "GRANULE")
    assert (short_name(".."), short_name("./"), short_name("../GRANULE/")) == ("scene.SAFE", "GRANULE", "GRANULE")


@pytest.mark.parametrize(
    ("name", "is_folder", "band", "called"),
    [
        ("PRS_L2D.he5", False, "", "PRS_L2D.he5"),
        ("PRS_L2D_STD_20220724103012_20220724103016_0001.he5", False, "", "PRISMA L2D"),
        ("PRS_L2D_STD_20220724103012_20220724103016_0001.he5", False, "PAN", "PAN of PRISMA L2D"),
        ("scene", True, "", "PRISMA L2D"),
    ],
)
def test_a_short_name_of_a_file_is_kept(name, is_folder, band, called):
    assert Origin("PRISMA L2D").short(name, is_folder, band) == called
    assert Origin().short(name, is_folder, band) == name
