from __future__ import annotations

import numpy as np
import pytest

from core.operators.linear import Line
from core.operators.pair import Operators
from core.operators.resample import cubic_line, degrader, gaussian_line, gaussian_sigma, upsampler

RATIOS = range(2, 17)
LOW = 40


def quarter_phases(ratio):
    return [quarter / 4 for quarter in range(4 * ratio)]


def centres(ratio, phase, low, high):
    """Positions of the samples of both grids, in high-resolution pixels from the low grid's corner."""
    return (np.arange(low) + 0.5) * ratio, phase + np.arange(high) + 0.5


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 1.75])
def test_every_kernel_sums_to_one(ratio, phase):
    high = LOW * ratio - 2 * ratio
    for line in (cubic_line(LOW, high, ratio, phase), gaussian_line(high, LOW - 2, ratio, phase, 0.3)):
        np.testing.assert_allclose(line.weights.sum(axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("gain", [0.15, 0.2, 0.25, 0.3, 0.35, 0.4])
def test_degradation_passes_the_low_resolution_nyquist_frequency_with_the_gain_asked_for(ratio, gain):
    worst = 0.0
    for phase in sorted({0.0, 0.3, 0.5, 0.75, ratio / 2, ratio - 0.25}):
        line = gaussian_line(LOW * ratio, LOW, ratio, phase, gain)
        middle = LOW // 2
        index = line.first[middle] + np.arange(line.taps)
        centre = (middle + 0.5) * ratio - phase - 0.5
        response = np.sum(line.weights[middle] * np.exp(-1j * np.pi / ratio * (index - centre)))
        worst = max(worst, abs(abs(response) - gain))
    assert worst < 1e-3


def test_the_gaussians_width_is_the_closed_form():
    # exp(-2 pi^2 sigma^2 f^2) = G at f = 1 / (2 R)
    sigma = gaussian_sigma(0.3, 4)
    assert np.exp(-2 * np.pi**2 * sigma**2 / 64) == pytest.approx(0.3)


@pytest.mark.parametrize("gain", [0.0, 1.0, -0.1])
def test_a_gain_outside_zero_to_one_is_refused(gain):
    with pytest.raises(ValueError, match="between 0 and 1"):
        gaussian_sigma(gain, 4)


def test_cubic_weights_are_those_of_cubic_convolution():
    # Half-way between two samples with a = -0.75: a / 8 and 1/2 - a / 8 (by hand).
    line = cubic_line(10, 1, 4, 4 * 5 - 0.5)  # centred exactly on the border of two low pixels
    np.testing.assert_allclose(line.weights[0], [-0.09375, 0.59375, 0.59375, -0.09375], atol=1e-12)
    assert line.first[0] == 3


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_plane_passes_unchanged_at_every_quarter_pixel_phase(ratio):
    """Law: error below 1e-4 of the plane's step per high-resolution pixel, in the interior."""
    for phase in quarter_phases(ratio):
        high = (LOW - 1) * ratio
        at_low, at_high = centres(ratio, phase, LOW, high)
        lifted = cubic_line(LOW, high, ratio, phase).apply(at_low[None], -1)[0]
        inside = (at_high > 2.5 * ratio) & (at_high < (LOW - 2.5) * ratio)
        np.testing.assert_allclose(lifted[inside], at_high[inside], atol=1e-4)
        lowered = gaussian_line(high, LOW, ratio, phase, 0.3).apply(at_high[None], -1)[0]
        inside = (at_low > phase + 4.5 * ratio) & (at_low < phase + high - 4.5 * ratio)
        assert inside.sum() > 20
        np.testing.assert_allclose(lowered[inside], at_low[inside], atol=1e-4)


@pytest.mark.parametrize("ratio", [2, 3, 4, 5, 8])
def test_an_impulse_stays_where_it_is_on_average_over_all_phases(ratio):
    low = 24
    shifts_down, shifts_up = [], []
    down = degrader((low * ratio,) * 2, (low, low), ratio)
    up = upsampler((low, low), (low * ratio,) * 2, ratio)
    at_low = (np.arange(low) + 0.5) * ratio
    at_high = np.arange(low * ratio) + 0.5
    first = low // 2 * ratio
    for y in range(first, first + ratio):
        for x in range(first, first + ratio):
            image = np.zeros((low * ratio,) * 2)
            image[y, x] = 1.0
            lowered = down(image)
            total = lowered.sum()
            shifts_down.append(
                [(lowered.sum(1) @ at_low) / total - (y + 0.5), (lowered.sum(0) @ at_low) / total - (x + 0.5)]
            )
    image = np.zeros((low, low))
    image[low // 2, low // 2] = 1.0
    lifted = up(image)
    shifts_up = [(lifted.sum(axis) @ at_high) / lifted.sum() - (low // 2 + 0.5) * ratio for axis in (0, 1)]
    assert np.abs(np.mean(shifts_down, axis=0)).max() < 0.01
    assert np.abs(shifts_up).max() < 0.01


@pytest.mark.parametrize(
    ("ratio", "phase", "high"),
    [
        (2, (0.0, 0.0), (55, 46)),
        (3, (0.5, 2.25), (86, 72)),
        (6, (5.75, 1.0), (179, 150)),
        ((2.4, 2.4), (0.3, 1.1), (69, 60)),
        ((6, 5), (0.0, 0.0), (174, 125)),
        ((1.5, 7.5), (0.7, 3.3), (43, 187)),
    ],
)
def test_parts_equal_the_whole(ratio, phase, high):
    rng = np.random.default_rng(0)
    low = 31, 27
    operators = Operators(low, high, ratio, phase, 0.25)
    for operator, shape in ((operators.up, low), (operators.down, high), (operators.round_trip, low)):
        image = rng.random((2, *shape))
        whole = operator(image)
        for rows, cols in (((0, 5), (3, 9)), ((7, 8), (0, 4)), ((operator.shape[0] - 9, operator.shape[0]), (2, 20))):
            (top, bottom), (left, right) = operator.support(rows, cols)
            part = operator.part(image[:, top:bottom, left:right], rows, cols, (top, left))
            np.testing.assert_allclose(part, whole[:, slice(*rows), slice(*cols)], atol=1e-12)


def test_a_part_with_too_little_input_is_refused():
    line = gaussian_line(40, 10, 4)
    with pytest.raises(ValueError, match="are needed"):
        line.apply(np.zeros((1, 4)), -1, 5, 6, 20)


@pytest.mark.parametrize(("ratio", "phase"), [(2, 0.0), (3, 0.5), (5, 3.75)])
def test_the_adjoint_is_the_transpose(ratio, phase):
    """<U x, y> = <x, U^T y>."""
    rng = np.random.default_rng(1)
    low, high = (19, 23), (18 * ratio, 22 * ratio)
    for operator, given, made in (
        (upsampler(low, high, ratio, (phase, phase)), low, high),
        (degrader(high, low, ratio, (phase, phase)), high, low),
    ):
        x, y = rng.standard_normal(given), rng.standard_normal(made)
        assert np.vdot(operator(x), y) == pytest.approx(np.vdot(x, operator.adjoint_rows(y, 0)), rel=1e-10)
        pieces = sum(operator.adjoint_rows(y[start : start + 7], start) for start in range(0, made[0], 7))
        np.testing.assert_allclose(pieces, operator.adjoint_rows(y, 0), atol=1e-12)


@pytest.mark.parametrize(("ratio", "phase"), [(2, 0.5), (4, 0.0), (7, 6.25)])
def test_a_composed_line_equals_one_line_after_the_other(ratio, phase):
    rng = np.random.default_rng(2)
    x = rng.random((3, 30))
    up = cubic_line(30, 29 * ratio, ratio, phase)
    down = gaussian_line(29 * ratio, 30, ratio, phase, 0.3)
    np.testing.assert_allclose(down.after(up).apply(x, -1), down.apply(up.apply(x, -1), -1), atol=1e-12)


def test_lines_work_along_rows_as_along_columns():
    rng = np.random.default_rng(3)
    x = rng.random((2, 30, 12))
    line = cubic_line(30, 88, 3, 1.25)
    np.testing.assert_allclose(line.apply(x, -2), np.swapaxes(line.apply(np.swapaxes(x, 1, 2), -1), 1, 2), atol=1e-12)


def test_edges_are_replicated():
    line = cubic_line(4, 16, 4)
    np.testing.assert_allclose(line.apply(np.full((1, 4), 7.0), -1), 7.0)
    # The outermost output sees the first sample three times (once itself, twice replicated) and the second once.
    assert line.first[0] == 0
    assert np.count_nonzero(line.weights[0]) == 2


def test_a_line_within_some_inputs_sees_their_edges_beyond_them():
    line, x = gaussian_line(60, 20, 3, 0.5), np.random.default_rng(0).random((2, 60))
    seen = x.copy()
    seen[:, :21], seen[:, 48:] = x[:, 21:22], x[:, 47:48]
    some = line.within(21, 48)
    np.testing.assert_allclose(some.apply(x[:, 21:48], -1, 8, 15, 21), line.apply(seen, -1, 8, 15), atol=1e-12)
    assert some.support(8, 15) == (21, 48)


def test_gathered_weights_on_one_input_add_up():
    line = Line.gather(3, np.array([[-2, -1, 0, 1]]), np.array([[1.0, 2.0, 3.0, 4.0]]))
    np.testing.assert_array_equal(line.apply(np.array([[10.0, 1.0, 0.0]]), -1), [[64.0]])


def test_single_precision_stays_single_precision():
    line = gaussian_line(64, 16, 4)
    assert line.apply(np.ones((2, 64), np.float32), -1).dtype == np.float32
