"""The memory that assessing a large result takes: a mosaic (VRT) of one small raster, in a process of its own.

``python benchmarks/quality.py --memory`` calls this.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from osgeo import gdal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.record import Record
from core.io.grid import Grid, align
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.runtime.progress import Progress
from core.workflows.assess import assess

TILE, BANDS, RATIO = 480, 200, 4  # of the large raster's tile


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


def measure_memory(folder: Path, sizes: list[int], against: list[str]) -> Record:
    """A process of its own for each size and for each of what a result is assessed against."""
    make_tiles(folder)
    record = Record("quality-memory", f"{BANDS} bands, ratio {RATIO}")
    table = record.table("cost", "side", "against", "float32_gb", "seconds", "peak_mb", "peak_before_mb", "cache_mb")
    for size in sizes:
        for what in against:
            command = [sys.executable, __file__, str(folder), str(size), what]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found = json.loads(done.stdout.splitlines()[-1])
            measures = (found[key] for key in ("seconds", "peak", "before", "cache"))
            table.add(size, what, size * size * BANDS * 4 / 1e9, *measures)
    return record


if __name__ == "__main__":
    assess_here(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
