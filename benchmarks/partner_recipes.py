"""The figures of the how-tos on sharper images: which ones help how much, on pairs made of real spectra.

    python benchmarks/partner_recipes.py --scenes DIR --out DIR

A scene of real spectra with the structure of a real image (``benchmarks/partner_runs.py``) is taken as the ground at
the finest pixels of each recipe; every image is made of it by its own blur (MTF gain 0.3, which is told) and bands of
Sentinel-2. Stated are SAM and ERGAS of ``sharpen`` and of plain up-sampling, and seconds. ``--parts`` and ``--join`` as
in ``benchmarks/partner.py``.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.made_scenes import MADE
from benchmarks.partner_runs import KEYS, NUMBERS, SETS, Bench, where_made
from benchmarks.record import Record, add_option
from core.io.array_image import ArrayImage
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.operators.pair import Operators
from core.quality.reference import reference_indices
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen

GROUND = "worldview2 + urban-5"
TEN = SETS["4 bands"]
TWENTY = tuple(band for band in SETS["10 bands"] if band not in TEN)
KNOWN = {"mtf": 0.3, "shift": "none", "contradictions": "off"}
WAVES = {"B02": 492, "B03": 560, "B04": 665, "B05": 704, "B06": 740, "B07": 783, "B08": 833, "B8A": 865, "B11": 1614}
WAVES["B12"] = 2202


@dataclass(frozen=True)
class Image:
    """A sharper image.

    Attributes:
        bands: of Sentinel-2, or band numbers of the scene.
        ratio: of its pixels to those of the ground.
    """

    bands: tuple[str, ...]
    ratio: int


@dataclass(frozen=True)
class Recipe:
    """A pair, or a pair and a second sharper image.

    Attributes:
        hsi: pixels of the ground per pixel of the HSI. pan, pan2: the sharper images.
        truth: bands that are scored, all by default. options: of ``sharpen``.
    """

    hsi: int
    pan: Image
    pan2: Image | None = None
    truth: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


S2_10, S2_20 = Image(TEN, 1), Image(TWENTY, 2)
OWN_PAN, RGB = Image(("6-36",), 1), Image(("11-17", "19-23", "31-35"), 1)
S2_OF_5M = Image(TEN, 2)
RECIPES = {
    "EnMAP, Sentinel-2 10 m": Recipe(3, S2_10),
    "EnMAP, Sentinel-2 10 and 20 m": Recipe(3, S2_10, S2_20),
    "EMIT, Sentinel-2 10 m": Recipe(6, S2_10),
    "EMIT, Sentinel-2 10 and 20 m": Recipe(6, S2_10, S2_20),
    "EMIT, Sentinel-2 20 m alone": Recipe(6, S2_20),
    "PRISMA, its PAN": Recipe(6, OWN_PAN),
    "PRISMA, its PAN and Sentinel-2 10 m": Recipe(6, OWN_PAN, S2_OF_5M),
    "drone, RGB": Recipe(4, RGB),
    "Sentinel-2 20 m, its four 10 m bands": Recipe(2, S2_10, truth=TWENTY),
    "Sentinel-2 20 m, B08, S2BNet": Recipe(2, Image(("B08",), 1), truth=TWENTY, options=(("network", "s2bnet"),)),
    "Sentinel-2 20 m, B08, SSML": Recipe(2, Image(("B08",), 1), truth=TWENTY),
}


def band_of(cube: np.ndarray, name: str) -> np.ndarray:
    """A band of Sentinel-2, or of "6-36", of the ground."""
    first, last = map(int, NUMBERS.get(name, name).split("-"))
    return cube[first - 1 : last].mean(axis=0)


def degraded(values: np.ndarray, ratio: int) -> np.ndarray:
    """An image at a ``ratio`` times larger pixel."""
    if ratio == 1:
        return values
    side = MADE // ratio
    return Operators((side, side), (MADE, MADE), ratio, (0.0, 0.0), 0.3).down(values)


def write(path: Path, values: np.ndarray, pixel: float, names: tuple[str, ...] = ()) -> str:
    """An image as a file, with wavelengths where its bands are Sentinel-2's."""
    metadata = RasterMetadata.plain(len(values), "float32")
    if all(name in WAVES for name in names) and names:
        metadata = metadata.replace(names=names, wavelengths=tuple(float(WAVES[name]) for name in names))
    grid = Grid(500000.0, 5800000.0, pixel, -pixel, *values.shape[1:], "EPSG:32633")
    ArrayImage(np.ascontiguousarray(values, np.float32), grid, metadata).write(path)
    return str(path)


