"""Pairs whose grids are not parallel, against a nested pair of the same ground, where the truth is known everywhere.

    python benchmarks/grids_warped.py                       every case, sharpen --effort fast, three seeds
    python benchmarks/grids_warped.py --method mtf-glp      with a classical method instead

Results are compared with the ground (:mod:`benchmarks.pairs_apart`) at the centres of their own pixels. ERGAS of each
case is divided by that of the nested pair; both are means over the seeds. A swath is compared in its own rows and
columns, and once more on the map, where each pixel has the nearest fine one, up to half a fine pixel off; beside it
stands what comes of the swath's orthoimage at the HSI's pixel size, whose pixels are off by up to half an HSI pixel.
How it is run in parts: :mod:`benchmarks.grid_runs`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from osgeo import gdal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.grid_runs import Found, Run, add_options, quotient, runs_of
from benchmarks.pairs_apart import BANDS, GAIN, RATIO, SIZE, Ground, cases, ergas
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen

CASES = {case.name: case for case in cases()}
BOUND = 1.15
BOUNDED = [name for name in CASES if "on the map" not in name and "ortho" not in name]  # nearest neighbours have none


def run(one: Run) -> Found:
    """A pair, made and sharpened."""
    case, ground = CASES[one.case], Ground(one.seed)
    with tempfile.TemporaryDirectory() as folder:
        low, high, more = case.files(Path(folder), ground)
        fixed = {"mtf": GAIN, "shift": "none", "contradictions": "off", **more}
        output = f"{folder}/out.tif"
        if one.method == "sharpen":
            sharpen(low, high, output, effort="fast", seed=one.seed, **fixed)
        else:
            classical(low, high, output, method=one.method, **fixed)
        return Found(*ergas(output, case, ground))


def main() -> int:
    """Run the benchmark; returns 1 where a case is beyond the bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="sharpen", help="sharpen, or a classical method")
    add_options(parser, CASES)
    given = parser.parse_args()
    gdal.UseExceptions()
    names = given.cases if given.part is not None else list(dict.fromkeys(["nested", *given.cases]))
    wanted = [Run(name, given.method, seed) for name in names for seed in given.seeds]
    note = f"{given.method}; {SIZE} x {SIZE} HSI pixels, {BANDS} bands, ratio {RATIO}"
    record, found = runs_of("grids-warped", note, wanted, given, run)
    if given.part is not None:
        return 0
    table, beyond = record.table("ERGAS", "case", "ERGAS", "of nested", "seeds", "bound", digits=4), 0
    for name in CASES:
        of_case = quotient(found, name, "nested", given.method)
        if of_case is not None:
            seeds = sum(one.case == name for one in found)
            table.add(name, of_case[0], of_case[2], seeds, BOUND if name in BOUNDED else None)
            beyond += name in BOUNDED and of_case[2] > BOUND
    record.write(given.results)
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
