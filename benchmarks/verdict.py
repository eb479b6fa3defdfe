"""What a report promises of the gain at full resolution, against the truth.

    python benchmarks/verdict.py --scenes DIR --out DIR

Real scenes, degraded by Wald's protocol at ratios 2 to 4, with PANs that are integrated from them, of other bands too
and with noise, and images with the PAN of their own satellite, both degraded, are sharpened with default settings but
for the MTF gain, which is told. The gain over the projected regression prior is compared with the range that the report
states. Scenes of one area are correlated: the share of cases in which the range holds is stated for each area, too, and
for the formula fitted without that area.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.accuracy_runs import KEYS, SCENES, Bench
from benchmarks.record import Record, add_option
from core.io.array_image import ArrayImage
from core.io.grid import Window
from core.io.reader import RasterReader
from core.models.trained import TrainedModel
from core.quality.reference import reference_indices
from core.runtime.progress import Progress
from core.training.agreement import _EXPECTED, _EXPLAINED, expected_gain
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate

GAIN = 0.3
SNR = 50.0  # of a noisy HSI; its PAN's is twice that
# Scene, ratio, and what the PAN is made of, "" for the usual bands; "noise" adds some to both.
CASES = [
    *[(name, 4, "") for name in SCENES if name != "enmap_potsdam"],
    *[(name, 2, "") for name in ("indian_pines", "airport-1", "urban-5", "enmap_potsdam")],
    *[(name, 3, "") for name in ("airport-2", "urban-4", "enmap_potsdam")],
    ("airport-1", 4, "20-28"),
    ("urban-5", 4, "28-40"),
    ("airport-3", 4, "noise"),
    ("enmap_potsdam", 2, "noise"),
    ("indian_pines", 4, "12-20"),
]


class Satellite(NamedTuple):
    """An image with the PAN of its own satellite.

    Attributes:
        files: of the image, which is the truth, and of the PAN, in one folder.
        ratio: of their pixels, and of the degradation.
        area: that it shows.
        side: pixels of the middle that are taken; None for all.
    """

    files: tuple[str, str]
    ratio: int
    area: str
    side: int | None = None


OWN_PAN = "own"  # the PAN of such a case
PAN_GAIN = 0.2  # MTF gain that its PAN is degraded with
_BOTH = ("ms.tif", "pan.tif")
SATELLITES = {
    "eo1_paris": Satellite(("hsi.tif", "pan.tif"), 3, "Paris"),
    "ikonos": Satellite(_BOTH, 4, "IKONOS"),
    "worldview2": Satellite(_BOTH, 4, "WorldView-2"),
    **{f"landsat7/{n}": Satellite((f"{n}_ms.tif", f"{n}_pan.tif"), 2, "Landsat 7", 200) for n in (1, 3, 8)},
}
CASES += [(name, satellite.ratio, OWN_PAN) for name, satellite in SATELLITES.items()]


def cut(path: Path, side: int | None, ratio: int, factor: int = 1) -> ArrayImage:
    """The middle of a raster, of whole pixels of the degraded one; ``factor`` for the PAN's pixels."""
    image = ArrayImage.read(path)
    shape = [count // factor for count in image.values.shape[1:]]
    sides = [side or count // ratio * ratio for count in shape]
    spans = [
        ((count - one) // 2 * factor, (count - one) // 2 * factor + one * factor) for count, one in zip(shape, sides)
    ]
    window = Window(spans[0][0], spans[1][0], spans[0][1] - spans[0][0], spans[1][1] - spans[1][0])
    values = image.values[:, spans[0][0] : spans[0][1], spans[1][0] : spans[1][1]]
    return ArrayImage(np.ascontiguousarray(values), image.grid.crop(window), image.metadata)


def degraded_satellite(bench: Bench, name: str) -> tuple[str, str, Path]:
    """HSI, PAN and truth of a case, made on the first call."""
    satellite = SATELLITES[name]
    stem = name.replace("/", "-")
    folder = bench.scenes / name.split("/")[0]
    hsi, pan, truth, whole, unused = (
        bench.out / f"{stem}-{kind}.tif" for kind in ("hsi", "pan", "truth", "whole", "unused")
    )
    if not pan.exists():
        image = cut(folder / satellite.files[0], satellite.side, satellite.ratio)
        image.write(truth)
        sharp = cut(folder / satellite.files[1], satellite.side, satellite.ratio, satellite.ratio)
        twice = ArrayImage(sharp.values[[0, 0]], sharp.grid, sharp.metadata.select([0, 0]))
        twice.write(whole)  # as a scene of two bands
        simulate(str(truth), satellite.ratio, str(hsi), str(unused), mtf_hsi=GAIN, pan_bands="1")
        simulate(
            str(whole),
            satellite.ratio,
            str(whole.with_suffix(".low.tif")),
            str(unused),
            mtf_hsi=PAN_GAIN,
            pan_bands="1",
        )
        low = ArrayImage.read(whole.with_suffix(".low.tif"))
        ArrayImage(low.values[:1], low.grid, low.metadata.select([0])).write(pan)
    return str(hsi), str(pan), truth


def scores(fused: str, truth: Path, ratio: int) -> dict[str, float]:
    """Over the good bands and the pixels that are valid in all of them."""
    with RasterReader(fused) as result, RasterReader(str(truth)) as reference:
        block, wanted = result.read(), reference.read()
        flags = np.asarray(reference.metadata.bbl) != 0
    known = wanted.valid & block.valid
    good = known.reshape(len(known), -1).any(1) & flags
    found = reference_indices(block.values[good], wanted.values[good], ratio, known[good].all(0))
    return {key: float(found[key]) for key in KEYS}


def area_of(name: str) -> str:
    """The area that a scene shows."""
    return SATELLITES[name].area if name in SATELLITES else SCENES[name].area


def noisy(path: str, snr: float, seed: int) -> None:
    """Add noise to a raster, of each band's mean over the ratio."""
    image, rng = ArrayImage.read(Path(path)), np.random.default_rng(seed)
    values = image.values.astype(np.float32)
    size = np.maximum(np.abs(np.nanmean(values, axis=(1, 2), keepdims=True)), 1e-9) / snr
    ArrayImage(values + rng.normal(size=values.shape).astype(np.float32) * size, image.grid, image.metadata).write(
        Path(path)
    )


def pair_of(bench: Bench, name: str, ratio: int, pan: str) -> tuple[str, str]:
    """HSI and PAN of a case, made on the first call."""
    if not pan:
        return bench.inputs(name, ratio)
    hsi, sharp = (str(bench.out / f"{name}-{ratio}-{pan}-{kind}.tif") for kind in ("hsi", "pan"))
    if not Path(sharp).exists():
        scene = SCENES[name]
        bands = scene.pan if pan == "noise" else {"pan_bands": pan}
        simulate(str(bench.scenes / scene.file), ratio, hsi, sharp, **bands)
        if pan == "noise":
            noisy(hsi, SNR, 0)
            noisy(sharp, 2 * SNR, 1)
    return hsi, sharp


def run(bench: Bench, name: str, ratio: int, pan: str, seed: int) -> dict:
    """The gain of a case over the projected prior, and the range that was stated; kept."""

    def work() -> dict:
        if pan == OWN_PAN:
            hsi, sharp, truth = degraded_satellite(bench, name)
        else:
            (hsi, sharp), truth = pair_of(bench, name, ratio, pan), bench.scenes / SCENES[name].file

        def scored() -> dict[str, float]:
            return scores(fused, truth, ratio) if pan == OWN_PAN else bench.scores(name, ratio, fused)

        fused, model = str(bench.out / f"{tag}.tif"), str(bench.out / f"{tag}.ssml")
        told = {"mtf": GAIN, "shift": "none", "contradictions": "off"}
        classical(hsi, sharp, fused, method="mtf-glp", denoise="auto", **told, progress=Progress())
        prior = scored()
        made = sharpen(hsi, sharp, fused, model=model, seed=seed, effort=bench.effort, **told, progress=Progress())
        found = scored()
        header = TrainedModel.open(model).header
        return {
            "spread": header["spread"],
            "unexplained": header["unexplained"],
            "held_out": {key: 100 * (1 - made["scores"]["mean"][key] / made["scores"]["prior"][key]) for key in KEYS},
            "gain": {key: 100 * (1 - found[key] / prior[key]) for key in KEYS},
        }

    tag = bench.tag(name.replace("/", "-"), ratio, f"verdict {pan}", seed)
    return bench.kept(tag, work)


def fitted(key: str, spread: np.ndarray, unexplained: np.ndarray, gain: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Logarithm of the factor, and both exponents, of :func:`expected_gain`; each area weighs as much as another."""
    weights = np.array([1 / np.sqrt((areas == area).sum()) for area in areas])

    def errors(numbers: np.ndarray) -> np.ndarray:
        return (gains_of(key, numbers, spread, unexplained) - gain) * weights

    return least_squares(errors, [1.5, -0.5, -0.1], loss="soft_l1", f_scale=3.0).x


def gains_of(key: str, numbers: np.ndarray, spread: np.ndarray, unexplained: np.ndarray) -> np.ndarray:
    """What is expected with other constants than the product's."""
    of_all = np.stack([np.ones(len(spread)), np.log(spread), np.log(unexplained + _EXPLAINED)])
    return np.minimum(np.exp(numbers @ of_all), _EXPECTED[key][3])


def without_each_area(record: Record, found: list[tuple[str, dict]]) -> None:
    """Fit the formula to all areas, and to all but one, on which it is then tried."""
    areas = np.array([area for area, _ in found])
    spread, unexplained = (np.array([one[name] for _, one in found]) for name in ("spread", "unexplained"))
    table = record.table("fitted", "index", "factor", "of_spread", "of_pan", "holds_without_the_area", digits=3)
    for key in KEYS:
        gain = np.array([one["gain"][key] for _, one in found])
        _, _, _, _, below, above = _EXPECTED[key]
        holds: list[bool] = []
        for area in dict.fromkeys(areas):
            rest, own = areas != area, areas == area
            numbers = fitted(key, spread[rest], unexplained[rest], gain[rest], areas[rest])
            error = gain[own] - gains_of(key, numbers, spread[own], unexplained[own])
            holds += list((-below <= error) & (error <= above))
        numbers = fitted(key, spread, unexplained, gain, areas)
        table.add(key, float(np.exp(numbers[0])), *numbers[1:], float(np.mean(holds)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs and runs, which are kept")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--kept", action="store_true", help="only cases that were run before")
    add_option(parser)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    bench, record = (
        Bench(arguments.scenes, arguments.out, arguments.effort, {}),
        Record("verdict", f"effort {arguments.effort}"),
    )
    columns = ("gain", "low", "high", "held out")
    numbers = (f"{key}_{name}" for key in KEYS for name in columns)
    cases = record.table("cases", "scene", "ratio", "PAN", "spread", "unexplained", *numbers, digits=3)
    inside: dict[str, list[list[bool]]] = {}
    every_run: list[tuple[str, dict]] = []
    widths: list[list[float]] = []
    for seed in range(arguments.seeds):
        for name, ratio, pan in CASES:
            tag = bench.tag(name.replace("/", "-"), ratio, f"verdict {pan}", seed)
            if arguments.kept and not (bench.out / f"{tag}.json").exists():
                continue
            found = run(bench, name, ratio, pan, seed)
            if found["spread"] is None:
                continue
            every_run.append((area_of(name), found))
            ranges = expected_gain(found["spread"], found["unexplained"])
            cells = [(found["gain"][key], ranges[key].low, ranges[key].high, found["held_out"][key]) for key in KEYS]
            cases.add(
                name,
                ratio,
                pan or "usual",
                found["spread"],
                found["unexplained"],
                *(value for some in cells for value in some),
            )
            holds = [ranges[key].low <= found["gain"][key] <= ranges[key].high for key in KEYS]
            inside.setdefault(area_of(name), []).append(holds)
            widths.append([ranges[key].high - ranges[key].low for key in KEYS])
            print(json.dumps([name, ratio, pan, found]), flush=True)
    shares = record.table("holds", "area", "cases", *KEYS)
    for area, holds in inside.items():
        shares.add(area, len(holds), *np.mean(holds, axis=0))
    every = [one for holds in inside.values() for one in holds]
    shares.add("all", len(every), *np.mean(every, axis=0))
    record.table("median width", *KEYS).add(*np.median(widths, axis=0))
    without_each_area(record, every_run)
    record.write(arguments.results)


if __name__ == "__main__":
    main()
