"""What is found of a pair, against what it was made with.

    python benchmarks/field.py --scenes DIR                          the blur that is measured
    python benchmarks/field.py --scenes DIR --study cost             what not knowing costs: classical mtf-glp
    python benchmarks/field.py --scenes DIR --study cost --sharpen   the job `sharpen` on some scenes, too
    python benchmarks/field.py --scenes DIR --study shift            the shift that is corrected
    python benchmarks/field.py --scenes DIR --study time             what it takes, in all and of the jobs

The open scenes are degraded with known gains at the Nyquist frequency along rows and columns, and the PAN is the mean
of their visible bands: clean, moved, with noise, with a cloud, with a part of the PAN that no compared band shows.
Bands beyond 1000 nm have the gains of the others, but twice their noise. Settings were chosen on the scenes marked so;
how narrow the interval of a few pixels has to be, on parts of all.

``blur``: the share of cases whose 90 per cent interval holds the truth, how wide it is, and how often the measurement
is sure. ``cost``, ``shift`` and ``time``: see the files beside this one. With ``--results DIR`` what is found is
written as JSON, too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.field_cost import SCENES, cost
from benchmarks.field_pairs import Pair, Trouble, good_bands, made, scene_file
from benchmarks.field_shift import placing
from benchmarks.field_time import times
from benchmarks.record import Record, add_option
from core.calibration.blur import measure_blur
from core.calibration.measured_gains import Blur, Gain
from core.io.array_image import ArrayImage
from core.products.pair import open_pair

CHOSEN_ON = ("airport-1", "urban-4", "indian_pines", "enmap_potsdam")
OTHERS = ("airport-2", "urban-5", "eo1_paris")
GAINS = ((0.05, 0.05), (0.08, 0.08), (0.15, 0.15), (0.3, 0.3), (0.45, 0.45), (0.5, 0.5), (0.2, 0.35))
RATIOS = (2, 3, 4, 6)
LEAST = 24  # HSI pixels along an edge


TROUBLES = {
    "clean": Trouble(),
    "shift of 0.6 and 0.5 PAN pixels": Trouble(shift=(0.6, -0.5)),
    "noise, SNR 200 and 100": Trouble(noise=(200, 100)),
    "noise, SNR 100 and 50": Trouble(noise=(100, 50)),
    "noise, SNR 50 and 30": Trouble(noise=(50, 30)),
    "cloud and noise, SNR 100 and 50": Trouble(noise=(100, 50), cloud=0.3),
    "PAN partly of other bands": Trouble(outside=0.3),
}


def measured(pair: Pair, folder: Path) -> tuple[Blur | None, float]:
    """What is found of a pair, and in how many seconds."""
    with open_pair(*pair.write(folder)) as scene:
        started = time.perf_counter()
        return measure_blur(scene), time.perf_counter() - started


@dataclass(frozen=True)
class Case:
    """One pair, and what was found of it: one of the groups of bands."""

    scene: str
    ratio: int
    trouble: str
    group: str
    sure: bool
    explained: float
    seconds: float
    axes: tuple[tuple[float, Gain], tuple[float, Gain]]  # truth and estimate


def cases(scenes: Path, name: str, folder: Path) -> Iterator[Case]:
    """Every pair that is made of a scene."""
    cube, waves = good_bands(ArrayImage.read(scene_file(scenes, name)))
    ratios = [ratio for ratio in RATIOS if min(cube.shape[1:]) // ratio >= LEAST]
    for ratio, (number, label), (seed, gains) in itertools.product(ratios, enumerate(TROUBLES), enumerate(GAINS)):
        blur, seconds = measured(made(cube, waves, ratio, gains, TROUBLES[label], 100 * number + seed), folder)
        for group in blur.groups if blur is not None else ():
            if not group.taken_from:
                axes = ((gains[0], group.rows), (gains[1], group.columns))
                yield Case(name, ratio, label, group.name, group.sure, group.explained, seconds, axes)


def kept_cases(scenes: Path, names: tuple[str, ...], folder: Path, out: Path) -> list[Case]:
    """Those of some scenes. What is found on a scene is kept as a file, which several runs, each of some scenes, can
    share."""
    out.mkdir(parents=True, exist_ok=True)
    found: list[Case] = []
    for name in names:
        kept = out / f"blur-{name}.json"
        if not kept.exists():
            kept.write_text(json.dumps([asdict(case) for case in cases(scenes, name, folder)]))
        for facts in json.loads(kept.read_text()):
            axes = tuple((truth, Gain(**gain)) for truth, gain in facts["axes"])
            found.append(Case(**{**facts, "axes": axes}))
    return found


def report(found: list[Case], title: str, record: Record) -> None:
    """Two tables: all cases, and what they come to."""
    columns = "scene", "ratio", "made with", "bands", "axis", "truth", "found", "low", "high", "sure", "explained"
    table = record.table(f"cases, {title}", *columns, digits=4)
    for case in found:
        for axis, (truth, gain) in zip(("rows", "columns"), case.axes):
            facts = case.scene, case.ratio, case.trouble, case.group, axis
            table.add(*facts, truth, gain.value, gain.low, gain.high, case.sure, case.explained)
    columns = (
        "made with",
        "bands",
        "cases",
        "median error",
        "95 % of errors below",
        "largest error where sure",
        "interval holds",
        "median half width",
        "95 % of half widths below",
        "sure",
        "seconds",
    )
    table = record.table(f"summary, {title}", *columns, digits=3)
    for label in TROUBLES:
        for beyond in (False, True):
            some = [case for case in found if case.trouble == label and (case.group == "SWIR") == beyond]
            if not some:
                continue
            error = np.array([[abs(gain.value - truth) for truth, gain in case.axes] for case in some])
            holds = [gain.low <= truth <= gain.high for case in some for truth, gain in case.axes]
            width = [gain.half_width for case in some for _, gain in case.axes]
            sure = np.array([case.sure for case in some])
            table.add(
                label,
                "SWIR, if measured" if beyond else "that the PAN shows",
                len(some),
                np.median(error),
                np.quantile(error, 0.95),
                error[sure].max() if sure.any() else None,
                np.mean(holds),
                np.median(width),
                np.quantile(width, 0.95),
                sure.mean(),
                np.mean([case.seconds for case in some]),
            )


def blur(options: argparse.Namespace, folder: Path, record: Record) -> None:
    """What is found of the blur."""
    for names, title in ((CHOSEN_ON, "scenes that settings were chosen on"), (OTHERS, "other scenes")):
        chosen = tuple(name for name in names if name in options.only)
        if chosen:
            report(kept_cases(options.scenes, chosen, folder, options.out), title, record)


STUDIES = {
    "blur": (blur, f"gains {GAINS}, ratios {RATIOS}; settings were chosen on {', '.join(CHOSEN_ON)}"),
    "cost": (cost, ""),
    "shift": (placing, ""),
    "time": (times, ""),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--study", nargs="+", choices=list(STUDIES), default=["blur"])
    parser.add_argument("--sharpen", action="store_true", help="the study cost runs the job sharpen, too")
    every = sorted({*SCENES, *CHOSEN_ON, *OTHERS})
    parser.add_argument("--only", nargs="+", choices=every, default=every, help="scenes of blur, cost and shift")
    parser.add_argument("--case", type=int, nargs="+", help="numbers of the cases of cost; the others' files are there")
    parser.add_argument(
        "--out", type=Path, default=Path("build/field"), help="folder where cost and shift keep what they found"
    )
    parser.add_argument("--runs", type=int, default=3, help="rounds of the study time (default 3)")
    add_option(parser)
    options = parser.parse_args()
    for name in options.study:
        study, note = STUDIES[name]
        record = Record(f"field-{name}", note)
        with tempfile.TemporaryDirectory() as folder:
            study(options, Path(folder), record)
        record.write(options.results)


if __name__ == "__main__":
    main()
