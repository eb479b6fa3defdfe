"""The blur of an HSI against its PAN, read from pairs whose gains are known."""

from __future__ import annotations

import numpy as np
import pytest

from core.calibration.blur import detector_groups, measure_blur
from core.calibration.measured_gains import Blur
from core.io.array_image import pair_of_arrays, with_wavelengths
from core.operators.linear import Separable
from core.operators.resample import gaussian_line
from core.products.pair import open_pair
from core.scene.scene import Scene

WAVES = [430.0 + 20 * band for band in range(27)] + [1050.0 + 50 * band for band in range(12)]
PAN = range(14)  # the bands that the PAN is made of


def ground(size: int, seed: int) -> np.ndarray:
    """(bands, size, size): fields and houses of five materials, each pixel a little brighter or darker."""
    rng = np.random.default_rng(seed)
    spectra = 1000 + 300 * np.cumsum(rng.normal(size=(5, len(WAVES))), axis=1) / 3
    kind = np.zeros((size, size), int)
    for _ in range(size * size // 12):
        y, x, h, w = (*rng.integers(0, size, 2), *rng.integers(1, 9, 2))
        kind[y : y + h, x : x + w] = rng.integers(0, 5)
    bright = 1 + 0.1 * rng.normal(size=(size, size))
    return (np.moveaxis(spectra[kind], -1, 0) * bright).astype(np.float32)


def pair(
    cube: np.ndarray,
    ratio: int,
    gains: tuple[float, float],
    shift: tuple[float, float] = (0.0, 0.0),
    snr: tuple[float, float] | None = None,
    swir: tuple[float, float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """HSI and PAN; noise of the given signal-to-noise ratios of PAN and HSI."""
    size = cube.shape[1]

    def degraded(part: np.ndarray, both: tuple[float, float]) -> np.ndarray:
        lines = [gaussian_line(size, size // ratio, ratio, moved, gain) for moved, gain in zip(shift, both)]
        return Separable(*lines)(part)

    visible = sum(wave < 1000 for wave in WAVES)
    hsi = np.concatenate([degraded(cube[:visible], gains), degraded(cube[visible:], swir or gains)])
    pan = cube[PAN].mean(axis=0)
    if snr is not None:
        rng = np.random.default_rng(9)
        pan = pan + rng.normal(size=pan.shape) * pan.mean() / snr[0]
        hsi = hsi + rng.normal(size=hsi.shape) * hsi.mean(axis=(1, 2), keepdims=True) / snr[1]
    return hsi.astype(np.float32), pan.astype(np.float32)


def scene_of(folder, hsi: np.ndarray, pan: np.ndarray, waves: list[float] | None = WAVES) -> Scene:
    images = pair_of_arrays(hsi, pan, pan.shape[0] // hsi.shape[1], nodata=-1, pan_nodata=-1)
    images = (with_wavelengths(images[0], waves) if waves else images[0]), images[1]
    for image, name in zip(images, ("hsi.tif", "pan.tif")):
        image.write(folder / name)
    return open_pair(folder / "hsi.tif", folder / "pan.tif")


def measured(folder, *images: np.ndarray, **more) -> Blur:
    with scene_of(folder, *images, **more) as scene:
        blur = measure_blur(scene)
    assert blur is not None
    return blur


@pytest.mark.parametrize("ratio", [2, 3, 6])
@pytest.mark.parametrize("gains", [(0.05, 0.05), (0.15, 0.15), (0.5, 0.5), (0.2, 0.35)])
def test_the_gains_of_a_clean_pair_are_found_along_each_axis(tmp_path, ratio, gains):
    best = measured(tmp_path, *pair(ground(40 * ratio, ratio), ratio, gains)).best
    assert best.gains == pytest.approx(gains, abs=0.01)
    assert best.sure
    assert best.name == "VNIR"
    assert max(best.rows.half_width, best.columns.half_width) <= 0.05


@pytest.mark.parametrize("gains", [(0.08, 0.08), (0.2, 0.35), (0.45, 0.45)])
def test_noise_makes_the_interval_wider_and_moves_the_gains_little(tmp_path, gains):
    images = pair(ground(200, 1), 4, gains, snr=(50, 30))
    best = measured(tmp_path, *images).best
    clean = measured(tmp_path, *pair(ground(200, 1), 4, gains)).best
    assert best.gains == pytest.approx(gains, abs=0.06)
    assert clean.rows.half_width < best.rows.half_width <= 0.1


def test_the_stated_intervals_hold_as_often_as_they_say(tmp_path):
    held = []
    for seed in range(20):
        gain = 0.1 + 0.02 * seed
        images = pair(ground(90, seed), 3, (gain, gain), snr=(100, 50))
        best = measured(tmp_path, *images).best
        held += [axis.low <= gain <= axis.high for axis in (best.rows, best.columns)]
    assert np.mean(held) >= 0.8


def test_a_shift_is_not_taken_for_blur(tmp_path):
    best = measured(tmp_path, *pair(ground(160, 2), 4, (0.3, 0.3), shift=(1.5, -0.7))).best
    assert best.gains == pytest.approx((0.3, 0.3), abs=0.01)
    assert best.shift == pytest.approx((1.5, -0.7), abs=0.05)


def test_a_cloud_in_one_image_and_hot_pixels_do_not_count(tmp_path):
    hsi, pan = pair(ground(240, 3), 4, (0.15, 0.25))
    pan[60:130, 20:100] = 3 * pan.max()
    pan[200, 200] = 20 * pan.max()
    hsi[:, 40, 50] *= 5
    best = measured(tmp_path, hsi, pan).best
    assert best.gains == pytest.approx((0.15, 0.25), abs=0.02)


def test_missing_values_do_not_count(tmp_path):
    hsi, pan = pair(ground(200, 4), 4, (0.15, 0.25))
    hsi[:, 10:20, 15:20] = -1
    pan[150:, :30] = -1
    assert measured(tmp_path, hsi, pan).best.gains == pytest.approx((0.15, 0.25), abs=0.01)


def test_a_small_scene_is_enough(tmp_path):
    best = measured(tmp_path, *pair(ground(100, 5), 4, (0.2, 0.35))).best
    assert best.gains == pytest.approx((0.2, 0.35), abs=0.02)


@pytest.mark.parametrize(("size", "snr", "sure"), [(72, None, True), (72, (200, 100), True), (72, (50, 30), False)])
@pytest.mark.parametrize("seed", range(2))
def test_what_few_pixels_say_is_relied_on_where_it_is_precise(tmp_path, seed, size, snr, sure):
    best = measured(tmp_path, *pair(ground(size, seed), 4, (0.2, 0.35), snr=snr)).best
    assert best.sure == sure
    if sure:
        assert best.gains == pytest.approx((0.2, 0.35), abs=0.02)


def test_a_pan_of_something_else_gives_nothing_to_rely_on(tmp_path):
    hsi, _ = pair(ground(160, 6), 4, (0.2, 0.2))
    _, pan = pair(ground(160, 7), 4, (0.2, 0.2))
    with scene_of(tmp_path, hsi, pan) as scene:
        blur = measure_blur(scene)
    assert blur is None or not blur.best.sure


def test_an_image_of_few_bands_without_wavelengths_is_measured(tmp_path):
    hsi, pan = pair(ground(200, 8), 4, (0.25, 0.35))
    best = measured(tmp_path, hsi[[1, 5, 9, 13]], pan, waves=None).best
    assert best.name == "all bands"
    assert best.gains == pytest.approx((0.25, 0.35), abs=0.03)


def test_detectors_are_measured_apart_or_take_the_gains_of_others_and_say_so(tmp_path):
    blur = measured(tmp_path, *pair(ground(200, 10), 4, (0.3, 0.3), swir=(0.1, 0.1)))
    assert [group.name for group in blur.groups] == ["VNIR", "SWIR"]
    vnir, swir = blur.groups
    assert vnir.gains == pytest.approx((0.3, 0.3), abs=0.01)
    assert {*vnir.bands} | {*swir.bands} == {*range(len(WAVES))}
    if swir.taken_from:
        assert (swir.taken_from, swir.gains) == ("VNIR", vnir.gains)
    else:
        assert swir.rows.low <= 0.1 <= swir.rows.high


def test_detectors_end_where_wavelengths_fall_back(tmp_path):
    waves = [500.0 + 50 * band for band in range(12)] + [1000.0 + 50 * band for band in range(27)]
    with scene_of(tmp_path, *pair(ground(80, 11), 2, (0.3, 0.3)), waves=waves) as scene:
        assert [(name, len(bands)) for name, bands in detector_groups(scene)] == [("VNIR", 11), ("SWIR", 28)]


@pytest.mark.parametrize("order", [slice(None, None, -1), np.random.default_rng(3).permutation(len(WAVES))])
def test_the_order_of_bands_changes_neither_detectors_nor_gains(tmp_path, order):
    hsi, pan = pair(ground(120, 13), 3, (0.2, 0.3))
    waves = np.asarray(WAVES)[order]
    with scene_of(tmp_path, hsi[order], pan, waves=waves.tolist()) as scene:
        groups, blur = dict(detector_groups(scene)), measure_blur(scene)
    assert {name: sorted(waves[bands]) for name, bands in groups.items()} == {"VNIR": WAVES[:27], "SWIR": WAVES[27:]}
    assert blur is not None
    assert blur.best.sure
    assert blur.best.gains == pytest.approx((0.2, 0.3), abs=0.02)


def test_detectors_whose_bands_run_from_long_to_short_are_told_apart(tmp_path):
    vnir, swir = [710.0 - 18 * band for band in range(15)], [2500.0 - 68 * band for band in range(24)]  # to 458, to 936
    with scene_of(tmp_path, *pair(ground(80, 11), 2, (0.3, 0.3)), waves=[*vnir, *swir]) as scene:
        known = scene.hsi.metadata.wavelengths
        found = {name: [known[band] for band in bands] for name, bands in detector_groups(scene)}
    assert found == {"VNIR": vnir, "SWIR": swir}


def test_the_measurement_is_the_same_each_time(tmp_path):
    images = pair(ground(120, 12), 3, (0.2, 0.3), snr=(80, 40))
    assert measured(tmp_path, *images) == measured(tmp_path, *images)
