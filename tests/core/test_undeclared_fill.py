"""Fill values that a file does not declare: found, used as nodata, and said; and what is none is left alone."""

from __future__ import annotations

import pickle
import shlex
import subprocess
import sys

import numpy as np
import pytest
from osgeo import gdal, osr

from core.cli.arguments import build_parser
from core.io.grid import Window
from core.io.reader import RasterReader
from core.io.undeclared_fill import connected_to_border, undeclared_fills
from core.products.claims import Claims, nodata_values
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from tests.core.said import Said

LOW = (500000.0, 30.0, 0.0, 4600000.0, 0.0, -30.0)
HIGH = (500000.0, 7.5, 0.0, 4600000.0, 0.0, -7.5)
SIZE, RATIO = 48, 4


def reflectance(bands=12, size=SIZE * RATIO, seed=0):
    """(bands, size, size), 0.03 to 0.9: fields with edges, a spectrum each, and noise."""
    rng = np.random.default_rng(seed)
    fields = np.kron(rng.random((3, size // 6, size // 6)), np.ones((1, 6, 6)))
    spectra = rng.uniform(0.05, 0.3, (bands, 3))
    return (0.03 + np.einsum("bk,kyx->byx", spectra, fields) + rng.normal(0, 0.002, (bands, size, size))).clip(0.005)


def coarse(image):
    bands, rows, cols = image.shape
    return image.reshape(bands, rows // RATIO, RATIO, cols // RATIO, RATIO).mean(axis=(2, 4))


def stored(image, dtype):
    if dtype == "float32":
        return image.astype(dtype)
    return np.rint(image * (250 if dtype == "uint8" else 10000)).astype(dtype)


def shape_of(name, size):
    y, x = np.mgrid[0:size, 0:size]
    u, v = y / size - 0.5, x / size - 0.5
    return {
        "ragged side": x < size // 5 + (y // 4) % 4,
        "rotated footprint": np.maximum(abs(0.9 * u + 0.4 * v), abs(0.9 * v - 0.4 * u)) > 0.35,
        "corner": y + x < size // 8,
        "frame of one pixel": (y == 0) | (x == 0) | (y == size - 1) | (x == size - 1),
        "one column": x == size - 1,
        "more than half": y + x < 1.15 * size,
    }[name]


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


@pytest.fixture
def pair(make_raster, tmp_path):
    """A function: the files of an HSI with a fill and its PAN."""

    def make(dtype="int16", value=-9999, **more):
        image = reflectance()
        hsi = stored(coarse(image), dtype)
        hsi[:, shape_of("ragged side", SIZE)] = value
        pan = stored(image.mean(axis=0)[None], "uint16")
        return make_raster(tmp_path / "hsi.tif", hsi, LOW, **more), make_raster(tmp_path / "pan.tif", pan, HIGH)

    return make


def values(path):
    return gdal.Open(path).ReadAsArray()


@pytest.mark.parametrize(("dtype", "value"), [("int16", -9999), ("uint16", 0), ("uint16", 65535), ("float32", 3.4e38)])
def test_a_result_is_that_of_a_file_that_declares_its_fill(pair, tmp_path, dtype, value):
    found, declared, given = (str(tmp_path / name) for name in ("found.tif", "declared.tif", "given.tif"))
    said, quiet, confirmed = Said(), Said(), Said()
    classical(*pair(dtype, value), found, mtf=0.3, progress=said)
    classical(*pair(dtype, value), given, hsi_nodata=f"{value:g}", mtf=0.3, progress=confirmed)
    classical(*pair(dtype, value, nodata=value), declared, mtf=0.3, progress=quiet)
    np.testing.assert_array_equal(values(found), values(declared))
    np.testing.assert_array_equal(values(given), values(declared))
    assert np.float32(gdal.Open(found).GetRasterBand(1).GetNoDataValue()) == np.float32(value)
    (warning,) = said.warnings
    number = shape_of("ragged side", SIZE).sum()
    for words in ("hsi.tif", f"{value:.7g}", f"{number} pixels", "--hsi-nodata", "HSI_NODATA", "--hsi-nodata none"):
        assert words in warning
    assert quiet.warnings == confirmed.warnings == []
    taking_part = f"{SIZE**2 - number} of {SIZE**2} HSI pixels take part"
    assert any(taking_part in text and "undeclared fill value" in text for text in said.infos)
    assert any(taking_part in text and "undeclared" not in text for text in quiet.infos)


def test_none_keeps_all_numbers_as_data_and_a_number_after_it_counts_alone(pair, tmp_path):
    out, said = str(tmp_path / "out.tif"), Said()
    hsi, pan = pair(nodata=-9999)
    classical(hsi, pan, out, hsi_nodata="none", mtf=0.3, contradictions="off", progress=said)
    assert gdal.Open(out).GetRasterBand(1).GetNoDataValue() is None
    assert not [text for text in said.warnings if "nodata" in text]
    assert any(f"all {SIZE**2} HSI pixels take part" in text for text in said.infos)
    with open_pair(hsi, pan) as scene:
        scene.hsi.set_nodata([3.0], own=False)
        assert scene.hsi.metadata.nodata == 3.0
        assert scene.hsi.read().valid[:, shape_of("ragged side", SIZE)].all()


def test_all_jobs_with_a_pair_heed_the_options(pair, tmp_path):
    hsi, pan = pair()
    out, said = str(tmp_path / "out.tif"), Said()
    classical(hsi, pan, out)
    plain = assess(out, hsi=hsi, pan=pan, progress=said)
    assert [text for text in said.warnings if "--hsi-nodata" in text]
    spoiled = assess(out, hsi=hsi, pan=pan, hsi_nodata="none")
    assert plain["hsi_pixels"] > 0
    assert plain["consistency"] < 0.1
    assert spoiled["files"] == plain["files"]
    ranking = Said()
    best = compare(hsi, pan, methods=["exp", "gsa"], progress=ranking)
    assert sum("--hsi-nodata" in text for text in ranking.warnings) == 1
    assert best["methods"][0]["reduced"]["sam"] < 5


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", ((), True)), ("-9999", ((-9999.0,), True)), ("-9999, 0", ((-9999.0, 0.0), True)), ("none", ((), False))],
)
def test_nodata_is_read_as_it_is_written(text, wanted):
    assert nodata_values(text, "--hsi-nodata") == wanted
    assert nodata_values("None,-3.4e38", "--hsi-nodata") == ((-3.4e38,), False)
    with pytest.raises(InputError, match="--pan-nodata is 'black', but it must be a number"):
        nodata_values("black", "--pan-nodata")


@pytest.mark.parametrize("number", ["-9999", "-3.4e38", "-9999,0", "none,-1", "-1e+20"])
def test_negative_numbers_are_values_on_the_command_line(number):
    arguments = ["classical", "--hsi", "a", "--pan", "b", "--out", "c", "--hsi-nodata", number]
    assert build_parser().parse_args(arguments).hsi_nodata == number


def test_a_number_in_python_is_a_nodata_value_even_0(pair, tmp_path):
    said = Said()
    classical(*pair("uint16", 0), str(tmp_path / "out.tif"), hsi_nodata=0, mtf=0.3, progress=said)
    assert not said.warnings
    assert gdal.Open(str(tmp_path / "out.tif")).GetRasterBand(1).GetNoDataValue() == 0


def without_crs(path):
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.SetProjection("")


def test_a_missing_crs_is_assumed_and_a_known_one_is_kept(pair, tmp_path):
    system = osr.SpatialReference()
    system.ImportFromEPSG(32633)
    hsi, pan = pair()
    for path, known in ((hsi, True), (pan, False)):
        dataset = gdal.Open(path, gdal.GA_Update)
        dataset.SetProjection(system.ExportToWkt() if known else "")
        dataset = None
    with pytest.raises(InputError):
        classical(hsi, pan, str(tmp_path / "out.tif"))
    classical(hsi, pan, str(tmp_path / "out.tif"), assume_crs="EPSG:32633")
    assert gdal.Open(str(tmp_path / "out.tif")).GetSpatialRef().IsSame(system)
    with pytest.raises(InputError, match="'EPSG:1' names no coordinate reference system"):
        classical(hsi, pan, str(tmp_path / "out.tif"), assume_crs="EPSG:1")
    with pytest.raises(InputError):
        classical(hsi, pan, str(tmp_path / "out.tif"), assume_crs="EPSG:32632")
    gdal.Open(pan, gdal.GA_Update).SetProjection(system.ExportToWkt())
    with pytest.raises(InputError, match="'EPSG:1' names no coordinate reference system"):
        classical(hsi, pan, str(tmp_path / "out.tif"), assume_crs="EPSG:1")


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


@pytest.mark.parametrize("spoiled", ["made.tif", "truth.tif"])
@pytest.mark.parametrize(("fill", "shape"), [(-9999.0, "rotated footprint"), (-9999.0, "cloud"), (0.0, "ragged side")])
def test_a_fill_in_a_result_or_its_reference_does_not_count_in_scores(make_raster, tmp_path, fill, shape, spoiled):
    reference = reflectance(12).astype(np.float32)
    images = {"truth.tif": reference, "made.tif": reference + np.float32(0.01)}
    mask = np.zeros((SIZE * RATIO,) * 2, bool)
    mask[90:99, 80:96] = True  # a cloud that is cut out
    mask = mask if shape == "cloud" else shape_of(shape, SIZE * RATIO)
    images[spoiled] = np.where(mask, np.float32(fill), images[spoiled])
    files = {name: make_raster(tmp_path / name, image, HIGH) for name, image in images.items()}

    def scored(**options):
        return assess(files["made.tif"], reference=files["truth.tif"], ratio=RATIO, **options)

    found = scored()
    assert found["pixels"] == mask.size - mask.sum()
    assert found["rmse"] == pytest.approx(0.01, rel=1e-3)
    (warning,) = [text for text in found["warnings"] if "does not declare it as nodata" in text]
    assert warning.startswith(f"{spoiled} has {fill:g}")
    kept = scored(hsi_nodata="none")
    assert kept["pixels"] == mask.size
    assert kept["rmse"] > 0.1
    if spoiled == "truth.tif":
        declared = scored(hsi_nodata=f"{fill:g}")
    else:
        command = shlex.split(warning.split(": ", 1)[1].split(" (")[0])
        subprocess.run([sys.executable, "-m", "osgeo_utils.gdal_edit", *command[1:]], check=True)
        declared = scored()
    assert not [text for text in declared["warnings"] if "nodata" in text]
    assert declared["rmse"] == pytest.approx(found["rmse"], rel=1e-6)


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint32", "float32"])
def test_three_lost_samples_in_one_band_of_a_result_are_found_in_every_type_that_can_hold_them(
    make_raster, tmp_path, dtype
):
    reference = stored(reflectance(12), dtype)
    fused, fill = reference.copy(), 4e9 if dtype == "uint32" else -9999
    fused[5, [3, 90, 170], 7] = fill
    files = [make_raster(tmp_path / name, image, HIGH) for name, image in (("t.tif", reference), ("m.tif", fused))]
    found = assess(files[1], reference=files[0], ratio=RATIO)
    assert found["rmse"] == 0
    assert any("band 6 (3 samples)" in text for text in found["warnings"])


@pytest.mark.parametrize("number", [-9999, -32768, -1, 3.4e38])
def test_a_fill_inside_a_pan_costs_no_detail_elsewhere(make_raster, tmp_path, number):
    image = reflectance()
    hsi = make_raster(tmp_path / "hsi.tif", coarse(image).astype(np.float32), LOW)
    pan, hole = image[2:7].mean(axis=0).astype(np.float32), np.s_[80:92, 100:120]
    made = {}
    for name in ("whole", "declared", "cut"):
        values = pan.copy()
        if name != "whole":
            values[hole] = number
        path = make_raster(tmp_path / f"{name}.tif", values, HIGH, nodata=number if name == "declared" else None)
        said, out = Said(), str(tmp_path / f"{name}-out.tif")
        classical(hsi, path, out, mtf=0.3, shift="none", progress=said)
        assert ["a number that no data has" in text for text in said.warnings] == [True] * (name == "cut")
        made[name] = gdal.Open(out).ReadAsArray()
    np.testing.assert_array_equal(made["cut"], made["declared"])
    assert np.abs(made["cut"] - made["whole"])[:, :60].max() < 0.01
