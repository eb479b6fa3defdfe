"""How long users wait, as ratios to an earlier commit, to GDAL's tools and to other ways of doing the same.

    make bench-speed     (python benchmarks/speed_ratios.py [--only compress start compare assess memory binary])
    make bench-guard     (python benchmarks/speed_ratios.py --guard)

compress  fuse with deflate against fuse without, against gdal_pansharpen.py with deflate, and the size of the file
          against what GDAL makes of the same pixels; zstd beside it. Output 1200 x 1200 x 200 int16
start     fuse where there is next to nothing to fuse, and --help
compare   four methods, output 600 x 600 x 200
assess    an image against a reference, 600 x 600 x 200, and against what it was made of
memory    the peak of fuse and of sharpen with --memory 0.5
binary    a binarized network against the same in full precision, output 2048 x 2048 x 4
growth    from 2400 to 4800 pixels a side (not by default: 6 GB of disk, minutes)
scoring   compare with all classical methods, output 1200 x 1200 x 200, and assess, 1920 x 1920 x 200 (not by default:
          a quarter of an hour on two quiet cores)

Competitors take turns; ratios are medians over the rounds, of the time on the clock and of the processors' seconds,
which other work on the machine changes less. The earlier commit is laid out in build/ once, from git. With ``--guard``
five figures are measured as multiples of GDAL's pansharpening and compared with the latest record of this kind of
machine: what became slower by more than a tenth is told, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import ROOT, Cost, measured, python
from benchmarks.record import RESULTS, Record, Table, add_option, machine, read
from benchmarks.speed import BANDS, TOLD, Scene, gdal_script, make_model, make_scene, rounds

BASE = "b5ad292"
DEFLATE = ("-co", "COMPRESS=DEFLATE", "-co", "ZLEVEL=1", "-co", "PREDICTOR=2")
SLOWER = 1.1  # than the record: the guard tells
GUARD = "speed-guard"
_METHODS = ("gsa", "mtf-glp", "bdsd")


class Bench(NamedTuple):
    """Where a part measures.

    Attributes:
        folder: for rasters. base: the checkout of the earlier commit. runs: rounds. table: of the ratios.
    """

    folder: Path
    base: Path
    runs: int
    table: Table

    def job(self, *words: object, checkout: Path = ROOT) -> Callable[[], Cost]:
        """A run of the command line of a checkout."""
        return lambda: measured(python("-m", "core", *words), self.folder, checkout)

    def compare(self, line: str, found: dict[str, list[Cost]], first: str, other: str, bound: float | None) -> None:
        """Add the ratios of one competitor to another."""
        pairs = list(zip(found[first], found[other]))
        ratios = [statistics.median(one[k] / two[k] for one, two in pairs) for k in (0, 1)]
        seconds = [statistics.median(cost.processors for cost in found[name]) for name in (first, other)]
        self.table.add(line, *ratios, bound, *seconds)


def files(scene: Scene) -> list[object]:
    return ["--hsi", scene.hsi, "--pan", scene.pan]


def fusing(scene: Scene, compress: str = "none", *more: object) -> list[object]:
    """The words of the job; ``compress`` as the user chooses it, or "default"."""
    places = ["--model", make_model(scene), "--out", scene.folder / f"{scene.hsi.stem}-{compress}.tif"]
    chosen = [] if compress == "default" else ["--compress", compress]
    return ["fuse", *files(scene), *places, *chosen, "--device", "cpu", *more]


def pansharpening(scene: Scene, *options: str) -> Callable[[], Cost]:
    """GDAL's, of all bands, on two threads."""
    out = scene.folder / "gdal.tif"
    bands = [f"{scene.hsi},band={band}" for band in range(1, BANDS + 1)]

    def run() -> Cost:
        out.unlink(missing_ok=True)
        tool = [*gdal_script("gdal_pansharpen"), "-threads", "2", "-q", *options, str(scene.pan), *bands, str(out)]
        return measured(tool, scene.folder)

    return run


