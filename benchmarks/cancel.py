"""How long a job works at most before it asks again whether the user has stopped it: what Cancel has to wait for.

    python benchmarks/cancel.py [--size 200] [--bands 150] [--results DIR] [JOB ...]

A made-up scene of ``size`` x ``size`` HSI pixels at ratio 4. For each job the longest time between two questions, in
seconds of the clock and of the processor: on a machine that does other things, the second says what a quiet one takes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.record import Record, add_option
from core.io.geotiff_layout import BLOCK_ROWS
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.writer import RasterWriter
from core.runtime.progress import Progress
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from core.workflows.fuse import fuse
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate
from core.workflows.train import train

RATIO = 4


class Watch(Progress):
    """Keeps the longest time between two questions, and what was being done."""

    def __init__(self) -> None:
        self.longest, self.longest_work, self.text, self.where, self.asked = 0.0, 0.0, "", "", 0
        self.clock, self.work = time.perf_counter(), time.process_time()

    def set(self, fraction: float, text: str | None = None) -> None:
        self.text = text or self.text

    def cancelled(self) -> bool:
        clock, work = time.perf_counter(), time.process_time()
        if work - self.work > self.longest_work:
            self.where = self.text
        self.longest = max(self.longest, clock - self.clock)
        self.longest_work = max(self.longest_work, work - self.work)
        self.clock, self.work, self.asked = clock, work, self.asked + 1
        return False


def write_reference(path: str, size: int, bands: int) -> None:
    """Smooth fields and texture, uint16."""
    side = size * RATIO
    grid = Grid(5e5, 5.8e6, 10.0, -10.0, side, side)
    rng = np.random.default_rng(0)
    spectra = rng.uniform(200, 4000, (bands, 3))
    with RasterWriter(path, grid, RasterMetadata.plain(bands, "uint16"), compress="NONE") as writer:
        for row in range(0, side, BLOCK_ROWS):
            y, x = np.mgrid[row : min(row + BLOCK_ROWS, side), :side]
            maps = np.stack([np.sin(y / 9), np.cos(x / 7), rng.random(y.shape)]) * 0.4 + 0.5
            writer.write(np.tensordot(spectra, maps, 1), np.ones(y.shape, bool), row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", nargs="*")
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--bands", type=int, default=150)
    add_option(parser)
    options = parser.parse_args()
    record = Record("cancel", f"{options.size} x {options.size} HSI pixels, {options.bands} bands, ratio {RATIO}")
    with tempfile.TemporaryDirectory() as folder:
        reference, hsi, pan, model, fused = (
            os.path.join(folder, name) for name in ("r.tif", "h.tif", "p.tif", "m.ssml", "f.tif")
        )
        out, page, numbers = (os.path.join(folder, name) for name in ("o.tif", "o.html", "o.json"))
        write_reference(reference, options.size, options.bands)
        jobs = {
            "simulate": lambda watch: simulate(reference, RATIO, hsi, pan, pan_bands="5-20", progress=watch),
            "train": lambda watch: train([hsi], [pan], model, steps=24, report=page, progress=watch),
            "fuse": lambda watch: fuse(hsi, pan, model, fused, progress=watch),
            "sharpen": lambda watch: sharpen(hsi, pan, out, report=page, settings={"steps": 24}, progress=watch),
            "classical": lambda watch: classical(hsi, pan, out, progress=watch),
            "cnmf": lambda watch: classical(hsi, pan, out, method="cnmf", progress=watch),
            "assess": lambda watch: assess(
                fused, reference=reference, hsi=hsi, pan=pan, report=page, json_path=numbers, progress=watch
            ),
            "compare": lambda watch: compare(
                hsi, pan, out, methods=["mtf-glp", "gsa"], model=model, report=page, progress=watch
            ),
        }
        table = record.table("longest time between two questions", "job", "wall_s", "processor_s", "questions", "while")
        for name, job in jobs.items():
            if options.jobs and name not in options.jobs and name not in ("simulate", "train", "fuse"):
                continue
            watch = Watch()
            job(watch)
            watch.cancelled()
            table.add(name, watch.longest, watch.longest_work, watch.asked, watch.where)
    record.write(options.results)


if __name__ == "__main__":
    main()
