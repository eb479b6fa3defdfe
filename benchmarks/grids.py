"""HSI and PAN on grids that do not nest, against truth that is known everywhere.

    python benchmarks/grids.py                       all cases, three seeds
    python benchmarks/grids.py --cases "ratio 3.6"   some

A scene of sinusoids (:mod:`benchmarks.analytic`) is sampled on both grids, the HSI with its exact blur. ``sharpen
--effort fast`` is told the gain and leaves the PAN where it is; ERGAS at the output's own pixel centres is divided by
that of a nested pair of the nearest whole ratio of the same scene, mean of the seeds. Both pairs have PAN pixels of one
size and as many HSI pixels. ``classical`` (MTF-GLP, which learns nothing) stands beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
from osgeo import gdal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.analytic import Placed, Waves, ergas_of, make_pair
from benchmarks.record import Record, add_option
from core import Progress, classical, sharpen

PIXEL, CORNER = 7.5, (500000.0, 5800000.0)  # of the PAN, map units; of the HSI
SHORTEST = 2.3 * PIXEL  # wavelength of the scene, which the PAN holds
GAIN = 0.3
PARALLEL = 1.10  # bound of cases whose axes are parallel


@dataclass(frozen=True)
class Case:
    """A pair.

    Attributes:
        nested: ratio of the pair that it is compared with.
        place: of HSI and PAN, given how many HSI pixels there are along an edge.
        ratio: of the pair, the square root of the ratio of the pixels' areas.
        bound: of the ratio of ERGAS.
    """

    nested: int
    place: Callable[[int], tuple[Placed, Placed]]
    ratio: float
    bound: float = PARALLEL


def parallel(
    ratio: tuple[float, float],
    phase: tuple[float, float] = (0.0, 0.0),
    south_up: tuple[bool, bool] = (False, False),
    pixel: tuple[float, float] = (PIXEL, PIXEL),
) -> Callable[[int], tuple[Placed, Placed]]:
    """The places of a pair with parallel axes.

    Args:
        ratio: PAN pixels per HSI pixel in x and y.
        phase: of the PAN's corner in the HSI, PAN pixels in x and y.
        south_up: whether HSI and PAN run from south to north.
        pixel: of the PAN, in x and y, map units.

    Returns:
        What :attr:`Case.place` is.
    """

    def place(size: int) -> tuple[Placed, Placed]:
        hsi = _placed(CORNER, (ratio[0] * pixel[0], ratio[1] * pixel[1]), (size, size), south_up[0])
        corner = CORNER[0] + (phase[0] - 2) * pixel[0], CORNER[1] - (phase[1] - 2) * pixel[1]
        count = int(size * ratio[0]) + 4, int(size * ratio[1]) + 4  # it reaches beyond the HSI on all sides
        return hsi, _placed(corner, pixel, count, south_up[1])

    return place


def _placed(corner: tuple[float, float], steps: tuple[float, float], count: tuple[int, int], south_up: bool) -> Placed:
    (x, y), (dx, dy), (cols, rows) = corner, steps, count
    if south_up:
        return Placed((x, dx, 0.0, y - rows * dy, 0.0, dy), rows, cols)
    return Placed((x, dx, 0.0, y, 0.0, -dy), rows, cols)


def nested(ratio: int) -> Case:
    """The pair that others are compared with."""
    return Case(ratio, parallel((ratio, ratio)), ratio)


CASES = {
    "phase": Case(4, parallel((4, 4), (0.37, 0.61)), 4),
    "both south-up": Case(4, parallel((4, 4), south_up=(True, True)), 4),
    "PAN south-up": Case(4, parallel((4, 4), south_up=(False, True)), 4),
    "HSI south-up": Case(4, parallel((4, 4), south_up=(True, False)), 4),
    "pixels not square, 6 x 5": Case(5, parallel((6, 5), pixel=(PIXEL * 5 / 6, PIXEL)), 30**0.5),
    "ratio 2.4": Case(2, parallel((2.4, 2.4), (0.3, 0.7)), 2.4),
    "ratio 3.6": Case(4, parallel((3.6, 3.6), (0.3, 0.7)), 3.6),
    "ratio 7.5": Case(8, parallel((7.5, 7.5), (0.3, 0.7)), 7.5),
}


def run(case: Case, scene: Waves, size: int, seed: int | None) -> float:
    """ERGAS of a case; without a seed that of MTF-GLP."""
    with tempfile.TemporaryDirectory() as folder:
        hsi, pan = make_pair(scene, *case.place(size), folder, GAIN)
        output = f"{folder}/out.tif"
        told = {"mtf": GAIN, "shift": "none", "progress": Progress()}
        if seed is None:
            classical(hsi, pan, output, **told)
        else:
            sharpen(hsi, pan, output, effort="fast", seed=seed, **told)
        return ergas_of(scene, output, case.ratio)


def study(names: list[str], size: int, seeds: int, record: Record) -> int:
    """Run the cases; returns how many are beyond their bound."""
    table = record.table(
        "ergas", "case", "nested", "mtf_glp", "mtf_glp_quotient", "sharpen", "sharpen_quotient", "bound"
    )
    kept: dict[tuple[int, int | None, int], float] = {}
    wrong = 0
    for name in names:
        case = CASES[name]
        found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}  # by whether networks learn
        for seed in range(seeds):
            scene = Waves.random(seed, SHORTEST, origin=CORNER)
            for how in (None, seed):
                key = case.nested, how, seed
                if key not in kept:
                    kept[key] = run(nested(case.nested), scene, size, how)
                found[how is not None].append((run(case, scene, size, how), kept[key]))
        glp, learned = (np.mean(found[how], axis=0) for how in (False, True))
        quotient = float(learned[0] / learned[1])
        table.add(name, case.nested, glp[0], glp[0] / glp[1], learned[0], quotient, case.bound)
        wrong += quotient > case.bound
    return wrong


def main() -> int:
    """Run and print; returns 1 where a case is beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES), metavar="CASE")
    parser.add_argument("--size", type=int, default=48, help="HSI pixels along an edge")
    parser.add_argument("--seeds", type=int, default=3)
    add_option(parser)
    options = parser.parse_args()
    gdal.UseExceptions()
    record = Record("grids", f"scenes of {options.size} x {options.size} HSI pixels, {options.seeds} seeds")
    wrong = study(options.cases, options.size, options.seeds, record)
    record.write(options.results)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
