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

from osgeo import gdal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.analytic import Placed, Waves, ergas_of, make_pair
from benchmarks.grid_runs import Found, Run, add_options, quotient, runs_of
from benchmarks.record import Record
from core import Progress, classical, sharpen

PIXEL, CORNER = 7.5, (500000.0, 5800000.0)  # of the PAN, map units; of the HSI
SHORTEST = 2.3 * PIXEL  # wavelength of the scene, which the PAN holds
GAIN = 0.3
PARALLEL = 1.10  # bound of cases whose axes are parallel
METHODS = "mtf-glp", "sharpen"


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
    **{f"nested {ratio}": nested(ratio) for ratio in (2, 4, 5, 8)},
    "phase": Case(4, parallel((4, 4), (0.37, 0.61)), 4),
    "both south-up": Case(4, parallel((4, 4), south_up=(True, True)), 4),
    "PAN south-up": Case(4, parallel((4, 4), south_up=(False, True)), 4),
    "HSI south-up": Case(4, parallel((4, 4), south_up=(True, False)), 4),
    "pixels not square, 6 x 5": Case(5, parallel((6, 5), pixel=(PIXEL * 5 / 6, PIXEL)), 30**0.5),
    "ratio 2.4": Case(2, parallel((2.4, 2.4), (0.3, 0.7)), 2.4),
    "ratio 3.6": Case(4, parallel((3.6, 3.6), (0.3, 0.7)), 3.6),
    "ratio 7.5": Case(8, parallel((7.5, 7.5), (0.3, 0.7)), 7.5),
}


def run(one: Run, size: int) -> Found:
    """A pair, made and sharpened, or fused by a classical method."""
    case, scene = CASES[one.case], Waves.random(one.seed, SHORTEST, origin=CORNER)
    with tempfile.TemporaryDirectory() as folder:
        hsi, pan = make_pair(scene, *case.place(size), folder, GAIN)
        output = f"{folder}/out.tif"
        told = {"mtf": GAIN, "shift": "none", "progress": Progress()}
        if one.method == "sharpen":
            sharpen(hsi, pan, output, effort="fast", seed=one.seed, **told)
        else:
            classical(hsi, pan, output, method=one.method, **told)
        return Found(*ergas_of(scene, output, case.ratio))


def study(record: Record, found: dict[Run, Found]) -> int:
    """The cases beside the nested pairs; returns how many are beyond their bound."""
    columns = "case", "nested", "mtf_glp", "mtf_glp_quotient", "sharpen", "sharpen_quotient", "bound"
    table, wrong = record.table("ergas", *columns), 0
    for name, case in CASES.items():
        base = f"nested {case.nested}"
        glp, learned = (quotient(found, name, base, method) for method in METHODS)
        if name == base or glp is None or learned is None:
            continue
        table.add(name, case.nested, glp[0], glp[2], learned[0], learned[2], case.bound)
        wrong += learned[2] > case.bound
    return wrong


def main() -> int:
    """Run and print; returns 1 where a case is beyond its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=48, help="HSI pixels along an edge")
    add_options(parser, CASES)
    options = parser.parse_args()
    gdal.UseExceptions()
    bases = [] if options.part is not None else [f"nested {CASES[name].nested}" for name in options.cases]
    names = list(dict.fromkeys([*bases, *options.cases]))
    wanted = [Run(name, method, seed) for name in names for seed in options.seeds for method in METHODS]
    note = f"scenes of {options.size} x {options.size} HSI pixels"
    record, found = runs_of("grids", note, wanted, options, lambda one: run(one, options.size))
    if options.part is not None:
        return 0
    wrong = study(record, found)
    record.write(options.results)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
