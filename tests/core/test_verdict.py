"""What a page begins with, and what a job returns with it: marks, warnings with the names of options, places."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.report.slider import Layer, Mark, Slider
from core.report.spots import Doubt, most_doubtful
from core.report.training import verdict
from core.report.verdict import FAIL, LOOK, PASS, Check, Verdict
from core.report.warned import warning_items
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from core.workflows.options.advice import advice
from core.workflows.options.fusion import ClassicalOptions
from core.workflows.verdicts import gain_checks, pair_checks, result_checks
from core.workflows.verdicts_of_scores import assessed_verdict


@pytest.fixture
def files(related_files):
    return related_files[:2]


def test_the_mark_of_a_verdict_is_the_worst_of_its_checks():
    for marks, worst in (((), PASS), ((PASS, LOOK), LOOK), ((FAIL, PASS, LOOK), FAIL)):
        verdict = Verdict("s", [Check("n", mark, "t") for mark in marks])
        assert verdict.mark == worst
        assert verdict.facts()["mark"] == worst
    assert "&lt;b&gt;" in Verdict("<b>", []).markup()


def test_the_head_of_a_verdict_names_the_checks_that_gave_its_mark():
    blur, shift, values = Check("Blur", LOOK, ""), Check("Shift", LOOK, ""), Check("Values <0", FAIL, "")
    assert "Look before you use it: Blur, Shift</p>" in Verdict("", [Check("Method", PASS, ""), blur, shift]).markup()
    assert "Do not use it as it is: Values &lt;0</p>" in Verdict("", [blur, values]).markup()
    assert "All is well</p>" in Verdict("", [Check("Method", PASS, "")]).markup()


def test_jobs_return_marks_and_advice_as_json_can_hold_them(files, tmp_path):
    made = classical(*files, tmp_path / "a.tif")
    found = inspect(*files, json_path=tmp_path / "i.json")
    scores = assess(tmp_path / "a.tif", hsi=files[0], pan=files[1], json_path=tmp_path / "s.json")
    for one in (made, found, scores):
        assert one["mark"] in (PASS, LOOK, FAIL)
        assert {"name", "mark", "text"} == set(one["checks"][0])
        assert one["verdict"]
        assert [each["text"] for each in one["advice"]] == one["warnings"]
        json.dumps({key: one[key] for key in ("verdict", "mark", "checks", "advice")}, allow_nan=False)
    written = json.loads((tmp_path / "i.json").read_text(encoding="utf-8"))
    assert written["checks"] == found["checks"]
    assert written["advice"] == found["advice"]
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["checks"] == scores["checks"]


def test_a_warning_names_the_option_as_the_dialog_does():
    (one,) = advice(["Give the sensor's (--mtf, MTF), not the SAM."], ClassicalOptions)
    label = one["options"][0]["label"]
    assert [(option["flag"], option["key"]) for option in one["options"]] == [("--mtf", "MTF")]
    assert f"“{label}”" in warning_items([one])[0].text
    assert warning_items([])[0].text == "Nothing was warned of."


def test_a_shift_that_stays_is_looked_at_and_one_that_is_corrected_is_not(files):
    found = inspect(*files)
    assert {check.mark for check in pair_checks(found) if check.name == "Shift of the PAN"} == {PASS}
    far = {**found, "shift_x": 2.0, "shift": {**found["shift"], "corrected": [0.0, 0.0], "sure": False}}
    assert pair_checks(far)[0].mark == LOOK
    assert "--shift (SHIFT; in dialogs “How the PAN is moved" in pair_checks(far)[0].text
    moved = {**far, "shift": {**far["shift"], "corrected": [2.0, 0.0]}}
    assert pair_checks(moved)[0].mark == PASS
    assert pair_checks({**far, "shift": {**far["shift"], "beyond": True}})[0].mark == FAIL


def test_results_that_miss_the_hsi_or_leave_its_range_are_marked():
    look = {"residual": 0.01, "band": 3, "band_residual": 0.02, "outside": 0.0, "samples": 10, "denoised": False}
    seen = {"clip": "none", "outside": 0, "negative": 0, "seen": 100, "pixels": 0, "of": 100, "places": []}
    assert [check.mark for check in result_checks({"look": look, "range": seen})] == [PASS, PASS]
    assert "differs from the HSI by 1.00%" in result_checks({"look": look, "range": seen})[0].text
    without = result_checks({"look": {**look, "denoised": True}, "range": seen})[0].text
    assert "differs from the HSI without its noise by 1.00%" in without
    outside = result_checks({"look": {**look, "outside": 0.2}, "range": seen})[0]
    assert outside.mark == LOOK
    assert "20.0% of its samples" in outside.text
    assert outside.text.endswith("15% at most is usual.")
    many = {**seen, "outside": 30, "pixels": 20}
    assert [check.mark for check in result_checks({"look": {**look, "residual": 0.2}, "range": many})] == [LOOK, LOOK]
    assert result_checks({"look": {**look, "residual": 0.9}, "range": {**many, "clip": "range"}})[0].mark == FAIL
    assert result_checks({"look": None, "range": {**many, "clip": "range"}})[1].mark == PASS
    header = {"best_step": 0, "scores": {}, "expected_gain": {}}
    assert gain_checks(header, "networks'")[0].mark == LOOK
    assert gain_checks(header, "plain up-sampling")[0].mark == FAIL
    scores = {"mean": {"ergas": 1.0, "sam": 1.0}, "prior": {"ergas": 2.0, "sam": 2.0}}
    expected = {"ergas": [-3.0, -1.0, 2.0], "sam": [-3.0, 0.0, 2.0]}
    checks = gain_checks({"best_step": 4, "scores": scores, "expected_gain": expected}, "networks'")
    assert [check.mark for check in checks] == [PASS, LOOK]
    assert assessed_verdict({"ergas": 12.0, "sam": 1.0, "warnings": []}, "s").mark == FAIL


def test_doubtful_places_come_by_turns_and_lie_apart():
    first, second = np.zeros((20, 20), np.float32), np.full((20, 20), np.nan, np.float32)
    first[3, 3], first[4, 4], first[10, 10] = 5.0, 4.0, 3.0
    second[3, 4], second[17, 2] = 9.0, 1.5
    spots = most_doubtful([Doubt(first, "a {value}"), Doubt(second, "b {value}")])
    assert [(spot.row, spot.col, spot.reason) for spot in spots] == [(3, 3, "a 5"), (17, 2, "b 1.5"), (10, 10, "a 3")]
    assert most_doubtful([Doubt(np.zeros((4, 4)), "c")]) == []
    assert len(most_doubtful([Doubt(np.random.default_rng(0).random((200, 200)), "d")])) == 10


def test_a_slider_shows_two_pictures_and_marks_without_scripts():
    layers = [Layer("HSI <1>", b"a"), Layer("b", b"b"), Layer("c", b"c")]
    text = Slider(layers, (10, 20), marks=[Mark("1", 0.25, 0.5, "spot-1")]).markup()
    assert text.count("<figure") == 3
    assert text.count(" hidden>") == 1
    assert "HSI &lt;1&gt;" in text
    assert "left: 50.00%; top: 25.00%" in text
    assert "--ratio: 2.0" in text


def test_a_range_that_may_lie_above_the_prior_says_what_its_sign_means():
    scores = {"prior": {"ergas": 4.0, "sam": 3.0}, "mean": {"ergas": 3.0, "sam": 2.5}}
    for low, said in ((4.0, False), (-0.3, False), (-1.2, True)):
        header = {"scores": scores, "expected_gain": {"ergas": [low, 9.0, 15.0], "sam": [2.0, 6.0, 13.0]}}
        assert ("(a negative number: above it)" in verdict(header)) is said
