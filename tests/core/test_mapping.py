from __future__ import annotations

import numpy as np
import pytest

from core.fusion.budget import BLOCK, choose_cut
from core.fusion.dependencies import Needs
from core.fusion.mapping import LinearMapping, Target
from core.fusion.method import Part, Support
from core.io.grid import Window
from core.operators.resample import upsampler
from core.runtime.progress import Progress
from core.runtime.threads import Workers


@pytest.mark.parametrize(("ratio", "phase"), [(2, 0.0), (3, 1.25), (6, 0.0), (16, 7.5)])
@pytest.mark.parametrize("bands", [2, 60])
def test_the_mapping_is_upsampling_plus_planes_for_any_part(ratio, phase, bands):
    rng = np.random.default_rng(ratio)
    low, planes, weights = rng.normal(size=(bands, 14, 60)), rng.normal(size=(5, 40, 200)), rng.normal(size=(bands, 5))
    up = upsampler((14, 60), (14 * ratio - 8, 60 * ratio - 8), ratio, (phase, phase))
    rows, cols = (3, 17), (1, min(200, 60 * ratio - 9))
    (top, bottom), (left, right) = up.support(rows, cols)
    part = low[:, top:bottom, left:right].astype(np.float32)
    some = planes[:, : rows[1] - rows[0], : cols[1] - cols[0]].astype(np.float32)
    expected = up(low)[:, slice(*rows), slice(*cols)] + np.tensordot(weights, some, 1)
    needs = Needs(cols, (left, right), (), None, cols, cols, (left, right))
    place = Part(rows, cols, (top, left))
    found = np.empty((rows[1] - rows[0], bands, cols[1] - cols[0]), np.float32)
    rounded = np.empty(found.shape, np.int16)
    valid = np.ones((found.shape[0], found.shape[2]), bool)
    with Workers(2) as workers:
        mapping = LinearMapping(up, needs, weights, workers, Progress())
        mapping(part, None, some, place, Target(found, valid, None, True))
        mapping(100 * part, None, 100 * some, place, Target(rounded, valid, None, True))
    np.testing.assert_allclose(found.transpose(1, 0, 2), expected, atol=2e-5)
    assert np.abs(rounded.transpose(1, 0, 2) - 100 * expected).max() <= 0.502


class Plain:
    """What the budget asks of a scene and a fitted method."""

    hsi = type("Hsi", (), {"bands": 200})
    low_shape, high_shape, guides = (15000, 1000), (90000, 6000), 1
    ratios, iterations, planes_count, support = (6, 6), 5, 13, Support(19, 1, 112, int(2e8))
    coefficients = np.zeros((200, 13))


def pieces(rows, cols, budget):
    heights, panels = choose_cut(Plain, Plain, Window(0, 0, rows, cols), budget, 2)
    assert (panels[0][0], panels[-1][1]) == (0, cols)
    assert [left for left, _ in panels[1:]] == [right for _, right in panels[:-1]]
    return heights.strip, heights.planes, max(right - left for left, right in panels)


def test_pieces_shrink_with_the_budget_and_not_with_the_number_of_rows():
    assert pieces(1200, 1200, 2e9) == pieces(90000, 1200, 2e9)
    sizes = [pieces(6000, 6000, budget) for budget in (4e9, 1e9, 7e8, 1e8)]
    assert [strip * width for strip, _, width in sizes] == sorted((s * w for s, _, w in sizes), reverse=True)
    assert pieces(6000, 6000, 1e12) == sizes[0]
    assert sizes[0][2] < 6000
    assert pieces(6000, 1500, 4e9)[2] == 1500
    assert sizes[-1][:2] == (BLOCK, BLOCK)
    assert all(strip % BLOCK == 0 and planes % BLOCK == 0 for strip, planes, _ in sizes)
