"""Binarized networks on real multispectral scenes: accuracy on ground never seen, size, time and memory.

    python benchmarks/binary.py --scenes DIR [--only accuracy|size|time] [--quick] [--results DIR]

Each scene is cut in two: networks learn from the upper part (multispectral image and PAN as they are), the lower part
is degraded by Wald's protocol and fused, and the result is scored against the multispectral image itself. All networks
learn equally many steps. Time and memory are measured on a scene that is made up, with a process for each run. Results
are kept in --out, so that a run that was stopped goes on, in the middle of learning, too.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Callable

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from osgeo import gdal

from benchmarks.binary_time import SIDE as SIDE_TIMED
from benchmarks.binary_time import made_up, timed
from benchmarks.record import Record, add_option
from core.assessment.reduced import reduced_pair
from core.io.reader import RasterReader
from core.networks.base import register
from core.networks.binarized.s2bnet import S2BNet
from core.operators.pair import DEFAULT_MTF_GAIN
from core.products.pair import open_pair
from core.quality.reference import reference_indices
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.fuse import fuse
from core.workflows.info import info
from core.workflows.train import train

SCENES = ("worldview2", "ikonos")
RATIO, LEARNED, SIDE = 4, 224, 320  # rows that are learned from, of so many
WITHOUT = {"s2bnet-without-srm": {"redistribution": "static"}, "s2bnet-without-gsfa": {"cues": 0}}
for _name, _preset in WITHOUT.items():
    register(_name, **_preset)(S2BNet)
NETWORKS = ("s2bnet", "bisrnet", *WITHOUT, "s2bnet_float")
CLASSICAL = ("exp", "gsa", "mtf-glp-hpm", "mtf-glp")
KEYS = ("psnr", "ergas", "sam", "q")


def prepare(scene: str, folder: Path, out: Path) -> dict[str, str]:
    """The part to learn from, and the degraded part with its truth."""
    paths = {key: str(out / f"{scene}-{key}.tif") for key in ("learn-ms", "learn-pan", "test-ms", "test-pan", "truth")}
    if all(Path(path).exists() for path in paths.values()):
        return paths
    pieces = {"learn-ms": ("ms", 0, LEARNED), "learn-pan": ("pan", 0, LEARNED), "truth": ("ms", LEARNED, SIDE)}
    for key, (kind, start, stop) in {**pieces, "full-pan": ("pan", LEARNED, SIDE)}.items():
        scale = RATIO if kind == "pan" else 1
        window = [0, start * scale, SIDE * scale, (stop - start) * scale]
        gdal.Translate(str(out / f"{scene}-{key}.tif"), str(folder / scene / f"{kind}.tif"), srcWin=window)
    full_pan = str(out / f"{scene}-full-pan.tif")
    with open_pair(paths["truth"], full_pan, Progress()) as whole, tempfile.TemporaryDirectory(dir=out) as made:
        pair = reduced_pair(whole, DEFAULT_MTF_GAIN, made)
        os.replace(pair.hsi, paths["test-ms"])
        os.replace(pair.pan, paths["test-pan"])
    return paths


def scores(fused: str, truth: str) -> dict[str, float]:
    with RasterReader(fused) as result, RasterReader(truth) as reference:
        values, expected = result.read().values, reference.read().values
    indices = reference_indices(values, expected, RATIO)
    return {**{key: float(indices[key]) for key in ("psnr", "ergas", "sam")}, "q": float(indices["uiqi"])}


def kept(path: Path, make: Callable[[], dict]) -> dict:
    """What ``make`` returned when it was first run for this file."""
    if not path.exists():
        path.write_text(json.dumps(make()))
    return json.loads(path.read_text())


def run_network(scene: str, paths: dict[str, str], network: str, seed: int, steps: int, out: Path) -> dict:
    tag = f"{scene}-{network.replace(' ', '_')}-{steps}-{seed}"
    model, fused = str(out / f"{tag}.safetensors"), str(out / f"{tag}.tif")

    def work() -> dict:
        stopped = f"{model}.checkpoint"
        result = train(
            [paths["learn-ms"]],
            [paths["learn-pan"]],
            model,
            network=network,
            steps=steps,
            seed=seed,
            device="cpu",
            resume=stopped if Path(stopped).exists() else "",
        )
        fuse(paths["test-ms"], paths["test-pan"], model, fused, device="cpu")
        found = scores(fused, paths["truth"])
        os.remove(fused)
        return {**found, "size": os.path.getsize(model), "parameters": result["parameters"]}

    return kept(out / f"{tag}.json", work)


def run_classical(scene: str, paths: dict[str, str], method: str, consistency: int, out: Path) -> dict:
    def work() -> dict:
        fused = str(out / f"{scene}-{method}.tif")
        classical(paths["test-ms"], paths["test-pan"], fused, method=method, consistency=consistency)
        found = scores(fused, paths["truth"])
        os.remove(fused)
        return found

    return kept(out / f"{scene}-{method}-{consistency}.json", work)


def size(out: Path) -> Record:
    """What models of 4 bands weigh: learned numbers, multiplications for an output pixel, bytes of the file."""
    record = Record("binary-size", f"4 bands, ratio {RATIO}")
    keys = "parameters", "parameters_strict", "parameters_paper_style"
    operations = "operations_per_pixel", "operations_strict", "operations_paper_style"
    table = record.table("size", "network", *keys, *operations, "file_bytes")
    hsi, pan = made_up(out, 512)
    for network in ("s2bnet", "bisrnet", "s2bnet_float"):
        model = str(out / f"size-{network}.safetensors")
        train([hsi], [pan], model, network=network, steps=1, device="cpu")
        (costs,) = info(model)["costs"].values()
        table.add(network, *(costs[key] for key in (*keys, *operations)), os.path.getsize(model))
    return record


def accuracy(arguments: argparse.Namespace) -> Record:
    """Train and score all networks, and the classical methods."""
    for seed in range(arguments.seeds):  # seed by seed, so that a run that was stopped has something of everything
        for scene in SCENES:
            paths = prepare(scene, arguments.scenes, arguments.out)
            for network in NETWORKS:
                run_network(scene, paths, network, seed, arguments.steps, arguments.out)
    record = Record("binary-accuracy", f"{arguments.steps} steps")
    columns = [f"{key}{end}" for key in KEYS for end in ("", "_sd")]
    table = record.table("scores", "scene", "method", "projected", "seeds", *columns, "file_kb")
    for scene in SCENES:
        paths = prepare(scene, arguments.scenes, arguments.out)
        for method in CLASSICAL:
            for consistency in (0, 5):
                found = run_classical(scene, paths, method, consistency, arguments.out)
                cells = [cell for key in KEYS for cell in (found[key], None)]
                table.add(scene, method, consistency > 0, 1, *cells, None)
        for network in NETWORKS:
            runs = [
                run_network(scene, paths, network, seed, arguments.steps, arguments.out)
                for seed in range(arguments.seeds)
            ]
            cells = [
                cell
                for values in ([run[key] for run in runs] for key in KEYS)
                for cell in (np.mean(values), np.std(values))
            ]
            table.add(scene, network, True, len(runs), *cells, runs[0]["size"] / 1000)
    return record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, help="folder of the real scenes")
    parser.add_argument("--out", type=Path, default=Path("build/binary"), help="folder for the runs")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of the timed fusions")
    parser.add_argument("--repeats", type=int, default=2, help="of the timed fusions")
    parser.add_argument("--only", choices=("accuracy", "size", "time"), help="a part of it")
    parser.add_argument("--quick", action="store_true", help="does it run? few steps, one seed, a small image")
    add_option(parser)
    arguments = parser.parse_args()
    if arguments.scenes is None and arguments.only in (None, "accuracy"):
        parser.error("--scenes is needed")
    if arguments.quick:
        arguments.steps, arguments.seeds, arguments.repeats = 10, 1, 1
    gdal.UseExceptions()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.only in (None, "accuracy"):
        accuracy(arguments).write(arguments.results)
    if arguments.only in (None, "size"):
        size(arguments.out).write(arguments.results)
    if arguments.only in (None, "time"):
        side = 512 if arguments.quick else SIDE_TIMED
        timed(arguments.out, side, arguments.threads, arguments.repeats).write(arguments.results)


if __name__ == "__main__":
    main()
