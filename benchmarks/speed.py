"""How long fusing and learning take, and how much memory, on synthetic rasters that are made on the spot.

    make bench-speed
    python benchmarks/speed.py fuse size step learn compress --runs 5

fuse      the whole process of `fuse` with an SSML model, projection on, against gdal_pansharpen.py and a plain copy
size      2, 4 and 16 times the pixels: time and peak memory
step      a step of learning against a straightforward one, in which every term is computed on all bands
learn     learning on a scene of 1000 x 1000 HSI pixels and 230 bands: preparation, and the expected time of all steps
compress  how many cores a compressed output keeps busy

Competitors take turns in one run; the ratios are medians over the rounds. Beside the time on the clock stands the time
of the processors, which a busy machine changes less. Peak memory is the operating system's account of each process.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RATIO, BANDS = 6, 200


class Cost(NamedTuple):
    wall: float  # seconds
    processors: float  # seconds, user and system
    peak: float  # MB


def measured(command: list[str], folder: Path) -> Cost:
    """Run a program to its end; what it and its children took."""
    log = folder / "log.txt"
    started = time.monotonic()
    with open(log, "w") as output:
        child = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command[:4])} ... ended with {child.returncode}:\n{log.read_text()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def python(*arguments: object) -> list[str]:
    return [sys.executable, *map(str, arguments)]


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


def make_model(scene: Scene) -> Path:
    model = scene.folder / "model.safetensors"
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


def ours(scene: Scene, model: Path, compress: str = "none") -> Callable[[], Cost]:
    """A run of ``fuse``, onto a file that is not there yet."""
    out = scene.folder / "ours.tif"
    places = ["--hsi", scene.hsi, "--pan", scene.pan, "--model", model, "--out", out]

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


def show(found: dict[str, list[Cost]], base: str) -> None:
    print("| what | wall, s | processors, s | peak, MB | wall / first | processors / first |\n|" + "---|" * 6)
    for name, costs in found.items():
        middle = [statistics.median(values) for values in zip(*costs)]
        ratios = [statistics.median(a[k] / b[k] for a, b in zip(costs, found[base])) for k in (0, 1)]
        numbers = f"{middle[0]:.1f} | {middle[1]:.1f} | {middle[2]:.0f} | {ratios[0]:.2f} | {ratios[1]:.2f}"
        print(f"| {name} | {numbers} |", flush=True)


def bench_fuse(folder: Path, runs: int) -> None:
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
    show(found, "gdal_pansharpen.py -threads 2")
    for plain in ("gdal_translate", "gdal_translate, INTERLEAVE=BAND"):
        ratio = statistics.median(a.wall / b.wall for a, b in zip(found["fuse"], found[plain]))
        print(f"fuse / {plain}: {ratio:.2f} of the time on the clock")


def bench_size(folder: Path, runs: int) -> None:
    """1200, 2400 and 4800 pixels a side."""
    model, competitors = make_model(make_scene(folder, 200)), {}
    for low in (200, 400, 800):
        competitors[f"{low * RATIO} x {low * RATIO} x {BANDS}"] = ours(make_scene(folder, low), model)
    found = rounds(runs, competitors)
    names = list(found)
    show(found, names[0])
    for k, what in ((0, "wall"), (1, "processors")):
        ratio = statistics.median(a[k] / b[k] for a, b in zip(found[names[2]], found[names[1]]))
        print(f"4 times the pixels (4800 against 2400), {what}: {ratio:.2f}")
    peaks = [statistics.median(cost.peak for cost in found[name]) for name in names]
    print(f"peak memory, 4800 against 1200: {peaks[2] / peaks[0]:.3f}")


def bench_compress(folder: Path, runs: int) -> None:
    scene = make_scene(folder, 200)
    model = make_model(scene)
    found = rounds(runs, {way: ours(scene, model, way) for way in ("none", "deflate", "zstd")})
    show(found, "none")
    for way, costs in found.items():
        print(f"{way}: {statistics.median(c.processors / c.wall for c in costs):.2f} cores busy in the mean")


def bench_step(folder: Path, runs: int) -> None:
    subprocess.run(python(__file__, "--alone", "step", make_scene(folder, 64).hsi, folder, runs), check=True)


def bench_learn(folder: Path, runs: int) -> None:
    subprocess.run(python(__file__, "--alone", "learn", make_scene(folder, 1000, 230).hsi, folder, runs), check=True)


def alone(what: str, hsi: str, folder: str, runs: int) -> None:
    """Those that need PyTorch, in a process of their own that is told what the command line's is."""
    sys.path.insert(0, str(ROOT))
    from core.__main__ import keep_memory

    keep_memory()
    from core.scene.scene import Scene as Pair

    low = Path(hsi).name.split("x")[0][3:]
    with Pair.open(hsi, f"{folder}/pan{low}.tif") as scene:
        (time_steps if what == "step" else time_learning)(scene, runs)


def prepare(scene, steps: int, components: int = 0):
    """What ``sharpen`` learns with: settings, areas, learner; ``components`` of the subspace, if not as usual."""
    import torch

    from core.models.pair import Pair
    from core.scene.statistics import scene_statistics
    from core.training.dataset import scene_areas
    from core.training.learn import _learner
    from core.training.settings import Settings

    more = {"components": components} if components else {}
    settings, device = Settings(steps=steps, **more), torch.device("cpu")
    statistics = scene_statistics(scene, 0.3, settings.components)
    areas = scene_areas(scene, statistics, scene.good, 0.3, settings, device)
    networks = Pair.fresh("ssml", statistics.components, 0, device)
    return settings, areas, _learner(networks, statistics, scene.good, settings, device)


