"""Scenes, pairs and runs of ``benchmarks/partner.py`` and ``benchmarks/partner_disturbed.py``.

The sharper image is integrated from the scene in the bands of Sentinel-2: by the responses that ESA publishes for
Sentinel-2A where a scene has wavelengths, else by the fixed band numbers below. Ratio 6, EMIT's 60 m by Sentinel-2's
10 m, is on scenes that are made of real spectra: every pixel of a real multispectral image, brought to 384 x 384
pixels, gets the mixture of real spectra that is nearest to its bands. Each run is one JSON file, so runs can be made in
any order, on any number of machines at the same time, and put together later.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.accuracy_runs import scores_against
from benchmarks.record import commit, machine
from core.io.array_image import ArrayImage, pair_of_arrays
from core.io.reader import RasterReader
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
RESPONSES = "sentinel-2a"  # whose published responses are taken, see core/operators/response_tables.py
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
LEARNED: dict[str, dict] = {  # name: options of sharpen
    "sharpen": {},
    "sharpen, networks that learn alone": {"settings": {"mode": "alone"}},
    "hyperpnn": {"network": "hyperpnn"},
    "hspenet": {"network": "hspenet"},
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
Made = tuple[str, tuple[int, ...], str]  # file of the structure, its bands, scene of the spectra
MADE_OF: dict[str, Made] = {
    "worldview2 + urban-5": ("worldview2/ms.tif", (1, 2, 3, 5, 7), "urban-5"),
    "ikonos + airport-1": ("ikonos/ms.tif", (0, 1, 2, 3), "airport-1"),
}


def make_scene(scenes: Path, of: Made, path: Path) -> None:
    """A scene of real spectra with the structure of a real multispectral image, without wavelengths."""
    structure, bands, spectra = of
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
    """Pairs and runs, kept in folders.

    Args:
        scenes: folder of the scenes.
        out: folder of the pairs.
        parts: folder of the runs, one JSON file each.
    """

    def __init__(self, scenes: Path, out: Path, parts: Path) -> None:
        self.scenes, self.out, self.parts = scenes, out, parts
        for folder in (out, parts):
            folder.mkdir(parents=True, exist_ok=True)

    def truth(self, name: str) -> Path:
        """The file of a scene, made on the first call."""
        if name in SCENES:
            return self.scenes / SCENES[name].file
        path = self.out / f"{name.replace(' ', '')}-truth.tif"
        if not path.exists():
            make_scene(self.scenes, MADE_OF[name], path)
        return path

    def pair(self, name: str, ratio: int, guides: str) -> tuple[str, str]:
        """HSI and sharper image."""
        published = bool(SETS[guides]) and self._has_wavelengths(name)
        stem = f"{name}-{ratio}-{guides}{'-published' if published else ''}".replace(" ", "")
        hsi, pan = (self.out / f"{stem}-{kind}.tif" for kind in ("hsi", "pan"))
        if not pan.exists():
            every = self.out / f"{stem}-every.tif"
            wanted = {"pan_range": RESPONSES} if published else self._bands(name, guides)
            made = every if published else pan
            simulate(str(self.truth(name)), ratio, str(hsi), str(made), mtf_hsi=0.3, **wanted)
            if published:  # the sensor's ten bands, of which some are wanted
                image = ArrayImage.read(every)
                chosen = [image.metadata.names.index(band) for band in SETS[guides]]
                ArrayImage(image.values[chosen], image.grid, image.metadata.select(chosen)).write(pan)
                every.unlink()
        return str(hsi), str(pan)

    def _has_wavelengths(self, name: str) -> bool:
        with RasterReader(str(self.truth(name))) as reader:
            return None not in reader.metadata.wavelengths

    def _bands(self, name: str, guides: str) -> dict[str, str]:
        """Of a PAN, or by number."""
        bands = SETS[guides]
        if not bands:
            return SCENES[name].pan if name in SCENES else {"pan_bands": "6-36"}
        return {"pan_bands": ";".join(NUMBERS[band] for band in bands)}

    def scores(self, name: str, ratio: int, fused: str) -> dict[str, float]:
        """Over the good bands and the pixels that are valid in all of them."""
        found = scores_against(self.truth(name), fused, ratio)
        return {key: found[key] for key in KEYS}

    def part(self, *names: object) -> Path:
        """The file of a run."""
        tag = "-".join(str(name) for name in names)
        return self.parts / f"{tag.replace(' ', '').replace(',', '-')}.json"

    def kept(self, *names: object) -> dict | None:
        """A run that was made, or None."""
        path = self.part(*names)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def keep(self, found: dict, *names: object) -> dict:
        """Write a run, with where it was made; another process never sees half of it."""
        path = self.part(*names)
        half = path.with_suffix(f".{os.getpid()}")
        origin = {"processor": machine()["processor"], "commit": commit()["commit"]}
        half.write_text(json.dumps({**found, **origin}), encoding="utf-8")
        half.replace(path)
        return found

    def run(self, name: str, ratio: int, guides: str, method: str, seed: int = 0) -> dict:
        """Scores and seconds of a run; a kept one is not run again."""
        names = (name, ratio, guides, method, seed)
        kept = self.kept(*names)
        if kept is not None:
            return kept
        fused = self.out / f"{self.part(*names).stem}.tif"
        pair, started = self.pair(name, ratio, guides), time.perf_counter()
        if method in LEARNED:
            sharpen(*pair, str(fused), seed=seed, progress=Progress(), **KNOWN, **LEARNED[method])
        else:
            classic, iterations = CLASSICAL[method]
            classical(*pair, str(fused), method=classic, consistency=iterations, progress=Progress(), **KNOWN)
        seconds = time.perf_counter() - started
        found = {**self.scores(name, ratio, str(fused)), "seconds": seconds}
        fused.unlink()
        return self.keep(found, *names)


def where_made(runs: list[dict]) -> str:
    """The machines and commits that runs were made on."""
    made = {(run.get("processor", "?"), run.get("commit", "?")[:7]) for run in runs}
    return "; ".join(f"{processor} at {version}" for processor, version in sorted(made))
