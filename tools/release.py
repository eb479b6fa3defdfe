"""Make a release in ``dist/``: the plugin's zip, plugins.xml for a repository of one's own, the changes.

    python3 tools/release.py [ADDRESS]

ADDRESS is where the zip will lie, without its name; by default, the releases of the repository that metadata.txt
names. The version stands in metadata.txt and nowhere else. While metadata.txt or CITATION.cff hold addresses that were
invented, nothing is made. Standard library only.
"""

from __future__ import annotations

import configparser
import datetime
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import package

ROOT = package.ROOT
ADDRESSES = {
    "email": "where you read mail",
    "homepage": "a page about the plugin",
    "repository": "where the sources lie",
    "tracker": "where issues are reported",
}
"""Fields of metadata.txt that people will follow, and what they are."""
PLACEHOLDERS = ("github.com/ssml-qgis/ssml-qgis",)
"""The repository that these sources name; it does not exist yet. To be removed here once it does."""
RESERVED = ("example.com", "example.net", "example.org", "example", "invalid", "test", "localhost")
"""Domains that lead nowhere, for ever (RFC 2606)."""


def metadata(path: Path = ROOT / "metadata.txt") -> configparser.SectionProxy:
    """What QGIS reads of the plugin."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser["general"]


def is_invented(address: str) -> bool:
    """Whether an e-mail or web address is missing, a placeholder, in a reserved domain, or one that takes no mail."""
    address = address.strip().lower()
    host = address.rpartition("@")[2] if "://" not in address else urllib.parse.urlsplit(address).hostname or ""
    place = address.partition("://")[2].removesuffix(".git") + "/"
    return (
        "." not in host
        or any(f".{host}".endswith(f".{domain}") for domain in RESERVED)
        or any(place.startswith(f"{placeholder}/") for placeholder in PLACEHOLDERS)
        or re.search(r"no-?reply", address) is not None
    )


def check_addresses(facts: Mapping[str, str], citation: str) -> None:
    """End the program where an address was invented, naming it and what to fill in.

    Args:
        facts: of metadata.txt. citation: the text of CITATION.cff.
    """
    missing = [f"{key} ({what})" for key, what in ADDRESSES.items() if is_invented(facts.get(key, ""))]
    parts = [f"into metadata.txt {', '.join(missing)}"] if missing else []
    cited = re.search(r"^repository-code: *(.*)$", citation, re.MULTILINE)
    if cited is None or is_invented(cited[1].strip("\"'")):
        parts.append("into CITATION.cff repository-code (the same repository)")
    if parts:
        sys.exit(f"A release must not hold invented addresses; put your own {' and '.join(parts)}.")


def changes(version: str, changelog: str) -> str:
    """The section of the changelog about a version, without its heading; ends the program where there is none."""
    sections = re.split(r"^## (.+)$", changelog, flags=re.MULTILINE)
    found = dict(zip((heading.strip() for heading in sections[1::2]), sections[2::2]))
    if version not in found:
        sys.exit(f"CHANGELOG.md has no section {version}: write one, or put the version right in metadata.txt.")
    return found[version].strip() + "\n"


def date() -> str:
    """Of the commit, so that the same sources give the same files; SOURCE_DATE_EPOCH goes before it."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        return datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc).isoformat()
    asked = ["git", "log", "-1", "--format=%cI"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def plugins_xml(facts: configparser.SectionProxy, file_name: str, address: str, when: str) -> str:
    """The list of one plugin that QGIS's plugin manager reads from a repository."""
    fields = {
        "description": facts["description"],
        "about": facts["about"],
        "version": facts["version"],
        "qgis_minimum_version": facts["qgisMinimumVersion"],
        "qgis_maximum_version": facts["qgisMaximumVersion"],
        "homepage": facts["homepage"],
        "file_name": file_name,
        "icon": facts["icon"],
        "author_name": facts["author"],
        "download_url": f"{address}/{file_name}",
        "update_date": when,
        "experimental": facts["experimental"],
        "deprecated": facts["deprecated"],
        "tracker": facts["tracker"],
        "repository": facts["repository"],
        "tags": facts["tags"],
        "server": facts["server"],
    }
    lines = [f"    <{name}>{escape(value)}</{name}>" for name, value in fields.items()]
    start = f"  <pyqgis_plugin name={quoteattr(facts['name'])} version={quoteattr(facts['version'])}>"
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', "<plugins>", start, *lines, "  </pyqgis_plugin>", "</plugins>", ""]
    )


def release(folder: Path, address: str = "", root: Path = ROOT) -> list[Path]:
    """Write all files of a checkout's release into a folder and return their paths."""
    facts = metadata(root / "metadata.txt")
    check_addresses(facts, (root / "CITATION.cff").read_text(encoding="utf-8"))
    version = facts["version"]
    news = changes(version, (root / "CHANGELOG.md").read_text(encoding="utf-8"))
    if not facts["changelog"].startswith(version):
        sys.exit(f"The changelog in metadata.txt does not begin with {version}: say what this version brings.")
    archive = package.build_zip(folder, root)
    address = (address or f"{facts['repository']}/releases/download/v{version}").rstrip("/")
    listing, notes = folder / "plugins.xml", folder / f"changes-{version}.md"
    listing.write_text(plugins_xml(facts, archive.name, address, date()), encoding="utf-8", newline="\n")
    notes.write_text(news, encoding="utf-8", newline="\n")
    return [archive, listing, notes]


def main() -> None:
    """Do what the command line asks for."""
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    for path in release(ROOT / "dist", *sys.argv[1:]):
        print(f"{path} ({path.stat().st_size / 1024:.0f} kB)")


if __name__ == "__main__":
    main()