def bench_compress(bench: Bench) -> None:
    scene = make_scene(bench.folder, 200)
    competitors = {name: bench.job(*fusing(scene, name, *TOLD)) for name in ("none", "deflate", "zstd")}
    competitors["default"] = bench.job(*fusing(scene, "default"))
    competitors["gdal"] = pansharpening(scene)
    competitors["gdal, deflate"] = pansharpening(scene, *DEFLATE, "-co", "NUM_THREADS=2")
    found = rounds(bench.runs, competitors)
    bench.compare("fuse / gdal_pansharpen.py", found, "none", "gdal", None)
    bench.compare("fuse with deflate / fuse", found, "deflate", "none", 1.25)
    bench.compare("fuse with deflate / gdal_pansharpen.py with deflate", found, "deflate", "gdal, deflate", 0.8)
    bench.compare("fuse with zstd / fuse", found, "zstd", "none", None)
    bench.compare("fuse that measures gain and shift, with deflate / fuse", found, "default", "none", None)
    made = bench.folder / "as-gdal.tif"
    plain, ours = (scene.folder / f"{scene.hsi.stem}-{name}.tif" for name in ("none", "deflate"))
    subprocess.run(["gdal_translate", "-q", *DEFLATE, str(plain), str(made)], check=True)
    sizes = [path.stat().st_size for path in (ours, made)]
    bench.table.add("size of the file / GDAL's, of the same pixels", sizes[0] / sizes[1], None, 1.0, None, None)


def bench_start(bench: Bench) -> None:
    scene = make_scene(bench.folder, 16)
    words = fusing(scene)
    found = rounds(
        bench.runs,
        {
            "fuse": bench.job(*words, *TOLD),
            "base": bench.job(*words, checkout=bench.base),
            "help": bench.job("--help"),
            "base help": bench.job("--help", checkout=bench.base),
        },
    )
    bench.compare(f"fuse, next to no pixels / {BASE}", found, "fuse", "base", 0.7)
    bench.compare(f"--help / {BASE}", found, "help", "base help", None)


def bench_compare(bench: Bench, low: int = 100, methods: Sequence[str] = _METHODS) -> None:
    scene = make_scene(bench.folder, low)
    words = ["compare", *files(scene), "--mtf", "0.3", *(["--methods", *methods] if methods else [])]
    told = [*words, *TOLD[2:]]
    found = rounds(1, {"ours": bench.job(*told), "base": bench.job(*words, checkout=bench.base)})
    name = "compare" if methods else "compare, all classical methods"
    bench.compare(f"{name} / {BASE}", found, "ours", "base", 0.2)
    bench.table.add(f"{name}, peak in MB", found["ours"][0].peak, None, 700, None, None)


def made(bench: Bench, scene: Scene) -> list[Path]:
    """Two results of a scene."""
    images = []
    for method in _METHODS[:2]:
        images.append(bench.folder / f"{scene.hsi.stem}-{method}.tif")
        told = ["--mtf", "0.3", "--shift", "none", "--compress", "none"]
        bench.job("classical", *files(scene), "--method", method, "--out", images[-1], *told)()
    return images


def bench_assess(bench: Bench) -> None:
    scene = make_scene(bench.folder, 100)
    images = made(bench, scene)
    reference = ["assess", "--fused", images[0], "--reference", images[1], "--ratio", 6]
    made_of = ["assess", "--fused", images[0], *files(scene), "--mtf", "0.3"]
    found = rounds(
        bench.runs,
        {
            "reference": bench.job(*reference),
            "base reference": bench.job(*reference, checkout=bench.base),
            "made of": bench.job(*made_of, "--shift", "none"),
            "base made of": bench.job(*made_of, checkout=bench.base),
        },
    )
    bench.compare(f"assess against a reference / {BASE}", found, "reference", "base reference", 0.4)
    bench.compare(f"assess against HSI and PAN / {BASE}", found, "made of", "base made of", None)


def bench_scoring(bench: Bench) -> None:
    bench_compare(bench, 200, ())
    images = made(bench, make_scene(bench.folder, 320))
    reference = ["assess", "--fused", images[0], "--reference", images[1], "--ratio", 6]
    found = rounds(1, {"ours": bench.job(*reference), "base": bench.job(*reference, checkout=bench.base)})
    bench.compare(f"assess against a reference, 1920 x 1920 x 200 / {BASE}", found, "ours", "base", 0.4)


def bench_memory(bench: Bench) -> None:
    scene = make_scene(bench.folder, 200)
    learning = ["sharpen", *files(scene), "--out", bench.folder / "learned.tif", "--effort", "fast", "--device", "cpu"]
    half = ["--memory", 0.5]
    found = rounds(1, {"fuse": bench.job(*fusing(scene, "deflate", *half)), "sharpen": bench.job(*learning, *half)})
    for name, costs in found.items():
        bench.table.add(f"{name} with --memory 0.5, peak in MB", costs[0].peak, None, 600, None, None)


