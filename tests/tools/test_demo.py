"""The demo's own promises, with a stand-in for qgis_process that works in no time."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Answers as qgis_process does; the scores depend on the name of the fused file.
STAND_IN = """import json, sys
from pathlib import Path

if sys.argv[1] == "--version":
    print("QGIS 3.99")
elif sys.argv[1] == "run":
    given = dict(argument.split("=", 1) for argument in sys.argv[4:])
    print("----------------\\nInputs\\n----------------\\n")
    for key, value in given.items():
        print(f"{{key}}:\\t{{value}}")
    if sys.argv[2] == {failing!r}:
        print("ERROR:\\tThe disk is full.")
        sys.exit(1)
    print("\\n10 steps, about 2 minutes.")
    for step in range(1, 11):
        print(f"0...10...20Step {{step}} of 10")
    print("...30Fusing\\n...100")
    written = ["OUTPUT", "MODEL", "REPORT", "DISAGREEMENT", "JSON"] + ["HSI", "PAN"] * (sys.argv[2] == "ssml:simulate")
    for key in written:
        if key in given:
            Path(given[key]).write_text("data")
    if sys.argv[2] == "ssml:assess":
        ergas = {scores!r}[Path(given["FUSED"]).stem]
        Path(given["JSON"]).write_text(json.dumps(dict(ergas=ergas, sam=ergas, psnr=40 - ergas, cc=0.9, ratio=4)))
"""


@pytest.fixture
def demo(tmp_path):
    """Run the demo of a copy of the scripts, so that the real build folder stays as it is."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "demo.py").write_bytes((ROOT / "tools" / "demo.py").read_bytes())
    reference = tmp_path / "examples" / "indian_pines" / "indian_pines.tif"
    reference.parent.mkdir(parents=True)
    reference.touch()

    def run(scores: dict[str, float], failing: str = "") -> subprocess.CompletedProcess:
        script, program = tmp_path / "stand_in.py", tmp_path / "qgis_process"
        script.write_text(STAND_IN.format(scores=scores, failing=failing), encoding="utf-8")
        # Not "#!" and the Python: the path of either may have spaces in it.
        program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(script)])} "$@"\n', encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return subprocess.run(
            [sys.executable, "tools/demo.py"],
            cwd=tmp_path,
            env={**os.environ, "QGIS_PROCESS": str(program)},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a shebang")


def test_demo_ends_with_the_table_and_the_paths(demo, tmp_path):
    answer = demo({"exp": 4.0, "mtf-glp": 2.0, "sharpened": 1.5})
    assert answer.returncode == 0, answer.stderr
    rows = [line.split() for line in answer.stdout.splitlines()]
    assert ["ERGAS", "SAM", "PSNR", "CC"] in rows
    assert ["Sharpened", "1.5000*", "1.5000*", "38.5000*", "0.9000*"] in rows
    assert ["MTF-GLP", "2.0000", "2.0000", "38.0000", "0.9000*"] in rows
    for name in ("sharpened.tif", "model.safetensors", "sharpen.html", "disagreement.tif"):
        assert str(tmp_path / "build" / "demo" / name) in answer.stdout


def test_demo_shows_the_text_of_the_long_step_but_neither_its_parameters_nor_every_count(demo):
    answer = demo({"exp": 4.0, "mtf-glp": 2.0, "sharpened": 1.5})
    shown = [line.strip() for line in answer.stdout.splitlines() if line.startswith("    ")]
    assert shown[:4] == ["10 steps, about 2 minutes.", "Step 1 of 10", "Step 10 of 10", "Fusing"]
    assert "SEED:" not in answer.stdout


def test_demo_fails_when_the_sharpened_image_is_not_the_best(demo):
    answer = demo({"exp": 4.0, "mtf-glp": 1.5, "sharpened": 1.5})
    assert answer.returncode == 1
    assert "does not beat MTF-GLP in ERGAS" in answer.stderr


def test_demo_says_what_the_failing_step_said(demo):
    answer = demo({}, failing="ssml:sharpen")
    assert answer.returncode == 1
    assert answer.stderr.strip().startswith("The disk is full.\n")
