"""Quality indices beside independent values, and the memory that assessing a large result takes.

    python benchmarks/quality.py                   every index beside a value computed another way
    python benchmarks/quality.py --memory 3000     peak memory of assessing 3000 x 3000 pixels of 200 bands

The first degrades the example scene by Wald's protocol (ratio 4, MTF gain 0.3, PAN = bands 7-33) or, with --hsi, --pan
and --fused, takes a real pair without a reference. It needs torchmetrics. The second assesses a mosaic (VRT) of one
small raster in a process of its own, against a reference, against HSI and PAN, or both.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from osgeo import gdal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.io.grid import Grid, align
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.runtime.progress import Progress
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.simulate import simulate

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "indian_pines" / "indian_pines.tif"
BLOCK = 32
TILE, BANDS, RATIO = 480, 200, 4  # of the large raster's tile


# Values by other means: each as its definition reads, on whole images in memory.


def blocks(image: np.ndarray) -> list[np.ndarray]:
    """(B, r, c) to a list of (B, 1024)."""
    rows, cols = (size // BLOCK for size in image.shape[1:])
    return [
        image[:, BLOCK * i : BLOCK * (i + 1), BLOCK * j : BLOCK * (j + 1)].reshape(len(image), -1)
        for i in range(rows)
        for j in range(cols)
    ]


def pairwise_uiqi(image: np.ndarray) -> np.ndarray:
    found = []
    for block in blocks(image):
        covariance, mean = np.cov(block), block.mean(axis=1)
        variance = np.diagonal(covariance)
        means = 2 * np.outer(mean, mean) / np.add.outer(mean**2, mean**2)
        found.append(2 * covariance / np.add.outer(variance, variance) * means)
    return np.mean(found, axis=0)


def conjugate(number: np.ndarray) -> np.ndarray:
    return np.concatenate([number[:1], -number[1:]])


def multiply(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The Cayley-Dickson product of (2^n, pixels), by its recursive definition."""
    if len(p) == 1:
        return p * q
    half = len(p) // 2
    a, b, c, d = p[:half], p[half:], q[:half], q[half:]
    return np.concatenate(
        [multiply(a, c) - multiply(conjugate(d), b), multiply(d, a) + multiply(b, conjugate(c))],
    )


def q2n(fused: np.ndarray, reference: np.ndarray) -> float:
    size = 1 << (len(fused) - 1).bit_length()
    values = []
    for first, second in zip(blocks(fused), blocks(reference)):
        z1, z2 = (np.pad(part, [(0, size - len(part)), (0, 0)]) for part in (first, second))
        mean1, mean2 = z1.mean(axis=1, keepdims=True), z2.mean(axis=1, keepdims=True)
        covariance = np.linalg.norm(multiply(z1 - mean1, conjugate(z2 - mean2)).mean(axis=1))
        spread = ((z1 - mean1) ** 2).sum(axis=0).mean() + ((z2 - mean2) ** 2).sum(axis=0).mean()
        length1, length2 = np.linalg.norm(mean1), np.linalg.norm(mean2)
        values.append(4 * covariance * length1 * length2 / (spread * (length1**2 + length2**2)))
    return float(np.mean(values)) if values else math.nan


