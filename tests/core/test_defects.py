"""Dead lines and failed retrievals count as missing samples; clean scenes have none."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from core.io.grid import Window
from core.io.reader import RasterReader
from core.products.pair import open_pair
from core.scene.defects import find_defects
from core.scene.masked_reader import MaskedReader
from core.scene.scan import scan_bands
from core.workflows.classical import classical
from tests.core import defect_scenes
from tests.core.defect_scenes import BANDS, COLS, LOW, RATIO, ROWS, found, truth
from tests.core.said import Said

files = defect_scenes.files  # a fixture


def dead_column(hsi):
    hsi[7, :, 11] = 0


def dead_level(hsi):
    hsi[7, :, 11] = 700


def dead_row_at_the_edge(hsi):
    hsi[30, 0] = 3


def failed(hsi):
    bright = np.argwhere(hsi[14] > 400)[::7]
    hsi[15, bright[:, 0], bright[:, 1]] = 0


@pytest.mark.parametrize("left", [1, 3, 15, 16])
def test_a_line_with_few_values_left_is_not_dead_because_they_are_equal(make_raster, tmp_path, left):
    image = np.rint(truth().reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4))).clip(1).astype(np.uint16)
    image[7, left:, 11] = image[9, 20, left:] = 0  # declared as nodata
    image[7, :left, 11] = image[9, 20, :left] = 700
    path = make_raster(tmp_path / "gaps.tif", image, LOW, nodata=0)
    assert found(path).lines == ({7: 1, 9: 1} if left >= 16 else {})


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize(
    ("spoil", "band", "lines"), [(dead_column, 7, 1), (dead_level, 7, 1), (dead_row_at_the_edge, 30, 1)]
)
def test_a_line_that_is_constant_in_one_band_is_dead(files, spoil, band, lines, dtype):
    defects = found(files(spoil, dtype=dtype)[0])
    assert defects.lines == {band: lines}
    assert set(defects.places) == {band}


def test_zeros_between_bands_far_above_are_failed_retrievals(files):
    path, _, _ = files(failed)
    defects = found(path)
    with RasterReader(path) as reader:
        values = reader.read(bands=[15]).values[0]
    assert list(defects.zeros) == [15]
    np.testing.assert_array_equal(defects.places[15], np.flatnonzero((values == 0).ravel()))


@pytest.mark.parametrize("bands", [range(6, 10), range(24, 30)])
def test_a_run_of_zeros_failed_as_a_whole(files, bands):
    places = []

    def fail(hsi):
        bright = np.argwhere(hsi[min(bands) - 1 : max(bands) + 2].min(axis=0) > 500)[::7].T
        hsi[min(bands) : max(bands) + 1, bright[0], bright[1]] = 0
        places.extend(np.ravel_multi_index(tuple(bright), (ROWS, COLS)))

    defects = found(files(fail)[0])
    assert list(defects.zeros) == list(bands)
    for band in bands:
        np.testing.assert_array_equal(defects.places[band], places)


def test_a_run_of_zeros_that_is_as_wide_as_an_absorption_is_left(files):
    def fail(hsi):
        hsi[5:12, 10:20, 10:20] = 0
        hsi[4, 10:20, 10:20] = hsi[12, 10:20, 10:20] = 900

    assert not found(files(fail)[0]).zeros


@pytest.mark.parametrize("share", [0.01, 0.03, 0.05])
def test_many_dropouts_do_not_hide_each_other(files, share):
    drawn = np.random.default_rng(7).random((BANDS, ROWS, COLS)) < share

    def drop(hsi):
        hsi[:] = np.maximum(hsi, 900)
        hsi[drawn] = 0

    zeros = found(files(drop)[0]).zeros
    told = sum(zeros.get(band, 0) for band in range(3, 17))  # between bands that are alike
    assert told > 0.95 * drawn[3:17].sum()


def test_a_failed_retrieval_may_be_minus_1(files):
    def spoil(hsi):
        failed(hsi)
        hsi[15][hsi[15] == 0] = -1

    path, _, _ = files(spoil, dtype=np.int16)
    assert found(path).places[15].tolist() == found(files(failed, dtype=np.int16)[0]).places[15].tolist()
    assert list(found(files(spoil, dtype=np.int16)[0]).zeros) == [15]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_clean_scenes_have_no_defects(make_raster, tmp_path, seed, dtype):
    image = truth(seed).reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4)) - 15  # zeros where it is dark
    image[:, 10:14, 10:14] = 0  # and a lake without light
    assert not found(make_raster(tmp_path / "hsi.tif", np.rint(image).clip(0).astype(dtype), LOW))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("step", [0.0, 1.0])
def test_noise_around_0_is_no_defect(make_raster, tmp_path, seed, dtype, step):
    image = truth(seed).reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4)) - 25
    image[25:33] = np.random.default_rng(seed).normal(0, 1, (8, ROWS, COLS))  # bands without light
    image = np.rint(image) if step or dtype == np.int16 else image
    assert not found(make_raster(tmp_path / "hsi.tif", image.astype(dtype), LOW))


def test_saturated_samples_are_reported_and_used(files):
    def saturate(hsi):
        hsi[3:5, :6, :6] = 65535

    with open_pair(*files(saturate)[:2]) as scene:
        assert scene.defects.saturated == {3: 36, 4: 36}
        assert scene.complete


def test_saturated_samples_may_be_a_nodata_value_and_how_to_say_that_is_said(files, tmp_path):
    def saturate(hsi):
        hsi[3:5, :6, :6] = 65535

    hsi, pan, _ = files(saturate)
    told = Said()
    classical(hsi, pan, str(tmp_path / "out.tif"), progress=told)
    assert any("if 65535 stands for no value: --hsi-nodata 65535, HSI_NODATA" in text for text in told.warnings)


def test_the_same_samples_are_missing_in_every_window_and_on_another_worker(files):
    def spoil(hsi):
        dead_column(hsi)
        failed(hsi)

    path, _, _ = files(spoil)
    defects = found(path)
    with MaskedReader(RasterReader(path), defects.places) as reader:
        whole = reader.read()
        part = reader.read(Window(3, 9, 20, 12), [15, 7])
        np.testing.assert_array_equal(part.valid, whole.valid[[15, 7], 3:23, 9:21])
        other = pickle.loads(pickle.dumps(reader))
    with other:
        np.testing.assert_array_equal(other.read().valid, whole.valid)
    assert np.count_nonzero(~whole.valid) == sum(len(places) for places in defects.places.values())


@pytest.mark.parametrize(("spoil", "words"), [(dead_column, "dead columns or rows in band 8 (1 line)"),
                                              (failed, "failed retrievals in band 16")])  # fmt: skip
def test_defects_cost_their_own_samples_alone_and_are_said_in_one_line(files, tmp_path, spoil, words):
    hsi, pan, image = files()
    out, told = str(tmp_path / "out.tif"), Said()
    classical(hsi, pan, out, progress=told)
    assert not [text for text in told.warnings if "count as missing" in text]
    with RasterReader(out) as result:
        unspoiled = result.read().values
    spoiled = files(spoil, "spoiled")[0]
    classical(spoiled, pan, out, progress=told)
    assert len([text for text in told.warnings if "spoiled.tif has" in text and words in text]) == 1
    assert not [text for text in told.warnings if "single bands" in text]  # named once
    with RasterReader(out) as result:
        values, valid = result.read()
    with RasterReader(spoiled) as reader, RasterReader(hsi) as clean:
        changed = reader.read().values != clean.read().values
    near = np.kron(changed.any(axis=0), np.ones((RATIO, RATIO), bool))
    near = valid & np.stack([near | np.roll(near, RATIO, 1) | np.roll(near, -RATIO, 1)] * BANDS)
    errors = [np.sqrt(np.mean((each - image)[near] ** 2)) for each in (unspoiled, values)]
    assert errors[1] < 1.05 * errors[0]
    assert np.count_nonzero(~valid) == np.count_nonzero(changed) * RATIO**2


def test_a_stripe_and_hot_pixels_of_one_band_are_reported_and_used(files):
    def spoil(hsi):
        hsi[12, :, 9] = hsi[12, :, 9] * 1.8 + 300
        hsi[25, [4, 20], [7, 30]] = 60000

    with open_pair(*files(spoil)[:2]) as scene:
        assert scene.defects.stripes == {12: 1}
        assert scene.defects.hot == {25: 2}
        assert scene.complete


def absorbed(dtype=np.uint16):
    """(bands, rows, columns): radiances whose absorption bands are 0 to 4 DN."""
    image = truth().reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4))
    level = np.ones(BANDS)
    level[18:26] = 0.004, 0.002, 0.0006, 0.0004, 0.0003, 0.0005, 0.001, 0.003
    return np.rint(image * level[:, None, None]).clip(0).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_small_integers_of_absorption_bands_are_no_defects(make_raster, tmp_path, dtype):
    hsi = absorbed(dtype)
    assert (hsi[20:24].reshape(4, -1).max(axis=1) <= 3).all()  # else nothing is tested: lines of 0, and a sample of 1
    hsi[22] = 0
    hsi[22, 5, 5::9] = 1
    hsi[21, 8, 20] = 2
    assert not found(make_raster(tmp_path / "hsi.tif", hsi, LOW))


def test_a_line_of_a_number_that_the_band_often_has_is_not_sure_to_be_dead(make_raster, tmp_path):
    hsi = np.rint(truth().reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4))).clip(1)
    hsi[9, np.random.default_rng(0).random((ROWS, COLS)) < 0.5] = 0
    hsi[9, :, 11] = 0  # by chance: 36 * 0.5 ** (32 / 8) = 2 of the columns
    hsi[30, :, 11] = 0  # not by chance
    path = make_raster(tmp_path / "hsi.tif", hsi.astype(np.uint16), LOW)
    assert found(path).lines == {30: 1}


def test_columns_of_few_samples_are_no_stripes(make_raster, tmp_path):
    hsi = truth().reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4))
    hsi[12, 0, 9] *= 3.0
    lost = np.arange(ROWS)[:, None] >= np.abs(np.arange(COLS) - 9) * 3 + 1  # one sample is left of column 9
    hsi[:, lost] = np.nan
    assert found(make_raster(tmp_path / "hsi.tif", hsi.astype(np.float32), LOW)).stripes == {}


def test_a_canal_and_fires_are_no_stripes_and_no_hot_pixels(make_raster, tmp_path):
    hsi = truth().reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4))
    place = np.linspace(0, 1, BANDS)
    hsi[:, :, 14] = (900 * np.exp(-((place / 0.2) ** 2)))[:, None]  # steep at the blue end
    hsi[:, [7, 20], [5, 30]] += (20000 * np.exp(-(((place - 1) / 0.2) ** 2)))[:, None]
    defects = found(make_raster(tmp_path / "hsi.tif", np.rint(hsi).clip(0).astype(np.uint16), LOW))
    assert (defects.stripes, defects.hot) == ({}, {})


def test_what_the_search_counts_is_what_a_scan_of_its_own_counts(files):
    """Of an image with an empty band and invalid samples, so that it need not be read twice."""

    def spoil(hsi):
        hsi[3], hsi[:, 4:9, 5], hsi[12, 20:, 30] = np.nan, np.nan, np.nan

    path, window = files(spoil, dtype=np.float32)[0], Window(2, 1, 28, 33)
    with RasterReader(path) as reader:
        counted = find_defects(reader, window).counted
        own, given = scan_bands(reader, window), scan_bands(reader, window, counted=counted)
    for field in ("good", "empty", "valid", "present", "missing", "complete"):
        np.testing.assert_array_equal(getattr(own, field), getattr(given, field), err_msg=field)
    assert own.empty.sum() == 1
    assert own.missing[12] > 0
    assert not own.valid.all()
