"""Quality indices: values by hand and by torchmetrics, properties, masks, streaming."""

import functools
import math

import numpy as np
import pytest

from core.quality.reference import INDICES, BandRange, ReferenceIndices, reference_indices
from core.quality.ssim import gaussian_window
from core.runtime.progress import Progress
from core.runtime.threads import Workers
from tests.core import scored

pair = scored.pair  # a fixture


def streamed(fused, reference, ratio, valid, heights):
    limits = BandRange(len(reference))
    limits.update(reference, valid)
    indices = ReferenceIndices(len(reference), ratio, limits.result())
    row = 0
    maps = []
    for height in heights:
        stop = row + height
        maps.append(indices.update(fused[:, row:stop], reference[:, row:stop], valid[row:stop]))
        row = stop
    assert row >= reference.shape[1]
    return indices.result(), np.concatenate([part.rmse for part in maps]), np.concatenate([part.angle for part in maps])


def test_values_by_hand():
    reference = np.array([[[2.0, 4.0]], [[10.0, 30.0]]])
    fused = reference + np.array([[[1.0, -1.0]], [[2.0, 4.0]]])
    scores = reference_indices(fused, reference, ratio=4)
    assert scores["rmse"] == pytest.approx(math.sqrt((1 + 1 + 4 + 16) / 4))
    assert scores["ergas"] == pytest.approx(100 / 4 * math.sqrt((1 / 9 + 10 / 400) / 2))
    assert scores["psnr"] == pytest.approx((20 * math.log10(4) + 20 * math.log10(30 / math.sqrt(10))) / 2)
    first = math.acos((3 * 2 + 12 * 10) / math.sqrt((9 + 144) * (4 + 100)))
    second = math.acos((3 * 4 + 34 * 30) / math.sqrt((9 + 34**2) * (16 + 900)))
    assert scores["sam"] == pytest.approx(math.degrees((first + second) / 2))
    np.testing.assert_allclose(scores["per_band"]["rmse"], [1, math.sqrt(10)])
    np.testing.assert_allclose(scores["per_band"]["mean"], [3, 20])
    assert scores["pixels"] == 2


def test_identity_is_perfect(pair):
    _, reference = pair
    scores = reference_indices(reference, reference, ratio=3)
    assert scores["rmse"] == 0
    assert scores["ergas"] == 0
    assert scores["sam"] == 0
    assert scores["psnr"] == math.inf
    assert scores["cc"] == pytest.approx(1)
    assert scores["ssim"] == pytest.approx(1)
    assert scores["notes"] == []


def test_a_known_rotation_gives_its_angle():
    reference = np.zeros((2, 5, 5))
    reference[0] = np.linspace(1, 9, 25).reshape(5, 5)
    turn = math.radians(7.5)
    fused = np.stack([math.cos(turn) * reference[0], math.sin(turn) * reference[0]]) * 3
    indices = ReferenceIndices(2, 4, np.ones(2))
    maps = indices.update(fused, reference, np.ones((5, 5), bool))
    assert indices.result()["sam"] == pytest.approx(7.5)
    np.testing.assert_allclose(maps.angle, 7.5, rtol=1e-6)


def test_units_change_rmse_only(pair):
    fused, reference = pair
    scores = reference_indices(fused, reference, 4)
    scaled = reference_indices(fused * np.float32(8192), reference * np.float32(8192), 4)
    assert scaled["rmse"] == pytest.approx(8192 * scores["rmse"])
    for key in ("ergas", "sam", "psnr", "cc", "ssim"):
        assert scaled[key] == pytest.approx(scores[key], rel=1e-9)


def test_a_gain_leaves_angle_and_correlation_alone(pair):
    _, reference = pair
    scores = reference_indices(reference * np.float32(1.5), reference, 4)
    assert scores["sam"] == pytest.approx(0, abs=1e-4)
    assert scores["cc"] == pytest.approx(1)
    assert scores["rmse"] == pytest.approx(0.5 * math.sqrt(float(np.mean(reference.astype(float) ** 2))), rel=1e-6)


def test_ergas_divides_by_the_ratio_once(pair):
    fused, reference = pair
    assert reference_indices(fused, reference, 2)["ergas"] == pytest.approx(
        2 * reference_indices(fused, reference, 4)["ergas"]
    )
    assert math.isnan(reference_indices(fused, reference, None)["ergas"])


