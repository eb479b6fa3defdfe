"""Tiles of one sharper image whose bands lie in different orders, without wavelengths that would say so."""

from __future__ import annotations

import numpy as np
import pytest

from core.scene.band_order import other_order
from core.workflows.classical import classical
from tests.core.filled_scenes import HIGH, LOW, RATIO, SIZE, coarse, reflectance, stored, values
from tests.core.said import Said

HALF = SIZE * RATIO // 2


@pytest.fixture
def sharpened(make_raster, tmp_path):
    """A function: a result, and what was said, with tiles whose second one has its bands in some order."""
    image = reflectance()
    hsi = make_raster(tmp_path / "hsi.tif", stored(coarse(image), "uint16"), LOW)

    def make(sharp, order, unit=1.0):
        east = (HIGH[0] + HALF * HIGH[1], *HIGH[1:])
        tiles = [
            make_raster(tmp_path / "west.tif", stored(sharp[:, :, :HALF], "uint16"), HIGH),
            make_raster(
                tmp_path / "east.tif", (stored(sharp[order, :, HALF:], "uint16") * unit).astype("uint16"), east
            ),
        ]
        said, out = Said(), str(tmp_path / "out.tif")
        classical(hsi, tiles, out, mtf=0.3, shift="none", contradictions="off", progress=said)
        return values(out), said.warnings

    return make


@pytest.mark.parametrize(
    ("order", "numbers"), [([3, 2, 1, 0], "4,3,2,1"), ([1, 2, 3, 0], "4,1,2,3"), ([0, 2, 1, 3], "1,3,2,4")]
)
def test_bands_in_another_order_give_the_result_of_the_right_one(sharpened, order, numbers):
    sharp = reflectance()[[0, 3, 6, 9]]
    wanted, warnings = sharpened(sharp, [0, 1, 2, 3])
    assert warnings == []
    found, (warning,) = sharpened(sharp, order)
    np.testing.assert_array_equal(found, wanted)
    assert "The bands of east.tif lie in another order than those of west.tif" in warning
    assert f"they are taken as {numbers}." in warning


def test_bands_that_are_nearly_the_same_stay_as_they_are(sharpened):
    sharp = reflectance()[[0, 0, 0, 6]] + np.random.default_rng(1).normal(0, 0.002, (4, SIZE * RATIO, SIZE * RATIO))
    assert sharpened(sharp, [1, 2, 0, 3])[1] == []


def test_an_order_is_named_only_where_it_explains_far_more():
    alike = np.array([[0.99, 0.3, 0.2], [0.3, 0.99, 0.2]])
    assert other_order(alike, alike) is None
    assert other_order(alike, alike[::-1]) == [1, 0]
    assert other_order(alike, np.array([[0.7, 0.8, 0.2], [0.8, 0.7, 0.2]])) is None
    assert other_order(alike * np.nan, alike[::-1]) is None
    assert other_order(alike[:1], alike[:1]) is None
