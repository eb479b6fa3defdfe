"""How long fusing and learning take, and how much memory, on synthetic rasters that are made on the spot.

    python benchmarks/speed.py fuse apart size step learn compress --runs 5

fuse      the whole process of `fuse` with an SSML model, projection on, against gdal_pansharpen.py and a plain copy
apart     fuse with the PAN in another UTM zone, against the nested pair, as by default and with gain and shift told
size      2, 4 and 16 times the pixels: time and peak memory
step      a step of learning against a straightforward one, in which every term is computed on all bands
learn     learning on a scene of 1000 x 1000 HSI pixels and 230 bands: preparation, and the expected time of all steps
compress  how many cores a compressed output keeps busy
prisma    a full PRISMA scene, 1000 x 1000 x 230 to 6000 x 6000 (30 GB of disk)

Competitors take turns in one run; the ratios are medians over the rounds. Beside the time on the clock stands the time
of the processors, which a busy machine changes less. Peak memory is the operating system's account of each process.
With ``--results DIR`` each part writes a record.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import ROOT, Cost, measured, python
from benchmarks.record import Record, Table, add_option

RATIO, BANDS = 6, 200
OUTPUT = "ours.tif"  # of fuse
TOLD = ("--mtf", "0.3", "--shift", "none", "--contradictions", "off")  # nothing is measured of the pair


def gdal_script(name: str) -> list[str]:
    """A GDAL tool written in Python, run by this Python where it is there as a module."""
    found = shutil.which(f"{name}.py") or shutil.which(name)
    if not found:
        sys.exit(f"{name} is needed: install GDAL's Python tools.")
    return [found]


class Scene(NamedTuple):
    folder: Path
    hsi: Path
    pan: Path


def make_scene(folder: Path, low: int, bands: int = BANDS) -> Scene:
    """Written by a process of its own: what a parent has in memory is counted as its children's."""
    scene = Scene(folder, folder / f"hsi{low}x{bands}.tif", folder / f"pan{low}.tif")
    if not (scene.hsi.exists() and scene.pan.exists()):
        subprocess.run(python(__file__, "--make", low, bands, folder), check=True)
    return scene


def write_scene(low: int, bands: int, folder: Path) -> None:
    import numpy as np
    from osgeo import gdal, osr

    rng = np.random.default_rng(0)
    system = osr.SpatialReference()
    system.ImportFromEPSG(32633)
    high, coarse = low * RATIO, -(-low // 8)
    patches = rng.normal(size=(6, coarse, coarse)).astype(np.float32).repeat(8, 1).repeat(8, 2)[:, :low, :low]
    ground = patches + 0.3 * rng.normal(size=patches.shape).astype(np.float32)
    spectra = np.abs(rng.normal(size=(bands, 6))).astype(np.float32) * 300

    def create(path: Path, size: int, count: int, pixel: float) -> gdal.Dataset:
        options = ["TILED=YES", "INTERLEAVE=BAND", "BIGTIFF=IF_SAFER"]
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), size, size, count, gdal.GDT_Int16, options)
        dataset.SetGeoTransform((500000.0, pixel, 0.0, 5800000.0, 0.0, -pixel))
        dataset.SetProjection(system.ExportToWkt())
        return dataset

    scene = create(folder / f"hsi{low}x{bands}.tif", low, bands, 30.0)
    for band in range(bands):
        values = 3000 + np.tensordot(spectra[band], ground, 1) + rng.normal(size=(low, low)) * 10
        scene.GetRasterBand(band + 1).WriteArray(values.clip(1, 30000).astype(np.int16))
    pan = create(folder / f"pan{low}.tif", high, 1, 30.0 / RATIO)
    for row in range(0, high, 64 * RATIO):
        rows = np.arange(row, min(row + 64 * RATIO, high)) // RATIO
        values = 3000 + 300 * ground[0][rows].repeat(RATIO, 1) + rng.normal(size=(len(rows), high)) * 60
        pan.GetRasterBand(1).WriteArray(values.clip(1, 30000).astype(np.int16), 0, row)


def make_apart(scene: Scene) -> Scene:
    """The same HSI; its PAN goes on beyond it, and lies in the next UTM zone. Written by a process of its own."""
    made = scene._replace(pan=scene.folder / f"apart-{scene.pan.name}")
    if not made.pan.exists():
        subprocess.run(python(__file__, "--move", scene.pan, made.pan), check=True)
    return made


