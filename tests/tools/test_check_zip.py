"""The check of the zip finds what it is there to find."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

for tool in ("bandit", "detect_secrets", "flake8"):
    pytest.importorskip(tool)


@pytest.fixture(scope="module")
def check():
    spec = importlib.util.spec_from_file_location("ssml_tools_check_zip", ROOT / "tools" / "check_zip.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("rule", "line", "word"),
    [
        ("_bandit", "import pickle\npickle.loads(b'')\n", "B301"),
        ("_bandit", "assert True\n", "B101"),
        ("_secrets", "password = '" + "hunter2" + "Zq8" + "'\n", "secret"),
        ("_flake8", "import os\n", "F401"),
        ("_qt", "from PyQt5.QtCore import Qt\n", "qgis.PyQt"),
        ("_qt", "dialog.exec_()\n", "exec()"),
        ("_qt", "flags = QgsProcessingParameterDefinition.FlagAdvanced\n", "scope"),
    ],
)
def test_a_planted_defect_is_found(check, tmp_path, rule, line, word):
    (tmp_path / "module.py").write_text(line, encoding="utf-8")
    assert any(word in found for found in getattr(check, rule)(tmp_path))


def test_good_code_passes(check, tmp_path):
    (tmp_path / "module.py").write_text('"""Nothing wrong here."""\n\nVALUE = 3\n', encoding="utf-8")
    for rule in (check._bandit, check._secrets, check._flake8, check._qt):
        assert list(rule(tmp_path)) == []


def test_a_zip_with_a_binary_or_without_a_licence_is_refused(check, tmp_path):
    archive = tmp_path / "plugin.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("ssml_qgis/__init__.py", "")
        zipped.writestr("ssml_qgis/tool.exe", "")
        zipped.writestr("other/file.py", "")
    found = " ".join(check._layout(archive))
    for words in ("tool.exe", "lacks LICENSE", "top folders"):
        assert words in found


def test_metadata_without_a_needed_key_is_refused(check, tmp_path):
    (tmp_path / "metadata.txt").write_text("[general]\nname=x\nabout=nothing\n", encoding="utf-8")
    found = " ".join(check._metadata(tmp_path))
    assert "lacks email" in found
    assert "torch" in found
