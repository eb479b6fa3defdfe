"""A sharper image of several bands against a PAN, and against what else takes several bands.

    python benchmarks/partner.py --scenes DIR --out DIR              every scene, five seeds
    python benchmarks/partner.py --scenes DIR --out DIR --seeds 0    one seed

Real scenes are degraded by Wald's protocol (MTF gain 0.3, known to every method); scenes, sharper images and what is
made for ratio 6 are described in ``benchmarks/partner_runs.py``. Stated are SAM and ERGAS over the whole image.
Classical methods are as published, without projection, and with it; the prior is the multiple regression with the
projection. Each run is kept in ``--parts`` (``--out`` unless given), so that a benchmark that was stopped goes on, and
so that runs can be made side by side, each process with an ``--out`` of its own:

    python benchmarks/partner.py --scenes DIR --out OWN --parts DIR --only urban-5 --sets "6 bands" --seeds 3

``--join`` runs nothing: it makes the tables of the runs that are kept. With ``--results DIR`` they are written as JSON.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.made_scenes import MADE_OF
from benchmarks.partner_runs import CLASSICAL, KEYS, LEARNED, NUMBERS, SCENES, SETS, Bench, where_made
from benchmarks.record import Record, add_option

SEEDS = 5
METHODS = (*CLASSICAL, *LEARNED)
Case = tuple[str, int, str]  # scene, ratio, bands of the sharper image
Found = dict[Case, dict[str, list[dict]]]  # runs by method


def cases(options: argparse.Namespace) -> Iterator[Case]:
    """What is wanted of scenes, ratios and bands of the sharper image."""
    ratios = [(name, ratio) for name, scene in SCENES.items() for ratio in scene.ratios]
    for name, ratio in [*ratios, *((name, 6) for name in MADE_OF)]:
        for guides in SETS:
            wanted = zip((name, ratio, guides), (options.only, options.ratios, options.sets))
            if all(not chosen or one in chosen for one, chosen in wanted):
                yield name, ratio, guides


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs")
    parser.add_argument("--parts", type=Path, help="folder of the runs")
    parser.add_argument("--seeds", nargs="*", type=int, default=list(range(SEEDS)), help="seeds of sharpen")
    parser.add_argument("--only", nargs="*", help="scenes")
    parser.add_argument("--ratios", nargs="*", type=int, help="ratios")
    parser.add_argument("--sets", nargs="*", help="bands of the sharper image, as '6 bands'")
    parser.add_argument("--methods", nargs="*", default=[*CLASSICAL, "sharpen"], help=f"of {', '.join(METHODS)}")
    parser.add_argument("--join", action="store_true", help="run nothing: tables of the runs that are kept")
    add_option(parser)
    options = parser.parse_args()
    bench = Bench(options.scenes, options.out, options.parts or options.out)
    found: Found = {}
    for case in cases(options):
        runs: dict[str, list[dict | None]] = {}
        for method in METHODS if options.join else options.methods:
            seeds = options.seeds if method in LEARNED else [0]
            runs[method] = [(bench.kept if options.join else bench.run)(*case, method, seed) for seed in seeds]
        made = {method: [run for run in each if run is not None] for method, each in runs.items()}
        found[case] = {method: each for method, each in made.items() if each}
    made_at = where_made([run for runs in found.values() for each in runs.values() for run in each])
    record = Record("partner", f"MTF gain 0.3, known; no shift; runs made on {made_at}; band numbers {NUMBERS}")
    columns = "scene", "ratio", "sharper image", "method", "seeds", "sam", "ergas", "seconds"
    table = record.table("scores", *columns, digits=4)
    for case, runs in found.items():
        for method, each in runs.items():
            numbers = (np.mean([one[key] for one in each]) for key in (*KEYS, "seconds"))
            table.add(*case, method, len(each), *numbers)
    if any("sharpen" in runs for runs in found.values()):
        _compared(found, record)
    record.write(options.results)


def _compared(found: Found, record: Record) -> None:
    """How far sharpen lies below each method, and below the result with the PAN."""
    columns = "sharper image", "ratio", "against", "scenes", "sam, %", "ergas, %", "worst, sam", "worst, ergas"
    table = record.table("sharpen lies below, mean of scenes", *columns, digits=3)
    for guides, ratio in dict.fromkeys((case[2], case[1]) for case in found):
        some = {case: runs for case, runs in found.items() if case[1:] == (ratio, guides) and "sharpen" in runs}
        for method in (*METHODS, "the result with the PAN"):
            if method == "sharpen":
                continue
            gains = []
            for (name, _, _), runs in some.items():
                with_pan = method not in METHODS
                other = found.get((name, ratio, "PAN"), {}).get("sharpen") if with_pan else runs.get(method)
                if other is None or (with_pan and guides == "PAN"):
                    continue
                own, base = (
                    {key: np.mean([one[key] for one in each]) for key in KEYS} for each in (runs["sharpen"], other)
                )
                gains.append([100 * (1 - own[key] / base[key]) for key in KEYS])
            if gains:
                table.add(guides, ratio, method, len(gains), *np.mean(gains, axis=0), *np.min(gains, axis=0))


if __name__ == "__main__":
    main()