def degrade(image: np.ndarray, ratio: int, gain: float) -> np.ndarray:
    """Dense Gaussian sums with replicated edges, for grids that share a corner."""
    sigma = ratio * math.sqrt(-2 * math.log(gain)) / math.pi
    margin = 5 * ratio

    def weights(outputs: int, inputs: int) -> np.ndarray:
        centre = margin + (np.arange(outputs)[:, None] + 0.5) * ratio - 0.5
        distance = np.arange(inputs + 2 * margin) - centre
        weight = np.where(np.abs(distance) <= 4 * ratio, np.exp(-(distance**2) / (2 * sigma**2)), 0.0)
        return weight / weight.sum(axis=1, keepdims=True)

    rows, cols = image.shape[1:]
    padded = np.pad(image, [(0, 0), (margin, margin), (margin, margin)], mode="edge")
    return weights(rows // ratio, rows) @ padded @ weights(cols // ratio, cols).T


def local_correlation(fused: np.ndarray, pan: np.ndarray, size: int) -> float:
    view = np.lib.stride_tricks.sliding_window_view
    second = view(pan, (size, size)).reshape(-1, size * size)
    second = second - second.mean(axis=1, keepdims=True)
    values = []
    for band in fused:
        first = view(band, (size, size)).reshape(-1, size * size)
        first = first - first.mean(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            quotient = (first * second).sum(axis=1) / np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
        values.append(np.nanmean(quotient))
    return float(np.mean(values))


def unexplained(fused: np.ndarray, pan: np.ndarray) -> float:
    design = np.column_stack([np.ones(pan.size), *(band.ravel() / band.std() for band in fused)])
    fit = design @ np.linalg.lstsq(design, pan.ravel(), rcond=None)[0]
    return float(((pan.ravel() - fit) ** 2).sum() / ((pan - pan.mean()) ** 2).sum())


def with_reference(fused: np.ndarray, reference: np.ndarray, ratio: int) -> dict[str, tuple[float, str]]:
    import torch
    from torchmetrics import functional
    from torchmetrics.functional import audio, image

    x, y = (torch.from_numpy(array)[None] for array in (fused, reference))
    singles = [(x[:, b : b + 1], y[:, b : b + 1]) for b in range(len(fused))]

    def ssim(a: torch.Tensor, b: torch.Tensor) -> float:
        extent = float(b.max() - b.min())
        _, windows = image.structural_similarity_index_measure(a, b, data_range=extent, return_full_image=True)
        return float(windows[..., 5:-5, 5:-5].mean())  # windows that lie wholly inside

    psnr = [float(image.peak_signal_noise_ratio(a, b, data_range=float(b.max()))) for a, b in singles]
    bands = len(fused)
    uiqi = [pairwise_uiqi(np.stack([a, b]))[0, 1] for a, b in zip(fused, reference)]
    sliding = float(image.universal_image_quality_index(x, y))
    return {
        "rmse": (float(functional.mean_squared_error(x, y, squared=False)), "torchmetrics"),
        "psnr": (float(np.mean(psnr)), "torchmetrics, mean over bands"),
        "cc": (
            float(functional.pearson_corrcoef(x.reshape(bands, -1).T, y.reshape(bands, -1).T).mean()),
            "torchmetrics",
        ),
        "ssim": (float(np.mean([ssim(a, b) for a, b in singles])), "torchmetrics, whole windows"),
        "sam": (math.degrees(float(image.spectral_angle_mapper(x, y))), "torchmetrics"),
        "ergas": (float(image.error_relative_global_dimensionless_synthesis(x, y, ratio=ratio)), "torchmetrics"),
        "rsnr": (float(audio.signal_noise_ratio(x.flatten(), y.flatten())), "torchmetrics, SNR of audio"),
        "uiqi": (float(np.mean(uiqi)), f"numpy.cov in blocks (torchmetrics, sliding Gaussian: {sliding:.6f})"),
        "q2n": (q2n(fused, reference), "hypercomplex products of pixels"),
    }


def without_reference(
    fused: np.ndarray, pan: np.ndarray, hsi: np.ndarray, ratio: int, gain: float
) -> dict[str, tuple[float, str]]:
    import torch
    from torchmetrics.functional import image

    degraded, pan_low = degrade(fused, ratio, gain), degrade(pan[None], ratio, gain)
    change = np.abs(pairwise_uiqi(np.concatenate([fused, pan[None]])) - pairwise_uiqi(np.concatenate([hsi, pan_low])))
    bands = len(fused)
    found = {
        "d_lambda": change[:bands, :bands].sum() / (bands * (bands - 1)),
        "d_lambda_k": 1 - q2n(degraded, hsi),
        "d_s": change[:bands, -1].mean(),
        "d_s_reg": unexplained(fused, pan),
        "d_rho": 1 - local_correlation(fused, pan, ratio),
        "consistency": math.sqrt(((degraded - hsi) ** 2).sum() / (hsi**2).sum()),
    }
    found["qnr"] = (1 - found["d_lambda"]) * (1 - found["d_s"])
    found["hqnr"] = (1 - found["d_lambda_k"]) * (1 - found["d_s"])
    found["rqnr"] = (1 - found["d_lambda_k"]) * (1 - found["d_s_reg"])
    few = np.linspace(0, bands - 1, min(bands, 12)).astype(int)  # it takes a convolution a pair of bands
    x, low = (torch.from_numpy(array[few])[None] for array in (fused, hsi))
    high_pan, low_pan = (torch.from_numpy(array)[None].expand(-1, len(few), -1, -1) for array in (pan[None], pan_low))
    sliding = {
        "d_lambda": image.spectral_distortion_index(low, x),
        "d_s": image.spatial_distortion_index(x, low, high_pan, low_pan),
        "qnr": image.quality_with_no_reference(x, low, high_pan, low_pan),
    }
    means = dict.fromkeys(found, "formula, dense numpy")
    for key, value in sliding.items():
        means[key] += f" (torchmetrics, sliding Gaussian, {len(few)} bands: {float(value):.6f})"
    return {key: (float(value), means[key]) for key, value in found.items()}


def read(path: str) -> np.ndarray:
    with RasterReader(path) as reader:
        return reader.read().values.astype(np.float64)


def compare_values(folder: Path, hsi: str, pan: str, fused: str, gain: float) -> None:
    reference = ""
    if not fused:
        hsi, pan, fused, reference = (str(folder / f"{name}.tif") for name in ("hsi", "pan", "fused", "reference"))
        simulate(str(EXAMPLE), RATIO, hsi, pan, pan_bands="7-33", mtf_hsi=gain)
        classical(hsi, pan, fused, method="mtf-glp", mtf=gain, consistency=0)
        reference = str(EXAMPLE)
    started = time.monotonic()
    scores = assess(fused, reference=reference, hsi=hsi, pan=pan, mtf=gain)
    seconds = time.monotonic() - started
    ratio, image = scores["ratio"], read(fused)
    expected = without_reference(image, read(pan)[0], read(hsi), ratio, gain)
    if reference:
        truth = np.ascontiguousarray(read(reference)[:, : image.shape[1], : image.shape[2]])
        expected = {**with_reference(image, truth, ratio), **expected}
    print(f"{image.shape[1]} x {image.shape[2]} pixels, {image.shape[0]} bands, ratio {ratio}: {seconds:.1f} s for all")
    print("| index | here | independent | relative difference | how |\n|---|---|---|---|---|")
    for key, (value, how) in expected.items():
        if scores[key] is None:
            print(f"| {key} | - | {value:.8g} | | {how} |")
            continue
        difference = abs(scores[key] - value) / max(abs(value), 1e-12)
        print(f"| {key} | {scores[key]:.8g} | {value:.8g} | {difference:.1e} | {how} |")


# Memory.


def make_tiles(folder: Path) -> None:
    """Small rasters that repeat without end: a fused image, a reference, an HSI and a PAN."""
    random = np.random.default_rng(0)
    endmembers = random.uniform(300, 6000, (BANDS, 6))
    low = TILE // RATIO
    abundance = np.abs(random.normal(0, 1, (6, low, low)))
    abundance /= abundance.sum(axis=0)
    hsi = np.tensordot(endmembers, abundance, 1)
    fused = hsi.repeat(RATIO, 1).repeat(RATIO, 2) + random.normal(0, 60, (1, TILE, TILE))
    fused[:] *= random.uniform(0.97, 1.03, (BANDS, 1, 1))
    pan = fused[20:60].mean(axis=0, keepdims=True)
    for name, values in (("hsi", hsi), ("fused", fused), ("pan", pan)):
        _write(folder / f"{name}-tile.tif", values)
    fused += random.normal(0, 40, fused.shape)
    _write(folder / "reference-tile.tif", fused)


def _write(path: Path, values: np.ndarray) -> None:
    step = 40.0 if path.name.startswith("hsi") else 10.0
    grid = Grid(500000.0, 4000000.0, step, -step, *values.shape[1:], "")
    with RasterWriter(str(path), grid, RasterMetadata.plain(len(values), "uint16", 0.0)) as writer:
        writer.write(np.clip(values, 1, 65535).astype(np.float32), np.ones(values.shape, bool))


def make_mosaic(folder: Path, name: str, size: int) -> str:
    """A VRT of size x size pixels that repeats a tile."""
    tile = gdal.Open(str(folder / f"{name}-tile.tif"))
    cols, rows, transform = tile.RasterXSize, tile.RasterYSize, tile.GetGeoTransform()
    lines = [f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">']
    lines.append(f"<GeoTransform>{', '.join(map(str, transform))}</GeoTransform>")
    for band in range(1, tile.RasterCount + 1):
        lines.append(f'<VRTRasterBand dataType="UInt16" band="{band}"><NoDataValue>0</NoDataValue>')
        for y in range(0, size, rows):
            for x in range(0, size, cols):
                width, height = min(cols, size - x), min(rows, size - y)
                window = f'xSize="{width}" ySize="{height}"'
                lines.append(
                    f'<SimpleSource><SourceFilename relativeToVRT="1">{name}-tile.tif</SourceFilename>'
                    f'<SourceBand>{band}</SourceBand><SourceProperties RasterXSize="{cols}" RasterYSize="{rows}" '
                    f'DataType="UInt16" BlockXSize="{cols}" BlockYSize="16"/>'
                    f'<SrcRect xOff="0" yOff="0" {window}/><DstRect xOff="{x}" yOff="{y}" {window}/></SimpleSource>'
                )
        lines.append("</VRTRasterBand>")
    lines.append("</VRTDataset>")
    path = folder / f"{name}-{size}.vrt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


class _Steps(Progress):
    def set(self, fraction: float, text: str | None = None) -> None:
        if text:
            print(text, file=sys.stderr, flush=True)


def peak_memory() -> float:
    """The highest resident memory of this process so far, MB (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def assess_here(folder: Path, size: int, what: str) -> None:
    """The measured process: prints seconds and peak memory as JSON."""
    paths = {
        name: make_mosaic(folder, name, size // RATIO if name == "hsi" else size)
        for name in ("fused", "reference", "hsi", "pan")
    }
    with RasterReader(paths["hsi"]) as hsi, RasterReader(paths["fused"]) as fused:
        align(hsi.grid, fused.grid)
    before = peak_memory()
    given = {"reference": ("reference",), "pair": ("hsi", "pan"), "both": ("reference", "hsi", "pan")}[what]
    started = time.monotonic()
    scores = assess(
        paths["fused"],
        **{name: paths[name] for name in given},
        ratio=RATIO if what == "reference" else None,
        progress=_Steps(),
    )
    print(
        json.dumps(
            {
                "seconds": time.monotonic() - started,
                "before": before,
                "peak": peak_memory(),
                "cache": gdal.GetCacheMax() / 2**20,
                "q2n": scores.get("q2n"),
                "hqnr": scores.get("hqnr"),
            }
        )
    )


def measure_memory(folder: Path, sizes: list[int], what: str) -> None:
    make_tiles(folder)
    print(f"{BANDS} bands, ratio {RATIO}, against {what}; highest resident memory of a process of its own")
    print("| pixels | raster as float32, GB | seconds | peak, MB | before, MB | GDAL's cache may be, MB |")
    print("|---|---|---|---|---|---|")
    for size in sizes:
        command = [sys.executable, __file__, "--folder", str(folder), "--measure", str(size), "--against", what]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {size} x {size} | {size * size * BANDS * 4 / 1e9:.1f} | {found['seconds']:.0f} | {found['peak']:.0f} | "
            f"{found['before']:.0f} | {found['cache']:.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hsi", default="", help="a real HSI, with --pan and --fused, on grids that share a corner")
    parser.add_argument("--pan", default="")
    parser.add_argument("--fused", default="")
    parser.add_argument("--mtf", type=float, default=0.3)
    parser.add_argument("--memory", type=int, nargs="+", metavar="PIXELS", help="sizes to assess, multiples of 4")
    parser.add_argument("--against", choices=("reference", "pair", "both"), default="both")
    parser.add_argument("--folder", type=Path, help="where the large rasters' tiles are kept")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.measure:
            assess_here(folder, arguments.measure, arguments.against)
        elif arguments.memory:
            measure_memory(folder, arguments.memory, arguments.against)
        else:
            compare_values(folder, arguments.hsi, arguments.pan, arguments.fused, arguments.mtf)


if __name__ == "__main__":
    main()
