"""A cloud in a sharper image of several bands harms nothing outside of it; the subspace of what such bands leave."""

from __future__ import annotations

import numpy as np
import pytest

from core.calibration.contradictions import contradictions
from core.fusion.engine import fuse
from core.fusion.prior import RegressionPrior
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.scene.statistics import scene_statistics

HIGH, LOW = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0), (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)
RATIO, SIDE, BANDS = 4, 128, 9
CLOUD = np.s_[40:80, 48:88]


@pytest.fixture(scope="module")
def images():
    """(HSI, sharp bands, what each band of the HSI has of a source that they do not show)."""
    rng = np.random.default_rng(3)
    sources = rng.random((4, SIDE, SIDE)) * 0.3
    for size in (3, 7, 15):
        coarse = rng.random((4, SIDE // size + 2, SIDE // size + 2))
        sources += np.kron(coarse, np.ones((1, size, size)))[:, :SIDE, :SIDE]
    hidden = np.linspace(-1, 1, BANDS)
    truth = 1000 + np.tensordot(rng.random((BANDS, 3)) * 300, sources[:3], 1) + 40 * hidden[:, None, None] * sources[3]
    low = Operators((SIDE // RATIO,) * 2, (SIDE, SIDE), RATIO).down(truth)
    return low, 100 + 500 * sources[:3], hidden


def opened(images, make_raster, tmp_path, cloud):
    hsi, pan = images[0], images[1].copy()
    if cloud:
        pan[:, CLOUD[0], CLOUD[1]] = 20000.0
    return open_pair(
        make_raster(tmp_path / "hsi.tif", hsi.astype(np.float32), LOW),
        make_raster(tmp_path / "pan.tif", pan.astype(np.float32), HIGH),
    )


def without_cloud(scene):
    mask = np.zeros(scene.low_shape, bool)
    mask[9:21, 11:23] = True  # what the cloud covers, and a pixel around
    return scene.without(mask, mask)


def fused(scene):
    method = RegressionPrior(scene_statistics(scene, 0.3, 4), 0.3).fit(scene)
    out = np.zeros((BANDS, SIDE, SIDE), np.float32)
    for piece in fuse(scene, method):
        rows = slice(piece.window.row, piece.window.row + piece.window.rows)
        out[:, rows] = piece.values
    return out


@pytest.mark.parametrize("band", range(3))
def test_a_thin_cloud_is_found_in_whichever_band_shows_it(images, make_raster, tmp_path, band):
    hsi, pan = images[0], images[1].copy()
    pan[band][CLOUD] += 3 * pan[band].std()
    files = [
        make_raster(tmp_path / "hsi.tif", hsi.astype(np.float32), LOW),
        make_raster(tmp_path / "pan.tif", pan.astype(np.float32), HIGH),
    ]
    with open_pair(*files) as scene:
        found = contradictions(scene)
    assert found[11:19, 13:21].all()
    found[8:22, 10:24] = False  # the cloud, and what its blur reaches
    assert not found.any()


def test_statistics_are_those_of_the_same_pixels_without_the_cloud(images, make_raster, tmp_path):
    with opened(images, make_raster, tmp_path, cloud=False) as scene:
        clear = scene_statistics(scene, 0.3, 4)
    with opened(images, make_raster, tmp_path, cloud=True) as scene:
        clouded = scene_statistics(without_cloud(scene), 0.3, 4)
    assert np.abs(clouded.gains - clear.gains).max() < 0.05 * np.abs(clear.gains).max()
    for name in ("pan_mean", "pan_std", "detail_std"):
        np.testing.assert_allclose(getattr(clouded, name), getattr(clear, name), rtol=0.1)


def test_nothing_of_the_cloud_comes_into_the_result(images, make_raster, tmp_path):
    with opened(images, make_raster, tmp_path, cloud=False) as scene:
        clear = fused(scene)
    with opened(images, make_raster, tmp_path, cloud=True) as scene:
        clouded = fused(without_cloud(scene))
    far = np.ones((SIDE, SIDE), bool)
    far[28:92, 36:100] = False  # the cloud, and two HSI pixels beyond those that are left out
    difference = np.abs(clouded - clear)
    assert difference[:, far].max() < 0.1 * clear.std()
    assert difference.max() < 3 * clear.std()


def test_the_subspace_is_what_the_sharp_bands_do_not_show(images, make_raster, tmp_path):
    hidden = images[2] / np.linalg.norm(images[2])
    with opened(images, make_raster, tmp_path, cloud=False) as scene:
        statistics = scene_statistics(scene, 0.3, 1)
    pattern = statistics.basis[:, 0] * statistics.std
    assert abs(pattern @ hidden) / np.linalg.norm(pattern) > 0.98
