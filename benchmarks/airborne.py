"""Airborne scenes of the literature on unmixing and target detection, with PANs that are integrated from them.

They are not among the scenes at hand and no setting was chosen on them. Each file is as repositories of published
methods hold it, cut from the scene and without its water bands:

jasper_ridge  AVIRIS, ``jasperRidge2_R198.mat`` (MeiShaohui/Spectral-Variability-Augmented-Sparse-Unmixing)
samson        SAMSON, ``samson_dataset.mat`` (hanzhu97702/IEEE_TGRS_CyCU-Net)
muufl         CASI, MUUFL Gulfport, ``muffle_dataset_130_90.mat`` (UPCGIT/Hyperspectral-Unmixing-Models)
moffett       AVIRIS, Moffett Field, ``moffett.mat`` (UPCGIT/Hyperspectral-Unmixing-Models)
san_diego     AVIRIS, ``Sandiego.mat`` (ShizhenChang/NJCR)
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.io import loadmat

from benchmarks.satellites import GAIN
from core.io.array_image import pair_of_arrays
from core.workflows.simulate import simulate


class Scene(NamedTuple):
    """A truth.

    Attributes:
        file: of MATLAB. variable: in it, (bands, pixels), column after column, or (rows, columns, bands).
        shape: rows and columns. pan: bands of the PAN, about 480 to 690 nm. scale: of its values.
    """

    file: str
    variable: str
    shape: tuple[int, int]
    pan: str
    scale: float


_SCENES = {
    "jasper_ridge": Scene("jasperRidge2_R198.mat", "Y", (100, 100), "9-33", 1),
    "samson": Scene("samson_dataset.mat", "Y", (95, 95), "26-93", 1e4),
    "muufl": Scene("muffle_dataset_130_90.mat", "Y", (90, 90), "10-30", 1e4),
    "moffett": Scene("moffett.mat", "Y", (50, 50), "10-32", 1e4),
    "san_diego": Scene("Sandiego.mat", "Sandiego", (100, 100), "10-33", 1),
}
_RATIOS = (4, 3, 2)
AIRBORNE = {
    f"{name}/{ratio}": ratio
    for ratio in _RATIOS
    for name, scene in _SCENES.items()
    if min(scene.shape) >= 4 * ratio**2  # smaller ones are returned as the prior makes them
}
"""Cases and their ratios."""


def _values(folder: Path, scene: Scene) -> np.ndarray:
    """(bands, rows, columns) float32 of a scene."""
    stored = loadmat(folder / scene.file)[scene.variable]
    if stored.ndim == 3:
        return (stored.transpose(2, 0, 1) * scene.scale).astype(np.float32)
    rows, columns = scene.shape
    return (stored.reshape(len(stored), columns, rows).transpose(0, 2, 1) * scene.scale).astype(np.float32)


def degraded_airborne(folder: Path, out: Path, case: str) -> tuple[str, str, Path]:
    """HSI, PAN and truth of a case, made on the first call.

    Args:
        folder: of the files. out: of what is made. case: of :data:`AIRBORNE`.
    """
    name, ratio = case.split("/")[0], AIRBORNE[case]
    stem = case.replace("/", "-")
    hsi, pan, truth = (out / f"{stem}-{kind}.tif" for kind in ("hsi", "pan", "truth"))
    if not pan.exists():
        scene = _SCENES[name]
        rows, columns = (count // ratio * ratio for count in scene.shape)
        values = np.ascontiguousarray(_values(folder, scene)[:, :rows, :columns])
        pair_of_arrays(values, np.zeros((2 * rows, 2 * columns), np.float32), 2)[0].write(truth)
        simulate(str(truth), ratio, str(hsi), str(pan), mtf_hsi=GAIN, pan_bands=scene.pan)
    return str(hsi), str(pan), truth
