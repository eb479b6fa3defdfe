"""The translations keep up with the texts."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ["de"]


@pytest.fixture
def translations(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("translations")


def test_the_texts_of_dialogs_help_and_tables_are_found(translations):
    texts = translations.texts()
    assert len(texts) == len(set(texts))
    for text in (
        "Sharpen a scene",
        "Hyperspectral image (HSI)",
        "Score of the best method",
        "Which method is best here",
        "Hyperspectral images to learn from",
        "How long to learn.",
    ):
        assert text in texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_complete_and_not_stale(translations, language):
    path = translations.FOLDER / f"ssml_{language}.ts"
    known = translations.read(path)
    assert path.read_text(encoding="utf-8") == translations.written(language, known), "run make translations"
    assert [text for text in translations.texts() if not known[text]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_places_and_words_that_programs_need(translations, language):
    for text, translation in translations.read(translations.FOLDER / f"ssml_{language}.ts").items():
        for pattern in (r"\{[^}]*\}", r"\*\.\w+", r"ssml:\w+", r"\b[A-Z]{2,}_[A-Z_]+\b", r";;"):
            assert sorted(re.findall(pattern, text)) == sorted(re.findall(pattern, translation)), text


def test_what_is_new_is_unfinished_and_what_is_gone_is_dropped(translations):
    page = translations.written("xx", {"Report": "R & D <1>", "No such text": "x"})
    assert "<source>Report</source>\n<translation>R &amp; D &lt;1&gt;</translation>" in page
    assert '<source>Sharpen a scene</source>\n<translation type="unfinished"></translation>' in page
    assert "No such text" not in page


def test_another_language_is_begun_by_one_command_and_never_overwritten(translations, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["translations.py", "--new", "pt_BR"])
    translations.main()
    page = (tmp_path / "ssml_pt_BR.ts").read_text(encoding="utf-8")
    assert 'language="pt_BR"' in page
    assert page.count('type="unfinished"') == len(translations.texts())
    with pytest.raises(SystemExit, match="is there already"):
        translations.main()
