"""``ssml batch``: one job on many pairs, and one page about all of them. A pair that fails does not stop the others."""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..report.batch import batch_report
from ..report.html import render, write_page
from ..runtime.errors import Cancelled, InputError
from ..runtime.progress import Progress, SaidOnce
from ..workflows.options import JOBS
from .arguments import PROGRAM, Parser, job_parsers
from .calls import parsed, values_of
from .config import words_of
from .failures import failure

OVERVIEW = "overview.html"
_FILES = ("hsi", "pan", "model", "mask", "geolocation", "pan2")  # columns that name files to read
_REPORTED = ("sharpen", "inspect", "compare")  # jobs that write a report


def run_batch(options: argparse.Namespace, parser: Parser, progress: Progress) -> dict[str, Any]:
    """Run a job on each pair of a table.

    Args:
        options: of the command: ``pairs``, ``out``, ``of`` (the job), ``config``, ``more`` (words for the job).
        parser: of the whole command line.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``pairs`` (one record each, see :func:`.report.batch.batch_report`), ``overview`` (the page), ``done``,
        ``failed``, ``sentence`` and ``exit_code``: 0, or that of the worst failure.

    Raises:
        InputError: the table, the folder or the file of options cannot be used.
        Cancelled: the user stopped the job; what is finished is kept, and stands on the page.
    """
    rows = read_pairs(options.pairs)
    known = job_parsers(parser)[options.of].known_options()
    common = words_of(options.config, options.of, known) if options.config else []
    folder = Path(options.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made ({error.strerror}); choose another folder for --out.") from None
    page, records, codes = str(folder / OVERVIEW), [], [0]
    for number, row in enumerate(rows):
        progress.info(f"Pair {number + 1} of {len(rows)}: {row['name']}")
        words = _words(options.of, row, folder, known)
        step = progress.part(number / len(rows), (number + 1) / len(rows))
        record, code = _run(options, parser, [*common, *options.more, *words], SaidOnce(step))
        records.append({"name": row["name"], "hsi": row["hsi"], "pan": row["pan"], **record})
        codes.append(code)
        if code:
            progress.warning(f"{row['name']}: {record['error']}")
        write_page(page, render(batch_report(records, options.of, folder, len(rows))))
    failed = sum(bool(code) for code in codes)
    lost = f", {failed} failed" if failed else ""
    return {
        "pairs": records,
        "overview": page,
        "done": len(rows) - failed,
        "failed": failed,
        "sentence": f"{len(rows) - failed} of {len(rows)} pairs done{lost}: {page}",
        "exit_code": min((code for code in codes if code), default=0),
    }


def read_pairs(path: str) -> list[dict[str, str]]:
    """The pairs of a table: CSV with a line of names, ``hsi`` and ``pan`` among them. Others are options of the job by
    their names on the command line, and ``name``, which the results are called by. Files lie beside the table.

    Args:
        path: of the table; fields are separated by commas, semicolons or tabs.

    Returns:
        What is given of each pair, with a name that no other has.

    Raises:
        InputError: the table cannot be read, or names no pairs.
    """
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
        cells = [str(value or "").strip() for value in line.values()]
        if any(cells):
            rows.append({name: cell for name, cell in zip(names, cells) if cell})
    if not rows:
        raise InputError(f"{path} names no pairs: write one a line, under the names of the columns.")
    return _named(rows, Path(path).parent)


def _named(rows: Sequence[Mapping[str, str]], folder: Path) -> list[dict[str, str]]:
    """With paths beside the table, and names that differ."""
    used: set[str] = set()
    named = []
    for number, row in enumerate(rows, 1):
        files = {key: str(folder / row[key]) for key in _FILES if key in row}
        name = Path(row.get("name") or Path(row.get("hsi") or f"pair-{number}").stem).name
        name = name if name not in used else f"{name}-{number}"
        used.add(name)
        named.append({"hsi": "", "pan": "", **row, **files, "name": name})
    return named


def _words(job: str, row: Mapping[str, str], folder: Path, known: Sequence[str]) -> list[str]:
    """The words that a pair adds to the call of its job."""
    made = {"--hsi": row["hsi"], "--pan": row["pan"]}
    if job != "inspect":
        made["--out"] = str(folder / f"{row['name']}.tif")
    if job in _REPORTED:
        made["--report"] = str(folder / f"{row['name']}.html")
    own = {f"--{key.replace('_', '-')}": value for key, value in row.items() if key not in ("hsi", "pan", "name")}
    return [f"{flag}={value}" for flag, value in {**made, **own}.items()]


def _run(
    options: argparse.Namespace, parser: Parser, words: Sequence[str], progress: Progress
) -> tuple[dict[str, Any], int]:
    """Run one call; what is known of it, and its exit code."""
    started = time.monotonic()
    record: dict[str, Any] = {"output": "", "report": "", "error": "", "warnings": []}
    try:
        call = parsed([options.of, *words], parser)
        job = next(job for job in JOBS if job.name == options.of)
        values, _ = values_of(job, call)
        made = job.run(values, progress)
    except (Cancelled, KeyboardInterrupt):
        raise
    except Exception as error:
        sentence, code = failure(error, f"{PROGRAM} {options.of}", {"words": list(words)})
        return {**record, "error": sentence, "seconds": round(time.monotonic() - started, 1)}, code
    record.update(
        output=values.get("output") or "",
        report=made.get("report", values.get("report")) or "",
        warnings=list(made.get("warnings") or ()),
        verdict=str(made.get("verdict") or ""),
        mark=str(made.get("mark") or ""),
        expected_gain=made.get("expected_gain") or {},
        gain_unstated=str(made.get("gain_unstated") or ""),
        scores=made.get("scores") or {},
        seconds=round(time.monotonic() - started, 1),
    )
    return record, 0
