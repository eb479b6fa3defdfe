"""Constraints of the user's own pip configuration: which file and which line stand in the way of an installation.

pip says that "the user requested" a constraint, but not where. It is in a file that an entry ``constraint`` of one of
pip's configuration files names, or the environment variable PIP_CONSTRAINT.
"""

from __future__ import annotations

import os
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .index import without_password

_LEVELS = ("global", "user", "site", "env")
"""pip's configuration files by the names of ``pip config debug``; the later ones count where they disagree."""
_SECTIONS = ("install", "global")
"""Sections that count for ``pip install``; the first one that has an entry."""
_LISTED = re.compile(r"^  (\S.*), exists: True$")
_SECTION = re.compile(r"^\[(.+)\]")
_ENTRY = re.compile(r"^([\w-]+)\s*[=:](.*)$")
_COMMENT = re.compile(r"(^|\s)#.*$")
_NESTED = re.compile(r"^(?:-c|-r|--constraint|--requirement)(?:\s*=\s*|\s+)(\S+)$")
_NAME = re.compile(r"^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?")
_CONFLICT = re.compile(r"\(constraint\) ([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)")


@dataclass(frozen=True)
class Line:
    """A line of a file; of an environment variable where the number is 0."""

    place: str
    number: int
    text: str

    def __str__(self) -> str:
        text = without_password(self.text)
        return f"{self.place}, line {self.number}: {text}" if self.number else f"{self.place}={text}"


@dataclass(frozen=True)
class Named:
    """A constraints file that pip's configuration names.

    Attributes:
        source: path or address of it, as it is named.
        by: the line that names it.
    """

    source: str
    by: Line

    @property
    def path(self) -> str:
        """The file; "" if it lies elsewhere."""
        parts = urllib.parse.urlsplit(self.source)
        if parts.scheme == "file":
            return urllib.request.url2pathname(parts.path)
        return "" if "://" in self.source else self.source


def normal_name(name: str) -> str:
    """A package's name in the one way of writing that pip compares (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def configuration_files(listing: Sequence[str]) -> list[str]:
    """The configuration files that exist, the one that counts most last, out of the lines of ``pip config debug``."""
    found: dict[str, list[str]] = {}
    level = ""
    for line in listing:
        match = _LISTED.match(line)
        if match:
            found.setdefault(level, []).append(match[1])
        elif line.endswith(":") and not line.startswith(" "):
            level = line[:-1]
    return [path for level in _LEVELS for path in found.get(level, ())]


def named_constraints(files: Sequence[str], environment: Mapping[str, str]) -> list[Named]:
    """The constraints files that pip's configuration names for ``pip install``.

    Args:
        files: as :func:`configuration_files` gives them.
        environment: of pip's process.
    """
    variable = environment.get("PIP_CONSTRAINT", "")
    if variable.split():
        return [Named(source, Line("PIP_CONSTRAINT", 0, variable)) for source in variable.split()]
    if environment.get("PIP_CONFIG_FILE") == os.devnull:  # pip lists the files all the same
        return []
    entries: dict[str, list[Named]] = {}
    for path in files:
        entries.update(_of_configuration(path))
    return next((entries[section] for section in _SECTIONS if entries.get(section)), [])


def _of_configuration(path: str) -> dict[str, list[Named]]:
    """What the sections of a configuration file name; values may go on in indented lines."""
    found: dict[str, list[Named]] = {}
    section, option = "", ""
    for number, line in _lines(path):
        header, entry = _SECTION.match(line), _ENTRY.match(line)
        if header:
            section, option = header[1], ""
            continue
        if entry:
            option = entry[1].lower().replace("_", "-")
            option = option[2:] if option.startswith("--") else option
            if option == "constraint":
                found[section] = []
        if option == "constraint" and (entry or line[:1].isspace()):
            by = Line(path, number, line.strip())
            found[section] += [Named(source, by) for source in (entry[2] if entry else line).split()]
    return found


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """The numbered lines of a file that are neither empty nor a comment; none if it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            yield number, line


def _constraints(path: str, outer: tuple[str, ...] = ()) -> Iterator[tuple[str, Line]]:
    """The packages that a constraints file, and those that it names, restrict."""
    if path in outer:
        return
    for number, line in _lines(path):
        text = _COMMENT.sub("", line).strip()
        nested, name = _NESTED.match(text), _NAME.match(text)
        if nested:
            yield from _constraints(os.path.join(os.path.dirname(path), nested[1]), (*outer, path))
        elif name:
            yield normal_name(name[0]), Line(path, number, text)


def why_not(output: Sequence[str], named: Sequence[Named]) -> str:
    """What of the user's configuration made pip fail, and what to do; "" if none of it did.

    Args:
        output: what pip has printed.
        named: the constraints files of the configuration.
    """
    packages = {normal_name(match[1]) for line in output for match in [_CONFLICT.search(line)] if match}
    lines = [
        f"{line} (named by {file.by})" for file in named for name, line in _constraints(file.path) if name in packages
    ]
    if packages and not lines:  # what lies on another machine is not read a second time
        lines = [f"{without_password(file.source)} (named by {file.by})" for file in named if not file.path]
    if lines:
        return (
            f"a constraint of your own pip configuration forbids it: {'; '.join(lines)}; change that line, or ask for "
            "another version, and run again"
        )
    errors = [line for line in output if line.startswith("ERROR:")]
    for file in named:
        if any(file.source in line for line in errors) and not (file.path and os.access(file.path, os.R_OK)):
            return (
                f"the constraints file {without_password(file.source)} of your own pip configuration cannot be read: "
                f"correct {file.by}, and run again"
            )
    return ""
