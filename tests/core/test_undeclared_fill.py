"""Fill values that a file does not declare: found, used as nodata, and said; and what is none is left alone."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from osgeo import gdal

from core.io.grid import Window
from core.io.reader import RasterReader
from core.io.undeclared_fill import connected_to_border, undeclared_fills
from core.products.claims import Claims
from core.products.pair import open_pair
from tests.core.filled_scenes import HIGH, LOW, RATIO, SIZE, coarse, reflectance, shape_of, stored
from tests.core.said import Said

SHAPES = ("ragged side", "rotated footprint", "corner", "frame of one pixel", "one column", "more than half")
FILLS = {
    "int16": (-9999, 0, -32768, -1, 32767),
    "uint16": (0, 65535, 255, 4000),
    "float32": (-9999.0, 0.0, -1.0, 3.4e38, -3.4028234663852886e38, 1e20),
    "uint8": (0, 255),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", FILLS)
@pytest.mark.parametrize("bands", [4, 12])
def test_a_fill_of_all_bands_is_found_with_its_value_and_pixels(make_raster, tmp_path, dtype, shape, bands):
    clean, mask = stored(coarse(reflectance(bands)), dtype), shape_of(shape, SIZE)
    for value in FILLS[dtype]:
        spoiled = clean.copy()
        spoiled[:, mask] = value
        for declared in (None, 77):
            with RasterReader(make_raster(tmp_path / "a.tif", spoiled, LOW, nodata=declared)) as reader:
                (fill,) = undeclared_fills(reader)
                assert (np.float32(fill.value), fill.pixels) == (np.float32(value), mask.sum())
                reader.add_fill(fill)
                valid = ~mask if declared is None else ~mask & (spoiled != declared).all(axis=0)
                np.testing.assert_array_equal(reader.read().valid.all(axis=0), valid)


@pytest.mark.parametrize(("kernel", "widest"), [("near", 0), ("bilinear", 3), ("cubic", 4), ("cubicspline", 5)])
@pytest.mark.parametrize("dtype", ["int16", "float32"])
@pytest.mark.parametrize("value", [-9999, -32768])
def test_mixtures_that_resampling_made_beside_a_fill_are_no_data(make_raster, tmp_path, kernel, widest, dtype, value):
    clean, mask = stored(coarse(reflectance()), dtype), shape_of("ragged side", SIZE)
    spoiled = clean.copy()
    spoiled[:, mask] = value
    turned = str(tmp_path / "turned.tif")
    half = {"outputBounds": (LOW[0] + 40, LOW[3] - 30 * SIZE + 40, LOW[0] + 30 * SIZE - 40, LOW[3] - 40)}
    gdal.Warp(turned, make_raster(tmp_path / "a.tif", spoiled, LOW), resampleAlg=kernel, xRes=30, yRes=30, **half)
    with RasterReader(turned) as reader:
        (fill,) = undeclared_fills(reader)
        assert fill.value == value
        assert (fill.mixed is not None) == (widest > 0)
        reader.add_fill(fill)
        values, valid = reader.read()
    span = clean.max() - clean.min()
    known = values[valid]
    assert clean.min() - 0.1 * span < known.min() <= known.max() < clean.max() + 0.1 * span
    lost = 0 if fill.mixed is None else int(fill.mixed.sum())
    assert lost <= 2 * widest * SIZE
    assert not (values[valid] == value).any()


@pytest.mark.parametrize("shape", ["ragged side", "rotated footprint", "frame of one pixel", "more than half"])
@pytest.mark.parametrize("dtype", FILLS)
def test_a_fill_of_the_pan_is_found(make_raster, tmp_path, dtype, shape):
    clean, mask = stored(reflectance().mean(axis=0)[None], dtype), shape_of(shape, SIZE * RATIO)
    for value in (value for value in FILLS[dtype] if value != 4000):
        spoiled = clean.copy()
        spoiled[:, mask] = value
        with RasterReader(make_raster(tmp_path / "a.tif", spoiled, HIGH)) as reader:
            (fill,) = undeclared_fills(reader)
            assert (np.float32(fill.value), fill.pixels) == (np.float32(value), mask.sum())


def cloud(image, amount=3.0):
    y, x = np.mgrid[0 : image.shape[1], 0 : image.shape[2]] / image.shape[1]
    bump = np.exp(-(y**2 + (x - 0.4) ** 2) / 0.05)
    return image + amount * bump * np.linspace(1.1, 0.8, len(image))[:, None, None]


def sea(image, level, seed=0):
    """A sea to the left, with a shore."""
    land = np.clip((np.arange(image.shape[2]) / image.shape[2] - 0.2) / 0.1, 0, 1)
    return image * land + level * (1 - land) + np.random.default_rng(seed).normal(0, 0.002, image.shape)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("bands", [1, 4, 12])
def test_what_scenes_have_by_nature_is_no_fill(make_raster, tmp_path, dtype, bands):
    scale, top = (250, 255) if dtype == "uint8" else (60000, 65535)
    image = reflectance(max(bands, 4)).mean(axis=0)[None] if bands == 1 else coarse(reflectance(bands))
    lake, part = image.copy(), image.shape[1] // 4
    lake[:, part : 2 * part, part : 2 * part] = 0
    ends = image.copy()
    ends[: max(1, bands - 1), :, :5] = 0 if bands > 1 else image[:, :, :5]
    stripes = np.broadcast_to(np.arange(image.shape[2]) // 16 % 2 / 4.0, image.shape)  # alike in all bands
    scenes = image, lake, cloud(image), sea(image, 0.02), sea(image, -0.0005), ends, np.full(image.shape, 0.1), stripes
    for scene in scenes[: 7 if bands == 1 else 8]:
        numbers = np.rint(scene * scale).clip(0, top).astype(dtype)
        with RasterReader(make_raster(tmp_path / "a.tif", numbers, LOW)) as reader:
            assert undeclared_fills(reader) == []


def snow(dtype, top):
    """An HSI and a PAN with snow to the left, at which the PAN's highest number stands for all that is brighter; the
    HSI lacks its first columns."""
    image = reflectance()
    image[:, :, : 9 * RATIO] = 4.0
    pan = np.rint(image.mean(axis=0) * (200 if dtype == "uint8" else top)).clip(0, top).astype(dtype)
    return coarse(image), pan


@pytest.mark.parametrize(("dtype", "top"), [("uint8", 255), ("uint16", 65535), ("uint16", 4095)])
def test_a_number_where_the_hsi_is_as_bright_is_no_fill_of_the_pan(make_raster, tmp_path, dtype, top):
    image, pan = snow(dtype, top)
    low, high = tmp_path / "hsi.tif", make_raster(tmp_path / "pan.tif", pan, HIGH)
    with RasterReader(high) as reader:
        assert [fill.pixels for fill in undeclared_fills(reader)] == [9 * RATIO * SIZE * RATIO]  # alone, it seems one
    for bright, warned in ((4.0, False), (0.2, True), (np.nan, True)):
        image[:, :, :9] = bright + np.random.default_rng(0).normal(0, 0.05, image[:, :, :9].shape)
        said = Said()
        claims = Claims(), Claims()
        with open_pair(make_raster(low, image.astype("float32"), LOW), high, said, claims) as scene:
            assert bool(scene.pan.fills) == warned
        assert any("--pan-nodata" in text for text in said.warnings) == warned


@pytest.mark.parametrize(("dark", "warned"), [(0.0, False), (0.3, True)])
def test_black_water_that_the_hsi_shows_too_is_no_fill_of_the_pan(make_raster, tmp_path, dark, warned):
    image = reflectance()
    pan = stored(image.mean(axis=0), "uint16")
    pan[:, : 9 * RATIO] = 0
    image = coarse(image)
    image[:, :, :9] = dark + np.random.default_rng(0).uniform(0, 0.01, image[:, :, :9].shape)
    files = (
        make_raster(tmp_path / "hsi.tif", image.astype("float32"), LOW),
        make_raster(tmp_path / "pan.tif", pan, HIGH),
    )
    with open_pair(*files, Said(), (Claims(), Claims())) as scene:
        assert bool(scene.pan.fills) == warned


def test_bands_that_are_equal_everywhere_tell_nothing(make_raster, tmp_path):
    plane = np.kron(np.random.default_rng(1).integers(0, 10, (6, 6)) * 100, np.ones((8, 8)))
    with RasterReader(make_raster(tmp_path / "a.tif", np.stack([plane] * 12).astype("uint16"), LOW)) as reader:
        assert undeclared_fills(reader) == []


def test_what_is_invalid_already_is_not_said_again(make_raster, tmp_path):
    spoiled = stored(coarse(reflectance()), "int16")
    spoiled[:, :, :9] = -9999
    with RasterReader(make_raster(tmp_path / "a.tif", spoiled, LOW, nodata=-9999)) as reader:
        assert undeclared_fills(reader) == []


@pytest.mark.parametrize("dead", [0, 11])
def test_a_dead_band_does_not_hide_a_fill(make_raster, tmp_path, dead):
    spoiled, mask = stored(coarse(reflectance()), "int16"), shape_of("corner", SIZE)
    spoiled[:, mask] = -9999
    spoiled[dead] = 0
    with RasterReader(make_raster(tmp_path / "a.tif", spoiled, LOW)) as reader:
        assert [(fill.value, fill.pixels) for fill in undeclared_fills(reader)] == [(-9999, mask.sum())]


@pytest.mark.parametrize("method", ["near", "bilinear", "cubic"])
@pytest.mark.parametrize("value", [-9999, -32768])
def test_a_fill_whose_edge_was_resampled_is_found(make_raster, tmp_path, method, value):
    spoiled, mask = stored(coarse(reflectance()), "float32") * 10000, shape_of("corner", SIZE)
    spoiled[:, mask] = value
    options = {"outputBounds": (500011, 4598567, 501421, 4599977), "xRes": 30, "yRes": 30}
    whole = make_raster(tmp_path / "a.tif", spoiled, LOW)
    gdal.Warp(str(tmp_path / "b.tif"), whole, resampleAlg=method, **options)
    with RasterReader(tmp_path / "b.tif") as reader:
        assert [fill.value for fill in undeclared_fills(reader)] == [value]


def test_zero_stands_for_no_value_in_the_filled_region_only(make_raster, tmp_path):
    spoiled, mask = stored(coarse(reflectance()), "uint16"), shape_of("ragged side", SIZE)
    spoiled[:, mask] = 0
    spoiled[5:, 20:25, 20:25] = 0  # water in the short-wave infrared
    with RasterReader(make_raster(tmp_path / "a.tif", spoiled, LOW)) as reader:
        for fill in undeclared_fills(reader):
            reader.add_fill(fill)
        np.testing.assert_array_equal(reader.read().valid, np.broadcast_to(~mask, spoiled.shape))
        window = Window(3, 5, 10, 12)
        with pickle.loads(pickle.dumps(reader)) as again:
            np.testing.assert_array_equal(again.read(window, [7]).valid, reader.read(window, [7]).valid)
            assert again.metadata.nodata == 0
            assert not again.always_valid


def test_two_fills_are_both_found(make_raster, tmp_path):
    spoiled = stored(coarse(reflectance()), "int16")
    spoiled[:, :, :9], spoiled[:, :, 40:] = -9999, 0
    with RasterReader(make_raster(tmp_path / "a.tif", spoiled, LOW)) as reader:
        assert {(fill.value, fill.pixels) for fill in undeclared_fills(reader)} == {(-9999, 9 * SIZE), (0, 8 * SIZE)}


def test_a_region_is_connected_along_winding_ways_and_corners():
    picture = ["#....", ".####", "....#", ".##.#", ".#...", ".#.#.", "....."]
    mask = np.array([[sign == "#" for sign in row] for row in picture])
    inside = np.array([[sign == "#" for sign in row] for row in [*["....."] * 3, ".##..", ".#...", ".#.#.", "....."]])
    np.testing.assert_array_equal(connected_to_border(mask), mask & ~inside)
