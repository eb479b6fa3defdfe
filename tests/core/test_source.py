"""What Python says of the source itself, on whichever Python the tests run."""

from __future__ import annotations

import tokenize
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("folder", ["core", "ssml_qgis", "tests", "tools", "benchmarks"])
def test_all_of_it_compiles_without_a_warning(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in files:
            with tokenize.open(path) as source:
                compile(source.read(), str(path), "exec", dont_inherit=True)
