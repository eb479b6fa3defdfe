"""Samples missing in single bands: they are estimated from the bands valid there, and cost no other band."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from core.io.grid import Window
from core.io.reader import RasterReader
from core.operators.gaps import band_regressions
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.scene.streams import hsi_stream
from core.workflows.classical import classical
from tests.core.said import Said

NODATA = -9999.0
LOW = (500000.0, 20.0, 0.0, 5800000.0, 0.0, -20.0)
HIGH = (500000.0, 5.0, 0.0, 5800000.0, 0.0, -5.0)
BANDS, ROWS, COLS, RATIO = 30, 40, 36, 4


def truth(seed=0, noise=1.0):
    """(bands, rows, columns): mixtures of four smooth spectra, whose neighbouring bands explain each other."""
    rng = np.random.default_rng(seed)
    share = rng.random((4, ROWS // 2, COLS // 2)).repeat(2 * RATIO, axis=1).repeat(2 * RATIO, axis=2)
    place = np.linspace(0, 1, BANDS)
    spectra = np.stack([np.exp(-(((place - centre) / 0.25) ** 2)) for centre in (0.0, 0.3, 0.6, 1.0)])
    image = np.einsum("kyx,kb->byx", share / share.sum(axis=0), spectra) * 3000 + 500
    return (image + rng.normal(0, noise, image.shape)).astype(np.float32)


def low_of(image):
    return image.reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4))


@pytest.fixture
def files(make_raster, tmp_path):
    """A function: files of an HSI and its PAN; samples at ``missing`` have no value."""

    def make(hsi, image, missing=None, name="hsi", bbl=None):
        hsi = hsi if missing is None else np.where(missing, NODATA, hsi)
        low = make_raster(tmp_path / f"{name}.tif", hsi.astype(np.float32), LOW, nodata=NODATA)
        return low, make_raster(tmp_path / "pan.tif", image[:10].mean(axis=0), HIGH)

    return make


def dropouts(share=0.03, seed=1):
    return np.random.default_rng(seed).random((BANDS, ROWS, COLS)) < share


def test_a_missing_sample_is_estimated_as_well_as_the_noise_allows(files):
    image, missing = truth(), dropouts()
    hsi = low_of(image)
    with open_pair(*files(hsi, image, missing)) as scene:
        values, present = scene.hsi_rows(0, ROWS)
    assert present.all()
    np.testing.assert_array_equal(values[~missing], hsi[~missing])
    error = np.sqrt(np.mean((values[missing] - hsi[missing]) ** 2))
    assert error < 2.0  # the bands vary by hundreds
    assert hsi.std(axis=(1, 2)).min() > 100


def test_estimates_are_the_same_however_rows_and_columns_are_cut(files):
    image, missing = truth(), dropouts(0.2)
    with open_pair(*files(low_of(image), image, missing)) as scene:
        whole = scene.hsi_rows(0, ROWS).values
        pieces = [
            np.concatenate([scene.hsi_rows(row, row + 1, span).values for span in ((0, 5), (5, 6), (6, COLS))], axis=2)
            for row in range(ROWS)
        ]
        np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)
        fallback = np.zeros(BANDS, np.float32)
        streams = [hsi_stream(scene, step, fallback).get(0, ROWS) for step in (1, 7, ROWS)]
        for stream in streams[1:]:
            np.testing.assert_array_equal(stream, streams[0])
        other = pickle.loads(pickle.dumps(scene))
    with other:
        np.testing.assert_array_equal(other.hsi_rows(0, ROWS).values, whole)


def test_a_pixel_is_learned_from_unless_it_misses_more_than_a_tenth_of_the_bands(files):
    image = truth()
    missing = np.zeros((BANDS, ROWS, COLS), bool)
    missing[:3, 5, 6] = True  # a tenth
    missing[:4, 7, 8] = True
    missing[:, 9, 9] = True
    with open_pair(*files(low_of(image), image, missing)) as scene:
        assert scene.low_valid[5, 6]
        assert not scene.low_valid[7, 8]
        assert scene.low_present[7, 8]
        assert not scene.low_present[9, 9]
        assert np.count_nonzero(~scene.low_valid) == 2
        assert scene.missing.tolist() == [2, 2, 2, 1] + [0] * (BANDS - 4)
        assert not scene.complete


def test_a_scene_whose_bands_agree_has_nothing_to_estimate(files):
    image = truth()
    missing = np.zeros((BANDS, ROWS, COLS), bool)
    missing[:, :5] = True
    with open_pair(*files(low_of(image), image, missing)) as scene:
        assert scene.regressions is None
        assert scene.low_valid is scene.low_present
        assert not scene.missing.any()


@pytest.mark.parametrize("method", ["mtf-glp", "gsa", "sfim"])
def test_dropouts_cost_their_own_samples_alone(files, tmp_path, method):
    image, missing = truth(noise=5.0), dropouts()
    hsi, out = low_of(image), str(tmp_path / "out.tif")
    classical(*files(hsi, image), out, method=method)
    with RasterReader(out) as result:
        unspoiled = result.read().values
    classical(*files(hsi, image, missing, "spoiled"), out, method=method)
    with RasterReader(out) as result:
        values, valid = result.read()
    footprint = missing.repeat(RATIO, axis=1).repeat(RATIO, axis=2)
    np.testing.assert_array_equal(valid, ~footprint)
    errors = [np.sqrt(np.mean((each - image)[valid] ** 2)) for each in (unspoiled, values)]
    assert errors[1] < 1.02 * errors[0]


def test_zeros_of_the_short_wave_infrared_over_water_leave_the_visible_bands(files, tmp_path):
    image = truth()
    missing = np.zeros((BANDS, ROWS, COLS), bool)
    missing[18:, 10:25] = True  # two fifths of the bands
    out = str(tmp_path / "out.tif")
    classical(*files(low_of(image), image, missing), out)
    with RasterReader(out) as result:
        valid = result.read().valid
    np.testing.assert_array_equal(valid, ~missing.repeat(RATIO, axis=1).repeat(RATIO, axis=2))


def test_a_band_that_misses_most_does_not_keep_the_others_from_being_learned(files):
    image = truth()
    missing = np.zeros((BANDS, ROWS, COLS), bool)
    missing[[2, 9, 15, 21], :, 2:] = True  # so that hardly a pixel misses a tenth of the bands only
    with open_pair(*files(low_of(image), image, missing)) as scene:
        assert np.flatnonzero(~scene.good).tolist() == [2, 9, 15, 21]
        assert scene.low_valid.all()


def test_an_image_whose_bands_share_no_pixel_is_refused(files):
    image = truth()
    missing = np.zeros((BANDS, ROWS, COLS), bool)
    missing[:15, :20] = True
    missing[15:, 20:] = True
    with pytest.raises(InputError, match="nine of ten"):
        open_pair(*files(low_of(image), image, missing))


def test_estimates_stay_within_what_the_band_holds(files):
    image = truth()
    hsi = low_of(image)
    missing = np.zeros((BANDS, ROWS, COLS), bool)
    missing[4, 5, 6] = True
    hsi[[3, 5], 5, 6] = 1e6  # hot neighbours
    with RasterReader(files(hsi, image, missing)[0]) as reader:
        values, valid = reader.read()
        regressions = band_regressions(reader, Window(0, 0, ROWS, COLS), np.ones(BANDS, bool))
    filled = regressions.filled(values, valid, np.ones((ROWS, COLS), bool))
    assert hsi[4].min() <= filled[4, 5, 6] <= hsi[4].max()


def test_a_band_that_nothing_explains_gets_its_mean(make_raster, tmp_path):
    rng = np.random.default_rng(0)
    hsi = rng.normal(100, 10, (3, 6, 6)).astype(np.float32)
    hsi[1, 2, 2] = NODATA
    with RasterReader(make_raster(tmp_path / "small.tif", hsi, LOW, nodata=NODATA)) as reader:
        values, valid = reader.read()
        regressions = band_regressions(reader, Window(0, 0, 6, 6), np.ones(3, bool))
    valid[:, 4, 4] = [True, False, False]
    valid[:, 2, 2] = [False, False, True]
    filled = regressions.filled(values, valid, np.ones((6, 6), bool))
    assert hsi[1][hsi[1] > 0].min() <= filled[1, 4, 4] <= hsi[1].max()
    assert np.isfinite(filled).all()


def test_bands_that_miss_much_are_named_with_their_pixels_and_few_in_the_description(files, tmp_path):
    image = truth()
    missing = np.zeros((BANDS, ROWS, COLS), bool)
    missing[6, :10] = missing[7, :12] = True
    missing[20, 3, 3] = True
    told = Said()
    classical(*files(low_of(image), image, missing), str(tmp_path / "o.tif"), progress=told)
    (warning,) = [text for text in told.warnings if "single bands" in text]
    assert f"bands 7-8 ({10 * COLS} to {12 * COLS} pixels each)" in warning
    assert "21" not in warning
    (line,) = [text for text in told.infos if "bands are good" in text]
    assert f"all {ROWS * COLS} HSI pixels take part, single samples are missing in band 21 (1 pixel)" in line
    told = Said()
    classical(*files(low_of(image), image, missing), str(tmp_path / "o.tif"), bands="5-30", progress=told)
    assert any("bands 7-8" in text for text in told.warnings)  # numbers of the file


def test_a_complete_scene_is_not_warned_of(files, tmp_path):
    image, told = truth(), Said()
    classical(*files(low_of(image), image), str(tmp_path / "o.tif"), progress=told)
    assert not any("miss" in text for text in told.warnings + told.infos)
