"""What must hold of every classical method."""

from __future__ import annotations

import numpy as np
import pytest

from core.fusion import budget
from core.fusion.budget import Limits
from core.fusion.classical import METHODS, ClassicalMethod
from core.fusion.engine import fuse
from core.io.grid import Window
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.runtime.progress import Progress
from tests.core import classical_scenes
from tests.core.classical_scenes import GAIN, NODATA, collect, fit, random_scene, smooth

write_scene = classical_scenes.write_scene  # a fixture

TINY = 1e-6  # GB: the smallest pieces there are
# Exact where all detail is the PAN's. Those with haze hold their divisor up where the low-passed PAN is as dark as it.
HAZY = ("brovey", "mtf-glp-hpm-h")
EXACT = ("gs", "gsa", "pca", "mtf-glp", "mtf-glp-fs", "mtf-glp-hpm", "mtf-glp-hpm-r", *HAZY)


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
