"""Time and memory of binarized networks on each of their engines, on a scene that is made up.

``python benchmarks/binary.py --only time`` calls this; each fusion runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import torch
from osgeo import gdal
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import python
from benchmarks.record import Record
from core.networks.base import register
from core.networks.binarized.engines import FLOAT32, INT8, POPCOUNT
from core.networks.binarized.s2bnet import S2BNet
from core.workflows.fuse import fuse
from core.workflows.train import train

SIDE = 4096  # PAN pixels of the scene
BANDS, RATIO = 4, 4
ENGINES = {"popcount": POPCOUNT, "int8": INT8, "float32": FLOAT32}


class OnEngine(S2BNet):
    """S2BNet whose binary convolutions are computed on one engine, not on the fastest."""

    def __init__(self, components: int, engine: str = "float32", **config: object) -> None:
        super().__init__(components, **config)
        self.engines = (ENGINES[engine],)


# What is timed: network and engine.
TIMED = {
    **{(network, engine): f"{network}-{engine}" for network in ("s2bnet", "bisrnet") for engine in ENGINES},
    ("s2bnet_float", "float32"): "s2bnet_float",
}
for _engine in ENGINES:
    register(f"s2bnet-{_engine}", engine=_engine)(OnEngine)
    register(f"bisrnet-{_engine}", engine=_engine, redistribution="static", cues=0)(OnEngine)


def made_up(out: Path, size: int) -> tuple[str, str]:
    """A scene of size x size PAN pixels: smooth ground with noise, uint16."""
    paths = str(out / f"large-ms-{size}.tif"), str(out / f"large-pan-{size}.tif")
    rng = np.random.default_rng(0)
    for path, count, side, step in ((paths[0], BANDS, size // RATIO, 4.0), (paths[1], 1, size, 1.0)):
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


class Watch:
    """The time that networks are at work: on the clock, while any thread runs one, and of the processors."""

    def __init__(self) -> None:
        self.wall = self.processors = 0.0
        self._lock, self._running, self._since = threading.Lock(), 0, 0.0
        self._thread = threading.local()
        nn.modules.module.register_module_forward_pre_hook(self._begin)
        nn.modules.module.register_module_forward_hook(self._end)

    def _begin(self, module: nn.Module, _: object) -> None:
        if isinstance(module, S2BNet):
            self._thread.started = time.thread_time()
            with self._lock:
                self._since = self._since if self._running else time.monotonic()
                self._running += 1

    def _end(self, module: nn.Module, *_: object) -> None:
        if isinstance(module, S2BNet):
            with self._lock:
                self.processors += time.thread_time() - self._thread.started
                self._running -= 1
                if not self._running:
                    self.wall += time.monotonic() - self._since


def run_once(hsi: str, pan: str, model: str, output: str, threads: int) -> dict[str, float]:
    """One fusion in this process, and what it took."""
    torch.set_num_threads(threads)
    watch = Watch()
    started = time.monotonic(), time.process_time()
    fuse(hsi, pan, model, output, device="cpu")
    found = {
        "wall": time.monotonic() - started[0],
        "processors": time.process_time() - started[1],
        "network_wall": watch.wall,
        "network_processors": watch.processors,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    os.remove(output)
    return found


def timed(out: Path, side: int, threads: int, repeats: int) -> Record:
    """The least of each measure over runs in turns, and the greatest peak of memory."""
    hsi, pan = made_up(out, side)
    small = made_up(out, 512)
    runs: dict[tuple[str, str], list[dict]] = {what: [] for what in TIMED}
    for turn in range(repeats):
        for what, name in TIMED.items():
            path = out / f"time-{side}-{threads}-{name}-{turn}.json"
            model = out / f"timed-{name}.safetensors"
            if not model.exists():  # what a network has learned does not change its time
                train([small[0]], [small[1]], str(model), network=name, steps=1, device="cpu")
            if not path.exists():
                command = python(__file__, hsi, pan, model, out / "timed.tif", threads)
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                path.write_text(done.stdout.splitlines()[-1])
            runs[what].append(json.loads(path.read_text()))
    record = Record("binary-time", f"{side} x {side} PAN pixels, {BANDS} bands, ratio {RATIO}, {threads} threads")
    measures = ("wall", "processors", "network_wall", "network_processors")
    table = record.table("cost", "network", "engine", *(f"{measure}_s" for measure in measures), "peak_mb")
    for (network, engine), found in runs.items():
        least = (min(run[measure] for run in found) for measure in measures)
        table.add(network, ENGINES[engine].name, *least, max(run["peak"] for run in found))
    return record


if __name__ == "__main__":
    gdal.UseExceptions()
    print(json.dumps(run_once(*sys.argv[1:5], int(sys.argv[5]))))
