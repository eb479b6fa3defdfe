"""Where pages say how many of something there are, they say what the registries hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
KINDS = {
    "algorithms": r"(\w+) Processing algorithms",
    "indices": r"\b(?:all )?\[?(\w+) indices\]?\(docs/indices\.md\)",
    "models": r"(\w+) models come with the plugin",
}
STATED = {  # what each page is known to say; others may say it, too
    "README.md": {"indices", "models"},
    "CHANGELOG.md": {"algorithms"},
    "metadata.txt": {"algorithms"},
}

pytestmark = pytest.mark.usefixtures("ssml_plugin")


def number(word: str) -> int | None:
    """Of digits or of a word; None for a word such as "other"."""
    if word.isdigit():
        return int(word)
    return WORDS.index(word.lower()) if word.lower() in WORDS else None


def indices() -> list[str]:
    """Keys of what assess returns as numbers."""
    from ssml_qgis.core.workflows.options import ASSESS
    from ssml_qgis.core.workflows.options.verdict import VERDICT

    return [result.key.lower() for result in ASSESS.results if result not in VERDICT]


@pytest.fixture(scope="module")
def counts() -> dict[str, int]:
    from ssml_qgis.algorithms import ALGORITHMS
    from ssml_qgis.graphical import shipped_models

    return {"algorithms": len(ALGORITHMS), "indices": len(indices()), "models": len(list(shipped_models()))}


@pytest.mark.parametrize("page", STATED)
def test_pages_say_how_many_there_are(page, counts):
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    found = {
        kind: [value for value in map(number, re.findall(pattern, text)) if value is not None]
        for kind, pattern in KINDS.items()
    }
    assert {kind for kind, values in found.items() if values} >= STATED[page]
    for kind, values in found.items():
        assert set(values) <= {counts[kind]}, kind


def test_every_algorithm_has_its_row_in_the_readme():
    from ssml_qgis.algorithms import ALGORITHMS

    rows = re.findall(r"^\| `ssml:(\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(algorithm().name() for algorithm in ALGORITHMS)


def test_every_index_has_its_row_among_their_definitions():
    text = (ROOT / "docs" / "indices.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(indices())
