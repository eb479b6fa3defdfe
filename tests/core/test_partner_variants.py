"""Sentinel-2 and PlanetScope as archives and tools name them, in parts, and with other metadata than usual."""

from __future__ import annotations

import re

import numpy as np
import pytest
from osgeo import gdal

from core.products.opening import open_raster
from core.runtime.errors import InputError
from tests.core.test_product_partners import SHARP, TILE, msi

VALUES = np.arange(1001, 1145, dtype=np.uint16).reshape(12, 12)


@pytest.fixture
def safe(tmp_path, write_raster):
    """A function: a .SAFE of some bands (GeoTIFFs named as JPEG 2000, which GDAL opens by what they hold)."""

    def write(bands=SHARP, baseline="05.10", offsets=(-1000,) * 13, prefix="", text=lambda xml: xml):
        root = tmp_path / "download" / "renamed"
        images = root / "GRANULE" / "L2A_T33UUU_A037017_20220724T101806" / "IMG_DATA" / "R10m"
        images.mkdir(parents=True)
        (root / "MTD_MSIL2A.xml").write_text(text(msi("2A", baseline, offsets)))
        for i, band in enumerate(bands):
            write_raster(images / f"{prefix}{TILE}_{band}_10m.jp2", VALUES + i, pixel=10.0)
        return root

    return write


def reflectance(path, band=0):
    with open_raster(path, "pan") as image:
        assert image.grid.dx == 10.0
        return image.read().values[band] * image.metadata.scales[band] + image.metadata.offsets[band]


def test_products_of_2017_name_their_files_and_elements_otherwise(safe):
    def of_2017(xml):
        return re.sub("(?=(?:BOA|AOT)_QUANTIFICATION_VALUE)", "L2A_", xml)

    root = safe(baseline="02.05", offsets=(), prefix="L2A_", text=of_2017)
    np.testing.assert_allclose(reflectance(root, 3), (VALUES + 3) * 1e-4, rtol=1e-6)
    np.testing.assert_allclose(reflectance(next(root.rglob("*_B08_10m.jp2"))), (VALUES + 3) * 1e-4, rtol=1e-6)


@pytest.mark.parametrize(("baseline", "offsets", "added"), [("99.99", (), 0.0), ("99.99", (-1000,) * 13, -0.1)])
def test_sen2cors_baseline_99_99_has_the_offsets_that_it_lists_and_no_others(safe, baseline, offsets, added):
    """Run by a user on a product before baseline 04.00 it lists none; -1000 was taken all the same."""
    root = safe(baseline=baseline, offsets=offsets)
    np.testing.assert_allclose(reflectance(root), VALUES * 1e-4 + added, atol=1e-6)
    with open_raster(root, "pan") as image:
        assert image.notes == ()


def test_a_part_of_a_product_is_the_bands_that_are_there(safe):
    root = safe(bands=("B08", "B04"))
    with open_raster(root, "pan") as image:
        assert image.metadata.names == ("B04", "B08")
        assert image.metadata.wavelengths == (664.6, 832.8)
        assert "bands B04, B08 (B02, B03 have no file)" in image.origin.provenance
        np.testing.assert_array_equal(image.read().values[:, 0, 0], [1002, 1001])
    next(root.rglob("*_B04_10m.jp2")).unlink()
    next(root.rglob("*_B08_10m.jp2")).unlink()
    with pytest.raises(InputError, match=r"lacks its band B02 \(\.\.\._B02\.jp2\)"):
        open_raster(root, "pan")


def test_a_band_beside_or_without_its_metadata_in_another_format(safe, tmp_path):
    """Planetary Computer's bands are GeoTIFFs of the same names and numbers; without metadata the offset is unknown."""
    root = safe()
    for path in list(root.rglob("*.jp2")):
        path.rename(root / path.with_suffix(".tif").name)
    np.testing.assert_allclose(reflectance(root, 3), (VALUES + 3) * 1e-4 - 0.1, atol=1e-6)
    alone = root / f"{TILE}_B08_10m.tif"
    np.testing.assert_allclose(reflectance(alone), (VALUES + 3) * 1e-4 - 0.1, atol=1e-6)
    (root / "MTD_MSIL2A.xml").unlink()
    with open_raster(alone, "pan") as image:
        assert image.metadata.scales == (1.0,)
        assert any("MTD_MSIL1C.xml) is not beside it: scale and offset, which stand there" in n for n in image.notes)


GRANULE = "L2A_T33UUU_A037017_20220724T101806"
ORGANISED = (
    "<PRODUCT_URI>S2A_MSIL2A_20220724T101559_N0400_R065_T33UUU_20220724T162000.SAFE</PRODUCT_URI>"
    "<PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE><Query_Options><PRODUCT_FORMAT>SAFE_COMPACT</PRODUCT_FORMAT></Query_Options><Product_Organisation><Granule_List>"
    '<Granule granuleIdentifier="S2A_OPER_MSI_L2A_TL_VGS4_20220724T162000_A037017_T33UUU_N04.00">{files}</Granule>'
    "</Granule_List></Product_Organisation></Product_Info>"
)
PLACED = (
    '<?xml version="1.0"?><n1:Level-2A_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD"><n1:Geometric_Info>'
    "<Tile_Geocoding><HORIZONTAL_CS_CODE>EPSG:32633</HORIZONTAL_CS_CODE>{sizes}</Tile_Geocoding></n1:Geometric_Info>"
    "</n1:Level-2A_Tile_ID>"
)


