"""The table of products: each line is documented, recognised by its own names only, and tells what it is."""

from __future__ import annotations

import dataclasses
import re
import runpy
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.products import table
from core.products.members import files_of
from core.products.opening import open_raster
from core.products.pair import open_pair
from core.products.reader import ProductReader
from core.products.table import PRODUCTS, Product, find_product
from core.runtime.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
NAMES = {
    "PRISMA": "PRS_L2D_STD_20200101.he5",
    "EMIT": "EMIT_L2A_RFL_001_20220903T163129_2224611_012.nc",
    "EnMAP": "ENMAP01-____L2A-DT0000000001_20220724T104526Z_008_V010302_20230628T165614Z-METADATA.XML",
    "EO-1 Hyperion": "EO1H0440342002212110PY_MTL_L1T.TXT",
    "EO-1 ALI": "EO1A0440342002212110PY_MTL_L1GST.TXT",
    "DESIS": "DESIS-HSI-L2A-DT1203190212_025-20191203T021128-V0210-METADATA.xml",
    "Sentinel-2": "MTD_MSIL1C.xml",
    "Landsat 7, 8, 9": "LC09_L1TP_193023_20220724_20220802_02_T1_MTL.txt",
    "NEON AOP": "NEON_D17_SJER_DP1_20190314_160000_bidirectional_reflectance.h5",
    "Tanager": "20241101_190000_00_4001_ortho_radiance_hdf5.h5",
    "PACE OCI": "PACE_OCI.20240514T211236.L1B.V3.nc",
    "HYPSO": "erie_2024-07-20T15-39-12Z-l1d.nc",
    "AVIRIS Classic, NG, 3": "ang20140625t193012_rfl_v1e_img",
    "AVIRIS-3, AVIRIS-5, netCDF": "AV320230926t201618_006_L2A_OE_RFL_ORT.nc",
    "Pixxel": "FF01_20250303_00065800_L2A.mask.tif",
    "ZY1, GF-5 AHSI": "ZY1E_AHSI_E107.37_N38.33_20220311_013195_L1A0000394325_VN.tif",
    "Wyvern": "wyvern_dragonette-001_20230508T092313_a60915a4.tiff",
    "PlanetScope": "20220724_101559_24_2447_3B_AnalyticMS_SR.tif",
    "SNAP BEAM-DIMAP": "subset_0_of_S2A_MSIL2A_20220724T101559_resampled.dim",
}


def test_each_product_is_recognised_by_its_own_name_alone():
    assert set(NAMES) == {product.name for product in PRODUCTS}
    for name, file in NAMES.items():
        fitting = [product.name for product in PRODUCTS if re.fullmatch(product.key, file, re.IGNORECASE)]
        assert fitting == [name]


