"""The shift of a PAN against its HSI: measured, warned of, corrected."""

from __future__ import annotations

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

RATIO, SIZE, BANDS = 4, 40, 6
LOW = (500000.0, 20.0, 0.0, 5800000.0, 0.0, -20.0)
HIGH = (500000.0, 5.0, 0.0, 5800000.0, 0.0, -5.0)


class Told(Progress):
    def __init__(self):
        self.infos, self.warnings = [], []

    def info(self, text):
        self.infos.append(text)

    def warning(self, text):
        self.warnings.append(text)


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
    told = Told()
    classical(*pair(2.0, 0.0), str(tmp_path / "o.tif"), progress=told)
    (warning,) = told.warnings
    assert "pan.tif seems to be shifted against hsi.tif by 2.0 PAN pixels (+2.0" in warning
    assert "CORRECT_SHIFT" in warning
    told = Told()
    classical(*pair(0.1, 0.1), str(tmp_path / "o.tif"), progress=told)
    assert told.warnings == []
    assert any("ratio 4; 6 of 6 bands are good, without wavelengths" in text for text in told.infos)


def test_the_correction_moves_the_output_and_makes_it_as_good_as_without_a_shift(pair, tmp_path, make_raster):
    reference = make_raster(tmp_path / "truth.tif", ground(), HIGH)
    scores = {}
    for name, cols, correct in (("straight", 0.0, False), ("shifted", 2.0, False), ("corrected", 2.0, True)):
        out = str(tmp_path / f"{name}.tif")
        classical(*pair(cols, 0.0), out, correct_shift=correct)
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
    classical(hsi, pan, out, correct_shift=True)
    with pytest.raises(InputError, match="do not share a pixel grid"):
        assess(out, hsi=hsi, pan=pan)
    assert assess(out, hsi=hsi, pan=pan, correct_shift=True)["consistency"] < 0.05


def test_a_shift_that_cannot_be_measured_is_not_corrected(pair, tmp_path):
    flat = np.full(ground().shape[1:], 5.0, np.float32)
    with pytest.raises(InputError, match="cannot be measured"):
        classical(*pair(high=flat), str(tmp_path / "o.tif"), correct_shift=True)


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
