"""The shift of a PAN against its HSI: measured, warned of, corrected."""

from __future__ import annotations

import re

import numpy as np
import pytest
from osgeo import gdal

from core.calibration.shift import measure_shift
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from core.workflows.assess import assess
from core.workflows.classical import classical
from tests.core.said import Said
from tests.core.spoiled import made_pair, write

RATIO, SIZE, BANDS = 4, 40, 6
LOW = (500000.0, 20.0, 0.0, 5800000.0, 0.0, -20.0)
HIGH = (500000.0, 5.0, 0.0, 5800000.0, 0.0, -5.0)


def ground(size=SIZE * RATIO, seed=0):
    """(bands, rows, columns): fields with sharp edges, each with a spectrum of its own."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    maps = np.stack(
        [np.sin(y / 9 + i) + np.cos(x / (7 + i)) + 2 * (((x // 11 + y // 9 + i) % 5) == 0) for i in range(4)]
    )
    shares = np.exp(maps) / np.exp(maps).sum(0)
    return np.tensordot(rng.uniform(300, 3000, (4, BANDS)).T, shares, 1).astype(np.float32)


def moved(transform, cols, rows):
    x, dx, _, y, _, dy = transform
    return (x + cols * dx, dx, 0.0, y + rows * dy, 0.0, dy)


@pytest.fixture
def pair(make_raster, tmp_path):
    """A function: (hsi, pan) where the PAN's georeference is off by some columns and rows."""
    truth = ground()
    hsi = Operators((SIZE, SIZE), truth.shape[1:], RATIO).down(truth)

    def make(cols=0.0, rows=0.0, low=hsi, high=None, nodata=None):
        pan = truth.mean(0) if high is None else high
        return (
            make_raster(tmp_path / "hsi.tif", low, LOW, nodata=nodata),
            make_raster(tmp_path / "pan.tif", pan, moved(HIGH, cols, rows), nodata=nodata),
        )

    return make


@pytest.mark.parametrize(("cols", "rows"), [(0.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.5, -0.25), (-2.3, 1.6), (6.0, 5.0)])
def test_a_known_shift_is_found_to_a_tenth_of_a_pan_pixel(pair, cols, rows):
    with open_pair(*pair(cols, rows)) as scene:
        shift = measure_shift(scene)
    assert shift.x == pytest.approx(-cols, abs=0.1)
    assert shift.y == pytest.approx(-rows, abs=0.1)
    assert shift.size == pytest.approx(np.hypot(cols, rows), abs=0.15)
    assert shift.correlation >= shift.unmoved - 1e-3


def test_noise_and_a_pan_of_other_brightness_do_not_disturb(pair):
    rng = np.random.default_rng(1)
    truth = ground()
    pan = 7.0 - 0.02 * rng.normal(0, 100, truth.shape[1:]) + 0.3 * truth.mean(0)
    with open_pair(*pair(1.5, -2.0, high=pan.astype(np.float32))) as scene:
        shift = measure_shift(scene)
    assert (shift.x, shift.y) == (pytest.approx(-1.5, abs=0.15), pytest.approx(2.0, abs=0.15))


def test_nodata_does_not_disturb(pair):
    truth = ground()
    hsi = Operators((SIZE, SIZE), truth.shape[1:], RATIO).down(truth)
    pan = truth.mean(0)
    hsi[:, :9, :14], pan[100:, :30] = -1.0, -1.0
    with open_pair(*pair(1.5, -2.0, hsi, pan, nodata=-1)) as scene:
        shift = measure_shift(scene)
    assert (shift.x, shift.y) == (pytest.approx(-1.5, abs=0.1), pytest.approx(2.0, abs=0.1))


def test_images_that_are_not_alike_have_no_shift(pair):
    noise = np.random.default_rng(3).random(ground().shape[1:]).astype(np.float32)
    for pan in (noise, np.full_like(noise, 5.0)):
        with open_pair(*pair(high=pan)) as scene:
            assert measure_shift(scene) is None


def test_a_shift_is_warned_of_with_its_number_and_a_fitting_pan_is_not(pair, tmp_path):
    told = Said()
    classical(*pair(2.0, 0.0), str(tmp_path / "o.tif"), shift="none", progress=told)
    (warning,) = told.warnings
    assert "pan.tif seems to be shifted against hsi.tif by 2.0 PAN pixels (+2.0" in warning
    assert "SHIFT" in warning
    before, after = (float(number) for number in re.findall(r"(?:is|to) (0\.\d+|1\.0+)", warning))
    assert before < after
    told = Said()
    classical(*pair(0.1, 0.1), str(tmp_path / "o.tif"), shift="none", progress=told)
    assert told.warnings == []
    assert any("ratio 4; 6 of 6 bands are good, without wavelengths" in text for text in told.infos)


