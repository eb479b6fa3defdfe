"""White noise of the detectors is found and removed; what passed the optics, and spectra unlike all others, stay."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from core.io.array_image import pair_of_arrays
from core.io.reader import RasterReader
from core.products.pair import open_pair
from core.runtime.progress import Progress
from core.scene.noise import DenoisedReader, find_noise, without_noise
from core.scene.scene import Scene
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from core.workflows.simulate import simulate
from tests.core.said import Said

BANDS, SIZE, RATIO = 60, 40, 3


def truth(seed=0):
    """(bands, rows, columns) reflectance in 1/10000: fields of six materials with texture, without noise."""
    rng = np.random.default_rng(seed)
    edge = SIZE * RATIO
    place = np.linspace(0, 1, BANDS)
    spectra = np.stack([np.exp(-(((place - centre) / 0.25) ** 2)) for centre in np.linspace(0, 1, 6)]) + 0.3
    fields = rng.random((6, edge // 6, edge // 6)).repeat(6, axis=1).repeat(6, axis=2) ** 2
    texture = 1 + 0.1 * rng.normal(size=(6, edge, edge))
    return np.einsum("kyx,kb->byx", fields * texture, spectra) * 2000


def noisy(values, snr, seed=1):
    size = values.mean(axis=(1, 2), keepdims=True) / snr
    return values + np.random.default_rng(seed).normal(size=values.shape) * size


def degrade(image, folder):
    """HSI (bands, 40, 40) and PAN (1, 120, 120), degraded by the MTF."""
    whole = str(folder / "truth.tif")
    pair_of_arrays(image.astype(np.float32), np.zeros((2 * SIZE * RATIO,) * 2, np.float32), 2)[0].write(whole)
    hsi, pan = str(folder / "hsi.tif"), str(folder / "pan.tif")
    simulate(whole, RATIO, hsi, pan, pan_bands="5-25")
    with open_pair(hsi, [pan], Progress()) as scene:
        return scene.hsi.read().values.astype(np.float64), scene.pan.read().values.astype(np.float32)


@pytest.fixture(scope="module")
def degraded(tmp_path_factory):
    """HSI and PAN without noise."""
    return degrade(truth(), tmp_path_factory.mktemp("degraded"))


def files(tmp_path, low, pan):
    made = pair_of_arrays(low.astype(np.float32), pan, RATIO)
    names = [str(tmp_path / name) for name in ("hsi.tif", "pan.tif")]
    for image, name in zip(made, names):
        image.write(name)
    return names


def opened(tmp_path, low, pan) -> Scene:
    hsi, sharp = files(tmp_path, low, pan)
    return open_pair(hsi, [sharp], Progress())


def rmse(values, known):
    return float(np.sqrt(np.mean((values - known) ** 2)))


@pytest.mark.parametrize("snr", [30, 1e6])
def test_noise_that_passed_the_optics_is_left_as_it_is(tmp_path, snr):
    low, pan = degrade(noisy(truth(), snr), tmp_path)
    with opened(tmp_path, low, pan) as scene:
        assert find_noise(scene, Progress()) is None
        assert without_noise(scene, None) is scene


@pytest.mark.parametrize("snr", [25, 100])
def test_noise_is_measured_and_most_of_it_is_removed(tmp_path, degraded, snr):
    low, pan = degraded
    with opened(tmp_path, noisy(low, snr), pan) as scene:
        noise = find_noise(scene, Progress())
        np.testing.assert_allclose(noise.ratios, snr, rtol=0.25)
        assert np.median(noise.ratios) == pytest.approx(snr, rel=0.08)
        assert 6 <= noise.basis.shape[1] <= 8  # the materials, and chance
        left = rmse(without_noise(scene, noise).hsi.read().values, low)
    # noise inside of the subspace of six materials and the mean stays: the root of 7 of 60 parts of its power
    assert left < 0.45 * rmse(noisy(low, snr), low)


def test_a_spectrum_unlike_all_others_stays(tmp_path, degraded):
    low, pan = degraded
    spoiled = noisy(low, 100)
    line = np.zeros(BANDS)
    line[33] = 0.6 * low[33, 17, 21]
    spoiled[:, 17, 21] -= line
    with opened(tmp_path, spoiled, pan) as scene:
        noise = find_noise(scene, Progress())
        kept = without_noise(scene, noise).hsi.read().values[:, 17, 21]
        smooth = without_noise(scene, noise).hsi.read().values[:, 17, 22]
    assert kept[33] == pytest.approx(spoiled[33, 17, 21], abs=0.1 * line[33])
    assert smooth[33] == pytest.approx(low[33, 17, 22], rel=0.02)


def test_parts_and_bands_are_those_of_the_whole_and_travel_to_other_processes(tmp_path, degraded):
    low, pan = degraded
    with opened(tmp_path, noisy(low, 50), pan) as scene:
        view = without_noise(scene, find_noise(scene, Progress()))
        whole = view.hsi.read().values
        part = view.hsi_rows(3, 9, (5, 30)).values
        np.testing.assert_allclose(part, whole[:, 3:9, 5:30], rtol=1e-5)
        some = view.hsi.read(bands=[40, 2]).values
        np.testing.assert_array_equal(some, whole[[40, 2]])
        again = pickle.loads(pickle.dumps(view.hsi))
        assert isinstance(again, DenoisedReader)
        np.testing.assert_array_equal(again.read().values, whole)
        again.close()


def test_a_pixel_that_misses_a_sample_stays_as_it_is(tmp_path, degraded):
    low, pan = degraded
    spoiled = noisy(low, 50).astype(np.float32)
    spoiled[10, 4, 4] = np.nan
    with opened(tmp_path, spoiled, pan) as scene:
        block = without_noise(scene, find_noise(scene, Progress())).hsi.read()
    assert not block.valid[10, 4, 4]
    assert block.valid.sum() == block.valid.size - 1
    others = np.arange(BANDS) != 10
    np.testing.assert_array_equal(block.values[others, 4, 4], spoiled[others, 4, 4])
    assert not np.array_equal(block.values[:, 4, 5], spoiled[:, 4, 5])


@pytest.mark.parametrize("kind", ["few bands", "few pixels", "nothing but noise"])
def test_where_noise_cannot_be_told_nothing_is_removed(tmp_path, degraded, kind):
    low, pan = degraded
    spoiled = noisy(low, 50)
    if kind == "few bands":
        spoiled = spoiled[::4]
    elif kind == "few pixels":
        spoiled, pan = spoiled[:, :10, :10], pan[:, : 10 * RATIO, : 10 * RATIO]
    else:
        spoiled = np.random.default_rng(3).normal(1000, 100, low.shape)
    with opened(tmp_path, spoiled, pan) as scene:
        assert find_noise(scene, Progress()) is None


def test_jobs_remove_it_and_say_so(tmp_path, degraded):
    low, pan = degraded
    told, fine = {"mtf": 0.3, "shift": "none"}, str(tmp_path / "fine.tif")
    classical(*files(tmp_path, low, pan), fine, **told)
    with RasterReader(fine) as fused:
        wanted = fused.read().values
    hsi, sharp = files(tmp_path, noisy(low, 30), pan)
    error = {}
    for denoise in ("auto", "off"):
        said, out = Said(), str(tmp_path / f"{denoise}.tif")
        checks = classical(hsi, sharp, out, denoise=denoise, progress=said, **told)["checks"]
        with RasterReader(out) as fused:
            error[denoise] = rmse(fused.read().values, wanted)
        assert any("DENOISE" in line and "white noise" in line for line in said.infos) == (denoise == "auto")
        assert ("without its noise" in checks[0]["text"]) == (denoise == "auto")
    assert error["auto"] < 0.5 * error["off"]
    report = tmp_path / "report.html"
    found = inspect(hsi, sharp, report=str(report))["noise"]
    assert found["snr"] == pytest.approx(30, rel=0.1)
    assert found["components"] < found["bands"] == BANDS
    assert "white noise of its detectors" in report.read_text(encoding="utf-8")
