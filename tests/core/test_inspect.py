"""What a pair says of itself: the bands that make the PAN, the verdict, the page."""

from __future__ import annotations

import html
import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import core
from core.calibration.response import non_negative, pan_response
from core.products.pair import open_pair
from tests.core.said import Said
from tests.core.spoiled import made_pair, write

ROOT = Path(__file__).resolve().parents[2]


def by_trying(products, target):
    """The best of all sets of unknowns that are not 0: slow, but plainly right."""
    count = len(target)
    best, least = np.zeros(count), 0.0
    for size in range(1, count + 1):
        for chosen in itertools.combinations(range(count), size):
            x = np.zeros(count)
            x[list(chosen)] = np.linalg.solve(products[np.ix_(chosen, chosen)], target[list(chosen)])
            value = x @ products @ x / 2 - target @ x
            if x.min() >= 0 and value < least:
                best, least = x, value
    return best


@pytest.mark.parametrize("seed", range(20))
def test_non_negative_least_squares_finds_the_best_of_all_sets(seed):
    rng = np.random.default_rng(seed)
    regressors = rng.normal(size=(7, 30)) + rng.normal(size=30)  # alike, as bands are
    target = regressors @ rng.normal(size=30)
    products = regressors @ regressors.T
    np.testing.assert_allclose(non_negative(products, target), by_trying(products, target), atol=1e-9)


def test_non_negative_least_squares_of_many_unknowns_meets_the_conditions_of_the_best():
    rng = np.random.default_rng(0)
    regressors = rng.normal(size=(150, 400)).cumsum(axis=0)
    products = regressors @ regressors.T + np.eye(150)
    target = regressors @ (regressors[20:50].mean(axis=0) + rng.normal(size=400))
    found = non_negative(products, target)
    slope = target - products @ found
    assert found.min() >= 0
    assert slope.max() <= 1e-8 * np.abs(target).max()  # none could be raised
    assert np.abs(slope[found > 0]).max() <= 1e-8 * np.abs(target).max()


def test_non_negative_least_squares_without_anything_to_explain_is_zero():
    assert not non_negative(np.eye(3), np.zeros(3)).any()
    assert not non_negative(np.eye(3), -np.ones(3)).any()


@pytest.fixture
def files(make_raster, tmp_path):
    """A function: (hsi, pan) of 40 bands, the PAN made of bands 8 to 15 (from 0)."""

    def make(seed=0, name="pair", high=None, **fields):
        pair = made_pair(seed, bands=40, dtype="float32")
        pan = pair.truth[8:16].mean(axis=0).astype(np.float32) if high is None else high(pair)
        return write(pair.changed(pan=pan, **fields), tmp_path, name)

    return make


def test_the_bands_that_make_the_pan_are_found_and_those_beyond_are_inferred(files):
    with open_pair(*files()) as scene:
        found = pan_response(scene)
    assert found.weights.sum() == pytest.approx(1)
    assert found.weights[6:18].sum() > 0.9
    assert found.r2 > 0.98
    assert not found.inferred[9:15].any()
    assert found.inferred[20:].all()


def test_bands_in_other_units_have_the_same_weights(files, tmp_path):
    pair = made_pair(1, bands=12, dtype="float32")
    pan = pair.truth[2:5].mean(axis=0).astype(np.float32)
    shares = []
    for name, factor in (("one", 1.0), ("other", 1000.0)):
        made = pair.changed(pan=pan, hsi=pair.hsi * np.float32(factor))
        with open_pair(*write(made, tmp_path, name)) as scene:
            shares.append(pan_response(scene).weights)
    np.testing.assert_allclose(*shares, atol=1e-3)


def test_a_clean_pair_is_fit_and_nothing_is_warned_of(files, tmp_path):
    said = Said()
    report, numbers = tmp_path / "pair.html", tmp_path / "pair.json"
    found = core.inspect(*files(), report=report, json_path=numbers, progress=said)
    assert (found["fit"], found["verdict"]) == ("yes", "Fit for sharpening.")
    assert said.warnings == found["warnings"] == []
    assert (found["ratio"], found["overlap"]) == (4, 1.0)
    assert abs(found["shift_x"]) < 0.1
    assert abs(found["shift_y"]) < 0.1
    assert found["shift"]["sure"]
    assert json.loads(numbers.read_text(encoding="utf-8")) == found
    page = html.unescape(report.read_text(encoding="utf-8"))
    assert "Fit for sharpening." in page
    assert "Nothing was warned of." in page
    assert "How blurred the HSI is" in page
    assert (found["mtf_x"], found["mtf_y"]) == (found["mtf"]["columns"], found["mtf"]["rows"])
    assert found["mtf"]["said"] in page
    assert found["sharpen"]["sentence"] in page
    assert (found["sharpen"]["learns"], found["sharpen"]["rows"]) == (True, 4 * found["hsi"]["rows"])
    assert page.count("data:image/png") == 2


def test_a_shifted_pan_is_fit_after_a_shift_that_is_named(files):
    found = core.inspect(*files(moved=(-2.0, 1.5)))
    assert found["fit"] == "shifted"
    assert found["shift_y"] == pytest.approx(2.0, abs=0.15)
    assert found["shift_x"] == pytest.approx(-1.5, abs=0.15)
    assert found["verdict"].startswith("Fit after a shift of ")
    assert f"{found['shift_x']:+.2f} columns and {found['shift_y']:+.2f} rows" in found["verdict"]
    assert found["response_r2"] > 0.98  # where the PAN shows what the HSI shows
    assert found["shift"]["corrected"] == [found["shift_x"], found["shift_y"]]
    assert found["warnings"] == []  # the jobs correct it unasked


def test_a_pan_of_other_ground_is_refused_with_the_reason(files):
    found = core.inspect(*files(high=lambda pair: made_pair(77, dtype="float32").pan))
    assert found["fit"] == "no"
    assert found["verdict"].startswith("Not these two, because ")
    assert any("no detail is taken from it" in warning for warning in found["warnings"])
    assert not found["sharpen"]["learns"]


def test_what_is_wrong_with_samples_stands_on_the_page(files, tmp_path):
    pair = made_pair(3, bands=40, dtype="float32")
    hsi = pair.hsi.copy()
    hsi[5, :, 7] = 0.123
    hsi[:, :4, :6] = -9999.0
    found = core.inspect(
        *write(pair.changed(hsi=hsi, nodata=None), tmp_path, "spoiled"), report=tmp_path / "spoiled.html"
    )
    assert found["defects"]["lines"] == {"6": 1}
    assert found["samples"]["missing"]["6"] > 0
    assert found["samples"]["without_values"] == 24
    assert found["hsi"]["undeclared_fills"][0]["value"] == -9999.0
    page = (tmp_path / "spoiled.html").read_text(encoding="utf-8")
    assert "Dead columns or rows" in page
    assert all(warning.split(";")[0].split("(")[0] in page for warning in found["warnings"])


def test_the_command_line_prints_json_into_a_pipe_without_pytorch(files):
    hsi, pan = files()
    code = (
        "import sys; sys.modules['torch'] = None; from core.cli.main import main; "
        f"sys.exit(main(['inspect', '--hsi', {hsi!r}, '--pan', {pan!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "Fit for sharpening."
