"""The parts of :mod:`benchmarks.speed_ratios` that take minutes each, or much disk."""

from __future__ import annotations

from typing import Callable

from benchmarks.process import Cost
from benchmarks.speed import TOLD, make_model, make_scene, rounds
from benchmarks.speed_parts import BASE, Bench, bench_binary, bench_compare, files, learning, made

_TIME, _FAST, _MEMORY = 1.5, 0.5, 1.2  # of learning, of the earlier commit's
_PRISMA = 1.0  # of the earlier commit's time


def bench_growth(bench: Bench) -> None:
    model = make_model(make_scene(bench.folder, 400))
    competitors = {}
    for low in (400, 800):
        words = ["--model", model, "--out", bench.folder / "large.tif", "--compress", "none", "--device", "cpu"]
        competitors[str(low)] = bench.job("fuse", *files(make_scene(bench.folder, low)), *words)
    found = rounds(1, competitors)
    bench.compare("fuse, 4800 x 4800 / 2400 x 2400", found, "800", "400", 4.2)


def bench_scoring(bench: Bench) -> None:
    bench = bench._replace(runs=1)
    bench_compare(bench, 200, ())
    images = made(bench, make_scene(bench.folder, 320))
    reference = ["assess", "--fused", images[0], "--reference", images[1], "--ratio", 6]
    bench.beside_base("assess against a reference, 1920 x 1920 x 200", reference, reference, 0.4)


def bench_large_memory(bench: Bench) -> None:
    jobs = {}
    for low in (200, 400):
        scene = make_scene(bench.folder, low)
        jobs[f"sharpen with --memory 0.5, {6 * low} x {6 * low} x 200"] = learning(scene, "--memory", 0.5)
    bench.peaks(jobs)


def bench_learning(bench: Bench) -> None:
    for low in (100, 200):
        scene = make_scene(bench.folder, low)
        line, told = f"sharpen, {low} x {low} x 200", learning(scene, *TOLD)
        jobs = {"ours": bench.job(*told), "fast": bench.job(*told, "--effort", "fast")}
        found = rounds(1, {**jobs, "base": bench.job(*learning(scene), checkout=bench.base)})
        bench.compare(f"{line} / {BASE}", found, "ours", "base", _TIME)
        bench.compare(f"{line}, effort fast / {BASE}, effort normal", found, "fast", "base", _FAST)
        ratio = found["ours"][0].peak / found["base"][0].peak
        bench.table.add(f"{line}, peak / {BASE}'s", ratio, None, _MEMORY, None, None)


def bench_large_binary(bench: Bench) -> None:
    bench_binary(bench._replace(runs=1), 8192, 3.0)


def bench_prisma(bench: Bench) -> None:
    """Each result is removed before the next one is made."""
    scene = make_scene(bench.folder, 1000, 230)
    words = learning(scene)
    out = scene.folder / f"{scene.hsi.stem}-learned.tif"

    def removing(run: Callable[[], Cost]) -> Callable[[], Cost]:
        def run_and_remove() -> Cost:
            cost = run()
            out.unlink()
            return cost

        return run_and_remove

    ours, base = bench.job(*words, *TOLD), bench.job(*words, checkout=bench.base)
    found = rounds(1, {"ours": removing(ours), "base": removing(base)})
    line = "sharpen, a whole PRISMA scene, compressed"
    bench.compare(f"{line} / {BASE}", found, "ours", "base", _PRISMA)
    for name, cost in (("ours", found["ours"][0]), (BASE, found["base"][0])):
        bench.table.add(f"{line}, {name}: minutes on the clock", cost.wall / 60, None, None, cost.processors, None)
        bench.table.add(f"{line}, {name}: peak in MB", cost.peak, None, None, None, None)
