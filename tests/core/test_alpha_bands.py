"""Alpha bands: masks, and bands of data that are marked so by mistake; color tables."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.io.reader import RasterReader
from core.runtime.errors import InputError
from core.workflows.assess import assess
from core.workflows.classical import classical
from tests.core import filled_scenes
from tests.core.filled_scenes import HIGH, LOW, RATIO, SIZE, coarse, reflectance, shape_of, stored, values
from tests.core.said import Said

pair = filled_scenes.pair  # a fixture


def test_an_alpha_band_with_data_is_a_band_and_that_is_said(make_raster, tmp_path):
    image = (coarse(reflectance(4)) * 250).astype("uint8")
    image[3, 10:20, 10:30] = 0
    path = make_raster(tmp_path / "rgbn.tif", image, LOW, options=["PHOTOMETRIC=RGB", "ALPHA=YES"])
    pan = make_raster(tmp_path / "pan.tif", stored(reflectance(4).mean(axis=0)[None], "uint16"), HIGH)
    said = Said()
    classical(path, pan, str(tmp_path / "out.tif"), mtf=0.3, progress=said)
    assert values(str(tmp_path / "out.tif")).shape[0] == 4
    (warning,) = said.warnings
    assert "Band 4 of rgbn.tif is marked as alpha" in warning
    with RasterReader(path) as reader:
        assert reader.always_valid


def test_a_near_infrared_band_marked_as_alpha_is_a_band_where_nearly_all_is_water(make_raster, tmp_path):
    image = (coarse(reflectance(4)) * 250).astype("uint8")
    image[3, 2:] = 0  # black
    image[3, :2] = np.arange(1, 2 * SIZE + 1).reshape(2, SIZE) * 250 // (2 * SIZE)
    with RasterReader(make_raster(tmp_path / "a.tif", image, LOW, options=["ALPHA=YES"])) as reader:
        np.testing.assert_array_equal(reader.read().values, image)
        assert reader.always_valid


def test_an_alpha_band_of_a_nearly_empty_tile_with_soft_edges_stays_a_mask(make_raster, tmp_path):
    image = (coarse(reflectance(4)) * 250).astype("uint8")
    image[3] = 0
    image[3, :2, :30], image[3, 2, :30] = 255, np.arange(8, 248, 8)
    with RasterReader(make_raster(tmp_path / "a.tif", image, LOW, options=["ALPHA=YES"])) as reader:
        assert reader.bands == 3
        np.testing.assert_array_equal(reader.read().valid[0], image[3] > 0)


@pytest.mark.parametrize("highest", [1, 255])
def test_an_alpha_band_with_soft_edges_stays_a_mask(make_raster, tmp_path, highest):
    image = (coarse(reflectance(4)) * 250).astype("uint8")
    image[3] = highest * shape_of("ragged side", SIZE)
    image[3, ::9, 20] = np.arange(6) * highest // 6
    with RasterReader(make_raster(tmp_path / "a.tif", image, LOW, options=["ALPHA=YES"])) as reader:
        assert reader.bands == 3
        assert reader.notes == ()
        np.testing.assert_array_equal(reader.read().valid[0], image[3] > 0)


def test_a_pan_with_a_color_table_is_refused(pair, tmp_path):
    hsi, pan = pair()
    path = str(tmp_path / "classes.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, SIZE * RATIO, SIZE * RATIO, 1, gdal.GDT_Byte)
    dataset.SetGeoTransform(HIGH)
    table = gdal.ColorTable()
    table.SetColorEntry(1, (10, 200, 30))
    dataset.GetRasterBand(1).SetColorTable(table)
    dataset.GetRasterBand(1).WriteArray(np.random.default_rng(0).integers(0, 9, (SIZE * RATIO,) * 2).astype("uint8"))
    dataset = None
    for job in (lambda: classical(hsi, path, "o.tif"), lambda: assess(pan, hsi=hsi, pan=path)):
        with pytest.raises(InputError, match=r"classes\.tif has a color table") as caught:
            job()
        assert "gdal_translate -expand gray" in str(caught.value)
