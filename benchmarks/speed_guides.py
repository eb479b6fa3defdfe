"""What a sharper image of six bands costs in ``fuse``, against a PAN: time and peak memory of the whole process.

    python benchmarks/speed_guides.py --runs 5

Both make 1200 x 1200 x 200 int16 of an HSI of 200 x 200 x 200 (``benchmarks/speed.py``); they take turns, with nothing
measured of the pair and as by default.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import ROOT, python
from benchmarks.record import Record, add_option
from benchmarks.speed import RATIO, TOLD, Scene, make_scene, ours, rounds, show
from core.io.array_image import ArrayImage

GUIDES = 6
COST = "what", "wall_s", "processors_s", "peak_mb", "wall_ratio", "processors_ratio"
BOUNDS = 1.3, 1.15  # time and memory of six bands, of those of one


def write_guides(hsi: str, pan: str, path: str) -> None:
    """Six sharp bands: bands of the HSI with the PAN's detail."""
    low, high = ArrayImage.read(hsi), ArrayImage.read(pan)
    chosen = low.values[np.linspace(5, len(low.values) - 5, GUIDES).astype(int)]
    values = (chosen.repeat(RATIO, 1).repeat(RATIO, 2).astype(np.int32) + high.values) // 2
    ArrayImage(values.astype(np.int16), high.grid, high.metadata.select([0] * GUIDES)).write(path)


def make_both(folder: Path) -> dict[str, tuple[Scene, Path]]:
    """The pairs and their models."""
    plain = make_scene(folder, 200)
    several = plain._replace(pan=folder / "guides.tif")
    if not several.pan.exists():  # by a process of its own: what this one has in memory is counted as its children's
        subprocess.run(python(__file__, "--make", plain.hsi, plain.pan, several.pan), check=True)
    made = {}
    for name, scene in (("one band", plain), (f"{GUIDES} bands", several)):
        model = folder / f"{scene.pan.stem}.safetensors"
        if not model.exists():
            places = ["--hsi", scene.hsi, "--pan", scene.pan, "--out", model]
            train = python("-m", "core", "train", *places, "--steps", 3, *TOLD)
            subprocess.run(train, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        made[name] = scene, model
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--folder", type=Path, help="keep the rasters here (default: a temporary folder)")
    parser.add_argument("--make", nargs=3, help=argparse.SUPPRESS)
    add_option(parser)
    options = parser.parse_args()
    if options.make:
        write_guides(*options.make)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        pairs = make_both(folder)
        record = Record("speed-guides", f"rounds: {options.runs}, load {os.getloadavg()[0]:.1f}")
        columns = "options", "wall_ratio", "processors_ratio", "peak_ratio", "bound of time", "bound of memory"
        against = []
        for name, told in {"told": TOLD, "default": ()}.items():
            found = rounds(options.runs, {kind: ours(*pair, told=told) for kind, pair in pairs.items()})
            show(found, record.table(f"cost, {name}", *COST))
            costs = list(zip(*reversed(list(found.values()))))
            against.append((name, *(statistics.median(one[k] / other[k] for one, other in costs) for k in range(3))))
        table = record.table("six bands against one", *columns)
        for row in against:
            table.add(*row, *BOUNDS)
        record.write(options.results)


if __name__ == "__main__":
    main()