def move_pan(source: str, path: str, margin: int = 250) -> None:
    """A PAN, its edges replicated, in another UTM zone."""
    import numpy as np
    from osgeo import gdal, osr

    gdal.UseExceptions()
    given = gdal.Open(source)
    x, dx, _, y, _, dy = given.GetGeoTransform()
    wide = np.pad(given.ReadAsArray(), margin, mode="reflect")
    memory = gdal.GetDriverByName("MEM").Create("", wide.shape[1], wide.shape[0], 1, gdal.GDT_Int16)
    memory.SetGeoTransform((x - margin * dx, dx, 0.0, y - margin * dy, 0.0, dy))
    memory.SetProjection(given.GetProjection())
    memory.WriteArray(wide)
    x0, y0, x1, y1 = x - 10 * dx, y - 10 * dy, x + (given.RasterXSize + 10) * dx, y + (given.RasterYSize + 10) * dy
    corners = [[x0, y0], [x1, y0], [x0, y1], [x1, y1]]
    there = osr.SpatialReference()
    there.ImportFromEPSG(32632)
    moved = osr.CoordinateTransformation(given.GetSpatialRef(), there).TransformPoints(corners)
    xs, ys = ([point[axis] for point in moved] for axis in (0, 1))
    around = min(xs), min(ys), max(xs), max(ys)
    made = {"resampleAlg": "cubic", "creationOptions": ["TILED=YES", "BIGTIFF=IF_SAFER"]}
    gdal.Warp(path, memory, dstSRS="EPSG:32632", xRes=dx, yRes=-dy, outputBounds=around, **made)


