"""Bands of two detectors that see the same wavelengths: one rule for all images."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from core.products.band_rule import BandRule
from core.products.claims import Claims, open_claimed
from core.products.detectors import by_steps, joined
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.workflows.classical import classical

WAVES = [450.0, 700.0, 950.0, 1000.0, 905.0, 960.0, 1600.0]  # as EnMAP's: the wavelength steps back once
VALUES = np.arange(1, 7 * 12 * 12 + 1, dtype=np.int16).reshape(7, 12, 12)


@pytest.fixture
def image(tmp_path, write_raster):
    items = [{"wavelength": str(wave), "wavelength_units": "nm"} for wave in WAVES]
    return write_raster(tmp_path / "hsi.tif", VALUES, items=items)


@pytest.mark.parametrize(
    ("rule", "bands"),
    [
        (BandRule(), range(7)),
        (BandRule("keep"), range(7)),
        (BandRule("drop"), [0, 1, 4, 5, 6]),
        (BandRule("955"), [0, 1, 2, 5, 6]),
        (BandRule("955 nm", True), [0, 1, 2, 5, 6]),
        (BandRule("keep", True), [0, 1, 4, 2, 5, 3, 6]),
        (BandRule("", False), range(7)),
    ],
)
def test_the_original_order_and_all_bands_are_kept_unless_asked_otherwise(image, rule, bands):
    with open_raster(image, rule=rule) as hsi:
        assert hsi.metadata.wavelengths == tuple(WAVES[band] for band in bands)
        np.testing.assert_array_equal(hsi.read().values, VALUES[list(bands)])
        assert hsi.band_numbers == [band + 1 for band in bands]


def test_what_is_claimed_of_a_file_counts_for_the_bands_that_are_left_and_travels(image):
    with open_claimed(image, "hsi", Claims("5", crs="EPSG:32632", rule=BandRule("drop")), Progress()) as hsi:
        assert not hsi.read().valid[0, 0, 4]
        assert hsi.metadata.nodata == 5
        with pickle.loads(pickle.dumps(hsi)) as other:
            assert other.grid == hsi.grid
            np.testing.assert_array_equal(other.read().valid, hsi.read().valid)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("870", "overlap from 905 to 1000 nm; choose another wavelength"),
        ("half", "must be keep, drop, or the wavelength"),
    ],
)
def test_what_cannot_be_followed_is_refused(image, rule, sentence):
    with pytest.raises(InputError, match=sentence):
        open_raster(image, rule=BandRule(rule))


def test_bands_without_wavelengths_cannot_be_sorted(tmp_path, write_raster):
    path = write_raster(tmp_path / "plain.tif", VALUES)
    with pytest.raises(InputError, match="has bands without a wavelength"):
        open_raster(path, rule=BandRule("", True))


def test_detectors_are_told_by_where_the_wavelength_steps_back():
    assert by_steps([450, 700, 950, 905, 1600]) == ["detector 1"] * 3 + ["detector 2"] * 2
    assert by_steps([1000, 800, 400, 2400, 1600, 950]) == ["detector 1"] * 3 + ["detector 2"] * 3
    assert by_steps([450, 700]) == ["detector 1"] * 2


def test_three_detectors_are_joined_where_two_of_them_overlap():
    waves, detectors = [400.0, 610.0, 600.0, 900.0, 890.0, 1200.0], ["a", "a", "b", "b", "c", "c"]
    assert joined(waves, detectors, "drop", "x") == [0, 2, 4, 5]
    assert joined(waves, detectors, "895", "x") == [0, 1, 2, 5]


def test_a_job_follows_the_rule(image, tmp_path, write_raster):
    pan = write_raster(tmp_path / "pan.tif", np.kron(VALUES[0], np.ones((3, 3), np.int16)), pixel=10.0)
    options = {"mtf": 0.3, "shift": "none", "detectors": "drop", "band_order": "wavelength"}
    made = classical(image, pan, str(tmp_path / "out.tif"), **options)
    assert made["bands"] == 5
