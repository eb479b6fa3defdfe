"""Make the README's picture, ``docs/img/indian_pines.png``, from what ``make demo`` left in ``build/demo/``."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from osgeo import gdal

mpl.use("Agg")
from matplotlib import pyplot as plt

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "build" / "demo"
TRUTH = ROOT / "examples" / "indian_pines" / "indian_pines.tif"
BANDS = (50, 27, 17)
"""Near infrared, red and green of the example scene, counted from 1: plants are red."""


def read(path: Path, bands: tuple[int, ...]) -> np.ndarray:
    """Bands of a raster as an array (rows, columns, bands)."""
    gdal.UseExceptions()
    dataset = gdal.Open(str(path))
    return np.stack([dataset.GetRasterBand(band).ReadAsArray().astype(float) for band in bands], axis=-1)


def main() -> None:
    """Four images of the same ground, in the same colours."""
    truth = read(TRUTH, BANDS)
    low, high = np.percentile(truth, (1, 99), axis=(0, 1))
    pan = read(DEMO / "pan.tif", (1,))
    pan_low, pan_high = np.percentile(pan, (1, 99))
    panels = {
        "hyperspectral image": (read(DEMO / "hsi.tif", BANDS) - low) / (high - low),
        "panchromatic image": np.repeat((pan - pan_low) / (pan_high - pan_low), 3, axis=-1),
        "sharpened": (read(DEMO / "sharpened.tif", BANDS) - low) / (high - low),
        "truth, never seen": ((truth - low) / (high - low))[: pan.shape[0], : pan.shape[1]],
    }
    figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), dpi=110)
    for axis, (title, image) in zip(axes, panels.items()):
        axis.imshow(image.clip(0, 1), interpolation="nearest")
        axis.set_title(title, fontsize=10)
        axis.set_axis_off()
    figure.tight_layout(pad=1.0)
    target = ROOT / "docs" / "img" / "indian_pines.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, facecolor="white", metadata={"Software": None})
    print(target)


if __name__ == "__main__":
    main()
