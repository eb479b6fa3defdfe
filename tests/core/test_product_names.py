"""Products under other names than they were delivered with, and their arrays by GDAL's names, as QGIS offers them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from core.products.opening import open_raster
from core.runtime.errors import InputError
from tests.core import swaths, test_prisma, test_product_airborne, test_product_emit, test_product_hdf5
from tests.core import test_product_swaths as of_swaths

h5py = pytest.importorskip("h5py")


def write(kind, path, related):
    """A product's file."""
    if kind == "emit":
        return test_product_emit.write_emit(path)
    if kind == "prisma":
        return test_prisma.write_product(path)
    if kind == "neon":
        return test_product_hdf5.write_neon(path, test_product_hdf5.neon_values(related))
    if kind == "tanager":
        return test_product_hdf5.write_tanager(path, test_product_hdf5.tanager_values(related))
    if kind == "aviris":
        return test_product_airborne.write_netcdf(path, related(4)[0].astype(np.float32))
    if kind == "hypso":
        return write_hypso(path)
    return of_swaths.write_level_1b(path) if kind == "oci-1b" else of_swaths.write_level_2(path)[0]


def write_hypso(path):
    with h5py.File(path, "w") as file:
        cube = file.create_dataset("products/Lt", data=swaths.hsi(4).transpose(1, 2, 0))
        cube.attrs["wavelengths"] = np.array([450.0, 550.0, 650.0, 760.0])
        for name, plane in zip(("longitude", "latitude"), swaths.places()):
            file.create_dataset(f"navigation/{name}", data=plane)
    return str(path)


DELIVERED = {
    "emit": test_product_emit.RFL,
    "prisma": "PRS_L2D_STD_20200101.he5",
    "neon": test_product_hdf5.NEON,
    "tanager": "20241101_190000_00_4001_ortho_sr_hdf5.h5",
    "aviris": test_product_airborne.NETCDF,
    "hypso": of_swaths.HYPSO,
    "oci-1b": of_swaths.LEVEL_1B,
    "oci-2": of_swaths.LEVEL_2,
}


@pytest.mark.parametrize("kind", DELIVERED)
def test_a_renamed_file_is_the_product_that_it_holds_also_in_a_folder(kind, tmp_path, related):
    delivered = write(kind, tmp_path / DELIVERED[kind], related)
    (tmp_path / "mine").mkdir()
    renamed = shutil.copy(delivered, tmp_path / "mine" / ("my image (1).nc" if delivered.endswith(".nc") else "a.h5"))
    with open_raster(delivered) as whole:
        expected = whole.read()
        for path in (renamed, tmp_path / "mine"):
            with open_raster(path) as image:
                np.testing.assert_array_equal(image.read().values, expected.values)
                np.testing.assert_array_equal(image.read().valid, expected.valid)
                assert image.metadata == whole.metadata
                assert image.grid == whole.grid


def test_what_is_written_into_no_such_file_stays_what_it_is(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_dataset("reflectance", data=np.ones((3, 4, 5), np.float32))
    with pytest.raises(InputError) as refused:
        open_raster(tmp_path / "other.h5")
    assert "product" not in str(refused.value)


ARRAYS = {
    "emit": "reflectance",
    "prisma": "HDFEOS/SWATHS/PRS_L2D_HCO/Data_Fields/SWIR_Cube",
    "neon": "SJER/Reflectance/Reflectance_Data",
    "tanager": "HDFEOS/GRIDS/HYP/Data_Fields/surface_reflectance",
}


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("name", ['HDF5:"{}"://{}', "HDF5:{}:/{}", 'NETCDF:"{}":{}'])
def test_an_array_of_a_product_by_gdals_name_is_the_product(kind, name, tmp_path, related):
    """GDAL shows bands as columns of it, and the refusal told to give these corners."""
    path = write(kind, tmp_path / DELIVERED[kind], related)
    with open_raster(path) as whole, open_raster(name.format(path, ARRAYS[kind])) as image:
        np.testing.assert_array_equal(image.read().values, whole.read().values)
        assert (image.metadata, image.grid, image.name) == (whole.metadata, whole.grid, whole.name)


def test_an_array_is_the_image_of_its_role_alone(tmp_path):
    path = test_prisma.write_product(tmp_path / DELIVERED["prisma"])
    pan = f'HDF5:"{path}"://HDFEOS/SWATHS/PRS_L2D_PCO/Data_Fields/Cube'
    with open_raster(pan, "pan") as image:
        assert (image.bands, image.grid.dx) == (1, 5.0)
    with pytest.raises(InputError, match=r"^Cube is one array of PRS_L2D\S+, a product of PRISMA, and not its hyper"):
        open_raster(pan)
    with pytest.raises(InputError, match=r"and not its panchromatic image; choose PRS_L2D_STD_20200101\.he5 itself"):
        open_raster(pan.replace("PCO/Data_Fields/Cube", "HCO/Data_Fields/VNIR_Cube"), "pan")


def test_masks_are_found_in_a_folder_that_is_named_as_the_image(tmp_path):
    """The archive's folders are; the name of the folder was changed with that of the file."""
    folder = tmp_path / test_product_emit.RFL.replace(".nc", "")
    folder.mkdir()
    product = test_product_emit.write_emit(folder / test_product_emit.RFL)
    test_product_emit.write_mask(folder / test_product_emit.MASK)
    with open_raster(product) as image:
        valid = image.read().valid
    assert valid[0, 5, 6]
    assert not valid[1, 5, 6]
    assert not valid[0, 20, 2]