def as_gdal_shows_it(root):
    """GDAL's name of the bands of 10 m, with what its driver asks for besides."""
    sizes = "".join(
        f'<Size resolution="{pixel}"><NROWS>{120 // pixel}</NROWS><NCOLS>{120 // pixel}</NCOLS></Size><Geoposition '
        f'resolution="{pixel}"><ULX>500000</ULX><ULY>5800000</ULY><XDIM>{pixel}</XDIM><YDIM>-{pixel}</YDIM></Geoposition>'
        for pixel in (10, 20, 60)
    )
    (root / "GRANULE" / GRANULE / "MTD_TL.xml").write_text(PLACED.format(sizes=sizes))
    return f"SENTINEL2_L2A:{root / 'MTD_MSIL2A.xml'}:10m:EPSG_32633"


@pytest.mark.parametrize(("offsets", "added"), [((-1000,) * 13, -0.1), ((), 0.0)])
def test_gdals_own_image_of_the_bands_has_their_scale_offset_and_wavelengths(safe, offsets, added):
    """GDAL shows them as they are stored, B04 first, and declares neither."""
    files = "".join(f"<IMAGE_FILE>GRANULE/{GRANULE}/IMG_DATA/R10m/{TILE}_{band}_10m</IMAGE_FILE>" for band in SHARP)
    organised = ORGANISED.format(files=files)
    root = safe(baseline="02.14", offsets=offsets, text=lambda xml: xml.replace("</Product_Info>", organised))
    name = as_gdal_shows_it(root)
    dataset = gdal.Open(name)
    assert [dataset.GetRasterBand(number).GetOffset() for number in (1, 4)] == [0.0, 0.0]
    for place, stored in ((0, 2), (3, 3)):
        np.testing.assert_allclose(reflectance(name, place), (VALUES + stored) * 1e-4 + added, atol=1e-6)
    with open_raster(name, "hsi") as image:
        assert image.metadata.names[:4] == ("B04", "B03", "B02", "B08")  # newer ones show AOT and WVP behind
        assert image.metadata.wavelengths[:4] == (664.6, 559.8, 492.4, 832.8)
        assert image.metadata.nodata == 0
        assert f"reflectance = (DN {added * 1e4:+g}) / 10000" in image.origin.sentence(image.name)


SCENE = "20220908_155220_89_24ab_3B"


def write_scene(folder, write_raster, tools, bands=8, mask_tools=("",)):
    folder.mkdir()
    values = np.stack([VALUES + i for i in range(bands)])
    values[:, 0, :3] = 0
    image = write_raster(folder / f"{SCENE}_AnalyticMS{tools}.tif", values, pixel=3.0)
    for part, tool in enumerate(mask_tools):
        shape = (12, 12) if part == 0 else (20, 20)
        mask = np.zeros((8, *shape), np.uint8)
        mask[7, 5, 6] = 1  # no image
        write_raster(folder / f"{SCENE}_udm2{tool}.tif", mask, pixel=3.0)
    return image, values


TOOLS = ["_SR_8b_harmonized_clip", "_SR_8b_clip_reproject", "_SR_8b_harmonized_reproject_clip", "_SR_8b_file_format"]


@pytest.mark.parametrize("tools", TOOLS)
def test_tools_of_planets_orders_add_to_the_names(tools, tmp_path, write_raster):
    """Such images opened as any raster: without scale, wavelengths, nodata and mask."""
    own = "".join(f"_{tool}" for tool in re.findall("clip|reproject|file_format", tools))
    image, values = write_scene(tmp_path / "scene", write_raster, tools, mask_tools=(own, "_clip_clip"))
    for path in (image, tmp_path / "scene"):
        with open_raster(path, "pan") as scene:
            assert scene.origin.product == "PlanetScope surface reflectance"
            assert scene.metadata.scales == (1e-4,) * 8
            assert scene.metadata.wavelengths[5] == 665.0
            block = scene.read()
        expected = values != 0
        expected[:, 5, 6] = False
        np.testing.assert_array_equal(block.valid, expected)
        np.testing.assert_array_equal(block.values[expected], values[expected])


def test_a_mask_of_another_grid_is_not_taken_for_the_images(tmp_path, write_raster):
    image, values = write_scene(tmp_path / "scene", write_raster, "_SR_8b_clip", mask_tools=("_reproject",))
    with open_raster(image, "pan") as scene:
        np.testing.assert_array_equal(scene.read().valid, values != 0)


def test_radiance_that_was_turned_into_reflectance_is_stored_times_10000(tmp_path, write_raster):
    image, _ = write_scene(tmp_path / "scene", write_raster, "_toar_clip", bands=4, mask_tools=("_clip",))
    with open_raster(image, "pan") as scene:
        assert scene.origin.product == "PlanetScope reflectance at the top of the atmosphere"
        assert scene.metadata.scales == (1e-4,) * 4
