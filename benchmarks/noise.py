"""What noise of the HSI's detectors costs, kept and removed (DENOISE).

    python benchmarks/noise.py --scenes DIR --out DIR

Real scenes, degraded by Wald's protocol; white noise is added to the HSI, of each band's mean over SNR, and half as
much to the PAN. The MTF gain is told. Stated are SAM and ERGAS over the whole image. The truth has noise of its own,
which passed the optics with it. Without noise nothing is removed, as MTF-GLP shows, and sharpen is run once. Airport-1,
airport-2, urban-4, urban-5, Indian Pines and EnMAP had a part in choosing how noise is told from spectra, by MTF-GLP;
airport-3 at ratio 2 had none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.accuracy_runs import KEYS, Bench
from benchmarks.record import Record, add_option
from benchmarks.verdict import GAIN, noisy
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen

CASES = [("airport-3", 2), ("airport-2", 4), ("urban-5", 4), ("indian_pines", 4), ("enmap_potsdam", 2)]
LEVELS = (0, 200, 50)  # SNR; 0 for no noise
TOLD = {"mtf": GAIN, "shift": "none", "contradictions": "off"}
METHODS = {"up-sampling": ("exp", 0), "MTF-GLP": ("mtf-glp", 0), "MTF-GLP, projected": ("mtf-glp", 5)}


def pair_of(bench: Bench, name: str, ratio: int, snr: int) -> tuple[str, str]:
    """HSI and PAN with noise, made on the first call."""
    if not snr:
        return bench.inputs(name, ratio)
    files = [bench.out / f"{name}-{ratio}-snr{snr}-{kind}.tif" for kind in ("hsi", "pan")]
    for number, (clean, path) in enumerate(zip(bench.inputs(name, ratio), files)):
        if not path.exists():
            path.write_bytes(Path(clean).read_bytes())
            noisy(str(path), snr * (number + 1), number)
    return str(files[0]), str(files[1])


def run(bench: Bench, name: str, ratio: int, snr: int, method: str, denoise: str) -> dict:
    """Scores; kept."""

    def work() -> dict:
        pair, fused = pair_of(bench, name, ratio, snr), str(bench.out / f"{tag}.tif")
        more = {"denoise": denoise, "progress": Progress(), **TOLD}
        if method == "sharpen":
            sharpen(*pair, fused, seed=0, effort=bench.effort, **more)
        else:
            known, iterations = METHODS[method]
            classical(*pair, fused, method=known, consistency=iterations, **more)
        found = bench.scores(name, ratio, fused)
        Path(fused).unlink()
        return found

    tag = bench.tag(name, ratio, f"noise {snr} {method} {denoise}", 0)
    return bench.kept(tag, work)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs and runs, which are kept")
    parser.add_argument("--effort", default="normal", help="of learning")
    add_option(parser)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments.scenes, arguments.out, arguments.effort, {})
    record = Record("noise", f"effort {arguments.effort}, seed 0")
    columns = (f"{key}_{denoise}" for key in KEYS for denoise in ("off", "auto"))
    table = record.table("scores", "scene", "ratio", "snr", "method", *columns, digits=4)
    for name, ratio in CASES:
        for snr in LEVELS:
            for method in (*METHODS, "sharpen"):
                off = run(bench, name, ratio, snr, method, "off")
                auto = off if not snr and method == "sharpen" else run(bench, name, ratio, snr, method, "auto")
                cells = (found[key] for key in KEYS for found in (off, auto))
                table.add(name, ratio, snr or "none", method, *cells)
                print(name, ratio, snr, method, off, auto, flush=True)
    record.write(arguments.results)


if __name__ == "__main__":
    main()
