"""A sharper image of several bands in the PAN's place, from the scene to the finished image."""

from __future__ import annotations

import json

import numpy as np
import pytest
from osgeo import gdal

from core.calibration.guide import comparable
from core.calibration.guide_response import guide_responses
from core.calibration.shift import measure_shift
from core.fusion.engine import fuse
from core.io.grid import Window
from core.io.reader import RasterReader
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.scene.guide import WeightedBand
from core.scene.ridge import RIDGES, HeldOut, ridge_regression
from core.scene.statistics import scene_statistics
from core.scene.streams import degraded_pan, scene_operators
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from core.workflows.simulate import simulate
from tests.core import several_bands
from tests.core.said import Said
from tests.core.several_bands import BANDS, HIGH, RATIO, SIDE, error, mixed, prior, result, sharp_bands

write = several_bands.write
KNOWN = {"mtf": 0.3, "shift": "none"}


def test_with_all_bands_that_the_hsi_is_made_of_the_prior_is_far_nearer_to_the_truth_than_with_one(write):
    guides = sharp_bands(3)
    truth, hsi = mixed(guides)
    with open_pair(*write(hsi, guides)) as scene, open_pair(*write(hsi, guides[:1], "one")) as one:
        several, single = error(result(scene, prior(scene)), truth), error(result(one, prior(one)), truth)
    assert several < 0.02 < 0.2 * single


def test_a_copy_of_a_band_changes_nothing(write):
    guides = sharp_bands(2)
    truth, hsi = mixed(guides)
    with open_pair(*write(hsi, guides)) as scene:
        plain = result(scene, prior(scene))
    with open_pair(*write(hsi, np.concatenate([guides, guides[:1]]), "copy")) as scene:
        copied = result(scene, prior(scene))
    np.testing.assert_allclose(copied, plain, atol=1e-3 * truth.std())


def test_gain_and_offset_of_a_sharp_band_do_not_matter(write):
    guides = sharp_bands(3)
    truth, hsi = mixed(guides)
    changed = guides * np.array([1.2, 0.8, 30.0])[:, None, None] + np.array([50.0, -20.0, 7.0])[:, None, None]
    with open_pair(*write(hsi, guides)) as scene:
        plain = result(scene, prior(scene))
    with open_pair(*write(hsi, changed, "changed")) as scene:
        other = result(scene, prior(scene))
    np.testing.assert_allclose(other, plain, atol=2e-3 * truth.std())


