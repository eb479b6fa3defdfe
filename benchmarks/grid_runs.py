"""Runs of the benchmarks of grids: each of one pair, by one method, with one seed. They can be run in parts.

python benchmarks/grids.py --part DIR --cases "ratio 3.6" --seeds 1     one part of it, DIR/ratio-3.6-....json
python benchmarks/grids.py --join DIR                                   what all parts found
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np

from benchmarks.record import Cell, Record, add_option, read_parts

SEEDS = [0, 1, 2]


class Run(NamedTuple):
    case: str
    method: str
    seed: int


class Found(NamedTuple):
    ergas: float
    pixels: int  # that were compared


def add_options(parser: argparse.ArgumentParser, cases: Iterable[str]) -> None:
    """``--cases``, ``--seeds``, ``--part``, ``--join`` and ``--results``."""
    names = list(cases)
    parser.add_argument("--cases", nargs="+", default=names, choices=names, metavar="CASE", help="some only")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS, metavar="N", help="of scenes and of learning")
    parser.add_argument("--part", type=Path, metavar="DIR", help="run these alone, and write there what they found")
    parser.add_argument("--join", type=Path, metavar="DIR", help="run nothing; take what parts found")
    add_option(parser)


def runs_of(
    name: str, note: str, wanted: list[Run], options: argparse.Namespace, run: Callable[[Run], Found]
) -> tuple[Record, dict[Run, Found]]:
    """What the runs of a benchmark found, from its parts where those are to be joined.

    Args:
        name: of the benchmark.
        note: of its record.
        wanted: what is to be run.
        options: as :func:`add_options` has them.
        run: makes one.

    Returns:
        A record whose table "runs" has them all, and what each found.
    """
    facts, rows = (None, []) if options.join is None else read_parts(options.join, name, "runs")
    record = Record(name, note, facts)
    table = record.table("runs", "case", "method", "seed", "ergas", "pixels", digits=6)
    found: dict[Run, Found] = {}
    for one in wanted if options.join is None else map(_of_row, rows):
        if one not in found:
            result = run(one) if options.join is None else _result(rows, one)
            found[one] = result
            table.add(*one, *result)
    if options.part is not None:
        more = f"and {len(options.cases) - 1} more" if len(options.cases) > 1 else ""
        names = "-".join([options.cases[0], more, *map(str, options.seeds)])
        record.write(options.part, re.sub(r"[^a-z0-9.]+", "-", f"{name}-{names}".lower()))
    return record, found


def quotient(found: dict[Run, Found], case: str, base: str, method: str) -> tuple[float, float, float] | None:
    """ERGAS of a case and of what it is compared with, means over the seeds that both have, and their ratio.

    Args:
        found: what the runs found.
        case: name of the case.
        base: name of the case that it is compared with.
        method: of both.

    Returns:
        The three numbers; None where no seed has both.
    """
    seeds = [
        one.seed for one in found if one.case == case and one.method == method and Run(base, method, one.seed) in found
    ]
    if not seeds:
        return None
    own, other = (float(np.mean([found[Run(name, method, seed)].ergas for seed in seeds])) for name in (case, base))
    return own, other, own / other


def _of_row(row: list[Cell]) -> Run:
    return Run(str(row[0]), str(row[1]), int(row[2] or 0))


def _result(rows: list[list[Cell]], wanted: Run) -> Found:
    row = next(row for row in rows if _of_row(row) == wanted)
    return Found(float(row[3] or 0.0), int(row[4] or 0))
