"""Whether the shift of a pair is found, and nothing is moved where there is none.

The shift that is corrected, against the truth, up to 10 HSI pixels; and where the truth is 0 (a cloud, hot pixels, a
PAN that shows something else), where no more than 0.3 PAN pixels may be applied.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.field_cost import shifted
from benchmarks.field_pairs import Pair, Trouble, good_bands, made, scene_file
from benchmarks.record import Record
from core.io.array_image import ArrayImage
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.workflows.opening import open_scene
from core.workflows.options.shared import SceneOptions

PLACED = ("airport-2", "urban-5", "indian_pines")  # scenes
SEEDS = 1  # of each kind of pair whose PAN lies right
LEAST = 20  # HSI pixels that both images show where the PAN is moved
SHIFT_BOUND, NONE_BOUND = 0.1, 0.3  # PAN pixels


def _placings() -> Iterator[tuple[str, int, Trouble]]:
    """(what is known of it, HSI pixels by which the PAN is moved times the ratio, what else)."""
    for ratio in (2, 4):
        for pixels in (0.3, 1.2, 3.0, 5.0 * ratio, 10.0 * ratio):
            for label, trouble in (
                ("clean", Trouble()),
                ("noise", Trouble(noise=(100, 50))),
                ("cloud and noise", Trouble(noise=(100, 50), cloud=0.3)),
            ):
                yield label, ratio, replace(trouble, shift=shifted(pixels))


def placing(options: argparse.Namespace, folder: Path, record: Record) -> None:
    """The shift that is corrected, and where the PAN is not off. What is found on a scene is kept as a file in the
    folder ``out``, which several runs, each of some scenes, can share."""
    options.out.mkdir(parents=True, exist_ok=True)
    table = record.table(
        "shifts", "scene", "ratio", "made with", "shift, PAN pixels", "corrected", "error, PAN pixels", digits=4
    )
    moved: list[tuple[str, bool, float]] = []
    applied: list[tuple[str, float]] = []
    for name in (name for name in PLACED if name in options.only):
        kept = options.out / f"shift-{name}.json"
        if not kept.exists():
            kept.write_text(json.dumps([_placed(options.scenes, name, folder), _unmoved(options.scenes, name, folder)]))
        shifts, none = json.loads(kept.read_text())
        for ratio, label, size, corrected, error in shifts:
            table.add(name, ratio, label, size, corrected, error)
            moved.append((label, corrected, error))
        applied += [(label, size) for label, size in none]
    table = record.table(
        "shifts found", "made with", "pairs", "corrected", "median error", "worst error", "bound", digits=3
    )
    for label in dict.fromkeys(each[0] for each in moved):
        some = [corrected for other, corrected, _ in moved if other == label]
        errors = [error for other, corrected, error in moved if other == label and corrected]
        table.add(label, len(some), len(errors), np.median(errors), max(errors), SHIFT_BOUND)
    table = record.table(
        "where the PAN is not off", "made with", "pairs", "corrected", "worst, PAN pixels", "bound", digits=3
    )
    for label in dict.fromkeys(each[0] for each in applied):
        sizes = [size for other, size in applied if other == label]
        table.add(label, len(sizes), sum(size > 0 for size in sizes), max(sizes), NONE_BOUND)


def _placed(scenes: Path, name: str, folder: Path) -> list[tuple[int, str, float, bool, float]]:
    """Ratio, what it is made with, the shift, whether it is corrected, and by how much that is wrong (PAN pixels)."""
    cube, waves = good_bands(ArrayImage.read(scene_file(scenes, name)))
    found = []
    for number, (label, ratio, trouble) in enumerate(_placings()):
        if min(cube.shape[1:]) // ratio - abs(trouble.shift[0]) / ratio < LEAST:
            continue
        pair = made(cube, waves, ratio, (0.3, 0.3), trouble, number)
        moved = _corrected(pair, folder)
        error = math.hypot(moved[0] - pair.shift[0], moved[1] - pair.shift[1])
        found.append((ratio, label, abs(pair.shift[0]), any(moved), error))
    return found


def _corrected(pair: Pair, folder: Path) -> tuple[float, float]:
    try:
        with open_scene(*map(str, pair.write(folder)), SceneOptions(), Progress()) as scene:
            return scene.moved
    except InputError:
        return 0.0, 0.0


def _unmoved(scenes: Path, name: str, folder: Path) -> list[tuple[str, float]]:
    """What pairs are whose PAN lies right, or shows something else, and by how much it is moved (PAN pixels)."""
    cubes = {each: good_bands(ArrayImage.read(scene_file(scenes, each))) for each in PLACED}
    (cube, waves), found = cubes[name], []

    def add(label: str, pair: Pair) -> None:
        found.append((label, math.hypot(*_corrected(pair, folder))))

    for ratio in (2, 4):
        for seed in range(SEEDS):
            for label, trouble in (
                ("clean", Trouble()),
                ("noise", Trouble(noise=(50, 30))),
                ("cloud", Trouble(cloud=0.3)),
                ("large cloud", Trouble(cloud=0.5)),
                ("hot pixels", Trouble(hot=True)),
            ):
                add(label, made(cube, waves, ratio, (0.15, 0.15), trouble, seed))
        plain = made(cube, waves, ratio, (0.15, 0.15), Trouble(), 0)
        for label, pan in (
            ("mirrored PAN", plain.pan[:, ::-1]),
            ("PAN turned", plain.pan[::-1, ::-1]),
            ("PAN of noise", np.random.default_rng(0).normal(1000, 100, plain.pan.shape)),
            *(
                ("PAN of another scene", made(*cubes[other], ratio, (0.15, 0.15), Trouble(), 0).pan)
                for other in PLACED
                if other != name
            ),
        ):
            if pan.shape == plain.pan.shape:
                add(label, replace(plain, pan=np.ascontiguousarray(pan, dtype=np.float32)))
    return found
