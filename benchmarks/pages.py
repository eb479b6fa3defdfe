"""The pages in docs/benchmarks/, made of templates and of the records in benchmarks/results/.

    python benchmarks/pages.py     (or: make benchmark-pages)

A template is Markdown with blocks in double braces, which name a record and a table of it as RECORD/TABLE. RECORD is
the name of a benchmark, whose latest record is taken; with * the latest of each machine; several are joined by +.

    {{source RECORD}}               command, machine, date, commit and link of the record
    {{value RECORD/TABLE            one cell: of the only row that fits
    where: COLUMN=VALUE; ...
    cell: TEXT}}
    {{table RECORD/TABLE            a row for each row
    where: COLUMN=VALUE|VALUE; ...
    join: TABLE by COLUMN
    HEAD: TEXT
    ...}}
    {{pivot RECORD/TABLE            a cell for each row
    rows: TEXT
    columns: COLUMN
    cell: TEXT}}

What lies between {{#RECORD}} and {{/RECORD}}, lines of their own, is left out while there is no such record; a template
of which nothing is left makes no page.

TEXT is a format string over the columns. There are also ``benchmark``, ``machine`` and, of columns with a standard
deviation or an interval, ``NAME_pm`` ("1.891 ± 0.004") and ``NAME_ci`` ("-1.85 (-7.95 to +1.12)").
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.record import RESULTS, ROOT, Cell, read

TEMPLATES = ROOT / "benchmarks" / "templates"
PAGES = ROOT / "docs" / "benchmarks"
LONGEST = 80  # lines of a page
BLOCK = re.compile(r"\{\{(\w+) (.*?)\n?\}\}(?!\})", re.DOTALL)
SECTION = re.compile(r"\{\{#(\S+)\}\}\n(.*?)\{\{/\1\}\}\n", re.DOTALL)
NOTICE = "<!-- Made by benchmarks/pages.py: change benchmarks/templates/ or benchmarks/results/, not this. -->\n"
Row = dict[str, object]


class Missing:
    """What is not known: nothing, in any format."""

    def __format__(self, _: str) -> str:
        return ""


class Results:
    """The records of a folder, by benchmark, the oldest first."""

    def __init__(self, folder: Path = RESULTS) -> None:
        self.records: dict[str, list[dict]] = {}
        found = [(read(path), path) for path in folder.glob("*.json")]
        for record, path in sorted(found, key=lambda one: (one[0]["date"], one[1].name)):
            self.records.setdefault(record["benchmark"], []).append({**record, "path": path})

    def chosen(self, name: str) -> list[dict]:
        """The latest record of each benchmark, or with * the latest of each machine.

        Raises:
            KeyError: there is none.
        """
        found = []
        for one in name.split("+"):
            records = self.records[one.rstrip("*")]
            found += list({machine(each): each for each in records}.values()) if one.endswith("*") else records[-1:]
        return found

    def rows(self, place: str) -> list[Row]:
        """The rows of RECORD/TABLE."""
        name, _, table = place.partition("/")
        return [
            {
                "benchmark": record["benchmark"],
                "machine": machine(record),
                **row_of(record["tables"][table]["columns"], cells),
            }
            for record in self.chosen(name)
            for cells in record["tables"][table]["rows"]
        ]


def machine(record: dict) -> str:
    """Its processor or, where one is in use, its GPU."""
    return record["machine"]["gpu"] or record["machine"]["processor"]


def row_of(columns: list[str], cells: list[Cell]) -> Row:
    """The cells by column, and texts of those that belong together."""
    row: Row = {name: Missing() if cell is None else cell for name, cell in zip(columns, cells)}
    for name in columns:
        if f"{name}_sd" in row:
            deviation = row[f"{name}_sd"]
            row[f"{name}_pm"] = f"{row[name]:.3f}" + ("" if isinstance(deviation, Missing) else f" ± {deviation:.3f}")
        if f"{name}_low" in row:
            row[f"{name}_ci"] = "{:+.2f} ({:+.2f} to {:+.2f})".format(
                *(row[name + end] for end in ("", "_low", "_high"))
            )
    return row


def fitting(rows: list[Row], where: str) -> list[Row]:
    """Those whose columns have one of the values that are named."""
    for condition in filter(None, map(str.strip, where.split(";"))):
        column, _, values = condition.partition("=")
        rows = [row for row in rows if str(row[column]) in values.split("|")]
    return rows


def options(lines: list[str]) -> dict[str, str]:
    """``NAME: TEXT``, a line each.

    Raises:
        ValueError: a name is there twice.
    """
    found = {name.strip(): text.strip() for name, _, text in (line.partition(": ") for line in lines)}
    if len(found) != len(lines):
        raise ValueError("two lines of one name")
    return found


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def value(results: Results, place: str, lines: list[str]) -> str:
    given = options(lines)
    (row,) = fitting(results.rows(place), given["where"])
    return given["cell"].format(**row)


def table(results: Results, place: str, lines: list[str]) -> str:
    given = options(lines)
    rows = fitting(results.rows(place), given.pop("where", ""))
    if "join" in given:
        other, _, key = given.pop("join").partition(" by ")
        more = {row[key]: row for row in results.rows(f"{place.partition('/')[0]}/{other}")}
        none = dict.fromkeys(next(iter(more.values())), Missing())
        rows = [{**more.get(row[key], none), **row} for row in rows]
    return markdown(list(given), [[text.format(**row) for text in given.values()] for row in rows])


def pivot(results: Results, place: str, lines: list[str]) -> str:
    given = options(lines)
    cells: dict[str, dict[str, str]] = {}
    for row in fitting(results.rows(place), given.get("where", "")):
        cells.setdefault(given["rows"].format(**row), {})[str(row[given["columns"]])] = given["cell"].format(**row)
    head = list(dict.fromkeys(name for row in cells.values() for name in row))
    return markdown(["", *head], [[name, *(row.get(one, "") for one in head)] for name, row in cells.items()])


def source(results: Results, place: str, lines: list[str]) -> str:
    texts = []
    for record in results.chosen(place):
        link = Path("../..") / record["path"].relative_to(ROOT)
        cores = f"{record['machine']['cores']} cores"
        commit = f"commit {record['commit'][:7]}" + (" and changes" if record["modified"] else "")
        texts.append(
            f"`{record['command']}` on {machine(record)}, {cores}, {record['date'][:10]}, [{commit}]({link.as_posix()})"
        )
    return "Measured by " + "; ".join(texts) + "."


KINDS: dict[str, Callable[[Results, str, list[str]], str]] = {
    "value": value,
    "table": table,
    "pivot": pivot,
    "source": source,
}


def page(template: str, results: Results) -> str:
    """The template with its blocks filled in.

    Raises:
        ValueError: a block cannot be filled in; the message names it.
    """

    def filled(block: re.Match) -> str:
        place, *lines = block[2].split("\n")
        try:
            return KINDS[block[1]](results, place.strip(), lines)
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise ValueError(f"{block[0]}: {error!r}") from error

    known = SECTION.sub(lambda section: section[2] if section[1] in results.records else "", template)
    return NOTICE + BLOCK.sub(filled, known)


def all_pages(results: Results) -> dict[str, str]:
    """File name -> text."""
    made = {path.name: page(path.read_text(encoding="utf-8"), results) for path in sorted(TEMPLATES.glob("*.md"))}
    return {name: text for name, text in made.items() if text.strip() != NOTICE.strip()}


def main() -> None:
    """Write the pages."""
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in all_pages(Results()).items():
        (PAGES / name).write_text(text, encoding="utf-8")
        count = text.count("\n")
        print(f"{name}: {count} lines" + (f", more than {LONGEST}" if count > LONGEST else ""))


if __name__ == "__main__":
    main()
