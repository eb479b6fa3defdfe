"""Accuracy on real scenes, against truth that no job ever saw.

    python benchmarks/accuracy.py --scenes DIR                     the job `sharpen` at its default settings
    python benchmarks/accuracy.py --scenes DIR --study methods     all classical methods, published networks, SSML
    python benchmarks/accuracy.py --scenes DIR --study mutual      learning from each other against learning alone
    python benchmarks/accuracy.py --scenes DIR --study sensor      learned on some scenes, scored on another

Each scene is degraded by Wald's protocol (MTF gain 0.3, PAN = mean of visible bands); every method is given HSI and PAN
only, and is scored on the whole image against the scene. In the study ``sensor``, networks learn from the degraded
scenes of other areas and never see the scored one. Results are kept in --out, one file a run, so that a benchmark that
was stopped goes on; all tables are written there as JSON, too. Differences are paired by scene and seed; their 95 %
intervals are bootstrapped over areas, since neighbouring scenes are no independent evidence, and over seeds in them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.fusion.classical import METHODS as CLASSICAL
from core.io.reader import RasterReader
from core.quality.reference import reference_indices
from core.runtime.progress import ConsoleProgress
from core.workflows.classical import classical
from core.workflows.fuse import fuse
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate
from core.workflows.train import train

KEYS = ("sam", "ergas")
PATHS = ("spectral", "spatial", "mean")
DRAWS = 10_000  # of the bootstrap
# What is learned at reduced resolution only. As full resolution does not restrain it, small steps, no emphasis and more
# exchange are better.
REDUCED = {"consistency": 0.0, "full_exchange": 0.0, "exchange": 1.0, "emphasis": 1.0, "rate": 0.002}


@dataclass(frozen=True)
class RealScene:
    """A truth: its file, the bands of the PAN, the area that it shows (scenes of one area are correlated)."""

    file: str
    area: str
    ratios: tuple[int, ...] = (2, 4)
    pan: Mapping[str, str] = field(default_factory=lambda: {"pan_bands": "6-36"})


def _aviris(name: str, area: str) -> RealScene:
    return RealScene(f"aviris_los_angeles/{name}.tif", area)


SCENES = {
    "indian_pines": RealScene("indian_pines/hsi.tif", "Indian Pines", pan={"pan_bands": "7-33"}),
    "airport-1": _aviris("airport-1", "Los Angeles 1"),
    "airport-2": _aviris("airport-2", "Los Angeles 2"),
    "airport-3": _aviris("airport-3", "Los Angeles 2"),
    "urban-4": _aviris("urban-4", "Los Angeles 3"),
    "urban-5": _aviris("urban-5", "Los Angeles 2"),
    "enmap_potsdam": RealScene("enmap_potsdam/hsi.tif", "Potsdam", (2,), {"pan_range": "480-690"}),
}
SENSOR = [name for name, scene in SCENES.items() if scene.file.startswith("aviris_los_angeles")]


@dataclass(frozen=True)
class Learned:
    """A way to learn: network, mode, and what is set otherwise."""

    network: str
    mode: str = "mutual"
    settings: Mapping[str, object] = field(default_factory=dict)


PUBLISHED = ("hyperpnn", "hspenet", "darn", "hyper-dsnet", "pannet", "pca-z-pnn")
LEARNED = {
    "SSML": Learned("ssml"),
    "SSML alone": Learned("ssml", "alone"),
    "SSML, reduced resolution": Learned("ssml", settings=REDUCED),
    "SSML alone, reduced resolution": Learned("ssml", "alone", REDUCED),
    "HyperPNN in a pair": Learned("hyperpnn+ssml-spatial"),
    **{name: Learned(name) for name in PUBLISHED},
}
# What is compared: (method, path) with (method, path).
PAIRED = [
    *[
        (("SSML, reduced resolution", p), ("SSML alone, reduced resolution", p))
        for p in ("spectral", "spatial", "mean")
    ],
    *[(("SSML", p), ("SSML alone", p)) for p in ("spectral", "spatial", "mean")],
    (("HyperPNN in a pair", "spectral"), ("hyperpnn", "mean")),
]


@dataclass
class Bench:
    """Where things are, and what each learned run takes."""

    scenes: Path
    out: Path
    effort: str
    more: Mapping[str, object]

    def inputs(self, name: str, ratio: int) -> tuple[str, str]:
        """The degraded HSI and the PAN of a scene, made on the first call."""
        hsi, pan = (self.out / f"{name}-{ratio}-{kind}.tif" for kind in ("hsi", "pan"))
        if not pan.exists() or not hsi.exists():
            scene = SCENES[name]
            simulate(str(self.scenes / scene.file), ratio, str(hsi), str(pan), **scene.pan)
        return str(hsi), str(pan)

    def scores(self, name: str, ratio: int, fused: str) -> dict[str, float]:
        """Of the good bands and the pixels that are valid in all of them."""
        with RasterReader(fused) as result, RasterReader(str(self.scenes / SCENES[name].file)) as reference:
            block = result.read()
            rows, cols = block.values.shape[1:]
            truth = reference.read()
        values, known = truth.values[:, :rows, :cols], truth.valid[:, :rows, :cols] & block.valid
        good = known.reshape(len(known), -1).any(1) & (np.asarray(reference.metadata.bbl) != 0)
        found = reference_indices(block.values[good], values[good], ratio, known[good].all(0))
        return {key: float(found[key]) for key in ("ergas", "sam", "psnr", "cc")}

    def tag(self, name: str, ratio: int, method: str, seed: int) -> str:
        """The name of a learned run."""
        more = "".join(f"-{key}={value}" for key, value in sorted(self.more.items()))
        return f"{name}-{ratio}-{method}-{self.effort}-{seed}{more}".lower().replace(", ", "-").replace(" ", "-")

    def kept(self, tag: str, work: object) -> dict:
        """What ``work`` returned when it was first run under this tag."""
        path = self.out / f"{tag}.json"
        if not path.exists():
            started = time.monotonic()
            record = {**work(), "seconds": round(time.monotonic() - started, 1)}
            path.write_text(json.dumps(record))
        return json.loads(path.read_text())

    def classical(self, name: str, ratio: int, method: str, consistency: int) -> dict[str, float]:
        """Scores of a classical method."""

        def work() -> dict:
            fused = str(self.out / f"{tag}.tif")  # several of these programs may share the folder
            classical(*self.inputs(name, ratio), fused, method=method, consistency=consistency)
            scores = self.scores(name, ratio, fused)
            Path(fused).unlink()
            return scores

        tag = f"{name}-{ratio}-{method}-{consistency}"
        return self.kept(tag, work)

    def learned(self, name: str, ratio: int, method: str, seed: int, training: Sequence[str] = ()) -> dict:
        """Scores by path of networks that learned from the scene itself, or from ``training``."""

        def work() -> dict:
            how, (hsi, pan) = LEARNED[method], self.inputs(name, ratio)
            given = [self.inputs(other, ratio) for other in training] or [(hsi, pan)]
            model, fused = str(self.out / f"{tag}.safetensors"), str(self.out / f"{tag}.tif")
            made = train(
                [pair[0] for pair in given],
                [pair[1] for pair in given],
                model,
                network=how.network,
                mode=how.mode,
                effort=self.effort,
                seed=seed,
                settings={**how.settings, **self.more},
                progress=ConsoleProgress(),
            )
            record = {"parameters": made["parameters"], "held_out": made["scores"]}
            for use in ("mean", *(made["parameters"] if len(made["parameters"]) > 1 else ())):
                fuse(hsi, pan, model, fused, use=use)
                record[use] = self.scores(name, ratio, fused)
            return record

        tag = self.tag(name, ratio, f"{method} sensor" if training else method, seed)
        return self.kept(tag, work)

    def sharpened(self, name: str, ratio: int, seed: int) -> dict:
        """Scores of the job `sharpen`."""

        def work() -> dict:
            fused = str(self.out / f"{tag}.tif")
            made = sharpen(
                *self.inputs(name, ratio),
                fused,
                effort=self.effort,
                seed=seed,
                settings=self.more,
                progress=ConsoleProgress(),
            )
            return {**self.scores(name, ratio, fused), "used_prior": made["used_prior"]}

        tag = self.tag(name, ratio, "sharpen", seed)
        return self.kept(tag, work)


def interval(differences: Mapping[str, Sequence[float]]) -> tuple[float, float, float]:
    """Mean over scenes, and its 95 % interval: areas are drawn with replacement, and seeds in each of their scenes.

    Args:
        differences: by scene, one for each seed.
    """
    rng = np.random.default_rng(0)
    areas: dict[str, list[np.ndarray]] = {}
    for name, values in differences.items():
        areas.setdefault(SCENES[name].area, []).append(np.asarray(values, float))
    groups, means = list(areas.values()), []
    for _ in range(DRAWS):
        drawn = [values for index in rng.integers(len(groups), size=len(groups)) for values in groups[index]]
        means.append(np.mean([values[rng.integers(len(values), size=len(values))].mean() for values in drawn]))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(np.mean([np.mean(values) for values in differences.values()])), float(low), float(high)


def percent(first: Iterable[float], second: Iterable[float]) -> list[float]:
    """By how many per cent the first is above the second."""
    return [100 * (a / b - 1) for a, b in zip(first, second)]


def text(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) < 2 else f"{mean} ± {np.std(values, ddof=1):.3f}"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], record: dict) -> None:
    print(f"\n{title}\n\n| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
    record[title] = [dict(zip(head, row)) for row in rows if not print("| " + " | ".join(row) + " |", flush=True)]


def best_classical(bench: Bench, name: str, ratio: int) -> dict[str, float]:
    """The lowest SAM and ERGAS of all classical methods without projection, chosen with the truth at hand."""
    found = [bench.classical(name, ratio, method, 0) for method in CLASSICAL]
    return {key: min(scores[key] for scores in found) for key in KEYS}


def study_sharpen(bench: Bench, names: list[str], ratios: list[int], seeds: int, record: dict) -> None:
    own = {"up-sampling": ("exp", 0), "MTF-GLP": ("mtf-glp", 0), "MTF-GLP projected": ("mtf-glp", 5)}
    for ratio in ratios:
        gains: list[list[float]] = []

        def rows(ratio: int = ratio, gains: list = gains) -> Iterable[list[str]]:
            for name in (name for name in names if ratio in SCENES[name].ratios):
                found = {label: bench.classical(name, ratio, *how) for label, how in own.items()}
                found["best classical"] = best_classical(bench, name, ratio)
                made = [bench.sharpened(name, ratio, seed) for seed in range(seeds)]
                mean = {key: np.mean([scores[key] for scores in made]) for key in KEYS}
                below = [
                    -percent([mean[key]], [found[label][key]])[0]
                    for label in ("MTF-GLP projected", "best classical")
                    for key in KEYS
                ]
                gains.append(below)
                cells = [f"{scores['sam']:.3f} / {scores['ergas']:.3f}" for scores in found.values()]
                cells.append(" / ".join(text([scores[key] for scores in made]) for key in KEYS))
                cells += [f"{first:.1f} / {second:.1f} %" for first, second in (below[:2], below[2:])]
                yield [name, *cells, f"{np.mean([m['seconds'] for m in made]):.0f}"]
            first, second, third, fourth = np.mean(gains, axis=0)
            yield ["**mean**", *[""] * 5, f"{first:.1f} / {second:.1f} %", f"**{third:.1f} / {fourth:.1f} %**", ""]

        head = ["scene", *own, "best classical", "sharpened", "below projected", "below best", "seconds"]
        table(f"`sharpen`, ratio {ratio}: SAM / ERGAS", head, rows(), record)


def study_methods(bench: Bench, names: list[str], ratios: list[int], seeds: int, record: dict) -> None:
    for ratio in ratios:
        chosen = [name for name in names if ratio in SCENES[name].ratios]
        plain = {m: {n: bench.classical(n, ratio, m, 0) for n in chosen} for m in CLASSICAL}
        projected = {m: {n: bench.classical(n, ratio, m, 5) for n in chosen} for m in CLASSICAL}
        best = {n: best_classical(bench, n, ratio) for n in chosen}
        learned = {
            m: {n: [bench.learned(n, ratio, m, seed) for seed in range(seeds)] for n in chosen}
            for m in ("SSML", *PUBLISHED)
        }

        def rows(
            chosen: list = chosen, plain: dict = plain, projected: dict = projected, best: dict = best
        ) -> Iterable:
            for key in KEYS:
                for label, found in (("", plain), (", projected", projected)):
                    for m in ("exp", "gsa", "mtf-glp", "mtf-glp-hpm"):
                        values = [found[m][n][key] for n in chosen]
                        yield [key.upper(), m + label, *(f"{v:.3f}" for v in values), _below(values, best, key), "", ""]
                values = [best[n][key] for n in chosen]
                yield [key.upper(), "best classical of each scene", *(f"{v:.3f}" for v in values), "", "", ""]

        def learned_rows(chosen: list = chosen, learned: dict = learned, best: dict = best) -> Iterable:
            for key in KEYS:
                for m, found in learned.items():
                    for use in PATHS if m == "SSML" else ("mean",):
                        values = [[run[use][key] for run in found[n]] for n in chosen]
                        runs = [run for n in chosen for run in found[n]]
                        count = runs[0]["parameters"]
                        count = sum(count.values()) if use == "mean" else count[use]
                        cells = [text(v) for v in values]
                        cells += [_below([np.mean(v) for v in values], best, key), f"{count:,}"]
                        cells.append(f"{np.mean([run['seconds'] for run in runs]):.0f}")
                        yield [key.upper(), m if m != "SSML" else f"SSML, {use}", *cells]

        head = ["index", "method", *chosen, "below best classical", "parameters", "seconds"]
        table(f"All methods, ratio {ratio}", head, [*rows(), *learned_rows()], record)
        _versus(bench, learned, chosen, f"SSML against the published networks, ratio {ratio}", record)


def _below(values: Sequence[float], best: Mapping[str, Mapping[str, float]], key: str) -> str:
    return f"{-np.mean(percent(values, [scores[key] for scores in best.values()])):.1f} %"


def _versus(bench: Bench, learned: dict, chosen: list[str], title: str, record: dict) -> None:
    def rows() -> Iterable:
        for other in PUBLISHED:
            cells = []
            for key in KEYS:
                by_scene = {
                    n: percent(
                        [r["mean"][key] for r in learned["SSML"][n]], [r["mean"][key] for r in learned[other][n]]
                    )
                    for n in chosen
                }
                cells.append("{:+.2f} % ({:+.2f} to {:+.2f})".format(*interval(by_scene)))
            yield [other, *cells]

    table(title, ["SSML, mean, against", "SAM", "ERGAS"], rows(), record)


def _paired(runs: Mapping[str, Mapping[str, list[dict]]], title: str, record: dict) -> None:
    """Tables of the differences of :data:`PAIRED`; ``runs``: by method and scene, one for each seed."""

    def rows() -> Iterable:
        for (first, path), (second, other) in PAIRED:
            cells = []
            for key in KEYS:
                differences = {
                    n: percent([run[path][key] for run in found], [run[other][key] for run in runs[second][n]])
                    for n, found in runs[first].items()
                }
                better = sum(value < 0 for values in differences.values() for value in values)
                total = sum(map(len, differences.values()))
                cells += ["{:+.2f} % ({:+.2f} to {:+.2f})".format(*interval(differences)), f"{better} of {total}"]
            yield [f"{first}, {path}", f"{second}, {other}", *cells]

    head = ["method, path", "against", "SAM", "lower in", "ERGAS", "lower in"]
    table(title, head, rows(), record)


def study_mutual(bench: Bench, names: list[str], ratios: list[int], seeds: int, record: dict) -> None:
    needed = dict.fromkeys(method for sides in PAIRED for method, _ in sides)
    for ratio in ratios:
        chosen = [name for name in names if ratio in SCENES[name].ratios]
        runs: dict[str, dict[str, list[dict]]] = {m: {n: [] for n in chosen} for m in needed}
        for seed in range(seeds):
            for n in chosen:
                for m in needed:
                    runs[m][n].append(bench.learned(n, ratio, m, seed))
        _paired(runs, f"Learning from each other, ratio {ratio}", record)


def study_sensor(bench: Bench, names: list[str], ratios: list[int], seeds: int, record: dict) -> None:
    needed = dict.fromkeys(method for sides in PAIRED for method, _ in sides)
    for ratio in ratios:
        runs: dict[str, dict[str, list[dict]]] = {m: {} for m in needed}
        for n in (name for name in SENSOR if name in names):
            others = [other for other in SENSOR if SCENES[other].area != SCENES[n].area]
            for m in needed:
                runs[m][n] = [bench.learned(n, ratio, m, seed, others) for seed in range(seeds)]
        _paired(runs, f"Learned on other scenes, ratio {ratio}", record)

        def rows(ratio: int = ratio, runs: dict = runs) -> Iterable:
            for key in KEYS:
                for m, found in runs.items():
                    yield [key.upper(), m, *(text([run["mean"][key] for run in found[n]]) for n in found)]
                for m, iterations in (("mtf-glp", 0), ("mtf-glp", 5)):
                    cells = [f"{bench.classical(n, ratio, m, iterations)[key]:.3f}" for n in found]
                    yield [key.upper(), m + (", projected" if iterations else ""), *cells]

        table(
            f"Scores, learned on other scenes, ratio {ratio}",
            ["index", "method", *next(iter(runs.values()))],
            rows(),
            record,
        )


STUDIES = {
    "sharpen": (study_sharpen, 5, [4, 2]),
    "methods": (study_methods, 5, [4, 2]),
    "mutual": (study_mutual, 5, [4, 2]),
    "sensor": (study_sensor, 5, [4, 6]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the real scenes")
    parser.add_argument("--study", nargs="+", choices=list(STUDIES), default=["sharpen"])
    parser.add_argument("--out", type=Path, default=Path("build/accuracy"), help="folder for results")
    parser.add_argument("--only", nargs="+", choices=list(SCENES), default=list(SCENES))
    parser.add_argument("--ratios", nargs="+", type=int, help="instead of the study's own")
    parser.add_argument("--seeds", type=int, help="how many, instead of the study's own")
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="learning settings, for studies")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    more = {key: json.loads(value) for key, value in (item.split("=", 1) for item in arguments.set)}
    bench = Bench(arguments.scenes, arguments.out, arguments.effort, more)
    for name in arguments.study:
        study, seeds, ratios = STUDIES[name]
        record: dict[str, object] = {}
        study(bench, arguments.only, arguments.ratios or ratios, arguments.seeds or seeds, record)
        (arguments.out / f"study-{name}.json").write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
