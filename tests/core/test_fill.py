from __future__ import annotations

import numpy as np
import pytest

from core.operators.fill import fill_invalid
from core.scene.streams import Guide


def test_valid_pixels_stay_and_complete_images_are_not_copied():
    rng = np.random.default_rng(0)
    values, valid = rng.random((3, 20, 20)), rng.random((20, 20)) > 0.3
    filled = fill_invalid(values, valid, 5, 0.0)
    np.testing.assert_array_equal(filled[:, valid], values[:, valid])
    assert fill_invalid(values, np.ones((20, 20), bool), 5, 0.0) is values


def test_a_hole_gets_the_mean_of_its_neighbours_whatever_stood_in_it():
    values = np.arange(9.0).reshape(1, 3, 3)
    values[0, 1, 1] = np.nan
    valid = np.ones((3, 3), bool)
    valid[1, 1] = False
    assert fill_invalid(values, valid, 1, -1.0)[0, 1, 1] == pytest.approx(4.0)
    values[0, 1, 1] = 1e30
    assert fill_invalid(values, valid, 1, -1.0)[0, 1, 1] == pytest.approx(4.0)


def test_rings_go_as_far_as_the_passes_and_the_fallback_stands_beyond():
    valid = np.zeros((1, 10), bool)
    valid[0, 0] = True
    values = np.full((2, 1, 10), 99.0)
    values[:, 0, 0] = 3.0, 5.0
    filled = fill_invalid(values, valid, 4, np.array([-1.0, -2.0]))
    np.testing.assert_array_equal(filled[0, 0], [3.0] * 5 + [-1.0] * 5)
    np.testing.assert_array_equal(filled[1, 0], [5.0] * 5 + [-2.0] * 5)


def test_the_support_is_finite_so_that_pieces_equal_the_whole():
    rng = np.random.default_rng(1)
    values, valid = rng.random((2, 60, 15)), rng.random((60, 15)) > 0.8
    valid[20:34] = False
    passes = 6
    whole = fill_invalid(values, valid, passes, 0.5)
    for start, stop in ((0, 13), (13, 30), (30, 60)):
        low, high = max(0, start - passes), min(60, stop + passes)
        piece = fill_invalid(values[:, low:high], valid[low:high], passes, 0.5)
        np.testing.assert_array_equal(piece[:, start - low : stop - low], whole[:, start:stop])


def test_filled_values_lie_between_the_valid_ones():
    rng = np.random.default_rng(2)
    values, valid = rng.random((1, 30, 30)), rng.random((30, 30)) > 0.6
    filled = fill_invalid(values, valid, 10, 0.5)
    assert filled.min() >= values[:, valid].min()
    assert filled.max() <= values[:, valid].max()


def test_a_guide_continues_an_image_as_the_pan_goes_on():
    """Bands ``a p + c`` come back where they are missing; the fallback is for what is far."""
    rng = np.random.default_rng(3)
    pan_low = rng.uniform(100, 900, (9, 12)).astype(np.float32)
    gains, offsets = np.array([2.0, -0.5, 0.0], np.float32), np.array([30.0, 800.0, 7.0], np.float32)
    whole = gains[:, None, None] * pan_low + offsets[:, None, None]
    valid = np.ones((9, 12), bool)
    valid[:, 8:] = valid[2, 3] = False
    guide = Guide(pan_low[None], np.array([pan_low.mean()]), gains[:, None])
    spoiled = np.where(valid, whole, np.float32(0))
    mean = whole.mean(axis=(1, 2))
    filled = guide.fill(spoiled, valid, mean, (0, 0))
    np.testing.assert_allclose(filled, whole, rtol=1e-5)
    np.testing.assert_array_equal(filled[:, valid], whole[:, valid])
    part = guide.fill(spoiled[:, 2:7, 5:], valid[2:7, 5:], mean, (2, 5))
    np.testing.assert_allclose(part, whole[:, 2:7, 5:], rtol=1e-5)
