"""Scenes that are made of real spectra, larger than the real ones at hand, for large ratios.

Every pixel of a real multispectral image, brought to 384 x 384 pixels, gets the mixture of real spectra that is nearest
to its bands.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.io.array_image import ArrayImage, pair_of_arrays

MADE = 384  # pixels along an edge
_NEIGHBOURS, _SPECTRA = 4, 4000
Made = tuple[str, tuple[int, ...], str]  # file of the structure, its bands, file of the spectra
MADE_OF: dict[str, Made] = {
    "worldview2 + urban-5": ("worldview2/ms.tif", (1, 2, 3, 5, 7), "aviris_los_angeles/urban-5.tif"),
    "ikonos + airport-1": ("ikonos/ms.tif", (0, 1, 2, 3), "aviris_los_angeles/airport-1.tif"),
}


def make_scene(scenes: Path, of: Made, path: Path) -> None:
    """A scene of real spectra with the structure of a real multispectral image, without wavelengths."""
    structure, bands, spectra = of
    image = ArrayImage.read(scenes / structure).values[list(bands)].astype(np.float64)
    pad = [(0, 0), *((0, max(0, MADE - count)) for count in image.shape[1:])]
    image = np.pad(image, pad, mode="reflect")[:, :MADE, :MADE].reshape(len(bands), -1)
    source = ArrayImage.read(scenes / spectra)
    cube = np.maximum(source.values.reshape(len(source.values), -1).astype(np.float64), 0)
    rng = np.random.default_rng(0)
    cube = cube[:, rng.choice(cube.shape[1], _SPECTRA, replace=False)]
    places = np.linspace(12, 60, len(bands)).astype(int)  # bands of the spectra that stand for those of the structure

    def ranks(values: np.ndarray) -> np.ndarray:
        """Each band's values as their place among the others, 0 to 1, so that both images are distributed alike."""
        return np.stack([np.argsort(np.argsort(band)) / len(band) for band in values])

    seen, known = ranks(image), ranks(cube[places])
    made = np.empty((len(cube), image.shape[1]), np.float32)
    for start in range(0, image.shape[1], 4096):
        part = seen[:, start : start + 4096]
        distance = ((part[:, :, None] - known[:, None, :]) ** 2).sum(axis=0)
        near = np.argpartition(distance, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
        weight = 1 / (np.take_along_axis(distance, near, 1) + 1e-4)
        weight /= weight.sum(axis=1, keepdims=True)
        made[:, start : start + 4096] = np.einsum("bnk,nk->bn", cube[:, near], weight)
    values = np.round(made.reshape(-1, MADE, MADE)).astype(np.int16)
    pair_of_arrays(values, np.zeros((2 * MADE, 2 * MADE), np.int16), 2)[0].write(path)


def made_scene(scenes: Path, name: str, folder: Path) -> Path:
    """The file in a folder of a scene of :data:`MADE_OF`, made on the first call."""
    path = folder / f"{name.replace(' ', '')}-truth.tif"
    if not path.exists():
        make_scene(scenes, MADE_OF[name], path)
    return path
