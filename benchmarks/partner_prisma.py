"""Three images at default settings: a PRISMA product with its own PAN, and a Sentinel-2 product of another day.

    python benchmarks/partner_prisma.py --scenes DIR --out DIR

The ground has real spectra and pixels of 5 m: the structure of a real multispectral image with spectra of Indian Pines
(``benchmarks/partner_runs.py``), 384 x 384 pixels. Of it are made an ``.he5`` of level 2D (HSI of 30 m, PAN of 5 m) and
a ``.SAFE`` of level 2A (bands of 10 and 20 m by the responses that ESA publishes), with a blur of MTF gain 0.3 each.
Sentinel-2 lies 3 and 4 m off, under another sun (gain 0.85 to 1.1), and has its offset of -1000. Nothing is told to the
jobs: shift and blur are measured. Stated are SAM and ERGAS against the ground, over the bands that are not in water
vapour, and seconds. ``--methods`` chooses among plain up-sampling, the regression prior and ``sharpen``.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.made_scenes import Made, make_scene
from benchmarks.partner_runs import KEYS, SETS
from benchmarks.record import Record, add_option
from core.io.array_image import ArrayImage
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.operators.pair import Operators
from core.operators.response import band_weights
from core.operators.response_tables import published_sensor
from core.products.opening import open_raster
from core.quality.reference import reference_indices
from core.runtime.progress import ConsoleProgress
from core.workflows.classical import classical
from core.workflows.sharpen import sharpen

GROUND: Made = ("worldview2/ms.tif", (1, 2, 3, 5, 7), "indian_pines/hsi.tif")  # structure, spectra
METHODS = "up-sampling", "prior", "sharpen"
GAIN = 0.3
OFF = 3.0, 4.0  # metres, down and to the right, by which Sentinel-2's place is wrong
_X, _Y, _CRS = 600000.0, 5000000.0, 32633
_LARGEST = 1.2  # reflectance of the largest stored number of PRISMA
_DETECTORS = 1000.0  # nm: VNIR below
_PAN = 400.0, 700.0  # nm
TILE = "T33TUL_20220724T101559"
_TEN = SETS["4 bands"]
_TWENTY = tuple(band for band in SETS["10 bands"] if band not in _TEN)


@dataclass(frozen=True)
class Ground:
    """What the sensors see.

    Attributes:
        values: (bands, rows, columns) float32, reflectance, of pixels of 5 m; rows and columns are multiples of 12.
        waves: nm, ascending.
    """

    values: np.ndarray
    waves: tuple[float, ...]

    @classmethod
    def of_file(cls, path: Path, spectra: Path) -> Ground:
        """Of a raster whose stored numbers are taken as 1e-4 of reflectance, and one that says the wavelengths."""
        values = ArrayImage.read(path).values
        with RasterReader(str(spectra)) as reader:
            waves = np.array([float(wave or 0.0) for wave in reader.metadata.wavelengths])
        rows, cols = (count // 12 * 12 for count in values.shape[1:])
        order = np.argsort(waves)
        return cls(values[order, :rows, :cols].astype(np.float32) * np.float32(1e-4), tuple(waves[order].tolist()))

    def seen(self, ratio: int) -> np.ndarray:
        """(bands, rows, columns) float32, of pixels that are so many times as large."""
        return degraded(self.values, ratio)


def degraded(values: np.ndarray, ratio: int) -> np.ndarray:
    """An image at pixels that are so many times as large."""
    high = values.shape[1], values.shape[2]
    return Operators((high[0] // ratio, high[1] // ratio), high, ratio, (0.0, 0.0), GAIN).down(values)


def write_prisma(ground: Ground, path: Path) -> str:
    """A product of level 2D."""
    hsi, waves = ground.seen(6), np.array(ground.waves)
    inside = (waves >= _PAN[0]) & (waves <= _PAN[1])
    rows, cols = hsi.shape[1:]
    with h5py.File(path, "w") as file:
        facts = file.attrs
        facts["Epsg_Code"], facts["Processing_Level"] = np.int64(_CRS), np.bytes_("2D")
        for name, east, south in (("UL", 0, 0), ("UR", 1, 0), ("LL", 0, 1), ("LR", 1, 1)):
            facts[f"Product_{name}corner_easting"] = np.float32(_X + 30.0 * cols * east)
            facts[f"Product_{name}corner_northing"] = np.float32(_Y - 30.0 * rows * south)
        swaths = file.create_group("HDFEOS/SWATHS/PRS_L2D_HCO/Data Fields")
        for name, chosen in (("Vnir", waves <= _DETECTORS), ("Swir", waves > _DETECTORS)):
            backwards = np.flatnonzero(chosen)[::-1]  # from long to short, as in the products
            facts[f"List_Cw_{name}"] = waves[backwards].astype(np.float32)
            facts[f"List_Fwhm_{name}"] = np.full(len(backwards), 10.0, np.float32)
            facts[f"List_Cw_{name}_Flags"] = np.ones(len(backwards), np.uint8)
            swaths.create_dataset(f"{name.upper()}_Cube", data=_stored(hsi[backwards]).transpose(1, 0, 2))
        for name in ("Vnir", "Swir", "Pan"):
            facts[f"L2Scale{name}Min"], facts[f"L2Scale{name}Max"] = np.float32(0.0), np.float32(_LARGEST)
        pan = file.create_group("HDFEOS/SWATHS/PRS_L2D_PCO/Data Fields")
        pan.create_dataset("Cube", data=_stored(ground.values[inside].mean(axis=0)))
    return str(path)


def _stored(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values / _LARGEST * 65535), 1, 65535).astype(np.uint16)


def write_sentinel_2(ground: Ground, folder: Path) -> str:
    """A product of level 2A of another day."""
    root = folder / "S2A_MSIL2A_20220724T101559_N0510_R065_T33TUL_20220724T162000.SAFE"
    granule = root / "GRANULE" / "L2A_T33TUL_A037017_20220724T101806"
    sensor = published_sensor("sentinel-2a")
    if sensor is None:
        raise LookupError("no responses of Sentinel-2A")
    spectral = ""
    for number, (band, response) in enumerate(sensor.responses.items()):
        weights = band_weights(response, ground.waves, "the ground")
        wide = np.tensordot(np.array([*weights.values()], np.float32), ground.values[[*weights]], 1)
        wide *= np.float32(0.85 + 0.25 * number / len(sensor.responses))
        size = 10 if band in _TEN else 20
        values = np.rint(degraded(wide[None], size // 5) * 1e4 + 1000).astype(np.uint16)
        images = granule / "IMG_DATA" / f"R{size}m"
        images.mkdir(parents=True, exist_ok=True)
        grid = Grid(_X + OFF[1], _Y - OFF[0], size, -size, *values.shape[1:], f"EPSG:{_CRS}")
        made = images / f"{TILE}_{band}_{size}m.tif"
        ArrayImage(values, grid, RasterMetadata.plain(1, "uint16", 0.0)).write(made)
        made.rename(made.with_suffix(".jp2"))  # GDAL looks at what a file holds
        wave = sum(ground.waves[place] * weight for place, weight in weights.items())
        spectral += (
            f'<Spectral_Information bandId="{number}" physicalBand="{band.replace("B0", "B")}"><RESOLUTION>{size}'
            f'</RESOLUTION><Wavelength><CENTRAL unit="nm">{wave:.1f}</CENTRAL></Wavelength></Spectral_Information>'
        )
    offsets = "".join(f'<BOA_ADD_OFFSET band_id="{number}">-1000</BOA_ADD_OFFSET>' for number in range(13))
    (root / "MTD_MSIL2A.xml").write_text(
        '<?xml version="1.0"?><n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD">'
        "<n1:General_Info><Product_Info><PRODUCT_START_TIME>2022-07-24T10:15:59.024Z</PRODUCT_START_TIME>"
        "<PROCESSING_BASELINE>05.10</PROCESSING_BASELINE></Product_Info><Product_Image_Characteristics>"
        '<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>'
        f"</QUANTIFICATION_VALUES_LIST>{offsets}<Spectral_Information_List>{spectral}</Spectral_Information_List>"
        "</Product_Image_Characteristics></n1:General_Info></n1:Level-2A_User_Product>"
    )
    return str(root)


def scores(ground: Ground, product: str, fused: Path) -> dict[str, float]:
    """SAM and ERGAS of a result against the ground, over the good bands and the pixels of both."""
    with open_raster(product, "hsi") as hsi, open_raster(str(fused)) as result:
        good = np.flatnonzero(hsi.metadata.bbl)
        block, grid = result.read(), result.grid
    row, col = round((_Y - grid.y) / 5.0), round((grid.x - _X) / 5.0)
    truth = ground.values[good, row : row + grid.rows, col : col + grid.cols]
    scales, offsets = (np.array(each)[good, None, None] for each in (result.metadata.scales, result.metadata.offsets))
    found = reference_indices(
        (block.values[good] * scales + offsets).astype(np.float32), truth, 6, block.valid[good].all(0)
    )
    return {key: float(found[key]) for key in KEYS}


def run(method: str, hsi: str, out: Path, pan2: str, progress: ConsoleProgress) -> None:
    """One job at default settings."""
    if method == "sharpen":
        sharpen(hsi, hsi, str(out), pan2=pan2, progress=progress)
    else:
        name, iterations = ("exp", 0) if method == "up-sampling" else ("mtf-glp", 5)
        classical(hsi, hsi, str(out), method=name, consistency=iterations, pan2=pan2, progress=progress)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder of products and results")
    parser.add_argument("--methods", nargs="*", default=[*METHODS], help=f"of {', '.join(METHODS)}")
    add_option(parser)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    truth, product, fused = (options.out / name for name in ("ground.tif", "PRS_L2D_STD_20220724.he5", "fused.tif"))
    if not truth.exists():
        make_scene(options.scenes, GROUND, truth)
    ground = Ground.of_file(truth, options.scenes / GROUND[2])
    hsi, partner = write_prisma(ground, product), write_sentinel_2(ground, options.out)
    record = Record(
        "partner-prisma", f"ground: {GROUND[0]} with spectra of {GROUND[2]}; default settings; Sentinel-2 {OFF} m off"
    )
    table = record.table("scores", "sharper images", "method", *KEYS, "seconds", digits=4)
    for label, pan2 in (("its PAN", ""), ("its PAN and Sentinel-2", partner)):
        for method in options.methods:
            started = time.perf_counter()
            run(method, hsi, fused, pan2, ConsoleProgress())
            seconds = time.perf_counter() - started
            found = scores(ground, hsi, fused)
            table.add(label, method, *(found[key] for key in KEYS), seconds)
    record.write(options.results)


if __name__ == "__main__":
    main()
