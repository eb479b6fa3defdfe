"""A shift of the PAN that differs from place to place: measured, corrected, said; and none where there is none."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from osgeo import gdal

from core.calibration.local_shift import measure_local_shift
from core.calibration.smooth_field import SmoothFields
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.runtime.errors import Cancelled
from core.runtime.progress import Progress
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from tests.core.said import Said

RATIO, SIZE, BANDS = 4, 40, 16
LOW = (500000.0, 20.0, 0.0, 5800000.0, 0.0, -20.0)
HIGH = (500000.0, 5.0, 0.0, 5800000.0, 0.0, -5.0)
PLAIN = {"mtf": 0.3, "contradictions": "off"}


def ground(y, x):
    """(bands, ...): a scene of waves of many lengths that can be sampled anywhere."""
    rng = np.random.default_rng(11)
    maps = []
    for _ in range(4):
        total = np.zeros(np.shape(y))
        for _ in range(30):
            angle, length, phase = rng.uniform(0, np.pi), rng.uniform(4, 20), rng.uniform(0, 2 * np.pi)
            total += np.sin(2 * np.pi * (np.cos(angle) * y + np.sin(angle) * x) / length + phase)
        maps.append(total / 5)
    shares = np.exp(maps) / np.exp(maps).sum(0)
    spectra = rng.uniform(300, 3000, (4, 1)) * rng.uniform(0.8, 1.2, (4, BANDS))
    return np.tensordot(spectra.T, shares, 1).astype(np.float32)


def places():
    y, x = np.mgrid[: SIZE * RATIO, : SIZE * RATIO]
    return y + 0.5, x + 0.5


def waves(amplitude):
    """By how much the PAN must be moved at each of its pixels: (y, x)."""
    y, x = (2 * np.pi * axis / (SIZE * RATIO) for axis in places())
    return amplitude * np.sin(x + 0.4 * y + 1), amplitude * np.cos(y - 0.3 * x)


def at_hsi(field):
    """(y, x) at the HSI's pixels."""
    return [plane[RATIO // 2 :: RATIO, RATIO // 2 :: RATIO] for plane in field]


@pytest.fixture
def pair(make_raster, tmp_path):
    """A function: (hsi, pan), the PAN moved by a field the other way, changed by a function, and misplaced."""
    truth = ground(*places())
    hsi = Operators((SIZE, SIZE), truth.shape[1:], RATIO).down(truth)

    def make(field=(0.0, 0.0), change=lambda pan: pan, noise=0.0, cols=0.0, low=hsi, nodata=None):
        (y, x), rng = places(), np.random.default_rng(3)
        pan = ground(y + field[0], x + field[1]).mean(0)
        pan = change(pan) + noise * rng.normal(size=pan.shape) * pan.mean()
        low = low + 2 * noise * rng.normal(size=low.shape) * low.mean((1, 2))[:, None, None]
        place = (HIGH[0] + cols * HIGH[1], *HIGH[1:])
        return (
            make_raster(tmp_path / "hsi.tif", low.astype(np.float32), LOW, nodata=nodata),
            make_raster(tmp_path / "pan.tif", pan.astype(np.float32), place, nodata=nodata),
        )

    return make


def off(local, field):
    """Root mean square of the error along each axis, PAN pixels."""
    found = np.stack([local.field.y, local.field.x])
    return float(np.sqrt(np.mean((found - np.stack(at_hsi(field))) ** 2)))


@pytest.mark.parametrize(("amplitude", "noise"), [(0.25, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 0.01)])
def test_a_smooth_field_is_found_to_a_tenth_of_a_pan_pixel(pair, amplitude, noise):
    field = waves(amplitude)
    with open_pair(*pair(field, noise=noise)) as scene:
        local = measure_local_shift(scene)
    assert local.found
    assert local.sure
    assert off(local, field) < 0.1
    assert local.field.typical == pytest.approx(amplitude, rel=0.15)
    assert local.field.confidence.mean() > 0.5
    assert not local.untrusted.any()


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03])
def test_a_pair_without_one_has_none(pair, noise):
    with open_pair(*pair(noise=noise)) as scene:
        local = measure_local_shift(scene)
    assert not local.found
    assert local.field.largest == 0.0
    assert (local.field.confidence == 0).all()


def test_another_blur_is_no_local_shift_and_does_not_disturb_one(pair):
    truth = ground(*places())
    for gains in (0.1, (0.2, 0.45)):
        low = Operators((SIZE, SIZE), truth.shape[1:], RATIO, mtf_gain=gains).down(truth)
        with open_pair(*pair(low=low)) as scene:
            assert not measure_local_shift(scene).sure
        with open_pair(*pair(waves(0.7), low=low)) as scene:
            assert off(measure_local_shift(scene), waves(0.7)) < 0.12


def clouded(pan):
    y, x = places()
    weight = np.clip(1.4 - np.hypot(y - 60, x - 95) / 26, 0, 1)
    return pan * (1 - weight) + 1.5 * pan.max() * weight


