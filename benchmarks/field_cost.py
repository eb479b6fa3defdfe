"""What it costs that blur and position of a pair are not known, and whether its shift is found.

``cost``: each pair is sharpened by default settings ("blind"), and once more "told": the same pixels, with the PAN
where it lies, no distortion of it, and the true gains given. "Before" is how it was done until blur and shift were
measured: a gain of 0.3 and the PAN where its file says. Scored is what both have in common, outside of the cloud. The
job is ``classical`` with ``mtf-glp``; with ``--sharpen``, ``sharpen --effort fast`` on some scenes, too. Stated beside
the ratios are the bounds that they are meant to keep: blind over told at most 1.03 in the mean of all cases whose
unknowns are global and 1.08 in the worst, 1.10 for distortions of one PAN pixel.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.field_pairs import Pair, Trouble, displaced, good_bands, made, scene_file
from benchmarks.record import Record
from core.io.array_image import ArrayImage
from core.io.reader import RasterReader
from core.quality.reference import reference_indices
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen

SCENES = ("airport-2", "airport-3", "urban-5", "airport-1", "urban-4", "indian_pines")  # the first three chose nothing
LEARNED = ("airport-2", "urban-5")  # scenes that the job sharpen runs on
RATIO = 4
BOUNDS = {"mean": 1.03, "worst": 1.08, "distortion of 1": 1.10}
BEFORE = {"mtf": 0.3, "shift": "none", "contradictions": "off"}
KEYS = ("ergas", "sam")
JOBS: dict[str, tuple[Callable[..., dict], dict]] = {
    "classical": (classical, {"method": "mtf-glp"}),
    "sharpen": (sharpen, {"effort": "fast", "seed": 0, "device": "cpu"}),
}
Gains = tuple[float, float]


@dataclass(frozen=True)
class Case:
    """One way in which a pair is not known.

    Attributes:
        group: of cases that are stated together.
        name: of the case.
        gains: of the HSI, along rows and columns.
        trouble: what else.
    """

    group: str
    name: str
    gains: Gains
    trouble: Trouble = field(default_factory=Trouble)


def shifted(pixels: float) -> tuple[float, float]:
    return pixels, -pixels


CASES = (
    Case("gain", "0.08", (0.08, 0.08)),
    Case("gain", "0.15", (0.15, 0.15)),
    Case("gain", "0.3", (0.3, 0.3)),
    Case("gain", "0.45", (0.45, 0.45)),
    Case("gain", "0.2 along, 0.35 across", (0.2, 0.35)),
    *(
        Case("shift", f"{pixels:g} PAN pixels", (0.3, 0.3), Trouble(shift=shifted(pixels)))
        for pixels in (0.3, 0.6, 1.2, 1.7, 3.0)
    ),
    Case("shift", "5 HSI pixels", (0.3, 0.3), Trouble(shift=shifted(5 * RATIO))),
    *(
        Case("noise", f"SNR {pan:g} and {hsi:g}", (0.15, 0.15), Trouble(noise=(pan, hsi)))
        for pan, hsi in ((200, 100), (100, 50), (50, 30))
    ),
    Case("cloud", "cloud", (0.15, 0.15), Trouble(cloud=0.3)),
    Case("mixture", "0.15, 0.6 pixels, noise", (0.15, 0.15), Trouble(noise=(100, 50), shift=shifted(0.6))),
    Case(
        "mixture",
        "0.45, 1.7 pixels, noise, cloud",
        (0.45, 0.45),
        Trouble(noise=(100, 50), shift=shifted(1.7), cloud=0.3),
    ),
    Case("mixture", "0.2 and 0.35, 1.2 pixels, noise", (0.2, 0.35), Trouble(noise=(200, 100), shift=shifted(1.2))),
    Case("mixture", "0.08, 3 pixels, strong noise", (0.08, 0.08), Trouble(noise=(50, 30), shift=shifted(3.0))),
    Case("distortion", "0.5 PAN pixels", (0.3, 0.3), Trouble(distortion=0.5)),
    Case("distortion", "1 PAN pixel", (0.3, 0.3), Trouble(distortion=1.0)),
)


@dataclass(frozen=True)
class Fused:
    """A result as it lies on the truth.

    Attributes:
        values: (bands, rows, columns) float32.
        rows, cols: (start, stop) of the truth's pixels that it shows.
        offset: (rows, columns) by which its pixels lie off those, PAN pixels.
        facts: what the job returned.
    """

    values: np.ndarray
    rows: tuple[int, int]
    cols: tuple[int, int]
    offset: tuple[float, float]
    facts: dict


def _run(job: Callable[..., dict], pair: Pair, folder: Path, moved: tuple[float, float], options: dict) -> Fused:
    out = folder / "out.tif"
    facts = job(*pair.write(folder, moved), out, **options)
    with RasterReader(out) as reader, RasterReader(folder / "pan.tif") as pan:
        values, grid = reader.read().values, reader.grid
        # The truth lies where the PAN really does.
        place = pan.grid.move(pair.shift[0] - moved[0], pair.shift[1] - moved[1])
    exact = (grid.y - place.y) / place.dy, (grid.x - place.x) / place.dx
    row, col = (round(each) for each in exact)
    spans = (row, row + grid.rows), (col, col + grid.cols)
    return Fused(values, *spans, (exact[0] - row, exact[1] - col), facts)


def _scored(pair: Pair, results: list[Fused], exact: bool) -> list[dict[str, float]]:
    """Of each result, over the pixels that all have and no cloud is near; where a PAN is distorted its pixels are no
    measure, and the truth is taken exactly where the result lies."""
    rows = max(0, *(r.rows[0] for r in results)), min(pair.truth.shape[1], *(r.rows[1] for r in results))
    cols = max(0, *(r.cols[0] for r in results)), min(pair.truth.shape[2], *(r.cols[1] for r in results))
    clear = ~_near(pair.cloud, 2 * RATIO)[slice(*rows), slice(*cols)]
    found = []
    for result in results:
        own = slice(rows[0] - result.rows[0], rows[1] - result.rows[0])
        across = slice(cols[0] - result.cols[0], cols[1] - result.cols[0])
        truth = pair.truth
        if exact and any(result.offset):
            truth = np.stack([displaced(band, *map(np.float64, result.offset)) for band in truth])
        truth = truth[:, slice(*rows), slice(*cols)]
        scores = reference_indices(result.values[:, own, across], truth, RATIO, clear)
        found.append({key: float(scores[key]) for key in KEYS})
    return found


def _near(mask: np.ndarray, reach: int) -> np.ndarray:
    padded = np.pad(mask, reach)
    near = np.zeros_like(mask)
    for y in range(2 * reach + 1):
        for x in range(2 * reach + 1):
            near |= padded[y : y + mask.shape[0], x : x + mask.shape[1]]
    return near


def _shift_error(pair: Pair, blind: Fused) -> float:
    """PAN pixels by which the PAN is moved wrongly, as the place and the size of the result tell."""
    errors = []
    for span, rest, true, size in zip((blind.rows, blind.cols), blind.offset, pair.shift, pair.pan.shape):
        place = span[0] + rest + true  # of the result's corner, if the PAN was moved towards higher rows or columns
        missing = size - (span[1] - span[0])
        errors.append(min(abs(place - true), abs(place - missing - true)))
    return math.hypot(*errors)


def _case(scene: tuple[np.ndarray, list[float] | None], number: int, case: Case, title: str) -> dict:
    """Scores of a pair, and of the same one without its distortion."""
    job, own = JOBS[title]
    pair, true = (
        made(*scene, RATIO, case.gains, trouble, number)
        for trouble in (case.trouble, replace(case.trouble, distortion=0.0))
    )
    mtf, exact = f"{case.gains[0]:g},{case.gains[1]:g}", bool(case.trouble.distortion)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = _run(job, true, folder, pair.shift, {**own, "mtf": mtf, "shift": "none"})
        blind = _run(job, pair, folder, (0.0, 0.0), own)
        before = _run(job, pair, folder, (0.0, 0.0), {**own, **BEFORE})
    scores = [_scored(pair, [told, other], exact) for other in (blind, before)]
    gain = blind.facts["mtf_gain"]
    return {
        "scores": [score[key] for score in (*scores[0], scores[1][1]) for key in KEYS],
        "ratios": [[other[key] / reference[key] for key in KEYS] for reference, other in scores],
        "facts": [gain["rows"], gain["columns"], gain["source"], _shift_error(pair, blind)],
    }


def cost(options: argparse.Namespace, _: Path, record: Record) -> None:
    """Blind against told, by case and in the mean. Each case is kept as a file of its own in the folder ``out``, which
    several runs, each of some cases, can share."""
    out, names = options.out, [name for name in SCENES if name in options.only]
    out.mkdir(parents=True, exist_ok=True)
    for title in ("classical", "sharpen") if options.sharpen else ("classical",):
        columns = ("scene", "unknown", "case", *(f"{key} {way}" for way in ("told", "blind", "before") for key in KEYS))
        columns += ("ergas ratio", "sam ratio", "gain rows", "gain columns", "gain from", "shift error")
        table = record.table(f"cases, {title}", *columns, digits=4)
        found: list[tuple[Case, str, np.ndarray]] = []
        for name in (name for name in names if title == "classical" or name in LEARNED):
            scene = good_bands(ArrayImage.read(scene_file(options.scenes, name)))
            for number, case in enumerate(CASES):
                if options.case is not None and number not in options.case:
                    continue
                kept = out / f"{title}-{name}-{number}.json"
                if not kept.exists():
                    kept.write_text(json.dumps(_case(scene, number, case, title)))
                made_of = json.loads(kept.read_text())
                ratios = np.array(made_of["ratios"])
                table.add(name, case.group, case.name, *made_of["scores"], *ratios[0], *made_of["facts"])
                found.append((case, name, ratios))
        _summary(found, title, record)


def _summary(found: list[tuple[Case, str, np.ndarray]], title: str, record: Record) -> None:
    columns = (
        "unknown",
        "pairs",
        "ergas",
        "sam",
        "worst ergas",
        "worst sam",
        "worst pair",
        "before, ergas",
        "before, sam",
    )
    table = record.table(f"blind over told, {title}", *columns, "bound, mean", "bound, worst", digits=4)
    groups = list(dict.fromkeys(case.group for case, *_ in found if case.group != "distortion"))
    rows: list[tuple[str, Callable[[Case], bool], float | None, float | None]] = [
        (group, lambda case, group=group: case.group == group, None, BOUNDS["worst"]) for group in groups
    ]
    rows.append(("all global", lambda case: case.group != "distortion", BOUNDS["mean"], BOUNDS["worst"]))
    rows += [
        (f"distortion, {name}", lambda case, name=name: (case.group, case.name) == ("distortion", name), bound, None)
        for name, bound in (("0.5 PAN pixels", None), ("1 PAN pixel", BOUNDS["distortion of 1"]))
    ]
    for label, chosen, mean, worst in rows:
        some = [(case, name, ratios) for case, name, ratios in found if chosen(case)]
        if not some:
            continue
        ratios = np.array([each[2] for each in some])
        case, name, _ = some[int(ratios[:, 0].max(axis=1).argmax())]
        blind, before = ratios[:, 0], ratios[:, 1].mean(axis=0)
        pair = f"{name}: {case.group} {case.name}"
        table.add(label, len(some), *blind.mean(axis=0), *blind.max(axis=0), pair, *before, mean, worst)
