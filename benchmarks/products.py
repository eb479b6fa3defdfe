"""What opening products costs.

    python benchmarks/products.py emit      EMIT, 1280 x 1242 x 285: opened, scanned and calibrated (3 GB of disk)
    python benchmarks/products.py prisma    PRISMA, 1000 x 1000 x 234: opened and scanned, against a copy by h5py (3 GB)

``emit`` writes a granule of the structure of NASA's (chunks of 256 x 249 x 57), as it is and compressed, and a partner
of 10 m, and runs the job ``inspect`` on both: seconds and peak memory of the whole program, bounds 60 s and 1.5 GB.
``prisma`` writes a product of level 2D with its error matrices and compares, in turns, opening and scanning it with
reading both cubes by h5py in blocks of 64 rows and writing them as one uncompressed GeoTIFF; bound 0.5. With
``--results DIR`` each writes a record.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from osgeo import gdal, osr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import measured, python
from benchmarks.record import Record, add_option
from core.io.grid import Window
from core.products.opening import open_raster
from core.scene.scan import scan_bands

ROWS, COLS, BANDS = 1280, 1242, 285
CHUNK = 256, 249, 57
PIXEL, FINE, ANGLE = 60.0, 10.0, 0.2  # m, m, radians
CORNER = 500000.0, 4000000.0
GAIN = 0.3  # of the HSI at its Nyquist frequency
PRISMA = 1000
EMIT, PARTNER = "EMIT_L2A_RFL_001_20220903T163129_2224611_012.nc", "partner.tif"
ATTRIBUTES = {"Epsg_Code": np.int64(32633), "Product_StartTime": np.bytes_("2020-01-01T10:00:00")}


class Ground:
    """Two sums of sinusoids on the map.

    Args:
        seed: of their frequencies.
    """

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng(seed)
        length, way = generator.uniform(60.0, 2000.0, (2, 10)), generator.uniform(0, 2 * np.pi, (2, 10))
        self.frequency = np.stack([np.cos(way), np.sin(way)], -1) / length[..., None]
        self.phase = generator.uniform(0, 2 * np.pi, (2, 10))

    def at(self, x: np.ndarray, y: np.ndarray, pixel: float = 0.0) -> np.ndarray:
        """(2, ...) from 0 to 1; blurred as by pixels of that size, 0 for none."""
        found = np.full((2, *np.broadcast_shapes(x.shape, y.shape)), 0.5, np.float32)
        for k in range(2):
            for frequency, phase in zip(self.frequency[k], self.phase[k]):
                left = GAIN ** (4 * pixel**2 * float(frequency @ frequency)) if pixel else 1.0
                found[k] += np.float32(0.045 * left) * np.sin(
                    2 * np.pi * ((x - CORNER[0]) * frequency[0] + (y - CORNER[1]) * frequency[1]) + phase
                ).astype(np.float32)
        return found


def to_degrees(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of coordinates in UTM 33N."""
    systems = [osr.SpatialReference(), osr.SpatialReference()]
    for system, code in zip(systems, (32633, 4326)):
        system.ImportFromEPSG(code)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    points = np.stack([x.ravel(), y.ravel()], 1).tolist()
    found = np.array(osr.CoordinateTransformation(*systems).TransformPoints(points))
    return found[:, 0].reshape(x.shape), found[:, 1].reshape(x.shape)


