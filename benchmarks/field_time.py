"""How long it takes to look at a pair, and what share of the jobs that is.

A scene of any size is made of a part of an open one, mirrored to and fro; its HSI is degraded exactly. ``whole``: a
PRISMA scene, 1000 x 1000 x 230 with a PAN of 6000 x 6000, is opened and looked at: blur, shift, contradictions (bounds:
60 s, 1 GB). ``share``: whole processes of the jobs with default settings against the same with everything told, 200 x
200 x 200 to 1200 x 1200, uncompressed, and ``sharpen`` on 100 x 100 x 200 (bounds: 15 per cent, of ``sharpen`` 10). The
processors' time is given beside the clock's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.field_pairs import VISIBLE, good_bands, scene_file
from benchmarks.process import Cost, measured, python
from benchmarks.record import Record
from core.io.array_image import ArrayImage, pair_of_arrays, with_wavelengths
from core.operators.linear import Separable
from core.operators.resample import gaussian_line

RATIO, GAIN = 6, 0.2
_EDGE, _MARGIN = 96, 24  # PAN pixels: of what is mirrored, whole HSI pixels; and around it
_SCENE = "urban-5"
TOLD = ["--mtf", GAIN, "--shift", "none", "--contradictions", "off"]
OPENED = """
import sys, time
from core.products.pair import open_pair  # all that is loaded is loaded before
from core.runtime.progress import Progress
from core.workflows.gains import choose_gain
from core.workflows.opening import open_scene
from core.workflows.options.fusion import ClassicalOptions
hsi, pan, mtf, shift, contradictions = sys.argv[1:]
started, worked = time.perf_counter(), time.process_time()
options = ClassicalOptions(mtf=mtf, shift=shift, contradictions=contradictions)
with open_scene(hsi, pan, options, Progress()) as scene:
    choose_gain(scene, mtf, Progress())
print(time.perf_counter() - started, time.process_time() - worked)
"""


def write_scene(scenes: Path, folder: Path, low: int, bands: int) -> tuple[Path, Path]:
    """A pair of any size.

    Args:
        scenes: folder of the open scenes.
        folder: to write to.
        low: rows and columns of the HSI.
        bands: of it.

    Returns:
        The files of the HSI and of the PAN, int16.
    """
    cube, waves = good_bands(ArrayImage.read(scene_file(scenes, _SCENE)))
    chosen = np.linspace(0, len(cube) - 1, bands).round().astype(int)
    cube = cube[:, :_EDGE, :_EDGE]
    mirrored = np.concatenate([cube, cube[:, ::-1]], axis=1)
    mirrored = np.concatenate([mirrored, mirrored[:, :, ::-1]], axis=2)
    around = np.pad(mirrored, ((0, 0), (_MARGIN, _MARGIN), (_MARGIN, _MARGIN)), mode="wrap")
    line = gaussian_line(around.shape[1], around.shape[1] // RATIO, RATIO, 0.0, GAIN)
    inner = slice(_MARGIN // RATIO, -(_MARGIN // RATIO))
    period = Separable(line, line)(around)[chosen, inner, inner].round().astype(np.int16)
    pan = mirrored[VISIBLE].mean(axis=0).round().astype(np.int16)
    hsi, pan = (
        np.tile(plane, (*(1,) * (plane.ndim - 2), *2 * (-(-size // plane.shape[-1]),)))[..., :size, :size]
        for plane, size in ((period, low), (pan, low * RATIO))
    )
    images = pair_of_arrays(hsi, pan, RATIO)
    if waves is not None:
        images = with_wavelengths(images[0], np.linspace(waves[0], waves[-1], bands).tolist()), images[1]
    paths = folder / f"hsi{low}.tif", folder / f"pan{low}.tif"
    for image, path in zip(images, paths):
        image.write(path)
    return paths


def times(options: argparse.Namespace, folder: Path, record: Record) -> None:
    """Both parts."""
    scenes, runs = options.scenes, options.runs
    whole = record.table("whole scene", "looked at", "wall_s", "processors_s", "peak_gb", digits=3)
    places = _written(scenes, folder, 1000, 230)
    for name, values in (("all", ("auto", "auto", "auto")), ("nothing", ("0.2", "none", "off"))):
        cost = measured(python("-c", OPENED, *places, *values), folder)
        wall, processors = map(float, (folder / "log.txt").read_text().split()[-2:])
        whole.add(name, wall, processors, cost.peak / 1e3)
    share = record.table(
        "share of the jobs", "job", "wall_s", "processors_s", "wall_ratio", "processors_ratio", "bound", digits=4
    )
    small, usual = _written(scenes, folder, 100, 200), _written(scenes, folder, 200, 200)
    model = folder / "model.safetensors"
    places = ["--hsi", usual[0], "--pan", usual[1]]
    measured(python("-m", "core", "train", *places, "--out", model, "--steps", 3, *TOLD), folder)
    jobs = {
        "classical": ([*places, "--method", "mtf-glp", "--compress", "none"], 1.15),
        "fuse": ([*places, "--model", model, "--compress", "none"], 1.15),
        "sharpen": (["--hsi", small[0], "--pan", small[1]], 1.1),
    }
    for job, (arguments, bound) in jobs.items():
        found = [[_run(job, [*arguments, *more], folder) for more in ([], TOLD)] for _ in range(runs)]
        middle = [statistics.median(pair[0][k] for pair in found) for k in (0, 1)]
        ratios = [statistics.median(blind[k] / told[k] for blind, told in found) for k in (0, 1)]
        share.add(job, *middle, *ratios, bound)


def _written(scenes: Path, folder: Path, low: int, bands: int) -> tuple[Path, Path]:
    """By a process of its own: what a parent has in memory is counted as its children's."""
    measured(python(__file__, scenes, folder, low, bands), folder)
    return folder / f"hsi{low}.tif", folder / f"pan{low}.tif"


def _run(job: str, arguments: list[object], folder: Path) -> Cost:
    out = folder / "out.tif"
    out.unlink(missing_ok=True)
    return measured(python("-m", "core", job, *arguments, "--out", out), folder)


if __name__ == "__main__":
    write_scene(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
