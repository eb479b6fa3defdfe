"""Make the pictures of docs/gallery.md: the example scene, degraded by Wald's protocol and sharpened again."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
from osgeo import gdal

mpl.use("Agg")
from matplotlib import pyplot as plt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
TRUTH = ROOT / "examples" / "indian_pines" / "indian_pines.tif"
RENDERINGS = {"infrared": (50, 27, 17), "true_colour": (27, 17, 9)}  # bands counted from 1
SHORT_WAVE = (2200.0, 1650.0, 860.0)  # nm, which a PAN does not see


def read(path: Path, bands: tuple[int, ...]) -> np.ndarray:
    """Bands of a raster as an array (rows, columns, bands), in stored numbers."""
    dataset = gdal.Open(str(path))
    return np.stack([dataset.GetRasterBand(band).ReadAsArray().astype(float) for band in bands], axis=-1)


def fuse_all(folder: Path) -> dict[str, Path]:
    """The rasters by their titles."""
    from core import classical, sharpen, simulate

    hsi, pan = folder / "hsi.tif", folder / "pan.tif"
    simulate(TRUTH, 4, hsi, pan, pan_bands="7-33")
    made = {"HSI, up-sampled": folder / "exp.tif", "MTF-GLP": folder / "glp.tif", "SSML": folder / "ssml.tif"}
    classical(hsi, pan, made["HSI, up-sampled"], method="exp")
    classical(hsi, pan, made["MTF-GLP"], method="mtf-glp")
    sharpen(hsi, pan, made["SSML"], effort="fast", seed=0)
    return {**made, "truth": TRUTH}


def fuse_with_more_bands(folder: Path) -> dict[str, Path]:
    """The rasters by their titles: what a PAN gives beyond the bands that it sees, and what Sentinel-2's bands give."""
    from core import sharpen, simulate

    hsi, partner = folder / "hsi-of-two.tif", folder / "partner.tif"
    simulate(TRUTH, 4, hsi, partner, pan_range="sentinel-2")
    made = {"SSML with a PAN": folder / "ssml.tif", "with Sentinel-2's bands": folder / "ssml-partner.tif"}
    sharpen(hsi, partner, made["with Sentinel-2's bands"], effort="fast", seed=0)
    return {"HSI, up-sampled": folder / "exp.tif", **made, "truth": TRUTH}


def nearest(path: Path, waves: tuple[float, ...]) -> tuple[int, ...]:
    """The bands of a raster, counted from 1, that are nearest to wavelengths in nm."""
    dataset = gdal.Open(str(path))
    known = [float(dataset.GetRasterBand(n + 1).GetMetadataItem("wavelength")) for n in range(dataset.RasterCount)]
    return tuple(int(np.argmin(np.abs(np.array(known) - wave))) + 1 for wave in waves)


def draw(name: str, rasters: dict[str, Path], bands: tuple[int, ...]) -> None:
    """One picture in docs/img."""
    truth = read(TRUTH, bands)
    low, high = np.percentile(truth, (1, 99), axis=(0, 1))
    figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), dpi=90)
    for axis, (title, path) in zip(axes, rasters.items()):
        image = ((read(path, bands) - low) / (high - low)).clip(0, 1)
        axis.imshow(image[20:120, 20:120], interpolation="nearest")
        axis.set_title(title, fontsize=10)
        axis.set_axis_off()
    figure.tight_layout(pad=1.0)
    target = ROOT / "docs" / "img" / f"gallery_{name}.png"
    figure.savefig(target, facecolor="white", metadata={"Software": None})
    print(target, target.stat().st_size)


def main() -> None:
    """One picture a rendering, in docs/img."""
    gdal.UseExceptions()
    with tempfile.TemporaryDirectory() as folder:
        rasters = fuse_all(Path(folder))
        for name, bands in RENDERINGS.items():
            draw(name, rasters, bands)
        draw("short_wave", fuse_with_more_bands(Path(folder)), nearest(TRUTH, SHORT_WAVE))


if __name__ == "__main__":
    main()
