from __future__ import annotations

import csv
import json
import re
import time
from collections import Counter

import numpy as np
import pytest

from core.assessment.reduced import reduced_pair
from core.fusion.classical import METHODS as METHODS_BY_NAME
from core.fusion.classical import ClassicalMethod
from core.io.reader import RasterReader
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.report.comparison import pick_pixels
from core.runtime.errors import Cancelled, InputError
from core.runtime.memory import PeakMemory
from core.runtime.progress import Progress
from core.workflows import global_shift
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from core.workflows.run_messages import FULL, REDUCED, RunProgress, RunWarnings
from tests.core.said import Said

BANDS, LOW = 5, 32
COARSE = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
FINE = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
METHODS = ("mtf-glp", "gsa")


@pytest.fixture(scope="module")
def ground():
    rng = np.random.default_rng(3)
    shape = (LOW * 3, LOW * 3)
    classes = np.kron(rng.integers(0, 4, (LOW, LOW)), np.ones((3, 3), int))
    classes = np.roll(classes, 1, axis=(0, 1))
    spectra = rng.uniform(400, 3000, (4, BANDS))
    return (spectra[classes] + rng.normal(0, 20, (*shape, BANDS))).transpose(2, 0, 1).astype(np.float32)


@pytest.fixture
def pair(make_raster, tmp_path, ground):
    hsi = Operators((LOW, LOW), (LOW * 3, LOW * 3), 3).down(ground).round().astype(np.int16)
    return (
        make_raster(tmp_path / "hsi.tif", hsi, COARSE),
        make_raster(tmp_path / "pan.tif", ground.mean(0).round().astype(np.int16), FINE),
    )


def test_scores_are_those_of_the_methods_run_by_hand_on_the_reduced_pair(pair, tmp_path):
    found = compare(*pair, methods=METHODS)
    with open_pair(*pair) as scene:
        made = reduced_pair(scene, 0.3, str(tmp_path))
    for method, iterations in (("gsa", 5), ("mtf-glp", 5), ("exp", 0)):
        fused = str(tmp_path / "by-hand.tif")
        classical(made.hsi, made.pan, fused, method=method, consistency=iterations)
        scores = assess(fused, reference=made.truth, ratio=3)
        record = next(record for record in found["methods"] if record["name"] == method)
        assert record["reduced"]["ergas"] == pytest.approx(scores["ergas"], rel=1e-6)
        assert record["reduced"]["sam"] == pytest.approx(scores["sam"], rel=1e-6)


def test_the_reduced_pair_is_the_scene_degraded_once_more(pair, tmp_path):
    with open_pair(*pair) as scene:
        made = reduced_pair(scene, 0.3, str(tmp_path))
        hsi = scene.hsi.read().values[:, :30, :30]
        pan = scene.pan.read().values
    with RasterReader(made.truth) as truth, RasterReader(made.hsi) as low, RasterReader(made.pan) as low_pan:
        np.testing.assert_array_equal(truth.read().values, hsi)
        expected = Operators((10, 10), (30, 30), 3).down(hsi)
        np.testing.assert_allclose(low.read().values, expected, rtol=1e-5)
        expected = Operators((LOW, LOW), (LOW * 3, LOW * 3), 3).down(pan)[:, :30, :30]
        np.testing.assert_allclose(low_pan.read().values, expected, rtol=1e-5)
        assert (low.grid.dx, low_pan.grid.dx) == (90.0, 30.0)


def test_the_best_has_the_lowest_score_and_up_sampling_scores_one(pair):
    found = compare(*pair, methods=METHODS)
    scores = [record["score"] for record in found["methods"]]
    assert scores == sorted(scores)
    assert found["best"] == found["methods"][0]["name"] != "exp"
    base = next(record for record in found["methods"] if record["name"] == "exp")
    assert base["score"] == pytest.approx(1.0)
    for record in found["methods"]:
        expected = np.mean([record["reduced"][key] / base["reduced"][key] for key in ("ergas", "sam")])
        assert record["score"] == pytest.approx(expected)
    assert found["gain"] is None  # the best is a classical one


