"""The shape of the code: what fits in the head. ruff checks complexity, arguments and nesting (pyproject.toml)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 350  # lines


@pytest.mark.parametrize("folder", ["core", "ssml_qgis", "tools", "benchmarks"])
def test_no_file_is_longer_than_fits_in_the_head(folder):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f"{folder}/*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert files
    lengths = {name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in files}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