def write_emit(folder: Path, compressed: bool) -> None:
    """A granule, and its partner."""
    ground, generator = Ground(0), np.random.default_rng(1)
    row, col = np.mgrid[:ROWS, :COLS] + 0.5
    x = CORNER[0] + 16000 + PIXEL * (col * np.cos(ANGLE) + row * np.sin(ANGLE))
    y = CORNER[1] - 16000 - PIXEL * (row * np.cos(ANGLE) - col * np.sin(ANGLE))
    lon, lat = to_degrees(x, y)
    seen = ground.at(x, y, PIXEL)
    waves = np.linspace(381.0, 2493.0, BANDS)
    spectra = np.stack([0.2 + 0.3 * np.sin(waves / 700.0) ** 2, 0.5 * np.exp(-(((waves - 1100) / 500) ** 2))])
    noise = generator.normal(0, 0.001, (64, COLS, BANDS)).astype(np.float32)
    good = ~(((waves > 1330) & (waves < 1490)) | ((waves > 1790) & (waves < 1970)))
    with h5py.File(folder / EMIT, "w") as file:
        packing = {"compression": "gzip", "compression_opts": 2} if compressed else {}
        cube = file.create_dataset("reflectance", (ROWS, COLS, BANDS), np.float32, chunks=CHUNK, **packing)
        for top in range(0, ROWS, CHUNK[0]):
            part = np.einsum("krc,kb->rcb", seen[:, top : top + CHUNK[0]], spectra, optimize=True).astype(np.float32)
            part += noise[generator.integers(0, 64, len(part))]
            part[..., ~good] = -0.01
            cube[top : top + len(part)] = part
        file["sensor_band_parameters/wavelengths"] = waves.astype(np.float32)
        file["sensor_band_parameters/fwhm"] = np.full(BANDS, 8.5, np.float32)
        file["sensor_band_parameters/good_wavelengths"] = good.astype(np.float32)
        file["location/lon"], file["location/lat"] = lon, lat
    size = int(np.ptp(y) / FINE) + 200, int(np.ptp(x) / FINE) + 200
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(folder / PARTNER), size[1], size[0], 1, gdal.GDT_UInt16, ["TILED=YES"]
    )
    corner = float(np.floor(x.min())) - 1000, float(np.floor(y.max())) + 1000
    dataset.SetGeoTransform((corner[0], FINE, 0.0, corner[1], 0.0, -FINE))
    system = osr.SpatialReference()
    system.ImportFromEPSG(32633)
    dataset.SetProjection(system.ExportToWkt())
    across = corner[0] + (np.arange(size[1])[None] + 0.5) * FINE
    for top in range(0, size[0], 256):
        down = corner[1] - (np.arange(top, min(top + 256, size[0]))[:, None] + 0.5) * FINE
        both = ground.at(across, down)
        values = 0.3 * both[0] + 0.2 * both[1]
        dataset.GetRasterBand(1).WriteArray(np.rint(values * 4e4).astype(np.uint16), 0, top)


def bench_emit(folder: Path, record: Record) -> None:
    product, partner = folder / EMIT, folder / PARTNER
    table = record.table("cost", "product", "wall_s", "processors_s", "peak_mb", "bound_s", "bound_mb")
    for how in ("as it is", "compressed"):
        # Written by another process: what is forked from a large one counts as large.
        measured(python(__file__, "--make", folder, how), folder)
        cost = measured(python("-m", "core", "inspect", "--hsi", product, "--pan", partner), folder)
        table.add(f"EMIT 1280 x 1242 x 285, {how}", cost.wall, cost.processors, cost.peak, 60, 1500)


def write_prisma(folder: Path, chunks: tuple[int, int, int] | None) -> Path:
    """A product of level 2D; chunks None for contiguous cubes."""
    generator = np.random.default_rng(0)
    facts = dict(ATTRIBUTES)
    west, north = 600000.0, 5000000.0
    for name, x, y in (("UL", 0, 0), ("UR", 1, 0), ("LL", 0, 1), ("LR", 1, 1)):
        facts[f"Product_{name}corner_easting"] = np.float32(west + x * PRISMA * 30)
        facts[f"Product_{name}corner_northing"] = np.float32(north - y * PRISMA * 30)
    stored = {"chunks": chunks, "compression": "gzip", "compression_opts": 2} if chunks else {}
    with h5py.File(folder / "PRS_L2D_STD.he5", "w") as file:
        fields = file.create_group("HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields")
        for cube, count, unused, span in (("VNIR", 66, 3, (1010.0, 402.0)), ("SWIR", 173, 2, (2497.0, 1015.0))):
            waves = np.linspace(*span, count).astype(np.float32)
            waves[:unused] = 0
            name = cube.title()
            facts |= {f"List_Cw_{name}": waves, f"List_Fwhm_{name}": np.full(count, 11.0, np.float32)}
            facts |= {f"List_Cw_{name}_Flags": (waves > 0).astype(np.uint8)}
            facts |= {f"L2Scale{name}Min": np.float32(0.0), f"L2Scale{name}Max": np.float32(1.0)}
            shape = PRISMA, count, PRISMA
            made = fields.create_dataset(f"{cube}_Cube", shape, np.uint16, **stored)
            errors = fields.create_dataset(f"{cube}_PIXEL_L2_ERR_MATRIX", shape, np.uint8, **stored)
            for top in range(0, PRISMA, 50):
                made[top : top + 50] = generator.integers(5000, 9000, (50, count, PRISMA), np.uint16)
                errors[top : top + 50] = 0
        for key, value in facts.items():
            file.attrs[key] = value
    return folder / "PRS_L2D_STD.he5"


