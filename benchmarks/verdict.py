"""What a report promises of the gain at full resolution, against the truth.

    python benchmarks/verdict.py --scenes DIR --out DIR [--airborne DIR]

Real scenes, degraded by Wald's protocol at ratios 2 to 4, with PANs that are integrated from them, of other bands too
and with noise, and images with the PAN of their own satellite, both degraded, are sharpened with default settings but
for the MTF gain, which is told. The gain over the projected regression prior is compared with the range that the report
states. Scenes of one area are correlated: the share of cases in which the range holds is stated for each area, too, and
for the formula fitted without that area. Airborne scenes (``benchmarks/airborne.py``) are judged, and never fitted to.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.accuracy_runs import KEYS, SCENES, Bench, scores_against
from benchmarks.airborne import AIRBORNE, degraded_airborne
from benchmarks.record import Record, add_option
from benchmarks.satellites import GAIN, SATELLITES, degraded_satellite
from core.io.array_image import ArrayImage
from core.models.trained import TrainedModel
from core.runtime.progress import Progress
from core.training.agreement import PROMISES, Promise, expected_gain
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate

SNR = 50.0  # of a noisy HSI; its PAN's is twice that
# Scene, ratio, and what the PAN is made of, "" for the usual bands; "noise" adds some to both.
CASES = [
    *[(name, 4, "") for name, scene in SCENES.items() if 4 in scene.ratios],
    *[(name, 2, "") for name in ("indian_pines", "airport-1", "urban-5", "enmap_potsdam")],
    *[(name, 3, "") for name in ("airport-2", "urban-4", "enmap_potsdam")],
    ("airport-1", 4, "20-28"),
    ("urban-5", 4, "28-40"),
    ("airport-3", 4, "noise"),
    ("enmap_potsdam", 2, "noise"),
    ("indian_pines", 4, "12-20"),
]
OWN_PAN = "own"  # the PAN of an image with that of its own satellite
CASES += [(name, satellite.ratio, OWN_PAN) for name, satellite in SATELLITES.items()]
UNFITTED = "airborne"  # of a scene that the formula is not fitted to
AIRBORNE_CASES = [(name, ratio, UNFITTED) for name, ratio in AIRBORNE.items()]


def area_of(name: str) -> str:
    """The area that a scene shows."""
    if name in AIRBORNE:
        return name.split("/")[0]
    return SATELLITES[name].area if name in SATELLITES else SCENES[name].area


def noisy(path: str, snr: float, seed: int) -> None:
    """Add noise to a raster, of each band's mean over the ratio."""
    image, rng = ArrayImage.read(Path(path)), np.random.default_rng(seed)
    values = image.values.astype(np.float32)
    size = np.maximum(np.abs(np.nanmean(values, axis=(1, 2), keepdims=True)), 1e-9) / snr
    ArrayImage(values + rng.normal(size=values.shape).astype(np.float32) * size, image.grid, image.metadata).write(
        Path(path)
    )


def pair_of(bench: Bench, name: str, ratio: int, pan: str) -> tuple[str, str]:
    """HSI and PAN of a case, made on the first call."""
    if not pan:
        return bench.inputs(name, ratio)
    hsi, sharp = (str(bench.out / f"{name}-{ratio}-{pan}-{kind}.tif") for kind in ("hsi", "pan"))
    if not Path(sharp).exists():
        scene = SCENES[name]
        bands = scene.pan if pan == "noise" else {"pan_bands": pan}
        simulate(str(bench.scenes / scene.file), ratio, hsi, sharp, **bands)
        if pan == "noise":
            noisy(hsi, SNR, 0)
            noisy(sharp, 2 * SNR, 1)
    return hsi, sharp


def tag_of(bench: Bench, name: str, ratio: int, pan: str, seed: int) -> str:
    """The name of a case's run."""
    return bench.tag(name.replace("/", "-"), ratio, f"verdict {pan}", seed)


def case_of(bench: Bench, airborne: Path, name: str, ratio: int, pan: str) -> tuple[str, str, Path]:
    """HSI, PAN and truth of a case, made on the first call."""
    if pan == UNFITTED:
        return degraded_airborne(airborne, bench.out, name)
    if pan == OWN_PAN:
        return degraded_satellite(bench.scenes, bench.out, name)
    return (*pair_of(bench, name, ratio, pan), bench.scenes / SCENES[name].file)


