"""Where a PAN lies, in spite of a blur that is not known and of clouds."""

from __future__ import annotations

import numpy as np
import pytest

from core.calibration.relation import pan_relation
from core.calibration.shift import measure_shift
from core.operators.linear import Separable
from core.operators.resample import gaussian_line
from core.products.pair import open_pair
from tests.core.spoiled import STEP, made_pair, write


@pytest.mark.parametrize("gain", [0.08, 0.15, 0.45])
def test_a_shift_is_found_to_a_tenth_of_a_pixel_whatever_the_blur(gain, tmp_path):
    pair = made_pair(4, dtype="float32")
    lines = [gaussian_line(4 * count, count, 4, moved, gain) for count, moved in zip((44, 52), (0.6, -1.3))]
    blurred = Separable(*lines)(pair.truth.astype(np.float32))
    with open_pair(*write(pair.changed(hsi=blurred), tmp_path, "blurred")) as scene:
        shift = measure_shift(scene)
    assert (shift.y, shift.x) == (pytest.approx(0.6, abs=0.1), pytest.approx(-1.3, abs=0.1))


def clouded(seed, folder, moved=(0.0, 0.0)):
    """Files of a scene of 25 x 25 HSI pixels under whose PAN a cloud lies."""
    pair = made_pair(seed, low=(25, 25))
    pan = pair.pan.copy()
    pan[20:50, 30:60] = 1.5 * pan.max()
    return write(pair.changed(pan=pan, moved=moved), folder, "cloud")


@pytest.mark.parametrize("seed", range(3))
def test_a_cloud_over_a_small_scene_does_not_make_its_pan_unrelated_or_move_it(seed, tmp_path):
    with open_pair(*clouded(seed, tmp_path)) as scene:
        relation, shift = pan_relation(scene), measure_shift(scene)
    assert relation.detail > 0.9
    assert shift is not None
    assert shift.size <= 0.3


@pytest.mark.parametrize("pixels", [1.7, 10.4])
@pytest.mark.parametrize("seed", range(3))
def test_a_shift_is_found_beside_a_cloud(seed, pixels, tmp_path):
    with open_pair(*clouded(seed, tmp_path, (pixels, -pixels))) as scene:
        shift = measure_shift(scene)
    assert shift.explains
    assert (shift.y, shift.x) == (pytest.approx(-pixels, abs=0.25), pytest.approx(pixels, abs=0.25))


def test_a_shift_of_just_as_much_as_can_be_measured_is_not_beyond_it(tmp_path):
    pair = made_pair(1, dtype="float32")
    with open_pair(*write(pair.changed(moved=(40.0, 0.0)), tmp_path, "far")) as scene:
        shift = measure_shift(scene)
    assert shift.y == pytest.approx(-40.0, abs=0.1)
    assert not shift.beyond


@pytest.fixture
def several(make_raster, tmp_path):
    """Writes an HSI of 25 x 25 pixels, and an image of six sharp bands in other units over which a cloud lies."""

    def make(seed, moved):
        pair, low = made_pair(seed, low=(25, 25), dtype="float32"), 4 * STEP
        sharp = pair.truth[[1, 3, 5, 8, 15, 18]] * np.resize([1.2, 0.8], 6)[:, None, None]
        sharp[:, 20:50, 30:60] = 1.1 * sharp.max(axis=(1, 2))[:, None, None]
        place = 500000.0 + moved[1] * STEP, STEP, 0.0, 5800000.0 - moved[0] * STEP, 0.0, -STEP
        return (
            make_raster(tmp_path / "hsi.tif", pair.hsi, (500000.0, low, 0.0, 5800000.0, 0.0, -low)),
            make_raster(tmp_path / "sharp.tif", sharp.astype(np.float32), place),
        )

    return make


@pytest.mark.parametrize("moved", [(0.8, 0.894), (-1.3, 2.6), (0.2, 0.15)])
@pytest.mark.parametrize("seed", range(2))
def test_several_sharp_bands_are_placed_to_a_fiftieth_of_a_pixel_beside_a_cloud(several, seed, moved):
    with open_pair(*several(seed, moved)) as scene:
        shift = measure_shift(scene)
    assert (-shift.y, -shift.x) == pytest.approx(moved, abs=0.02)


@pytest.mark.parametrize("moved", [(0.0, 0.0), (2.0, -1.0)])
@pytest.mark.parametrize("seed", range(2))
def test_several_sharp_bands_that_lie_whole_pixels_off_or_not_at_all_are_placed_exactly(several, seed, moved):
    with open_pair(*several(seed, moved)) as scene:
        shift = measure_shift(scene)
    assert (-shift.y, -shift.x) == moved