def run(bench: Bench, name: str, seed: int) -> dict:
    """Scores of a recipe; kept ones are not computed again."""
    kept = bench.kept("recipe", name, seed)
    if kept is not None:
        return kept
    recipe = RECIPES[name]
    cube = ArrayImage.read(bench.truth(GROUND)).values.astype(np.float32)
    truth = np.stack([band_of(cube, band) for band in recipe.truth]) if recipe.truth else cube
    out = bench.out / "fused.tif"
    hsi = write(bench.out / "hsi.tif", degraded(truth, recipe.hsi), float(recipe.hsi), recipe.truth)
    paths = []
    for number, image in enumerate(filter(None, (recipe.pan, recipe.pan2))):
        values = degraded(np.stack([band_of(cube, band) for band in image.bands]), image.ratio)
        paths.append(write(bench.out / f"pan{number}.tif", values, float(image.ratio), image.bands))
    more = {**KNOWN, **({"pan2": paths[1]} if recipe.pan2 else {})}
    found: dict[str, float] = {}
    for label in ("up_sampling", "prior", "sharpen"):
        started = time.perf_counter()
        if label == "sharpen":
            sharpen(hsi, paths[0], str(out), seed=seed, progress=Progress(), **more, **dict(recipe.options))
        else:
            method, iterations = ("exp", 0) if label == "up_sampling" else ("mtf-glp", 5)
            classical(hsi, paths[0], str(out), method=method, consistency=iterations, progress=Progress(), **more)
        found[f"{label} seconds"] = time.perf_counter() - started
        fused = ArrayImage.read(out).values
        rows, cols = fused.shape[1:]
        known = degraded(truth, recipe.pan.ratio)[:, :rows, :cols]
        scores = reference_indices(fused, known, recipe.hsi / recipe.pan.ratio, np.ones((rows, cols), bool))
        found.update({f"{label} {key}": float(scores[key]) for key in KEYS})
    return bench.keep(found, "recipe", name, seed)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs")
    parser.add_argument("--parts", type=Path, help="folder of the runs")
    parser.add_argument("--seed", type=int, default=0, help="seed of sharpen")
    parser.add_argument("--only", nargs="*", help=f"of {'; '.join(RECIPES)}")
    parser.add_argument("--join", action="store_true", help="run nothing: a table of the runs that are kept")
    add_option(parser)
    options = parser.parse_args()
    bench = Bench(options.scenes, options.out, options.parts or options.out)
    names = options.only or list(RECIPES)
    runs = {
        name: bench.kept("recipe", name, options.seed) if options.join else run(bench, name, options.seed)
        for name in names
    }
    made = where_made([one for one in runs.values() if one is not None])
    record = Record("partner-recipes", f"ground: {GROUND}; MTF gain 0.3, told; runs made on {made}")
    labels = [f"{label} {key}" for label in ("up_sampling", "prior", "sharpen") for key in KEYS]
    table = record.table("scores", "recipe", *labels, "seconds", digits=4)
    for name, one in runs.items():
        if one is not None:
            table.add(name, *(one[label] for label in labels), one["sharpen seconds"])
    record.write(options.results)


if __name__ == "__main__":
    main()
