"""Whether one method is better than another, or only happens to score lower where it was scored."""

from __future__ import annotations

import numpy as np
import pytest

import core
from core.quality.reference import PixelMaps
from core.workflows.ties import practically_equal


def maps(seed, size=1.0, shape=(48, 64), clump=4):
    """Errors that are alike within blocks of ``clump`` pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.gamma(4.0, size / 4.0, (2, shape[0] // clump, shape[1] // clump))
    fine = coarse.repeat(clump, axis=1).repeat(clump, axis=2)
    return PixelMaps(*fine.astype(np.float32))


def test_methods_of_one_quality_are_equal_nine_times_of_ten():
    base = maps(0)
    equal = [practically_equal(maps(2 * seed + 1), maps(2 * seed + 2), base) for seed in range(100)]
    assert 80 <= sum(equal) <= 98


@pytest.mark.parametrize("worse", [1.3, 2.0])
def test_a_method_that_errs_more_everywhere_is_not(worse):
    assert not any(practically_equal(maps(seed), maps(seed + 50, worse), maps(0)) for seed in range(1, 20))


def test_methods_that_err_in_the_same_places_are_told_apart_more_finely():
    one = maps(1)
    other = PixelMaps(*(1.01 * plane for plane in one))
    assert not practically_equal(one, other, maps(0))
    assert practically_equal(one, one, maps(0))


def test_pixels_without_a_value_do_not_count():
    one, other = maps(1), maps(2, 2.0)
    for plane in (*one, *other):
        plane[:, :8] = np.nan
    assert not practically_equal(one, other, maps(0))


def test_a_map_that_is_too_small_says_nothing():
    assert not practically_equal(maps(1, shape=(4, 8)), maps(2, shape=(4, 8)), maps(0, shape=(4, 8)))


def test_compare_names_the_methods_that_are_as_good(make_raster, materials, tmp_path):
    truth = make_raster(tmp_path / "truth.tif", materials(96, 96, 6).astype(np.float32))
    hsi, pan = (str(tmp_path / name) for name in ("hsi.tif", "pan.tif"))
    core.simulate(truth, 3, hsi, pan, pan_bands="2-4")
    found = core.compare(hsi, pan, methods=["exp", "gsa", "gs", "brovey"], mtf=0.3, shift="none")
    best, *others = found["methods"]
    assert best["equal"] is False
    assert not next(one for one in others if one["name"] == "exp")["equal"]
    for one in others:
        if one["equal"]:
            assert one["title"] in found["verdict"]
