"""Scenes of mixtures that tests spoil, and what is found among their samples."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.grid import Window
from core.io.reader import RasterReader
from core.scene.defects import find_defects

LOW = (500000.0, 20.0, 0.0, 5800000.0, 0.0, -20.0)
HIGH = (500000.0, 5.0, 0.0, 5800000.0, 0.0, -5.0)
BANDS, ROWS, COLS, RATIO = 40, 32, 36, 4


def truth(seed=0):
    """(bands, rows, columns) DN: mixtures of three spectra, dark and bright fields, two bands of absorption, noise."""
    rng = np.random.default_rng(seed)
    share = rng.random((3, ROWS // 2, COLS // 2)).repeat(2 * RATIO, axis=1).repeat(2 * RATIO, axis=2) ** 2
    place = np.linspace(0, 1, BANDS)
    spectra = np.stack([np.exp(-(((place - centre) / 0.3) ** 2)) for centre in (0.0, 0.5, 1.0)])
    spectra[:, 20:22] *= 0.01
    return np.einsum("kyx,kb->byx", share, spectra) * 3000 + rng.normal(20, 6, (BANDS, ROWS * RATIO, COLS * RATIO))


@pytest.fixture
def files(make_raster, tmp_path):
    def make(spoil=None, name="hsi", dtype=np.uint16):
        image = truth()
        hsi = np.rint(image.reshape(BANDS, ROWS, RATIO, COLS, RATIO).mean((2, 4))).clip(0).astype(dtype)
        if spoil is not None:
            spoil(hsi)
        pan = image[:10].mean(axis=0).astype(np.float32)
        return make_raster(tmp_path / f"{name}.tif", hsi, LOW), make_raster(tmp_path / "pan.tif", pan, HIGH), image

    return make


def found(path):
    with RasterReader(path) as reader:
        return find_defects(reader, Window(0, 0, ROWS, COLS))
