"""Pairs whose axes are parallel but whose grids do not nest: any real ratio and phase, mirrored rows, pixels that are
not square. The scene is a sum of sinusoids, known everywhere."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from benchmarks.analytic import Placed, Waves, ergas_of, make_pair, read
from benchmarks.grids import CASES, CORNER, GAIN, SHORTEST, nested, parallel
from core.io.grid import Window
from core.io.reader import RasterReader
from core.operators.consistency import correction
from core.operators.footprints import all_valid, footprints
from core.operators.pair import Operators
from core.operators.resample import cubic_line, gaussian_line
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.scene.reader_view import AveragedReader, FlippedReader, averaged, facing
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from core.workflows.inspect import inspect

REAL = [1.5, 1.7, 2.4, 3.6, 7.5, 12.3, 40.0]
SIZE = 24  # HSI pixels


@pytest.fixture
def make(tmp_path):
    """A function: the files of a case, and its scene."""

    def pair(place, size=SIZE, seed=0):
        folder = tmp_path / f"pair{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        scene = Waves.random(seed, SHORTEST, origin=CORNER)
        return (*make_pair(scene, *place(size), str(folder), GAIN), scene)

    return pair


class Said(Progress):
    """Keeps what is said."""

    def __init__(self):
        super().__init__()
        self.text = []

    def info(self, message):
        self.text.append(message)

    def warning(self, message):
        self.text.append(message)


@pytest.mark.parametrize("ratio", REAL)
@pytest.mark.parametrize("phase", [0.0, 0.3, 0.77, 1.2])
def test_a_plane_passes_at_real_ratios_and_phases(ratio, phase):
    """Law: error below 1e-4 of the plane's step per high-resolution pixel, in the interior."""
    low, high = 30, int(29 * ratio)
    at_low, at_high = (np.arange(low) + 0.5) * ratio, phase + np.arange(high) + 0.5
    lifted = cubic_line(low, high, ratio, phase).apply(at_low[None], -1)[0]
    inside = (at_high > 2.5 * ratio) & (at_high < (low - 2.5) * ratio)
    np.testing.assert_allclose(lifted[inside], at_high[inside], atol=1e-4)
    lowered = gaussian_line(high, low, ratio, phase, 0.3).apply(at_high[None], -1)[0]
    inside = (at_low > phase + 4.5 * ratio) & (at_low < phase + high - 4.5 * ratio)
    assert inside.sum() > 12
    np.testing.assert_allclose(lowered[inside], at_low[inside], atol=1e-4)


