"""Scenes, pairs and runs of ``benchmarks/partner.py`` and ``benchmarks/partner_disturbed.py``.

The sharper image is integrated from the scene in the bands of Sentinel-2: by the responses that ESA publishes for
Sentinel-2A where a scene has wavelengths, else by the fixed band numbers below. Ratio 6, EMIT's 60 m by Sentinel-2's
10 m, is on scenes that are made of real spectra (``benchmarks/made_scenes.py``). Each run is one JSON file, so runs can
be made in any order, on any number of machines at the same time, and put together later.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy_runs import scores_against
from benchmarks.made_scenes import made_scene
from benchmarks.record import commit, machine
from core.io.array_image import ArrayImage
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
        return made_scene(self.scenes, name, self.out)

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
