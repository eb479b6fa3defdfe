"""Indices without a reference: values by direct formulas and by torchmetrics, properties, masks, streaming."""

import functools
import math
import tracemalloc

import numpy as np
import pytest

from core.quality.local_correlation import LocalCorrelation
from core.quality.no_reference import NO_REFERENCE, NoReferenceIndices
from core.quality.reference import ReferenceIndices, reference_indices
from core.quality.regression import Regression
from core.quality.windows import Tile, WindowMeans, whole_windows
from core.runtime.errors import Cancelled

BANDS = 4


def q2n(fused, reference):
    return reference_indices(fused, reference, None)["q2n"]


@pytest.fixture
def scene():
    """Fused, PAN, degraded, HSI and degraded PAN; at low resolution 1 x 2 blocks, at full resolution 3 x 5."""
    random = np.random.default_rng(4)
    gains = np.array([1.0, 0.7, 1.4, 0.2])[:, None, None]
    pan = random.uniform(200, 800, (102, 170)).astype(np.float32)
    fused = (gains * pan + random.normal(300, 90, (BANDS, 102, 170))).astype(np.float32)
    pan_low = random.uniform(300, 700, (34, 70)).astype(np.float32)
    hsi = (gains * pan_low + random.normal(300, 60, (BANDS, 34, 70))).astype(np.float32)
    degraded = (hsi + random.normal(0, 20, hsi.shape)).astype(np.float32)
    return fused, pan, degraded, hsi, pan_low


def indices(scene, ratio=3, valid=None, valid_low=None, heights=(102,), low_heights=(34,), **options):
    fused, pan, degraded, hsi, pan_low = scene
    valid = np.ones(pan.shape, bool) if valid is None else valid
    valid_low = np.ones(pan_low.shape, bool) if valid_low is None else valid_low
    found = NoReferenceIndices(len(fused), ratio, **options)
    row = 0
    for height in heights:
        part = slice(row, row + height)
        found.update_high(np.concatenate([fused[:, part], pan[None, part]]), valid[part])
        row += height
    row = 0
    for height in low_heights:
        part = slice(row, row + height)
        found.update_low(degraded[:, part], hsi[:, part], pan_low[part], valid_low[part])
        row += height
    return found.result()


