"""A sharper image of several bands that was taken at another time, against one that fits.

    python benchmarks/partner_disturbed.py --scenes DIR --out DIR

Real scenes at ratio 4 with six bands of Sentinel-2. The disturbed image lies 1.2 of its pixels off, gain and offset of
each band are changed by 20 per cent, up or down in turn, and a bright cloud covers a tenth of it. Both are sharpened
with default settings but for the MTF gain, which is told: the shift is measured, contradictions are looked for. Where
the result lies on a grid that was moved, the truth is moved there by its Fourier series. SAM and ERGAS are stated
outside of the cloud and its edge, and inside of it beside those of plain up-sampling. ``--parts`` and ``--join`` as in
``benchmarks/partner.py``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.partner_runs import KEYS, SCENES, Bench, where_made
from benchmarks.record import Record, add_option
from core.io.array_image import ArrayImage
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.quality.reference import reference_indices
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen

RATIO, SET = 4, "6 bands"
OFF = 0.8, 0.894  # rows and columns: 1.2 pixels, not near whole ones, which would be taken as these
CHANGE = 0.2
BORDER = 4  # pixels that are not scored
_PAD = 20
BOUND = 1.08  # of the disturbed result over the other


def moved(image: np.ndarray, rows: float, cols: float) -> np.ndarray:
    """An image whose content is moved down and to the right, by its Fourier series; beyond its edges it is mirrored."""
    padded = np.pad(image, ((0, 0), (_PAD, _PAD), (_PAD, _PAD)), mode="reflect")
    y, x = np.fft.fftfreq(padded.shape[1])[:, None], np.fft.fftfreq(padded.shape[2])[None]
    shifted = np.fft.ifft2(np.fft.fft2(padded) * np.exp(-2j * np.pi * (y * rows + x * cols))).real
    return shifted[:, _PAD:-_PAD, _PAD:-_PAD].astype(np.float32)


def cloud_of(shape: tuple[int, int]) -> np.ndarray:
    """(rows, columns) bool: a tenth of the image."""
    rows, cols = shape
    mask = np.zeros(shape, bool)
    top, left = round(0.1 * rows), round(0.6 * cols)
    mask[top : top + round(0.32 * rows), left : left + round(0.31 * cols)] = True
    return mask


def disturbed(values: np.ndarray) -> np.ndarray:
    """The sharper image of another day, (M, rows, columns) float32."""
    signs = np.resize([1.0, -1.0], len(values))[:, None, None]
    changed = moved(values, *OFF) * (1 + CHANGE * signs)
    changed += CHANGE * values.mean(axis=(1, 2), keepdims=True) * np.resize([1, 1, -1], len(values))[:, None, None]
    changed[:, cloud_of(values.shape[1:])] = 1.1 * changed.max(axis=(1, 2))[:, None]
    return changed.astype(np.float32)


def score(bench: Bench, name: str, fused: Path, inside: bool) -> dict[str, float]:
    """SAM and ERGAS of a result, inside of the cloud or outside of it and of its edge, on the result's own grid."""
    with RasterReader(str(fused)) as result, RasterReader(str(bench.truth(name))) as reference:
        values, valid = result.read()
        truth, known = reference.read()
        row = (reference.grid.y - result.grid.y) / abs(result.grid.dy)
        col = (result.grid.x - reference.grid.x) / result.grid.dx
        flags = np.asarray(reference.metadata.bbl) != 0
    good = known.reshape(len(known), -1).any(1) & flags
    cloud = cloud_of(truth.shape[1:])
    near = cloud.copy()
    for axis in (0, 1):
        near = np.logical_or.reduce([np.roll(near, step * RATIO // 2, axis) for step in range(-4, 5)])
    whole = int(np.floor(row)), int(np.floor(col))
    fits = moved(truth[good], whole[0] - row, whole[1] - col)
    chosen = cloud if inside else ~near
    inner = np.zeros(chosen.shape, bool)
    inner[BORDER:-BORDER, BORDER:-BORDER] = True
    here = [slice(max(start, 0), None) for start in whole]
    there = [slice(max(-start, 0), None) for start in whole]
    fits, mask, own = fits[:, here[0], here[1]], (chosen & inner)[here[0], here[1]], values[good][:, there[0], there[1]]
    rows, cols = (min(first, second) for first, second in zip(fits.shape[1:], own.shape[1:]))
    mask = mask[:rows, :cols] & valid[good][:, there[0], there[1]][:, :rows, :cols].all(0)
    found = reference_indices(own[:, :rows, :cols], fits[:, :rows, :cols], RATIO, mask)
    return {key: float(found[key]) for key in KEYS}


def run(bench: Bench, name: str, seed: int, effort: str) -> dict:
    """The scores of a scene; those that are kept are not computed again."""
    names = ("disturbed", name, effort, seed)
    kept = bench.kept(*names)
    if kept is not None:
        return kept
    hsi, pan = bench.pair(name, RATIO, SET)
    image = ArrayImage.read(Path(pan))
    changed = bench.out / f"{name}-disturbed.tif"
    values = disturbed(image.values.astype(np.float32))
    plain = RasterMetadata.plain(len(values), "float32", None)
    ArrayImage(values, image.grid, plain.replace(wavelengths=image.metadata.wavelengths)).write(changed)
    found, fused = {}, bench.out / f"{name}-{seed}-fused.tif"
    for label, partner in (("fits", pan), ("disturbed", str(changed))):
        sharpen(hsi, partner, str(fused), seed=seed, effort=effort, mtf=0.3, progress=Progress())
        for place, inside in (("outside", False), ("cloud", True)):
            found[f"{label}, {place}"] = score(bench, name, fused, inside)
    classical(hsi, pan, str(fused), method="exp", mtf=0.3, shift="none", consistency=0, progress=Progress())
    found["up-sampling, cloud"] = score(bench, name, fused, True)
    return bench.keep(found, *names)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of pairs")
    parser.add_argument("--parts", type=Path, help="folder of the runs")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0], help="seeds of sharpen")
    parser.add_argument("--effort", default="normal", help="of learning")
    parser.add_argument("--only", nargs="*", help="scenes")
    parser.add_argument("--join", action="store_true", help="run nothing: a table of the runs that are kept")
    add_option(parser)
    options = parser.parse_args()
    bench = Bench(options.scenes, options.out, options.parts or options.out)
    found: dict[str, list[dict]] = {}
    for name in options.only or SCENES:
        names = [("disturbed", name, options.effort, seed) for seed in options.seeds]
        runs = [bench.kept(*one) if options.join else run(bench, name, one[3], options.effort) for one in names]
        found[name] = [one for one in runs if one is not None]
    made = where_made([one for runs in found.values() for one in runs])
    record = Record("partner-disturbed", f"ratio {RATIO}, {SET}, effort {options.effort}; runs made on {made}")
    columns = ("scene", "seeds", *(f"{key}, {what}" for what in ("fits", "disturbed", "ratio") for key in KEYS))
    cloud = (f"{key} in the cloud, {what}" for what in ("disturbed", "up-sampling") for key in KEYS)
    table = record.table("with and without disturbance", *columns, "bound of the ratio", *cloud, digits=4)
    for name, runs in found.items():
        if runs:
            fits, other, inside, plain = (
                [float(np.mean([one[place][key] for one in runs])) for key in KEYS]
                for place in ("fits, outside", "disturbed, outside", "disturbed, cloud", "up-sampling, cloud")
            )
            ratios = (second / first for first, second in zip(fits, other))
            table.add(name, len(runs), *fits, *other, *ratios, BOUND, *inside, *plain)
    record.write(options.results)


if __name__ == "__main__":
    main()
