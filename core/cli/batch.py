"""``ssml batch``: one job on many pairs, and one page about all of them. A pair that fails does not stop the others."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from ..report.batch import batch_report
from ..report.html import render, write_page
from ..runtime.errors import Cancelled, InputError
from ..runtime.progress import Progress, SaidOnce
from ..workflows.options import JOBS
from ..workflows.options.declare import Job
from .arguments import PROGRAM, Parser, job_parsers
from .calls import values_of
from .config import words_of
from .failures import failure
from .pairs import Call, call_of, read_pairs

OVERVIEW = "overview.html"


def run_batch(options: argparse.Namespace, parser: Parser, progress: Progress) -> dict[str, Any]:
    """Run a job on each pair of a table.

    Args:
        options: of the command: ``pairs``, ``out``, ``of`` (the job), ``config``, ``skip_existing``, ``more`` (words
            for the job).
        parser: of the whole command line.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``pairs`` (one record each, see :func:`.report.batch.batch_report`), ``overview`` (the page), ``done``,
        ``failed``, ``sentence`` and ``exit_code``: 0, or that of the worst failure.

    Raises:
        InputError: the table, the folder or the file of options cannot be used, or no call is understood.
        Cancelled: the user stopped the job; what is finished is kept, and stands on the page.
    """
    job, folder = next(job for job in JOBS if job.name == options.of), Path(options.out)
    known = job_parsers(parser)[job.name].known_options()
    common = [*(words_of(options.config, job.name, known) if options.config else []), *options.more]
    pairs = read_pairs(options.pairs, job, known, folder)
    calls = [call_of(job, pair, common, folder, parser) for pair in pairs]
    refused = [call for call in calls if isinstance(call, InputError)]
    if len(refused) == len(calls):
        raise refused[0]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made ({error.strerror}); choose another folder for --out.") from None
    page, records, codes = str(folder / OVERVIEW), [], [0]
    for number, (pair, call) in enumerate(zip(pairs, calls)):
        progress.info(f"Pair {number + 1} of {len(pairs)}: {pair.name}")
        step = progress.part(number / len(pairs), (number + 1) / len(pairs))
        record, code = _kept(call) if options.skip_existing else {}, 0
        if record:
            progress.info(f"{pair.name} is there already.")
        else:
            record, code = _run(job, call, SaidOnce(step))
        records.append({"name": pair.name, "hsi": pair.hsi, "pan": pair.pan, **record})
        codes.append(code)
        if code:
            progress.warning(f"{pair.name}: {record['error']}")
        write_page(page, render(batch_report(records, job.name, folder, len(pairs))))
    failed = sum(bool(code) for code in codes)
    lost = f", {failed} failed" if failed else ""
    return {
        "pairs": records,
        "overview": page,
        "done": len(pairs) - failed,
        "failed": failed,
        "sentence": f"{len(pairs) - failed} of {len(pairs)} pairs done{lost}: {page}",
        "exit_code": min((code for code in codes if code), default=0),
    }


def _kept(call: Call) -> dict[str, Any]:
    """The record of a pair whose files were written before; an empty one where some are missing. Files take their
    places when they are complete."""
    files = {key: getattr(call, key, None) or "" for key in ("output", "report")}
    if not any(files.values()) or not all(Path(path).exists() for path in files.values() if path):
        return {}
    return {**files, "error": "", "warnings": [], "verdict": "done before", "seconds": 0.0}


def _run(job: Job, call: Call, progress: Progress) -> tuple[dict[str, Any], int]:
    """Run one call; what is known of it, and its exit code."""
    started = time.monotonic()
    record: dict[str, Any] = {"output": "", "report": "", "error": "", "warnings": []}
    try:
        if isinstance(call, InputError):
            raise call
        values, _ = values_of(job, call)
        made = job.run(values, progress)
    except (Cancelled, KeyboardInterrupt):
        raise
    except Exception as error:
        given = None if isinstance(call, InputError) else vars(call)
        sentence, code = failure(error, f"{PROGRAM} {job.name}", given)
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