def time_steps(scene, runs: int) -> None:
    """A step of learning, labelled and full-resolution areas together, against straightforward ones; see
    :mod:`band_space`. The second has the layers as PyTorch has them, too: both give the same losses. In the third,
    networks see and make all bands, not components."""
    import numpy as np
    import torch
    from band_space import BandSpaceStep

    from core.networks import ssml
    from core.networks.layers import attention
    from core.networks.layers.pointwise import Pointwise
    from core.networks.side_by_side import side_by_side
    from core.training.mutual import Sample

    def plain_mean(x, window):
        pooled = torch.nn.functional.avg_pool2d(x, (window, 1), 1, (window // 2, 0), count_include_pad=False)
        return torch.nn.functional.avg_pool2d(pooled, (1, window), 1, (0, window // 2), count_include_pad=False)

    settings, (labelled, unlabelled), learner = prepare(scene, 600)
    whole = prepare(scene, 600, scene.hsi.bands)
    names = ("in band space", "in band space, PyTorch's layers", "all bands in the networks, PyTorch's layers")
    steps = {"fast": learner}
    areas = dict.fromkeys(steps, (labelled, unlabelled))
    for name, source in zip(names, (learner, learner, whole[2])):
        networks = copy.deepcopy(source.networks)
        steps[name] = BandSpaceStep(networks, source.loss, settings)
        areas[name] = whole[1] if source is whole[2] else (labelled, unlabelled)
    conv = torch.nn.Conv2d.forward
    fast = attention.window_mean, Pointwise.forward, Pointwise.halves, Pointwise.joined
    plain = (
        plain_mean,
        lambda layer, x, out=None: conv(layer, x),
        lambda layer, x: conv(layer, x).chunk(2, 1),
        lambda layer, first, second, out=None: conv(layer, torch.cat([first, second], 1)),
    )

    def use(functions):
        attention.window_mean = ssml.window_mean = functions[0]
        Pointwise.forward, Pointwise.halves, Pointwise.joined = functions[1:]

    shown = {}
    for name, step in steps.items():
        labelled, unlabelled = (step.prepared(some[0]) for some in areas[name])
        shown[name] = labelled, unlabelled.crop(0, 0, settings.crop)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    losses = {}
    with contextlib.ExitStack() as threads:
        for step in steps.values():
            step.each = threads.enter_context(side_by_side(torch.device("cpu"), 2))
        for turn in range(5 * runs):
            for name, step in steps.items():
                use(plain if "PyTorch" in name else fast)
                for again in range(4):
                    started, worked = time.perf_counter(), time.process_time()
                    losses[name] = step(300, [Sample(*shown[name], np.random.default_rng(turn))])
                    if again:  # the first finds what the others left
                        times[name].append((time.perf_counter() - started, time.process_time() - worked))
    use(fast)
    print("| step | wall, ms | processors, ms | wall / fast | processors / fast | losses |\n|" + "---|" * 6)
    for name, found in times.items():
        middle = [1000 * statistics.median(values) for values in zip(*found)]
        ratios = [statistics.median(a[k] / b[k] for a, b in zip(found, times["fast"])) for k in (0, 1)]
        ends = " / ".join(f"{loss:.5f}" for loss in losses[name])
        print(f"| {name} | {middle[0]:.0f} | {middle[1]:.0f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {ends} |")


def time_learning(scene, runs: int) -> None:
    """Preparation in full, and a few of the steps; the time of all steps follows from their fixed number."""
    import numpy as np
    import torch

    from core.networks.side_by_side import side_by_side
    from core.training.mutual import Sample
    from core.training.settings import steps_for

    started, worked = time.perf_counter(), time.process_time()
    steps = steps_for("normal", scene.low_shape[0] * scene.low_shape[1])
    settings, (labelled, unlabelled), learner = prepare(scene, steps)
    ready = time.perf_counter() - started, time.process_time() - worked
    early, late = [], []
    with side_by_side(torch.device("cpu"), 2) as learner.each:
        for turn in range(10 * runs):
            for found, crop in ((early, None), (late, unlabelled[turn % len(unlabelled)].crop(0, 0, settings.crop))):
                started, worked = time.perf_counter(), time.process_time()
                learner(steps // 2, [Sample(labelled[turn % len(labelled)], crop, np.random.default_rng(turn))])
                found.append((time.perf_counter() - started, time.process_time() - worked))
    rows, cols = scene.low_shape
    print(f"{rows} x {cols} x {scene.hsi.bands}: {steps} steps, {len(labelled)} labelled areas")
    for k, what in ((0, "wall"), (1, "processors, two cores")):
        share = settings.full_start
        one = share * statistics.median(t[k] for t in early) + (1 - share) * statistics.median(t[k] for t in late)
        cores = 1 if k == 0 else 2
        total = (ready[k] + steps * one) / cores
        print(f"{what}: preparation {ready[k]:.0f} s, a step {1000 * one:.0f} ms, all of it {total / 60:.1f} min")


BENCHES = {"fuse": bench_fuse, "size": bench_size, "step": bench_step, "learn": bench_learn, "compress": bench_compress}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--folder", type=Path, help="keep the rasters here (default: a temporary folder)")
    parser.add_argument("--make", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--alone", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        write_scene(int(arguments.make[0]), int(arguments.make[1]), Path(arguments.make[2]))
        return
    if arguments.alone:
        alone(*arguments.alone[:3], int(arguments.alone[3]))
        return
    unknown = set(arguments.what) - set(BENCHES)
    if unknown:
        parser.error(f"there is no {' '.join(unknown)}; choose of {', '.join(BENCHES)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.what or BENCHES:
            load = f"; load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
            print(f"\n## {name} ({os.cpu_count()} cores{load})", flush=True)
            BENCHES[name](folder, arguments.runs)


if __name__ == "__main__":
    main()
