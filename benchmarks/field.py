"""What is found of a pair, against what it was made with.

    python benchmarks/field.py --scenes DIR                 every scene
    python benchmarks/field.py --scenes DIR --time          the measurement's time and memory on a large scene, too

The open scenes are degraded with known gains at the Nyquist frequency along rows and columns, at ratios 2 to 6, and the
PAN is the mean of their visible bands: clean, moved, with noise, with a cloud, with a part of the PAN that no compared
band shows. Bands beyond 1000 nm have the gains of the others, but twice their noise. Settings were chosen on
the scenes marked so. Stated are the share of cases whose 90 per cent interval holds the truth, how wide it is, and how
often the measurement is sure. With ``--results DIR`` what is found is written as JSON, too.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.record import Record, add_option
from core.calibration.blur import Blur, Gain, measure_blur
from core.io.array_image import ArrayImage, pair_of_arrays, with_wavelengths
from core.operators.linear import Separable
from core.operators.resample import gaussian_line
from core.products.pair import open_pair

CHOSEN_ON = ("airport-1", "urban-4", "indian_pines", "enmap_potsdam")
OTHERS = ("airport-2", "urban-5", "eo1_paris")
GAINS = ((0.05, 0.05), (0.08, 0.08), (0.15, 0.15), (0.3, 0.3), (0.45, 0.45), (0.5, 0.5), (0.2, 0.35))
RATIOS = (2, 3, 4, 6)
LEAST = 24  # HSI pixels along an edge
VISIBLE = slice(5, 36)  # bands, where a file has no wavelengths
DETECTORS = 1000.0  # nm


@dataclass(frozen=True)
class Trouble:
    """What a pair is made with.

    Attributes:
        noise: signal-to-noise ratios of PAN and HSI; None for none.
        shift: of the PAN, (y, x) in PAN pixels.
        cloud: share of the PAN's rows and of its columns that one covers.
        outside: weight of other bands in the PAN.
    """

    noise: tuple[float, float] | None = None
    shift: tuple[float, float] = (0.0, 0.0)
    cloud: float = 0.0
    outside: float = 0.0


TROUBLES = {
    "clean": Trouble(),
    "shift of 0.6 and 0.5 PAN pixels": Trouble(shift=(0.6, -0.5)),
    "noise, SNR 200 and 100": Trouble(noise=(200, 100)),
    "noise, SNR 100 and 50": Trouble(noise=(100, 50)),
    "noise, SNR 50 and 30": Trouble(noise=(50, 30)),
    "cloud and noise, SNR 100 and 50": Trouble(noise=(100, 50), cloud=0.3),
    "PAN partly of other bands": Trouble(outside=0.3),
}


def scene_file(folder: Path, name: str) -> Path:
    """Where a scene lies."""
    return folder / "aviris_los_angeles" / f"{name}.tif" if "-" in name else folder / name / "hsi.tif"


def good_bands(image: ArrayImage) -> tuple[np.ndarray, list[float] | None]:
    """(bands, rows, columns) float32 of the bands with values, and their wavelengths."""
    flat = image.values.reshape(len(image.values), -1)
    kept = [
        band
        for band, flag in enumerate(image.metadata.bbl)
        if flag and flat[band].min() != flat[band].max() and flat[band].mean() > 0
    ]
    waves = [image.metadata.wavelengths[band] for band in kept]
    cube = np.maximum(image.values[kept].astype(np.float32), 0)
    return cube, None if None in waves else [float(wave or 0.0) for wave in waves]


def pair(
    cube: np.ndarray, waves: list[float] | None, ratio: int, gains: tuple[float, float], trouble: Trouble, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """HSI (bands, rows, columns) and PAN (rows, columns), float32, made of a scene."""
    rng = np.random.default_rng(seed)
    rows, cols = (count // ratio * ratio for count in cube.shape[1:])
    cube = cube[:, :rows, :cols]
    lines = [
        gaussian_line(count, count // ratio, ratio, moved, gain)
        for count, moved, gain in zip((rows, cols), trouble.shift, gains)
    ]
    hsi = Separable(*lines)(cube)
    visible = VISIBLE if waves is None else np.flatnonzero((np.array(waves) > 480) & (np.array(waves) < 720))
    pan = cube[visible].mean(axis=0) + trouble.outside * cube[len(cube) // 2 : len(cube) // 2 + 30].mean(axis=0)
    if trouble.noise is not None:
        pan = pan + rng.normal(size=pan.shape) * pan.mean() / trouble.noise[0]
        beyond = np.zeros(len(cube), bool) if waves is None else np.array(waves) > DETECTORS
        level = hsi.mean(axis=(1, 2)) / trouble.noise[1] * np.where(beyond, 2, 1)
        hsi = hsi + rng.normal(size=hsi.shape) * level[:, None, None]
    if trouble.cloud:
        top, left = rng.integers(0, rows // 2), rng.integers(0, cols // 2)
        pan[top : top + int(rows * trouble.cloud), left : left + int(cols * trouble.cloud)] = 1.5 * pan.max()
    return hsi.astype(np.float32), pan.astype(np.float32)


def measured(hsi: np.ndarray, pan: np.ndarray, waves: list[float] | None, folder: Path) -> tuple[Blur | None, float]:
    """What is found of a pair, and in how many seconds."""
    images = pair_of_arrays(hsi, pan, pan.shape[0] // hsi.shape[1])
    images = (with_wavelengths(images[0], waves) if waves else images[0]), images[1]
    for image, name in zip(images, ("hsi.tif", "pan.tif")):
        image.write(folder / name)
    with open_pair(folder / "hsi.tif", folder / "pan.tif") as scene:
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


def cases(scenes: Path, names: tuple[str, ...], folder: Path) -> Iterator[Case]:
    """Every pair that is made of some scenes."""
    for name in names:
        cube, waves = good_bands(ArrayImage.read(scene_file(scenes, name)))
        ratios = [ratio for ratio in RATIOS if min(cube.shape[1:]) // ratio >= LEAST]
        for ratio, (number, label), (seed, gains) in itertools.product(ratios, enumerate(TROUBLES), enumerate(GAINS)):
            hsi, pan = pair(cube, waves, ratio, gains, TROUBLES[label], 100 * number + seed)
            blur, seconds = measured(hsi, pan, waves, folder)
            for group in blur.groups if blur is not None else ():
                if not group.taken_from:
                    axes = ((gains[0], group.rows), (gains[1], group.columns))
                    yield Case(name, ratio, label, group.name, group.sure, group.explained, seconds, axes)


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


def large_scene(scenes: Path, folder: Path, record: Record) -> None:
    """Time and memory on 1000 x 1000 pixels of 230 bands with a PAN of 6000 x 6000."""
    cube, _ = good_bands(ArrayImage.read(scene_file(scenes, "urban-5")))
    tiled = np.tile(cube[np.arange(230) % len(cube)][:, :96, :96], (1, 11, 11))[:, :1000, :1000].astype(np.int16)
    pan = np.kron(tiled[VISIBLE].mean(axis=0), np.ones((6, 6))).astype(np.int16)
    images = pair_of_arrays(tiled, pan, 6)
    for image, name in zip(images, ("hsi.tif", "pan.tif")):
        image.write(folder / name)
    del tiled, pan, images, cube
    table = record.table("large scene", "seconds", "grown by, GB", digits=3)
    with open_pair(folder / "hsi.tif", folder / "pan.tif") as scene:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        measure_blur(scene)
        seconds = time.perf_counter() - started
        table.add(seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--time", action="store_true", help="measure time and memory, too")
    add_option(parser)
    options = parser.parse_args()
    record = Record("field-blur", f"gains {GAINS}, ratios {RATIOS}; settings were chosen on {', '.join(CHOSEN_ON)}")
    with tempfile.TemporaryDirectory() as folder:
        for names, title in ((CHOSEN_ON, "scenes that settings were chosen on"), (OTHERS, "other scenes")):
            report(list(cases(options.scenes, names, Path(folder))), title, record)
        if options.time:
            large_scene(options.scenes, Path(folder), record)
    record.write(options.results)


if __name__ == "__main__":
    main()
