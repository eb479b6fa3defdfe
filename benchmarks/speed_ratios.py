"""How long users wait, as ratios to an earlier commit, to GDAL's tools and to other ways of doing the same.

    make bench-speed     (python benchmarks/speed_ratios.py [--only compress start compare assess memory binary])
    make bench-guard     (python benchmarks/speed_ratios.py --guard)
    python benchmarks/speed_ratios.py --all

compress  fuse with deflate against fuse without, against gdal_pansharpen.py with deflate, and the size of the file
          against what GDAL makes of the same pixels; zstd beside it. Output 1200 x 1200 x 200 int16
start     fuse where there is next to nothing to fuse, and --help
compare   four methods, output 600 x 600 x 200
assess    an image against a reference, 600 x 600 x 200, and against what it was made of
memory    the peak of fuse and of sharpen with --memory 0.5
binary    a binarized network against the same in full precision, output 2048 x 2048 x 4

Not by default, as they take minutes each or much disk:

growth        from 2400 to 4800 pixels a side (6 GB of disk), one round
large-memory  the peak of sharpen with --memory 0.5 at effort normal, up to 2400 x 2400 x 200
learning      sharpen, HSI 100 x 100 x 200 and 200 x 200 x 200, gain and shift told: time and memory
prisma        sharpen, HSI 1000 x 1000 x 230, gain and shift told, compressed (15 GB of disk), one round
scoring       compare with all classical methods, output 1200 x 1200 x 200, and assess, 1920 x 1920 x 200, one round
large-binary  as binary, output 8192 x 8192 x 4, one round

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
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import ROOT
from benchmarks.record import RESULTS, Record, add_option, machine, read
from benchmarks.speed import make_scene, rounds
from benchmarks.speed_long import (
    bench_growth,
    bench_large_binary,
    bench_large_memory,
    bench_learning,
    bench_prisma,
    bench_scoring,
)
from benchmarks.speed_parts import (
    BASE,
    Bench,
    bench_assess,
    bench_binary,
    bench_compare,
    bench_compress,
    bench_memory,
    bench_start,
    files,
    fusing,
    pansharpening,
)

SLOWER = 1.1  # than the record: the guard tells
GUARD = "speed-guard"

PARTS: dict[str, Callable[[Bench], None]] = {
    "compress": bench_compress,
    "start": bench_start,
    "compare": bench_compare,
    "assess": bench_assess,
    "memory": bench_memory,
    "binary": bench_binary,
}
LONG: dict[str, Callable[[Bench], None]] = {
    "growth": bench_growth,
    "large-memory": bench_large_memory,
    "learning": bench_learning,
    "prisma": bench_prisma,
    "scoring": bench_scoring,
    "large-binary": bench_large_binary,
}


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
    every = {**PARTS, **LONG}
    parser.add_argument("--only", nargs="+", choices=every, default=list(PARTS), help="parts (default: the short ones)")
    parser.add_argument("--all", action="store_true", help="all parts")
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
        for name in every if arguments.all else arguments.only:
            every[name](Bench(folder, base, arguments.runs, table))
            record.write(arguments.results)  # what is stopped keeps what it has measured


if __name__ == "__main__":
    main()
