"""Images with the PAN of their own satellite, both degraded: pairs whose PAN is no mixture of the bands.

No setting of learning was chosen on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.io.array_image import ArrayImage
from core.io.grid import Window
from core.workflows.simulate import simulate

GAIN = 0.3  # MTF gain of the degraded images


class Satellite(NamedTuple):
    """An image with the PAN of its own satellite.

    Attributes:
        files: of the image, which is the truth, and of the PAN, in one folder.
        ratio: of their pixels, and of the degradation.
        area: that it shows.
        side: pixels of the middle that are taken; None for all.
    """

    files: tuple[str, str]
    ratio: int
    area: str
    side: int | None = None


PAN_GAIN = 0.2  # MTF gain that its PAN is degraded with
_BOTH = ("ms.tif", "pan.tif")
SATELLITES = {
    "eo1_paris": Satellite(("hsi.tif", "pan.tif"), 3, "Paris"),
    "ikonos": Satellite(_BOTH, 4, "IKONOS"),
    "worldview2": Satellite(_BOTH, 4, "WorldView-2"),
    **{f"landsat7/{n}": Satellite((f"{n}_ms.tif", f"{n}_pan.tif"), 2, "Landsat 7", 200) for n in (1, 3, 8)},
}


def cut(path: Path, side: int | None, ratio: int, factor: int = 1) -> ArrayImage:
    """The middle of a raster, of whole pixels of the degraded one; ``factor`` for the PAN's pixels."""
    image = ArrayImage.read(path)
    shape = [count // factor for count in image.values.shape[1:]]
    sides = [side or count // ratio * ratio for count in shape]
    spans = [
        ((count - one) // 2 * factor, (count - one) // 2 * factor + one * factor) for count, one in zip(shape, sides)
    ]
    window = Window(spans[0][0], spans[1][0], spans[0][1] - spans[0][0], spans[1][1] - spans[1][0])
    values = image.values[:, spans[0][0] : spans[0][1], spans[1][0] : spans[1][1]]
    return ArrayImage(np.ascontiguousarray(values), image.grid.crop(window), image.metadata)


def degraded_satellite(scenes: Path, out: Path, name: str) -> tuple[str, str, Path]:
    """HSI, PAN and truth of a case, made on the first call."""
    satellite = SATELLITES[name]
    stem = name.replace("/", "-")
    folder = scenes / name.split("/")[0]
    hsi, pan, truth, whole, unused = (out / f"{stem}-{kind}.tif" for kind in ("hsi", "pan", "truth", "whole", "unused"))
    if not pan.exists():
        image = cut(folder / satellite.files[0], satellite.side, satellite.ratio)
        image.write(truth)
        sharp = cut(folder / satellite.files[1], satellite.side, satellite.ratio, satellite.ratio)
        twice = ArrayImage(sharp.values[[0, 0]], sharp.grid, sharp.metadata.select([0, 0]))
        twice.write(whole)  # as a scene of two bands
        simulate(str(truth), satellite.ratio, str(hsi), str(unused), mtf_hsi=GAIN, pan_bands="1")
        simulate(
            str(whole),
            satellite.ratio,
            str(whole.with_suffix(".low.tif")),
            str(unused),
            mtf_hsi=PAN_GAIN,
            pan_bands="1",
        )
        low = ArrayImage.read(whole.with_suffix(".low.tif"))
        ArrayImage(low.values[:1], low.grid, low.metadata.select([0])).write(pan)
    return str(hsi), str(pan), truth