def test_values_agree_with_torchmetrics(pair):
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional")
    image = pytest.importorskip("torchmetrics.functional.image")
    fused, reference = (torch.from_numpy(array.astype(np.float64))[None] for array in pair)
    scores = reference_indices(*pair, ratio=4)
    angle = math.degrees(float(image.spectral_angle_mapper(fused, reference)))
    assert scores["sam"] == pytest.approx(angle, rel=1e-5)
    ergas = float(image.error_relative_global_dimensionless_synthesis(fused, reference, ratio=4))
    assert scores["ergas"] == pytest.approx(ergas, rel=1e-6)
    rmse = float(functional.mean_squared_error(fused, reference, squared=False))
    assert scores["rmse"] == pytest.approx(rmse, rel=1e-6)
    for band in range(fused.shape[1]):
        x, y = fused[:, band : band + 1], reference[:, band : band + 1]
        cc = float(functional.pearson_corrcoef(x.flatten(), y.flatten()))
        assert scores["per_band"]["cc"][band] == pytest.approx(cc, rel=1e-6)
        data_range = float(y.max() - y.min())
        _, windows = image.structural_similarity_index_measure(x, y, data_range=data_range, return_full_image=True)
        ssim = float(windows[..., 5:-5, 5:-5].mean())  # the other windows reach over the border
        assert scores["per_band"]["ssim"][band] == pytest.approx(ssim, rel=1e-6)
        psnr = image.peak_signal_noise_ratio(x, y, data_range=float(y.max()))
        assert scores["per_band"]["psnr"][band] == pytest.approx(float(psnr), rel=1e-6)


@pytest.mark.parametrize(("level", "unit"), [(0.0, 1.0), (1e6, 1.0), (3000.0, 2.0**-90)])
def test_ssim_by_its_definition_far_from_zero_in_tiny_units_and_where_little_varies(level, unit):
    random = np.random.default_rng(1)
    y = np.round(random.normal(0, 300, (45, 60)))
    y[:, :30] = np.round(random.normal(900, 2, (45, 30)))  # hardly varies, far from the rest
    x = (y + np.round(random.normal(0, 3, y.shape)) + level) * unit
    y = (y + level) * unit
    weight = np.outer(gaussian_window(), gaussian_window())
    windows_x, windows_y = (np.lib.stride_tricks.sliding_window_view(image, (11, 11)) for image in (x, y))
    mean_x, mean_y = ((weight * windows).sum(axis=(2, 3)) for windows in (windows_x, windows_y))
    off_x, off_y = windows_x - mean_x[..., None, None], windows_y - mean_y[..., None, None]
    covariance, variances = (weight * off_x * off_y).sum(axis=(2, 3)), (weight * (off_x**2 + off_y**2)).sum(axis=(2, 3))
    c1, c2 = ((k * (y.max() - y.min())) ** 2 for k in (0.01, 0.03))
    expected = (2 * mean_x * mean_y + c1) * (2 * covariance + c2) / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))
    assert reference_indices(x[None], y[None], 4)["ssim"] == pytest.approx(expected.mean(), rel=1e-6)


def test_ssim_by_its_definition_at_one_window():
    random = np.random.default_rng(0)
    x, y = random.uniform(1, 5, (2, 11, 11))
    weight = np.outer(gaussian_window(), gaussian_window())
    assert weight.sum() == pytest.approx(1)
    assert weight[5, 5] / weight[5, 8] == pytest.approx(math.exp(9 / (2 * 1.5**2)))
    mean_x, mean_y = (weight * x).sum(), (weight * y).sum()
    covariance = (weight * (x - mean_x) * (y - mean_y)).sum()
    variances = (weight * (x - mean_x) ** 2).sum() + (weight * (y - mean_y) ** 2).sum()
    c1, c2 = ((k * (y.max() - y.min())) ** 2 for k in (0.01, 0.03))
    expected = (2 * mean_x * mean_y + c1) * (2 * covariance + c2) / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))
    assert reference_indices(x[None], y[None], 4)["ssim"] == pytest.approx(expected)


@pytest.mark.parametrize("heights", [(40,), (20, 20), (7, 9, 3, 21), (1,) * 40, (10, 11, 19), (39, 1)])
def test_streamed_equals_whole(pair, heights):
    fused, reference = pair
    valid = np.random.default_rng(1).uniform(size=(40, 37)) > 0.003
    whole = reference_indices(fused, reference, 4, valid)
    parts, rmse, angle = streamed(fused, reference, 4, valid, heights)
    for key in INDICES:
        assert parts[key] == pytest.approx(whole[key], rel=1e-12, nan_ok=True), key
    assert parts["pixels"] == whole["pixels"] == np.count_nonzero(valid)
    assert np.array_equal(np.isfinite(rmse), valid)
    assert float(angle[valid].mean()) == pytest.approx(whole["sam"], rel=1e-6)
    assert math.sqrt(float((rmse[valid].astype(float) ** 2).mean())) == pytest.approx(whole["rmse"], rel=1e-6)


