"""The parts of :mod:`benchmarks.speed_ratios` that take seconds to minutes."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, NamedTuple

from benchmarks.process import ROOT, Cost, measured, python
from benchmarks.record import Table
from benchmarks.speed import BANDS, RATIO, TOLD, Scene, gdal_script, make_model, make_scene, rounds

BASE = "b5ad292"
DEFLATE = ("-co", "COMPRESS=DEFLATE", "-co", "ZLEVEL=1", "-co", "PREDICTOR=2")
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

    def beside_base(self, line: str, ours: list[object], base: list[object], bound: float) -> tuple[Cost, Cost]:
        """Add the ratios of one run to one of the earlier commit; the costs of both."""
        found = rounds(1, {"ours": self.job(*ours), "base": self.job(*base, checkout=self.base)})
        self.compare(f"{line} / {BASE}", found, "ours", "base", bound)
        return found["ours"][0], found["base"][0]

    def peaks(self, jobs: dict[str, list[object]], bound: float = 600) -> None:
        """Add the highest use of memory of jobs."""
        for line, words in jobs.items():
            self.table.add(f"{line}, peak in MB", self.job(*words)().peak, None, bound, None, None)


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
    name = "compare" if methods else "compare, all classical methods"
    ours, _ = bench.beside_base(name, [*words, *TOLD[2:]], words, 0.2)
    bench.table.add(f"{name}, peak in MB", ours.peak, None, 700, None, None)


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


def learning(scene: Scene, *more: object) -> list[object]:
    """The words of the job ``sharpen``."""
    out = scene.folder / f"{scene.hsi.stem}-learned.tif"
    return ["sharpen", *files(scene), "--out", out, "--device", "cpu", *more]


def bench_memory(bench: Bench) -> None:
    scene, half = make_scene(bench.folder, 200), ("--memory", 0.5)
    jobs = {"fuse": fusing(scene, "deflate", *half), "sharpen, effort fast": learning(scene, *half, "--effort", "fast")}
    bench.peaks({f"{name} with --memory 0.5": words for name, words in jobs.items()})


def bench_binary(bench: Bench, size: int = 2048, bound: float = 2.2) -> None:
    competitors = {}
    scene = make_scene(bench.folder, size // RATIO + 1, 4)
    for name in ("s2bnet", "s2bnet_float"):
        model = bench.folder / f"{name}.safetensors"
        if not model.exists():
            bench.job("train", *files(scene), "--network", name, "--steps", 3, "--out", model)()
        out = ["--model", model, "--out", bench.folder / "binary.tif", "--compress", "none", "--device", "cpu"]
        competitors[name] = bench.job("fuse", *files(scene), *out)
    found = rounds(bench.runs if size < 4096 else 1, competitors)
    line = f"fuse, {size} x {size} x 4, full precision / S2BNet (at least)"
    bench.compare(line, found, "s2bnet_float", "s2bnet", bound)