def make_model(scene: Scene) -> Path:
    model = scene.folder / f"{scene.hsi.stem}.safetensors"
    if not model.exists():
        places = ["--hsi", scene.hsi, "--pan", scene.pan, "--out", model]
        subprocess.run(
            python("-m", "core", "train", *places, "--steps", 3),
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return model


def ours(scene: Scene, model: Path, compress: str = "none", told: Sequence[str] = ()) -> Callable[[], Cost]:
    """A run of ``fuse``, onto a file that is not there yet; with more options where they are told."""
    out = scene.folder / OUTPUT
    places = ["--hsi", scene.hsi, "--pan", scene.pan, "--model", model, "--out", out, *told]

    def run() -> Cost:
        out.unlink(missing_ok=True)
        return measured(python("-m", "core", "fuse", *places, "--compress", compress, "--device", "cpu"), scene.folder)

    return run


def rounds(runs: int, competitors: dict[str, Callable[[], Cost]]) -> dict[str, list[Cost]]:
    found: dict[str, list[Cost]] = {name: [] for name in competitors}
    for _ in range(runs):
        for name, run in competitors.items():
            found[name].append(run())
    return found


def show(found: dict[str, list[Cost]], table: Table) -> None:
    """Medians over the rounds; ratios to the first competitor are medians of each round's."""
    base = next(iter(found.values()))
    for name, costs in found.items():
        ratios = [statistics.median(a[k] / b[k] for a, b in zip(costs, base)) for k in (0, 1)]
        table.add(name, *(statistics.median(values) for values in zip(*costs)), *ratios)


def cost_table(record: Record) -> Table:
    return record.table("cost", "what", "wall_s", "processors_s", "peak_mb", "wall_ratio", "processors_ratio")


def bench_fuse(folder: Path, runs: int, record: Record) -> None:
    """Output 1200 x 1200 x 200 int16, uncompressed, tiled; GDAL's tools in both interleavings."""
    scene = make_scene(folder, 200)
    bands = [f"{scene.hsi},band={band}" for band in range(1, BANDS + 1)]
    tiled = ["-co", "TILED=YES"]

    def competitor(name: str, options: list[str], source: Path | None = None) -> tuple[Path, Callable[[], Cost]]:
        out = folder / f"{name}.tif"

        def run() -> Cost:
            out.unlink(missing_ok=True)
            if source is None:
                tool = [*gdal_script("gdal_pansharpen"), "-threads", "2", "-q", *options, str(scene.pan), *bands]
            else:
                tool = ["gdal_translate", "-q", *options, str(source)]
            return measured([*tool, str(out)], folder)

        return out, run

    pixel, pixel_run = competitor("gdal-pixel", tiled)
    band, band_run = competitor("gdal-band", [*tiled, "-co", "INTERLEAVE=BAND"])
    found = rounds(
        runs,
        {
            "gdal_pansharpen.py -threads 2": pixel_run,
            "the same, INTERLEAVE=BAND": band_run,
            "gdal_translate": competitor("copy-pixel", tiled, pixel)[1],
            "gdal_translate, INTERLEAVE=BAND": competitor("copy-band", [*tiled, "-co", "INTERLEAVE=BAND"], band)[1],
            "fuse": ours(scene, make_model(scene)),
        },
    )
    show(found, cost_table(record))
    against = record.table("fuse against", "what", "wall_ratio", "processors_ratio")
    for name, costs in found.items():
        ratios = (statistics.median(a[k] / b[k] for a, b in zip(found["fuse"], costs)) for k in (0, 1))
        against.add(name, *ratios)


def bench_apart(folder: Path, runs: int, record: Record) -> None:
    """Output 1200 x 1200 x 200 int16, with the PAN on the grid of the HSI and in another UTM zone."""
    scene = make_scene(folder, 200)
    apart, model = make_apart(scene), make_model(scene)
    against = record.table("fuse apart against nested", "options", "wall_ratio", "processors_ratio", "peak_ratio")
    for name, told in {"told": TOLD, "default": ()}.items():
        found = rounds(runs, {"nested": ours(scene, model, told=told), "apart": ours(apart, model, told=told)})
        costs = list(zip(found["apart"], found["nested"]))
        against.add(name, *(statistics.median(one[k] / other[k] for one, other in costs) for k in range(3)))


def bench_size(folder: Path, runs: int, record: Record) -> None:
    """1200, 2400 and 4800 pixels a side."""
    model, competitors = make_model(make_scene(folder, 200)), {}
    for low in (200, 400, 800):
        competitors[f"{low * RATIO} x {low * RATIO} x {BANDS}"] = ours(make_scene(folder, low), model)
    found = rounds(runs, competitors)
    show(found, cost_table(record))
    growth = record.table("growth", "from", "to", "wall_ratio", "processors_ratio", "peak_ratio")
    names = list(found)
    for first, last in ((0, 2), (1, 2)):
        pairs = list(zip(found[names[last]], found[names[first]]))
        growth.add(names[first], names[last], *(statistics.median(a[k] / b[k] for a, b in pairs) for k in range(3)))


def bench_compress(folder: Path, runs: int, record: Record) -> None:
    scene = make_scene(folder, 200)
    model = make_model(scene)
    found = rounds(runs, {way: ours(scene, model, way) for way in ("none", "deflate", "zstd")})
    show(found, cost_table(record))
    busy = record.table("cores busy", "what", "cores")
    for way, costs in found.items():
        busy.add(way, statistics.median(cost.processors / cost.wall for cost in costs))


def bench_prisma(folder: Path, runs: int, record: Record) -> None:
    """A full PRISMA scene, 8.3 billion samples: uncompressed and as by default (30 GB of disk)."""
    scene = make_scene(folder, 1000, 230)
    model = make_model(scene)
    sizes: dict[str, int] = {}

    def competitor(way: str) -> Callable[[], Cost]:
        run = ours(scene, model, way)

        def run_and_weigh() -> Cost:
            cost = run()
            sizes[f"fuse, {way}"] = (folder / OUTPUT).stat().st_size
            return cost

        return run_and_weigh

    show(rounds(runs, {f"fuse, {way}": competitor(way) for way in ("none", "deflate")}), cost_table(record))
    files = record.table("files", "what", "file_gb")
    for name, size in sizes.items():
        files.add(name, size / 1e9)


def learning(what: str, scene: Scene, folder: Path, runs: int) -> list[list[object]]:
    """The rows that a process of its own found."""
    command = python(Path(__file__).with_name("speed_learning.py"), what, scene.hsi, scene.pan, runs)
    done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def bench_step(folder: Path, runs: int, record: Record) -> None:
    table = record.table("cost", "step", "wall_ms", "processors_ms", "wall_ratio", "processors_ratio", "losses")
    for row in learning("step", make_scene(folder, 64), folder, runs):
        table.add(*row)


def bench_learn(folder: Path, runs: int, record: Record) -> None:
    table = record.table("cost", "time", "preparation_s", "step_ms", "steps", "total_min")
    for row in learning("learn", make_scene(folder, 1000, 230), folder, runs):
        table.add(*row)


# What each does, and the conditions that its record notes.
BENCHES: dict[str, tuple[Callable[[Path, int, Record], None], str]] = {
    "fuse": (bench_fuse, "HSI 200 x 200 x 200 int16, output 1200 x 1200 x 200 int16, tiled, uncompressed"),
    "apart": (bench_apart, "HSI 200 x 200 x 200 int16, output 1200 x 1200 x 200 int16, uncompressed"),
    "size": (bench_size, "fuse, uncompressed"),
    "step": (bench_step, "a labelled and a full-resolution area, 200 bands, 64 x 64 HSI pixels"),
    "learn": (bench_learn, "1000 x 1000 HSI pixels, 230 bands, normal effort; few of the steps are timed"),
    "compress": (bench_compress, "fuse, output 1200 x 1200 x 200 int16"),
    "prisma": (bench_prisma, "fuse, HSI 1000 x 1000 x 230 int16, output 6000 x 6000 x 230 int16"),
}
DEFAULT = ["fuse", "apart", "size", "step", "learn", "compress"]  # the others need much disk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {', '.join(BENCHES)} (default: all but prisma)")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--folder", type=Path, help="keep the rasters here (default: a temporary folder)")
    parser.add_argument("--make", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--move", nargs=2, help=argparse.SUPPRESS)
    add_option(parser)
    arguments = parser.parse_args()
    if arguments.make:
        write_scene(int(arguments.make[0]), int(arguments.make[1]), Path(arguments.make[2]))
        return
    if arguments.move:
        move_pan(*arguments.move)
        return
    unknown = set(arguments.what) - set(BENCHES)
    if unknown:
        parser.error(f"there is no {' '.join(unknown)}; choose of {', '.join(BENCHES)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.what or DEFAULT:
            bench, note = BENCHES[name]
            load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
            record = Record(f"speed-{name}", f"{note}; rounds: {arguments.runs}{load}")
            bench(folder, arguments.runs, record)
            record.write(arguments.results)


if __name__ == "__main__":
    main()
