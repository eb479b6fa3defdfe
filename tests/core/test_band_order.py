"""An order of bands is told by the shape of spectra, also where these have their peak in the middle."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest

from core.models.band_order import check_guides_order, warn_of_order
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.scene.distribution import QUANTILES, Distribution

# As of vegetation from 420 to 2450 nm: likeness 1, reversed 0.74.
LEVEL = np.array([3.0, 5, 4, 17, 20, 16, 10, 8, 6, 5])
WAVES = np.linspace(420, 2450, len(LEVEL)).tolist()


def distribution(level):
    spread = 0.1 * level
    quantiles = level[:, None] + spread[:, None] * np.linspace(-1.6, 1.6, len(QUANTILES))
    return Distribution(level, spread, quantiles, level / 5, level / level.max(), 5.0, 1.0, np.arange(5.0))


def warned(level, waves):
    texts = []
    told = Progress()
    told.warning = texts.append
    scene = SimpleNamespace(hsi=SimpleNamespace(name="a.tif", metadata=SimpleNamespace(wavelengths=waves)))
    trained = SimpleNamespace(header={"wavelengths": WAVES})
    good = np.ones(len(level), bool)
    warn_of_order(trained, distribution(LEVEL), distribution(level), good, scene, "m.ssml", told)
    return texts


@pytest.mark.parametrize("waves", [WAVES, [None] * len(WAVES)])
def test_spectra_with_a_peak_in_the_middle_tell_a_reversed_order(waves):
    assert 0.6 < np.corrcoef(LEVEL, LEVEL[::-1])[0, 1] < 0.75
    (text,) = warned(LEVEL[::-1].copy(), waves)
    assert "a.tif seem to lie in reversed order" in text
    assert ("or correct its wavelengths" in text) == (waves is WAVES)
    assert warned(LEVEL, waves) == []


@pytest.mark.parametrize("waves", [WAVES, [None] * len(WAVES)])
def test_other_ground_in_the_right_order_is_not_warned_of(waves):
    soil = np.array([5.0, 7, 9, 12, 14, 16, 17, 15, 16, 15])
    assert warned(soil, waves) == []


def sharp_band(peak, width=2.0, noise=0.0):
    """A sharp band that is most like the HSI's band at a peak."""
    correlation = np.exp(-(((np.arange(len(LEVEL)) - peak) / width) ** 2)) * (1.0 - noise)
    return replace(distribution(LEVEL), correlation=correlation)


TRAINED = [sharp_band(1), sharp_band(3), sharp_band(5), sharp_band(8)]


def checked(found, waves=(None,) * 4, own=(None,) * 4, numbers=(1, 2, 3, 4)):
    """What is warned of; a refusal is raised."""
    texts = []
    told = Progress()
    told.warning = texts.append
    pan = SimpleNamespace(name="b.tif", band_numbers=list(numbers), metadata=SimpleNamespace(wavelengths=waves))
    check_guides_order(
        TRAINED, found, np.ones(len(LEVEL), bool), pan, list(own), "those of c.tif", "choose {numbers}", told
    )
    return texts


@pytest.mark.parametrize("order", list(permutations(range(4)))[1:])
def test_sharp_bands_in_another_order_are_refused_with_the_order_that_fits(order):
    with pytest.raises(InputError, match="lie in another order") as caught:
        checked([TRAINED[band] for band in order], numbers=(10, 20, 30, 40))
    numbers = str(caught.value).partition("; choose ")[2].rstrip(".")
    assert [order[int(number) // 10 - 1] for number in numbers.split(",")] == [0, 1, 2, 3]


def test_sharp_bands_of_other_ground_or_noise_are_taken_as_they_lie():
    assert checked(TRAINED) == []
    assert checked([sharp_band(peak, 3.0, 0.1) for peak in (1.4, 3.3, 5.2, 7.5)]) == []
    assert checked([sharp_band(4, 9.0)] * 4) == []  # all alike


def test_wavelengths_count_more_than_likeness():
    waves = (480.0, 560.0, 660.0, 830.0)
    (text,) = checked(TRAINED[::-1], waves, waves)
    assert "though not their wavelengths" in text
    with pytest.raises(InputError):
        checked(TRAINED[::-1], waves)
