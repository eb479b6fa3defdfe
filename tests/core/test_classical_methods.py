"""What must hold of every classical method, and hand values of some."""

from __future__ import annotations

import numpy as np
import pytest

from core.fusion import budget
from core.fusion.budget import Limits
from core.fusion.classical import METHODS, ClassicalMethod
from core.fusion.classical.moments import full_scale_gains, low_sample, scene_moments
from core.fusion.classical.smoothing import pixel_mean, wavelet_approximation, wavelet_levels, window_mean
from core.fusion.classical.substitution import regression_weights
from core.fusion.classical.unmixing import CoupledFactorisation
from core.fusion.engine import fuse
from core.io.grid import Window
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.runtime.progress import Progress

NODATA = -9999.0
GAIN = 0.3
TINY = 1e-6  # GB: the smallest pieces there are
# Exact where all detail is the PAN's. Those with haze hold their divisor up where the low-passed PAN is as dark as it.
HAZY = ("brovey", "mtf-glp-hpm-h")
EXACT = ("gs", "gsa", "pca", "mtf-glp", "mtf-glp-fs", "mtf-glp-hpm", "mtf-glp-hpm-r", *HAZY)


@pytest.fixture
def write_scene(tmp_path, make_raster):
    """A function that writes an HSI and a PAN and opens them as a scene; ``shift`` of the PAN in PAN pixels."""
    opened = []

    def write(hsi, pan, ratio, shift=(0.0, 0.0)):
        step = 30.0 / ratio
        transform = (500000.0 + shift[1] * step, step, 0.0, 5800000.0 - shift[0] * step, 0.0, -step)
        number = len(opened)
        paths = (
            make_raster(tmp_path / f"hsi{number}.tif", hsi.astype(np.float32), nodata=NODATA),
            make_raster(tmp_path / f"pan{number}.tif", pan.astype(np.float32), transform, nodata=NODATA),
        )
        opened.append(open_pair(*paths))
        return opened[-1]

    yield write
    for scene in opened:
        scene.close()