@pytest.mark.parametrize("ratio", REAL)
def test_an_impulse_stays_where_it_is_on_average_over_all_phases(ratio):
    low, moved, lifted = 24, [], []
    high = int(low * ratio)
    at_low = (np.arange(low) + 0.5) * ratio
    for phase in np.linspace(0.0, ratio, 101)[:-1]:
        at_high = phase + np.arange(high) + 0.5
        down = gaussian_line(high, low, ratio, phase, 0.3)
        response = down.adjoint(np.eye(low), -1)[:, high // 2]  # of an impulse in the middle
        moved.append(response @ at_low / response.sum() - at_high[high // 2])
        up = cubic_line(low, high, ratio, phase)
        response = up.adjoint(np.eye(high), -1)[:, low // 2]
        lifted.append(response @ at_high / response.sum() - at_low[low // 2])
    assert abs(np.mean(moved)) < 0.01
    assert abs(np.mean(lifted)) < 0.01


@pytest.mark.parametrize("ratio", [1.5, 2.4, 3.6, 7.5])
@pytest.mark.parametrize("gain", [0.15, 0.3, 0.45])
def test_the_degradation_has_the_gain_asked_for_at_real_ratios(ratio, gain):
    """The mean over the phases; a sampled Gaussian that is narrow has its aliases, the more the lower the ratio."""
    low = 40
    line = gaussian_line(int(low * ratio), low, ratio, 0.3, gain)
    found = []
    for middle in range(15, 25):
        index = line.first[middle] + np.arange(line.taps)
        centre = (middle + 0.5) * ratio - 0.3 - 0.5
        found.append(np.sum(line.weights[middle] * np.exp(-1j * np.pi / ratio * (index - centre))))
    assert abs(np.mean(found) - gain) < (0.03 if ratio < 2 else 1e-3)


def test_the_low_resolution_formula_of_the_projection_holds_at_real_ratios():
    rng = np.random.default_rng(1)
    operators = Operators((18, 21), (43, 71), (2.4, 3.4), (0.3, 1.1))
    x, start = rng.random((2, 18, 21)), rng.random((2, 43, 71))
    literal = start.copy()
    for _ in range(5):
        literal = literal + operators.up(x - operators.down(literal))
    added = correction(x - operators.down(start), operators.round_trip, 5)
    np.testing.assert_allclose(start + operators.up(added), literal, atol=1e-10)


def test_a_pixel_lies_on_valid_ones_alone_where_all_that_it_touches_are():
    valid = np.ones((12, 10), bool)
    valid[5, 4] = False  # touched by rows 2 (4.8 to 7.2) and columns 1 (2.5 to 5.0) of ratio 2.4 x 2.5
    expected = np.ones((5, 4), bool)
    expected[2, 1] = False
    np.testing.assert_array_equal(all_valid(valid, (5, 4), (2.4, 2.5)), expected)
    known, rows, cols = footprints(valid, (5, 4), (2.4, 2.5), (0.0, 0.0), 1)
    assert rows.tolist() == [False, True, True, True, False]
    assert cols.tolist() == [False, True, True, False]
    np.testing.assert_array_equal(known, expected & rows[:, None] & cols)
    moved, *_ = footprints(valid, (5, 4), (2.4, 2.5), (0.5, 0.0), 0)  # the first row begins outside
    assert not moved[0].any()


@pytest.mark.parametrize("name", CASES)
def test_a_pair_with_parallel_axes_is_as_good_as_a_nested_one(make, tmp_path, name):
    case, out = CASES[name], str(tmp_path / "out.tif")
    found = {}
    for which, one in (("own", case), ("nested", nested(case.nested))):
        hsi, pan, scene = make(one.place, 32)
        classical(hsi, pan, out, mtf=GAIN, shift="none")
        found[which] = ergas_of(scene, out, one.ratio)[0]
    assert found["own"] < case.bound * found["nested"], found


@pytest.mark.parametrize("south_up", [(False, True), (True, False)])
def test_mirrored_rows_give_the_same_pixels_north_up(make, tmp_path, south_up):
    outs = []
    for which in ((False, False), south_up):
        hsi, pan, _ = make(parallel((3.6, 3.6), (0.3, 0.7), which))
        outs.append(str(tmp_path / f"{len(outs)}.tif"))
        classical(hsi, pan, outs[-1], mtf=GAIN, shift="none")
    (usual, place), (found, other) = map(read, outs)
    assert place.transform[5] < 0
    assert other.transform == pytest.approx(place.transform, abs=1e-6)
    np.testing.assert_allclose(found, usual, rtol=2e-6)


def test_both_south_up_gives_a_result_that_runs_south_up(make, tmp_path):
    hsi, pan, scene = make(parallel((2.4, 2.4), (0.3, 0.7), (True, True)))
    out = str(tmp_path / "out.tif")
    classical(hsi, pan, out, mtf=GAIN, shift="none")
    values, place = read(out)
    assert place.transform[5] == 7.5
    assert np.abs(values - scene.on(place)).mean() < 0.05 * scene.mean.mean()


def test_the_output_is_the_pans_pixels_inside_the_hsi(make, tmp_path):
    hsi, pan, _ = make(parallel((2.4, 3.6), (0.3, 0.7)))
    out = str(tmp_path / "out.tif")
    result = classical(hsi, pan, out, mtf=GAIN, shift="none")
    with RasterReader(out) as fused, RasterReader(pan) as image, RasterReader(hsi) as low:
        assert (fused.grid.dx, fused.grid.dy) == (7.5, -7.5)
        offset = (fused.grid.x - image.grid.x) / 7.5, (image.grid.y - fused.grid.y) / 7.5
        assert offset == pytest.approx((round(offset[0]), round(offset[1])))
        assert fused.grid.extent[0] - low.grid.extent[0] == pytest.approx(0.3 * 7.5)
        assert 0 <= low.grid.extent[2] - fused.grid.extent[2] < 7.5
        assert (result["rows"], result["cols"]) == (fused.grid.rows, fused.grid.cols)
    assert result["ratio"] == pytest.approx((2.4 * 3.6) ** 0.5, abs=1e-6)


def test_pieces_equal_the_whole_at_a_real_ratio(make, tmp_path):
    hsi, pan, _ = make(parallel((2.4, 3.6), (0.3, 0.7)), 40)
    outs = []
    for method in ("mtf-glp", "gfpca", "sfim", "bdsd"):
        for budget in (4.0, 1e-6):
            outs.append(str(tmp_path / f"{len(outs)}.tif"))
            classical(hsi, pan, outs[-1], method=method, mtf=GAIN, shift="none", memory=budget)
        whole, pieces = (read(path)[0] for path in outs[-2:])
        assert np.abs(pieces - whole).max() < 1e-5 * np.ptp(whole), method


def test_readers_that_turn_and_average_read_any_window(make_raster, tmp_path):
    rng = np.random.default_rng(0)
    values = rng.uniform(1, 9, (2, 31, 17)).astype(np.float32)
    values[0, 3, 4] = -1
    path = make_raster(tmp_path / "a.tif", values, (5e5, 2.0, 0.0, 5.8e6, 0.0, 2.0), nodata=-1)
    with RasterReader(path) as reader:
        flipped = FlippedReader(reader)
        assert flipped.grid == reader.grid.flip()
        for window in (None, Window(5, 2, 7, 9)):
            part = slice(None) if window is None else np.s_[:, 5:12, 2:11]
            block = flipped.read(window)
            whole, valid = values[:, ::-1], values[:, ::-1] != -1
            np.testing.assert_array_equal(block.values, np.where(valid, whole, 0)[part])
            np.testing.assert_array_equal(block.valid, valid[part])
        np.testing.assert_array_equal(flipped.read_stored(5, 7), values[:, ::-1][:, 5:12])
        again = pickle.loads(pickle.dumps(flipped))
        np.testing.assert_array_equal(again.read().values, flipped.read().values)
        again.close()
        mean = AveragedReader(reader, (3, 2))
        assert (mean.grid.rows, mean.grid.cols, mean.grid.dx, mean.grid.dy) == (10, 8, 4.0, 6.0)
        found, valid = mean.read(Window(1, 1, 3, 4), [0])
        blocks = values[:1, 3:12, 2:10].reshape(1, 3, 3, 4, 2)
        expected = blocks.mean(axis=(2, 4))
        expected[0, 0, 1] = np.delete(blocks[0, 0, :, 1], 0).mean()  # without the pixel at (3, 4)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert valid.all()
        assert facing(reader, flipped)[0].grid == flipped.grid
        assert facing(reader, reader) == (reader, reader)


def test_a_sharper_image_that_is_too_fine_is_averaged_and_that_is_said(make, tmp_path):
    fine = 0.75, 0.75  # ratio 45
    hsi, pan, scene = make(parallel((45, 45), pixel=fine), 10)
    out, said = str(tmp_path / "out.tif"), Said()
    result = classical(hsi, pan, out, mtf=GAIN, shift="none", progress=said)
    assert result["ratio"] == 15
    assert "blocks of 3 x 3" in result["placement"]
    assert any("45 pixels of pan.tif" in text and "3 x 3" in text and "ratio 15" in text for text in said.text)
    values, place = read(out)
    assert (place.transform[1], place.rows) == (2.25, 149)  # the first block lies partly outside of the HSI
    truth = scene.on(place)
    assert np.abs(values - truth).mean() < 0.05 * truth.mean()
    scores = assess(out, hsi=hsi, pan=pan, mtf=GAIN, shift="none")
    assert scores["ratio"] == 15
    assert scores["consistency"] < 0.02


def test_a_pan_of_no_pixels_inside_is_left_as_it_is(make):
    hsi, pan, _ = make(parallel((4, 4)))
    with RasterReader(pan) as reader, RasterReader(hsi) as low:
        assert averaged(reader, low.grid) is reader


@pytest.mark.parametrize(
    "place", [parallel((2.4, 2.4), (0.3, 0.7), (False, True)), parallel((3, 2.5), pixel=(5.0, 6.0))]
)
def test_assess_compare_and_inspect_take_any_parallel_pair(make, tmp_path, place):
    hsi, pan, _ = make(place, 40)
    out, best = str(tmp_path / "out.tif"), str(tmp_path / "best.tif")
    classical(hsi, pan, out, mtf=GAIN, shift="none")
    scores = assess(out, hsi=hsi, pan=pan, mtf=GAIN, shift="none")
    assert scores["consistency"] < 0.01
    assert 0 < scores["d_rho"] < 0.6
    found = compare(hsi, pan, output=best, methods=("exp", "mtf-glp"), mtf=GAIN, shift="none")
    by_name = {method["name"]: method for method in found["methods"]}
    assert by_name["mtf-glp"]["reduced"]["ergas"] < by_name["exp"]["reduced"]["ergas"]
    assert by_name["mtf-glp"]["full"]["consistency"] == pytest.approx(scores["consistency"], rel=1e-3)
    values, _ = read(best)
    np.testing.assert_allclose(values, read(out)[0], rtol=1e-5)
    said = inspect(hsi, pan)
    assert said["ratio"] == found["ratio"]
    assert abs(said["shift_x"]) < 0.1
    assert abs(said["shift_y"]) < 0.1


@pytest.mark.parametrize("ratio", [(2.4, 2.4), (6, 5)])
def test_the_shift_and_the_blur_are_measured_at_real_ratios(make, ratio):
    from core.calibration.blur import measure_blur
    from core.calibration.shift import measure_shift

    hsi, pan, _ = make(parallel(ratio, (0.3, 0.7)), 64)
    with open_pair(hsi, pan) as scene:
        moved = scene.shifted((1.4, -0.8))
        shift = measure_shift(moved)
        assert (shift.y, shift.x) == pytest.approx((-1.4, 0.8), abs=0.1)
        group = measure_blur(scene).groups[0]
        assert (group.rows.value, group.columns.value) == pytest.approx((GAIN, GAIN), abs=0.03)


def test_what_cannot_be_sharpened_is_refused_with_one_sentence(make, tmp_path):
    hsi, pan, _ = make(parallel((1.4, 1.4)))
    with pytest.raises(InputError, match="is not sharper than the HSI") as refusal:
        classical(hsi, pan, str(tmp_path / "out.tif"), mtf=GAIN, shift="none")
    assert "5 x 7 map units" not in str(refusal.value)
    assert "7 x 7 map units or smaller" in str(refusal.value)


def test_arrays_may_have_a_real_ratio(make, tmp_path):
    """A ratio of 2.4: 25 x 25 HSI pixels under 60 x 60 of the PAN; the pixels are those of files."""
    from core.workflows.arrays import classical_arrays

    scene = Waves.random(0, SHORTEST, origin=CORNER)
    low = Placed((CORNER[0], 18.0, 0.0, CORNER[1], 0.0, -18.0), 25, 25)
    high = Placed((CORNER[0], 7.5, 0.0, CORNER[1], 0.0, -7.5), 60, 60)
    hsi, pan = make_pair(scene, low, high, str(tmp_path), GAIN)
    out = str(tmp_path / "out.tif")
    classical(hsi, pan, out, mtf=GAIN, shift="none")
    made = classical_arrays(read(hsi)[0].astype(np.float32), read(pan)[0][0].astype(np.float32), 2.4, mtf=GAIN)
    assert made.facts["ratio"] == 2.4
    np.testing.assert_allclose(made.fused, read(out)[0], rtol=1e-5)
