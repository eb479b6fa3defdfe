"""Which of the methods that were compared is best, and the record of each."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..fusion.classical import METHODS
from ..report.comparison import Compared
from ..runtime.atomic_files import placed
from ..runtime.errors import InputError
from .candidates import Candidate
from .ties import practically_equal

RULE = (
    "The best method has the lowest score at reduced resolution: the mean of its ERGAS and its SAM, each divided by "
    "that of plain up-sampling. Indices without reference do not rank: the consistency projection makes the spectral "
    "ones nearly equal for all. Methods are practically equal where the difference of their scores is within its "
    "uncertainty, by the jackknife over blocks of the image."
)


@dataclass
class Run:
    """The results of one method.

    Attributes:
        candidate: the method.
        reduced: indices by name at reduced resolution.
        compared: what the report shows of it.
        full: indices by name at full resolution.
        score: by which it is ranked, None where it cannot be scored.
        seconds: that it took at full resolution.
        memory: bytes in use meanwhile at most, None where unknown.
        equal: whether it differs from the best by no more than chance, see :func:`.ties.practically_equal`.
    """

    candidate: Candidate
    reduced: dict[str, Any]
    compared: Compared
    full: dict[str, Any] = field(default_factory=dict)
    score: float | None = None
    seconds: float = 0.0
    memory: int | None = None
    equal: bool = False


def ranked(runs: Sequence[Run]) -> list[Run]:
    """Rank the methods by their scores, which are computed here, and mark those that are as good as the best.

    Args:
        runs: the methods, the base first.

    Returns:
        Best first; methods that cannot be scored, or must not be ranked, last.

    Raises:
        InputError: no method could be scored.
    """
    base = runs[0].reduced
    for run in runs:
        parts = [
            run.reduced[key] / base[key]
            for key in ("ergas", "sam")
            if run.reduced.get(key) is not None and base.get(key)
        ]
        run.score = float(np.mean(parts)) if parts else None
    if not any(run.score is not None and not run.candidate.note for run in runs):
        raise InputError(
            "The methods could not be compared: at reduced resolution there is no valid pixel of both HSI and PAN to "
            "score; use a larger part of the scene."
        )
    ranking = sorted(runs, key=lambda run: math.inf if run.score is None or run.candidate.note else run.score)
    best, reference = ranking[0].compared.maps, runs[0].compared.maps
    for run in ranking[1:]:
        if run.score is not None and not run.candidate.note:
            run.equal = practically_equal(best, run.compared.maps, reference)
    return ranking


def result_of(ranking: Sequence[Run]) -> dict[str, Any]:
    """Of :func:`.compare.compare`'s result what follows from the runs.

    Args:
        ranking: the methods, best first.

    Returns:
        ``best``, ``best_title``, ``gain``, ``methods`` and ``rule``.
    """
    records = [
        {
            "name": run.candidate.name,
            "title": run.candidate.title,
            "score": run.score,
            "reduced": run.reduced,
            "full": run.full,
            "per_band": run.compared.reduced["per_band"],
            "seconds": run.seconds,
            "peak_memory": run.memory,
            "ranked": not run.candidate.note,
            "equal": run.equal,
            "note": run.candidate.note,
        }
        for run in ranking
    ]
    classical = [record["score"] for record in records if record["name"] in METHODS and record["score"] is not None]
    best, gain = records[0], None
    if best["name"] not in METHODS and classical:
        gain = 100 * (1 - best["score"] / min(classical))
    return {
        "best": best["name"],
        "best_title": best["title"],
        "gain": gain,
        "methods": records,
        "rule": RULE,
    }


def write_csv(path: str, records: Sequence[Mapping[str, Any]]) -> None:
    """Write one row a method; indices at reduced resolution as they are called, those at full resolution with
    ``full_``.

    Args:
        path: CSV file to write.
        records: ``methods`` of the result.
    """
    rows = [
        {
            "name": record["name"],
            "score": record["score"],
            **record["reduced"],
            **{f"full_{key}": value for key, value in record["full"].items()},
            "seconds": record["seconds"],
            "peak_memory": record["peak_memory"],
        }
        for record in records
    ]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with placed(path, newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
