"""Do two checkouts make the same pixels? Six jobs, run from each by its own command line, on one machine.

    git worktree add --detach ../base b5ad292
    python benchmarks/bit_equality.py --base ../base

The scene is the one in examples/, degraded by ``simulate``; blur, shift and whatever else a later checkout would
estimate are given. Both run on the CPU with the same threads and memory budget. ``fuse`` uses the model that the base
trained. Compared are the pixels of every raster, to the last bit, and the indices of ``compare`` to six digits, more
than are printed: their sums may be taken in another order.
Where learning itself was changed, ``sharpen`` and ``train`` differ: that they are equal is asked of later checkouts.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
from osgeo import gdal

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCENE = os.path.join(ROOT, "examples", "indian_pines", "indian_pines.tif")
# Given, where a checkout has the option: what it would otherwise measure.
GIVEN = {"--mtf": "0.3", "--shift": "none", "--contradictions": "off"}


def commands(folder: str, model: str) -> dict[str, list[str]]:
    """The arguments of each job, with its outputs in a folder; ``model`` is what ``fuse`` reads."""

    def place(name: str) -> str:
        return os.path.join(folder, name)

    pair = ["--hsi", place("hsi.tif"), "--pan", place("pan.tif")]
    learning = ["--effort", "fast", "--seed", "0", "--device", "cpu", "--mtf", "0.3"]
    return {
        "simulate": [
            *("simulate", SCENE, "--ratio", "4", "--pan-bands", "7-33", "--mtf", "0.3"),
            *("--out-hsi", place("hsi.tif"), "--out-pan", place("pan.tif")),
        ],
        "sharpen": ["sharpen", *pair, *learning, "--memory", "1", "--out", place("sharpened.tif")],
        "train": ["train", *pair, *learning, "--out", place("model.safetensors")],
        "fuse": [
            *("fuse", *pair, "--model", model, "--device", "cpu", "--memory", "1"),
            *("--out", place("fused.tif"), "--disagreement", place("disagreement.tif")),
        ],
        "classical": [
            *("classical", *pair, "--method", "mtf-glp", "--mtf", "0.3", "--memory", "1"),
            *("--out", place("classical.tif")),
        ],
        "compare": [
            *("compare", *pair, "--mtf", "0.3", "--memory", "1"),
            *("--out", place("best.tif"), "--json", place("compare.json")),
        ],
    }


def run(checkout: str, python: str, arguments: list[str]) -> None:
    """Run a job of a checkout; the options of GIVEN are added where it has them."""
    environment = {**os.environ, "PYTHONPATH": checkout, "OMP_NUM_THREADS": "2"}
    call = [python, "-m", "core"]
    offered = subprocess.run([*call, arguments[0], "--help"], capture_output=True, text=True, cwd=checkout, check=True)
    given = [word for option, value in GIVEN.items() if f"{option} " in offered.stdout for word in (option, value)]
    subprocess.run(
        [*call, *arguments, *given],
        cwd=checkout,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
    )


def differing(first: str, second: str) -> int:
    """Samples of two rasters that differ in any bit."""
    one, other = (gdal.Open(path).ReadAsArray() for path in (first, second))
    if one.shape != other.shape or one.dtype != other.dtype:
        return max(one.size, other.size)
    return int((one.view(f"u{one.itemsize}") != other.view(f"u{other.itemsize}")).sum())


def indices(path: str) -> dict[str, object]:
    """What ``compare`` found, without times and memory."""
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    kept = ("name", "score", "reduced", "full", "per_band", "ranked")
    return {record["name"]: {key: record[key] for key in kept} for record in found["methods"]}


def alike(one: object, other: object) -> bool:
    """Whether numbers, and those in lists and mappings, agree to six digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-12)
    return one == other


def tensors_differ(first: str, second: str) -> int:
    """Numbers of two model files that differ."""
    from safetensors.numpy import load_file

    one, other = load_file(first), load_file(second)
    if one.keys() != other.keys():
        return -1
    return sum(int(np.sum(one[name] != other[name])) for name in one)


def main() -> int:
    """Run and compare; returns 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, help="the other checkout")
    parser.add_argument("--head", default=ROOT, help="this one by default")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--jobs", nargs="+", default=["simulate", "sharpen", "train", "fuse", "classical", "compare"])
    options = parser.parse_args()
    gdal.UseExceptions()
    rasters = {
        "simulate": ["hsi.tif", "pan.tif"],
        "sharpen": ["sharpened.tif"],
        "fuse": ["fused.tif", "disagreement.tif"],
        "classical": ["classical.tif"],
        "compare": ["best.tif"],
    }
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        places = {name: os.path.join(folder, name) for name in ("base", "head")}
        model = os.path.join(places["base"], "model.safetensors")
        for name, checkout in (("base", options.base), ("head", options.head)):
            os.makedirs(places[name])
            for job, arguments in commands(places[name], model).items():
                if job in options.jobs:
                    run(os.path.abspath(checkout), options.python, arguments)
        for job in options.jobs:
            found = {
                name: differing(*(os.path.join(places[which], name) for which in places))
                for name in rasters.get(job, [])
            }
            if job == "train":
                found["model.safetensors"] = tensors_differ(
                    *(os.path.join(places[which], "model.safetensors") for which in places)
                )
            if job == "compare":
                base, head = (indices(os.path.join(places[which], "compare.json")) for which in places)
                found["compare.json"] = sum(not alike(base.get(name), head.get(name)) for name in {*base, *head})
            for name, count in found.items():
                print(f"{job:<10} {name:<18} {'equal' if count == 0 else f'{count} differ'}", flush=True)
                wrong += count != 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
