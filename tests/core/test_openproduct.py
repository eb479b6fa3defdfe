"""The job openproduct: what is written of a product is what its reader gives."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.io.positions import to_map
from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.products.table import PRODUCTS
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.workflows.openproduct import openproduct
from core.workflows.options.products import PRODUCT_FILTER
from tests.core import swaths, test_product_emit, test_product_partners, test_products
from tests.core.said import Said

pytest.importorskip("h5py")

landsat = test_product_partners.landsat  # a fixture
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def emit(tmp_path):
    folder = tmp_path / "emit"
    folder.mkdir()
    test_product_emit.write_mask(folder / test_product_emit.MASK)
    return test_product_emit.write_emit(folder / test_product_emit.RFL)


def test_everything_that_the_reader_knows_is_written(emit, tmp_path):
    outs = [str(tmp_path / f"{name}.tif") for name in ("hsi", "pan", "quality")]
    made = openproduct(emit, *outs)
    assert (made["product"], made["bands"], made["bad_bands"]) == ("EMIT", 8, 1)
    assert (made["hsi"], made["pan"], made["quality"]) == (outs[0], "", outs[2])
    assert not Path(outs[1]).exists()
    with open_raster(emit) as image, RasterReader(outs[0]) as copy:
        for field in ("names", "wavelengths", "fwhm", "bbl", "scales", "offsets", "nodata", "dtype"):
            assert getattr(copy.metadata, field) == getattr(image.metadata, field), field
        expected, found = image.read(), copy.read()
        np.testing.assert_array_equal(found.valid, expected.valid)
        np.testing.assert_array_equal(found.values, expected.values)
        rows, cols = (axis.ravel() + 0.5 for axis in np.mgrid[:24, :26])
        places = [np.stack(to_map(grid, rows, cols)) for grid in (image.grid, copy.grid)]
    metres = np.abs(places[0] - places[1]).max() * 111e3
    assert metres < 0.02 * swaths.PIXEL
    assert gdal.Open(outs[2]).GetRasterBand(1).GetDescription() == "cloud"


def test_what_a_product_is_read_as_is_said_once(emit, tmp_path):
    said = []

    class Listener(Progress):
        def info(self, message):
            said.append(message)

    outs = str(tmp_path / "hsi.tif"), "", str(tmp_path / "quality.tif")
    openproduct(emit, *outs, progress=Listener())
    assert sum(" is read as " in text for text in said) == 1
    facts = [fact for text in said for fact in text.rstrip(".").split(": ", 1)[-1].split("; ")]
    assert len(facts) == len(set(facts)) >= 4


def test_what_a_product_has_not_is_left_out_where_all_is_asked_and_refused_where_it_is_named(emit, tmp_path):
    (tmp_path / "emit" / test_product_emit.MASK).unlink()
    hsi, quality = str(tmp_path / "h.tif"), str(tmp_path / "q.tif")
    said = []

    class Listener(Progress):
        def info(self, message):
            said.append(message)

    assert openproduct(emit, hsi, quality_out=quality, progress=Listener())["quality"] == ""
    assert any("lacks its masks" in text for text in said)
    with pytest.raises(InputError, match="lacks its masks"):
        openproduct(emit, quality_out=quality, role="quality")
    with pytest.raises(InputError, match="has none of the images asked for; it has: hsi, quality"):
        openproduct(emit, pan_out=str(tmp_path / "p.tif"))
    with pytest.raises(InputError, match=r"name a file for --out-quality \(QUALITY\)"):
        openproduct(emit, hsi, role="quality")


def test_an_image_that_is_asked_for_and_not_there_is_said(emit, tmp_path):
    said, sharper = Said(), tmp_path / "p.tif"
    assert openproduct(Path(emit).parent, str(tmp_path / "h.tif"), str(sharper), progress=said)["pan"] == ""
    assert not sharper.exists()
    (warning,) = (text for text in said.warnings if "sharper" in text)
    assert "which has no sharper image: none is written; --role pan (ROLE) looks for another product" in warning


def test_the_multispectral_image_of_a_partner_is_written_in_the_place_of_the_pan(tmp_path, landsat):
    folder, bands = landsat(), []
    for role in ("pan", "guide"):
        out = str(tmp_path / f"{role}.tif")
        openproduct(str(folder), pan_out=out, role=role)
        bands.append(gdal.Open(out).RasterCount)
    assert bands[0] == 1 < bands[1]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("none.he5", "does not exist"),
        ("plain.tif", r"plain\.tif is no product .* Known are PRISMA, .* give it to the other jobs as HSI or PAN"),
        ("some", r"The folder some holds no product .*/some; its files: a\.txt, plain\.tif\): .* Known are PRISMA"),
        ("many", r"its files: 0\.txt, .* and 3 more\)"),
        ("empty", r"The folder empty is empty \(.*/empty\): choose the folder"),
        ("ENMAP01-X-SPECTRAL_IMAGE.TIF", r"a part of a product of EnMAP, but \.\.\.-METADATA\.XML is not beside it"),
    ],
)
def test_what_is_no_product_is_told_so_with_what_would_be(tmp_path, write_raster, what, said):
    for name in ("some", "many", "empty"):
        (tmp_path / name).mkdir()
    for path in ("plain.tif", "some/plain.tif", "ENMAP01-X-SPECTRAL_IMAGE.TIF"):
        write_raster(tmp_path / path, np.ones((2, 4, 4), np.uint8))
    for path in ("some/a.txt", *(f"many/{number}.txt" for number in range(9))):
        (tmp_path / path).write_text("x")
    with pytest.raises(InputError, match=said):
        openproduct(str(tmp_path / what), str(tmp_path / "o.tif"))


def test_the_command_takes_a_folder_and_the_rule_of_bands(emit, tmp_path):
    out = str(tmp_path / "h.tif")
    command = [sys.executable, "-m", "core", "openproduct", str(Path(emit).parent), "--out-hsi", out]
    done = subprocess.run([*command, "--band-order", "wavelength"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "EMIT: 24 x 26 pixels, 8 bands" in done.stdout
    done = subprocess.run([*command, "--detectors", "600"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "cannot be joined at 600 nm: it has no two detectors that overlap" in done.stderr


def test_the_file_filter_names_each_product_and_finds_its_key_file():
    first, *parts = PRODUCT_FILTER.split(";;")
    named = {re.split(r" \(", part)[0]: re.search(r"\((.*)\)", part)[1].split() for part in parts[:-1]}
    patterns = re.search(r"\((.*)\)", first)[1].split()
    for product in PRODUCTS:
        file = test_products.NAMES[product.name]
        assert any(fnmatch.fnmatch(file, pattern) for pattern in patterns), product.name
        own = named["EO-1 Hyperion, ALI" if product.name.startswith("EO-1") else product.name]
        assert any(fnmatch.fnmatch(file, pattern) for pattern in own), product.name
