"""Quality indices beside independent values, and the memory that assessing a large result takes.

    python benchmarks/quality.py                   every index beside a value computed another way
    python benchmarks/quality.py --memory 3000     peak memory of assessing 3000 x 3000 pixels of 200 bands

The first degrades the example scene by Wald's protocol (ratio 4, MTF gain 0.3, PAN = bands 7-33) or, with --hsi, --pan
and --fused, takes results of a real pair, without a reference. It needs torchmetrics. The second assesses against a
reference, against HSI and PAN, or both. With ``--results DIR`` what is found is written as JSON, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.independent_indices import with_reference, without_reference
from benchmarks.quality_memory import measure_memory
from benchmarks.record import ROOT, Record, add_option
from core.io.reader import RasterReader
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.simulate import simulate

EXAMPLE = ROOT / "examples" / "indian_pines" / "indian_pines.tif"
RATIO = 4


def read(path: str) -> np.ndarray:
    with RasterReader(path) as reader:
        return reader.read().values.astype(np.float64)


def difference(here: float, independent: float) -> float:
    """Relative to the independent value."""
    return abs(here - independent) / max(abs(independent), 1e-12)


def compare_example(folder: Path, gain: float) -> Record:
    """MTF-GLP on the example scene, against the scene and against HSI and PAN."""
    hsi, pan, fused = (str(folder / f"{name}.tif") for name in ("hsi", "pan", "fused"))
    simulate(str(EXAMPLE), RATIO, hsi, pan, pan_bands="7-33", mtf_hsi=gain)
    classical(hsi, pan, fused, method="mtf-glp", mtf=gain, consistency=0)
    started = time.monotonic()
    scores = assess(fused, reference=str(EXAMPLE), hsi=hsi, pan=pan, mtf=gain)
    seconds, image = time.monotonic() - started, read(fused)
    truth = np.ascontiguousarray(read(str(EXAMPLE))[:, : image.shape[1], : image.shape[2]])
    expected = {
        **with_reference(image, truth, RATIO),
        **without_reference(image, read(pan)[0], read(hsi), RATIO, gain),
    }
    size = f"{image.shape[1]} x {image.shape[2]} pixels, {image.shape[0]} bands, ratio {RATIO}"
    record = Record("quality", f"{size}; {seconds:.1f} s for all indices")
    table = record.table("values", "index", "here", "independent", "relative_difference", "how", digits=8)
    for key, (value, how) in expected.items():
        here = scores[key]
        table.add(key, here, value, None if here is None else difference(here, value), how)
    return record


def compare_pair(hsi: str, pan: str, results: list[str], gain: float) -> Record:
    """Results of a real pair, without a reference."""
    record = Record("quality-pair")
    keys = "d_lambda", "d_lambda_k", "d_s", "d_s_reg", "d_rho", "qnr", "hqnr", "rqnr", "consistency"
    table = record.table("scores", "result", *keys, "largest_relative_difference")
    for fused in results:
        scores = assess(fused, hsi=hsi, pan=pan, mtf=gain)
        expected = without_reference(read(fused), read(pan)[0], read(hsi), scores["ratio"], gain)
        known = [key for key in keys if scores[key] is not None]
        largest = max(difference(scores[key], expected[key][0]) for key in known)
        table.add(Path(fused).stem, *(scores[key] for key in keys), largest)
    return record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hsi", help="a real HSI, with --pan and --fused, on grids that share a corner")
    parser.add_argument("--pan")
    parser.add_argument("--fused", nargs="+", metavar="RESULT", help="one or several")
    parser.add_argument("--mtf", type=float, default=0.3)
    parser.add_argument("--memory", type=int, nargs="+", metavar="PIXELS", help="sizes to assess, multiples of 4")
    parser.add_argument("--against", nargs="+", choices=("reference", "pair", "both"), default=["reference", "pair"])
    parser.add_argument("--folder", type=Path, help="where the large rasters' tiles are kept")
    add_option(parser)
    arguments = parser.parse_args()
    if arguments.fused and not (arguments.hsi and arguments.pan):
        parser.error("--fused needs --hsi and --pan")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.memory:
            record = measure_memory(folder, arguments.memory, arguments.against)
        elif arguments.fused:
            record = compare_pair(arguments.hsi, arguments.pan, arguments.fused, arguments.mtf)
        else:
            record = compare_example(folder, arguments.mtf)
    record.write(arguments.results)


if __name__ == "__main__":
    main()
