"""An order of bands is told by the shape of spectra, also where these have their peak in the middle."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from core.models.band_order import warn_of_order
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
