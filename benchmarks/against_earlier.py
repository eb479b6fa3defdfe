"""What `sharpen` gives on pairs on which nothing was chosen, beside an earlier commit, and what both take.

    python benchmarks/against_earlier.py --scenes DIR --out DIR [--airborne DIR] [--seeds 5] [--base CHECKOUT]

Images with the PAN of their own satellite, both degraded (``benchmarks/satellites.py``), and airborne scenes with PANs
that are integrated from them (``benchmarks/airborne.py``), gain told. The two commits take turns, whole processes.
Stated are SAM and ERGAS, how far below MTF-GLP as it is and projected, how far seeds lie apart, and the processors'
seconds. Runs are kept in ``--out``; several programs share the work, each with its part of ``--share 0/2``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.accuracy_runs import KEYS, scores_against
from benchmarks.airborne import AIRBORNE, degraded_airborne
from benchmarks.process import ROOT, measured, python
from benchmarks.record import Record, add_option
from benchmarks.satellites import GAIN, SATELLITES, degraded_satellite
from benchmarks.speed_parts import BASE
from benchmarks.speed_ratios import lay_out

PRIORS = {"MTF-GLP": 0, "MTF-GLP projected": 5}
NOW = "sharpen"
RATIOS = {name: satellite.ratio for name, satellite in SATELLITES.items()} | AIRBORNE
Runs = dict[str, dict[str, list[dict]]]  # of each case and method


def run(options: argparse.Namespace, base: Path, name: str, method: str, seed: int) -> dict:
    """What a method gives on a pair, and its cost; kept."""
    tag = f"{name}-{method}-{seed}".replace("/", "-").replace(" ", "-")
    kept, fused = (options.out / f"{tag}.{ending}" for ending in ("json", "tif"))
    if not kept.exists():
        made = degraded_satellite if name in SATELLITES else degraded_airborne
        hsi, pan, truth = made(options.scenes if name in SATELLITES else options.airborne, options.out, name)
        words = ["--hsi", hsi, "--pan", pan, "--out", fused, "--mtf", GAIN]
        words += [] if method == BASE else ["--shift", "none"]
        if method in PRIORS:
            words = ["classical", *words, "--method", "mtf-glp", "--consistency", PRIORS[method]]
        else:
            words = ["sharpen", *words, "--seed", seed]
        cost = measured(python("-m", "core", *words), options.out, base if method == BASE else ROOT)
        scores = scores_against(truth, str(fused), RATIOS[name])
        found = {**{key: scores[key] for key in KEYS}, "processors": cost.processors}
        kept.write_text(json.dumps(found), encoding="utf-8")
        fused.unlink()
    return json.loads(kept.read_text(encoding="utf-8"))


def wanted(seeds: int, names: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Scene, method and seed of each run."""
    for seed in range(seeds):
        for name in names:
            for method in (*(PRIORS if seed == 0 else ()), BASE, NOW):
                yield name, method, seed


def groups(names: Sequence[str]) -> dict[str, list[str]]:
    """The cases that are stated together."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault("own PAN" if name in SATELLITES else f"ratio {AIRBORNE[name]}", []).append(name)
    return found


def gains(found: Runs, names: Sequence[str], method: str, prior: str) -> list[np.ndarray]:
    """(runs, indices) of each case: how far below a prior each run is, in per cent."""
    runs = [np.array([[one[key] for key in KEYS] for one in found[name][method]]) for name in names]
    return [100 * (1 - run / [found[name][prior][0][key] for key in KEYS]) for name, run in zip(names, runs)]


def tell_gains(record: Record, found: Runs) -> None:
    """How far below MTF-GLP: mean and least of each group of cases, and the mean of each case."""
    least = [f"{key}_least" for key in KEYS]
    below = record.table("below", "pairs", "method", "against", *KEYS, *least, digits=3)
    alone = record.table("single", "scene", "method", *KEYS, digits=3)
    for group, names in groups(list(found)).items():
        for method, prior in product((BASE, NOW), PRIORS):
            runs = gains(found, names, method, prior)
            below.add(group, method, prior, *np.mean([run.mean(0) for run in runs], 0), *np.concatenate(runs).min(0))
            if prior == "MTF-GLP":
                for name, run in zip(names, runs):
                    alone.add(name, method, *run.mean(0))


def tell_costs(record: Record, found: Runs) -> None:
    """How far seeds lie apart, and the processors' seconds, as ratios to the earlier commit's."""
    apart = record.table("spread", "pairs", "ratio_of", *KEYS, digits=3)
    cost = record.table("cost", "pairs", "processors_ratio", "most", digits=3)
    for group, names in groups(list(found)).items():
        now, base = (
            np.array([[np.std([one[key] for one in found[name][method]]) for key in KEYS] for name in names])
            for method in (NOW, BASE)
        )
        apart.add(group, "mean of ratios", *(now / base).mean(0))
        apart.add(group, "ratio of means", *(now.mean(0) / base.mean(0)))
        seconds, before = (
            np.array([np.mean([one["processors"] for one in found[name][method]]) for name in names])
            for method in (NOW, BASE)
        )
        cost.add(group, (seconds / before).mean(), (seconds / before).max())


def tell(record: Record, found: Runs) -> None:
    """The tables of all runs."""
    table = record.table("scores", "scene", "method", *KEYS, *(f"{key}_std" for key in KEYS), "processors_s", digits=4)
    for name, methods in found.items():
        for method, each in methods.items():
            values = np.array([[one[key] for key in KEYS] for one in each])
            seconds = float(np.mean([one["processors"] for one in each]))
            table.add(name, method, *values.mean(0), *values.std(0, ddof=1 if len(each) > 1 else 0), seconds)
    tell_gains(record, found)
    tell_costs(record, found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--airborne", type=Path, help="folder of the airborne scenes (default: without them)")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs and runs, which are kept")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--base", type=Path, help=f"a checkout of {BASE} (default: laid out in build/)")
    parser.add_argument("--share", default="0/1", help="make only each n-th run, the k-th of them: k/n (default 0/1)")
    add_option(parser)
    options = parser.parse_args()
    options.scenes, options.out = options.scenes.resolve(), options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    base = (options.base or lay_out(ROOT / "build")).resolve()
    part, parts = map(int, options.share.split("/"))
    names = [*SATELLITES, *(AIRBORNE if options.airborne else ())]
    found: Runs = {}
    for place, (name, method, seed) in enumerate(wanted(options.seeds, names)):
        if place % parts == part:
            one = run(options, base, name, method, seed)
            print(json.dumps([name, method, seed, one]), flush=True)
            found.setdefault(name, {}).setdefault(method, []).append(one)
    if parts == 1:
        record = Record("against-earlier", f"effort normal, MTF gain {GAIN}, no shift")
        tell(record, found)
        record.write(options.results)


if __name__ == "__main__":
    main()
