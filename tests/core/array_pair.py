"""A pair as arrays and as files, which must give the same, and a folder of temporary files that must be empty then."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.operators.pair import Operators

ROOT = Path(__file__).resolve().parents[2]
RATIO = 4
LOW = (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)
HIGH = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
WAVES = [450.0, 550.0, 650.0, 850.0, None]


@pytest.fixture(scope="module")
def pair(materials):
    """(hsi uint16 (5, 16, 24), pan uint16 (64, 96))."""
    truth = materials(64, 96, 5)
    hsi = Operators((16, 24), (64, 96), RATIO).down(truth.astype(np.float32))
    return np.rint(hsi).astype(np.uint16), np.rint(truth[1:4].mean(0)).astype(np.uint16)


@pytest.fixture(scope="module")
def files(pair, make_raster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    hsi, pan = make_raster(folder / "hsi.tif", pair[0], LOW), make_raster(folder / "pan.tif", pair[1], HIGH)
    dataset = gdal.Open(hsi, gdal.GA_Update)
    for number, wave in enumerate(WAVES, 1):
        if wave is not None:
            dataset.GetRasterBand(number).SetMetadata({"wavelength": str(wave), "wavelength_units": "Nanometers"})
    dataset = None
    return hsi, pan


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files, which must be empty at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    # Of ours: PyTorch may make folders of its own there.
    left = [path.name for path in folder.iterdir() if path.name.startswith("ssml") and path.suffix != ".log"]
    assert left == []


def values(path):
    return gdal.Open(os.fspath(path)).ReadAsArray()