def test_the_correction_moves_the_output_and_makes_it_as_good_as_without_a_shift(pair, tmp_path, make_raster):
    reference = make_raster(tmp_path / "truth.tif", ground(), HIGH)
    scores = {}
    for name, cols, correct in (("straight", 0.0, "none"), ("shifted", 2.0, "none"), ("corrected", 2.0, "auto")):
        out = str(tmp_path / f"{name}.tif")
        classical(*pair(cols, 0.0), out, shift=correct)
        transform = list(gdal.Open(out).GetGeoTransform())
        if name == "corrected":
            # Found to a tenth; for a score against the truth the output is put on the grid of the truth.
            place = (transform[0] - HIGH[0]) / HIGH[1]
            assert place == pytest.approx(round(place), abs=0.1)
            transform[0] = HIGH[0] + round(place) * HIGH[1]
        else:
            transform[0] -= cols * HIGH[1]  # what a pixel shows, against the truth
        transform[3] = HIGH[3] + round((transform[3] - HIGH[3]) / HIGH[5]) * HIGH[5]
        dataset = gdal.Open(out, gdal.GA_Update)
        dataset.SetGeoTransform(transform)
        dataset = None
        scores[name] = assess(out, reference=reference, ratio=RATIO, crop=8)["ergas"]
    assert scores["corrected"] == pytest.approx(scores["straight"], rel=0.1)
    assert scores["shifted"] > 1.3 * scores["straight"]


def test_a_corrected_result_is_assessed_with_the_same_correction(pair, tmp_path):
    hsi, pan = pair(1.3, -0.6)
    out = str(tmp_path / "o.tif")
    classical(hsi, pan, out)
    with pytest.raises(InputError, match="do not share a pixel grid"):
        assess(out, hsi=hsi, pan=pan, shift="none")
    for shift in ("auto", "global"):
        assert assess(out, hsi=hsi, pan=pan, shift=shift)["consistency"] < 0.05


@pytest.mark.parametrize("cols", [1.3, 2.0])
def test_a_result_whose_pan_stayed_is_assessed_so(pair, tmp_path, cols):
    """By default the result's own grid tells, where the shift is not a whole number of pixels."""
    hsi, pan = pair(cols, 0.0)
    out = str(tmp_path / "o.tif")
    classical(hsi, pan, out, shift="none")
    stayed, seen = (assess(out, hsi=hsi, pan=pan, shift=shift) for shift in ("none", "auto"))
    assert (seen["d_rho"] == stayed["d_rho"]) == (cols % 1 != 0)


@pytest.mark.parametrize(("amount", "moved"), [(0.3, True), (1.4, False)])
def test_a_shift_is_corrected_by_default_where_it_is_sure(pair, tmp_path, amount, moved):
    told, pan = Said(), ground().mean(0)
    noise = np.random.default_rng(5).normal(0, amount * pan.std(), (SIZE, SIZE)).repeat(RATIO, 0).repeat(RATIO, 1)
    classical(*pair(2.0, high=pan + noise), str(tmp_path / "o.tif"), progress=told)
    assert any("is moved by" in text for text in told.infos) == moved
    assert any("seems to be shifted" in text for text in told.warnings) != moved


@pytest.mark.parametrize(("amount", "sure"), [(0.3, True), (1.4, False)])
def test_a_correction_at_a_low_correlation_is_warned_of(pair, tmp_path, amount, sure):
    told, pan = Said(), ground().mean(0)
    noise = np.random.default_rng(5).normal(0, amount * pan.std(), (SIZE, SIZE)).repeat(RATIO, 0).repeat(RATIO, 1)
    classical(*pair(2.0, high=pan + noise), str(tmp_path / "o.tif"), shift="global", progress=told)
    assert any("is moved by" in text for text in (told.infos if sure else told.warnings))
    assert sure or any("pan.tif" in text and "may lie elsewhere" in text for text in told.warnings)


def test_a_shift_that_cannot_be_measured_is_not_corrected(pair, tmp_path):
    flat = np.full(ground().shape[1:], 5.0, np.float32)
    with pytest.raises(InputError, match="cannot be measured"):
        classical(*pair(high=flat), str(tmp_path / "o.tif"), shift="global")


def test_cancel_is_answered_while_measuring(pair):
    class Stop(Progress):
        asked = 0

        def cancelled(self):
            self.asked += 1
            return self.asked > 3

    with open_pair(*pair()) as scene, pytest.raises(Cancelled):
        measure_shift(scene, Stop())