def test_invalid_pixels_take_no_part(pair):
    fused, reference = pair
    valid = np.ones((40, 37), dtype=bool)
    valid[:, 20:] = False
    valid[12, 3] = False
    broken, wild = fused.copy(), reference.copy()
    broken[:, ~valid] = np.nan
    wild[:, ~valid] = 1e30
    masked = reference_indices(broken, wild, 4, valid)
    clean = reference_indices(fused, reference, 4, valid)
    for key in INDICES:
        assert masked[key] == pytest.approx(clean[key], rel=0, nan_ok=True), key
    inside = (fused[:, valid] - reference[:, valid]).astype(float)
    assert masked["rmse"] == pytest.approx(math.sqrt((inside**2).mean()), rel=1e-6)


def test_ssim_means_over_whole_windows_only(pair):
    fused, reference = pair
    valid = np.ones((40, 37), dtype=bool)
    valid[15, 18] = False
    limits = BandRange(6)
    limits.update(reference, valid)
    expected = []
    for row in range(30):
        for col in range(27):
            window = np.s_[:, row : row + 11, col : col + 11]
            if valid[window[1:]].all():
                one = ReferenceIndices(6, 4, limits.result())
                one.update(fused[window], reference[window], np.ones((11, 11), bool))
                expected.append(one.result()["ssim"])
    assert reference_indices(fused, reference, 4, valid)["ssim"] == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("per_band", [False, True])
def test_side_by_side_gives_the_same_as_one_after_the_other(pair, per_band):
    fused, reference = pair
    valid = np.ones(fused.shape if per_band else fused.shape[1:], dtype=bool)
    valid[..., 35, 5] = False
    valid[0, 36] = False
    parts, found = (slice(0, 13), slice(13, 40)), []
    with Workers(3) as workers:
        for run in (map, functools.partial(workers.run, progress=Progress())):
            limits = BandRange(6)
            limits.update(reference, valid)
            indices = ReferenceIndices(6, 4, limits.result())
            maps = [indices.update(fused[:, rows], reference[:, rows], valid[..., rows, :], run) for rows in parts]
            found.append((indices.result(), np.concatenate([part.rmse for part in maps])))
    (one, rmse), (other, rmse_beside) = found
    np.testing.assert_array_equal(rmse_beside, rmse)
    assert {name: other[name] for name in INDICES} == {name: one[name] for name in INDICES}
    assert np.isfinite([one[name] for name in INDICES]).all()


def test_zero_spectra_are_left_out_of_the_angle():
    reference = np.ones((3, 2, 2))
    fused = np.ones((3, 2, 2))
    fused[0] = 2
    reference[:, 0, 0] = 0
    fused[:, 1, 1] = 0
    scores = reference_indices(fused, reference, 4)
    assert scores["sam"] == pytest.approx(math.degrees(math.acos(4 / math.sqrt(6 * 3))))
    assert any("SAM leaves out 2 pixel(s)" in note for note in scores["notes"])


def test_correlation_survives_a_large_offset():
    random = np.random.default_rng(5)
    x, y = random.normal(size=(2, 1, 30, 30))
    expected = np.corrcoef(x.ravel(), y.ravel())[0, 1]
    valid = np.ones((30, 30), dtype=bool)
    scores, _, _ = streamed(x + 1e7, y + 1e7, 4, valid, (10, 10, 10))
    assert scores["cc"] == pytest.approx(expected, rel=1e-6)


def test_nothing_valid_gives_no_numbers(pair):
    scores = reference_indices(*pair, 4, np.zeros((40, 37), dtype=bool))
    assert all(math.isnan(scores[key]) for key in INDICES)
    assert scores["pixels"] == 0
    assert "No pixel" in scores["notes"][0]


def test_a_small_image_has_no_window_and_no_block_but_the_rest(pair):
    fused, reference = (array[:, :8, :8] for array in pair)
    scores = reference_indices(fused, reference, 4)
    needy = ("ssim", "uiqi", "q2n")
    assert all(math.isnan(scores[key]) for key in needy)
    assert np.isfinite([scores[key] for key in INDICES if key not in needy]).all()
    assert any("no block of 32 x 32" in note for note in scores["notes"])


def test_wrong_shapes_are_refused(pair):
    fused, reference = pair
    with pytest.raises(ValueError, match="expected two"):
        reference_indices(fused[:5], reference, 4)
    with pytest.raises(ValueError, match="mask"):
        ReferenceIndices(6, 4, np.ones(6)).update(fused, reference, np.ones((3, 3), dtype=bool))
    with pytest.raises(ValueError, match="expected a"):
        reference_indices(fused[0], reference[0], 4)


def test_inputs_are_not_changed(pair):
    fused, reference = pair
    before = fused.copy(), reference.copy()
    reference_indices(fused, reference, 4)
    np.testing.assert_array_equal(fused, before[0])
    np.testing.assert_array_equal(reference, before[1])