def bench_binary(bench: Bench) -> None:
    competitors = {}
    scene = make_scene(bench.folder, 2048 // 6 + 1, 4)
    for name in ("s2bnet", "s2bnet_float"):
        model = bench.folder / f"{name}.safetensors"
        if not model.exists():
            bench.job("train", *files(scene), "--network", name, "--steps", 3, "--out", model)()
        out = ["--model", model, "--out", bench.folder / "binary.tif", "--compress", "none", "--device", "cpu"]
        competitors[name] = bench.job("fuse", *files(scene), *out)
    found = rounds(bench.runs, competitors)
    bench.compare("fuse, full precision / S2BNet (at least)", found, "s2bnet_float", "s2bnet", 2.2)


def bench_growth(bench: Bench) -> None:
    model = make_model(make_scene(bench.folder, 400))
    competitors = {}
    for low in (400, 800):
        words = ["--model", model, "--out", bench.folder / "large.tif", "--compress", "none", "--device", "cpu"]
        competitors[str(low)] = bench.job("fuse", *files(make_scene(bench.folder, low)), *words)
    found = rounds(1, competitors)
    bench.compare("fuse, 4800 x 4800 / 2400 x 2400", found, "800", "400", 4.2)


PARTS: dict[str, Callable[[Bench], None]] = {
    "compress": bench_compress,
    "start": bench_start,
    "compare": bench_compare,
    "assess": bench_assess,
    "memory": bench_memory,
    "binary": bench_binary,
    "growth": bench_growth,
    "scoring": bench_scoring,
}
DEFAULT = [name for name in PARTS if name not in ("growth", "scoring")]


def guard(bench: Bench) -> list[str]:
    """Measure five figures as multiples of GDAL's pansharpening of the same pixels, in processors' seconds.

    Returns:
        What is slower than the latest record of this kind of machine, in words.
    """
    large, small, tiny = (make_scene(bench.folder, low) for low in (200, 100, 16))
    image = bench.folder / "guarded.tif"
    told = ["--mtf", "0.3", "--shift", "none"]
    bench.job("classical", *files(small), "--method", "gsa", "--out", image, *told, "--compress", "none")()
    found = rounds(
        bench.runs,
        {
            "yardstick": pansharpening(large),
            "fuse": bench.job(*fusing(large)),
            "fuse with deflate": bench.job(*fusing(large, "deflate")),
            "start": bench.job(*fusing(tiny)),
            "compare": bench.job("compare", *files(small), "--methods", "gsa", *told),
            "assess": bench.job("assess", "--fused", image, "--reference", image, "--ratio", 6),
        },
    )
    before, slower = recorded(), []
    for name, costs in found.items():
        if name == "yardstick":
            continue
        ratio = statistics.median(a.processors / b.processors for a, b in zip(costs, found["yardstick"]))
        known = before.get(name)
        bench.table.add(name, ratio, known, None if known is None else ratio / known)
        if known is not None and ratio > SLOWER * known:
            slower.append(f"{name} takes {ratio / known:.2f} times as long as it did.")
    if not before:
        print("There is no record of this kind of machine yet; write one with --results benchmarks/results.")
    return slower


def recorded() -> dict[str, float]:
    """The figures of the guard's latest record of this kind of machine; none without one."""
    records = [read(path) for path in RESULTS.glob(f"{GUARD}_*.json")]
    here = [record for record in records if record["machine"]["processor"] == machine()["processor"]]
    if not here:
        return {}
    return {row[0]: row[1] for row in max(here, key=lambda record: record["date"])["tables"]["figures"]["rows"]}


def lay_out(folder: Path) -> Path:
    """The earlier commit, as files."""
    place = folder / f"base-{BASE}"
    if not place.exists():
        place.mkdir(parents=True)
        packed = subprocess.run(["git", "archive", BASE], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x", "-C", str(place)], input=packed, check=True)
    return place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=DEFAULT, help="parts (default: all but growth and scoring)"
    )
    parser.add_argument("--guard", action="store_true", help="compare five figures with the latest record")
    parser.add_argument("--runs", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--folder", type=Path, help="keep the rasters here (default: a temporary folder)")
    parser.add_argument("--base", type=Path, help=f"a checkout of {BASE} (default: laid out in build/)")
    add_option(parser)
    arguments = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        note = f"synthetic rasters, whole processes; rounds: {arguments.runs}{load}"
        if arguments.guard:
            record = Record(GUARD, note)
            table = record.table("figures", "what", "ratio", "recorded", "of_recorded")
            slower = guard(Bench(folder, ROOT, arguments.runs, table))
            record.write(arguments.results)
            sys.exit("\n".join(slower) or 0)
        record = Record("speed-ratios", note)
        columns = "what", "wall_ratio", "processors_ratio", "bound", "processors_s", "other_s"
        table = record.table("ratios", *columns)
        base = (arguments.base or lay_out(ROOT / "build")).resolve()
        for name in arguments.only:
            PARTS[name](Bench(folder, base, arguments.runs, table))
        record.write(arguments.results)


if __name__ == "__main__":
    main()
