"""Wyvern's and Planet's products: GeoTIFFs whose scale and masks stand beside them."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.runtime.errors import InputError

SCENE = "wyvern_dragonette-003_20250508T092313_a60915a4"
WAVES = [503.0, 570.0, 700.0, 799.0]


def wyvern_values(related):
    values = np.rint(related(4)[0] * 1e4).astype(np.uint16)
    values[:, :2, :1] = 0
    return values


@pytest.fixture
def wyvern(tmp_path, write_raster, related):
    def write(kind="uint16", archived=False, mask_rows=12):
        folder = tmp_path / "108f5a68_l2a" / SCENE
        folder.mkdir(parents=True)
        values = wyvern_values(related)
        values = values if kind == "uint16" else values.astype(kind) * np.dtype(kind).type(1)
        tags = [{"Wavelength": str(wave), "Wavelength_Units": "nm", "FWHM": "18"} for wave in WAVES]
        write_raster(folder / f"{SCENE}_l2a.tiff", values, items=tags)
        mask = np.ones((2, mask_rows, 12), np.uint8)
        mask[:, -1, -1] = 255
        write_raster(folder / f"{SCENE}_l2a_data_mask.tiff", mask)
        write_raster(folder / f"{SCENE}_l2a_pixel_quality_mask.tiff", np.zeros((4, 12, 12), np.uint8))
        (folder / f"{SCENE}_l2a.json").write_text("{}")
        if not archived:
            return folder
        archive = tmp_path / "delivered.zip"
        with zipfile.ZipFile(archive, "w") as file:
            for path in folder.iterdir():
                file.write(path, path.relative_to(tmp_path))
        return archive

    return write


@pytest.mark.parametrize("archived", [False, True])
def test_wyverns_reflectance_has_its_scale_and_its_mask(wyvern, related, archived):
    with open_raster(wyvern(archived=archived)) as hsi:
        assert hsi.metadata.wavelengths == tuple(WAVES)
        assert hsi.metadata.fwhm == (18.0,) * 4
        assert hsi.metadata.scales == (1e-4,) * 4
        assert hsi.metadata.nodata == 0
        assert (hsi.origin.product, hsi.origin.acquired) == ("Wyvern L2A", "20250508T092313")
        block = hsi.read()
    valid = wyvern_values(related) != 0
    valid[:, -1, -1] = False
    np.testing.assert_array_equal(block.valid, valid)
    np.testing.assert_array_equal(block.values, np.where(valid, wyvern_values(related), 0))


def test_wyverns_radiance_has_no_scale_and_a_zero_is_a_number(wyvern):
    with open_raster(wyvern("float32")) as hsi:
        assert (hsi.origin.product, hsi.metadata.scales, hsi.metadata.nodata) == ("Wyvern L1B", (1.0,) * 4, None)
        assert hsi.read().valid.sum() == 4 * 143


def test_numbers_of_no_level_and_a_mask_of_another_size_are_refused(wyvern, tmp_path):
    with pytest.raises(InputError, match="numbers of the type int16"):
        open_raster(wyvern("int16"))
    (tmp_path / "108f5a68_l2a").rename(tmp_path / "other")
    folder = wyvern(mask_rows=11)
    with pytest.raises(InputError, match=r"data_mask.* has 11 x 12 pixels"):
        open_raster(folder)


def test_a_job_takes_wyverns_folder(wyvern, related, write_raster, run_jobs, tmp_path):
    pan = write_raster(tmp_path / "pan.tif", np.rint(related(4)[1] * 1e4).astype(np.uint16), pixel=10.0)
    run_jobs(wyvern(), pan, tmp_path / "out.tif")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert fused.metadata.wavelengths == tuple(WAVES)
        np.testing.assert_allclose(fused.metadata.scales, 1e-4)
        assert not fused.read().valid[:, :6, :3].any()


PLANET = "20220724_101559_24_2447_3B"


@pytest.fixture
def planet(tmp_path, write_raster, related):
    def write(ending="AnalyticMS_SR_8b", bands=8, mask_bands=8):
        folder = tmp_path / "planet"
        folder.mkdir()
        pan = np.rint(related(4)[1] * 1e4).astype(np.uint16)
        values = np.stack([pan + i for i in range(bands)])
        values[:, :3, :3] = 0
        write_raster(folder / f"{PLANET}_{ending}.tif", values, pixel=10.0)
        mask = np.zeros((mask_bands, 36, 36), np.uint8)
        mask[-1, -1, -1] = 1
        mask[-1, -2, -1] = 2  # another bit: a suspect band, no gap
        write_raster(folder / f"{PLANET}_udm2.tif", mask, pixel=10.0)
        return folder

    return write


@pytest.mark.parametrize(("ending", "bands", "red"), [("AnalyticMS_SR_8b", 8, 5), ("AnalyticMS_SR", 4, 2)])
def test_planets_bands_are_the_sharper_image(planet, related, ending, bands, red):
    folder = planet(ending, bands)
    with (
        open_raster(folder, "pan") as pan,
        open_raster(folder, "guide") as guide,
        open_raster(folder, "quality") as mask,
    ):
        assert (pan.bands, pan.metadata.names[red]) == (bands, "red")
        waves = (441.5, 490.0, 531.0, 565.0, 610.0, 665.0, 705.0, 865.0)
        assert pan.metadata.wavelengths == (pytest.approx(waves, abs=0.01) if bands == 8 else (None,) * 4)
        assert (set(pan.metadata.scales), pan.metadata.nodata) == ({1e-4}, 0)
        block = pan.read()
        np.testing.assert_array_equal(block.values, guide.read().values)
        assert (guide.bands, mask.metadata.names[-1]) == (bands, "udm1")
    valid = np.ones((36, 36), bool)
    valid[:3, :3] = valid[-1, -1] = False
    np.testing.assert_array_equal(block.valid[0], valid)


def test_of_planets_two_images_of_a_scene_the_named_one_opens(planet, related, write_raster):
    folder = planet()
    values = np.full((4, 36, 36), 77, np.uint16)
    radiance = write_raster(folder / f"{PLANET}_AnalyticMS.tif", values, pixel=10.0)
    with open_raster(radiance, "pan") as pan:
        assert pan.metadata.scales == (1.0,) * 4
        assert pan.read().values[0, 0, 0] == 77
    with pytest.raises(InputError, match="holds 2 products"):
        open_raster(folder, "pan")


def test_planets_radiance_has_no_scale_and_other_numbers_of_bands_are_refused(planet, tmp_path):
    with open_raster(planet("AnalyticMS_8b"), "pan") as pan:
        assert pan.metadata.scales == (1.0,) * 8
    (tmp_path / "planet").rename(tmp_path / "first")
    three = planet(bands=3)
    with pytest.raises(InputError, match="has 3 bands"):
        open_raster(three, "pan")
    (tmp_path / "planet").rename(tmp_path / "second")
    short = planet(mask_bands=7)
    with pytest.raises(InputError, match="usable data mask"):
        open_raster(short, "pan")


def test_a_job_takes_planets_folder_as_the_pan(planet, related, write_raster, run_jobs, tmp_path):
    hsi = write_raster(tmp_path / "hsi.tif", np.rint(related(4)[0] * 1e4).astype(np.uint16))
    run_jobs(hsi, planet(), tmp_path / "out.tif")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert (fused.bands, fused.grid.rows) == (4, 36)
