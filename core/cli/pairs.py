"""The table of ``ssml batch``: one pair a line, whose cells are words of a call."""

from __future__ import annotations

import argparse
import csv
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from ..runtime.errors import InputError
from ..workflows.options.declare import INPUTS, OUTPUTS, Job, Option
from .arguments import Parser
from .calls import parsed
from .config import flag_of, known_flag, words_for

_NAME = "name"  # the column that is no option: what the results of a pair are called by
_REPORTED = ("sharpen", "inspect", "compare")  # jobs that write a report
_INSIDE = re.compile(r'(/vsi\w+/(?!/)|[A-Za-z]\w+:"?)(.*)')  # GDAL's names of what lies in an archive or a container
_NO_FILE = re.compile(r'[<>:"/\\|?*]+')  # what names of files may not have in Windows
_BETWEEN = re.compile(r"[\s,;]+")
Call = Union[argparse.Namespace, InputError]
"""A call as it was understood, or why it was not."""
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


@dataclass(frozen=True)
class Pair:
    """One line of a table.

    Attributes:
        name: that no other pair has.
        hsi, pan: the files, "" for none.
        words: for the call of its job.
        named: flags of these words.
    """

    name: str
    hsi: str
    pan: str
    words: list[str]
    named: frozenset[str]


def read_pairs(path: str, job: Job, flags: Iterable[str], folder: Path) -> list[Pair]:
    """The pairs of a table: CSV with a line of names, ``hsi`` and ``pan`` among them. Others are options of the job by
    their names on the command line, and ``name``, which the results are called by. Files to read lie beside the table,
    those to write in the folder of results.

    Args:
        path: of the table; fields are separated by commas, semicolons or tabs.
        job: that is done with each.
        flags: options that the job has, as ``--effort``.
        folder: of the results.

    Returns:
        The pairs.

    Raises:
        InputError: the table cannot be read, names no pairs, or has a column that is no option, or more cells in a
            line than columns.
    """
    columns, rows = _read(path)
    for column in columns:
        if column not in ("", _NAME):
            known_flag(flag_of(column), flags, job.name, f"{path} has a column {column!r}")
    options = {(option.flag or "").split()[0]: option for option in job.declared() if option.flag}
    used: set[str] = set()
    pairs = []
    for number, row in enumerate(rows, 1):
        own = {flag_of(column): cell for column, cell in row.items() if column not in ("", _NAME)}
        name = _free(row.get(_NAME) or Path(row.get("hsi", "")).stem or "pair", number, used)
        given = {flag: _value(job, options.get(flag), cell, Path(path).parent, folder) for flag, cell in own.items()}
        made: dict[str, Any] = {"--hsi": "", "--pan": ""}
        if job.name != "inspect":
            made["--out"] = str(folder / f"{name}.tif")
        if job.name in _REPORTED:
            made["--report"] = str(folder / f"{name}.html")
        made.update(given)
        words = [word for flag, value in made.items() for word in words_for(path, flag, value)]
        hsi, pan = (_text(given.get(flag, "")) for flag in ("--hsi", "--pan"))
        pairs.append(Pair(name, hsi, pan, words, frozenset(made)))
    return pairs


def _free(name: str, number: int, used: set[str]) -> str:
    """A name that files may have in any system, and that no other pair has."""
    name = _NO_FILE.sub("_", name).strip("._ ") or "pair"
    while name.lower() in used:
        name = f"{name}-{number}"
    used.add(name.lower())
    return name


def call_of(job: Job, pair: Pair, common: Sequence[str], folder: Path, parser: Parser) -> Call:
    """The call of a pair. A file to write that is named for all pairs is one of each, in the folder of results.

    Args:
        job: that is done.
        pair: with words of its own, which count most.
        common: words for all pairs.
        folder: of the results.
        parser: of the whole command line.

    Returns:
        The call, or what is wrong with it.
    """
    lacking = [image for image, path in (("hsi", pair.hsi), ("pan", pair.pan)) if not path]
    if lacking:
        return InputError(f"The line of {pair.name} names no {lacking[0]}: write its file into that column.")
    try:
        call = parsed([job.name, *common, *pair.words], parser)
    except InputError as error:
        return error
    for option in job.declared():
        named = str(getattr(call, option.name, None) or "") if option.kind in OUTPUTS else ""
        if named and not pair.named.intersection((option.flag or "").split()):
            setattr(call, option.name, str(folder / f"{pair.name}-{Path(named).name}"))
    return call


def _read(path: str) -> tuple[list[str], list[dict[str, str]]]:
    """The names of the columns, and what is given in each line by them."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise InputError(f"{path} cannot be read ({reason}): give a CSV file of pairs.") from None
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    lines = csv.DictReader(text.splitlines(), delimiter=separator, restkey="", restval="")
    names = [str(name).strip().lower().lstrip("-") for name in lines.fieldnames or ()]
    missing = [name for name in ("hsi", "pan") if name not in names]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}: its first line names the columns, as hsi,pan.")
    rows = []
    for line in lines:
        if any(isinstance(value, list) and any(value) for value in line.values()):
            raise InputError(
                f"Line {lines.line_num} of {path} has more cells than there are columns: a value with {separator!r} in "
                "it, as two numbers, stands between quotation marks."
            )
        row = {name: str(value or "").strip() for name, value in zip(names, line.values())}
        if any(row.values()):
            rows.append({name: cell for name, cell in row.items() if cell})
    if not rows:
        raise InputError(f"{path} names no pairs: write one a line, under the names of the columns.")
    return names, rows


def _value(job: Job, option: Option | None, cell: str, beside: Path, folder: Path) -> Any:
    """What a cell gives: a text, a list or a switch; of files, paths."""
    if option is None:
        return cell
    if option.kind in OUTPUTS:
        return str(folder / cell)
    if option.kind in INPUTS:
        paths = [_beside(beside, one.strip()) for one in (cell.split(";") if job.several(option) else [cell])]
        return paths if len(paths) > 1 else paths[0]
    if option.kind == "switch" and cell.lower() in (*_YES, *_NO):
        return cell.lower() in _YES
    return _BETWEEN.split(cell) if job.several(option) else cell


def _beside(folder: Path, name: str) -> str:
    """A path from the folder of the table; what a name of GDAL holds, too."""
    inside = _INSIDE.fullmatch(name)
    return inside[1] + os.path.join(folder, inside[2]) if inside else os.path.join(folder, name)


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