def uiqi(x, y, size=32):
    """Wang and Bovik's formula, mean over whole blocks, with numpy's own statistics."""
    values = []
    for i in range(x.shape[0] // size):
        for j in range(x.shape[1] // size):
            here = np.s_[size * i : size * (i + 1), size * j : size * (j + 1)]
            a, b = x[here].ravel().astype(float), y[here].ravel().astype(float)
            (first, both), (_, second) = np.cov(a, b)
            values.append(4 * both * a.mean() * b.mean() / ((first + second) * (a.mean() ** 2 + b.mean() ** 2)))
    return np.mean(values)


def test_values_are_those_of_the_formulas(scene):
    fused, pan, degraded, hsi, pan_low = scene
    scores = indices(scene)
    pairs = [(b, c) for b in range(BANDS) for c in range(BANDS) if b != c]
    d_lambda = np.mean([abs(uiqi(fused[b], fused[c]) - uiqi(hsi[b], hsi[c])) for b, c in pairs])
    d_s = [abs(uiqi(fused[b], pan) - uiqi(hsi[b], pan_low)) for b in range(BANDS)]
    assert scores["d_lambda"] == pytest.approx(d_lambda, rel=1e-9)
    np.testing.assert_allclose(scores["per_band"]["d_s"], d_s, rtol=1e-9)
    assert scores["d_s"] == pytest.approx(np.mean(d_s))
    assert scores["d_lambda_k"] == pytest.approx(1 - q2n(degraded, hsi))
    design = np.column_stack([np.ones(pan.size), *(band.ravel() for band in fused.astype(float))])
    fit = design @ np.linalg.lstsq(design, pan.ravel().astype(float), rcond=None)[0]
    d_s_reg = ((pan.ravel() - fit) ** 2).sum() / ((pan - pan.mean(dtype=float)) ** 2).sum(dtype=float)
    assert scores["d_s_reg"] == pytest.approx(d_s_reg, rel=1e-6)
    assert scores["qnr"] == pytest.approx((1 - d_lambda) * (1 - np.mean(d_s)))
    assert scores["hqnr"] == pytest.approx((1 - scores["d_lambda_k"]) * (1 - np.mean(d_s)))
    assert scores["rqnr"] == pytest.approx((1 - scores["d_lambda_k"]) * (1 - d_s_reg))
    assert scores["notes"] == []


def test_small_blocks_in_parts_that_are_worked_through_side_by_side_have_the_values_of_the_formulas(scene):
    fused, pan, _, hsi, pan_low = scene
    valid = np.ones(pan.shape, bool)
    valid[50, 100:140] = False
    whole, holed = indices(scene, block=8), indices(scene, valid=valid, block=8)
    pairs = [(b, c) for b in range(BANDS) for c in range(BANDS) if b != c]
    d_lambda = np.mean([abs(uiqi(fused[b], fused[c], 8) - uiqi(hsi[b], hsi[c], 8)) for b, c in pairs])
    assert whole["d_lambda"] == pytest.approx(d_lambda, rel=1e-9)
    d_s = [abs(uiqi(fused[b], pan, 8) - uiqi(hsi[b], pan_low, 8)) for b in range(BANDS)]
    np.testing.assert_allclose(whole["per_band"]["d_s"], d_s, rtol=1e-9)
    for scores, chosen in ((whole, np.ones(pan.shape, bool)), (holed, valid)):
        target = pan[chosen].astype(float)
        design = np.column_stack([np.ones(target.size), *(band[chosen].astype(float) for band in fused)])
        rest = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
        assert scores["d_s_reg"] == pytest.approx((rest**2).sum() / ((target - target.mean()) ** 2).sum(), rel=1e-6)
    assert any("leave out 6 of 252 blocks" in note for note in holed["notes"])


@pytest.mark.parametrize("ratio", [2, 3, 4, 5, 7, 16])
def test_local_correlation_is_pearsons_in_each_window(scene, ratio):
    fused, pan = scene[0][:2, :25, :23], scene[1][:25, :23]
    expected = []
    for band in fused:
        windows = [
            np.corrcoef(band[i : i + ratio, j : j + ratio].ravel(), pan[i : i + ratio, j : j + ratio].ravel())[0, 1]
            for i in range(25 - ratio + 1)
            for j in range(23 - ratio + 1)
        ]
        expected.append(np.mean(windows))
    correlation = LocalCorrelation(2, ratio)
    correlation.update(np.concatenate([fused, pan[None]]), np.ones(pan.shape, bool))
    np.testing.assert_allclose(correlation.result(), expected, rtol=1e-6)


def test_the_pan_in_every_band_is_perfect_in_space(scene):
    pan, pan_low = scene[1].astype(float), scene[4].astype(float)
    fused, hsi = np.stack([pan] * 3), np.stack([pan_low] * 3)
    scores = indices((fused, pan, hsi, hsi, pan_low))
    for key in ("d_lambda", "d_lambda_k", "d_s", "d_s_reg", "d_rho"):
        assert scores[key] == pytest.approx(0, abs=1e-9), key
    for key in ("qnr", "hqnr", "rqnr"):
        assert scores[key] == pytest.approx(1), key


def test_local_correlation_and_regression_know_no_gain_and_no_offset(scene):
    fused, pan, *low = scene
    scores = indices(scene)
    scaled = indices((fused * np.float32(0.25) + np.float32(64), pan, *low))
    assert scaled["d_rho"] == pytest.approx(scores["d_rho"], rel=1e-5)
    assert scaled["d_s_reg"] == pytest.approx(scores["d_s_reg"], rel=1e-5)
    assert scaled["d_s"] != pytest.approx(scores["d_s"], rel=1e-2)
    both = indices(tuple(array * np.float32(4) for array in scene))
    for key in NO_REFERENCE:
        assert both[key] == pytest.approx(scores[key], rel=1e-9), key


def test_a_pan_made_of_the_bands_is_explained_by_them_also_where_bands_repeat(scene):
    fused = scene[0].astype(float)
    stack = np.concatenate([fused, fused[:2], 2 * fused[1:2] - fused[3:4], np.full((1, 102, 170), 7.0)])
    pan = 0.3 * fused[0] - 2 * fused[3] + 50
    regression = Regression(len(stack))
    regression.update(np.concatenate([stack, pan[None]]), np.ones(pan.shape, bool))
    assert regression.unexplained() == pytest.approx(0, abs=1e-9)
    alone = Regression(1)
    alone.update(np.stack([fused[2], pan]), np.ones(pan.shape, bool))
    assert alone.unexplained() == pytest.approx(1 - np.corrcoef(fused[2].ravel(), pan.ravel())[0, 1] ** 2, rel=1e-9)


def test_torchmetrics_gives_the_same_with_the_same_window(scene, monkeypatch):
    """Its UIQI slides an 11 x 11 Gaussian; made flat and as large as the image, its one window is our one block."""
    torch = pytest.importorskip("torch")
    image = pytest.importorskip("torchmetrics.functional.image")
    import sys

    flat = functools.partial(image.universal_image_quality_index, kernel_size=(31, 31), sigma=(1e6, 1e6))
    for module in ("d_lambda", "d_s"):
        monkeypatch.setattr(
            sys.modules[f"torchmetrics.functional.image.{module}"], "universal_image_quality_index", flat
        )
    small = [array[..., :31, :31] for array in scene]
    scores = indices(small, heights=(31,), low_heights=(31,), block=31)
    fused, pan, _, hsi, pan_low = (
        torch.from_numpy(np.atleast_3d(array.astype(np.float64).T).T.copy())[None] for array in small
    )
    pan, pan_low = (array.expand(1, BANDS, 31, 31) for array in (pan, pan_low))
    # it means over the diagonal's zeros in float32
    assert scores["d_lambda"] == pytest.approx(float(image.spectral_distortion_index(hsi, fused)), rel=1e-5)
    assert scores["d_s"] == pytest.approx(float(image.spatial_distortion_index(fused, hsi, pan, pan_low)), rel=1e-5)
    qnr = float(image.quality_with_no_reference(fused, hsi, pan, pan_low))
    assert scores["qnr"] == pytest.approx(qnr, rel=1e-5)


@pytest.mark.parametrize(
    ("heights", "low_heights"),
    [((1,) * 102, (1,) * 34), ((32, 32, 32, 6), (32, 2)), ((50, 1, 2, 49), (5, 29))],
)
def test_streamed_equals_whole(scene, heights, low_heights):
    valid = np.random.default_rng(3).uniform(size=(102, 170)) > 0.0005
    valid_low = np.ones((34, 70), bool)
    valid_low[5, 60] = False
    whole = indices(scene, 4, valid, valid_low)
    parts = indices(scene, 4, valid, valid_low, heights, low_heights)
    for key in NO_REFERENCE:
        assert parts[key] == pytest.approx(whole[key], rel=1e-9), key
    np.testing.assert_allclose(parts["per_band"]["d_rho"], whole["per_band"]["d_rho"], rtol=1e-9)


def test_invalid_pixels_take_no_part_whatever_they_hold(scene):
    fused, pan, degraded, hsi, pan_low = (array.copy() for array in scene)
    valid, valid_low = np.ones(pan.shape, bool), np.ones(pan_low.shape, bool)
    valid[3, 140] = valid[99, 5:60] = False
    valid_low[2, 34] = False
    clean = indices((fused, pan, degraded, hsi, pan_low), 3, valid, valid_low)
    for array, mask in ((fused, valid), (pan, valid), (degraded, valid_low), (hsi, valid_low), (pan_low, valid_low)):
        array[..., ~mask] = np.nan
    broken = indices((fused, pan, degraded, hsi, pan_low), 3, valid, valid_low)
    for key in NO_REFERENCE:
        assert math.isfinite(clean[key])
        assert broken[key] == clean[key], key
    # the second low-resolution block goes, the first one stays
    assert clean["d_lambda_k"] == pytest.approx(1 - q2n(degraded[:, :32, :32], hsi[:, :32, :32]))
    assert any("leave out 1 of 2 blocks of 32 x 32 pixels of the HSI" in note for note in clean["notes"])


def test_what_cannot_be_computed_is_nan_and_said(scene):
    fused, pan, degraded, hsi, pan_low = scene
    few = indices((fused, pan, degraded[..., :31, :], hsi[..., :31, :], pan_low[:31]), low_heights=(31,))
    for key in ("d_lambda", "d_lambda_k", "d_s", "qnr", "hqnr", "rqnr"):
        assert math.isnan(few[key]), key
    assert math.isfinite(few["d_rho"])
    assert math.isfinite(few["d_s_reg"])
    assert any("no block of 32 x 32 valid pixels of the HSI" in note for note in few["notes"])
    flat = indices((fused, np.full_like(pan, 5.1), degraded, hsi, pan_low))
    assert math.isnan(flat["d_s_reg"])
    assert math.isnan(flat["d_rho"])
    constant = fused.copy()
    constant[1] = 3.3
    scores = indices((constant, pan, degraded, hsi, pan_low))
    assert math.isnan(scores["per_band"]["d_rho"][1])
    assert math.isfinite(scores["d_rho"])
    assert any("D_rho leaves out 1 band" in note for note in scores["notes"])


def test_memory_does_not_grow_with_the_rows(scene):
    fused, pan, degraded, hsi, pan_low = (array[..., :34, :70] for array in scene)
    stack, valid = np.concatenate([fused, pan[None]]), np.ones((34, 70), bool)

    def peak(repeats):
        found, reference = NoReferenceIndices(BANDS, 3), ReferenceIndices(BANDS, 3, np.ones(BANDS))
        tracemalloc.start()
        for _ in range(repeats):
            found.update_high(stack, valid)
            found.update_low(degraded, hsi, pan_low, valid)
            reference.update(degraded, hsi, valid)
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    peak(1)  # what is kept for good
    assert peak(24) < 1.1 * peak(3)


def test_work_can_be_stopped(scene):
    def stop():
        raise Cancelled("Stopped by the user.")

    with pytest.raises(Cancelled):
        indices(scene, check=stop)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 11, 16])
def test_window_means_and_whole_windows(size):
    random = np.random.default_rng(size)
    plane, valid = random.uniform(size=(19, 21)), random.uniform(size=(19, 21)) > 0.02
    view = np.lib.stride_tricks.sliding_window_view
    tile = Tile(19 - size + 1, 21 - size + 1, np.s_[:, :], np.s_[:, :])
    means = WindowMeans(size, tile, 1).of(plane, 0)
    np.testing.assert_allclose(means[:, : 21 - size + 1], view(plane, (size, size)).mean(axis=(2, 3)))
    np.testing.assert_array_equal(whole_windows(valid, size), view(valid, (size, size)).all(axis=(2, 3)))
