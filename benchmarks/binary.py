"""Binarized networks on real multispectral scenes: accuracy on ground never seen, size, time and memory.

    python benchmarks/binary.py --scenes DIR [--quick]

Each scene is cut in two: networks learn from the upper part (multispectral image and PAN as they are), the lower part
is degraded by Wald's protocol and fused, and the result is scored against the multispectral image itself. All networks
learn equally many steps. Time and memory are measured on a scene that is made up, with a process for each run. Results
are kept in --out, so that a run that was stopped goes on, in the middle of learning, too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from osgeo import gdal

from core.assessment.reduced import reduced_pair
from core.fusion.classical import METHODS
from core.io.reader import RasterReader
from core.models.pair import PAIRS, Kind
from core.operators.pair import DEFAULT_GAIN
from core.products.pair import open_pair
from core.quality.reference import reference_indices
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.fuse import fuse
from core.workflows.train import train

SCENES = ("worldview2", "ikonos")
RATIO, LEARNED, SIDE = 4, 224, 320  # rows that are learned from, of so many
WITHOUT = {
    "s2bnet-without-srm": Kind.binary("s2bnet", redistribution="static"),
    "s2bnet-without-gsfa": Kind.binary("s2bnet", cues=0),
}
PAIRS.update(WITHOUT)
NETWORKS = ("s2bnet", "bisrnet", *WITHOUT, "s2bnet_float")
CLASSICAL = ("exp", "gsa", "mtf-glp-hpm", "mtf-glp")
KEYS = ("psnr", "ergas", "sam", "q")
ENGINES = ("popcount", "int8", "float")  # that compute binary convolutions, in the order in which they are taken
SIZE = 4096  # PAN pixels of the scene that is timed


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
        pair = reduced_pair(whole, DEFAULT_GAIN, made)
        os.replace(pair.hsi, paths["test-ms"])
        os.replace(pair.pan, paths["test-pan"])
    return paths


def scores(fused: str, truth: str) -> dict[str, float]:
    with RasterReader(fused) as result, RasterReader(truth) as reference:
        values, expected = result.read().values, reference.read().values
    indices = reference_indices(values, expected, RATIO)
    return {**{key: float(indices[key]) for key in ("psnr", "ergas", "sam")}, "q": float(indices["uiqi"])}


def kept(path: Path, make: object) -> dict:
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


def made_up(out: Path, size: int, bands: int = 4) -> tuple[str, str]:
    """A scene of size x size PAN pixels: smooth ground with noise, uint16."""
    paths = str(out / f"large-ms-{size}.tif"), str(out / f"large-pan-{size}.tif")
    rng = np.random.default_rng(0)
    for path, count, side, step in ((paths[0], bands, size // RATIO, 4.0), (paths[1], 1, size, 1.0)):
        if Path(path).exists():
            continue
        y, x = np.mgrid[0:side, 0:side].astype(np.float32) * (step / 50)
        dataset = gdal.GetDriverByName("GTiff").Create(path, side, side, count, gdal.GDT_UInt16)
        dataset.SetGeoTransform((500000.0, step, 0.0, 5000000.0, 0.0, -step))
        for band in range(count):
            ground = 500 + 200 * np.sin(x + band / 4) * np.cos(y)
            values = ground + 20 * rng.standard_normal((side, side), np.float32)
            dataset.GetRasterBand(band + 1).WriteArray(values.astype(np.uint16))
        dataset = None
    return paths


def run_once(arguments: argparse.Namespace) -> None:
    """One timed fusion in a process of its own; prints its measures as JSON."""
    import torch

    from core.models.inference import PairResidual
    from core.networks.binarized import s2bnet

    torch.set_num_threads(arguments.threads)
    for engine in ENGINES[: ENGINES.index(arguments.engine)]:  # those that would be taken before it
        setattr(s2bnet, f"{engine}_reason", lambda: "not wanted here")
    spent, call = [0.0, 0.0], PairResidual.__call__

    def watched(residual: PairResidual, *planes: object) -> object:
        started = time.monotonic(), time.process_time()
        result = call(residual, *planes)
        spent[0] += time.monotonic() - started[0]
        spent[1] += time.process_time() - started[1]
        return result

    PairResidual.__call__ = watched
    hsi, pan, model, output = arguments.one
    started = time.monotonic(), time.process_time()
    fuse(hsi, pan, model, output, device="cpu")
    found = {
        "seconds": time.monotonic() - started[0],
        "cpu": time.process_time() - started[1],
        "network": spent[0],
        "network_cpu": spent[1],
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    os.remove(output)
    print(json.dumps(found))


def timed(arguments: argparse.Namespace, size: int) -> dict[str, dict[str, float]]:
    """The least of each measure over runs in turns, and the greatest peak of memory."""
    out = arguments.out
    hsi, pan = made_up(out, size)
    paths = prepare("ikonos", arguments.scenes, out)
    models = {}
    for network in ("s2bnet", "bisrnet", "s2bnet_float"):  # what a network has learned does not change its time
        models[network] = str(out / f"timed-{network}.safetensors")
        if not Path(models[network]).exists():
            train([paths["learn-ms"]], [paths["learn-pan"]], models[network], network=network, steps=1, device="cpu")
    runs = {f"{network}, {engine}": (network, engine) for network in ("s2bnet", "bisrnet") for engine in ENGINES}
    runs["s2bnet_float"] = "s2bnet_float", ENGINES[-1]
    found: dict[str, list[dict]] = {}
    for turn in range(arguments.repeats):
        for name, (network, engine) in runs.items():
            path = out / f"time-{size}-{arguments.threads}-{network}-{engine}-{turn}.json"
            one = "--one", hsi, pan, models[network], str(out / "timed.tif")
            command = [sys.executable, __file__, "--threads", str(arguments.threads), "--engine", engine, *one]

            def work(command: list[str] = command) -> dict:
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                return json.loads(done.stdout.splitlines()[-1])

            found.setdefault(name, []).append(kept(path, work))
            print(f"<!-- {name}: {found[name][-1]} -->", flush=True)
    return {
        name: {key: (max if key == "peak" else min)(run[key] for run in runs) for key in runs[0]}
        for name, runs in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, help="folder of the real scenes")
    parser.add_argument("--out", type=Path, default=Path("build/binary"), help="folder for results")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of the timed fusions")
    parser.add_argument("--repeats", type=int, default=2, help="of the timed fusions")
    parser.add_argument("--only", choices=("accuracy", "time"), help="half of it")
    parser.add_argument(
        "--quick", action="store_true", help="a look at the machinery: few steps, one seed, small image"
    )
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    gdal.UseExceptions()
    if arguments.one:
        run_once(arguments)
        return
    if arguments.scenes is None:
        parser.error("--scenes is needed")
    if arguments.quick:
        arguments.steps, arguments.seeds, arguments.repeats = 10, 1, 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.only != "time":
        accuracy(arguments)
    if arguments.only != "accuracy":
        size = 512 if arguments.quick else SIZE
        found = timed(arguments, size)
        print(f"\n{size} x {size} PAN pixels, 4 bands, {arguments.threads} threads\n")
        print("| network | fusion, s | on all cores, s | the network alone, s | on all cores, s | peak, MB |")
        print("|---|---|---|---|---|---|")
        for name, values in found.items():
            cells = [f"{values[key]:.1f}" for key in ("seconds", "cpu", "network", "network_cpu")]
            print(f"| {name} | " + " | ".join(cells) + f" | {values['peak']:.0f} |")


def accuracy(arguments: argparse.Namespace) -> None:
    """Train and score all; prints the table."""
    for seed in range(arguments.seeds):  # seed by seed, so that a run that was stopped has something of everything
        for scene in SCENES:
            paths = prepare(scene, arguments.scenes, arguments.out)
            for network in NETWORKS:
                run_network(scene, paths, network, seed, arguments.steps, arguments.out)
    print("| scene | method | PSNR | ERGAS | SAM | Q | parameters | file, KB |")
    print("|---|---|---|---|---|---|---|---|")
    for scene in SCENES:
        _table(scene, arguments)


def _table(scene: str, arguments: argparse.Namespace) -> None:
    paths = prepare(scene, arguments.scenes, arguments.out)
    for method in CLASSICAL:
        if method not in METHODS:
            continue
        for consistency in (0, 5):
            found = run_classical(scene, paths, method, consistency, arguments.out)
            label = f"{method}, projected" if consistency else method
            print(f"| {scene} | {label} | " + " | ".join(f"{found[key]:.3f}" for key in KEYS) + " | | |")
    for network in NETWORKS:
        runs = [
            run_network(scene, paths, network, seed, arguments.steps, arguments.out) for seed in range(arguments.seeds)
        ]
        cells = [f"{np.mean([r[key] for r in runs]):.3f} ± {np.std([r[key] for r in runs]):.3f}" for key in KEYS]
        counts = f"{runs[0]['parameters']['network']:,}", f"{runs[0]['size'] / 1000:.0f}"
        print(f"| {scene} | {network} | " + " | ".join((*cells, *counts)) + " |", flush=True)


if __name__ == "__main__":
    main()
