"""What a release is made of."""

from __future__ import annotations

import importlib
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def release(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    yield importlib.import_module("release")
    for name in ("release", "package"):
        sys.modules.pop(name, None)


def stated_version() -> str:
    lines = (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split("=", 1)[1] for line in lines if line.startswith("version="))


def test_a_release_is_a_zip_a_listing_and_the_changes(release, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    archive, listing, notes = release.release(tmp_path, "https://example.org/plugins/")
    version = stated_version()
    assert zipfile.ZipFile(archive).read("ssml_qgis/metadata.txt") == (ROOT / "metadata.txt").read_bytes()
    (plugin,) = ElementTree.parse(listing).getroot()
    assert plugin.get("version") == plugin.findtext("version") == version
    assert plugin.findtext("download_url") == f"https://example.org/plugins/{archive.name}"
    assert plugin.findtext("qgis_minimum_version") == "3.22"
    assert plugin.findtext("update_date") == "2023-11-14T22:13:20+00:00"
    assert notes.name == f"changes-{version}.md"
    assert "##" not in notes.read_text(encoding="utf-8")
    again = release.release(tmp_path / "again", "https://example.org/plugins/")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in (archive, listing, notes)]


def test_the_changes_of_a_version_are_its_section_alone(release):
    log = "# Changes\n\n## 0.2.0\n\n* new\n\n## 0.1.0\n\nfirst\n"
    assert release.changes("0.2.0", log) == "* new\n"
    assert release.changes("0.1.0", log) == "first\n"
    with pytest.raises(SystemExit, match=r"no section 0\.3\.0"):
        release.changes("0.3.0", log)


def test_the_version_stands_in_one_place():
    import core

    assert core.__version__ == stated_version()
    pinned = f'"{stated_version()}"'
    for path in [ROOT / "pyproject.toml", *ROOT.glob("core/**/*.py"), *ROOT.glob("ssml_qgis/*.py")]:
        assert pinned not in path.read_text(encoding="utf-8"), path
