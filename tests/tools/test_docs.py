"""The docs hang together: links lead somewhere, commands and keys exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.cli.arguments import build_parser

ROOT = Path(__file__).resolve().parents[2]
PAGES = [path for place in ("*.md", "docs/**/*.md", "examples/*/*.md") for path in sorted(ROOT.glob(place))]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page):
    """What the usual Markdown renderers make of the headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_links_lead_to_files_and_headings_that_are_there(page):
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), target
            assert not anchor or anchor in anchors(page.parent / target if target else page), anchor


@each_page
def test_make_targets_that_are_named_exist(page):
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for name in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")):
        assert name in targets


def test_the_order_of_rooms_is_drawn_as_it_is_checked():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = re.search(r"^```\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL).group(1)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    checked = re.search(r"^layers = \[\n(.*?)\n\]$", settings, re.MULTILINE | re.DOTALL).group(1)
    assert drawn.splitlines() == re.findall(r'"(.*)"', checked)


def test_every_dialog_has_its_picture():
    shown = {path.stem[len("dialog-") :] for path in (ROOT / "docs" / "img").glob("dialog-*.png")}
    reference = (ROOT / "docs" / "algorithms.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## .*\(`ssml:(\w+)`\)", reference, re.MULTILINE)) <= shown


def test_commands_in_the_how_tos_are_understood():
    text = (ROOT / "docs" / "how-to.md").read_text(encoding="utf-8")
    commands = re.findall(r"\bssml ((?:train|fuse|sharpen) [^`\n]*)", text)
    assert len(commands) >= 4
    for command in commands:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
        assert build_parser().parse_args(words).job == words[0]


def test_the_citation_names_what_the_readme_names():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert "10.3390/rs14184682" in citation
    assert "license: GPL-2.0-or-later" in citation
