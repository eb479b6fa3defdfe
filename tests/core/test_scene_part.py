"""A part of a scene shows the same pixels as the scene does there."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.grid import Window
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.scene.part import part_of

LOW = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)


@pytest.fixture
def scene(make_raster, tmp_path):
    """24 x 30 HSI pixels, from the second row and third column of the file on, some of them missing; the PAN begins 4 m
    within the first."""
    rng = np.random.default_rng(0)
    hsi, pan = rng.uniform(100, 900, (5, 28, 36)).astype(np.float32), rng.uniform(10, 90, (72, 90)).astype(np.float32)
    hsi[:, 9:12, 20] = hsi[2, 15, 15] = -9999.0
    high = (500000.0 + 2 * 30 + 4, 10.0, 0.0, 5800000.0 - 30 - 4, 0.0, -10.0)
    files = (
        make_raster(tmp_path / "hsi.tif", hsi, LOW, nodata=-9999.0),
        make_raster(tmp_path / "pan.tif", pan, high, nodata=-9999.0),
    )
    with open_pair(*files) as opened:
        yield opened


def test_rows_of_both_images_and_their_phase_are_those_of_the_scene(scene):
    window = Window(4, 6, 12, 15)
    part = part_of(scene, window)
    top, left = part.alignment.hsi.row + window.row, part.alignment.hsi.col + window.col
    (rows, cols), (high_rows, high_cols) = part.low_shape, part.high_shape
    own, whole = part.hsi_rows(0, rows), scene.hsi_rows(top, top + rows, (left, left + cols))
    np.testing.assert_array_equal(own.valid, whole.valid)
    np.testing.assert_array_equal(own.values, whole.values)
    np.testing.assert_array_equal(part.low_valid, scene.low_valid[top : top + rows, left : left + cols])
    assert not part.low_valid.all()
    first = part.alignment.pan.row - scene.alignment.pan.row, part.alignment.pan.col - scene.alignment.pan.col
    pan = scene.pan_rows(first[0], first[0] + high_rows, (first[1], first[1] + high_cols))
    np.testing.assert_array_equal(part.pan_rows(0, high_rows).values, pan.values)
    phase = np.array(first) + scene.alignment.phase - np.multiply((top, left), scene.ratios)
    np.testing.assert_allclose(part.alignment.phase, phase, atol=1e-6)


def test_what_is_left_out_and_faded_is_so_in_the_part_and_the_scene_stays_open(scene):
    out = np.zeros(scene.low_shape, bool)
    out[8, 11] = True
    part = part_of(scene.without(out, out), Window(4, 6, 12, 15))
    place = tuple(np.argwhere(part.left_out)[0])
    corner = part.alignment.hsi.row + 4, part.alignment.hsi.col + 6
    assert (place[0] + corner[0], place[1] + corner[1]) == (8, 11)
    np.testing.assert_array_equal(part.left_out, part.faded)
    assert not part.low_valid[place]
    assert scene.hsi_rows(0, 1).values.shape[0] == 5


def test_a_part_that_is_too_small_is_refused(scene):
    with pytest.raises(InputError):
        part_of(scene, Window(4, 6, 5, 5))
