"""The plugin in QGIS: a hundred runs in one process, and Cancel in every algorithm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTLED = 10  # runs after which nothing grows any more
MEGABYTE = 1 << 20

pytestmark = [
    pytest.mark.skipif(find_spec("qgis") is None, reason="QGIS is not installed"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a process holds is read from /proc"),
]


@pytest.fixture(scope="module")
def told(files, tmp_path_factory):
    """What in_qgis.py found."""
    inputs, folder = tmp_path_factory.mktemp("inputs"), tmp_path_factory.mktemp("outputs")
    for name, path in asdict(files).items():
        suffix = ".safetensors" if name == "model" else Path(path).suffix  # QGIS asks for it
        shutil.copy(path, inputs / f"{name}{suffix}")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile")}
    command = [sys.executable, str(Path(__file__).with_name("in_qgis.py")), str(ROOT), str(inputs), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1200, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"soak"')]
    assert lines, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(lines[-1])


def test_after_the_tenth_of_a_hundred_runs_nothing_grows(told):
    held = told["soak"]
    for what in ("files", "threads"):
        assert max(held[what][SETTLED:]) <= max(held[what][:SETTLED]), f"{what}: {held[what]}"
    early, late = sorted(held["memory"][SETTLED : 3 * SETTLED]), sorted(held["memory"][-2 * SETTLED :])
    growth = late[len(late) // 2] - early[len(early) // 2]
    assert growth < 8 * MEGABYTE, f"{growth / MEGABYTE:.1f} MB, {[round(m / MEGABYTE) for m in held['memory'][::10]]}"


def test_files_are_closed_and_settings_put_back_after_each_run(told):
    held = told["soak"]
    assert set(held["inputs"]) == {0}
    assert len({str(one) for one in held["settings"]}) == 1
    assert not [name for name in held["python threads"] if name.startswith("ssml")]


def test_cancel_at_any_moment_ends_every_algorithm_without_a_result(told):
    for name, found in told["cancelled"].items():
        assert found["whole"], name
        assert found["asked"] > 3, name
        for result, left in found["outcomes"]:
            assert result == {}, f"{name}: {result}"
            assert not [entry for entry in left if not entry.endswith(".checkpoint")], f"{name}: {left}"
