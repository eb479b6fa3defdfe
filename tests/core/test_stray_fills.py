"""Fill values inside an image that nobody declared count as missing samples."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.reader import RasterReader
from core.workflows.classical import classical
from tests.core import defect_scenes
from tests.core.defect_scenes import BANDS, COLS, HIGH, LOW, RATIO, ROWS, found, truth
from tests.core.said import Said

files = defect_scenes.files  # a fixture


@pytest.mark.parametrize(("dtype", "number"), [(np.int16, -9999), (np.int16, -32768), (np.float32, -9999.0),
                                               (np.float32, 3.4e38), (np.float32, 1e20)])  # fmt: skip
@pytest.mark.parametrize("kind", ["dropouts", "a hole in all bands"])
def test_a_number_that_no_data_has_is_no_value_inside_the_image_too(files, tmp_path, dtype, number, kind):
    lost = np.random.default_rng(3).random((BANDS, ROWS, COLS)) < 0.03
    if kind != "dropouts":
        lost[:] = np.hypot(*(np.mgrid[:ROWS, :COLS] - 15)) < 6

    def cut(hsi):
        hsi[lost] = number

    hsi, pan, _ = files(cut, dtype=dtype)
    told = Said()
    classical(hsi, pan, str(tmp_path / "o.tif"), hsi_nodata=f"{number:.10g}", progress=told)
    declared = RasterReader(str(tmp_path / "o.tif")).read()
    assert not [text for text in told.warnings if "no data has" in text]
    classical(hsi, pan, str(tmp_path / "o.tif"), progress=told)
    seen = RasterReader(str(tmp_path / "o.tif")).read()
    np.testing.assert_array_equal(seen.valid, declared.valid)
    np.testing.assert_array_equal(seen.values[seen.valid], declared.values[declared.valid])
    (warning,) = [text for text in told.warnings if "no data has" in text]
    assert f"--hsi-nodata {number:.10g} (HSI_NODATA)" in warning
    assert len([text for text in told.warnings if "single bands" in text]) == (
        kind == "dropouts"
    )  # where it is declared
    if number > 0:
        return  # nothing can be computed with it
    classical(hsi, pan, str(tmp_path / "o.tif"), hsi_nodata="none", progress=told)
    assert len([text for text in told.warnings if "no data has" in text]) == 1
    assert RasterReader(str(tmp_path / "o.tif")).read().valid.all()


@pytest.mark.parametrize("lowest", [-1500, -1000, -9999])
def test_low_numbers_with_others_near_them_are_data(files, lowest):
    def spread(hsi):
        hsi[5, :8] = lowest
        hsi[5, 20, 20] = lowest * 0.6

    assert found(files(spread, dtype=np.int16)[0]).strays == {}


CLOUD = np.s_[12:17, 14:20]  # of 30 pixels


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize(
    ("number", "bands"), [(-1, slice(None)), (-1, slice(5, 12)), (-0.9999, slice(None)), (-3.2768, slice(30, 33))]
)
def test_a_negative_fill_as_large_as_the_data_is_found_inside_an_image(
    make_raster, tmp_path, scaled, number, bands, seed
):
    hsi = truth(seed).reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4)) - 20  # noise around 0 where it is dark
    hsi = np.rint(hsi) / 1e4 * 2 if scaled else hsi / 5000  # reflectances that were whole numbers, or were not
    assert (hsi < 0).any()
    clean = found(make_raster(tmp_path / "clean.tif", hsi.astype(np.float32), LOW))
    assert not clean.strays
    assert not clean.zeros
    hsi[bands][(slice(None), *CLOUD)] = number
    defects = found(make_raster(tmp_path / "hsi.tif", hsi.astype(np.float32), LOW))
    assert defects.strays == {number: dict.fromkeys(range(BANDS)[bands], 30)}


@pytest.mark.parametrize(("number", "bands"), [(-9999, [3]), (-32768, [0, 39]), (0, [])])
def test_a_band_that_is_a_fill_throughout_is_empty(files, tmp_path, number, bands):
    def spoil(hsi):
        hsi[bands] = number

    hsi, pan, _ = files(spoil, dtype=np.int16)
    told = Said()
    classical(hsi, pan, str(tmp_path / "out.tif"), progress=told)
    with RasterReader(tmp_path / "out.tif") as made:
        empty = ~made.read().valid.any(axis=(1, 2))
    assert np.flatnonzero(empty).tolist() == bands
    assert len([text for text in told.warnings if "no data has" in text]) == bool(bands)


@pytest.mark.parametrize("upwards", [False, True])
def test_a_number_below_0_in_all_bands_is_no_value_there_and_noise_elsewhere(make_raster, tmp_path, upwards):
    hsi = np.rint(truth().reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4)) - 20).astype(np.int16)
    noise = hsi == -1
    assert noise.any()
    hsi[(slice(None), *CLOUD)] = -1
    pan = make_raster(tmp_path / "pan.tif", truth()[:10].mean(axis=0).astype(np.float32), HIGH)
    low = (LOW[0], LOW[1], 0.0, LOW[3] - ROWS * 20.0, 0.0, 20.0) if upwards else LOW
    path, told = make_raster(tmp_path / "hsi.tif", hsi[:, ::-1] if upwards else hsi, low), Said()
    classical(path, pan, str(tmp_path / "out.tif"), mtf=0.3, shift="none", progress=told)
    (warning,) = [text for text in told.warnings if "as no data have it" in text]
    assert "has -1 in all bands of 30 pixels" in warning
    with RasterReader(tmp_path / "out.tif") as made:
        valid = made.read().valid
        filled = np.zeros((ROWS, COLS), bool)
        filled[CLOUD] = True
        np.testing.assert_array_equal(valid.all(axis=0), ~filled.repeat(RATIO, 0).repeat(RATIO, 1))
    told.warnings.clear()
    classical(path, pan, str(tmp_path / "out.tif"), mtf=0.3, shift="none", hsi_nodata="none", progress=told)
    assert not [text for text in told.warnings if "nodata" in text]


def runs_of_minus_one(first, stop, share=0.1):
    """(BANDS, ROWS, COLS) bool: some pixels in which bands from one to another have failed."""
    lost = np.zeros((BANDS, ROWS, COLS), bool)
    lost[first:stop] = np.random.default_rng(4).random((ROWS, COLS)) < share
    return lost


@pytest.mark.parametrize(("first", "stop"), [(4, 11), (3, 17), (0, 8), (26, BANDS)])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_a_long_run_of_minus_one_between_bright_bands_is_no_value(files, tmp_path, first, stop, dtype):
    lost = runs_of_minus_one(first, stop)
    lost &= (np.rint(truth().reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4))) > 800).all(axis=0, where=np.isin(
        np.arange(BANDS), (first - 1, stop))[:, None, None])  # fmt: skip

    def fail(hsi):
        hsi[lost] = -1

    hsi, pan, _ = files(fail, dtype=dtype)
    places = found(hsi).places
    assert set(places) == set(range(first, stop))
    for flat in places.values():
        np.testing.assert_array_equal(flat, np.flatnonzero(lost[first]))
    said = Said()
    classical(hsi, pan, str(tmp_path / "o.tif"), mtf=0.3, shift="none", contradictions="off", progress=said)
    valid = RasterReader(str(tmp_path / "o.tif")).read().valid
    np.testing.assert_array_equal(~valid, np.kron(lost, np.ones((1, RATIO, RATIO))) > 0)
    assert any("failed retrievals" in text for text in said.warnings)


@pytest.mark.parametrize("noise", [0.5, 1.0, 3.0])
def test_noise_around_0_and_bands_that_are_like_that_are_data(files, noise):
    def dark(hsi):
        water = np.random.default_rng(1).normal(-0.7, noise, (18, ROWS, 20))
        hsi[22:, :, :20] = np.rint(water)
        hsi[4:12] = np.where(np.random.default_rng(2).random((ROWS, COLS)) < 0.7, -1, hsi[4:12])  # not retrieved

    assert found(files(dark, dtype=np.int16)[0]).places == {}
