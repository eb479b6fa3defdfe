from __future__ import annotations

import numpy as np
import pytest

from core.operators.fill import fill_invalid
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.scene.statistics import Statistics, scene_statistics

ROWS, COLS, RATIO = 20, 24, 3
NODATA = -9999.0


def smooth(rng, shape):
    """A smooth random image with structure at all scales."""
    image = rng.standard_normal(shape)
    return image.cumsum(-1).cumsum(-2) / np.sqrt(shape[-1] * shape[-2]) + 50


@pytest.fixture
def open_scene(tmp_path, make_raster):
    opened = []

    def make(hsi, pan, shift=(0.0, 0.0), name="", **options):
        """``shift``: of the PAN's corner, (rows, columns) in PAN pixels."""
        ratio = 30.0 / 10.0
        transform = (500000.0 + shift[1] * 30 / ratio, 10.0, 0.0, 5800000.0 - shift[0] * 30 / ratio, 0.0, -10.0)
        paths = (
            make_raster(tmp_path / f"hsi{name}.tif", np.asarray(hsi, np.float32), **options),
            make_raster(tmp_path / f"pan{name}.tif", np.asarray(pan, np.float32), transform, **options),
        )
        opened.append(open_pair(*paths))
        return opened[-1]

    yield make
    for scene in opened:
        scene.close()


def images(seed=0, bands=4):
    rng = np.random.default_rng(seed)
    pan = smooth(rng, (1, ROWS * RATIO, COLS * RATIO))
    low = pan.reshape(1, ROWS, RATIO, COLS, RATIO).mean((2, 4))
    weights = np.linspace(-1, 2, bands)[:, None, None]
    return (weights * low + smooth(rng, (bands, ROWS, COLS))).astype(np.float32), pan.astype(np.float32)


def direct_gains(hsi, pan, phase, low_valid, high_valid):
    """cov(U X_b, P_L) / var(P_L) over the valid pixels of the output, with a complete PAN, in double precision."""
    operators = Operators(hsi.shape[1:], pan.shape[1:], RATIO, phase, 0.3)
    hsi, pan = hsi.astype(float), pan.astype(float)
    lifted = operators.up(fill_invalid(hsi, low_valid, 4, 0.0))[:, high_valid]
    lowpass = operators.up(operators.down(pan))[0][high_valid]
    lowpass = lowpass - lowpass.mean()
    return (lifted - lifted.mean(1, keepdims=True)) @ lowpass / (lowpass @ lowpass)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -0.25)])
def test_gains_are_the_regression_of_up_sampled_bands_on_the_low_passed_pan(open_scene, shift):
    hsi, pan = images()
    scene = open_scene(hsi, pan, shift)
    window = scene.alignment.pan
    seen = pan[:, window.row : window.row + window.rows, window.col : window.col + window.cols]
    everywhere = np.ones(hsi.shape[1:], bool), np.ones(seen.shape[1:], bool)
    expected = direct_gains(hsi, seen, scene.alignment.phase, *everywhere)
    np.testing.assert_allclose(scene_statistics(scene, 0.3, 2).gains[:, 0], expected, rtol=1e-4)


def test_gains_are_taken_over_valid_pixels_only(open_scene):
    hsi, pan = images(1)
    hsi[:, 5:8, 6:10] = NODATA
    low_valid = (hsi != NODATA).all(0)
    high_valid = np.repeat(np.repeat(low_valid, RATIO, 0), RATIO, 1)
    statistics = scene_statistics(open_scene(hsi, pan, nodata=NODATA), 0.3, 2)
    np.testing.assert_allclose(
        statistics.gains[:, 0], direct_gains(hsi, pan, (0.0, 0.0), low_valid, high_valid), rtol=1e-4
    )
    np.testing.assert_allclose(statistics.mean, hsi[:, low_valid].mean(1), rtol=1e-5)
    np.testing.assert_allclose(statistics.std, hsi[:, low_valid].std(1), rtol=1e-4)


def test_what_stands_in_invalid_pixels_does_not_matter(open_scene):
    results = []
    for number in (-9999.0, 30000.0):
        hsi, pan = images(2)
        hsi[:, 3, 4] = number
        pan[:, 30:33, 40] = number
        results.append(scene_statistics(open_scene(hsi, pan, name=str(number), nodata=number), 0.3, 3).arrays())
    for key, value in results[0].items():
        np.testing.assert_array_equal(value, results[1][key], err_msg=key)


def test_a_constant_band_has_gain_zero_and_unit_std(open_scene):
    hsi, pan = images(3)
    hsi[1] = 42.0
    statistics = scene_statistics(open_scene(hsi, pan), 0.3, 3)
    assert abs(statistics.gains[1]) < 1e-5
    assert statistics.std[1] == 1.0
    assert np.isfinite(statistics.basis).all()


def test_a_constant_pan_gives_no_gains(open_scene):
    hsi, pan = images(4)
    statistics = scene_statistics(open_scene(hsi, np.full_like(pan, 7.0)), 0.3, 2)
    np.testing.assert_array_equal(statistics.gains, 0.0)


def test_the_subspace_is_that_of_the_standardised_bands(open_scene):
    hsi, pan = images(5, bands=6)
    statistics = scene_statistics(open_scene(hsi, pan), 0.3, 3)
    pixels = hsi.reshape(6, -1).astype(float)
    pixels = (pixels - pixels.mean(1, keepdims=True)) / pixels.std(1, keepdims=True)
    values, vectors = np.linalg.eigh(pixels @ pixels.T / pixels.shape[1])
    np.testing.assert_allclose(statistics.variance, values[::-1][:3], rtol=1e-3)
    for component in range(3):
        assert abs(statistics.basis[:, component] @ vectors[:, -1 - component]) == pytest.approx(1.0, abs=1e-3)
    matrix, shift = statistics.encoder
    encoded = matrix @ hsi.reshape(6, -1) - shift[:, 0]
    np.testing.assert_allclose(encoded.mean(1), 0.0, atol=1e-3)
    np.testing.assert_allclose(encoded.std(1), 1.0, rtol=1e-3)


@pytest.mark.parametrize("components", [0, 3, 10])
def test_the_subspace_is_as_large_as_asked_for_and_at_most_as_the_bands(open_scene, components):
    hsi, pan = images(6)
    assert scene_statistics(open_scene(hsi, pan), 0.3, components).components == min(components, 4)


def test_statistics_survive_being_stored(open_scene):
    hsi, pan = images(7)
    statistics = scene_statistics(open_scene(hsi, pan), 0.3, 3)
    back = Statistics.from_arrays(statistics.arrays())
    for key, value in statistics.arrays().items():
        np.testing.assert_array_equal(back.arrays()[key], value)


def test_a_constant_band_has_no_gain_and_no_share_in_the_basis(open_scene):
    """Its standard deviation stands for nothing: what networks say in units of it must not reach the band."""
    hsi, pan = images()
    hsi[1] = 0.25
    statistics = scene_statistics(open_scene(hsi, pan), 0.3, 4)
    assert statistics.gains[1] == 0
    assert (statistics.basis[1] == 0).all()
    assert statistics.components == 3
    np.testing.assert_allclose(statistics.basis.T @ statistics.basis, np.eye(3), atol=1e-5)
