"""Areas at intermediate resolution: degraded by less than the ratio, known by what their result gives when degraded."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.operators.pair import Operators  # noqa: E402
from core.products.pair import open_pair  # noqa: E402
from core.runtime.progress import Progress  # noqa: E402
from core.scene.scene import Scene  # noqa: E402
from core.scene.statistics import scene_statistics  # noqa: E402
from core.training import learn as learning  # noqa: E402
from core.training.areas import AreaContext, high_window  # noqa: E402
from core.training.dataset import scene_areas  # noqa: E402
from core.training.losses import HybridLoss  # noqa: E402
from core.training.mutual import MutualStep  # noqa: E402
from core.training.reduction import intermediate_reduction, labelled_area, whole_reduction  # noqa: E402
from core.training.settings import LearningTask, Settings, learned_best  # noqa: E402
from core.training.trainer import Trainer  # noqa: E402

LOW = (500000.0, 8.0, 0.0, 4500000.0, 0.0, -8.0)
NORTH_UP = (500000.0, 2.0, 0.0, 4500000.0, 0.0, -2.0)


def waves(rows, cols, bands):
    """A smooth scene, (bands, rows, cols) float32: waves no shorter than 10 pixels, positive."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:rows, :cols]
    image = np.full((bands, rows, cols), 900.0)
    for _ in range(12):
        fy, fx = rng.uniform(-0.1, 0.1, 2)
        image += rng.normal(0, 40, (bands, 1, 1)) * np.cos(2 * np.pi * (fy * y + fx * x) + rng.uniform(0, 6))
    return image.astype(np.float32)


