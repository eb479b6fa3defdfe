"""What is read changes or cannot be read while a job is at work."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.runtime.errors import InputError

from .jobs import CHECKPOINTS, JOBS, At, left

pytestmark = pytest.mark.usefixtures("untouched")
RASTERS = [(name, read) for name, job in JOBS.items() for read in job.reads if read not in ("model", "product")]


@pytest.fixture
def copied(files, tmp_path):
    """A function: the files, one of them as a copy that may be spoiled."""

    def copy(field: str):
        path = tmp_path / Path(getattr(files, field)).name
        shutil.copy(getattr(files, field), path)
        return replace(files, **{field: str(path)}), path

    return copy


def is_told(name, files, folder, progress, sentence):
    """The job ends well, or with one sentence and without a result."""
    try:
        JOBS[name].run(files, str(folder), progress)
    except InputError as error:
        assert not set(left(folder)) - {CHECKPOINTS.get(name)}
        return sentence(error)
    assert left(folder) == sorted(JOBS[name].outputs)
    return ""


@pytest.mark.parametrize(("name", "read"), RASTERS)
def test_an_input_that_is_cut_off_meanwhile_is_told_or_not_needed_any_more(
    name, read, copied, folder, moments, sentence
):
    for share in (0.1, 0.6):
        spoiled, path = copied(read)
        half = path.stat().st_size // 2
        is_told(name, spoiled, folder, At(int(share * moments(name)), partial(os.truncate, path, half)), sentence)
        for entry in left(folder):
            (folder / entry).unlink()


@pytest.mark.parametrize(("name", "read"), [("assess", "fused"), *RASTERS])
def test_a_block_that_cannot_be_read_is_told(name, read, copied, folder, sentence):
    """A sector of the compressed numbers is lost, as on a worn disk."""
    spoiled, path = copied(read)
    with gdal.Open(str(path)) if hasattr(gdal.Dataset, "__enter__") else _opened(path) as dataset:
        band = dataset.GetRasterBand(dataset.RasterCount)
        where = int(band.GetMetadataItem("BLOCK_OFFSET_0_0", "TIFF"))
        size = int(band.GetMetadataItem("BLOCK_SIZE_0_0", "TIFF"))
        compressed = dataset.GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE")
    assert compressed == "DEFLATE"
    with open(path, "r+b") as file:
        file.seek(where)
        file.write(bytes([0x55]) * min(size, 512))
    said = is_told(name, spoiled, folder, At(), sentence)
    assert path.name in said
    assert "cannot be read" in said


class _opened:  # noqa: N801 - GDAL before 3.8: datasets are no context managers
    def __init__(self, path):
        self.dataset = gdal.Open(str(path))

    def __enter__(self):
        return self.dataset

    def __exit__(self, *_):
        self.dataset = None


@pytest.mark.parametrize("suffix", [".img", ".bil", ".bip"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_an_envi_file_shorter_than_its_header_says_is_refused(suffix, share, files, tmp_path, folder, sentence):
    path = tmp_path / f"hsi{suffix}"
    interleave = {".img": "BSQ", ".bil": "BIL", ".bip": "BIP"}[suffix]
    gdal.Translate(str(path), files.hsi, format="ENVI", creationOptions=[f"INTERLEAVE={interleave}"])
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises(InputError) as caught:
        JOBS["classical"].run(replace(files, hsi=str(path)), str(folder), At())
    assert path.name in sentence(caught.value)
    assert left(folder) == []


def test_a_product_whose_numbers_are_damaged_is_told(copied, folder, sentence):
    spoiled, path = copied("product")
    content = bytearray(path.read_bytes())
    for start in range(4096, len(content) - 64, 2048):
        content[start : start + 48] = bytes(48)
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        JOBS["openproduct"].run(spoiled, str(folder), At())
    assert path.name in sentence(caught.value)
    assert left(folder) == []


def test_a_model_that_vanishes_meanwhile_does_no_harm(copied, files, folder, tmp_path):
    spoiled, path = copied("model")
    JOBS["fuse"].run(spoiled, str(folder), At(2, path.unlink))
    again = tmp_path / "again"
    again.mkdir()
    JOBS["fuse"].run(files, str(again), At())
    np.testing.assert_array_equal(*(gdal.Open(str(place / "f.tif")).ReadAsArray() for place in (folder, again)))
