"""Published responses of multispectral sensors, and what is told of sharp bands by them."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.array_image import ArrayImage
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.operators.pair import Operators
from core.operators.response import band_weights
from core.operators.response_tables import centre, published_bands, published_sensor, published_sensors
from core.runtime.errors import InputError
from core.workflows.inspect import inspect
from core.workflows.simulate import simulate

SIDE, RATIO = 96, 3
# Central wavelengths in nm as ESA publishes them (Sentinel-2 user guide), and USGS for Landsat 8.
CENTRES = {
    "sentinel-2a": {"B02": 492.4, "B03": 559.8, "B04": 664.6, "B05": 704.1, "B8A": 864.7, "B11": 1613.7, "B12": 2202.4},
    "sentinel-2b": {"B02": 492.1, "B04": 664.9, "B06": 739.1, "B08": 832.9, "B11": 1610.4, "B12": 2185.7},
    "landsat-8-oli": {
        "B1": 442.96,
        "B2": 482.04,
        "B3": 561.41,
        "B4": 654.59,
        "B5": 864.67,
        "B6": 1608.86,
        "B7": 2200.73,
    },
}


@pytest.mark.parametrize("key", CENTRES)
def test_central_wavelengths_are_those_that_are_published(key):
    responses = published_sensors()[key].responses
    for band, wave in CENTRES[key].items():
        assert centre(responses[band]) == pytest.approx(wave, abs=1.2)


def test_all_responses_are_curves_between_0_and_1():
    for sensor in published_sensors().values():
        for response in sensor.responses.values():
            assert (np.diff(response.wavelengths) > 0).all()
            assert response.response.min() == 0
            assert 0.95 <= response.response.max() <= 1


def test_a_sensor_is_found_in_any_spelling_and_others_are_not():
    assert published_sensor("Sentinel 2C").name == "Sentinel-2C MSI"
    assert published_sensor("spot-7") is None


def test_the_satellite_is_told_by_its_wavelengths():
    bands = published_bands([492.3, 558.9, 664.9, 832.9, 1610.4, 2185.7])
    assert [one.sensor for one in bands] == ["Sentinel-2B MSI"] * 6
    assert [one.name for one in bands] == ["B02", "B03", "B04", "B08", "B11", "B12"]
    assert published_bands([441.5, 490.0, 531.0, 565.0, 610.0, 665.0, 705.0, 865.0])[4].name == "yellow"
    assert published_bands([None, 1000.0]) == [None, None]


def pair(tmp_path, offset):
    """An HSI of 60 bands in reflectance, and Sentinel-2A's bands of 10 m of it with an offset."""
    rng, waves = np.random.default_rng(2), np.linspace(420, 950, 60)
    shapes = np.stack([np.exp(-(((waves - mid) / 90) ** 2)) for mid in (450, 550, 680, 850)], 1)
    sources = rng.random((4, SIDE, SIDE)) * 0.05
    for size in (3, 8, 16):
        coarse = rng.random((4, SIDE // size + 2, SIDE // size + 2)) * 0.1
        sources += np.kron(coarse, np.ones((1, size, size)))[:, :SIDE, :SIDE]
    truth = 0.02 + np.tensordot(shapes, sources, 1)
    sensor = published_sensor("sentinel-2a")
    sharp = []
    for band in ("B02", "B03", "B04", "B08"):
        weights = band_weights(sensor.responses[band], waves.tolist(), "the scene")
        sharp.append(sum(weight * truth[band] for band, weight in weights.items()) + offset)
    low = Operators((SIDE // RATIO,) * 2, (SIDE, SIDE), RATIO).down(truth.astype(np.float32))
    paths = []
    for name, values, pixel, own in (
        ("hsi", low, 30.0, waves),
        ("pan", np.stack(sharp), 10.0, (492.4, 559.8, 664.6, 832.8)),
    ):
        metadata = RasterMetadata.plain(len(values), "float32").replace(wavelengths=tuple(map(float, own)))
        grid = Grid(500000.0, 5800000.0, pixel, -pixel, *values.shape[1:], "EPSG:32633")
        ArrayImage(values.astype(np.float32), grid, metadata).write(tmp_path / f"{name}.tif")
        paths.append(str(tmp_path / f"{name}.tif"))
    return paths


def test_sharp_bands_agree_with_the_hsi_by_their_published_responses(tmp_path):
    found = inspect(*pair(tmp_path, 0.0))["guide"]
    assert [one["sensor"] for one in found] == [f"Sentinel-2A MSI, {band}" for band in ("B02", "B03", "B04", "B08")]
    for one in found:
        assert one["gain"] == pytest.approx(1, abs=0.03)
        assert one["r2"] > 0.995
        assert one["agrees"]
        assert sum(one["weights"]) == pytest.approx(1, abs=1e-3)


def test_the_offset_of_sentinel_2_is_named(tmp_path):
    found = inspect(*pair(tmp_path, 0.1))
    assert any("0.1 that Sentinel-2 adds" in warning for warning in found["warnings"])
    assert not any(one["agrees"] for one in found["guide"])


def test_sharp_bands_are_simulated_by_their_published_responses(tmp_path):
    hsi, _ = pair(tmp_path, 0.0)
    out = [str(tmp_path / name) for name in ("low.tif", "high.tif")]
    simulate(hsi, 2, *out, pan_range="PlanetScope", mtf_hsi=0.3)
    with RasterReader(out[1]) as sharp, RasterReader(hsi) as reference:
        assert sharp.metadata.names[:2] == ("coastal blue", "blue")
        made, values, waves = sharp.read().values, reference.read().values, reference.metadata.wavelengths
    weights = band_weights(published_sensor("planetscope").responses["red"], waves, "the scene")
    expected = sum(weight * values[band] for band, weight in weights.items())
    np.testing.assert_allclose(made[5], expected, rtol=1e-5)
    with pytest.raises(InputError, match="response outside"):
        simulate(hsi, 2, *out, pan_range="sentinel-2a", mtf_hsi=0.3)
