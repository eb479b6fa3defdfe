"""What a release is made of."""

from __future__ import annotations

import importlib
import re
import shutil
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


OWN = {
    "email": "someone@hyperspectral.eu",
    "homepage": "https://hyperspectral.eu/ssml",
    "repository": "https://codeberg.org/someone/ssml",
    "tracker": "https://codeberg.org/someone/ssml/issues",
}


def filled_in(text: str, facts: dict[str, str], mark: str) -> str:
    """``key=value`` or ``key: value`` with other values."""
    for key, value in facts.items():
        text, count = re.subn(rf"^{key}{mark}.*$", lambda _, k=key, v=value: f"{k}{mark}{v}", text, flags=re.MULTILINE)
        assert count == 1, key
    return text


@pytest.fixture
def checkout(tmp_path):
    """A function: a copy of what a release is made of, with addresses of its own but for those that are given."""

    def make(**others: str) -> Path:
        root = tmp_path / "checkout"
        shutil.copytree(ROOT / "ssml_qgis", root / "ssml_qgis", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "CHANGELOG.md", root)
        cited = {"repository-code": others.pop("repository_code", OWN["repository"])}
        citation = filled_in((ROOT / "CITATION.cff").read_text(encoding="utf-8"), cited, ": ")
        (root / "CITATION.cff").write_text(citation, encoding="utf-8")
        told = filled_in((ROOT / "metadata.txt").read_text(encoding="utf-8"), {**OWN, **others}, "=")
        for place in (root, root / "ssml_qgis"):
            (place / "metadata.txt").write_text(told, encoding="utf-8")
        return root

    return make


def test_a_release_is_a_zip_a_listing_and_the_changes(release, checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    root = checkout()
    archive, listing, notes = release.release(tmp_path / "dist", "https://example.org/plugins/", root)
    version = stated_version()
    assert zipfile.ZipFile(archive).read("ssml_qgis/metadata.txt") == (root / "metadata.txt").read_bytes()
    (plugin,) = ElementTree.parse(listing).getroot()
    assert plugin.get("version") == plugin.findtext("version") == version
    assert plugin.findtext("download_url") == f"https://example.org/plugins/{archive.name}"
    assert plugin.findtext("homepage") == OWN["homepage"]
    assert plugin.findtext("qgis_minimum_version") == "3.22"
    assert plugin.findtext("update_date") == "2023-11-14T22:13:20+00:00"
    assert notes.name == f"changes-{version}.md"
    assert "##" not in notes.read_text(encoding="utf-8")
    again = release.release(tmp_path / "again", "https://example.org/plugins/", root)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in (archive, listing, notes)]


def test_without_an_address_the_zip_is_where_the_repository_has_its_releases(release, checkout, tmp_path):
    archive, listing, _ = release.release(tmp_path / "dist", root=checkout())
    (plugin,) = ElementTree.parse(listing).getroot()
    place = f"{OWN['repository']}/releases/download/v{stated_version()}"
    assert plugin.findtext("download_url") == f"{place}/{archive.name}"


INVENTED = {
    "email": "maintainers@users.noreply.example.org",
    "homepage": "https://github.com/ssml-qgis/ssml-qgis",
    "repository": "https://github.com/ssml-qgis/ssml-qgis.git",
    "tracker": "https://github.com/SSML-QGIS/ssml-qgis/issues",
    "repository_code": "https://github.com/ssml-qgis/ssml-qgis",
}


@pytest.mark.parametrize("field", INVENTED)
def test_one_invented_address_is_enough_to_refuse_and_is_the_one_that_is_named(release, checkout, tmp_path, field):
    with pytest.raises(SystemExit) as refusal:
        release.release(tmp_path / "dist", root=checkout(**{field: INVENTED[field]}))
    said = str(refusal.value)
    assert said.endswith(".")
    assert said.count("\n") == 0
    named = {key for key in (*OWN, "repository-code") if re.search(rf"\b{key} \(", said)}
    assert named == {field.replace("_", "-")}
    assert ("metadata.txt" in said, "CITATION.cff" in said) == (field in OWN, field not in OWN)
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize(
    ("address", "invented"),
    [
        ("", True),
        ("nobody", True),
        ("someone@localhost", True),
        ("someone@mail.example", True),
        ("someone@example.com", True),
        ("someone@users.noreply.github.com", True),
        ("no-reply@hyperspectral.eu", True),
        ("https://ssml.test/plugin", True),
        ("https://docs.example.net", True),
        ("http://nowhere.invalid/", True),
        ("https://github.com/ssml-qgis/ssml-qgis/", True),
        ("https://github.com/ssml-qgis/ssml-qgis-plugin", False),
        ("https://github.com/someone/example", False),
        ("https://counterexample.org/test", False),
        ("someone@hyperspectral.eu", False),
        ("Someone@Test.Hyperspectral.EU", False),
    ],
)
def test_what_counts_as_invented(release, address, invented):
    assert release.is_invented(address) is invented


def test_this_checkout_is_released_only_with_addresses_that_are_nobodys_invention(release, tmp_path):
    """The addresses here are as they are until a maintainer fills them in; then this checkout can be released."""
    facts = release.metadata()
    if any(release.is_invented(facts[key]) for key in release.ADDRESSES):
        with pytest.raises(SystemExit, match="invented addresses"):
            release.release(tmp_path / "dist")
    else:
        assert release.release(tmp_path / "dist")


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
