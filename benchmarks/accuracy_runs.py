"""Runs of the accuracy benchmarks: real scenes degraded by Wald's protocol, fused, and scored against the truth.

Each run is kept as a file of its own in the folder ``out``, so that a benchmark that was stopped goes on, and several
programs may share the work.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import numpy as np

from benchmarks.made_scenes import MADE_OF, made_scene
from core.io.reader import RasterReader
from core.quality.reference import reference_indices
from core.runtime.progress import ConsoleProgress
from core.workflows.classical import classical
from core.workflows.fuse import fuse
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate
from core.workflows.train import train

KEYS = ("sam", "ergas")
BRANCHES = ("spectral", "spatial", "mean")
# What is learned at reduced resolution only. As full resolution does not restrain it, small steps and more exchange are
# better.
REDUCED = {"consistency": 0.0, "full_exchange": 0.0, "exchange": 1.0, "intermediate": 0.0, "rate": 0.002}


@dataclass(frozen=True)
class RealScene:
    """A truth: its file, the bands of the PAN, the area that it shows (scenes of one area are correlated)."""

    file: str
    area: str
    ratios: tuple[int, ...] = (2, 3, 4)
    pan: Mapping[str, str] = field(default_factory=lambda: {"pan_bands": "6-36"})


def _aviris(name: str, area: str) -> RealScene:
    return RealScene(f"aviris_los_angeles/{name}.tif", area)


SCENES = {
    "indian_pines": RealScene("indian_pines/hsi.tif", "Indian Pines", pan={"pan_bands": "7-33"}),
    "airport-1": _aviris("airport-1", "Los Angeles 1"),
    "airport-2": _aviris("airport-2", "Los Angeles 2"),
    "airport-3": _aviris("airport-3", "Los Angeles 2"),
    "urban-4": _aviris("urban-4", "Los Angeles 3"),
    "urban-5": _aviris("urban-5", "Los Angeles 2"),
    "enmap_potsdam": RealScene("enmap_potsdam/hsi.tif", "Potsdam", (2,), {"pan_range": "480-690"}),
}
SCENES |= {name: RealScene("", name, (6,)) for name in MADE_OF}  # for large ratios; their files are made
SENSOR = [name for name, scene in SCENES.items() if scene.file.startswith("aviris_los_angeles")]


@dataclass(frozen=True)
class Learned:
    """A way to learn: network, mode, and what is set otherwise."""

    network: str
    mode: str = "mutual"
    settings: Mapping[str, object] = field(default_factory=dict)


PUBLISHED = ("hyperpnn", "hspenet", "darn", "hyper-dsnet", "pannet", "pca-z-pnn")
LEARNED = {
    "SSML": Learned("ssml"),
    "SSML alone": Learned("ssml", "alone"),
    "SSML, reduced resolution": Learned("ssml", settings=REDUCED),
    "SSML alone, reduced resolution": Learned("ssml", "alone", REDUCED),
    "HyperPNN in a pair": Learned("hyperpnn+ssml-spatial"),
    **{name: Learned(name) for name in PUBLISHED},
}


def scores_against(truth: Path, fused: str, ratio: float) -> dict[str, float]:
    """Scores over the good bands and the pixels that are valid in all of them."""
    with RasterReader(fused) as result, RasterReader(str(truth)) as reference:
        block, wanted = result.read(), reference.read()
        flags = np.asarray(reference.metadata.bbl) != 0
    rows, cols = block.values.shape[1:]
    values, known = wanted.values[:, :rows, :cols], wanted.valid[:, :rows, :cols] & block.valid
    good = known.reshape(len(known), -1).any(1) & flags
    found = reference_indices(block.values[good], values[good], ratio, known[good].all(0))
    return {key: float(found[key]) for key in ("ergas", "sam", "psnr", "cc")}


@dataclass
class Bench:
    """Where files are, and what each run of learning is given.

    Attributes:
        scenes: folder of the real scenes. out: folder of the runs; what is there is not run again.
        effort: of learning. more: learning settings that differ from the default ones.
    """

    scenes: Path
    out: Path
    effort: str
    more: Mapping[str, object]

    def inputs(self, name: str, ratio: int) -> tuple[str, str]:
        """The degraded HSI and the PAN of a scene, made on the first call."""
        hsi, pan = (self.out / f"{name}-{ratio}-{kind}.tif" for kind in ("hsi", "pan"))
        if not pan.exists() or not hsi.exists():
            simulate(str(self.truth(name)), ratio, str(hsi), str(pan), **SCENES[name].pan)
        return str(hsi), str(pan)

    def truth(self, name: str) -> Path:
        """The file of a scene; one of real spectra is made on the first call."""
        return made_scene(self.scenes, name, self.out) if name in MADE_OF else self.scenes / SCENES[name].file

    def scores(self, name: str, ratio: int, fused: str) -> dict[str, float]:
        """Scores over the good bands and the pixels that are valid in all of them."""
        return scores_against(self.truth(name), fused, ratio)

    def tag(self, name: str, ratio: int, method: str, seed: int) -> str:
        """The name of a learned run."""
        more = "".join(f"-{key}={value}" for key, value in sorted(self.more.items()))
        return f"{name}-{ratio}-{method}-{self.effort}-{seed}{more}".lower().replace(", ", "-").replace(" ", "-")

    def kept(self, tag: str, work: Callable[[], dict]) -> dict:
        """What ``work`` returned when it was first run under this tag."""
        path = self.out / f"{tag}.json"
        if not path.exists():
            started = time.monotonic()
            record = {**work(), "seconds": round(time.monotonic() - started, 1)}
            path.write_text(json.dumps(record))
        return json.loads(path.read_text())

    def classical(self, name: str, ratio: int, method: str, consistency: int) -> dict[str, float]:
        """Scores of a classical method."""

        def work() -> dict:
            fused = str(self.out / f"{tag}.tif")  # several of these programs may share the folder
            classical(*self.inputs(name, ratio), fused, method=method, consistency=consistency)
            scores = self.scores(name, ratio, fused)
            Path(fused).unlink()
            return scores

        tag = f"{name}-{ratio}-{method}-{consistency}"
        return self.kept(tag, work)

    def learned(self, name: str, ratio: int, method: str, seed: int, training: Sequence[str] = ()) -> dict:
        """Scores by branch of networks that learned from the scene itself, or from ``training``."""

        def work() -> dict:
            how, (hsi, pan) = LEARNED[method], self.inputs(name, ratio)
            given = [self.inputs(other, ratio) for other in training] or [(hsi, pan)]
            model, fused = str(self.out / f"{tag}.safetensors"), str(self.out / f"{tag}.tif")
            made = train(
                [pair[0] for pair in given],
                [pair[1] for pair in given],
                model,
                network=how.network,
                mode=how.mode,
                effort=self.effort,
                seed=seed,
                settings={**how.settings, **self.more},
                progress=ConsoleProgress(),
            )
            record = {"parameters": made["parameters"], "held_out": made["scores"]}
            for use in BRANCHES if len(made["parameters"]) > 1 else ("mean",):
                fuse(hsi, pan, model, fused, use=use)
                record[use] = self.scores(name, ratio, fused)
            return record

        tag = self.tag(name, ratio, f"{method} sensor" if training else method, seed)
        return self.kept(tag, work)

    def sharpened(self, name: str, ratio: int, seed: int) -> dict:
        """Scores of the job `sharpen`."""

        def work() -> dict:
            fused = str(self.out / f"{tag}.tif")
            made = sharpen(
                *self.inputs(name, ratio),
                fused,
                effort=self.effort,
                seed=seed,
                settings=self.more,
                progress=ConsoleProgress(),
            )
            return {**self.scores(name, ratio, fused), "used_prior": made["used_prior"]}

        tag = self.tag(name, ratio, "sharpen", seed)
        return self.kept(tag, work)
