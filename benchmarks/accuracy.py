"""Accuracy on real scenes, against truth that no job ever saw.

    python benchmarks/accuracy.py --scenes DIR                     the job `sharpen` at its default settings
    python benchmarks/accuracy.py --scenes DIR --study methods     all classical methods, published networks, SSML
    python benchmarks/accuracy.py --scenes DIR --study mutual      learning from each other against learning alone
    python benchmarks/accuracy.py --scenes DIR --study settings    each setting of mutual learning by itself
    python benchmarks/accuracy.py --scenes DIR --study sensor      learned on some scenes, scored on another

Each scene is degraded by Wald's protocol (MTF gain 0.3, PAN = mean of visible bands); every method is given HSI and PAN
only, measures gain and shift of the pair as by default, and is scored on the whole image against the scene. In the
study ``sensor``, networks learn from the degraded scenes of other areas and never see the scored one. Runs are kept in
--out, so that a benchmark that was stopped goes on. Each study writes a record for each ratio; scenes of ratio 6 are
made of real spectra (``benchmarks/made_scenes.py``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.accuracy_runs import BRANCHES, KEYS, PUBLISHED, SCENES, SENSOR, Bench
from benchmarks.paired import mean_and_interval, percent
from benchmarks.record import Record, add_option
from core.fusion.classical import METHODS as CLASSICAL

# What is compared: networks and branch, with networks and branch.
PAIRED = [
    *[(("SSML, reduced resolution", b), ("SSML alone, reduced resolution", b)) for b in BRANCHES],
    *[(("SSML", b), ("SSML alone", b)) for b in BRANCHES],
    (("HyperPNN in a pair", "spectral"), ("hyperpnn", "mean")),
]
# Each by itself, in place of the default.
SETTINGS = [
    ("exchange", 0.0),
    ("exchange", 1.0),
    ("full_exchange", 0.0),
    ("full_exchange", 1.0),
    ("ramp", 0.0),
    ("ramp", 0.5),
    ("components", 6),
    ("components", 24),
]
Runs = Mapping[str, Mapping[str, list[dict]]]  # by method and scene, one for each seed


def statistics(runs: Iterable[Mapping[str, float]]) -> list[float | None]:
    """Mean and standard deviation of each of :data:`KEYS`; of a single run no deviation."""
    found: list[float | None] = []
    runs = list(runs)
    for key in KEYS:
        values = [run[key] for run in runs]
        found += [np.mean(values), np.std(values, ddof=1) if len(values) > 1 else None]
    return found


def best_classical(bench: Bench, name: str, ratio: int) -> dict[str, float]:
    """The lowest SAM and ERGAS of all classical methods without projection, chosen with the truth at hand."""
    found = [bench.classical(name, ratio, method, 0) for method in CLASSICAL]
    return {key: min(scores[key] for scores in found) for key in KEYS}


def below(runs: list[dict], other: Mapping[str, float]) -> list[float]:
    """By how many per cent the runs' mean is below another's scores, for each of :data:`KEYS`."""
    return [-percent([np.mean([run[key] for run in runs])], [other[key]])[0] for key in KEYS]


def study_sharpen(bench: Bench, names: list[str], ratio: int, seeds: int, record: Record) -> None:
    """The job `sharpen` and the classical methods."""
    own = {"up-sampling": ("exp", 0), "MTF-GLP": ("mtf-glp", 0), "MTF-GLP projected": ("mtf-glp", 5)}
    scores = record.table("scores", "scene", "method", "seeds", "sam", "sam_sd", "ergas", "ergas_sd", "seconds")
    others: dict[str, dict[str, dict]] = {"MTF-GLP projected": {}, "best classical": {}}
    made: dict[str, list[dict]] = {}
    for name in names:
        found = {label: bench.classical(name, ratio, *how) for label, how in own.items()}
        found["best classical"] = best_classical(bench, name, ratio)
        for label, values in found.items():
            scores.add(name, label, 1, *statistics([values]), None)
        made[name] = [bench.sharpened(name, ratio, seed) for seed in range(seeds)]
        seconds = np.mean([run["seconds"] for run in made[name]])
        scores.add(name, "sharpened", seeds, *statistics(made[name]), seconds)
        for label, kept in others.items():
            kept[name] = found[label]
    improvement = record.table("improvement", "scene", "against", "sam_percent", "ergas_percent")
    for label, other in others.items():
        by_scene = [below(made[name], other[name]) for name in names]
        single = [below([run], other[name]) for name in names for run in made[name]]
        for name, values in zip(names, by_scene):
            improvement.add(name, label, *values)
        improvement.add("mean of scenes", label, *np.mean(by_scene, axis=0))
        improvement.add("least of single runs", label, *np.min(single, axis=0))


def study_methods(bench: Bench, names: list[str], ratio: int, seeds: int, record: Record) -> None:
    """Classical methods, published networks and SSML."""
    scores = record.table("scores", "scene", "method", "seeds", "sam", "sam_sd", "ergas", "ergas_sd")
    best = {name: best_classical(bench, name, ratio) for name in names}
    for name in names:
        for label, iterations in (("", 0), (", projected", 5)):
            for method in CLASSICAL:
                found = bench.classical(name, ratio, method, iterations)
                scores.add(name, method + label, 1, *statistics([found]))
        scores.add(name, "best classical", 1, *statistics([best[name]]))
    learned = {
        method: {name: [bench.learned(name, ratio, method, seed) for seed in range(seeds)] for name in names}
        for method in ("SSML", *PUBLISHED)
    }
    networks = record.table("networks", "method", "parameters", "seconds", "sam_percent", "ergas_percent")
    for method, found in learned.items():
        for branch in BRANCHES if method == "SSML" else ("mean",):
            label = f"{method}, {branch}" if method == "SSML" else method
            runs = {name: [run[branch] for run in found[name]] for name in names}
            for name in names:
                scores.add(name, label, seeds, *statistics(runs[name]))
            every = [run for name in names for run in found[name]]
            counts = every[0]["parameters"]
            count = sum(counts.values()) if branch == "mean" else counts[branch]
            lower = np.mean([below(runs[name], best[name]) for name in names], axis=0)
            networks.add(label, count, np.mean([run["seconds"] for run in every]), *lower)
    versus = record.table(
        "SSML, mean, against", "method", *(f"{key}{end}" for key in KEYS for end in ("", "_low", "_high"))
    )
    for method in PUBLISHED:
        cells = [
            number
            for key in KEYS
            for number in mean_and_interval(_differences(learned, ("SSML", "mean"), (method, "mean"), key))
        ]
        versus.add(method, *cells)


def _differences(runs: Runs, first: tuple[str, str], second: tuple[str, str], key: str) -> dict[str, list[float]]:
    """Per cent by which one is above the other, by scene, for each seed."""
    (one, branch), (other, against) = first, second
    return {
        name: percent([run[branch][key] for run in found], [run[against][key] for run in runs[other][name]])
        for name, found in runs[one].items()
    }


def _paired(runs: Runs, record: Record) -> None:
    """Differences of :data:`PAIRED`: over all scenes, and by scene."""
    columns = [f"{key}{end}" for key in KEYS for end in ("", "_low", "_high", "_lower_in")]
    paired = record.table("paired", "networks", "branch", "against", *columns, "runs")
    found = []
    for first, second in PAIRED:
        differences = [_differences(runs, first, second, key) for key in KEYS]
        found.append((first, second, differences))
        cells: list[float] = []
        for one in differences:
            cells += [*mean_and_interval(one), sum(value < 0 for values in one.values() for value in values)]
        paired.add(*first, second[0], *cells, sum(map(len, differences[0].values())))
    by_scene = record.table("by scene", "networks", "branch", "against", "scene", *KEYS)
    for first, second, differences in found:
        for name in differences[0]:
            by_scene.add(*first, second[0], name, *(np.mean(one[name]) for one in differences))


def study_mutual(bench: Bench, names: list[str], ratio: int, seeds: int, record: Record) -> None:
    """Learning from each other against learning alone."""
    needed = dict.fromkeys(method for sides in PAIRED for method, _ in sides)
    runs: dict[str, dict[str, list[dict]]] = {m: {n: [] for n in names} for m in needed}
    for seed in range(seeds):
        for name in names:
            for method in needed:
                runs[method][name].append(bench.learned(name, ratio, method, seed))
    _paired(runs, record)


def study_settings(bench: Bench, names: list[str], ratio: int, seeds: int, record: Record) -> None:
    """Each of :data:`SETTINGS` against the default ones."""
    columns = [f"{branch}_{key}" for branch in BRANCHES for key in KEYS]
    table = record.table("settings", "setting", "value", *columns)

    def runs(bench: Bench) -> Runs:
        return {"SSML": {n: [bench.learned(n, ratio, "SSML", seed) for seed in range(seeds)] for n in names}}

    default = runs(bench)["SSML"]
    for field, value in SETTINGS:
        both = {**runs(replace(bench, more={**bench.more, field: value})), "default": default}
        cells = [
            np.mean(list(_differences(both, ("SSML", branch), ("default", branch), key).values()))
            for branch in BRANCHES
            for key in KEYS
        ]
        table.add(field, value, *cells)


def study_sensor(bench: Bench, names: list[str], ratio: int, seeds: int, record: Record) -> None:
    """Networks that learned from scenes of other areas."""
    needed = dict.fromkeys(method for sides in PAIRED for method, _ in sides)
    runs: dict[str, dict[str, list[dict]]] = {method: {} for method in needed}
    for name in (name for name in SENSOR if name in names):
        others = [other for other in SENSOR if SCENES[other].area != SCENES[name].area]
        for method in needed:
            runs[method][name] = [bench.learned(name, ratio, method, seed, others) for seed in range(seeds)]
    _paired(runs, record)
    scores = record.table("scores", "scene", "method", "seeds", "sam", "sam_sd", "ergas", "ergas_sd")
    for method, found in runs.items():
        for name, made in found.items():
            scores.add(name, method, seeds, *statistics(run["mean"] for run in made))
    for label, iterations in (("mtf-glp", 0), ("mtf-glp, projected", 5)):
        for name in next(iter(runs.values())):
            scores.add(name, label, 1, *statistics([bench.classical(name, ratio, "mtf-glp", iterations)]))


STUDIES = {
    "sharpen": (study_sharpen, 5, [4, 2]),
    "methods": (study_methods, 5, [4, 2, 3, 6]),
    "mutual": (study_mutual, 5, [4, 2]),
    "settings": (study_settings, 1, [4]),
    "sensor": (study_sensor, 5, [4, 6]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the real scenes")
    parser.add_argument("--study", nargs="+", choices=list(STUDIES), default=["sharpen"])
    parser.add_argument("--out", type=Path, default=Path("build/accuracy"), help="folder for the runs")
    parser.add_argument("--only", nargs="+", choices=list(SCENES), default=list(SCENES))
    parser.add_argument("--ratios", nargs="+", type=int, help="instead of the study's own")
    parser.add_argument("--seeds", type=int, help="how many, instead of the study's own")
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="learning settings, for studies")
    add_option(parser)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    more = {key: json.loads(value) for key, value in (item.split("=", 1) for item in arguments.set)}
    bench = Bench(arguments.scenes, arguments.out, arguments.effort, more)
    for study in arguments.study:
        run, seeds, ratios = STUDIES[study]
        for ratio in arguments.ratios or ratios:
            record = Record(f"accuracy-{study}-ratio-{ratio}")
            names = [name for name in arguments.only if study == "sensor" or ratio in SCENES[name].ratios]
            run(bench, names, ratio, arguments.seeds or seeds, record)
            record.write(arguments.results)


if __name__ == "__main__":
    main()