def scanned(product: Path) -> float:
    """Seconds for opening a product and one pass over it."""
    started = time.perf_counter()
    with open_raster(product) as hsi:
        found = scan_bands(hsi, Window(0, 0, hsi.grid.rows, hsi.grid.cols))
    if not found.complete or hsi.bands != 234:
        sys.exit(f"The product was not read as it was written: {hsi.bands} bands.")
    return time.perf_counter() - started


def copied(product: Path) -> float:
    """Seconds for reading both cubes in blocks of 64 rows and writing one uncompressed GeoTIFF."""
    started = time.perf_counter()
    with h5py.File(product) as file:
        cubes = [file[f"HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields/{name}_Cube"] for name in ("VNIR", "SWIR")]
        bands = [cube.shape[1] for cube in cubes]
        out = str(product.with_suffix(".tif"))
        options = ["INTERLEAVE=BAND", "BIGTIFF=YES"]
        made = gdal.GetDriverByName("GTiff").Create(out, PRISMA, PRISMA, sum(bands), gdal.GDT_UInt16, options)
        for top in range(0, PRISMA, 64):
            for first, cube in zip((0, bands[0]), cubes):
                block = cube[top : top + 64].transpose(1, 0, 2)
                made.WriteRaster(
                    0,
                    top,
                    PRISMA,
                    block.shape[1],
                    np.ascontiguousarray(block).tobytes(),
                    buf_type=gdal.GDT_UInt16,
                    band_list=list(range(first + 1, first + len(block) + 1)),
                )
        made.FlushCache()
        del made
    return time.perf_counter() - started


def bench_prisma(folder: Path, record: Record) -> None:
    table = record.table("cost", "cubes", "opened_and_scanned_s", "copied_by_h5py_s", "ratio", "bound")
    for name, chunks in (("contiguous", None), ("chunks of 64 x 16 x 250", (64, 16, 250))):
        product = write_prisma(folder, chunks)
        copied(product)  # the files' pages are in memory from here on
        pairs = [(scanned(product), copied(product)) for _ in range(3)]
        ours, theirs = (statistics.median(times) for times in zip(*pairs))
        table.add(name, ours, theirs, statistics.median(a / b for a, b in pairs), 0.5)


BENCHES = {"emit": bench_emit, "prisma": bench_prisma}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT", help="emit, prisma (default: both)")
    parser.add_argument("--folder", type=Path, help="keep the products here (default: a temporary folder)")
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    add_option(parser)
    arguments = parser.parse_args()
    if arguments.make:
        write_emit(Path(arguments.make[0]), arguments.make[1] == "compressed")
        return
    unknown = set(arguments.what) - set(BENCHES)
    if unknown:
        parser.error(f"there is no {' '.join(unknown)}; choose of {', '.join(BENCHES)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.what or list(BENCHES):
            load = f"load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
            record = Record(f"products-{name}", load)
            BENCHES[name](folder, record)
            record.write(arguments.results)


if __name__ == "__main__":
    main()
