"""Quality indices: which bands take part in which index, and samples that bands miss on their own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.quality.angle_bands import angle_bands
from core.quality.reference import BandRange, ReferenceIndices, reference_indices
from tests.core import scored

pair = scored.pair  # a fixture


def test_bands_that_an_index_cannot_take_are_left_out_and_named(pair):
    fused, reference = (array.copy() for array in pair)
    reference[0] -= 5  # mean and maximum negative
    reference[1] = 0.1  # constant
    scores = reference_indices(fused, reference, 4)
    rest = reference_indices(fused[1:], reference[1:], 4)
    assert scores["ergas"] == pytest.approx(rest["ergas"])
    assert math.isnan(scores["per_band"]["psnr"][0])
    assert math.isnan(scores["per_band"]["cc"][1])
    assert math.isnan(scores["per_band"]["ssim"][1])
    text = " ".join(scores["notes"])
    for index in ("ERGAS", "PSNR", "CC", "SSIM"):
        assert f"{index} leaves out 1 band(s)" in text


def test_thermal_bands_do_not_swamp_the_angle():
    rng = np.random.default_rng(0)
    reflective = rng.uniform(0.1, 0.5, (2, 4, 12, 12))
    heat = np.full((2, 12, 12), 290.0)
    fused, truth = (np.concatenate([part, heat]) for part in reflective)
    alone = reference_indices(*reflective, 4)["sam"]
    swamped = reference_indices(fused, truth, 4)["sam"]
    assert swamped < 0.01 * alone
    valid = np.ones((12, 12), bool)
    limits = BandRange(6)
    limits.update(truth, valid)
    for waves in ((450.0, 550.0, 650.0, 850.0, 10800.0, 12000.0), (None,) * 6):
        chosen = angle_bands(waves, limits.levels())
        assert chosen.tolist() == [True] * 4 + [False] * 2
        indices = ReferenceIndices(6, 4, limits.result(), angle_bands=chosen)
        indices.update(fused, truth, valid)
        found = indices.result()
        assert found["sam"] == pytest.approx(alone)
        assert any("SAM leaves out 2 of 6 bands" in note for note in found["notes"])


def test_bands_of_one_kind_all_take_part_in_the_angle():
    levels = np.array([100.0, 60.0, 10.0, 5.0])
    assert angle_bands((8000.0, 9000.0, 10000.0, 11000.0), levels).all()
    assert angle_bands((450.0, 900.0, 1600.0, 2400.0), 10 ** np.arange(4.0)).all()
    assert angle_bands((None,) * 4, levels).all()


def test_each_band_is_judged_on_its_own_samples_and_angles_on_the_bands_valid_there():
    reference = np.array([[[2.0, 4.0, 5.0]], [[10.0, 30.0, 7.0]], [[1.0, 2.0, 3.0]]])
    fused = reference + np.array([[[1.0, -1.0, 9.0]], [[2.0, 4.0, 9.0]], [[9.0, 1.0, 9.0]]])
    valid = np.array([[[True, True, False]], [[True, True, False]], [[False, True, False]]])
    spoiled = np.where(valid, fused, np.nan), np.where(valid, reference, np.nan)
    scores = reference_indices(*spoiled, ratio=4, valid=valid)
    assert scores["rmse"] == pytest.approx(math.sqrt((1 + 1 + 4 + 16 + 1) / 5))
    np.testing.assert_allclose(scores["per_band"]["rmse"], [1, math.sqrt(10), 1])
    assert scores["ergas"] == pytest.approx(100 / 4 * math.sqrt((1 / 9 + 10 / 400 + 1 / 4) / 3))
    first = math.acos((3 * 2 + 12 * 10) / math.sqrt((9 + 144) * (4 + 100)))
    second = math.acos((3 * 4 + 34 * 30 + 3 * 2) / math.sqrt((9 + 34**2 + 9) * (16 + 900 + 4)))
    assert scores["sam"] == pytest.approx(math.degrees((first + second) / 2))
    assert scores["pixels"] == 2


@pytest.mark.parametrize("heights", [(40,), (7, 13, 20), (1, 12, 27)])
def test_bands_with_masks_of_their_own_have_the_values_of_each_band_alone(pair, heights):
    fused, reference = pair
    valid = np.ones(reference.shape, bool)
    valid[1, 3, 5] = valid[4, 30:33, 20] = valid[2, 20, :] = False
    limits = BandRange(6)
    limits.update(reference, valid)
    indices = ReferenceIndices(6, 4, limits.result())
    row = 0
    for height in heights:  # bands agree in some runs of rows
        part = valid[:, row : row + height]
        part = part[0] if (part == part[0]).all() else part
        indices.update(fused[:, row : row + height], reference[:, row : row + height], part)
        row += height
    found = indices.result()
    for band in range(6):
        alone = reference_indices(fused[[band]], reference[[band]], 4, valid[band])
        for key in ("rmse", "psnr", "cc", "ssim"):
            assert found["per_band"][key][band] == pytest.approx(alone[key], rel=1e-9), (key, band)
