"""Hand values of classical methods and of what they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from core.fusion.classical import ClassicalMethod
from core.fusion.classical.moments import full_scale_gains, low_sample, scene_moments
from core.fusion.classical.smoothing import pixel_mean, wavelet_approximation, wavelet_levels, window_mean
from core.fusion.classical.substitution import regression_weights
from core.fusion.classical.unmixing import CoupledFactorisation
from core.operators.pair import Operators
from core.runtime.progress import Progress
from tests.core import classical_scenes
from tests.core.classical_scenes import GAIN, NODATA, collect, fit, random_scene, smooth

write_scene = classical_scenes.write_scene  # a fixture


def test_moments_are_those_of_numpy(write_scene):
    def gaps(hsi, pan):
        hsi[0, 3, 4] = NODATA
        pan[0, 30:33, 30:33] = NODATA

    scene = random_scene(write_scene, gaps=gaps)
    moments = scene_moments(scene, GAIN, Progress())
    used = np.ones(scene.low_shape, bool)
    used[3, 4] = used[10, 10] = False
    np.testing.assert_array_equal(moments.chosen, used)
    data = scene.hsi_rows(0, scene.low_shape[0]).values[:, used].astype(float)
    both = np.concatenate([data, moments.pan_low[:, used]])
    covariance = np.cov(both, bias=True)
    np.testing.assert_allclose(moments.mean, data.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(moments.covariance, covariance[:-1, :-1], rtol=1e-5)
    np.testing.assert_allclose(moments.pan_covariance, covariance[:-1, -1], rtol=1e-5)
    assert moments.pan_variance == pytest.approx(covariance[-1, -1], rel=1e-5)
    assert low_sample(scene, moments, 100, Progress()).shape[1] <= 100


def test_gsa_finds_the_weights_that_made_the_pan(write_scene):
    rng = np.random.default_rng(5)
    operators = Operators((20, 20), (60, 60), 3, (0.0, 0.0), GAIN)
    truth = np.stack([smooth(rng, 60, 60) for _ in range(3)]) * 100
    pan = (0.5 * truth[0] + 0.3 * truth[1] - 0.1 * truth[2] + 7)[None]
    scene = write_scene(operators.down(truth), pan, 3)
    weights, shift = regression_weights(scene_moments(scene, GAIN, Progress()))
    np.testing.assert_allclose(weights, [0.5, 0.3, -0.1], atol=1e-4)
    assert shift == pytest.approx(7, abs=0.05)


def test_full_scale_gains_are_the_ratio_of_covariances(write_scene):
    def gaps(hsi, pan):
        pan[0, 40, 41] = NODATA

    scene = random_scene(write_scene, 3, (0.5, 1.0), gaps=gaps)
    moments = scene_moments(scene, GAIN, Progress())
    operators = moments.operators
    pan, valid = scene.pan_rows(0, scene.high_shape[0])
    lifted = operators.up(scene.hsi_rows(0, scene.low_shape[0]).values.astype(float))[:, valid]
    lowpass = operators.up(moments.pan_low[0].astype(float))[valid]
    sharp = pan[0][valid].astype(float)
    expected = [np.cov(band, sharp)[0, 1] / np.cov(lowpass, sharp)[0, 1] for band in lifted]
    np.testing.assert_allclose(full_scale_gains(scene, moments, Progress()), expected, rtol=1e-4)


def test_brovey_keeps_the_proportions_of_the_bands_above_the_haze(write_scene):
    scene = random_scene(write_scene, 2, bands=3)
    method = fit("brovey", scene)
    lifted = Operators(scene.low_shape, scene.high_shape, 2).up(scene.hsi_rows(0, scene.low_shape[0]).values)
    fused, _ = collect(scene, fit("brovey", scene))
    low = scene.hsi_rows(0, scene.low_shape[0]).values.reshape(3, -1)
    haze = np.percentile(low, 0.1, axis=1)[:, None, None]
    before, after = lifted - haze, fused - haze
    clear = np.abs(before).min(axis=0) > 5.0
    ratios = (after / before)[:, clear]
    np.testing.assert_allclose(ratios, np.broadcast_to(ratios[0], ratios.shape), atol=1e-3)
    assert ratios.std() > 0.01
    assert method.planes_count == 1


def test_sfim_multiplies_by_the_pan_over_its_mean_in_an_hsi_pixel(write_scene):
    hsi, pan = np.full((2, 8, 8), 100.0), np.full((1, 24, 24), 60.0)
    hsi[1] = 30.0
    pan[0, 12, 12] = 150.0  # the mean around it: (8 * 60 + 150) / 9 = 70
    fused, _ = collect(*_without_projection("sfim", write_scene(hsi, pan, 3)))
    assert fused[0, 12, 12] == pytest.approx(100 * 150 / 70, rel=1e-5)
    assert fused[1, 12, 13] == pytest.approx(30 * 60 / 70, rel=1e-5)
    assert fused[1, 12, 15] == pytest.approx(30.0, rel=1e-5)


def _without_projection(method, scene):
    return scene, fit(method, scene)


def test_the_mean_over_an_hsi_pixel_is_centred_at_even_ratios_too():
    impulse = np.zeros((11, 11))
    impulse[5, 5] = 1.0
    line = np.array([0.5, 1, 1, 1, 0.5]) / 4
    np.testing.assert_allclose(pixel_mean(impulse, 4)[3:8, 3:8], np.outer(line, line))
    np.testing.assert_allclose(pixel_mean(impulse, 3)[4:7, 4:7], 1 / 9)
    np.testing.assert_allclose(pixel_mean(np.full((5, 6), 3.0), 4), 3.0)


def test_wavelets_are_b_splines_with_holes():
    impulse = np.zeros((31, 31))
    impulse[15, 15] = 1.0
    line = np.array([1, 4, 6, 4, 1]) / 16
    np.testing.assert_allclose(wavelet_approximation(impulse, 1)[13:18, 13:18], np.outer(line, line))
    holes = np.zeros(9)
    holes[::2] = line
    both = np.convolve(line, holes)
    np.testing.assert_allclose(wavelet_approximation(impulse, 2)[15, 9:22], both * both[6], atol=1e-15)
    assert [wavelet_levels(ratio) for ratio in (2, 3, 4, 5, 6, 8, 16)] == [1, 2, 2, 2, 3, 3, 4]


def test_the_window_of_the_guided_filter_ends_at_the_edge():
    image = np.arange(20.0).reshape(4, 5)
    found = window_mean(image, (1, 1))
    assert found[0, 0] == pytest.approx((0 + 1 + 5 + 6) / 4)
    assert found[2, 3] == pytest.approx(image[1:4, 2:5].mean())


def test_bdsd_finds_the_coefficients_that_made_the_detail(write_scene):
    """One scale further down the detail of a band ``a p + c`` is ``a`` times that of the PAN: so it is above."""
    rng = np.random.default_rng(6)
    operators = Operators((32, 32), (96, 96), 3, (0.0, 0.0), GAIN)
    pan = smooth(rng, 96, 96)[None] * 100
    truth = np.concatenate([pan * 2 + 30, pan * 0.5 + 10])
    scene = write_scene(operators.down(truth), pan, 3)
    fused, _ = collect(*_without_projection("bdsd", scene))
    np.testing.assert_allclose(fused, truth, atol=5e-3 * truth.std())


def test_bdsd_says_when_a_scene_is_too_small_for_it(write_scene):
    class Listening(Progress):
        heard = ()

        def warning(self, text):
            Listening.heard = (*Listening.heard, text)

    rng = np.random.default_rng(7)
    scene = write_scene(rng.random((2, 9, 9)) + 1, rng.random((1, 54, 54)) + 1, 6)
    fused, _ = collect(scene, ClassicalMethod("bdsd", GAIN, 0).fit(scene, Listening()))
    assert "too few pixels" in Listening.heard[0]
    np.testing.assert_array_equal(fused, collect(scene, fit("mtf-glp", scene))[0])


def test_cnmf_unmixes_shares_of_two_materials(write_scene):
    """With pure pixels of both and a PAN that tells them apart, the shares on the PAN's grid are known."""
    ratio, low = 3, 16
    mask = np.zeros((low * ratio, low * ratio))
    mask[:, :22] = 1.0
    mask[10:20] = 1.0 - mask[10:20]
    spectra = np.array([[400.0, 50.0], [300.0, 200.0], [20.0, 500.0], [100.0, 100.0]])
    truth = spectra[:, :1, None] * mask + spectra[:, 1:, None] * (1 - mask)
    scene = write_scene(Operators((low, low), mask.shape, ratio).down(truth), truth[:2].mean(axis=0)[None], ratio)
    fitted = fit("cnmf", scene)
    assert isinstance(fitted, CoupledFactorisation)
    fused, _ = collect(scene, fitted)
    up = Operators((low, low), mask.shape, ratio).up(scene.hsi_rows(0, low).values)
    error, former = (np.sqrt(((image - truth) ** 2).mean()) for image in (fused, up))
    assert error < 0.6 * former
    assert fused.min() >= 0.0