def run(bench: Bench, airborne: Path, name: str, ratio: int, pan: str, seed: int) -> dict:
    """The gain of a case over the projected prior, and the range that was stated; kept."""

    def work() -> dict:
        hsi, sharp, truth = case_of(bench, airborne, name, ratio, pan)
        fused, model = str(bench.out / f"{tag}.tif"), str(bench.out / f"{tag}.ssml")
        told = {"mtf": GAIN, "shift": "none", "contradictions": "off"}
        classical(hsi, sharp, fused, method="mtf-glp", denoise="auto", **told, progress=Progress())
        prior = scores_against(truth, fused, ratio)
        made = sharpen(hsi, sharp, fused, model=model, seed=seed, effort=bench.effort, **told, progress=Progress())
        found = scores_against(truth, fused, ratio)
        header = TrainedModel.open(model).header
        return {
            "spread": header["spread"],
            "unexplained": header["unexplained"],
            "held_out": {key: 100 * (1 - made["scores"]["mean"][key] / made["scores"]["prior"][key]) for key in KEYS},
            "gain": {key: 100 * (1 - found[key] / prior[key]) for key in KEYS},
        }

    tag = tag_of(bench, name, ratio, pan, seed)
    return bench.kept(tag, work)


def fitted(
    promise: Promise, spread: np.ndarray, unexplained: np.ndarray, gain: np.ndarray, areas: np.ndarray
) -> Promise:
    """The same with another factor; each area weighs as much as another."""
    weights = np.array([1 / np.sqrt((areas == area).sum()) for area in areas])

    def errors(logarithm: np.ndarray) -> np.ndarray:
        return (promise._replace(factor=float(np.exp(logarithm[0]))).gain(spread, unexplained) - gain) * weights

    found = least_squares(errors, [0.0], loss="soft_l1", f_scale=3.0)
    return promise._replace(factor=float(np.exp(found.x[0])))


def without_each_area(record: Record, found: list[tuple[str, dict]]) -> None:
    """Fit the factor to all areas, and to all but one, on which it is then tried."""
    areas = np.array([area for area, _ in found])
    spread, unexplained = (np.array([one[name] for _, one in found]) for name in ("spread", "unexplained"))
    table = record.table("fitted", "index", "factor", "holds_without_the_area", digits=3)
    for key, promise in PROMISES.items():
        gain = np.array([one["gain"][key] for _, one in found])
        holds: list[bool] = []
        for area in dict.fromkeys(areas):
            rest, own = areas != area, areas == area
            other = fitted(promise, spread[rest], unexplained[rest], gain[rest], areas[rest])
            error = gain[own] - other.gain(spread[own], unexplained[own])
            holds += list((-other.below <= error) & (error <= other.above))
        table.add(key, fitted(promise, spread, unexplained, gain, areas).factor, float(np.mean(holds)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--airborne", type=Path, help="folder of the airborne scenes (default: without them)")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs and runs, which are kept")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--kept", action="store_true", help="only cases that were run before")
    add_option(parser)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    bench, record = (
        Bench(arguments.scenes, arguments.out, arguments.effort, {}),
        Record("verdict", f"effort {arguments.effort}"),
    )
    columns = ("gain", "low", "high", "held out")
    numbers = (f"{key}_{name}" for key in KEYS for name in columns)
    cases = record.table("cases", "scene", "ratio", "PAN", "spread", "unexplained", *numbers, digits=3)
    inside: dict[str, list[list[bool]]] = {}
    every_run: list[tuple[str, dict]] = []
    widths: list[list[float]] = []
    for seed in range(arguments.seeds):
        for name, ratio, pan in [*CASES, *(AIRBORNE_CASES if arguments.airborne else ())]:
            tag = tag_of(bench, name, ratio, pan, seed)
            if arguments.kept and not (bench.out / f"{tag}.json").exists():
                continue
            found = run(bench, arguments.airborne, name, ratio, pan, seed)
            if found["spread"] is None:
                continue
            if pan != UNFITTED:
                every_run.append((area_of(name), found))
            ranges = expected_gain(found["spread"], found["unexplained"])
            cells = [(found["gain"][key], ranges[key].low, ranges[key].high, found["held_out"][key]) for key in KEYS]
            cases.add(
                name,
                ratio,
                pan or "usual",
                found["spread"],
                found["unexplained"],
                *(value for some in cells for value in some),
            )
            holds = [ranges[key].low <= found["gain"][key] <= ranges[key].high for key in KEYS]
            inside.setdefault(area_of(name), []).append(holds)
            widths.append([ranges[key].high - ranges[key].low for key in KEYS])
            print(json.dumps([name, ratio, pan, found]), flush=True)
    shares = record.table("holds", "area", "cases", *KEYS)
    for area, holds in inside.items():
        shares.add(area, len(holds), *np.mean(holds, axis=0))
    unfitted = {area_of(name) for name in AIRBORNE}
    for label, wanted in (("all", inside.keys() - unfitted), ("all airborne", inside.keys() & unfitted)):
        every = [one for area in wanted for one in inside[area]]
        if every:
            shares.add(label, len(every), *np.mean(every, axis=0))
    record.table("median width", *KEYS).add(*np.median(widths, axis=0))
    without_each_area(record, every_run)
    record.write(arguments.results)


if __name__ == "__main__":
    main()
