"""Folders and archives that are no product: which image in them is taken, and what is said where none can be."""

from __future__ import annotations

import tarfile
import zipfile

import numpy as np
import pytest
from osgeo import gdal

from core.products import opening
from core.products.opening import open_raster
from core.runtime.errors import InputError
from tests.core.test_product_partners import SHARP, TILE, Told, msi

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


@pytest.fixture
def deep(tmp_path, write_raster):
    """A folder, three levels above a product of Sentinel-2."""
    root = tmp_path / "tile" / "2022" / "july" / "S2A_MSIL2A_20220724T101559_N0510_R065_T33UUU_20220724T162000.SAFE"
    images = root / "GRANULE" / "L2A_T33UUU_A037017_20220724T101806" / "IMG_DATA" / "R10m"
    images.mkdir(parents=True)
    (root / "MTD_MSIL2A.xml").write_text(msi("2A", "05.10", (-1000,) * 13))
    for i, band in enumerate(SHARP):
        write_raster(images / f"{TILE}_{band}_10m.jp2", VALUES[0] + np.uint16(i), pixel=10.0)
    return tmp_path / "tile"


def pack(folder, archive, kind):
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            for path in sorted(folder.rglob("*.*")):
                file.write(path, path.relative_to(folder.parent))
    else:
        with tarfile.open(archive, "w:gz", format=tarfile.GNU_FORMAT) as file:
            file.add(folder, folder.name)
    return archive


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz"])
def test_a_product_is_whole_however_deep_it_lies(kind, deep, tmp_path, monkeypatch):
    """Its key file was found, its bands farther below were not: "lacks its band B02; get the whole product"."""
    path = deep if kind == "folder" else pack(deep, tmp_path / f"download.{kind}", kind)
    monkeypatch.setattr(opening, "_LARGE", 100)
    told = Told()
    with open_raster(path, "pan", told) as image:
        assert image.metadata.names == SHARP
        np.testing.assert_array_equal(image.read().values[3], VALUES[0] + 3)
    slow = [line for line in told.lines if "is read through its compression; unpacked, it is read much faster" in line]
    assert len(slow) == (kind != "folder")


def test_a_file_in_an_archive_by_gdals_name_is_a_part_of_its_product(deep, tmp_path):
    archive = pack(deep, tmp_path / "download.zip", "zip")
    key = next(deep.rglob("MTD_MSIL2A.xml")).relative_to(deep.parent)
    with open_raster(f"/vsizip/{archive}/{key.as_posix()}", "pan") as image:
        assert image.metadata.names == SHARP


def test_an_archive_whose_names_gdal_cuts_is_to_be_unpacked(deep, tmp_path):
    """Of Python's and many other tar archives GDAL knows 100 characters of longer names."""
    with tarfile.open(tmp_path / "download.tar", "w", format=tarfile.PAX_FORMAT) as file:
        file.add(deep, deep.name)
    with pytest.raises(
        InputError, match=r"^download\.tar holds files of which GDAL reads 100 .*: unpack it and choose"
    ):
        open_raster(tmp_path / "download.tar", "pan")