def response(operator, size, frequency):
    """What a degradation makes of a wave along the columns, in cycles per input pixel: the amplitude in the middle."""
    wave = np.exp(2j * np.pi * frequency * (np.arange(size) + 0.5))
    real, imaginary = (operator(np.tile(part, (size, 1)).astype(np.float64)) for part in (wave.real, wave.imag))
    middle = tuple(slice(count // 4, -(count // 4)) for count in real.shape)
    return float(np.median(np.hypot(real, imaginary)[middle]))


@pytest.mark.parametrize(("ratio", "factor"), [(4.0, 2.0), (3.0, 3.0**0.5), (6.0, 2.0), (3.5, 1.75)])
def test_a_pan_degraded_in_two_stages_is_the_pan_degraded_at_once(ratio, factor):
    coarse, gain = (24, 24), 0.3
    side = round(24 * ratio / factor) * round(ratio)
    reduction = intermediate_reduction(coarse, ratio, gain, factor, (side, side), (0.0, 0.0))
    low = reduction.coarser.high
    for nyquist in (0.2, 0.5, 0.9):  # of the HSI's frequencies
        frequency = nyquist / (2 * ratio)
        at_once = response(Operators(low, (side, side), ratio, mtf_gain=gain).down, side, frequency)
        in_two = response(lambda image: reduction.back(reduction.pan(image)), side, frequency)
        assert at_once == pytest.approx(gain**nyquist**2, abs=0.01)  # what an MTF gain means
        assert in_two == pytest.approx(at_once, abs=0.01)


def test_an_hsi_has_the_blur_of_its_pixels_at_each_resolution():
    ratio, gain, side = 4, 0.3, 192
    reduction = intermediate_reduction((24, 24), float(ratio), gain, 2.0, (side, side), (0.0, 0.0))
    to_hsi = Operators(reduction.coarser.high, (side, side), ratio, mtf_gain=gain).down
    for nyquist in (0.3, 0.8):  # of the degraded HSI's frequencies
        frequency = nyquist / (2 * 2 * ratio)
        of_pan = response(lambda image: reduction.operators.down(reduction.pan(image)), side, frequency)
        of_hsi = response(lambda image: reduction.coarser.down(to_hsi(image)), side, frequency)
        assert of_hsi == pytest.approx(of_pan, abs=0.01)  # the degraded HSI is that of the PAN's own resolution


@pytest.fixture
def scene(make_raster, tmp_path):
    """24 x 24 HSI pixels at ratio 4, with the truth that they come from."""
    truth = waves(96, 96, 6)
    hsi = make_raster(tmp_path / "hsi.tif", Operators((24, 24), (96, 96), 4).down(truth), LOW)
    pan = make_raster(tmp_path / "pan.tif", truth[1:3].mean(0), NORTH_UP)
    with open_pair(hsi, pan) as opened:
        yield opened, truth


def of(scene, settings):
    """Context and labelled areas of a scene."""
    context = AreaContext(scene_statistics(scene, 0.3, 4), scene.good, 0.3, torch.device("cpu"))
    return context, scene_areas(scene, context, settings)[0]


def pixels_of(areas, mask, image):
    """The places, row and column, of what a mask of areas marks in an image of the HSI in standard deviations."""
    places = {image[:, row, col].tobytes(): (row, col) for row, col in np.ndindex(image.shape[1:])}
    pixels = [area.truth[:, getattr(area, mask).bool()].numpy().T for area in areas]
    return {places[pixel.tobytes()] for pixel in np.concatenate(pixels)}


def test_the_true_residual_is_the_target(scene):
    scene, truth = scene
    context, _ = of(scene, Settings(components=4))
    scale = context.statistics.std[:, None, None]
    corner, window = (4, 6), (slice(16, 80), slice(24, 88))
    high, phase = high_window(corner, (16, 16), (96, 96), 4.0, (0.0, 0.0))
    assert high == window
    reduction = intermediate_reduction((8, 8), 4.0, 0.3, 2.0, (64, 64), phase)
    hsi = scene.hsi_rows(4, 20, (6, 22)).values
    valid = np.ones((16, 16), bool)
    pan = truth[1:3].mean(0, keepdims=True)[:, high[0], high[1]]
    area = labelled_area(context, reduction, hsi, pan, valid, ~valid, 5)
    assert area.intermediate
    assert (area.planes.shape[1:], area.target.shape[1:]) == ((32, 32), (16, 16))
    # The prior at the result's resolution, band by band, from its parts; what it lacks there is the truth degraded.
    lowered, operators = reduction.coarser.down(hsi), reduction.operators
    sharp = reduction.pan(pan)
    detail = sharp - operators.up(operators.down(sharp))
    prior = operators.up(lowered) + context.statistics.gains[:, :1, None] * detail
    lacking = torch.from_numpy((reduction.pan(truth[:, high[0], high[1]]) - prior) / scale)
    found = area.project(lacking.float()).numpy()
    inner = slice(4, -4)
    error = np.sqrt(np.mean((found - area.target.numpy())[:, inner, inner] ** 2))
    assert error < 0.1 * np.sqrt(np.mean(area.target.numpy()[:, inner, inner] ** 2))


def test_areas_of_both_kinds_and_nothing_is_learned_that_is_scored_on(scene):
    scene, _ = scene
    _, plain = of(scene, Settings(components=4))
    context, areas = of(scene, Settings(components=4, intermediate=0.5))
    reduced = [area for area in areas if not area.intermediate]
    between = [area for area in areas if area.intermediate]
    assert len(reduced) == len(plain)
    assert all(torch.equal(a.planes, b.planes) for a, b in zip(reduced, plain))
    assert between
    assert not any(area.held_out_mask.any() for area in between)
    image = scene.hsi_rows(0, 24).values / context.statistics.std[:, None, None]
    held_out, learned = pixels_of(areas, "held_out_mask", image), pixels_of(between, "train_mask", image)
    assert min(len(held_out), len(learned)) > 50
    assert not held_out & learned


def test_whole_areas_that_are_scored_on_are_learned_at_no_resolution(make_raster, tmp_path):
    truth = waves(288, 288, 6)
    hsi = make_raster(tmp_path / "hsi.tif", Operators((72, 72), (288, 288), 4).down(truth), LOW)
    pan = make_raster(tmp_path / "pan.tif", truth[1:3].mean(0), NORTH_UP)
    with open_pair(hsi, pan) as opened:
        context, areas = of(opened, Settings(components=4, intermediate=0.5, size=24, held_out=0.3))
        image = opened.hsi_rows(0, 72).values / context.statistics.std[:, None, None]
    assert any(area.held_out_mask.all() for area in areas)
    held_out, learned = pixels_of(areas, "held_out_mask", image), pixels_of(areas, "train_mask", image)
    assert len(held_out) > 1000
    assert len(learned) > 2000
    assert not held_out & learned


def test_a_masked_cloud_reaches_no_area(make_raster, tmp_path):
    truth = waves(96, 96, 6)
    clouded = truth.copy()
    clouded[:, 36:52, 36:52] += 3000.0
    mask = np.zeros((24, 24), bool)
    mask[6:16, 6:16] = True  # the cloud, and as far as its blur reaches
    found = []
    for name, image in (("clear", truth), ("clouded", clouded)):
        hsi = make_raster(tmp_path / f"{name}_hsi.tif", Operators((24, 24), (96, 96), 4).down(image), LOW)
        sharp = make_raster(tmp_path / f"{name}_sharp.tif", image[1:5], NORTH_UP)
        with open_pair(hsi, sharp) as opened:
            found.append(of(opened.without(mask), Settings(components=2, intermediate=0.5))[1])
    assert any(area.intermediate for area in found[0])
    for clear, cloudy in zip(*found):
        assert torch.equal(clear.train_mask, cloudy.train_mask)
        for name in ("planes", "target", "truth"):
            torch.testing.assert_close(getattr(cloudy, name), getattr(clear, name), rtol=0.0, atol=0.02)


def test_an_area_reads_the_columns_of_the_pan_that_it_has(make_raster, tmp_path, monkeypatch):
    truth = waves(96, 480, 6)
    hsi = make_raster(tmp_path / "hsi.tif", Operators((24, 120), (96, 480), 4).down(truth), LOW)
    pan = make_raster(tmp_path / "pan.tif", truth[1:3].mean(0), NORTH_UP)
    read, spans = Scene.pan_rows, []

    def spied(scene, start, stop, cols=None, *more, **others):
        spans.append((stop - start, 480 if cols is None else cols[1] - cols[0]))
        return read(scene, start, stop, cols, *more, **others)

    with open_pair(hsi, pan) as opened:
        monkeypatch.setattr(Scene, "pan_rows", spied)
        areas = of(opened, Settings(components=4, intermediate=0.5, size=32, consistency=0.0, full_exchange=0.0))[1]
    count = sum(area.intermediate for area in areas)
    assert len([span for span in spans if span == (64, 64)]) == count > 8


@pytest.mark.parametrize(("ratio", "some"), [(1.5, False), (2, True)])
def test_there_is_nothing_between_at_the_least_ratios(make_raster, tmp_path, ratio, some):
    truth, side = waves(96, 96, 4), round(96 / ratio)
    hsi = Operators((side, side), (96, 96), ratio).down(truth)
    pixel = 2.0 * ratio
    hsi = make_raster(tmp_path / "hsi.tif", hsi, (500000.0, pixel, 0.0, 4500000.0, 0.0, -pixel))
    pan = make_raster(tmp_path / "pan.tif", truth[1:3].mean(0), NORTH_UP)
    with open_pair(hsi, pan) as opened:
        _, areas = of(opened, Settings(components=4, intermediate=0.5))
    assert any(area.intermediate for area in areas) == some


def test_settings_say_how_often_each_kind_is_learned_from(scene):
    scene, _ = scene
    settings = Settings(components=4, intermediate=0.75, steps=400, full_start=1.0)
    context, areas = of(scene, settings)
    basis, scale = context.tensor(context.statistics.basis), context.tensor(context.statistics.std[:, None, None])
    step = MutualStep([torch.nn.Linear(1, 1)], HybridLoss(basis, scale, 0.1, 0.5), settings)
    mean = context.tensor((context.statistics.mean / context.statistics.std)[:, None, None])
    trainer = Trainer([step], areas, [], 4, mean)
    drawn = [trainer._sample(number, 0, 0).labelled.intermediate for number in range(400)]
    assert 0.65 < np.mean(drawn) < 0.85
    assert learned_best(LearningTask("normal", 900))["intermediate"] > 0
    assert "intermediate" not in learned_best(LearningTask("normal", 900, networks=1))


def test_the_expected_time_is_that_of_both_kinds(scene, tmp_path, monkeypatch):
    said = []

    class Heard(Progress):
        def info(self, text):
            said.append(text)

    monkeypatch.setattr(learning, "_step_seconds", lambda learners, area, *more: 110.0 if area.intermediate else 10.0)
    settings = Settings(steps=2, components=4, intermediate=0.75, full_start=1.0)
    checkpoint = learning.Checkpoint(str(tmp_path / "checkpoint"))
    learning.learn([scene[0]], "ssml", 0.3, settings, torch.device("cpu"), checkpoint, Heard())
    assert [text for text in said if text.endswith("expected time 3 min.")]  # 2 steps of 85 s


@pytest.mark.parametrize(("ratios", "phase"), [((4.0, 6.0), (0.5, 0.25)), ((1.7, 2.0), (0.0, 0.0))])
def test_ratios_that_differ_and_grids_that_do_not_nest(ratios, phase):
    factor = min(2.0, min(ratios) ** 0.5)
    pan_shape = tuple(int(int(12 * one / factor) * one - 1) for one in ratios)
    reduction = intermediate_reduction((12, 12), ratios, (0.3, 0.2), factor, pan_shape, phase)
    plane = np.add.outer(np.arange(pan_shape[0], dtype=np.float64), 2 * np.arange(pan_shape[1], dtype=np.float64))
    sharp = reduction.pan(plane)
    step = [one / factor for one in ratios]
    rows, cols = ((np.arange(count) + 0.5) * one - offset - 0.5 for count, one, offset in zip(sharp.shape, step, phase))
    inner = slice(5, -5), slice(5, -5)
    np.testing.assert_allclose(sharp[inner], np.add.outer(rows, 2 * cols)[inner], atol=1e-3)  # planes stay in place
    assert sharp[inner].size
    assert reduction.back(sharp).shape == reduction.coarser.high
    whole = whole_reduction((12, 12), ratios, 0.3)
    assert (whole.back, whole.pan) == (None, None)
    assert whole.coarser is whole.operators
