"""Assessment of a result by the pair that it was made of: consistency with the HSI, indices without a reference."""

import math

import numpy as np
import pytest

from core.assessment import reference as scoring
from core.quality.local_correlation import LocalCorrelation
from core.quality.no_reference import NO_REFERENCE, NoReferenceIndices
from core.workflows.assess import assess
from tests.core import assessed
from tests.core.assessed import STEP, gaussian_degrade
from tests.core.said import Said

write, images = assessed.write, assessed.images  # fixtures


@pytest.mark.parametrize("samples", [4 * 204, 4 * 204 * 90])
def test_runs_of_rows_do_not_change_the_indices_without_reference(write, large, monkeypatch, samples):
    fused, pan, hsi = large
    valid = np.ones((198, 204), bool)
    valid[100, 20] = False
    paths = {"hsi": write("hsi.tif", hsi, step=30.0), "pan": write("pan.tif", pan)}
    path = write("fused.tif", fused, valid=valid)
    whole = assess(path, **paths)
    monkeypatch.setattr(scoring, "SAMPLES", samples)
    parts = assess(path, **paths)
    for key in (*NO_REFERENCE, "consistency"):
        assert parts[key] == pytest.approx(whole[key], rel=1e-4), key


def test_consistency_of_a_known_deviation(write, images):
    _, reference = images
    hsi = gaussian_degrade(reference, 3, 0.25)
    pair = {"hsi": write("hsi.tif", hsi, step=30.0), "pan": write("pan.tif", reference[:1])}
    exact = assess(write("exact.tif", reference), mtf=0.25, **pair)
    assert exact["consistency"] < 1e-6
    assert exact["hsi_pixels"] == 12 * 16
    off = assess(write("off.tif", reference * 1.02), mtf=0.25, **pair)
    assert off["consistency"] == pytest.approx(0.02, rel=1e-3)
    np.testing.assert_allclose(off["per_band"]["consistency"], 0.02, rtol=1e-3)
    shifted = assess(write("shifted.tif", reference + 3), mtf=0.25, **pair)
    expected = math.sqrt(9 * hsi.size / (hsi.astype(np.float32).astype(float) ** 2).sum())
    assert shifted["consistency"] == pytest.approx(expected, rel=1e-4)
    assert assess(write("exact.tif", reference), mtf=0.4, **pair)["consistency"] > 1e-3


def test_consistency_of_a_plane_on_grids_that_start_elsewhere(write):
    def plane(rows, cols, step, corner):
        y = (corner[0] * STEP + (np.arange(rows) + 0.5) * step)[:, None]
        x = (corner[1] * STEP + (np.arange(cols) + 0.5) * step)[None, :]
        return np.stack([1000 + 0.5 * x + 0.25 * y, 3000 - 0.75 * x + 0.1 * y])

    pair = {
        "hsi": write("hsi.tif", plane(20, 20, 30.0, (0, 0)), step=30.0),
        "pan": write("pan.tif", plane(60, 60, 10.0, (0, 0))[:1]),
    }
    # rows 4 to 47 and columns 5 to 52 of the PAN: HSI rows 2 to 15 and columns 2 to 16 lie wholly inside;
    # the kernel reaches over the border on the outer four of them: only there the plane bends
    scores = assess(write("fused.tif", plane(44, 48, 10.0, (4, 5)), corner=(4, 5)), **pair)
    assert scores["hsi_pixels"] == 14 * 15
    inner = assess(write("fused.tif", plane(44, 48, 10.0, (4, 5)), corner=(4, 5)), crop=14, **pair)
    assert inner["hsi_pixels"] == 5 * 6
    assert inner["consistency"] < 1e-6


def test_invalid_pixels_neither_count_nor_bleed(write, images):
    _, reference = images
    smooth = np.full_like(reference, 100.0)
    valid = np.ones((36, 48), bool)
    valid[10, 20] = False
    low_valid = np.ones((12, 16), bool)
    low_valid[0, 0] = False
    scores = assess(
        write("fused.tif", smooth, valid=valid),
        hsi=write("hsi.tif", np.full((4, 12, 16), 100.0), step=30.0, valid=low_valid),
        pan=write("pan.tif", reference[:1]),
    )
    assert scores["hsi_pixels"] == 12 * 16 - 2
    assert scores["consistency"] < 1e-6


@pytest.fixture
def large():
    """A scene whose HSI has 2 x 2 blocks after the first row and column: fused (3, 198, 204), PAN, and HSI, 3 : 1."""
    random = np.random.default_rng(9)
    smooth = gaussian_degrade(random.normal(0, 400, (4, 198, 204)).repeat(1, axis=0), 2, 0.3).repeat(2, 1).repeat(2, 2)
    pan = 500 + smooth[:1]
    fused = 400 + 0.8 * smooth[:1] + smooth[1:]
    hsi = gaussian_degrade(fused, 3, 0.3) + random.normal(0, 5, (3, 66, 68))
    return tuple(array.astype(np.float32) for array in (fused, pan, hsi))


