"""What a benchmark found, as a JSON file: the figures, and the commit, machine, date and command that they come from.

    python benchmarks/classical.py --scenes DIR --results benchmarks/results

Every benchmark prints its tables and, with ``--results``, writes such a record. The pages in docs/benchmarks/ are made
of the records in benchmarks/results/ (:mod:`benchmarks.pages`).

A record has ``benchmark`` (its name), ``commit`` and ``modified`` (whether files differed from it), ``date`` (as
ISO 8601 has it), ``machine``, ``software``, ``command``, ``note`` and ``tables``: by name, ``columns`` and ``rows`` of
numbers, texts, truth values and nulls.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib.metadata
import json
import math
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Union

from core.runtime.versions import versions

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
FIELDS = {
    "benchmark": str,
    "commit": str,
    "modified": bool,
    "date": str,
    "machine": dict,
    "software": dict,
    "command": str,
    "note": str,
    "tables": dict,
}

Cell = Union[str, float, int, bool, None]


class Table:
    """A table that is printed row by row, as a benchmark goes on, and kept."""

    def __init__(self, title: str, columns: tuple[str, ...], digits: int) -> None:
        self.columns, self.digits = columns, digits
        self.rows: list[list[Cell]] = []
        print(f"\n{title}\n\n| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|", flush=True)

    def add(self, *cells: Cell) -> None:
        """Add a row, with a cell for each column.

        Raises:
            ValueError: more cells than columns, or fewer.
        """
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells for {len(self.columns)} columns")
        row = [plain(cell, self.digits) for cell in cells]
        self.rows.append(row)
        print("| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |", flush=True)


class Record:
    """The tables of one run of a benchmark.

    Args:
        benchmark: its name.
        note: what a reader has to know.
        facts: commit, machine and software of parts that were measured before; None for those of this run.
    """

    def __init__(self, benchmark: str, note: str = "", facts: dict | None = None) -> None:
        self.benchmark, self.note, self._facts = benchmark, note, facts
        self.tables: dict[str, Table] = {}

    def table(self, name: str, *columns: str, digits: int = 5) -> Table:
        """Begin a table, of whose numbers so many significant digits are kept."""
        self.tables[name] = Table(f"{self.benchmark}: {name}", columns, digits)
        return self.tables[name]

    def write(self, folder: Path | None, part: str = "") -> None:
        """Write the record under a name of its own; nothing without a folder.

        Args:
            folder: where to.
            part: of the benchmark, if this is one: the name of the file, less its ending.
        """
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        now = {
            **commit(),
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": machine(),
            "software": software(),
        }
        content = {
            "benchmark": self.benchmark,
            **(self._facts or now),
            "command": command(sys.argv),
            "note": self.note,
            "tables": {name: {"columns": list(t.columns), "rows": t.rows} for name, t in self.tables.items()},
        }
        path = folder / (f"{part}.json" if part else file_name(content))
        path.write_text(as_json(content), encoding="utf-8")
        print(f"\n{path}", flush=True)


def read_parts(folder: Path, benchmark: str, table: str) -> tuple[dict, list[list[Cell]]]:
    """What the parts of a benchmark found, each run alone, perhaps at the same time as others.

    Args:
        folder: of the parts, see :meth:`Record.write`.
        benchmark: its name.
        table: whose rows are put together.

    Returns:
        What the parts have in common: commit, machine, software, and the date of the last one; and the rows. Parts that
        were made outside of a repository are taken to be of the commit that is checked out.

    Raises:
        ValueError: there are none, or they are of different commits or machines.
    """
    parts = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    parts = [part for part in parts if part["benchmark"] == benchmark]
    common = ("commit", "modified", "machine", "software")
    if not parts or any(part[name] != parts[0][name] for part in parts for name in common):
        raise ValueError(f"{folder} must hold parts of {benchmark}, all of one commit and one machine")
    facts = {name: parts[0][name] for name in common} | {"date": max(part["date"] for part in parts)}
    facts |= {} if facts["commit"] else commit()
    return facts, [row for part in parts for row in part["tables"][table]["rows"]]


def plain(cell: object, digits: int) -> Cell:
    """A cell as JSON has it; numbers, numpy's too, rounded; None for those that are not finite."""
    if cell is None or isinstance(cell, (str, bool, int)):
        return cell
    number = float(f"{float(cell):.{digits}g}")
    return number if math.isfinite(number) else None


def add_option(parser: argparse.ArgumentParser) -> None:
    """``--results``, which every benchmark has."""
    parser.add_argument("--results", type=Path, metavar="DIR", help="write what is found there as JSON, too")


def commit() -> dict[str, object]:
    """The commit that is checked out, "" outside of a repository, and whether files that it has were changed."""

    def git(*arguments: str) -> str:
        try:
            done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        except OSError:  # no git here
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    return {"commit": git("rev-parse", "HEAD"), "modified": bool(git("status", "--porcelain", "-uno"))}


def machine() -> dict[str, Cell]:
    """Processor, cores, memory and, where PyTorch has one in use, the GPU."""
    found: dict[str, Cell] = {"processor": _processor(), "cores": os.cpu_count(), "memory_gb": None, "gpu": None}
    if hasattr(os, "sysconf"):
        found["memory_gb"] = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        found["gpu"] = torch.cuda.get_device_name()
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # another system
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return re.sub(r"\((R|TM)\)", "", names[0]) if names else platform.machine()


def software() -> dict[str, str]:
    """Versions of what is installed, whether this process or one of its children uses it."""
    found = versions()
    for name, package in (("PyTorch", "torch"), ("numba", "numba"), ("torchmetrics", "torchmetrics")):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.setdefault(name, importlib.metadata.version(package))
    return found


def command(arguments: list[str]) -> str:
    """How to run it again; of folders outside of the checkout only the last name is shown."""
    words = []
    for word in arguments:
        path = Path(word)
        if path.is_absolute():
            inside = ROOT in path.resolve().parents
            word = path.resolve().relative_to(ROOT).as_posix() if inside else f"DIR/{path.name}"
        words.append(f'"{word}"' if " " in word else word)
    return " ".join(["python", *words])


def file_name(content: dict) -> str:
    """Benchmark, day, commit and machine."""
    parts = content["benchmark"], content["date"][:10], content["commit"][:7] or "unknown"
    return "_".join([*parts, re.sub(r"[^a-z0-9]+", "-", content["machine"]["processor"].lower()).strip("-")]) + ".json"


def as_json(content: dict) -> str:
    """Indented, but with each row of a table on one line."""
    tables = content["tables"]
    text = json.dumps({**content, "tables": None}, indent=1, ensure_ascii=False)
    parts = []
    for name, table in tables.items():
        rows = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in table["rows"])
        columns = json.dumps(table["columns"], ensure_ascii=False)
        parts.append(f'  {json.dumps(name)}: {{\n   "columns": {columns},\n   "rows": [\n    {rows}\n   ]\n  }}')
    return text.replace('"tables": null', '"tables": {\n' + ",\n".join(parts) + "\n }") + "\n"


def read(path: Path) -> dict:
    """A record.

    Raises:
        ValueError: it is none; the message says what is wrong.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, kind in FIELDS.items():
        if not isinstance(content.get(name), kind):
            raise ValueError(f"{path.name}: {name} is missing, or no {kind.__name__}")
    if file_name(content) != path.name:
        raise ValueError(f"{path.name} should be called {file_name(content)}")
    for name, table in content["tables"].items():
        if any(len(row) != len(table["columns"]) for row in table["rows"]):
            raise ValueError(f"{path.name}: rows of the table {name} are not as long as its columns")
    return content
