"""Accuracy on real scenes, against truth that the job never saw.

    python benchmarks/accuracy.py --scenes DIR

Each scene is degraded by Wald's protocol (ratio 4, MTF gain 0.3, PAN = mean of visible bands); ``sharpen`` is given
HSI and PAN only, at its default settings; up-sampling and MTF-GLP are computed from the same two files. All are
scored on the whole image against the scene. Results are kept in --out, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.progress import ConsoleProgress
from core.quality.reference import reference_indices
from core.raster.reader import RasterReader
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate

SCENES = {
    "indian_pines": ("indian_pines/hsi.tif", "7-33"),
    **{
        name: (f"aviris_los_angeles/{name}.tif", "6-36")
        for name in ("airport-1", "airport-2", "airport-3", "urban-4", "urban-5")
    },
}
RATIO = 4
METHODS = {"up-sampling": ("exp", 0), "MTF-GLP": ("mtf-glp", 0), "MTF-GLP projected": ("mtf-glp", 5)}


def scores(fused: Path, truth: str) -> dict[str, float]:
    with RasterReader(str(fused)) as result, RasterReader(truth) as reference:
        block = result.read()
        rows, cols = block.values.shape[1:]
        expected = reference.read()
        indices = reference_indices(block.values, expected.values[:, :rows, :cols], RATIO)
    return {key: float(indices[key]) for key in ("ergas", "sam", "psnr", "cc")}


def run_scene(name: str, folder: Path, out: Path, seed: int, effort: str, settings: dict) -> dict:
    tag = f"{name}-{effort}-{seed}" + "".join(f"-{key}={value}" for key, value in sorted(settings.items()))
    cache = out / f"{tag}.json"
    if cache.exists():
        return json.loads(cache.read_text())
    path, bands = SCENES[name]
    truth = str(folder / path)
    hsi, pan, fused = (out / f"{name}-{kind}.tif" for kind in ("hsi", "pan", "fused"))
    simulate(truth, RATIO, str(hsi), str(pan), pan_bands=bands)
    found = {}
    for label, (method, consistency) in METHODS.items():
        classical(str(hsi), str(pan), str(fused), method=method, consistency=consistency)
        found[label] = scores(fused, truth)
    started = time.monotonic()
    result = sharpen(
        str(hsi), str(pan), str(fused), effort=effort, seed=seed, settings=settings, progress=ConsoleProgress()
    )
    found["sharpened"] = {**scores(fused, truth), "seconds": time.monotonic() - started}
    record = {"scene": name, "scores": found, "held_out": result["scores"], "used_prior": result["used_prior"]}
    cache.write_text(json.dumps(record))
    return record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the real scenes")
    parser.add_argument("--out", type=Path, default=Path("build/accuracy"), help="folder for results")
    parser.add_argument("--only", nargs="+", choices=list(SCENES), default=list(SCENES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="learning settings, for studies")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    settings = {key: json.loads(value) for key, value in (item.split("=", 1) for item in arguments.set)}
    labels = [*METHODS, "sharpened"]
    print("| scene | " + " | ".join(f"{label}: SAM / ERGAS" for label in labels) + " | below MTF-GLP | seconds |")
    print("|---" * (len(labels) + 3) + "|", flush=True)
    gains = []
    for name in arguments.only:
        found = run_scene(name, arguments.scenes, arguments.out, arguments.seed, arguments.effort, settings)["scores"]
        gain = [100 * (1 - found["sharpened"][key] / found["MTF-GLP"][key]) for key in ("sam", "ergas")]
        gains.append(gain)
        cells = [f"{found[label]['sam']:.3f} / {found[label]['ergas']:.3f}" for label in labels]
        cells += [f"{gain[0]:.1f} % / {gain[1]:.1f} %", f"{found['sharpened']['seconds']:.0f}"]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    mean = np.mean(gains, axis=0)
    print(f"| **mean** |{' |' * len(labels)} **{mean[0]:.1f} % / {mean[1]:.1f} %** | |")


if __name__ == "__main__":
    main()
