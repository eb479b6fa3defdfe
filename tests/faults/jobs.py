"""Every job on one small scene, for whatever shall go wrong meanwhile."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable

from core.runtime.progress import Progress

STEPS = 8


@dataclass(frozen=True)
class Files:
    """What jobs read."""

    reference: str
    hsi: str
    pan: str
    fused: str
    model: str
    product: str

    def digests(self) -> dict[str, str]:
        """What stands in each of them."""
        return {name: hashlib.sha256(Path(path).read_bytes()).hexdigest() for name, path in asdict(self).items()}


@dataclass(frozen=True)
class Job:
    """A job.

    Attributes:
        run: (files, folder to write to, progress).
        outputs: what lies in the folder when it has ended.
        reads: the fields of :class:`Files` that it reads.
    """

    run: Callable[[Files, str, Progress], object]
    outputs: tuple[str, ...]
    reads: tuple[str, ...] = ("hsi", "pan")


def _simulate(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.simulate import simulate

    places = (os.path.join(folder, name) for name in ("h.tif", "p.img"))
    return simulate(files.reference, 2, *places, pan_bands="3-6", progress=progress)


def _train(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.train import train

    model = os.path.join(folder, "m.ssml")
    resume = f"{model}.checkpoint" if os.path.exists(f"{model}.checkpoint") else ""
    report = os.path.join(folder, "t.html")
    return train([files.hsi], [files.pan], model, report=report, steps=STEPS, resume=resume, progress=progress)


def _sharpen(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.sharpen import sharpen

    names = {"model": "s.ssml", "report": "s.html", "disagreement": "d.tif"}
    places = {key: os.path.join(folder, name) for key, name in names.items()}
    output = os.path.join(folder, "s.tif")
    return sharpen(
        files.hsi, files.pan, output, **places, resume=True, settings={"steps": STEPS}, memory=0.001, progress=progress
    )


def _fuse(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.fuse import fuse

    output = os.path.join(folder, "f.tif")
    return fuse(files.hsi, files.pan, files.model, output, memory=0.001, progress=progress)


def _classical(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.classical import classical

    output = os.path.join(folder, "c.img")
    return classical(files.hsi, files.pan, output, memory=0.001, progress=progress)


def _unmixing(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.classical import classical

    output = os.path.join(folder, "u.tif")
    return classical(files.hsi, files.pan, output, method="cnmf", memory=0.001, progress=progress)


def _assess(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.assess import assess

    places = {"json_path": os.path.join(folder, "a.json"), "report": os.path.join(folder, "a.html")}
    truth = {"reference": files.reference, "hsi": files.hsi, "pan": files.pan}
    return assess(files.fused, **truth, **places, progress=progress)


def _compare(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.compare import compare

    names = {"report": "v.html", "json_path": "v.json", "csv_path": "v.csv"}
    places = {key: os.path.join(folder, name) for key, name in names.items()}
    return compare(
        files.hsi,
        files.pan,
        os.path.join(folder, "v.tif"),
        methods=["mtf-glp", "gsa"],
        model=files.model,
        memory=0.001,
        progress=progress,
        **places,
    )


def _openproduct(files: Files, folder: str, progress: Progress) -> object:
    from core.workflows.openproduct import openproduct

    return openproduct(files.product, *(os.path.join(folder, name) for name in ("ph.tif", "pp.tif")), progress=progress)


JOBS = {
    "simulate": Job(_simulate, ("h.tif", "p.img", "p.hdr"), ("reference",)),
    "train": Job(_train, ("m.ssml", "t.html")),
    "sharpen": Job(_sharpen, ("s.tif", "s.ssml", "s.html", "d.tif")),
    "fuse": Job(_fuse, ("f.tif",), ("hsi", "pan", "model")),
    "classical": Job(_classical, ("c.img", "c.hdr")),
    "cnmf": Job(_unmixing, ("u.tif",)),
    "assess": Job(_assess, ("a.json", "a.html"), ("fused", "reference", "hsi", "pan")),
    "compare": Job(_compare, ("v.tif", "v.html", "v.json", "v.csv"), ("hsi", "pan", "model")),
    "openproduct": Job(_openproduct, ("ph.tif", "pp.tif"), ("product",)),
}
CHECKPOINTS = {"train": "m.ssml.checkpoint", "sharpen": "s.ssml.checkpoint"}


class At(Progress):
    """Does something when a job asks, for the n-th time (from 0), whether to stop; without, it counts. Several threads
    may ask: one of them acts. Where that is an error, the next one that asks gets it, too."""

    def __init__(self, moment: int = -1, act: Callable[[], bool | None] = lambda: None) -> None:
        self.moment, self.act, self.asked, self.stop = moment, act, 0, False
        self._counting, self._acting = threading.Lock(), False

    def cancelled(self) -> bool:
        with self._counting:
            acts = self.asked == self.moment and not self._acting
            self._acting |= acts
            if not self._acting:
                self.asked += 1
        if acts:
            try:
                self.stop = bool(self.act())
                self.asked += 1
            finally:
                self._acting = False
        return self.stop


def left(folder: str | Path, but: Sequence[str] = ()) -> list[str]:
    """What lies in a folder, hidden or not."""
    return sorted(set(os.listdir(folder)) - set(but))
