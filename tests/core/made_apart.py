"""Pairs whose grids are not parallel, each with the result of a classical method, made once for a file of tests."""

from __future__ import annotations

import pytest

from benchmarks.pairs_apart import GAIN, Ground, cases
from core.workflows.classical import classical
from tests.core.said import Said

FIXED = {"mtf": GAIN, "shift": "none", "contradictions": "off"}
CASES = {case.name: case for case in cases()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function: the folder of a case's files, the result of a classical method among them, made once."""
    folders = {}

    def make(name):
        if name not in folders:
            folder = tmp_path_factory.mktemp("pair")
            hsi, pan, more = CASES[name].files(folder, Ground())
            progress = Said()
            facts = classical(hsi, pan, folder / "out.tif", progress=progress, **FIXED, **more)
            folders[name] = folder, facts, progress.infos, more
        return folders[name]

    return make