def with_hot_pixels(pan):
    pan, rng = pan.copy(), np.random.default_rng(5)
    pan[tuple(rng.integers(0, len(pan), (2, 9)))] = 65535.0
    return pan


@pytest.mark.parametrize("change", [clouded, with_hot_pixels])
def test_a_cloud_or_hot_pixels_do_not_disturb(pair, change):
    with open_pair(*pair(change=change)) as scene:
        assert not measure_local_shift(scene).found
    field = waves(0.8)
    with open_pair(*pair(field, change)) as scene:
        local = measure_local_shift(scene)
    found, true = np.stack([local.field.y, local.field.x]), np.stack(at_hsi(field))
    assert np.median(np.abs(found - true)) < 0.1


def test_nodata_does_not_disturb(pair):
    field = waves(0.8)

    def holes(pan):
        pan = pan.copy()
        pan[:30, :50] = pan[100:104] = -1.0
        return pan

    with open_pair(*pair(field, holes, nodata=-1.0)) as scene:
        local = measure_local_shift(scene)
    assert local.found
    assert off(local, field) < 0.15


def test_what_is_moved_as_a_whole_is_taken_into_account(pair):
    field = waves(0.6)
    with open_pair(*pair(field, cols=7.5)) as scene:
        local = measure_local_shift(scene, (0.0, -7.5))
    rows, cols = local.field.y.shape
    with open_pair(*pair(field)) as scene:
        straight = measure_local_shift(scene)
    inside = np.s_[2 : rows - 2, 4 : cols - 2]
    moved = SIZE - cols
    np.testing.assert_allclose(local.field.y[inside], straight.field.y[:, moved:][inside], atol=0.12)


def test_images_that_are_not_alike_have_none(pair):
    for change in (lambda pan: pan[::-1].copy(), np.zeros_like):
        with open_pair(*pair(change=change)) as scene:
            local = measure_local_shift(scene)
        assert local is None or not local.found


def test_a_place_that_stays_apart_is_found(pair):
    """A building that leans: by 2.5 PAN pixels beside the field."""
    y, x = places()
    patch = (np.abs(y - 100) < 22) & (np.abs(x - 60) < 22)
    smooth = waves(0.5)
    with open_pair(*pair((smooth[0] + 2.5 * patch, smooth[1]))) as scene:
        local = measure_local_shift(scene)
    assert local.found
    inside = at_hsi([patch])[0]
    assert local.untrusted[inside].mean() > 0.6
    assert local.untrusted[~inside].mean() < 0.05


def test_cancel_is_answered(pair):
    class Stop(Progress):
        asked = 0

        def cancelled(self):
            self.asked += 1
            return self.asked > 12

    with open_pair(*pair(waves(1.0))) as scene, pytest.raises(Cancelled):
        measure_local_shift(scene, progress=Stop())


@pytest.fixture
def scored(pair, tmp_path, make_raster):
    """A function: ERGAS of MTF-GLP on a pair, the place of the result, and what was said."""
    reference = make_raster(tmp_path / "truth.tif", ground(*places()), HIGH)

    def score(field=(0.0, 0.0), shift="auto", change=lambda pan: pan):
        out, told = str(tmp_path / "out.tif"), Said()
        told.moved = classical(*pair(field, change), out, shift=shift, progress=told, **PLAIN)["moved"]
        return assess(out, reference=reference, ratio=RATIO)["ergas"], gdal.Open(out), told

    return score


def test_by_default_a_field_is_undone_and_the_result_lies_on_the_pans_own_grid(scored):
    told = scored(shift="none")[0]
    blind, result, said = scored(waves(1.0))
    assert blind < 1.1 * told
    assert scored(waves(1.0), "none")[0] > 1.4 * told
    transform = result.GetGeoTransform()
    assert (transform[1], transform[5]) == (HIGH[1], HIGH[5])
    for place in ((transform[0] - HIGH[0]) / HIGH[1], (transform[3] - HIGH[3]) / HIGH[5]):
        assert place == pytest.approx(round(place), abs=1e-9)
        assert 0 <= place <= 2
    assert any("is moved, besides, by a local shift of 1.0" in text for text in said.infos)
    assert said.moved["local"] == pytest.approx(1.0, abs=0.15)


def test_a_pair_without_a_field_keeps_its_bits(pair, tmp_path):
    results = []
    for shift in ("none", "auto", "local"):
        out = str(tmp_path / f"{shift}.tif")
        classical(*pair(), out, shift=shift, **PLAIN)
        results.append(gdal.Open(out).ReadAsArray())
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_a_small_field_is_undone_only_if_asked_for(scored):
    told = {shift: scored(waves(0.08), shift)[2] for shift in ("auto", "local")}
    assert any("only by a local shift of 0.0" in text for text in told["auto"].infos)
    assert any("is moved, besides" in text for text in told["local"].infos)


def test_local_says_where_there_is_none(scored):
    assert any("No local shift of pan.tif" in text for text in scored(shift="local")[2].infos)


