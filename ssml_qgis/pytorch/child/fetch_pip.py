"""Download the newest pip that suits this Python from a package index: ``fetch_pip.py INDEX FOLDER``.

For a Python that comes without pip, as that of Linux packages of QGIS. The index is read as PEP 503 says; the wheel
counts only if its SHA-256 is the one that the index names. Proxies are taken from the environment. Prints the wheel.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

_WHEEL = re.compile(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl$")
_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|<|>|~=)\s*(\d+(?:\.\d+)*)(?:\.\*)?\s*$")
_TIMEOUT = 30
"""Seconds without an answer."""


class _Links(HTMLParser):
    """The links of an index page, as (address, what it says of the Python it needs)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        items = dict(attrs)
        # A release that was taken back is marked so.
        if tag == "a" and items.get("href") and "data-yanked" not in items:
            self.found.append((items["href"] or "", items.get("data-requires-python") or ""))


def suits(requires: str, python: tuple[int, ...]) -> bool:
    """Whether a version of Python satisfies a ``Requires-Python`` such as ">=3.8, !=3.9.0"."""
    for clause in filter(None, requires.split(",")):
        match = _CLAUSE.match(clause)
        if not match:
            return False
        bound = tuple(int(part) for part in match[2].split("."))
        mine = python[: len(bound)]
        held = {
            ">=": mine >= bound,
            "<=": mine <= bound,
            ">": mine > bound,
            "<": mine < bound,
            "==": mine == bound,
            "!=": mine != bound,
            "~=": mine >= bound and python[: len(bound) - 1] == bound[:-1],
        }
        if not held[match[1]]:
            return False
    return True


def newest(page: str, html: str, python: tuple[int, ...]) -> tuple[str, str]:
    """The address and the SHA-256 of the newest wheel of pip on an index page; ("", "") if there is none."""
    links = _Links()
    links.feed(html)
    found: list[tuple[tuple[int, ...], str, str]] = []
    for address, requires in links.found:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(page, address))
        match = _WHEEL.search(urllib.parse.unquote(parts.path))
        digest = urllib.parse.parse_qs(parts.fragment).get("sha256", [""])[0]
        if match and digest and suits(requires, python):
            version = tuple(int(part) for part in match[1].split("."))
            found.append((version, urllib.parse.urlunsplit(parts._replace(fragment="")), digest))
    _, address, digest = max(found, key=lambda wheel: wheel[0], default=((), "", ""))
    return address, digest


def _read(address: str) -> bytes:
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        raise ValueError(f"{address} is no web address")
    request = urllib.request.Request(address, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # nosec B310 - scheme checked above
        return answer.read()


def main() -> int:
    """Download; the exit code says whether it went well."""
    index, folder = sys.argv[1:3]
    page = f"{index.rstrip('/')}/pip/"
    try:
        address, digest = newest(page, _read(page).decode("utf-8", "replace"), tuple(sys.version_info[:3]))
        if not address:
            print(f"ERROR: the index {urllib.parse.urlsplit(index).hostname} has no pip for this Python")
            return 1
        content = _read(address)
    except (OSError, ValueError) as error:
        print(f"ERROR: {urllib.parse.urlsplit(index).hostname or index} cannot be reached ({error})")
        return 1
    if hashlib.sha256(content).hexdigest() != digest:
        print("ERROR: the pip that was downloaded is not what the index promised")
        return 1
    target = Path(folder, urllib.parse.unquote(address.rsplit("/", 1)[1]))
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_bytes(content)
    os.replace(partial, target)
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
