"""What was warned of stands in the report and in the JSON file of a job, too."""

from __future__ import annotations

import html
import json

import numpy as np
import pytest

from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from core.workflows.inspect import inspect
from tests.core.said import Said
from tests.core.spoiled import made_pair, write


def in_report(path, text):
    return text in html.unescape(path.read_text(encoding="utf-8"))


@pytest.fixture
def filled(tmp_path):
    """A pair with a fill value that is not declared."""
    pair = made_pair(3, 4, 8, "uint16", (40, 44))
    spoiled = pair.hsi.copy()
    spoiled[:, :, :6] = 0
    return write(pair.changed(hsi=spoiled), tmp_path, "filled")


def test_compare(tmp_path):
    pair, said = made_pair(5, 4, 8, "uint16", (44, 52)), Said()
    files = write(pair.changed(pan=pair.pan[:, ::-1]), tmp_path, "mirrored")
    report, table = tmp_path / "r.html", tmp_path / "c.json"
    found = compare(*files, report=str(report), json_path=str(table), methods=["gsa", "sfim"], progress=said)
    assert any("mirrored_pan.tif" in text and "no detail is taken" in text for text in said.warnings)
    assert json.loads(table.read_text(encoding="utf-8"))["warnings"] == said.warnings == found["warnings"]
    assert all(in_report(report, text) for text in said.warnings)


def test_assess(tmp_path, filled):
    out, said = str(tmp_path / "out.tif"), Said()
    classical(*filled, out)
    report, table = tmp_path / "r.html", tmp_path / "a.json"
    found = assess(out, hsi=filled[0], pan=filled[1], report=str(report), json_path=str(table), progress=said)
    assert any("filled_hsi.tif has 0 in all bands" in text for text in said.warnings)
    assert json.loads(table.read_text(encoding="utf-8"))["warnings"] == said.warnings == found["warnings"]
    assert all(in_report(report, text) for text in said.warnings)


@pytest.mark.parametrize("job", ["sharpen", "train"])
def test_learning(tmp_path, filled, job):
    pytest.importorskip("torch")
    from core.workflows.sharpen import sharpen
    from core.workflows.train import train

    report, said = tmp_path / "r.html", Said()
    options = {"device": "cpu", "report": str(report), "progress": said}
    if job == "sharpen":
        sharpen(*filled, str(tmp_path / "o.tif"), settings={"steps": 4}, **options)
    else:
        train([filled[0]], [filled[1]], str(tmp_path / "m.ssml"), steps=2, **options)
    assert any("filled_hsi.tif has 0 in all bands" in text for text in said.warnings)
    assert all(in_report(report, text) for text in said.warnings)


@pytest.fixture
def troubled(tmp_path):
    """A pair with a fill value that is not declared, a cloud, a shift that is not corrected, and a mask of nothing."""
    pair = made_pair(3, 4, 8, "uint16", (44, 52))
    hsi, pan = pair.hsi.copy(), pair.pan.copy()
    hsi[:, :, :6] = 0
    pan[60:110, 80:150] = 1.4 * pan.max()
    changed = pair.changed(hsi=hsi, pan=pan, moved=(1.5, -1.0))
    mask = made_pair(3, 4, 8, "uint16", (44, 52)).changed(pan=np.zeros_like(pan))
    return write(changed, tmp_path, "troubled"), write(mask, tmp_path, "mask")[1]


@pytest.mark.parametrize("job", ["inspect", "compare", "assess", "sharpen", "train"])
def test_every_warning_of_a_job_stands_in_its_report_and_in_what_it_returns(tmp_path, troubled, job):
    (hsi, pan), mask = troubled
    report, table, said = tmp_path / "r.html", tmp_path / "r.json", Said()
    options = {"report": str(report), "progress": said}
    if job in ("sharpen", "train"):
        pytest.importorskip("torch")
    if job != "inspect":
        options["shift"] = "none"
    if job != "assess":
        options["mask"] = mask
    if job in ("inspect", "compare", "assess"):
        options["json_path"] = str(table)
    if job == "inspect":
        found = inspect(hsi, pan, **options)
    elif job == "compare":
        found = compare(hsi, pan, methods=["gsa", "cnmf"], **options)
    elif job == "assess":
        classical(hsi, pan, str(tmp_path / "o.tif"), shift="none")
        found = assess(str(tmp_path / "o.tif"), hsi=hsi, pan=pan, **options)
    elif job == "sharpen":
        from core.workflows.sharpen import sharpen

        found = sharpen(hsi, pan, str(tmp_path / "o.tif"), settings={"steps": 4}, device="cpu", **options)
    else:
        from core.workflows.train import train

        found = train([hsi], [pan], str(tmp_path / "m.safetensors"), steps=2, device="cpu", **options)
    assert len(said.warnings) >= 2
    assert found["warnings"] == said.warnings
    assert all(in_report(report, text) for text in said.warnings)
    if "json_path" in options:
        assert json.loads(table.read_text(encoding="utf-8"))["warnings"] == said.warnings


def test_nothing_is_there_where_nothing_was_warned_of(tmp_path):
    files = write(made_pair(5, 4, 8, "uint16", (44, 52)), tmp_path, "clean")
    report = tmp_path / "r.html"
    assert compare(*files, report=str(report), methods=["gsa", "sfim"])["warnings"] == []
    assert 'class="warning"' not in report.read_text(encoding="utf-8")