def test_the_gains_are_those_of_least_squares_of_details_on_details(write):
    guides = sharp_bands(3)
    _, hsi = mixed(guides)
    guides = guides[:2]
    with open_pair(*write(hsi, guides)) as scene:
        statistics = scene_statistics(scene, 0.3, 4)
        low = degraded_pan(scene, scene_operators(scene, 0.3), 0.0)
    further = Operators((SIDE // RATIO // RATIO,) * 2, (SIDE // RATIO,) * 2, RATIO)
    x, p = ((image - further.up(further.down(image))).reshape(len(image), -1) for image in (hsi, low.astype(float)))
    matrix = np.column_stack([p.T, np.ones(p.shape[1])])
    expected = np.linalg.lstsq(matrix, x.T, rcond=None)[0][:2].T
    np.testing.assert_allclose(statistics.gains, expected, rtol=5e-2, atol=1e-2 * np.abs(expected).max())


def test_a_scene_too_small_for_details_has_gains_all_the_same(write):
    guides = sharp_bands(2)[:, :32, :32]
    mixing = np.random.default_rng(1).random((BANDS, 2))
    hsi = Operators((8, 8), (32, 32), RATIO).down(np.tensordot(mixing, guides, 1))
    with open_pair(*write(hsi, guides)) as scene:
        np.testing.assert_allclose(scene_statistics(scene, 0.3, 4).gains, mixing, rtol=0.1, atol=0.05)


def test_noise_in_the_sharp_bands_asks_for_a_larger_ridge():
    rng = np.random.default_rng(3)
    places = np.arange(120) * 9 % 1024
    x = rng.normal(size=(5, 120))
    guides = rng.normal(size=(1, 120)) + 1e-3 * rng.normal(size=(12, 120))
    noisy, exact = HeldOut(5, 12), HeldOut(1, 2)
    noisy.add(x + guides[:1], guides.astype(np.float32), places, 32)
    pair = rng.normal(size=(2, 4000)).astype(np.float32)
    exact.add(pair.sum(axis=0, keepdims=True).astype(float), pair, np.arange(4000), 64)
    assert exact.best_ridge(np.ones(1, bool)) <= RIDGES[1] < noisy.best_ridge(np.ones(5, bool))


def test_a_ridge_of_0_is_least_squares_and_a_large_one_shrinks():
    rng = np.random.default_rng(0)
    p, weights = rng.normal(size=(3, 500)), rng.normal(size=(2, 3))
    products, cross = p @ p.T, weights @ p @ p.T
    np.testing.assert_allclose(ridge_regression(products, cross, 0.0), weights, rtol=1e-9)
    assert np.abs(ridge_regression(products, cross, 10.0)).sum() < 0.2 * np.abs(weights).sum()


def test_a_gap_in_one_sharp_band_is_a_gap_of_the_result_and_bleeds_no_further(write):
    guides = sharp_bands(3)
    truth, hsi = mixed(guides)
    broken = guides.copy()
    broken[1, 40:50, 40:50] = -9999.0
    with open_pair(*write(hsi, guides)) as scene:
        expected = result(scene, prior(scene))
    with open_pair(*write(hsi, broken, "gap", nodata=-9999.0)) as scene:
        pieces = list(fuse(scene, prior(scene)))
        valid = np.concatenate([piece.valid for piece in pieces])
        found = np.concatenate([piece.values for piece in pieces], axis=1)
    gap = np.zeros((SIDE, SIDE), bool)
    gap[40:50, 40:50] = True
    np.testing.assert_array_equal(valid, ~gap)
    far = np.ones((SIDE, SIDE), bool)
    far[16:74, 16:74] = False
    np.testing.assert_allclose(found[:, far], expected[:, far], atol=0.05 * truth.std())


def test_a_sharp_band_without_values_is_left_out_and_said(write):
    guides = sharp_bands(3)
    _, hsi = mixed(guides[:2])
    guides[2] = -9999.0
    said = Said()
    with open_pair(*write(hsi, guides, nodata=-9999.0), said) as scene:
        assert scene.guides == 2
    assert len(said.warnings) == 1
    assert "Band 3 of pan.tif" in said.warnings[0]


@pytest.mark.parametrize("number", [0.0, 777.0])
def test_a_sharp_band_that_does_not_vary_is_said(write, number):
    guides = sharp_bands(3)
    _, hsi = mixed(guides[:2])
    guides[1] = number
    record = inspect(*write(hsi, guides))
    assert [one["band"] for one in record["guide"]] == [1, 3]
    assert any(warning.startswith("Band 2 of pan.tif has one number") for warning in record["warnings"])


def test_a_weighted_sum_of_bands_reads_as_the_sum(write):
    guides = sharp_bands(3)
    path = write(np.ones((2, 24, 24)), guides)[1]
    with RasterReader(path) as reader:
        window = Window(5, 7, 20, 30)
        total = WeightedBand(reader, [0.5, 0.0, 2.0]).read(window)
        alone = WeightedBand(reader, [0.0, 1.0, 0.0]).read(window)
    np.testing.assert_allclose(total.values[0], (0.5 * guides[0] + 2 * guides[2])[5:25, 7:37], rtol=1e-6)
    np.testing.assert_array_equal(alone.values[0], guides[1, 5:25, 7:37].astype(np.float32))
    assert total.valid.all()


def test_calibration_takes_the_band_that_the_hsi_explains(write):
    guides = sharp_bands(3)
    _, hsi = mixed(guides[1:2])
    with open_pair(*write(hsi, guides)) as scene:
        view = comparable(scene, Progress())
        np.testing.assert_allclose(view.pan_rows(0, 8).values[0], guides[1, :8], rtol=1e-6)
        assert comparable(scene, Progress()) is view
    with open_pair(*write(hsi, guides[:1], "one")) as scene:
        assert comparable(scene, Progress()) is scene


def test_a_moved_image_of_several_bands_is_found(write):
    guides = sharp_bands(3)
    _, hsi = mixed(guides)
    moved = np.roll(guides, (2, -1), axis=(1, 2))
    found = inspect(*write(hsi, moved))
    assert found["shift_y"] == pytest.approx(-2, abs=0.15)
    assert found["shift_x"] == pytest.approx(1, abs=0.15)


def test_a_shift_is_found_beside_a_cloud_in_bands_of_other_units(write):
    guides = sharp_bands(3)
    _, hsi = mixed(guides)
    moved = np.roll(guides, (2, -1), axis=(1, 2)) * np.array([1.2, 0.8, 30.0])[:, None, None] + 60.0
    moved[:, 20:50, 50:80] = 1.1 * moved.max(axis=(1, 2))[:, None, None]
    with open_pair(*write(hsi, moved)) as scene:
        shift = measure_shift(scene)
    assert (shift.y, shift.x) == pytest.approx((-2, 1), abs=0.25)


def test_an_offset_that_the_metadata_does_not_tell_is_said(write, tmp_path):
    waves = np.linspace(450, 900, BANDS)
    rng = np.random.default_rng(5)
    curves = sharp_bands(3)
    truth = np.tensordot(np.abs(np.sin(np.outer(np.arange(BANDS) + 1, rng.random(3) + 0.3))), curves, 1)
    guides = truth[[1, 4, 7]].copy()
    guides[0] += 1000.0
    hsi = Operators((SIDE // RATIO,) * 2, (SIDE, SIDE), RATIO).down(truth)
    paths = write(hsi, guides)
    for path, own in zip(paths, (waves, waves[[1, 4, 7]])):
        dataset = gdal.Open(path, gdal.GA_Update)
        for band, wave in enumerate(own, 1):
            dataset.GetRasterBand(band).SetMetadataItem("wavelength", str(wave))
            dataset.GetRasterBand(band).SetMetadataItem("wavelength_units", "nm")
        dataset = None
    with open_pair(*paths) as scene:
        found = guide_responses(scene)
    assert [one.agrees for one in found] == [False, True, True]
    assert found[0].offset == pytest.approx(1000, rel=0.05)
    assert all(one.published and one.r2 > 0.99 and one.gain == pytest.approx(1, abs=0.05) for one in found)
    page = tmp_path / "page.html"
    record = inspect(*paths, report=str(page))
    assert [one["agrees"] for one in record["guide"]] == [False, True, True]
    assert any("offset of +" in warning for warning in record["warnings"])
    text = page.read_text(encoding="utf-8")
    assert "The bands of the sharper image" in text
    assert (text.count(">has an offset<"), text.count(">agrees<")) == (1, 2)
    # The HSI's bands 2, 5 and 8 are the sharp ones; what lies between and beyond is inferred.
    assert record["response"]["inferred"] == [1, 3, 4, 6, 7, 9]
    assert "Bands that no sharp band sees, whose detail is inferred" in text
    json.dumps(record, allow_nan=False)


def test_sharp_bands_whose_numbers_fall_where_the_hsis_rise_may_have_wrong_wavelengths(write):
    truth, hsi = mixed(sharp_bands(3))
    paths = write(hsi, np.stack([truth[1], 2 * truth[4].max() - truth[4]]))
    for path, own in zip(paths, (np.linspace(450, 900, BANDS), (506.25, 675.0))):
        dataset = gdal.Open(path, gdal.GA_Update)
        for band, wave in enumerate(own, 1):
            dataset.GetRasterBand(band).SetMetadataItem("wavelength", str(wave))
            dataset.GetRasterBand(band).SetMetadataItem("wavelength_units", "nm")
        dataset = None
    warnings = inspect(*paths)["warnings"]
    assert any("in band 2 numbers fall where those of the HSI rise" in warning for warning in warnings)


def test_indices_without_reference_take_each_sharp_band(write, tmp_path):
    guides = np.tile(sharp_bands(2), (1, 2, 2))
    hsi = np.tile(mixed(guides[:, :SIDE, :SIDE])[1], (1, 2, 2))
    paths = write(hsi, guides)
    out = str(tmp_path / "out.tif")
    classical(*paths, out, contradictions="off", **KNOWN)
    both = assess(out, hsi=paths[0], pan=paths[1], **KNOWN)
    single = [assess(out, hsi=paths[0], pan=paths[1], pan_bands_used=str(band), **KNOWN) for band in (1, 2)]
    for key in ("d_s", "d_s_reg"):
        assert both[key] == pytest.approx(np.mean([one[key] for one in single]), rel=1e-6)
    per_band = np.minimum(*(np.array(one["per_band"]["d_rho"]) for one in single))
    assert both["d_rho"] == pytest.approx(per_band.mean(), rel=1e-6)
    assert both["d_lambda"] == pytest.approx(single[0]["d_lambda"], rel=1e-9)


def test_bands_of_the_sharper_image_are_chosen_by_number(write, tmp_path):
    guides = sharp_bands(3)
    _, hsi = mixed(guides)
    paths = write(hsi, guides)
    out, other = str(tmp_path / "a.tif"), str(tmp_path / "b.tif")
    classical(*paths, out, pan_bands_used="2", contradictions="off", **KNOWN)
    classical(*write(hsi, guides[1:2], "one"), other, contradictions="off", **KNOWN)
    np.testing.assert_array_equal(gdal.Open(out).ReadAsArray(), gdal.Open(other).ReadAsArray())
    with pytest.raises(InputError, match="has bands 1 to 3"):
        classical(*paths, out, pan_bands_used="4", **KNOWN)


def test_simulate_makes_a_sharper_image_of_several_bands(make_raster, tmp_path):
    truth = sharp_bands(6).astype(np.float32)
    path = make_raster(tmp_path / "truth.tif", truth, HIGH)
    hsi, pan = str(tmp_path / "h.tif"), str(tmp_path / "p.tif")
    found = simulate(path, RATIO, hsi, pan, pan_bands="1-2;4;5-6")
    made = gdal.Open(pan).ReadAsArray()
    expected = np.stack([truth[:2].mean(0), truth[3], truth[4:].mean(0)])
    np.testing.assert_allclose(made, expected, rtol=1e-6)
    assert found["pan_bands"] == [1, 2, 4, 5, 6]
    with pytest.raises(InputError, match="leaves a band of the sharper image empty"):
        simulate(path, RATIO, hsi, pan, pan_bands="1-2;;3")