def test_detail_is_faded_where_the_two_stay_apart(pair, tmp_path):
    y, x = places()
    patch = (np.abs(y - 100) < 22) & (np.abs(x - 60) < 22)
    field = waves(0.5)[0] + 2.5 * patch, waves(0.5)[1]
    told, out = Said(), str(tmp_path / "o.tif")
    classical(*pair(field), out, progress=told, **PLAIN)
    assert any("does not lie on" in text and "faded" in text for text in told.infos)


def test_the_moved_pan_is_the_same_in_every_part_and_after_pickling(pair):
    with open_pair(*pair(waves(1.0))) as plain:
        scene = plain.shifted((0.0, 0.0), field=measure_local_shift(plain).field)
        rows, cols = scene.high_shape
        whole = scene.pan_rows(0, rows).values
        np.testing.assert_array_equal(scene.pan_rows(61, 97, (13, 90)).values, whole[:, 61:97, 13:90])
        with pickle.loads(pickle.dumps(scene)) as other:
            np.testing.assert_array_equal(other.pan_rows(0, rows).values, whole)
        assert scene.complete
        straight = ground(*places()).mean(0)
        top, left = scene.pan.grid.y, scene.pan.grid.x
        row, col = round((HIGH[3] - top) / HIGH[1]), round((left - HIGH[0]) / HIGH[1])
        inside = np.s_[8:-8, 8:-8]
        difference = whole[0][inside] - straight[row : row + rows, col : col + cols][inside]
        assert np.sqrt(np.mean(difference**2)) < 0.1 * straight.std()


def test_an_assessment_sees_the_pan_where_the_result_has_it(pair, tmp_path):
    files, out = pair(waves(1.0)), str(tmp_path / "o.tif")
    classical(*files, out, **PLAIN)
    seen = assess(out, hsi=files[0], pan=files[1], mtf=0.3)
    stayed = assess(out, hsi=files[0], pan=files[1], mtf=0.3, shift="none")
    assert seen["d_rho"] < 0.6 * stayed["d_rho"]


def test_an_inspection_shows_the_field(pair, tmp_path):
    field, report, numbers, shift_map = waves(1.0), tmp_path / "r.html", tmp_path / "n.json", tmp_path / "map.tif"
    found = inspect(*pair(field), report=str(report), json_path=str(numbers), shift_map=str(shift_map))
    assert found["shift_local"] == pytest.approx(1.0, abs=0.15)
    assert found["fit"] == "shifted"
    assert "local" in found["verdict"]
    assert json.loads(numbers.read_text())["local_shift"]["sure"]
    page = report.read_text(encoding="utf-8")
    assert "Local shift" in page
    assert "downwards (dy)" in page
    raster = gdal.Open(str(shift_map))
    dx, dy, confidence = raster.ReadAsArray()
    assert [raster.GetRasterBand(n).GetDescription() for n in (1, 2, 3)] == ["dx", "dy", "confidence"]
    assert np.sqrt(np.mean((np.stack([dy, dx]) - np.stack(at_hsi(field))) ** 2)) < 0.1
    assert raster.GetGeoTransform() == LOW
    assert ((confidence >= 0) & (confidence <= 1)).all()


def test_an_inspection_of_a_pair_without_a_field_says_so(pair, tmp_path):
    shift_map = tmp_path / "map.tif"
    found = inspect(*pair(), shift_map=str(shift_map))
    assert found["shift_local"] == 0.0
    assert found["fit"] == "yes"
    assert not gdal.Open(str(shift_map)).ReadAsArray().any()


def test_fields_follow_what_is_told_and_fall_to_0_where_nothing_is():
    y, x = np.mgrid[:90, :60] / 10.0
    plane = np.stack([0.3 * y - 0.2 * x, 0.1 * x])
    told = np.zeros((3, 90, 60))
    told[:2] = 100.0
    np.testing.assert_allclose(SmoothFields((90, 60)).solve(told, 100.0 * plane, 0.1), plane, atol=0.02)
    told[:, 30:] = 0.0
    found = SmoothFields((90, 60)).solve(told, told[0] * np.ones((2, 90, 60)), 0.1)
    np.testing.assert_allclose(found[:, :28], 1.0, atol=0.05)
    assert np.abs(found[:, 85:]).max() < 0.5


def test_fields_of_large_scenes_are_as_large_whatever_their_nodes():
    y, x = np.mgrid[:40, :40] / 20.0
    wave = np.stack([np.sin(3 * y), np.cos(3 * x)])
    fine, coarse = np.zeros((3, 40, 40)), np.zeros((3, 20, 20))
    fine[:2], coarse[:2] = 0.5, 2.0
    sides = 0.5 * wave
    gathered = sides.reshape(2, 20, 2, 20, 2).sum(axis=(2, 4))
    one = SmoothFields((40, 40)).solve(fine, sides, 0.05)
    two = SmoothFields((20, 20), 2.0).solve(coarse, gathered, 0.05)
    np.testing.assert_allclose(one.reshape(2, 20, 2, 20, 2).mean(axis=(2, 4)), two, atol=0.05)
