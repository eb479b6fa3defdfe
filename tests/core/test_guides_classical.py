"""Classical methods with a sharper image of several bands."""

from __future__ import annotations

import numpy as np
import pytest

from core.fusion.budget import Limits
from core.fusion.classical import METHODS, ClassicalMethod
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.scene.streams import scene_operators
from tests.core import several_bands
from tests.core.several_bands import BANDS, RATIO, SIDE, error, mixed, result, sharp_bands

write = several_bands.write
TINY = 1e-6  # GB: the smallest pieces there are


@pytest.mark.parametrize("name", METHODS)
def test_every_classical_method_takes_several_bands_and_tiles_equal_the_whole(write, name):
    guides = sharp_bands(3)
    truth, hsi = mixed(guides)
    with open_pair(*write(hsi, guides)) as scene:
        fitted = ClassicalMethod(name, 0.3, 3).fit(scene)
        whole = result(scene, fitted)
        tiles = result(scene, fitted, memory=TINY, limits=Limits(panel_cols=32, plane_rows=16))
        blurred = scene_operators(scene, 0.3).down(whole)
    np.testing.assert_allclose(tiles, whole, atol=1e-5 * np.ptp(truth))
    assert np.isfinite(whole).all()
    assert np.abs(blurred - hsi).mean() < 0.03 * hsi.std()


def test_methods_that_take_several_bands_beat_those_that_take_the_best_one(write):
    guides = sharp_bands(3)
    truth, hsi = mixed(guides)
    with open_pair(*write(hsi, guides)) as scene:
        errors = {
            name: error(result(scene, ClassicalMethod(name, 0.3, 0).fit(scene)), truth)
            for name in ("mtf-glp", "gsa", "mtf-glp-hpm-r", "mtf-glp-hpm", "sfim", "exp")
        }
    assert max(errors[name] for name in ("mtf-glp", "gsa", "mtf-glp-hpm-r")) < 0.5 * errors["mtf-glp-hpm"]
    assert errors["mtf-glp-hpm"] < errors["exp"]


def test_a_selected_band_is_the_one_that_a_band_correlates_with_most(write):
    guides = sharp_bands(3)
    truth = np.stack([guides[1] * 2 + 5, guides[2], 0.5 * guides[0] + 1])
    hsi = Operators((SIDE // RATIO,) * 2, (SIDE, SIDE), RATIO).down(truth)
    with open_pair(*write(hsi, guides)) as scene:
        fitted = ClassicalMethod("mtf-glp-fs", 0.3, 0).fit(scene)
        np.testing.assert_array_equal(fitted.chosen, [1, 2, 0])
        assert error(result(scene, fitted), truth) < 0.02


@pytest.mark.parametrize("name", ["mtf-glp", "gsa", "mtf-glp-hpm-r"])
def test_noise_of_sharp_bands_that_are_alike_is_not_injected_into_bands_that_they_hardly_explain(write, name):
    rng = np.random.default_rng(5)
    common, *colours, hidden = sharp_bands(5)
    guides = common + 0.05 * (np.stack(colours) - 300)
    # As a short-wave band beside those of a camera: brightness, a little colour, and what no sharp band shows.
    unseen = 0.5 * common + 0.2 * (colours[0] - colours[1]) + 0.3 * hidden
    truth = np.concatenate([np.tensordot(rng.random((BANDS - 1, 3)), guides, 1), unseen[None]])
    hsi = Operators((SIDE // RATIO,) * 2, (SIDE, SIDE), RATIO).down(truth)
    noisy = guides + rng.normal(0, 20, guides.shape)
    with open_pair(*write(hsi, noisy)) as scene:
        fused, lifted = (result(scene, ClassicalMethod(one, 0.3, 5).fit(scene))[-1:] for one in (name, "exp"))
    assert error(fused, truth[-1:]) < 0.9 * error(lifted, truth[-1:])
