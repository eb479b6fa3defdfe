"""The scripts of findings/ have their form; what they find is not run here."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "findings"
SCRIPTS = sorted(FOLDER.glob("*.sh"))
KEYS = ["What", "Version", "Behaviour", "Output seen", "Expected by most", "Source", "Run"]
each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


def header(script):
    """{key: text} of the comments at the head of a script, wrapped lines joined."""
    lines = script.read_text(encoding="utf-8").splitlines()[1:20]
    comments = "\n".join(line for line in lines if line.startswith("# ")).replace("\n#   ", " ")
    return dict(re.findall(r"^# ([A-Z][a-z ]+?)(?: \([\d-]+\))?: (.+)$", comments, re.MULTILINE))


@each_script
def test_a_script_begins_with_the_whole_header(script):
    assert list(header(script)) == KEYS
    assert re.search(r"^# Output seen \(\d{4}-\d\d-\d\d\): ", script.read_text(encoding="utf-8"), re.MULTILINE)
    assert f"findings/{script.name}" in header(script)["Run"]


@each_script
def test_a_script_can_be_run_and_is_short(script):
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    assert len(script.read_text(encoding="utf-8").splitlines()) < 100
    subprocess.run(["bash", "-n", str(script)], check=True)


@each_script
def test_packages_are_pinned_in_a_folder_that_is_removed(script):
    text = script.read_text(encoding="utf-8")
    assert "folder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n" in text
    if "no QGIS" in text:  # in no package index: the system's, of a version that the script looks at
        assert 'QGIS_VERSION.startswith("3.' in text
        return
    packages = re.search(r"pip install -qq --only-binary :all: \\\n +(.+) \|\| exit 2\n", text).group(1).split()
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", package) for package in packages)


@each_script
def test_a_script_does_without_our_code(script):
    assert not re.search(r"^\s*(from|import) (core|ssml_qgis)\b", script.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_readme_lists_each_script_once_with_its_title_and_date():
    rows = re.findall(
        r"^\| \[([\w-]+)\]\(\1\.sh\) \| (.+) \| ([\d-]+) \|$",
        (FOLDER / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    dates = {
        script.stem: re.search(r"Output seen \(([\d-]+)\)", script.read_text(encoding="utf-8")).group(1)
        for script in SCRIPTS
    }
    assert sorted(rows) == [(script.stem, header(script)["What"], dates[script.stem]) for script in SCRIPTS]
    assert len(rows) >= 3