@pytest.mark.parametrize(
    "name", ["hsi.tif", "B8.TIF", "METADATA.XML", "METADATA.DIM", "scene.h5", "sharpened.img", "a.zip"]
)
def test_ordinary_names_are_no_products(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    assert find_product(str(tmp_path / name), "hsi") is None


def test_the_page_has_a_line_for_each_product_and_its_source():
    page = (ROOT / "docs" / "products.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for product in PRODUCTS:
        first = product.name.split(",")[0].split(" ")[0]
        assert any(row.startswith(f"| {first}") for row in rows), product.name
        assert product.source
        assert product.roles
        assert set(product.roles) <= {"hsi", "pan", "guide", "coarse", "quality"}


def test_the_reader_of_each_product_begins_with_what_catches_people_out():
    modules = {"members", "layout", "reader", "table", "opening", "pair", "claims", "hdf5", "mtl", "hyperion_bands"}
    modules |= {"same_surface", "dlr", "container", "cube", "chunks", "decoded", "swath", "detectors", "band_rule"}
    modules |= {"elevation", "inside"}
    readers = [path for path in (ROOT / "core" / "products").glob("*.py") if path.stem not in {*modules, "__init__"}]
    assert len(readers) >= len(PRODUCTS) - 3  # EO-1, AVIRIS and PACE have one file for two lines
    for path in readers:
        head = path.read_text(encoding="utf-8").split('"""')[1]
        assert "What catches people out:" in head, path.name
        assert head.count("\n* ") >= 3, path.name


def test_a_products_two_roles_make_a_pair_and_ordinary_files_still_do(tmp_path, write_raster, related):
    hsi, pan = (np.rint(values * 1e4).astype(np.uint16) for values in related(3))
    low, high = write_raster(tmp_path / "hsi.tif", hsi), write_raster(tmp_path / "pan.tif", pan, pixel=10.0)
    with open_pair(low, high) as scene:
        assert scene.alignment.ratio == 3
        assert scene.hsi.origin.product == ""


def test_the_pages_example_of_a_reader_reads_a_product(tmp_path, write_raster, monkeypatch):
    page = (ROOT / "docs" / "products.md").read_text(encoding="utf-8")
    block = re.search(r"   ```python\n(.*?)   ```", page, re.DOTALL)
    written = tmp_path / "written.py"
    written.write_text(
        "from core.io.xml_files import read_xml\n"
        "from core.products.layout import BandFile, Layout, check_bands, numbers, spectral\n"
        "from core.products.members import Members, base_name\n"
        "from core.products.reader import band_count\n\n" + textwrap.dedent(block[1])
    )
    example = runpy.run_path(str(written))
    product = Product(
        "Example", r"(?P<scene>EX_\d+)_metadata\.xml", "metadata.xml", r"EX_\d+_cube\.tif", ("hsi",), None, "x"
    )
    opened = dataclasses.replace(product, open=lambda members, role: ProductReader(members, role, example["lay_out"]))
    monkeypatch.setattr(table, "PRODUCTS", (opened,))
    values = np.arange(1, 2 * 12 * 12 + 1, dtype=np.int16).reshape(2, 12, 12)
    values[:, 0, 0] = -9999
    write_raster(tmp_path / "EX_1_cube.tif", values)
    bands = "<band><centre>0.55</centre></band><band><centre>0.66</centre></band>"
    (tmp_path / "EX_1_metadata.xml").write_text(f"<a><bands>{bands}</bands></a>")
    with open_raster(tmp_path / "EX_1_cube.tif") as hsi:
        assert hsi.metadata.wavelengths == (550.0, 660.0)
        assert hsi.metadata.scales == (1e-4, 1e-4)
        np.testing.assert_array_equal(hsi.read().valid, values != -9999)


def test_links_between_folders_and_endless_folders_are_not_followed(tmp_path):
    deep = tmp_path
    for i in range(8):
        deep = deep / str(i)
        deep.mkdir()
        (deep / "a.txt").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert len(files_of(str(tmp_path))) == 5
    with pytest.raises(InputError, match="holds no product"):
        open_raster(tmp_path)


def test_an_archive_that_lies_in_the_folder_or_archive_is_named(tmp_path):
    (tmp_path / "folder").mkdir()
    for name, inner in (("folder/scene.zip", "a.txt"), ("outer.zip", "scene.zip")):
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            file.writestr(inner, "text")
    with pytest.raises(InputError, match=r"^folder holds no image, but the archive scene\.zip; choose it\.$"):
        open_raster(tmp_path / "folder")
    with pytest.raises(InputError, match=r"the archive scene\.zip; unpack outer\.zip and choose it\.$"):
        open_raster(tmp_path / "outer.zip")
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=r"damaged\.zip is empty or damaged"):
        open_raster(tmp_path / "damaged.zip")


@pytest.mark.parametrize("ending", ["tar.bz2", "tar.xz", "7z", "tif.gz", "RAR"])
def test_what_is_packed_in_another_way_is_to_be_unpacked(tmp_path, ending):
    (tmp_path / f"scene.{ending}").write_bytes(b"packed" * 100)
    with pytest.raises(InputError, match=rf"^scene\.{ending} is packed in a way that is not read here .* unpack it"):
        open_raster(tmp_path / f"scene.{ending}")


def test_an_image_may_be_named_as_if_it_were_packed(make_raster, tmp_path):
    Path(make_raster(tmp_path / "scene.tif", np.ones((2, 3, 3), np.float32))).rename(tmp_path / "scene.xz")
    with open_raster(tmp_path / "scene.xz") as reader:
        assert reader.bands == 2
