"""What `sharpen` gives on pairs on which nothing was chosen, beside an earlier commit, and what both take.

    python benchmarks/against_earlier.py --scenes DIR --out DIR [--seeds 3] [--base CHECKOUT]

Images with the PAN of their own satellite, both degraded (``benchmarks/satellites.py``), gain told. The two commits
take turns, whole processes. Stated are SAM and ERGAS, how far below MTF-GLP as it is and projected, how far seeds lie
apart, and the processors' seconds. Runs are kept in ``--out``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.accuracy_runs import KEYS, scores_against
from benchmarks.process import ROOT, measured, python
from benchmarks.record import Record, add_option
from benchmarks.satellites import GAIN, SATELLITES, degraded_satellite
from benchmarks.speed_parts import BASE
from benchmarks.speed_ratios import lay_out

PRIORS = {"MTF-GLP": 0, "MTF-GLP projected": 5}
NOW = "sharpen"


def run(options: argparse.Namespace, base: Path, name: str, method: str, seed: int) -> dict:
    """What a method gives on a pair, and its cost; kept."""
    tag = f"{name}-{method}-{seed}".replace("/", "-").replace(" ", "-")
    kept, fused = (options.out / f"{tag}.{ending}" for ending in ("json", "tif"))
    if not kept.exists():
        hsi, pan, truth = degraded_satellite(options.scenes, options.out, name)
        words = ["--hsi", hsi, "--pan", pan, "--out", fused, "--mtf", GAIN]
        words += [] if method == BASE else ["--shift", "none"]
        if method in PRIORS:
            words = ["classical", *words, "--method", "mtf-glp", "--consistency", PRIORS[method]]
        else:
            words = ["sharpen", *words, "--seed", seed]
        cost = measured(python("-m", "core", *words), options.out, base if method == BASE else ROOT)
        scores = scores_against(truth, str(fused), SATELLITES[name].ratio)
        found = {**{key: scores[key] for key in KEYS}, "processors": cost.processors}
        kept.write_text(json.dumps(found), encoding="utf-8")
        fused.unlink()
    return json.loads(kept.read_text(encoding="utf-8"))


def wanted(seeds: int) -> Iterator[tuple[str, str, int]]:
    """Scene, method and seed of each run."""
    for seed in range(seeds):
        for name in SATELLITES:
            for method in (*(PRIORS if seed == 0 else ()), BASE, NOW):
                yield name, method, seed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs and runs, which are kept")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--base", type=Path, help=f"a checkout of {BASE} (default: laid out in build/)")
    add_option(parser)
    options = parser.parse_args()
    options.scenes, options.out = options.scenes.resolve(), options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    base = (options.base or lay_out(ROOT / "build")).resolve()
    found: dict[str, dict[str, list[dict]]] = {}
    for name, method, seed in wanted(options.seeds):
        one = run(options, base, name, method, seed)
        print(json.dumps([name, method, seed, one]), flush=True)
        found.setdefault(name, {}).setdefault(method, []).append(one)
    record = Record("against-earlier", f"effort normal, MTF gain {GAIN}, no shift")
    table = record.table("scores", "scene", "method", *KEYS, *(f"{key}_std" for key in KEYS), "processors_s", digits=4)
    for name, methods in found.items():
        for method, each in methods.items():
            values = np.array([[one[key] for key in KEYS] for one in each])
            seconds = float(np.mean([one["processors"] for one in each]))
            table.add(name, method, *values.mean(0), *values.std(0, ddof=1 if len(each) > 1 else 0), seconds)
    below = record.table("below", "method", "against", *KEYS, *(f"{key}_least" for key in KEYS), digits=3)
    for method in (BASE, NOW):
        for prior in PRIORS:
            single = [
                [[100 * (1 - one[key] / methods[prior][0][key]) for key in KEYS] for one in methods[method]]
                for methods in found.values()
            ]
            below.add(
                method, prior, *np.mean([np.mean(each, 0) for each in single], 0), *np.min(np.concatenate(single), 0)
            )
    ratios = [
        [np.mean([one["processors"] for one in methods[method]]) for method in (NOW, BASE)]
        for methods in found.values()
    ]
    record.table("cost", "processors_ratio", "most", digits=3).add(
        float(np.mean([a / b for a, b in ratios])), float(np.max([a / b for a, b in ratios]))
    )
    record.write(options.results)


if __name__ == "__main__":
    main()