def smooth(rng, rows, cols):
    """A positive random image that has structure of several sizes."""
    image = rng.random((rows, cols)) * 0.3
    for size in (3, 7, 15):
        coarse = rng.random((rows // size + 2, cols // size + 2))
        image += np.kron(coarse, np.ones((size, size)))[:rows, :cols]
    return image


def random_scene(write_scene, ratio=3, shift=(0.0, 0.0), shape=(30, 26), bands=5, gaps=None, seed=0, units=(1.0, 1.0)):
    """Mixed spectra under a PAN that is related to them, all positive."""
    rng = np.random.default_rng(seed)
    operators = Operators(shape, (shape[0] * ratio, shape[1] * ratio), ratio, (0.0, 0.0), GAIN)
    layers = np.stack([smooth(rng, *operators.high) for _ in range(3)])
    truth = np.tensordot(rng.random((bands, 3)) + 0.1, layers, 1) * 400
    hsi, pan = operators.down(truth), truth[:3].mean(axis=0)[None].copy()
    if gaps is not None:
        gaps(hsi, pan)
    return write_scene(hsi * units[0], pan * units[1], ratio, shift)


def collect(scene, fitted, window=None, memory=None, limits=None):
    window = window or Window(0, 0, *scene.high_shape)
    values = np.full((scene.hsi.bands, window.rows, window.cols), np.nan, np.float32)
    valid = np.zeros(values.shape, bool)
    for piece in fuse(scene, fitted, window, memory, limits=limits):
        top, left = piece.window.row - window.row, piece.window.col - window.col
        place = slice(top, top + piece.window.rows), slice(left, left + piece.window.cols)
        values[:, place[0], place[1]] = piece.values
        valid[:, place[0], place[1]] = piece.valid
    return values, valid


def fit(method, scene, iterations=0):
    return ClassicalMethod(method, GAIN, iterations).fit(scene)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [1e-7, 65535.0])
def test_the_units_of_either_image_make_no_difference(write_scene, method, factor):
    scene = random_scene(write_scene, shape=(40, 40))
    usual = collect(scene, fit(method, scene))[0]
    for units in ((factor, 1.0), (1.0, factor), (factor, factor)):
        other = random_scene(write_scene, shape=(40, 40), units=units)
        found = collect(other, fit(method, other))[0] / units[0]
        np.testing.assert_allclose(found, usual, atol=1e-3 * usual.std())


def test_every_method_has_a_title_and_its_source():
    assert len(METHODS) >= 15
    for name, method in METHODS.items():
        assert name == name.lower()
        assert method.title
        assert "(" in method.source


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("iterations", [0, 3])
def test_strips_panels_and_windows_equal_the_whole(write_scene, monkeypatch, method, iterations):
    scene = random_scene(write_scene, 3, (-1.0, 1.25), (40, 40))
    fitted = fit(method, scene, iterations)
    whole, _ = collect(scene, fitted, memory=4.0)
    span = whole.max() - whole.min()
    narrow = Limits(panel_cols=48)
    pieces = [piece.window for piece in fuse(scene, fitted, memory=TINY, limits=narrow)]
    assert max(window.rows for window in pieces) == budget.BLOCK
    assert {window.col for window in pieces} == {0, 48}
    cut, _ = collect(scene, fitted, memory=TINY, limits=narrow)
    np.testing.assert_allclose(cut, whole, atol=1e-5 * span)
    part, _ = collect(scene, fitted, Window(37, 41, 23, 30), TINY, narrow)
    np.testing.assert_allclose(part, whole[:, 37:60, 41:71], atol=1e-5 * span)


@pytest.mark.parametrize("method", METHODS)
def test_the_projection_in_streams_is_that_of_the_textbook(write_scene, method):
    scene = random_scene(write_scene, 3, (-1.5, 2.25))
    fitted = fit(method, scene)
    fused = collect(scene, fitted)[0].astype(float)
    span = fused.max() - fused.min()
    operators = Operators(scene.low_shape, scene.high_shape, 3, scene.alignment.phase, GAIN)
    hsi = scene.hsi_rows(0, scene.low_shape[0]).values.astype(float)
    for _ in range(3):
        fused = fused + operators.up(scene.low_covered * (hsi - operators.down(fused)))
    np.testing.assert_allclose(collect(scene, fit(method, scene, 3))[0], fused, atol=1e-5 * span)


@pytest.mark.parametrize("ratio", [2, 3, 5])
@pytest.mark.parametrize("method", METHODS)
def test_a_pan_without_contrast_adds_nothing(write_scene, method, ratio):
    rng = np.random.default_rng(1)
    hsi = rng.random((4, 12, 11)) * 100 + 50
    scene = write_scene(hsi, np.full((1, 12 * ratio, 11 * ratio), 321.0), ratio)
    fused, _ = collect(scene, fit(method, scene))
    expected = Operators((12, 11), (12 * ratio, 11 * ratio), ratio).up(hsi)
    np.testing.assert_allclose(fused, expected, atol=1e-3)


@pytest.mark.parametrize(("ratio", "shift"), [(2, (0.0, 0.0)), (3, (1.0, 2.0)), (4, (0.5, -1.25)), (5, (0.0, 0.0))])
@pytest.mark.parametrize("method", EXACT)
def test_where_all_detail_is_the_pans_the_truth_comes_back(write_scene, method, ratio, shift):
    """Every band is ``a p + c``: then matching, regression and ratio all say the same."""
    rng = np.random.default_rng(2)
    # Margins of the PAN are cut off with the shift, so the degraded bands are made by the scene's own operators.
    rows, cols = 24, 22
    plain = write_scene(rng.random((2, rows, cols)), rng.random((1, rows * ratio, cols * ratio)), ratio, shift)
    high = plain.high_shape
    operators = Operators((rows, cols), high, ratio, plain.alignment.phase, GAIN)
    if plain.low_shape != (rows, cols):
        pytest.skip("the shift takes HSI rows away")
    pan = smooth(rng, *high)[None] * 50 + 200
    scale = np.array([0.7, 1.0, 2.5])[:, None, None]
    shade = np.array([40.0, 0.0, 90.0])[:, None, None]
    truth = scale * pan + shade
    step = 30.0 / ratio
    origin = (plain.alignment.grid.x - 500000.0) / step, (5800000.0 - plain.alignment.grid.y) / step
    scene = write_scene(operators.down(truth), pan, ratio, (origin[1], origin[0]))
    assert scene.high_shape == high
    fused, _ = collect(scene, fit(method, scene))
    wrong = np.abs(fused - truth) > 2e-3 * truth.std()
    assert wrong.mean() <= (0.1 if method in HAZY else 0.0)


@pytest.mark.parametrize("iterations", [0, 5])
def test_beside_a_part_that_the_hsi_lacks_the_truth_comes_back_as_the_pan_goes_on(write_scene, iterations):
    ratio, shape = 3, (30, 26)
    operators = Operators(shape, (90, 78), ratio, (0.0, 0.0), GAIN)
    pan = smooth(np.random.default_rng(4), 90, 78)[None] * 50 + 200
    truth = np.array([0.7, 1.0, 2.5])[:, None, None] * pan + np.array([40.0, 0.0, 90.0])[:, None, None]
    hsi = operators.down(truth)
    hsi[:, :, 19:] = hsi[:, 20:, 15:] = NODATA
    scene = write_scene(hsi, pan, ratio)
    fused, valid = collect(scene, fit("mtf-glp", scene, iterations))
    assert valid[:, :60, :57].all()
    np.testing.assert_allclose(fused[valid], truth[valid], atol=5e-3 * truth.std())
    plain, mirrored = (
        collect(other, fit("exp", other, iterations))[0][valid]
        for other in (scene, write_scene(hsi, pan[..., ::-1], ratio))
    )
    np.testing.assert_array_equal(plain, mirrored)  # plain up-sampling takes nothing from the PAN, not even there


@pytest.mark.parametrize("method", METHODS)
def test_bad_pixels_stay_bad_and_bleed_into_nothing(write_scene, method):
    def gaps(hsi, pan):
        hsi[2, 5, 6] = NODATA
        hsi[:, 9, 9] = NODATA
        pan[0, 20, 21] = NODATA

    plain = random_scene(write_scene)
    scene = random_scene(write_scene, gaps=gaps)
    values, valid = collect(scene, fit(method, scene, 2))
    expected = np.ones((5, 90, 78), bool)
    expected[2, 15:18, 18:21] = False  # the band that is missing there, and no other
    expected[:, 27:30, 27:30] = False
    expected[:, 20, 21] = False
    np.testing.assert_array_equal(valid, expected)
    assert np.isfinite(values).all()
    near, _ = collect(plain, fit(method, plain, 2))
    span = near.max() - near.min()
    assert np.abs(values - near)[expected].max() < 0.5 * span
    assert np.abs(values - near)[:, 60:, 50:].max() < 0.05 * span  # far away only the statistics have changed


@pytest.mark.parametrize("method", METHODS)
def test_bad_bands_are_up_sampled_only(tmp_path, make_raster, method):
    from core.io.grid import Grid
    from core.io.metadata import RasterMetadata
    from core.io.writer import RasterWriter

    rng = np.random.default_rng(3)
    hsi, pan = rng.random((4, 16, 14)) * 500 + 300, rng.random((1, 48, 42)) * 200 + 300
    valid = np.ones(hsi.shape, bool)
    valid[1] = False
    metadata = RasterMetadata.plain(4, "float32", NODATA).replace(bbl=(1, 1, 0, 1))
    with RasterWriter(str(tmp_path / "h.tif"), Grid(500000.0, 5800000.0, 30.0, -30.0, 16, 14), metadata) as writer:
        writer.write(hsi, valid)
    fine = make_raster(tmp_path / "p.tif", pan.astype(np.float32), (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0), None)
    with open_pair(str(tmp_path / "h.tif"), fine) as scene:
        pieces = list(fuse(scene, fit(method, scene)))
    values = np.concatenate([piece.values for piece in pieces], axis=1)
    mask = np.concatenate([piece.valid for piece in pieces], axis=1)
    np.testing.assert_allclose(values[2], Operators((16, 14), (48, 42), 3).up(hsi[2]), atol=1e-2)
    np.testing.assert_array_equal(mask.all(axis=(1, 2)), [True, False, True, True])
    assert np.isfinite(values[[0, 3]]).all()
    if method != "exp":
        assert not np.allclose(values[0], Operators((16, 14), (48, 42), 3).up(hsi[0]), atol=1.0)


@pytest.mark.parametrize("method", METHODS)
def test_results_are_nearer_to_the_truth_than_up_sampling(write_scene, method):
    """On a scene whose detail is mostly the PAN's, at a phase that is no whole number."""
    ratio, shape = 4, (30, 28)
    rng = np.random.default_rng(4)
    big = smooth(rng, shape[0] * ratio, shape[1] * ratio)
    small = smooth(rng, shape[0] * ratio, shape[1] * ratio) * 0.05
    truth = np.stack([big * 300 + 100, big * 500 + small * 200 + 80, big * 200 - small * 100 + 150])
    scene = write_scene(Operators(shape, truth.shape[1:], ratio).down(truth), truth.mean(axis=0)[None], ratio)
    errors = {}
    for name in ("exp", method):
        fused, _ = collect(scene, fit(name, scene, 5))
        errors[name] = np.sqrt(((fused - truth) ** 2).mean())
    if method != "exp":
        assert errors[method] < 0.8 * errors["exp"]


@pytest.mark.parametrize("method", METHODS)
def test_a_method_stops_when_it_is_told(write_scene, method):
    from core.runtime.errors import Cancelled

    class Stop(Progress):
        def cancelled(self):
            return True

    scene = random_scene(write_scene)
    with pytest.raises(Cancelled):
        ClassicalMethod(method, GAIN, 5).fit(scene, Stop())


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
