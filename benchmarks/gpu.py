"""Fusing and learning on a GPU, beside the processors of the same machine, on synthetic rasters made on the spot.

    python benchmarks/gpu.py                     about 8 minutes with a fast GPU, 40 GB of disk
    python benchmarks/gpu.py equal learn

equal  how far a GPU's pixels are from the CPU's, in parts of the range of the values (at most 1e-4)
learn  a step of learning and what comes before the first one, of the whole process of `train`
fuse   a full PRISMA scene, 1000 x 1000 x 230 to 6000 x 6000: the whole process of `fuse`, and the time of its parts

The parts are measured one after the other, in a process of their own: reading both rasters, fusing into memory and the
networks' share of it (with the way to the GPU and back). With ``--results DIR`` a record is written.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import measured, python
from benchmarks.record import Record, add_option
from benchmarks.speed import Scene, make_model, make_scene

DEVICES = ("cpu", "cuda")
FEW, MANY = 100, 500  # steps of learning; the difference has no start in it
ROWS = 60  # of HSI pixels that are read at once


def parts(scene: Scene, model: Path, device: str) -> dict[str, float]:
    """Seconds of the parts of a fusion into memory."""
    from core.fusion.engine import fuse
    from core.fusion.prior import RegressionPrior
    from core.io.grid import Window
    from core.models.inference import PairResidual
    from core.models.trained import TrainedModel
    from core.products.pair import open_pair
    from core.runtime.devices import choose_device
    from core.runtime.progress import Progress

    spent = 0.0

    class Timed(PairResidual):
        def __call__(self, *arguments: object, **options: object) -> tuple:
            nonlocal spent
            started = time.monotonic()
            try:
                return super().__call__(*arguments, **options)
            finally:
                spent += time.monotonic() - started

    trained = TrainedModel.open(str(model))
    chosen, _ = choose_device(device)
    with open_pair(str(scene.hsi), str(scene.pan)) as opened:
        started = time.monotonic()
        for reader, step in ((opened.hsi, ROWS), (opened.pan, ROWS * 6)):
            for row in range(0, reader.grid.rows, step):
                reader.read(Window(row, 0, min(step, reader.grid.rows - row), reader.grid.cols))
        reading = time.monotonic() - started
        residual = Timed(trained.pair, chosen, "mean", opened.hsi.bands)
        fitted = RegressionPrior(trained.statistics, trained.mtf_gain, trained.iterations, residual)
        method = fitted.fit(opened, Progress())
        started = time.monotonic()
        for _ in fuse(opened, method, stored=opened.hsi.metadata):
            pass
        return {"reading": reading, "fusing into memory": time.monotonic() - started, "networks": spent}


def difference(scene: Scene, model: Path, kind: str) -> tuple[float, float]:
    """The greatest and the median difference of the pixels of a device from the CPU's, in parts of their range."""
    import numpy as np

    from core.fusion.engine import fuse
    from core.fusion.prior import RegressionPrior
    from core.models.trained import TrainedModel
    from core.products.pair import open_pair
    from core.runtime.devices import choose_device
    from core.runtime.progress import Progress

    trained = TrainedModel.open(str(model))
    found = []
    with open_pair(str(scene.hsi), str(scene.pan)) as opened:
        for name in ("cpu", kind):
            residual = trained.residual(choose_device(name)[0], "mean")
            prior = RegressionPrior(trained.statistics, trained.mtf_gain, trained.iterations, residual)
            pieces = [piece.values.copy() for piece in fuse(opened, prior.fit(opened, Progress()))]
            found.append(np.concatenate(pieces, 1))
    off = np.abs(found[0] - found[1]) / np.ptp(found[0])
    return float(off.max()), float(np.median(off))


def told(arguments: list[object], folder: Path) -> object:
    """What a process of this file printed last."""
    done = subprocess.run(python(__file__, *arguments), cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def bench_equal(folder: Path, record: Record) -> None:
    scene = make_scene(folder, 200)
    table = record.table("equal", "device", "greatest_part_of_range", "median_part_of_range")
    table.add("cuda", *told(["--difference", scene.hsi, scene.pan, make_model(scene), "cuda"], folder))


def bench_learn(folder: Path, record: Record) -> None:
    scene, table = make_scene(folder, 200), record.table("learn", "device", "before_s", "step_ms", "peak_mb")
    for device in DEVICES:
        costs = {}
        for steps in (FEW, MANY):
            out = folder / "learned.safetensors"
            out.unlink(missing_ok=True)
            places = ["--hsi", scene.hsi, "--pan", scene.pan, "--out", out, "--mtf", 0.3, "--shift", "none"]
            command = python("-m", "core", "train", *places, "--steps", steps, "--device", device)
            costs[steps] = measured(command, folder)
        step = (costs[MANY].wall - costs[FEW].wall) / (MANY - FEW)
        table.add(device, costs[FEW].wall - FEW * step, 1000 * step, costs[MANY].peak)


def bench_fuse(folder: Path, record: Record) -> None:
    scene = make_scene(folder, 1000, 230)
    model, out = make_model(scene), folder / "fused.tif"
    shares = record.table("parts", "device", "part", "wall_s")
    whole = record.table("fuse", "device", "compress", "wall_s", "processors_s", "peak_mb", "file_gb")
    for device in reversed(DEVICES):
        for part, seconds in told(["--parts", scene.hsi, scene.pan, model, device], folder).items():
            shares.add(device, part, seconds)
        for compress in ("none", "deflate"):
            out.unlink(missing_ok=True)
            places = ["--hsi", scene.hsi, "--pan", scene.pan, "--model", model, "--out", out]
            options = ["--compress", compress, "--device", device, "--mtf", 0.3, "--shift", "none"]
            cost = measured(python("-m", "core", "fuse", *places, *options), folder)
            whole.add(device, compress, cost.wall, cost.processors, cost.peak, out.stat().st_size / 1e9)


BENCHES = {"equal": bench_equal, "learn": bench_learn, "fuse": bench_fuse}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--folder", type=Path, help="keep the rasters here (default: a temporary folder)")
    for hidden in ("--parts", "--difference"):
        parser.add_argument(hidden, nargs=4, help=argparse.SUPPRESS)
    add_option(parser)
    arguments = parser.parse_args()
    for given, job in ((arguments.parts, parts), (arguments.difference, difference)):
        if given:
            hsi, pan, model, device = given
            print(json.dumps(job(Scene(Path(hsi).parent, Path(hsi), Path(pan)), Path(model), device)))
            return
    if set(arguments.what) - set(BENCHES):
        parser.error(f"choose of {', '.join(BENCHES)}")
    import torch

    if not torch.cuda.is_available():
        sys.exit("PyTorch finds no CUDA device here.")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        record = Record("gpu", f"{torch.cuda.get_device_name()}; scene of fuse: 1000 x 1000 x 230 int16, ratio 6")
        for name in arguments.what or BENCHES:
            BENCHES[name](folder, record)
            record.write(arguments.results)


if __name__ == "__main__":
    main()
