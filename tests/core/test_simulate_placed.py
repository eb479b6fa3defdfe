"""Simulated pairs at any real ratio: on grids of their own, distorted, blurred along each axis, with noise."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.analytic import Placed, Waves, read, write
from benchmarks.grids import CORNER, GAIN
from core.scene.elsewhere import Distortion
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.simulate import simulate


@pytest.mark.parametrize("ratio", [1.5, 2.4, 3.6])
def test_simulate_makes_pairs_of_real_ratios(tmp_path, ratio):
    scene = Waves.random(3, 25.0, origin=CORNER)
    place = Placed((CORNER[0], 7.5, 0.0, CORNER[1], 0.0, -7.5), 101, 90)
    truth = str(tmp_path / "truth.tif")
    write(truth, scene.on(place), place)
    hsi, pan, out = (str(tmp_path / name) for name in ("h.tif", "p.tif", "o.tif"))
    made = simulate(truth, ratio, hsi, pan, pan_bands="1-10", mtf_hsi=GAIN)
    rows, cols = int(101 / ratio), int(90 / ratio)
    assert (made["rows"], made["cols"], made["ratio"]) == (rows, cols, ratio)
    values, where = read(hsi)
    assert where.transform == (CORNER[0], 7.5 * ratio, 0.0, CORNER[1], 0.0, -7.5 * ratio)
    inner = np.s_[:, 5:-5, 5:-5]
    exact = scene.on(where, GAIN)
    assert np.abs(values - exact)[inner].max() < 0.01 * scene.mean.mean()
    image, lies = read(pan)
    assert (lies.rows, lies.cols) == (made["pan_rows"], made["pan_cols"])
    assert 0 <= lies.rows - rows * ratio < 1
    np.testing.assert_allclose(image, scene.on(lies)[:10].mean(axis=0, keepdims=True), rtol=1e-6)
    classical(hsi, pan, out, mtf=GAIN, shift="none")
    scores = assess(out, reference=truth, hsi=hsi, pan=pan, mtf=GAIN, shift="none")
    assert scores["ratio"] == ratio
    assert scores["ergas"] < 6


@pytest.mark.parametrize(
    ("more", "epsg"),
    [({"pan_rotation": 25.0}, 32633), ({"pan_crs": "EPSG:32632"}, 32632), ({"pan_crs": "EPSG:4326"}, 4326)],
)
def test_simulate_makes_a_pan_on_a_grid_of_its_own(tmp_path, more, epsg):
    """It shows the reference's ground where its own grid says, and the pair is sharpened on the reference's grid."""
    scene = Waves.random(3, 25.0, origin=CORNER)
    place = Placed((CORNER[0], 7.5, 0.0, CORNER[1], 0.0, -7.5), 96, 100)
    truth, hsi, pan, out = (str(tmp_path / name) for name in ("truth.tif", "h.tif", "p.tif", "o.tif"))
    write(truth, scene.on(place), place)
    made = simulate(truth, 4, hsi, pan, pan_bands="1-10", mtf_hsi=GAIN, **more)
    image, lies = read(pan)
    assert (lies.rows, lies.cols, lies.epsg) == (made["pan_rows"], made["pan_cols"], epsg)
    exact, valid = scene.on(lies)[:10].mean(axis=0), np.isfinite(image[0])
    assert 0.45 < valid.mean() < 0.99
    inside = valid & (np.hypot(*(axis - axis.mean() for axis in lies.centres())) < 40 * 7.5)
    assert np.abs(image[0] - exact)[inside].mean() < 0.01 * exact.mean()
    classical(hsi, pan, out, mtf=GAIN, shift="none")
    assert read(out)[1].transform == pytest.approx(place.transform)
    plain = simulate(truth, 4, str(tmp_path / "h1.tif"), str(tmp_path / "p1.tif"), pan_bands="1-10", mtf_hsi=GAIN)
    classical(plain["hsi"], plain["pan"], str(tmp_path / "o1.tif"), mtf=GAIN, shift="none")
    scores = [assess(str(tmp_path / name), reference=truth, ratio=4, crop=16)["ergas"] for name in ("o.tif", "o1.tif")]
    assert scores[0] < 1.1 * scores[1]


def test_simulate_distorts_the_pan_by_as_much_as_told(tmp_path):
    scene = Waves.random(3, 25.0, origin=CORNER)
    place = Placed((CORNER[0], 7.5, 0.0, CORNER[1], 0.0, -7.5), 200, 200)
    truth, hsi, pan = (str(tmp_path / name) for name in ("truth.tif", "h.tif", "p.tif"))
    write(truth, scene.on(place), place)
    simulate(truth, 4, hsi, pan, pan_bands="1-10", pan_distortion=2.0, seed=5)
    image, lies = read(pan)
    assert lies.transform == place.transform
    field = Distortion.random(2.0, (200, 200), 5)
    rows, cols = np.mgrid[:200, :200] + 0.5
    down, right = field.positions(rows, cols)
    assert 1.5 < np.abs(down - rows).max() <= 2.0
    moved = [np.asarray(axis) for axis in (CORNER[0] + right * 7.5, CORNER[1] - down * 7.5)]
    turn = (
        2
        * np.pi
        * (
            scene.frequencies[:, 0, None] * (moved[0].ravel() - scene.origin[0])
            + scene.frequencies[:, 1, None] * (moved[1].ravel() - scene.origin[1])
        )
    )
    exact = scene.mean[:10].mean() + scene.amplitudes[:10].mean(axis=0) @ np.cos(turn + scene.phases[:, None])
    inner = np.isfinite(image[0])
    assert inner.mean() > 0.95
    assert np.abs(image[0] - exact.reshape(200, 200))[inner].mean() < 0.005 * scene.mean.mean()


def test_simulate_blurs_along_each_axis_as_told_and_adds_noise_by_a_seed(tmp_path):
    scene = Waves.random(3, 25.0, origin=CORNER)
    place = Placed((CORNER[0], 7.5, 0.0, CORNER[1], 0.0, -7.5), 120, 120)
    truth = str(tmp_path / "truth.tif")
    write(truth, scene.on(place), place)
    made = {}
    for name, more in {
        "plain": {},
        "noisy": {"snr_hsi": 50, "snr_pan": 100},
        "again": {"snr_hsi": 50, "snr_pan": 100},
    }.items():
        hsi, pan = (str(tmp_path / f"{name}_{image}.tif") for image in ("hsi", "pan"))
        simulate(truth, 2.4, hsi, pan, pan_bands="1-10", mtf_hsi="0.15,0.4", seed=7, **more)
        made[name] = read(hsi), read(pan)
    (values, where), (image, _) = made["plain"]
    exact, inner = scene.on(where, (0.15, 0.4)), np.s_[:, 5:-5, 5:-5]
    swapped = scene.on(where, (0.4, 0.15))
    assert np.abs(values - exact)[inner].mean() < 0.1 * np.abs(values - swapped)[inner].mean()
    for place, (plain, snr) in enumerate(((values, 50), (image, 100))):
        noise = made["noisy"][place][0] - plain
        level = plain.mean(axis=(1, 2)) / snr
        np.testing.assert_allclose(noise.std(axis=(1, 2)), level, rtol=0.1)
        assert np.abs(noise.mean(axis=(1, 2)) / level).max() < 0.1
        np.testing.assert_array_equal(made["again"][place][0], made["noisy"][place][0])
