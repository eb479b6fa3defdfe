"""Published facts of sensors, and the places where a sensor's name stands for a number."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.reader import RasterReader
from core.operators.sensors import SENSORS, find_sensor, mtf_gains, pan_range, sensor_of_file
from core.runtime.errors import InputError
from core.workflows.gains import as_given
from core.workflows.options.gain import given_gain
from core.workflows.simulate import simulate
from tests.core.said import Said


@pytest.mark.parametrize("sensor", SENSORS.values(), ids=list(SENSORS))
def test_every_number_has_a_source(sensor):
    assert bool(sensor.pan_range) == bool(sensor.pan_source)
    assert bool(sensor.mtf_gains) == bool(sensor.mtf_gains_source)
    assert all(0 < gain < 1 for gain in sensor.mtf_gains)
    if sensor.pan_range:
        assert 300 < sensor.pan_range[0] < sensor.pan_range[1] < 1000


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("enmap", "EnMAP"),
        (" EnMAP ", "EnMAP"),
        ("WorldView 3", "WorldView-3"),
        ("wv2", "WorldView-2"),
        ("QB", "QuickBird"),
    ],
)
def test_names_are_understood_as_users_write_them(name, expected):
    assert find_sensor(name).name == expected


def test_an_unknown_sensor_is_told_with_the_nearest_one():
    with pytest.raises(InputError, match=r"no sensor known here; is it prisma\?"):
        find_sensor("prsima")
    with pytest.raises(InputError, match=r"no sensor known here; choose one of prisma, enmap"):
        find_sensor("qqqqqq")


def test_where_a_gain_is_asked_for_no_sensor_without_one_is_named():
    with pytest.raises(InputError, match="neither a number nor a sensor whose MTF gain is published") as refused:
        mtf_gains("qqqqqq")
    assert "prisma" in str(refused.value)
    assert not any(key in str(refused.value) for key, sensor in SENSORS.items() if not sensor.mtf_gains)


def test_gain_of_enmap_is_the_mean_of_both_directions():
    # Gaussians of gain 0.25 and 0.16: the mean of their variances has the gain sqrt(0.25 * 0.16) = 0.2.
    variances = [-2 * np.log(gain) for gain in (0.25, 0.16)]
    assert mtf_gains("enmap") == pytest.approx([np.exp(-np.mean(variances) / 2)])


@pytest.mark.parametrize("mtf", [0.25, "0.25", " 0.25"])
def test_a_number_is_a_number(mtf):
    progress, given = Said(), given_gain(mtf)
    assert (given.gain, as_given(given, None, progress).source) == (0.25, "given")
    assert progress.infos == []


def test_the_mean_of_several_gains_is_used_and_said_so():
    progress = Said()
    chosen = as_given(given_gain("quickbird"), None, progress)
    assert chosen.gain == pytest.approx((0.34 + 0.32 + 0.30 + 0.22) / 4)
    assert (chosen.source, chosen.sensor) == ("published", "QuickBird")
    assert chosen.said == "0.295, published for QuickBird"
    assert "the mean of 0.34, 0.32, 0.3, 0.22" in progress.infos[0]
    assert "Aiazzi" in progress.infos[0]


def test_two_numbers_are_along_and_across_and_sensors_have_such_where_they_are_published():
    assert given_gain("0.2, 0.35").gain == (0.2, 0.35)
    assert given_gain("enmap").gain == (0.16, 0.25)
    assert given_gain("PRISMA").gain == pytest.approx(np.sqrt(0.054 * 0.096), abs=1e-3)
    assert given_gain("tanager").gain == pytest.approx(np.sqrt(0.253 * 0.488), abs=1e-3)
    assert given_gain("auto") is None


def test_groups_of_bands_have_gains_of_their_own_and_share_the_mean_blur():
    given = given_gain("400-1000nm:0.2,0.3; 1000-2500 nm: 0.15")
    assert [(group.first, group.last, group.gain) for group in given.groups] == [
        (400.0, 1000.0, (0.2, 0.3)),
        (1000.0, 2500.0, 0.15),
    ]
    # The variances are -2 log(gain) of some unit: their mean has the gain of the geometric mean.
    assert given.gain == pytest.approx((np.sqrt(0.2 * 0.15), np.sqrt(0.3 * 0.15)))
    assert given_gain("400-1000:0.2;1000-2500:0.3").gain == pytest.approx(np.sqrt(0.2 * 0.3))


def test_the_model_has_a_gain_where_there_is_a_model():
    assert given_gain("model", model=True) is None
    with pytest.raises(InputError, match="reads no model file"):
        given_gain("model")


def test_names_of_products_tell_the_sensor():
    assert sensor_of_file("PRS_L2D_STD_20200101000000_20200101000004_0001.he5").name == "PRISMA"
    assert sensor_of_file("ENMAP01-____L2A-DT0000001000_SPECTRAL_IMAGE.TIF").name == "EnMAP"
    assert sensor_of_file("hsi.tif") is None


@pytest.mark.parametrize(
    ("mtf", "words"),
    [
        ("1.5", "between 0 and 1"),
        ("nan", "between"),
        ("eo-1", "a number"),
        ("0.2,0.3,0.4", "two"),
        ("0.2,x", "two"),
        ("0.2,1.2", "between 0 and 1"),
        ("400-1000nm:", "one gain"),
        ("400-1000nm:1.5", "between 0 and 1"),
        ("400-1000nm:0.2;900-2500nm:0.1", "overlap"),
        ("1000-400nm:0.2", "first and the last"),
        ("vnir:0.2", "first and the last"),
    ],
)
def test_what_is_no_gain_is_refused(mtf, words):
    with pytest.raises(InputError, match=words):
        given_gain(mtf)


def test_a_sensor_without_panchromatic_band_is_refused():
    assert pan_range("ALI") == (480.0, 690.0)
    with pytest.raises(InputError, match="no panchromatic band"):
        pan_range("enmap")


def test_simulation_takes_the_gain_of_each_band_and_the_range_of_the_sensor(make_raster, tmp_path):
    values = np.random.default_rng(0).random((4, 48, 48)).astype(np.float32)
    reference = make_raster(tmp_path / "reference.tif", values)
    outputs = [str(tmp_path / name) for name in ("a.tif", "p.tif", "b.tif")]
    simulate(reference, 4, outputs[0], outputs[1], pan_bands="1-2", mtf_hsi="quickbird")
    simulate(reference, 4, outputs[2], outputs[1], pan_bands="1-2", mtf_hsi=[0.34, 0.32, 0.30, 0.22])
    first, second = (RasterReader(outputs[n]).read().values for n in (0, 2))
    np.testing.assert_array_equal(first, second)
    reference = make_raster(tmp_path / "three.tif", values[:3])
    with pytest.raises(InputError, match="for 4 bands, but the image has 3"):
        simulate(reference, 4, outputs[0], outputs[1], pan_bands="1-2", mtf_hsi="quickbird")


def test_the_pan_of_a_sensor_is_made_of_its_wavelengths(scenes, tmp_path):
    made = simulate(
        str(scenes / "eo1_paris" / "hsi.tif"), 2, str(tmp_path / "h.tif"), str(tmp_path / "p.tif"), pan_range="eo-1"
    )
    waves = RasterReader(str(scenes / "eo1_paris" / "hsi.tif")).metadata.wavelengths
    assert made["pan_bands"] == [n + 1 for n, wave in enumerate(waves) if 480 <= wave <= 690]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("0,3", "0.3"), ("0, 35", "0.35"), ("400-1000nm:0,3;1000-2500nm:0.15", "0.3")],
)
def test_a_decimal_comma_is_told_from_two_gains(text, meant):
    with pytest.raises(InputError, match=rf"two gains, along and across, and none is 0: is it {meant}\?"):
        given_gain(text)
