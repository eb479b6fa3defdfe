"""The type checker sees all that ships: few exceptions, each with its reason."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("core", "ssml_qgis") for path in (ROOT / folder).rglob("*.py") if path.is_file())
SOURCES = [path for path in SOURCES if not path.is_relative_to(ROOT / "ssml_qgis" / "core")]  # a link to core
CONFIGURATION = re.search(
    r"^\[tool\.mypy\]\n.*?(?=^\[(?!\[?tool\.mypy)|\Z)",
    (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)[0]

MOST_IGNORED = 20
IGNORE = re.compile(r"#\s*type:\s*ignore")
EXPLAINED = re.compile(r"# type: ignore\[[a-z-]+(, [a-z-]+)*\]  # \w.{9,}")
SWITCHED_OFF = re.compile(r"#\s*mypy:|\bno_type_check")


def comments(path):
    with tokenize.open(path) as file:
        return [token.string for token in tokenize.generate_tokens(file.readline) if token.type == tokenize.COMMENT]


IGNORED = [(path, comment) for path in SOURCES for comment in comments(path) if IGNORE.search(comment)]


def test_few_lines_are_kept_from_the_type_checker():
    assert len(IGNORED) <= MOST_IGNORED, [str(path.relative_to(ROOT)) for path, _ in IGNORED]


def test_what_is_kept_from_the_type_checker_says_which_error_and_why():
    assert IGNORED, "the search finds nothing: one is known to be there"
    assert [str(path.relative_to(ROOT)) for path, comment in IGNORED if not EXPLAINED.fullmatch(comment)] == []


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore",
        "# type: ignore  # without a code of the error",
        "# type: ignore[attr-defined]",
        "# type: ignore[attr-defined]  # short",
    ],
)
def test_an_exception_without_a_code_or_a_reason_is_found(comment):
    assert IGNORE.search(comment)
    assert not EXPLAINED.fullmatch(comment)


def test_no_file_switches_the_type_checker_off():
    found = [path for path in SOURCES if SWITCHED_OFF.search(path.read_text(encoding="utf-8"))]
    assert [str(path.relative_to(ROOT)) for path in found] == []


def test_untyped_functions_are_refused_and_checked():
    for switch in ("check_untyped_defs", "disallow_untyped_defs"):
        assert re.search(rf"^{switch} = true$", CONFIGURATION, re.MULTILINE), switch


def test_no_module_of_ours_is_exempted():
    assert not re.search(r"^(exclude|ignore_errors|disable_error_code)\b", CONFIGURATION, re.MULTILINE)
    overridden = re.findall(r"^module = \[(.*?)\]", CONFIGURATION, re.MULTILINE | re.DOTALL)
    assert len(overridden) == len(re.findall(r"^\[\[tool\.mypy\.overrides\]\]", CONFIGURATION, re.MULTILINE))
    modules = [name for names in overridden for name in re.findall(r'"([^"]+)"', names)]
    assert modules
    for module in modules:
        assert module.split(".")[0] not in ("*", "core", "ssml_qgis"), module
