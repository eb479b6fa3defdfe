"""Folders and archives that are no product: which image in them is taken, and what is said where none can be."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from osgeo import gdal

from core.products.opening import open_raster
from core.runtime.errors import InputError

VALUES = np.arange(1, 433, dtype=np.uint16).reshape(3, 12, 12)


def picture(path):
    """A quicklook: nothing says where it lies."""
    plain = gdal.GetDriverByName("MEM").Create("", 12, 12, 1)
    gdal.GetDriverByName("PNG").CreateCopy(str(path), plain)
    return path


def test_overviews_and_quicklooks_beside_an_image_are_no_other_images(tmp_path, write_raster):
    path = write_raster(tmp_path / "scene.tif", VALUES)
    picture(tmp_path / "preview.png")
    gdal.Open(path).BuildOverviews("NEAREST", [2])
    assert (tmp_path / "scene.tif.ovr").exists()
    with open_raster(tmp_path) as image:
        np.testing.assert_array_equal(image.read().values, VALUES)


def test_a_logo_beside_a_packed_product_is_not_taken_for_the_image(tmp_path):
    (tmp_path / "tools").mkdir()
    picture(tmp_path / "tools" / "logo.png")
    with zipfile.ZipFile(tmp_path / "ENMAP01.ZIP", "w") as file:
        file.writestr("a.txt", "text")
    with pytest.raises(InputError, match=r"holds no image, but the archive ENMAP01\.ZIP; choose it\.$"):
        open_raster(tmp_path)


def test_a_picture_alone_is_an_image_and_so_is_one_that_lies_somewhere(tmp_path, write_raster):
    picture(tmp_path / "photo.png")
    (tmp_path / "photo.pgw").write_text("10\n0\n0\n-10\n500005\n5799995\n")
    with open_raster(tmp_path) as image:
        assert (image.grid.x, image.grid.dx) == (500000.0, 10.0)
    write_raster(tmp_path / "scene.tif", VALUES)
    with pytest.raises(InputError, match=r"It holds 2 images: \S+photo\.png, \S+scene\.tif; choose one of them\.$"):
        open_raster(tmp_path)


def test_a_folder_of_bands_gets_the_command_that_stacks_them(tmp_path, write_raster):
    for band in (2, 3, 4):
        write_raster(tmp_path / f"HLS.L30.T33UUU.v2.0.B0{band}.tif", VALUES[:1])
    with pytest.raises(InputError, match=r"holds no product .* It holds 3 images: .*gdalbuildvrt -separate \S+\.vrt"):
        open_raster(tmp_path, "pan")


def test_bands_of_a_product_without_its_metadata_are_called_that(tmp_path, write_raster):
    for band in (2, 3):
        write_raster(tmp_path / f"LC08_L2SP_193023_20220724_20220802_02_T1_SR_B{band}.TIF", VALUES[:1])
    said = r"named as parts of a product of Landsat 7, 8, 9, but not its \.\.\._MTL\.txt, .*: put that there, too\. It"
    with pytest.raises(InputError, match=said):
        open_raster(tmp_path, "pan")