def test_the_landsat_scenes_are_off_by_about_one_pan_pixel(scenes):
    folder = scenes / "landsat7"
    for number in (1, 3, 8):
        with open_pair(str(folder / f"{number}_ms.tif"), str(folder / f"{number}_pan.tif")) as scene:
            shift = measure_shift(scene)
        assert (shift.x, shift.y) == (pytest.approx(1.0, abs=0.2), pytest.approx(1.0, abs=0.2))


def blobs(size, count, seed):
    """(rows, columns) of rectangles of random brightness."""
    rng = np.random.default_rng(seed)
    image = np.full((size, size), 0.3, np.float32)
    for _ in range(count):
        row, col = rng.integers(0, size, 2)
        rows, cols = rng.integers(4, size // 8, 2)
        image[row : row + rows, col : col + cols] = 0.1 + rng.random()
    return image


@pytest.fixture
def wide(make_raster, tmp_path):
    """A function: a pair of 80 x 80 HSI pixels, the PAN changed by a function and misplaced."""
    size = 80
    maps = np.stack([blobs(size * RATIO, 150, seed) for seed in range(4)])
    shares = maps / maps.sum(0)
    truth = np.tensordot(np.random.default_rng(0).uniform(300, 3000, (4, BANDS)).T, shares, 1).astype(np.float32)
    hsi = Operators((size, size), truth.shape[1:], RATIO).down(truth)

    def make(change=lambda pan: pan, cols=0.0, rows=0.0):
        return (
            make_raster(tmp_path / "hsi.tif", hsi, LOW),
            make_raster(tmp_path / "pan.tif", change(truth.mean(0)), moved(HIGH, cols, rows)),
        )

    return make


def clouded(pan):
    y, x = np.mgrid[: pan.shape[0], : pan.shape[1]]
    weight = np.clip(1.3 - np.hypot(y - 120, x - 180) / 50, 0, 1).astype(np.float32)
    return pan * (1 - weight) + 1.6 * np.percentile(pan, 99).astype(np.float32) * weight


def with_hot_pixels(pan):
    pan, rng = pan.copy(), np.random.default_rng(5)
    pan[tuple(rng.integers(0, pan.shape[0], (2, 9)))] = 65535.0
    return pan


def half_changed(pan):
    pan = pan.copy()
    pan[:, pan.shape[1] // 2 :] = blobs(pan.shape[0], 150, 77)[:, pan.shape[1] // 2 :] * pan.mean() * 2
    return pan


@pytest.mark.parametrize("change", [clouded, with_hot_pixels, half_changed])
@pytest.mark.parametrize(("cols", "rows"), [(0.0, 0.0), (0.5, 0.0), (-1.2, 0.7), (2.0, -3.0)])
def test_clouds_hot_pixels_and_changed_ground_do_not_disturb(wide, change, cols, rows):
    with open_pair(*wide(change, cols, rows)) as scene:
        shift = measure_shift(scene)
    assert (shift.x, shift.y) == (pytest.approx(-cols, abs=0.1), pytest.approx(-rows, abs=0.1))


@pytest.mark.parametrize(("cols", "rows"), [(20.0, 0.0), (-28.0, 12.0), (0.0, 38.0)])
def test_a_shift_of_up_to_ten_hsi_pixels_is_found_as_a_whole(wide, cols, rows):
    with open_pair(*wide(cols=cols, rows=rows)) as scene:
        shift = measure_shift(scene)
    assert (shift.x, shift.y) == (pytest.approx(-cols, abs=0.1), pytest.approx(-rows, abs=0.1))
    assert not shift.beyond


@pytest.mark.parametrize("job", ["classical", "train"])
@pytest.mark.parametrize(("cols", "rows", "remedy"), [(8.0, 4.0, "option --shift auto (SHIFT) does"),
                                                      (-30.0, 0.0, "--shift auto"),
                                                      (50.0, 0.0, "move it by about -50 columns and")])  # fmt: skip
def test_a_pan_that_seems_unrelated_for_its_shift_is_called_shifted(wide, tmp_path, cols, rows, remedy, job):
    files, told, out = wide(cols=cols, rows=rows), Said(), str(tmp_path / "o.tif")
    words = f"({cols:+.1f} columns, {rows:+.1f} rows)", "as they lie, and ", remedy
    if job == "train":
        pytest.importorskip("torch")
        from core.workflows.train import train

        with pytest.raises(InputError, match="Nothing can be learned: ") as error:
            train([files[0]], [files[1]], str(tmp_path / "m.safetensors"), effort="fast", device="cpu", shift="none")
        assert all(word in str(error.value).replace("-0.0 rows", "+0.0 rows") for word in words)
        return
    result = classical(*files, out, shift="none", progress=told)
    assert result["pan_correlation"]["detail"] < 0.3
    (warning,) = told.warnings
    assert all(word in warning.replace("-0.0 rows", "+0.0 rows") for word in (*words, "no detail is taken from it"))
    classical(*files, str(tmp_path / "plain.tif"), method="exp", shift="none")
    np.testing.assert_array_equal(*(gdal.Open(str(tmp_path / name)).ReadAsArray() for name in ("o.tif", "plain.tif")))
    if abs(cols) < 40:
        corrected = Said()
        assert classical(*files, out, shift="global", progress=corrected)["pan_correlation"]["detail"] > 0.9
        assert corrected.warnings == []


def test_a_larger_shift_is_no_measurement_and_is_refused_with_about_its_size(wide, tmp_path):
    pair = wide(cols=50.0)
    with pytest.raises(InputError, match=r"farther than 10 HSI pixels.*move it by about -50 columns.*first"):
        classical(*pair, str(tmp_path / "o.tif"), shift="global")
    told = Said()
    classical(*pair, str(tmp_path / "o.tif"), progress=told)
    assert any("farther than 10 HSI pixels" in text for text in told.warnings)


def test_of_two_places_that_fit_about_as_well_the_nearer_counts(scenes, tmp_path):
    """Smooth ground, 25 x 25 pixels, which fits 4 PAN pixels off as well."""
    low, high = gdal.Open(str(scenes / "landsat8" / "B2.tif")), gdal.Open(str(scenes / "landsat8" / "B8.tif"))
    x, dx, _, y, _, dy = low.GetGeoTransform()
    bands = [str(scenes / "landsat8" / f"B{number}.tif") for number in range(2, 8)]
    stack = gdal.BuildVRT(str(tmp_path / "all.vrt"), bands, separate=True)
    hsi, pan = str(tmp_path / "hsi.tif"), str(tmp_path / "pan.tif")
    gdal.Translate(hsi, stack, srcWin=[225, 263, 25, 25])
    gdal.Translate(pan, high, projWin=[x + 225 * dx, y + 263 * dy, x + 250 * dx, y + 288 * dy])
    with open_pair(hsi, pan) as scene:
        shift = measure_shift(scene)
    assert (shift.x, shift.y) == (pytest.approx(0.35, abs=0.15), pytest.approx(-0.8, abs=0.15))  # as elsewhere in it


def test_a_pan_of_other_ground_has_no_shift(wide):
    for change in (lambda pan: pan[::-1].copy(), lambda pan: blobs(len(pan), 150, 99)):
        with open_pair(*wide(change)) as scene:
            assert measure_shift(scene) is None


@pytest.mark.parametrize("change", [clouded, with_hot_pixels])
def test_real_scenes_have_the_same_shift_with_a_cloud_or_hot_pixels(scenes, make_raster, tmp_path, change):
    for folder, hsi in (("eo1_paris", "hsi.tif"), ("ikonos", "ms.tif"), ("worldview2", "ms.tif")):
        places = [str(scenes / folder / name) for name in (hsi, "pan.tif")]
        dataset = gdal.Open(places[1])
        pan = make_raster(tmp_path / "p.tif", change(dataset.ReadAsArray()), dataset.GetGeoTransform())
        spoiled = gdal.Open(pan, gdal.GA_Update)
        spoiled.SetProjection(dataset.GetProjection())
        spoiled = None
        found = []
        for path in (places[1], pan):
            with open_pair(places[0], path) as scene:
                found.append(measure_shift(scene))
        assert (found[1].x, found[1].y) == (pytest.approx(found[0].x, abs=0.1), pytest.approx(found[0].y, abs=0.1))


@pytest.mark.parametrize("rows", [0.0, 5.0, 6.0])
@pytest.mark.parametrize("cols", [17.0, 18.0, 19.0])
def test_a_search_that_has_not_come_to_an_end_is_no_measurement(tmp_path, rows, cols):
    """A narrow scene of which little is left in common: the steps are small and many."""
    pair = made_pair(977287152, 2, 60, "uint16", (71, 37), 1.2).changed(moved=(-rows, -cols))
    with open_pair(*write(pair, tmp_path, "narrow")) as scene:
        shift = measure_shift(scene)
    assert (shift.y, shift.x) == pytest.approx((rows, cols), abs=0.15)
