from __future__ import annotations

import numpy as np
import pytest

from core.cli.arguments import build_parser
from core.cli.main import main
from core.operators.consistency import (
    DEFAULT_ITERATIONS,
    MOST_ITERATIONS,
    check_iterations,
    correction,
    effective_support,
    residual_spans,
)
from core.operators.linear import Separable
from core.operators.pair import Operators
from core.runtime.devices import torch_available
from core.runtime.errors import InputError

CASES = [(2, (0.0, 0.0)), (3, (0.5, 1.25)), (4, (3.0, 0.0))]


def scene(ratio, phase, seed=0):
    rng = np.random.default_rng(seed)
    low, high = (18, 21), (17 * ratio, 20 * ratio)
    return Operators(low, high, ratio, phase), rng.random((2, *low)), rng.random((2, *high))


@pytest.mark.parametrize(("ratio", "phase"), CASES)
@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_the_low_resolution_formula_equals_the_literal_iteration(ratio, phase, iterations):
    operators, x, start = scene(ratio, phase)
    literal = start.copy()
    for _ in range(iterations):
        literal = literal + operators.up(x - operators.down(literal))
    added = correction(x - operators.down(start), operators.round_trip, iterations)
    np.testing.assert_allclose(start + operators.up(added), literal, atol=1e-10)


@pytest.mark.parametrize("iterations", [1, 3, 6])
def test_the_weight_takes_part_in_every_iteration(iterations):
    operators, x, start = scene(3, (0.5, 1.25))
    weight = np.ones(x.shape[1:])
    weight[4:7, 5:9] = 0.0
    literal = start.copy()
    for _ in range(iterations):
        literal = literal + operators.up(weight * (x - operators.down(literal)))
    added = correction(x - operators.down(start), operators.round_trip, iterations, weight)
    np.testing.assert_allclose(start + operators.up(added), literal, atol=1e-10)


def test_what_a_pixel_without_weight_holds_does_not_matter():
    operators, x, _ = scene(2, (0.0, 0.0))
    weight = np.ones(x.shape[1:])
    weight[8, 8] = 0.0
    other = x.copy()
    other[:, 8, 8] = 1e6
    results = [correction(image, operators.round_trip, 4, weight) for image in (x, other)]
    np.testing.assert_array_equal(*results)


def test_no_iterations_change_nothing():
    operators, x, _ = scene(2, (0.0, 0.0))
    np.testing.assert_array_equal(correction(x, operators.round_trip, 0), np.zeros_like(x))


@pytest.mark.parametrize(("ratio", "phase"), CASES)
@pytest.mark.parametrize("iterations", [1, 4])
def test_parts_equal_the_whole(ratio, phase, iterations):
    operators = Operators((90, 70), (89 * ratio, 69 * ratio), ratio, phase)
    rng = np.random.default_rng(3)
    residual, weight = rng.random((2, 90, 70)), (rng.random((90, 70)) > 0.1).astype(float)
    whole = correction(residual, operators.round_trip, iterations, weight)
    for part in (((0, 6), (0, 70)), ((40, 50), (30, 41)), ((80, 90), (60, 70))):
        (top, bottom), (left, right) = residual_spans(operators.round_trip, iterations, *part)[0]
        piece = correction(
            residual[:, top:bottom, left:right],
            operators.round_trip,
            iterations,
            weight[top:bottom, left:right],
            part,
            (top, left),
        )
        np.testing.assert_allclose(piece, whole[:, slice(*part[0]), slice(*part[1])], atol=1e-12)
        assert bottom - top < 90 or part[1] == (0, 70)


def test_more_iterations_bring_the_degraded_image_closer_to_the_hsi():
    operators, x, start = scene(4, (0.0, 0.0))
    errors = []
    for iterations in (0, 1, 3, 5):
        fused = start + operators.up(correction(x - operators.down(start), operators.round_trip, iterations))
        errors.append(np.sqrt(np.mean((operators.down(fused) - x) ** 2)))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


@pytest.mark.parametrize("gain", [0.15, 0.3, 0.5])
@pytest.mark.parametrize(("ratio", "phase"), [(1.5, 0.3), (2, 0.0), (2.4, 1.0), (3, 1.25), (6, 2.7), (10, 0.0)])
@pytest.mark.parametrize("iterations", [1, 3, 5, 10])
def test_residuals_that_are_beyond_the_effective_support_add_next_to_nothing(iterations, ratio, phase, gain):
    count = 80
    high = max(1, int(ratio)), int((count - 1) * ratio)
    round_trip = Operators((1, count), high, ratio, (0.0, phase), gain).round_trip
    impulses = np.eye(count)[:, None]
    panel = 45, count
    near = panel[0] - effective_support(iterations), count
    part = (0, 1), panel
    cut = Separable(round_trip.y, round_trip.x.within(*near))
    capped = correction(impulses[..., near[0] :], cut, iterations, part=part, origin=(0, near[0]))
    whole = correction(impulses, round_trip, iterations, part=part)
    assert np.abs(capped - whole).sum(0).max() < 2e-7  # of the largest residual, at worst


def test_the_bound_is_fifty_and_is_in_the_message():
    assert (DEFAULT_ITERATIONS, MOST_ITERATIONS) == (5, 50)
    for allowed in (0, 5, 50):
        check_iterations(allowed)
    for wrong in (-1, 51):
        with pytest.raises(InputError, match=rf"consistency is {wrong}, but it lies between 0 \(off\) and 50"):
            check_iterations(wrong)


PAIR = ["--hsi", "no-hsi.tif", "--pan", "no-pan.tif"]
JOBS = {
    "classical": [*PAIR, "--out", "o.tif"],
    "compare": PAIR,
    "sharpen": [*PAIR, "--out", "o.tif"],
    "train": [*PAIR, "--out", "m.safetensors"],
    "fuse": [*PAIR, "--out", "o.tif", "--model", "no-model"],
}
needs_torch = pytest.mark.skipif(not torch_available(), reason="PyTorch is not installed")
each_job = pytest.mark.parametrize(
    "job", [pytest.param(job, marks=needs_torch if job in ("sharpen", "train", "fuse") else ()) for job in JOBS]
)


@each_job
@pytest.mark.parametrize("wrong", [-1, MOST_ITERATIONS + 1])
def test_every_job_has_the_same_bound_and_looks_at_it_before_any_file(job, wrong, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([job, *JOBS[job], "--consistency", str(wrong)]) == 2
    assert capsys.readouterr().err.startswith(f"consistency is {wrong}, but it lies between 0 (off) and 50: ")
    assert main([job, *JOBS[job], "--consistency", str(MOST_ITERATIONS)]) == 2
    assert "consistency" not in capsys.readouterr().err  # it is the files that are missing


@pytest.mark.parametrize("job", JOBS)
def test_every_job_takes_the_usual_number_but_fuse_which_takes_the_models(job):
    found = build_parser().parse_args([job, *JOBS[job]]).consistency
    assert found == (None if job == "fuse" else DEFAULT_ITERATIONS)


def test_learning_has_the_bound_too():
    pytest.importorskip("torch")
    from core.training.settings import Settings

    assert Settings().iterations == DEFAULT_ITERATIONS
    with pytest.raises(InputError, match="between 0"):
        Settings(iterations=MOST_ITERATIONS + 1)
