"""The page about many pairs: what became of each, with a picture and the way to its files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..io.reader import RasterReader
from ..runtime.errors import InputError
from .html import Item, Picture, Pictures, Report, Section, Table, Text
from .links import Link, link_to
from .pictures import guide_bands, overview, png, stretch_limits

_THUMBNAIL = 240  # rows and columns at most


def batch_report(records: Sequence[Mapping[str, Any]], job: str, folder: Path, pairs: int) -> Report:
    """The page about a batch.

    Args:
        records: of each pair that was run ``name``, ``hsi``, ``pan``, ``output`` and ``report`` (files, "" for none),
            ``error`` (a sentence, "" where it was done), ``warnings`` and ``seconds``; of one that was done
            ``verdict``, ``mark`` ("pass", "look" or "fail"), ``expected_gain``, ``gain_unstated`` and ``scores`` as
            well, as far as the job has them.
        job: what was done.
        folder: that the page will lie in; links are relative to it.
        pairs: how many there are.

    Returns:
        The page, to be drawn with :func:`.html.render`.
    """
    failed = [record for record in records if record["error"]]
    warned = [record for record in records if record["warnings"]]
    lead = f"{len(records) - len(failed)} of {pairs} pairs done"
    lead += f", {len(failed)} failed" if failed else ""
    lead += f", {pairs - len(records)} still to do" if len(records) < pairs else ""
    sections = [Section("Pairs", [_table(records, folder)])]
    if failed:
        texts = [Text(f"{record['name']}: {record['error']}", warning=True) for record in failed]
        sections.append(Section("What failed, and what to do", texts))
    shown = [picture for record in records for picture in _picture(record)]
    if shown:
        sections.append(Section("Results", [Pictures(shown)]))
    if warned:
        said: list[Item] = [Text(f"{record['name']}: {text}") for record in warned for text in record["warnings"]]
        sections.append(Section("Warnings", said))
    return Report(f"ssml batch: {job}", f"{lead}.", sections)


def _table(records: Sequence[Mapping[str, Any]], folder: Path) -> Table:
    columns = (
        "Pair",
        "State",
        "Warnings",
        "Expected gain",
        "ERGAS, held out",
        "Seconds",
        "Report",
        "Result",
        "Verdict",
    )
    rows = []
    for record in records:
        held_out = record.get("scores", {}).get("mean", {}).get("ergas")
        failed = bool(record["error"])
        rows.append(
            [
                record["name"],
                "failed" if failed else record.get("mark") or "done",
                len(record["warnings"]) or None,
                _gain(record),
                held_out,
                record["seconds"],
                _link(record["report"], "report", folder),
                _link(record["output"], "image", folder) if not failed else None,
                "failed: see below" if failed else record.get("verdict") or None,
            ]
        )
    told = [number for number in range(len(columns)) if any(row[number] is not None for row in rows)]
    caption = "The gain is how far the error at full resolution is expected to lie below that of the regression prior."
    kept = [[row[number] for number in told] for row in rows]
    return Table([columns[number] for number in told], kept, caption=caption if 3 in told else "")


def _gain(record: Mapping[str, Any]) -> str | None:
    """The range, or why there is none; None of a job that states none."""
    found = record.get("expected_gain", {}).get("ergas")
    return f"{round(found[0])} to {round(found[2])} % (ERGAS)" if found else record.get("gain_unstated") or None


def _link(path: str, text: str, folder: Path) -> Link | None:
    return link_to(path, folder, text) if path and os.path.exists(path) else None


def _picture(record: Mapping[str, Any]) -> list[Picture]:
    if record["error"] or not record["output"]:
        return []
    try:
        with RasterReader(record["output"]) as reader:
            values, valid = overview(reader, guide_bands(reader.metadata), _THUMBNAIL)
    except InputError:  # a format that is written and not read, as Zarr with an old GDAL
        return []
    return [Picture(record["name"], png(values, valid, stretch_limits(values, valid)))]
