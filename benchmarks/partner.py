"""A sharper image of several bands against a PAN, and against what else takes several bands.

    python benchmarks/partner.py --scenes DIR --out DIR              every scene, five seeds
    python benchmarks/partner.py --scenes DIR --out DIR --seeds 1    one seed

Real scenes are degraded by Wald's protocol (MTF gain 0.3, known to every method), and the sharper image is
integrated from the scene in the bands of Sentinel-2: rectangles over ESA's widths where a scene has wavelengths, else
the fixed band numbers below. Ratio 6, EMIT's 60 m by Sentinel-2's 10 m, is on scenes that are made of real spectra:
every pixel of a real multispectral image, brought to 384 x 384 pixels, gets the mixture of real spectra that is nearest
to its bands. Stated are SAM and ERGAS over the whole image. Classical methods are as published, without projection, and
with it; the prior is the multiple regression with the projection. Each run is kept in ``--out``, so that a benchmark
that was stopped goes on. With ``--results DIR`` what is found is written as JSON, too.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.record import Record, add_option
from core.io.array_image import ArrayImage, pair_of_arrays
from core.io.reader import RasterReader
from core.operators.guide_bands import GUIDE_SENSORS
from core.quality.reference import reference_indices
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate

SETS = {
    "PAN": (),
    "4 bands": ("B02", "B03", "B04", "B08"),
    "6 bands": ("B02", "B03", "B04", "B08", "B11", "B12"),
    "10 bands": ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"),
}
# AVIRIS of 205 bands without wavelengths: about 365 + 9.7 (n - 1) nm below the first water band.
NUMBERS = {
    "B02": "11-17",
    "B03": "19-23",
    "B04": "31-35",
    "B05": "37-38",
    "B06": "40-41",
    "B07": "44-46",
    "B08": "45-56",
    "B8A": "53-55",
    "B11": "121-130",
    "B12": "168-185",
}
CLASSICAL = {  # name: method, iterations of the projection
    "prior": ("mtf-glp", 5),
    "CNMF": ("cnmf", 0),
    "CNMF, projected": ("cnmf", 5),
    "hypersharpening, synthesised band": ("mtf-glp-hpm-r", 0),
    "hypersharpening, synthesised band, projected": ("mtf-glp-hpm-r", 5),
    "hypersharpening, selected band": ("mtf-glp-hpm", 0),
    "GSA": ("gsa", 0),
    "up-sampling": ("exp", 0),
}
KNOWN = {"mtf": 0.3, "shift": "none", "contradictions": "off"}
KEYS = ("sam", "ergas")
MADE = 384  # pixels along an edge of made scenes
_NEIGHBOURS, _SPECTRA = 4, 4000


@dataclass(frozen=True)
class Truth:
    """A scene: its file, and what makes its PAN."""

    file: str
    pan: dict[str, str]
    ratios: tuple[int, ...] = (3, 4)


def _aviris(name: str) -> Truth:
    return Truth(f"aviris_los_angeles/{name}.tif", {"pan_bands": "6-36"})


SCENES = {
    **{name: _aviris(name) for name in ("airport-1", "airport-2", "airport-3", "urban-4", "urban-5")},
    "indian_pines": Truth("indian_pines/hsi.tif", {"pan_bands": "7-33"}),
    "enmap_potsdam": Truth("enmap_potsdam/hsi.tif", {"pan_range": "480-690"}),
}
MADE_OF = {  # structure, spectra
    "worldview2 + urban-5": ("worldview2/ms.tif", (1, 2, 3, 5, 7), "urban-5"),
    "ikonos + airport-1": ("ikonos/ms.tif", (0, 1, 2, 3), "airport-1"),
}


def make_scene(scenes: Path, name: str, path: Path) -> None:
    """A scene of real spectra with the structure of a real multispectral image."""
    structure, bands, spectra = MADE_OF[name]
    image = ArrayImage.read(scenes / structure).values[list(bands)].astype(np.float64)
    pad = [(0, 0), *((0, max(0, MADE - count)) for count in image.shape[1:])]
    image = np.pad(image, pad, mode="reflect")[:, :MADE, :MADE].reshape(len(bands), -1)
    source = ArrayImage.read(scenes / SCENES[spectra].file)
    cube = np.maximum(source.values.reshape(len(source.values), -1).astype(np.float64), 0)
    rng = np.random.default_rng(0)
    cube = cube[:, rng.choice(cube.shape[1], _SPECTRA, replace=False)]
    places = np.linspace(12, 60, len(bands)).astype(int)  # bands of the spectra that stand for those of the structure

    def ranks(values: np.ndarray) -> np.ndarray:
        """Each band's values as their place among the others, 0 to 1, so that both images are distributed alike."""
        return np.stack([np.argsort(np.argsort(band)) / len(band) for band in values])

    seen, known = ranks(image), ranks(cube[places])
    made = np.empty((len(cube), image.shape[1]), np.float32)
    for start in range(0, image.shape[1], 4096):
        part = seen[:, start : start + 4096]
        distance = ((part[:, :, None] - known[:, None, :]) ** 2).sum(axis=0)
        near = np.argpartition(distance, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
        weight = 1 / (np.take_along_axis(distance, near, 1) + 1e-4)
        weight /= weight.sum(axis=1, keepdims=True)
        made[:, start : start + 4096] = np.einsum("bnk,nk->bn", cube[:, near], weight)
    values = np.round(made.reshape(-1, MADE, MADE)).astype(np.int16)
    pair_of_arrays(values, np.zeros((2 * MADE, 2 * MADE), np.int16), 2)[0].write(path)


class Bench:
    """Pairs and runs, kept in a folder."""

    def __init__(self, scenes: Path, out: Path) -> None:
        self.scenes, self.out = scenes, out
        out.mkdir(parents=True, exist_ok=True)

    def truth(self, name: str) -> Path:
        """The file of a scene, made on the first call."""
        if name in SCENES:
            return self.scenes / SCENES[name].file
        path = self.out / f"{name.replace(' ', '')}-truth.tif"
        if not path.exists():
            make_scene(self.scenes, name, path)
        return path

    def pair(self, name: str, ratio: int, guides: str) -> tuple[str, str]:
        """HSI and sharper image."""
        stem = f"{name}-{ratio}-{guides}".replace(" ", "")
        hsi, pan = (self.out / f"{stem}-{kind}.tif" for kind in ("hsi", "pan"))
        if not pan.exists():
            simulate(str(self.truth(name)), ratio, str(hsi), str(pan), mtf_hsi=0.3, **self._bands(name, guides))
        return str(hsi), str(pan)

    def _bands(self, name: str, guides: str) -> dict[str, str]:
        bands = SETS[guides]
        if not bands:
            return SCENES[name].pan if name in SCENES else {"pan_bands": "6-36"}
        with RasterReader(str(self.truth(name))) as reader:
            known = None not in reader.metadata.wavelengths
        if not known:
            return {"pan_bands": ";".join(NUMBERS[band] for band in bands)}
        ranges = GUIDE_SENSORS["sentinel-2"].ranges()
        return {"pan_range": ";".join(f"{ranges[band][0]:.1f}-{ranges[band][1]:.1f}" for band in bands)}

    def scores(self, name: str, ratio: int, fused: str) -> dict[str, float]:
        """Over the good bands and the pixels that are valid in all of them."""
        with RasterReader(fused) as result, RasterReader(str(self.truth(name))) as reference:
            block, truth = result.read(), reference.read()
            flags = np.asarray(reference.metadata.bbl) != 0
        rows, cols = block.values.shape[1:]
        values, known = truth.values[:, :rows, :cols], truth.valid[:, :rows, :cols] & block.valid
        good = known.reshape(len(known), -1).any(1) & flags
        found = reference_indices(block.values[good], values[good], ratio, known[good].all(0))
        return {key: float(found[key]) for key in KEYS}

    def run(self, name: str, ratio: int, guides: str, method: str, seed: int = 0) -> dict[str, float]:
        """Scores and seconds of a run; a kept one is not run again."""
        tag = f"{name}-{ratio}-{guides}-{method}-{seed}".replace(" ", "").replace(",", "-")
        kept, fused = self.out / f"{tag}.json", self.out / f"{tag}.tif"
        if not kept.exists():
            pair, started = self.pair(name, ratio, guides), time.perf_counter()
            if method == "sharpen":
                sharpen(*pair, str(fused), seed=seed, progress=Progress(), **KNOWN)
            else:
                classic, iterations = CLASSICAL[method]
                classical(*pair, str(fused), method=classic, consistency=iterations, progress=Progress(), **KNOWN)
            seconds = time.perf_counter() - started
            kept.write_text(json.dumps({**self.scores(name, ratio, str(fused)), "seconds": seconds}), encoding="utf-8")
            fused.unlink()
        return json.loads(kept.read_text(encoding="utf-8"))


def cases(options: argparse.Namespace) -> Iterator[tuple[str, int, str]]:
    """Scene, ratio, bands of the sharper image."""
    for name, scene in SCENES.items():
        for ratio in scene.ratios:
            for guides in SETS:
                yield name, ratio, guides
    for name in MADE_OF:
        for guides in SETS:
            yield name, 6, guides


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs and runs")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of sharpen")
    parser.add_argument("--only", nargs="*", help="scenes")
    parser.add_argument("--ratios", nargs="*", type=int, help="ratios")
    parser.add_argument("--sets", nargs="*", help="bands of the sharper image, as '6 bands'")
    parser.add_argument("--classical", action="store_true", help="methods without learning alone")
    add_option(parser)
    options = parser.parse_args()
    bench = Bench(options.scenes, options.out)
    record = Record("partner", f"MTF gain 0.3, known; seeds 0 to {options.seeds - 1}; no shift; band numbers {NUMBERS}")
    table = record.table("scores", "scene", "ratio", "sharper image", "method", "sam", "ergas", "seconds", digits=4)
    found: dict[tuple[str, int, str], dict[str, list[dict[str, float]]]] = {}
    for case in cases(options):
        wanted = zip(case, (options.only, options.ratios, options.sets))
        if any(chosen and one not in chosen for one, chosen in wanted):
            continue
        runs = {method: [bench.run(*case, method)] for method in CLASSICAL}
        if not options.classical:
            runs["sharpen"] = [bench.run(*case, "sharpen", seed) for seed in range(options.seeds)]
        found[case] = runs
        for method, each in runs.items():
            table.add(*case, method, *(np.mean([one[key] for one in each]) for key in (*KEYS, "seconds")))
    if not options.classical:
        _compared(found, record)
    record.write(options.results)


