"""What a report promises of the gain at full resolution, against the truth.

    python benchmarks/verdict.py --scenes DIR --out DIR

Real scenes, degraded by Wald's protocol at ratios 2 to 4, with PANs of other bands and with noise, are sharpened with
default settings but for the MTF gain, which is told. The gain over the projected regression prior is compared with the
range that the report states. Scenes of one area are correlated: the share of cases in which the range holds is stated
for each area, too. The formula was fitted to other runs of the same areas (docs/notebook).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.accuracy_runs import KEYS, SCENES, Bench
from benchmarks.record import Record, add_option
from core.io.array_image import ArrayImage
from core.models.trained import TrainedModel
from core.runtime.progress import Progress
from core.training.agreement import expected_gain
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate

GAIN = 0.3
SNR = 50.0  # of a noisy HSI; its PAN's is twice that
# Scene, ratio, and what the PAN is made of, "" for the usual bands; "noise" adds some to both.
CASES = [
    *[(name, 4, "") for name in SCENES if name != "enmap_potsdam"],
    *[(name, 2, "") for name in ("indian_pines", "airport-1", "urban-5", "enmap_potsdam")],
    *[(name, 3, "") for name in ("airport-2", "urban-4", "enmap_potsdam")],
    ("airport-1", 4, "20-28"),
    ("urban-5", 4, "28-40"),
    ("airport-3", 4, "noise"),
    ("enmap_potsdam", 2, "noise"),
    ("indian_pines", 4, "12-20"),
]


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


def run(bench: Bench, name: str, ratio: int, pan: str, seed: int) -> dict:
    """The gain of a case over the projected prior, and the range that was stated; kept."""

    def work() -> dict:
        hsi, sharp = pair_of(bench, name, ratio, pan)
        fused, model = str(bench.out / f"{tag}.tif"), str(bench.out / f"{tag}.ssml")
        told = {"mtf": GAIN, "shift": "none", "contradictions": "off"}
        classical(hsi, sharp, fused, method="mtf-glp", denoise="auto", **told, progress=Progress())
        prior = bench.scores(name, ratio, fused)
        made = sharpen(hsi, sharp, fused, model=model, seed=seed, effort=bench.effort, **told, progress=Progress())
        found = bench.scores(name, ratio, fused)
        header = TrainedModel.open(model).header
        return {
            "spread": header["spread"],
            "held_out": {key: 100 * (1 - made["scores"]["mean"][key] / made["scores"]["prior"][key]) for key in KEYS},
            "gain": {key: 100 * (1 - found[key] / prior[key]) for key in KEYS},
        }

    tag = bench.tag(name, ratio, f"verdict {pan}", seed)
    return bench.kept(tag, work)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
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
    cases = record.table("cases", "scene", "ratio", "PAN", "spread", *numbers, digits=3)
    inside: dict[str, list[list[bool]]] = {}
    widths: list[list[float]] = []
    for seed in range(arguments.seeds):
        for name, ratio, pan in CASES:
            tag = bench.tag(name, ratio, f"verdict {pan}", seed)
            if arguments.kept and not (bench.out / f"{tag}.json").exists():
                continue
            found = run(bench, name, ratio, pan, seed)
            if found["spread"] is None:
                continue
            ranges = expected_gain(found["spread"])
            cells = [(found["gain"][key], ranges[key].low, ranges[key].high, found["held_out"][key]) for key in KEYS]
            cases.add(name, ratio, pan or "usual", found["spread"], *(value for some in cells for value in some))
            holds = [ranges[key].low <= found["gain"][key] <= ranges[key].high for key in KEYS]
            inside.setdefault(SCENES[name].area, []).append(holds)
            widths.append([ranges[key].high - ranges[key].low for key in KEYS])
            print(json.dumps([name, ratio, pan, found]), flush=True)
    shares = record.table("holds", "area", "cases", *KEYS)
    for area, holds in inside.items():
        shares.add(area, len(holds), *np.mean(holds, axis=0))
    every = [one for holds in inside.values() for one in holds]
    shares.add("all", len(every), *np.mean(every, axis=0))
    record.table("median width", *KEYS).add(*np.median(widths, axis=0))
    record.write(arguments.results)


if __name__ == "__main__":
    main()
