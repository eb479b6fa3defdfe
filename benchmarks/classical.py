"""The classical methods on real scenes, against truth that they never saw; and the memory that they take.

    python benchmarks/classical.py --scenes DIR
    python benchmarks/classical.py --memory
    python benchmarks/classical.py --scenes DIR --interpolator

Scenes are degraded by Wald's protocol (ratio 4, MTF gain 0.3, PAN = mean of visible bands), the whole image is scored,
each method without and with the consistency projection. ``--memory`` fuses a synthetic scene of 1200 x 1200
pixels and 200 bands with each method in a process of its own. ``--interpolator`` shows what GSA gives with the
interpolator of public toolboxes (Aiazzi et al., 2002): 23 taps for each doubling, half a PAN pixel of shift left at
ratio 4.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import measured, python
from benchmarks.record import Record, add_option
from core.fusion.classical import METHODS
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.operators.pair import Operators
from core.quality.reference import reference_indices
from core.workflows.classical import classical
from core.workflows.simulate import simulate

SCENES = {
    "indian_pines": ("indian_pines/hsi.tif", "7-33"),
    **{
        name: (f"aviris_los_angeles/{name}.tif", "6-36")
        for name in ("airport-1", "airport-2", "airport-3", "urban-4", "urban-5")
    },
}
RATIO = 4
SIZE, BANDS = 1200, 200  # of the synthetic scene
_TAPS = (0.5, 0.305334091185, 0.0, -0.072698593239, 0.0, 0.021809577942, 0.0, -0.005192756653, 0.0, 0.000807762146)
_TAPS = 2 * np.array([*_TAPS, 0.0, -0.000060081482])


def scores(fused: Path, truth: str) -> tuple[float, float]:
    with RasterReader(str(fused)) as result, RasterReader(truth) as reference:
        values = result.read().values
        rows, cols = values.shape[1:]
        indices = reference_indices(values, reference.read().values[:, :rows, :cols], RATIO)
    return float(indices["sam"]), float(indices["ergas"])


def accuracy(folder: Path, names: list[str], methods: list[str]) -> Record:
    record = Record("classical")
    table = record.table("scores", "scene", "method", "projected", "sam", "ergas", "seconds")
    with tempfile.TemporaryDirectory() as kept:
        hsi, pan, fused = (Path(kept) / f"{kind}.tif" for kind in ("hsi", "pan", "fused"))
        for name in names:
            truth = str(folder / SCENES[name][0])
            simulate(truth, RATIO, str(hsi), str(pan), pan_bands=SCENES[name][1])
            for method in methods:
                for consistency in (0, 5):
                    start = time.monotonic()
                    classical(str(hsi), str(pan), str(fused), method=method, consistency=consistency)
                    seconds = time.monotonic() - start
                    table.add(name, method, consistency > 0, *scores(fused, truth), seconds)
    return record


def doubled(image: np.ndarray, first: int) -> np.ndarray:
    """(bands, rows, columns) to twice the size; samples go to pixels ``first``, ``first`` + 2, ..."""
    for axis in (1, 2):
        spread = np.zeros([size * (1 + (axis == place)) for place, size in enumerate(image.shape)])
        spread[(slice(None),) * axis + (slice(first, None, 2),)] = image
        image = sum(
            weight * np.roll(spread, shift, axis)
            for lag, weight in enumerate(_TAPS)
            for shift in {lag, -lag}  # an edge that wraps around, as there
        )
    return image


def interpolator(folder: Path, names: list[str]) -> Record:
    record = Record("classical-interpolator")
    table = record.table("GSA", "scene", "sam", "ergas", "sam_23_taps", "ergas_23_taps")
    with tempfile.TemporaryDirectory() as kept:
        hsi, pan, fused = (Path(kept) / f"{kind}.tif" for kind in ("hsi", "pan", "fused"))
        for name in names:
            truth = str(folder / SCENES[name][0])
            simulate(truth, RATIO, str(hsi), str(pan), pan_bands=SCENES[name][1])
            classical(str(hsi), str(pan), str(fused), method="gsa", consistency=0)
            with RasterReader(str(hsi)) as low, RasterReader(str(pan)) as high, RasterReader(truth) as reference:
                x, p, expected = (reader.read().values.astype(float) for reader in (low, high, reference))
            lifted = doubled(doubled(x, 0), 1)
            degraded = Operators(x.shape[1:], p.shape[1:], RATIO).down(p)[0]
            design = np.vstack([x.reshape(len(x), -1), np.ones(x[0].size)]).T
            weights = np.linalg.lstsq(design, degraded.ravel(), rcond=None)[0]
            intensity = np.tensordot(weights[:-1], lifted, 1) + weights[-1]
            centred = intensity - intensity.mean()
            gains = (lifted * centred).mean((1, 2)) / (centred**2).mean()
            result = (lifted + gains[:, None, None] * (p[0] - intensity)).astype(np.float32)
            found = reference_indices(result, expected[:, : p.shape[1], : p.shape[2]].astype(np.float32), RATIO)
            table.add(name, *scores(fused, truth), found["sam"], found["ergas"])
    return record


def memory(methods: list[str]) -> Record:
    record = Record("classical-memory", f"{SIZE} x {SIZE} pixels, {BANDS} bands, int16, ratio {RATIO}")
    table = record.table("cost", "method", "wall_s", "processors_s", "peak_mb")
    with tempfile.TemporaryDirectory() as kept:
        hsi, pan, fused = (str(Path(kept) / f"{kind}.tif") for kind in ("hsi", "pan", "fused"))
        rng = np.random.default_rng(0)
        low = SIZE // RATIO
        spectra, shares = rng.random((BANDS, 6)), rng.random((6, low, low)) ** 4
        with RasterWriter(hsi, Grid(0.0, 0.0, 30.0, -30.0, low, low), RasterMetadata.plain(BANDS, "int16")) as writer:
            writer.write(np.tensordot(spectra, shares, 1) * 3000, np.ones((low, low), bool))
        grid = Grid(0.0, 0.0, 30.0 / RATIO, -30.0 / RATIO, SIZE, SIZE)
        with RasterWriter(pan, grid, RasterMetadata.plain(1, "int16")) as writer:
            fine = np.kron(shares.sum(0), np.ones((RATIO, RATIO))) + 0.2 * rng.random((SIZE, SIZE))
            writer.write(fine[None] * 1500, np.ones((SIZE, SIZE), bool))
        for method in methods:
            places = "--hsi", hsi, "--pan", pan, "--out", fused
            cost = measured(python("-m", "core", "classical", *places, "--method", method), Path(kept))
            table.add(method, cost.wall, cost.processors, cost.peak)
            Path(fused).unlink()
    return record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, help="folder of the real scenes")
    parser.add_argument("--memory", action="store_true", help="measure time and peak memory on a synthetic scene")
    parser.add_argument("--interpolator", action="store_true", help="GSA with another interpolator")
    parser.add_argument("--only", nargs="+", choices=list(SCENES), default=list(SCENES))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    add_option(parser)
    arguments = parser.parse_args()
    if not arguments.scenes and not arguments.memory:
        parser.error("give --scenes or --memory")
    if arguments.scenes and arguments.interpolator:
        interpolator(arguments.scenes, arguments.only).write(arguments.results)
    elif arguments.scenes:
        accuracy(arguments.scenes, arguments.only, arguments.methods).write(arguments.results)
    if arguments.memory:
        memory(arguments.methods).write(arguments.results)


if __name__ == "__main__":
    main()
