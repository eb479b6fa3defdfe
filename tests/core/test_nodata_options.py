"""Nodata values and reference systems that a user states, in every job."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal, osr

from core.cli.arguments import build_parser
from core.products.claims import nodata_values
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from tests.core import filled_scenes
from tests.core.filled_scenes import SIZE, shape_of, values
from tests.core.said import Said

pair = filled_scenes.pair  # a fixture


@pytest.mark.parametrize(("dtype", "value"), [("int16", -9999), ("uint16", 0), ("uint16", 65535), ("float32", 3.4e38)])
def test_a_result_is_that_of_a_file_that_declares_its_fill(pair, tmp_path, dtype, value):
    found, declared, given = (str(tmp_path / name) for name in ("found.tif", "declared.tif", "given.tif"))
    said, quiet, confirmed = Said(), Said(), Said()
    classical(*pair(dtype, value), found, mtf=0.3, progress=said)
    classical(*pair(dtype, value), given, hsi_nodata=f"{value:g}", mtf=0.3, progress=confirmed)
    classical(*pair(dtype, value, nodata=value), declared, mtf=0.3, progress=quiet)
    np.testing.assert_array_equal(values(found), values(declared))
    np.testing.assert_array_equal(values(given), values(declared))
    assert np.float32(gdal.Open(found).GetRasterBand(1).GetNoDataValue()) == np.float32(value)
    (warning,) = said.warnings
    number = shape_of("ragged side", SIZE).sum()
    for words in ("hsi.tif", f"{value:.7g}", f"{number} pixels", "--hsi-nodata", "HSI_NODATA", "--hsi-nodata none"):
        assert words in warning
    assert quiet.warnings == confirmed.warnings == []
    taking_part = f"{SIZE**2 - number} of {SIZE**2} HSI pixels take part"
    assert any(taking_part in text and "undeclared fill value" in text for text in said.infos)
    assert any(taking_part in text and "undeclared" not in text for text in quiet.infos)


def test_none_keeps_all_numbers_as_data_and_a_number_after_it_counts_alone(pair, tmp_path):
    out, said = str(tmp_path / "out.tif"), Said()
    hsi, pan = pair(nodata=-9999)
    classical(hsi, pan, out, hsi_nodata="none", mtf=0.3, contradictions="off", progress=said)
    assert gdal.Open(out).GetRasterBand(1).GetNoDataValue() is None
    assert not [text for text in said.warnings if "nodata" in text]
    assert any(f"all {SIZE**2} HSI pixels take part" in text for text in said.infos)
    with open_pair(hsi, pan) as scene:
        scene.hsi.set_nodata([3.0], own=False)
        assert scene.hsi.metadata.nodata == 3.0
        assert scene.hsi.read().valid[:, shape_of("ragged side", SIZE)].all()


def test_all_jobs_with_a_pair_heed_the_options(pair, tmp_path):
    hsi, pan = pair()
    out, said = str(tmp_path / "out.tif"), Said()
    classical(hsi, pan, out)
    plain = assess(out, hsi=hsi, pan=pan, progress=said)
    assert [text for text in said.warnings if "--hsi-nodata" in text]
    spoiled = assess(out, hsi=hsi, pan=pan, hsi_nodata="none")
    assert plain["hsi_pixels"] > 0
    assert plain["consistency"] < 0.1
    assert spoiled["files"] == plain["files"]
    ranking = Said()
    best = compare(hsi, pan, methods=["exp", "gsa"], progress=ranking)
    assert sum("--hsi-nodata" in text for text in ranking.warnings) == 1
    assert best["methods"][0]["reduced"]["sam"] < 5


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", ((), True)), ("-9999", ((-9999.0,), True)), ("-9999, 0", ((-9999.0, 0.0), True)), ("none", ((), False))],
)
def test_nodata_is_read_as_it_is_written(text, wanted):
    assert nodata_values(text, "--hsi-nodata") == wanted
    assert nodata_values("None,-3.4e38", "--hsi-nodata") == ((-3.4e38,), False)
    with pytest.raises(InputError, match="--pan-nodata is 'black', but it must be a number"):
        nodata_values("black", "--pan-nodata")


@pytest.mark.parametrize("number", ["-9999", "-3.4e38", "-9999,0", "none,-1", "-1e+20"])
def test_negative_numbers_are_values_on_the_command_line(number):
    arguments = ["classical", "--hsi", "a", "--pan", "b", "--out", "c", "--hsi-nodata", number]
    assert build_parser().parse_args(arguments).hsi_nodata == number


def test_a_number_in_python_is_a_nodata_value_even_0(pair, tmp_path):
    said = Said()
    classical(*pair("uint16", 0), str(tmp_path / "out.tif"), hsi_nodata=0, mtf=0.3, progress=said)
    assert not said.warnings
    assert gdal.Open(str(tmp_path / "out.tif")).GetRasterBand(1).GetNoDataValue() == 0


def without_crs(path):
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.SetProjection("")


def test_a_missing_crs_is_assumed_and_a_known_one_is_kept(pair, tmp_path):
    system = osr.SpatialReference()
    system.ImportFromEPSG(32633)
    hsi, pan = pair()
    for path, known in ((hsi, True), (pan, False)):
        dataset = gdal.Open(path, gdal.GA_Update)
        dataset.SetProjection(system.ExportToWkt() if known else "")
        dataset = None
    with pytest.raises(InputError):
        classical(hsi, pan, str(tmp_path / "out.tif"))
    classical(hsi, pan, str(tmp_path / "out.tif"), assume_crs="EPSG:32633")
    assert gdal.Open(str(tmp_path / "out.tif")).GetSpatialRef().IsSame(system)
    with pytest.raises(InputError, match="'EPSG:1' names no coordinate reference system"):
        classical(hsi, pan, str(tmp_path / "out.tif"), assume_crs="EPSG:1")
    with pytest.raises(InputError):
        classical(hsi, pan, str(tmp_path / "out.tif"), assume_crs="EPSG:32632")
    gdal.Open(pan, gdal.GA_Update).SetProjection(system.ExportToWkt())
    with pytest.raises(InputError, match="'EPSG:1' names no coordinate reference system"):
        classical(hsi, pan, str(tmp_path / "out.tif"), assume_crs="EPSG:1")
