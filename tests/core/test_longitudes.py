"""Longitudes that differ by whole turns are one place: images may count from 0 to 360 degrees or from -180 to 180."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.workflows.assess import assess
from core.workflows.classical import classical
from tests.core.filled_scenes import RATIO, SIZE, coarse, reflectance, stored, values
from tests.core.one_ground import transformed

STEP = 0.0003  # degrees, an HSI pixel
WEST, NORTH = 180.0 - SIZE / 2 * STEP, -17.0  # the 180th meridian runs through the middle


def in_degrees(west, step=STEP):
    return west, step, 0.0, NORTH, 0.0, -step


@pytest.fixture
def write(make_raster, tmp_path):
    """A function: the file of an image in degrees that begins at a longitude."""

    def make(name, image, west, step):
        return make_raster(tmp_path / name, image, in_degrees(west, step), 4326)

    return make


def images():
    image = reflectance(6)
    return stored(coarse(image), "uint16"), stored(image.mean(axis=0)[None], "uint16")


def sharpened(hsi, pan, out):
    classical(hsi, pan, str(out), mtf=0.3, shift="none", contradictions="off")
    return values(str(out)), gdal.Open(str(out)).GetGeoTransform()


@pytest.mark.parametrize("west", [WEST, WEST - 360.0, 190.0])
def test_a_pair_whose_longitudes_are_counted_differently_gives_what_any_pair_gives(write, tmp_path, west):
    hsi, pan = images()
    low, out = write("hsi.tif", hsi, west, STEP), tmp_path / "out.tif"
    wanted, place = sharpened(low, write("pan.tif", pan, west, STEP / RATIO), out)
    for turn in (-360.0, 360.0):
        found, there = sharpened(low, write("pan.tif", pan, west + turn, STEP / RATIO), out)
        np.testing.assert_array_equal(found, wanted)
        assert there == pytest.approx(place, abs=1e-9)  # counted as the HSI's are


def test_tiles_at_either_side_of_the_180th_meridian_are_one_image(write, tmp_path):
    hsi, pan = images()
    low, out, half = write("hsi.tif", hsi, WEST, STEP), tmp_path / "out.tif", SIZE * RATIO // 2
    wanted, _ = sharpened(low, write("pan.tif", pan, WEST, STEP / RATIO), out)
    tiles = [("west.tif", pan[..., :half], WEST), ("east.tif", pan[..., half:], -180.0)]
    found, _ = sharpened(low, [write(name, part, west, STEP / RATIO) for name, part, west in tiles], out)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("turn", [0.0, -360.0])
def test_an_image_across_the_180th_meridian_lies_on_one_in_a_utm_zone(make_raster, write, tmp_path, turn):
    def ground(lon, lat):
        return 1000 + 300 * np.sin((lon - 180.0) / STEP / 2.1) + 200 * np.cos((lat - NORTH) / STEP / 1.7)

    x, y = transformed(np.array([180.0]), np.array([NORTH - SIZE / 2 * STEP]), 4326, 32701)
    place = float(x[0]) - 360.0, 30.0, 0.0, float(y[0]) + 360.0, 0.0, -30.0
    row, col = np.mgrid[: 24 * RATIO, : 24 * RATIO] / RATIO + 0.5 / RATIO
    lon, lat = transformed(place[0] + 30.0 * col, place[3] - 30.0 * row, 32701, 4326)
    truth = ground(lon % 360.0, lat)
    hsi = make_raster(tmp_path / "hsi.tif", coarse(truth[None]).repeat(2, axis=0).astype("float32"), place, 32701)
    row, col = (np.mgrid[: SIZE * RATIO, : SIZE * RATIO] + 0.5) * STEP / RATIO
    pan = write("pan.tif", ground(WEST + col, NORTH - row)[None].astype("float32"), WEST + turn, STEP / RATIO)
    out = str(tmp_path / "out.tif")
    classical(hsi, pan, out, mtf=0.3, shift="none", contradictions="off")
    made = values(out)
    assert made.shape == (2, *truth.shape)
    assert np.sqrt(((made - truth) ** 2).mean()) < 0.1 * truth.std()


def test_a_result_is_scored_against_a_reference_counted_differently(write):
    hsi, _ = images()
    files = [write(f"{turn:g}.tif", hsi, WEST + turn, STEP) for turn in (0.0, -360.0)]
    assert assess(files[0], reference=files[1], ratio=RATIO)["rmse"] == 0