def _compared(found: dict[tuple[str, int, str], dict[str, list[dict[str, float]]]], record: Record) -> None:
    """How far sharpen lies below each method, and below the result with the PAN."""
    columns = "sharper image", "ratio", "against", "sam, %", "ergas, %", "worst scene, sam", "worst scene, ergas"
    table = record.table("sharpen lies below, mean of scenes", *columns, digits=3)
    for guides, ratio in dict.fromkeys((case[2], case[1]) for case in found):
        some = {case: runs for case, runs in found.items() if case[1:] == (ratio, guides)}
        for method in (*CLASSICAL, "the result with the PAN"):
            gains = []
            for (name, _, _), runs in some.items():
                other = found.get((name, ratio, "PAN"), {}).get("sharpen") if method not in CLASSICAL else runs[method]
                if other is None or (method not in CLASSICAL and guides == "PAN"):
                    continue
                own = {key: np.mean([one[key] for one in runs["sharpen"]]) for key in KEYS}
                base = {key: np.mean([one[key] for one in other]) for key in KEYS}
                gains.append([100 * (1 - own[key] / base[key]) for key in KEYS])
            if gains:
                table.add(guides, ratio, method, *np.mean(gains, axis=0), *np.min(gains, axis=0))


if __name__ == "__main__":
    main()