def test_indices_without_reference_are_those_of_the_degraded_rasters(write, large):
    fused, pan, hsi = large
    scores = assess(
        write("fused.tif", fused, scales=(0.5,) * 3),
        hsi=write("hsi.tif", hsi, step=30.0, scales=(0.5,) * 3),
        pan=write("pan.tif", pan * 2, scales=(0.25,)),
    )
    expected = NoReferenceIndices(3, 3)
    expected.update_high(np.concatenate([fused, pan]) / 2, np.ones((198, 204), bool))
    low = gaussian_degrade(fused / 2, 3, 0.3), hsi / 2, gaussian_degrade(pan / 2, 3, 0.3)[0]
    expected.update_low(*low, np.ones((66, 68), bool))
    expected = expected.result()
    for key in NO_REFERENCE:
        assert scores[key] == pytest.approx(expected[key], rel=1e-4), key
        assert 0 < scores[key] < 1, key
    np.testing.assert_allclose(scores["per_band"]["d_s"], expected["per_band"]["d_s"], rtol=1e-3)
    np.testing.assert_allclose(scores["per_band"]["d_rho"], expected["per_band"]["d_rho"], rtol=1e-5)
    assert scores["notes"] == []


@pytest.mark.parametrize("crop", [0, 4])
@pytest.mark.parametrize("samples", [4 * 204, 4 * 204 * 45, 32_000_000])
def test_whole_numbers_without_a_nodata_value_are_scored_as_those_with_one(write, large, monkeypatch, crop, samples):
    monkeypatch.setattr(scoring, "SAMPLES", samples)
    fused, pan, hsi = (np.round(array) for array in large)
    found = []
    for nodata in (None, -30000.0):
        plain = {"dtype": "int16", "nodata": nodata}
        paths = {"hsi": write("hsi.tif", hsi, step=30.0, **plain), "pan": write("pan.tif", pan, **plain)}
        path = write("fused.tif", fused, **plain)
        found.append(assess(path, reference=path, crop=crop, **paths))
    for key in (*NO_REFERENCE, "consistency", "hsi_pixels"):
        assert found[0][key] == pytest.approx(found[1][key], rel=1e-6), key
    assert found[0]["rmse"] == found[1]["rmse"] == 0


def test_blocks_begin_where_pixels_can_count(write, large):
    fused, pan, hsi = large
    paths = {"hsi": write("hsi.tif", hsi, step=30.0), "pan": write("pan.tif", pan)}
    whole = write("fused.tif", fused)
    cropped = assess(whole, crop=4, **paths)
    assert cropped["hsi_pixels"] == (66 - 4) * (68 - 4)
    valid = np.ones((62, 64), bool)
    expected = NoReferenceIndices(3, 3)
    expected.update_high(np.concatenate([fused, pan])[:, 4:-4, 4:-4], np.ones((190, 196), bool))
    low = gaussian_degrade(fused, 3, 0.3), hsi, gaussian_degrade(pan, 3, 0.3)
    degraded, truth, pan_low = (array[:, 2:-2, 2:-2] for array in low)
    expected.update_low(degraded, truth, pan_low[0], valid)
    expected = expected.result()
    for key in NO_REFERENCE:
        assert cropped[key] == pytest.approx(expected[key], rel=1e-4), key
    # a result that starts one pixel later: the first row and column of the HSI are not wholly under it
    shifted = assess(write("shifted.tif", fused[:, 1:, 1:], corner=(1, 1)), **paths)
    assert shifted["hsi_pixels"] == 65 * 67
    assert shifted["d_lambda_k"] is not None
    assert shifted["d_rho"] == pytest.approx(assess(whole, **paths)["d_rho"], rel=0.02)


def test_pixels_without_pan_do_not_count(write, large):
    fused, pan, hsi = large
    pan_valid = np.ones((198, 204), bool)
    pan_valid[0, 0] = False
    small = write("pan.tif", pan[:, :, :150], valid=pan_valid[None, :, :150])
    scores = assess(write("fused.tif", fused), hsi=write("hsi.tif", hsi, step=30.0), pan=small)
    assert scores["hsi_pixels"] == 66 * 50 - 1
    stack = np.concatenate([fused, pan])[:, :, :150]
    correlation = LocalCorrelation(3, 3)
    correlation.update(stack, pan_valid[:, :150])
    np.testing.assert_allclose(scores["per_band"]["d_rho"], 1 - correlation.result(), rtol=1e-6)


def test_a_small_hsi_leaves_out_what_needs_blocks_and_says_so(write, images):
    fused, reference = images
    notes = Said()
    scores = assess(
        write("fused.tif", fused),
        hsi=write("hsi.tif", gaussian_degrade(reference, 3, 0.3), step=30.0),
        pan=write("pan.tif", reference[:1]),
        progress=notes,
    )
    assert scores["d_lambda_k"] is scores["hqnr"] is scores["qnr"] is None
    assert 0 < scores["d_rho"] < 1
    assert scores["consistency"] > 0
    assert any("no block of 32 x 32 valid pixels of the HSI" in text for text in notes.warnings)