def test_the_output_is_what_the_best_method_makes(pair, tmp_path):
    output, by_hand = str(tmp_path / "best.tif"), str(tmp_path / "by-hand.tif")
    found = compare(*pair, output, methods=METHODS)
    classical(*pair, by_hand, method=found["best"])
    with RasterReader(output) as best, RasterReader(by_hand) as expected:
        np.testing.assert_array_equal(best.read().values, expected.read().values)


def test_tables_and_report_tell_the_same(pair, tmp_path):
    report, numbers, table = (str(tmp_path / name) for name in ("r.html", "r.json", "r.csv"))
    found = compare(*pair, methods=METHODS, report=report, json_path=numbers, csv_path=table)
    with open(numbers, encoding="utf-8") as file:
        assert json.load(file) == json.loads(json.dumps(found))
    with open(table, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [record["name"] for record in found["methods"]]
    assert [float(row["ergas"]) for row in rows] == [record["reduced"]["ergas"] for record in found["methods"]]
    with open(report, encoding="utf-8") as file:
        page = file.read()
    assert not re.search(r"(src|href)=.https?:|<script[^>]", page)
    for record in found["methods"]:
        assert record["title"] in page
    assert f"{found['methods'][0]['score']:.4g}" in page
    assert page.count("<img") > 4 * len(rows)
    colours = re.search(r"(True colour: [^.]*)\. One stretch for all but", page)
    assert f"pixels as they are. {colours[1]}." in page  # the detail is in those of the first picture


def test_bad_bands_and_nodata_take_no_part(make_raster, tmp_path, ground):
    hsi = Operators((LOW, LOW), (LOW * 3, LOW * 3), 3).down(ground).round().astype(np.int16)
    hsi[:, :4, :4] = -999
    hsi = np.concatenate([hsi, np.full((1, LOW, LOW), -999, np.int16)])
    pan = ground.mean(0).round().astype(np.int16)
    pan[-6:] = -999
    paths = (
        make_raster(tmp_path / "hsi.tif", hsi, COARSE, nodata=-999),
        make_raster(tmp_path / "pan.tif", pan, FINE, nodata=-999),
    )
    found = compare(*paths, methods=METHODS, report=str(tmp_path / "r.html"))
    assert found["best"] != "exp"
    for record in found["methods"]:
        assert record["per_band"]["band"] == [1, 2, 3, 4, 5]
        assert all(np.isfinite(record["reduced"][key]) for key in ("ergas", "sam", "psnr", "rmse"))


def test_bands_and_shift_are_those_that_the_methods_were_given(make_raster, pair, tmp_path):
    with RasterReader(pair[1]) as reader:
        pan = reader.read().values[0]
    moved = make_raster(tmp_path / "moved.tif", np.roll(pan, 1, axis=1).astype(np.int16), FINE)
    choices = {"bands": "2-4", "shift": "global"}
    best, by_hand = str(tmp_path / "best.tif"), str(tmp_path / "by-hand.tif")
    found = compare(pair[0], moved, best, methods=["mtf-glp"], report=str(tmp_path / "r.html"), **choices)
    classical(pair[0], moved, by_hand, method="mtf-glp", **choices)
    with RasterReader(best) as ours, RasterReader(by_hand) as expected:
        assert ours.bands == 3
        assert ours.grid == expected.grid
        np.testing.assert_array_equal(ours.read().values, expected.read().values)
    assert found["methods"][0]["per_band"]["band"] == [1, 2, 3]
    assert found["parameters"]["bands"] == "2-4"


def test_the_scene_is_opened_and_its_shift_measured_once_whatever_the_methods(pair, tmp_path, monkeypatch):
    opened, measured = Counter(), []
    open_reader, measure = RasterReader._open, global_shift.measure_shift

    def count_opening(reader):
        opened[reader.name] += 1
        return open_reader(reader)

    def count_measuring(*arguments):
        measured.append(arguments)
        return measure(*arguments)

    monkeypatch.setattr(RasterReader, "_open", count_opening)
    monkeypatch.setattr(global_shift, "measure_shift", count_measuring)
    compare(*pair, str(tmp_path / "best.tif"), methods=["gs", *METHODS], shift="global")
    # the scene and the reduced pair are called alike
    assert (opened["hsi.tif"], opened["pan.tif"], len(measured)) == (2, 2, 1)
    opened.clear()
    assess(str(tmp_path / "best.tif"), hsi=pair[0], pan=pair[1], shift="global")
    assert (opened, len(measured)) == ({"best.tif": 1, "hsi.tif": 1, "pan.tif": 1}, 2)


def test_a_model_trained_on_this_scene_is_shown_but_not_ranked(pair, tmp_path):
    pytest.importorskip("torch")
    from core.workflows.train import train

    model = str(tmp_path / "model.safetensors")
    train([pair[0]], [pair[1]], model, steps=8)
    found = compare(*pair, methods=["mtf-glp"], model=model, report=str(tmp_path / "r.html"))
    record = found["methods"][-1]
    assert record["name"] == "model"
    assert not record["ranked"]
    assert "trained on hsi.tif itself" in record["note"]
    assert found["best"] == "mtf-glp"


def test_networks_are_judged_with_the_iterations_that_they_learned_with(pair, tmp_path, monkeypatch):
    """One that learns on the scene with those that are chosen, one that is trained already with its own."""
    pytest.importorskip("torch")
    from core.training import settings
    from core.workflows.fuse import fuse
    from core.workflows.sharpen import sharpen
    from core.workflows.train import train

    monkeypatch.setattr(settings, "EFFORTS", {"fast": 4, "normal": 4})
    model, report = str(tmp_path / "model.safetensors"), tmp_path / "r.html"
    train([pair[0]], [pair[1]], model, steps=4, consistency=1)
    found = compare(*pair, methods=["ssml"], model=model, consistency=0, report=str(report))
    with open_pair(*pair) as scene:
        made = reduced_pair(scene, 0.3, str(tmp_path))
    by_hand = {name: str(tmp_path / f"{name}.tif") for name in ("ssml", "model")}
    sharpen(made.hsi, made.pan, by_hand["ssml"], consistency=0)
    fuse(made.hsi, made.pan, model, by_hand["model"], consistency=1)
    for name, path in by_hand.items():
        scores = assess(path, reference=made.truth, ratio=3)
        record = next(record for record in found["methods"] if record["name"] == name)
        assert record["reduced"]["ergas"] == pytest.approx(scores["ergas"], rel=1e-6)
    assert (found["parameters"]["consistency"], found["parameters"]["model_consistency"]) == (0, 1)
    assert "0 (none for up-sampling; 1 for the model, as it learned with)" in report.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_network_that_learns_on_the_scene_takes_part(pair, tmp_path):
    pytest.importorskip("torch")
    report = str(tmp_path / "r.html")
    found = compare(*pair, methods=["mtf-glp", "ssml"], effort="fast", report=report)
    assert {record["name"] for record in found["methods"]} == {"exp", "mtf-glp", "ssml"}
    with open(report, encoding="utf-8") as file:
        page = file.read()
    assert "on held-out pixels while learning" in page
    assert "how far its two networks differ" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"methods": ["no-such"]}, "no method 'no-such'"),
        ({"mtf": 1.5}, "between 0 and 1"),
        ({"consistency": -1}, "consistency"),
        ({"crop": 400}, "smaller crop"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(pair, tmp_path, change, sentence):
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(InputError, match=sentence):
        compare(*pair, str(tmp_path / "best.tif"), report=str(tmp_path / "r.html"), **{"methods": METHODS, **change})
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_scene_too_small_to_be_reduced_is_refused(make_raster, tmp_path):
    rng = np.random.default_rng(0)
    hsi = make_raster(tmp_path / "hsi.tif", rng.random((3, 20, 20), np.float32), COARSE)
    pan = make_raster(tmp_path / "pan.tif", rng.random((60, 60), np.float32), FINE)
    with pytest.raises(InputError, match="needs 24 x 24 at ratio 3"):
        compare(hsi, pan, methods=METHODS)


@pytest.mark.parametrize("when", [0.03, 0.3, 0.7, 0.9])
def test_a_stopped_comparison_leaves_nothing(pair, tmp_path, when):
    class Stop(Progress):
        reached = 0.0

        def set(self, fraction, text=None):
            self.reached = max(self.reached, fraction)

        def cancelled(self):
            return self.reached >= when

    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(Cancelled):
        compare(
            *pair,
            str(tmp_path / "best.tif"),
            methods=METHODS,
            report=str(tmp_path / "r.html"),
            csv_path=str(tmp_path / "r.csv"),
            progress=Stop(),
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_pixels_that_are_shown_differ_in_their_spectra():
    values = np.ones((3, 4, 4), np.float32)
    values[:, 1, 1] = (5, 1, 1)
    values[:, 2, 3] = (1, 1, 9)
    chosen = pick_pixels(values, np.ones(values.shape, bool), np.ones(3, bool))
    assert {(1, 1), (2, 3)} <= set(chosen)
    assert pick_pixels(values, np.zeros(values.shape, bool), np.ones(3, bool)) == []


def test_peak_memory_sees_what_was_held_for_a_while():
    with PeakMemory() as memory:
        if memory.before is None:
            pytest.skip("this system does not tell a process's memory")
        held = np.ones(100_000_000, np.uint8)
        time.sleep(0.2)
        assert held[-1] == 1
        del held
    assert 80e6 < memory.peak - memory.before < 400e6


def test_a_warning_about_the_reduced_pair_names_the_files_that_were_given(make_raster, tmp_path):
    """bdsd has too few valid pixels to learn from there, but enough in the scene itself."""
    rng = np.random.default_rng(0)
    cube = rng.integers(100, 900, (3, 24, 24), np.uint16)
    cube[:, :, 12:] = 0
    hsi = make_raster(tmp_path / "few.tif", cube, COARSE, nodata=0)
    pan = make_raster(tmp_path / "fine.tif", rng.integers(100, 900, (72, 72), np.uint16), FINE)
    heard = Said()
    compare(hsi, pan, methods=("bdsd", "gsa"), progress=heard)
    (warning,) = [text for text in heard.warnings if "bdsd" in text]
    assert warning.startswith(f"{METHODS_BY_NAME['bdsd'].title} at reduced resolution: few.tif shares too few pixels")


def test_warnings_of_runs_name_methods_and_resolution():
    found, heard = RunWarnings(["A", "B", "C"]), Said()
    for title, stage, text in [
        ("A", REDUCED, "Dark."), ("B", REDUCED, "Dark."), ("A", FULL, "Dark."), ("A", FULL, "Dark."),
        ("C", REDUCED, "Small."),
        *[(title, stage, "Noisy.") for title in "ABC" for stage in (REDUCED, FULL)],
    ]:  # fmt: skip
        progress = RunProgress(Progress(), title, stage, found)
        progress.part(0.0, 0.5).warning(text)
    RunProgress(Progress(), "A", FULL).warning("Not kept.")
    found.pass_on(heard)
    found.pass_on(heard)
    assert heard.warnings == ["A, B: Dark.", "C at reduced resolution: Small.", "All methods: Noisy."]


def test_warnings_of_runs_are_said_where_the_comparison_fails(pair, monkeypatch):
    heard = Said()

    def fit(self, scene, progress):
        progress.warning("Something is odd.")
        raise InputError("It cannot be fitted.")

    monkeypatch.setattr(ClassicalMethod, "fit", fit)
    with pytest.raises(InputError, match="cannot be fitted"):
        compare(*pair, methods=METHODS, progress=heard)
    assert len(heard.warnings) == 1
    assert heard.warnings[0].endswith("at reduced resolution: Something is odd.")
