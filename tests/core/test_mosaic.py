"""Several files as one sharper image: tiles of one grid, and of several."""

from __future__ import annotations

import pickle
import shlex
import subprocess
import sys

import numpy as np
import pytest
from osgeo import gdal

from benchmarks.pairs_apart import CENTRE, GAIN, PIXEL, RATIO, SIZE, Case, Ground, Image, ergas, write
from core.cli.main import main
from core.io.frames import Affine
from core.io.reader import RasterReader
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.scene.placement import AffineMapping
from core.scene.warp import WarpedReader
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.inspect import inspect

FIXED = {"mtf": GAIN, "shift": "none", "contradictions": "off"}
FINE, WIDE = PIXEL / RATIO, 1.6 * SIZE * PIXEL


class Said(Progress):
    """Keeps what is said."""

    def __init__(self):
        self.told, self.warned_of = [], []

    def info(self, text):
        self.told.append(text)

    def warning(self, text):
        self.warned_of.append(text)


def write_part(path, image, cols, ground):
    """The PAN of a ground on some columns of an image."""
    rows, chosen = np.mgrid[: image.rows, cols[0] : cols[1]] + 0.5
    x0, a, b, y0, d, e = image.transform
    placed = Image(
        image.rows, cols[1] - cols[0], image.places, image.epsg, (x0 + cols[0] * a, a, b, y0 + cols[0] * d, d, e)
    )
    return write(path, ground.at(*image.ground(rows, chosen))[2:7].mean(axis=0), placed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An HSI, its PAN, the PAN as tiles that overlap, and the same ground as tiles of two UTM zones."""
    made, ground = tmp_path_factory.mktemp("tiles"), Ground()
    low = Image.affine(PIXEL)
    write(made / "hsi.tif", ground.at(*low.centres(), low.axes()), low)
    fine = Image.affine(FINE)
    write_part(made / "pan.tif", fine, (0, fine.cols), ground)
    write_part(made / "west.tif", fine, (0, 150), ground)
    write_part(made / "east.tif", fine, (140, fine.cols), ground)
    other = Image.affine(FINE, 0.0, 32632, WIDE)
    write_part(made / "east32.tif", other, (other.cols // 2 - 20, other.cols), ground)
    write_part(made / "west32.tif", other, (0, other.cols // 2 + 20), ground)
    write_part(made / "bands.tif", fine, (0, 20), ground)
    gdal.Translate(str(made / "two.tif"), str(made / "pan.tif"), bandList=[1, 1])
    write(made / "bare.tif", np.ones((fine.rows, fine.cols), np.float32))
    gdal.Open(str(made / "bare.tif"), gdal.GA_Update).SetGeoTransform(fine.transform)
    far = Image(20, 20, fine.places, 32633, (300000.0, FINE, 0.0, 5000000.0, 0.0, -FINE))
    write(made / "far.tif", np.ones((20, 20), np.float32), far)
    return made


def fused(folder, name, pan, **more):
    """What is made of some files, and what is said."""
    said = Said()
    facts = classical(folder / "hsi.tif", pan, folder / name, progress=said, **FIXED, **more)
    return gdal.Open(str(folder / name)).ReadAsArray(), facts, said


def test_tiles_of_one_grid_give_the_pixels_of_the_whole(folder):
    whole = fused(folder, "whole.tif", folder / "pan.tif")[0]
    tiled, facts, said = fused(folder, "tiled.tif", [folder / "east.tif", folder / "west.tif"])
    np.testing.assert_array_equal(tiled, whole)
    assert facts["placement"].startswith("2 files are taken as one sharper image")
    assert facts["placement"] in said.told


def test_tiles_of_two_utm_zones_are_as_good_as_a_nested_pair(folder):
    case = Case("tiles", Image.affine(PIXEL), Image.affine(FINE))
    fused(folder, "whole.tif", folder / "pan.tif")
    values, facts, _ = fused(folder, "zones.tif", [folder / "west.tif", folder / "east32.tif"])
    whole, zones = (ergas(folder / name, case, Ground())[0] for name in ("whole.tif", "zones.tif"))
    assert np.isfinite(values).all()
    assert zones < 1.1 * whole
    assert "east32.tif" in facts["placement"]
    assert "--grid" not in facts["placement"]  # nobody asked for it
    assert "zone 32N" in facts["placement"]
    assert gdal.Open(str(folder / "zones.tif")).GetMetadataItem("PLACEMENT") == facts["placement"]


def test_tiles_of_several_grids_that_are_moved_again_are_resampled_once(folder):
    """As by a local shift; what is resampled twice loses a little more."""
    moved = AffineMapping(Affine(0.3, 1.0, 0.0, 0.4, 0.0, 1.0))
    case = Case("tiles", Image.affine(PIXEL), Image.affine(FINE))
    fine = case.pan
    with open_pair(folder / "hsi.tif", [folder / "east32.tif", folder / "west.tif"]) as scene:
        grid = scene.pan.grid
        assert scene.pan.through(moved, grid) is None  # west.tif nests, and is not warped
    with open_pair(folder / "hsi.tif", [folder / "east32.tif", folder / "west32.tif"]) as scene:
        once = scene.pan.through(moved, grid).read()
        twice = WarpedReader(scene.pan, moved, grid).read()
    rows, cols = np.mgrid[: fine.rows, : fine.cols] + 0.5
    truth = Ground().at(*fine.ground(rows + 0.4, cols + 0.3))[2:7].mean(axis=0)
    inner = np.s_[30:-30, 30:-30]
    errors = [np.abs(block.values[0] - truth)[inner].mean() for block in (once, twice)]
    assert once.valid[0][inner].all()
    assert errors[0] < 0.9 * errors[1]


def test_the_first_file_that_has_a_value_counts(folder, tmp_path):
    fine = Image.affine(FINE)
    level = gdal.Open(str(folder / "pan.tif")).ReadAsArray().mean()
    even = np.full((fine.rows, fine.cols), level, np.float32)
    even[:, :100] = np.nan
    first = write(tmp_path / "first.tif", even, fine)
    said = Said()
    with open_pair(folder / "hsi.tif", [first, folder / "pan.tif"], said) as scene:
        assert said.warned_of == []  # the second fills the gaps of the first
        block = scene.pan.read()
        there = RasterReader(folder / "pan.tif").read().values
        np.testing.assert_array_equal(block.values[0, :, :100], there[0, :, :100])
        assert (block.values[0, :, 100:] == level).all()
        again = pickle.loads(pickle.dumps(scene.pan))
        np.testing.assert_array_equal(again.read().values, block.values)


def test_a_file_of_other_ground_is_left_out_and_that_is_said(folder):
    _, _, said = fused(folder, "left.tif", [folder / "east32.tif", folder / "far.tif", folder / "west.tif"])
    assert any("far.tif is left out" in text for text in said.warned_of)
    with pytest.raises(InputError, match="do not overlap"):
        fused(folder, "none.tif", [folder / "far.tif", folder / "far.tif"])
    with pytest.raises(InputError, match=r"bare\.tif has no CRS"):
        fused(folder, "none.tif", [folder / "west.tif", folder / "bare.tif"])


def test_what_cannot_be_one_image_is_refused(folder):
    with pytest.raises(InputError, match=r"has 2 bands and pan\.tif 1"):
        fused(folder, "no.tif", [folder / "pan.tif", folder / "two.tif"])
    with pytest.raises(InputError, match="lie on several grids"):
        fused(folder, "no.tif", [folder / "pan.tif", folder / "east32.tif"], grid="pan")


def test_bands_that_lie_in_a_file_each_are_no_tiles(folder, tmp_path):
    """Files that name their wavelengths are refused; of others the second adds nothing, which is warned of."""
    two = []
    for name, wave in (("B2.tif", 490.0), ("B4.tif", 665.0)):
        two.append(str(tmp_path / name))
        gdal.Translate(two[-1], str(folder / "pan.tif"))
        dataset = gdal.Open(two[-1], gdal.GA_Update)
        dataset.GetRasterBand(1).SetMetadataItem("wavelength", str(wave))
        dataset.GetRasterBand(1).SetMetadataItem("wavelength_units", "nm")
        del dataset
    with pytest.raises(InputError, match=r"B4\.tif has a band at 665 nm where B2\.tif has one at 490 nm") as caught:
        fused(folder, "no.tif", two)
    assert f"gdalbuildvrt -separate B_bands.vrt {two[0]} {two[1]} (" in str(caught.value)
    said = Said()
    open_pair(folder / "hsi.tif", [folder / "pan.tif", *two[:1]], said).close()
    assert any("B2.tif adds nothing to pan.tif" in text and "gdalbuildvrt" in text for text in said.warned_of)
    part = Said()
    open_pair(folder / "hsi.tif", [folder / "west.tif", folder / "pan.tif"], part).close()
    assert part.warned_of == []


@pytest.mark.parametrize(("epsg", "words"), [(32633, "ratio 15"), (32632, "averaged to 16")])
def test_an_orthophoto_of_20_cm_is_averaged_to_what_can_be_used(tmp_path, epsg, words):
    """It shows a plane, the way to the east in the HSI's reference system."""
    low, high = Image.affine(30.0, size=300.0), Image.affine(0.2, epsg=epsg, size=400.0)
    write(tmp_path / "hsi.tif", np.stack([1e3 + axis - middle for axis, middle in zip(low.centres(), CENTRE)]), low)
    corners = high.ground(*np.meshgrid([0.0, high.rows], [0.0, high.cols], indexing="ij"))[0] - CENTRE[0]
    down, right = ((np.arange(count) + 0.5) / count for count in (high.rows, high.cols))
    west, east = (corners[0, side] + np.outer(down, corners[1, side] - corners[0, side]) for side in (0, 1))
    rows = west.reshape(-1, 1) * (1 - right) + east.reshape(-1, 1) * right
    write(tmp_path / "pan.tif", rows.astype(np.float32), high)
    said = Said()
    with open_pair(tmp_path / "hsi.tif", tmp_path / "pan.tif", said) as scene:
        fine, block = scene.alignment, scene.pan.read(scene.alignment.pan)
    assert any(words in text for text in said.told)
    assert block.valid.all()
    expected = fine.grid.x + (np.arange(fine.pan.cols) + 0.5) * fine.grid.dx - CENTRE[0]
    np.testing.assert_allclose(block.values[0], np.broadcast_to(expected, block.values.shape[1:]), atol=0.02)


@pytest.mark.parametrize("name", ["pan.tif", "east32.tif"])
def test_a_sharper_image_is_averaged_to_a_resolution(folder, name):
    """From pixels of 7.5 to pixels of 15, a ratio of 2; the mean of four pixels each."""
    _, facts, _ = fused(folder, "coarse.tif", folder / name, resolution=15.0)
    assert facts["ratio"] == 2
    assert f"Blocks of 2 x 2 pixels of {name} are averaged" in facts["placement"]
    assert gdal.Open(str(folder / "coarse.tif")).GetGeoTransform()[1] == 15.0
    if name == "pan.tif":
        with open_pair(folder / "hsi.tif", folder / name, resolution=15.0) as scene:
            fine = RasterReader(folder / name).read().values[0].reshape(128, 2, 128, 2).mean(axis=(1, 3))
            np.testing.assert_allclose(scene.pan.read().values[0], fine, rtol=1e-6)
    scores = assess(
        folder / "coarse.tif", hsi=folder / "hsi.tif", pan=folder / name, mtf=GAIN, shift="none", resolution=15.0
    )
    assert scores["ratio"] == 2


@pytest.mark.parametrize(("resolution", "warned"), [(2.0, True), (10.0, True), (7.5, False), (15.0, False)])
def test_a_resolution_that_does_nothing_is_warned_of(folder, resolution, warned):
    """Pixels of 7.5 are averaged to 15, and neither made finer nor averaged by parts."""
    _, _, said = fused(folder, "kept.tif", folder / "pan.tif", resolution=resolution)
    assert any("pan.tif keeps its pixels of 7.5 map units" in text for text in said.warned_of) == warned


def test_an_averaged_pan_has_its_grid_averaged(tmp_path):
    """Above ratio 40 the PAN's grid is that of its averaged pixels."""
    low, high = Image.affine(30.0, size=360.0), Image.affine(0.6, 20.0, size=500.0)
    write(tmp_path / "hsi.tif", np.random.default_rng(0).normal(100, 9, (3, 12, 12)), low)
    write(tmp_path / "pan.tif", np.random.default_rng(1).normal(100, 9, (high.rows, high.cols)).astype("f4"), high)
    classical(tmp_path / "hsi.tif", tmp_path / "pan.tif", tmp_path / "out.tif", grid="pan", **FIXED)
    made = gdal.Open(str(tmp_path / "out.tif"))
    assert np.hypot(made.GetGeoTransform()[1], made.GetGeoTransform()[4]) == pytest.approx(0.6 * 3)


def test_no_file_of_several_is_overwritten(folder):
    with pytest.raises(InputError, match=r"east\.tif"):
        classical(folder / "hsi.tif", [folder / "west.tif", folder / "east.tif"], folder / "east.tif", **FIXED)


def test_tiles_are_assessed_and_inspected(folder, tmp_path):
    pans = [folder / "west.tif", folder / "east32.tif"]
    fused(folder, "zones.tif", pans)
    scores = assess(folder / "zones.tif", hsi=folder / "hsi.tif", pan=pans, mtf=GAIN, shift="none")
    assert scores["consistency"] < 0.02
    assert scores["files"]["pan_more"] == str(pans[1])
    assert inspect(folder / "hsi.tif", pans)["ratio"] == RATIO


def test_the_command_line_takes_several_files(folder, capsys):
    pans = [str(folder / "east.tif"), str(folder / "west.tif")]
    told = ["--mtf", "0.3", "--shift", "none", "--contradictions", "off"]
    out = folder / "told.tif"
    assert main(["classical", "--hsi", str(folder / "hsi.tif"), "--pan", *pans, "--out", str(out), *told]) == 0
    np.testing.assert_array_equal(gdal.Open(str(out)).ReadAsArray(), fused(folder, "tiled.tif", pans)[0])


def declare_scale(path, scale):
    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).SetScale(scale)


@pytest.fixture
def tiles(folder, tmp_path):
    """A function: two tiles of the PAN, whose second is in another unit."""

    def make(gain, scale=1.0):
        for name in ("west", "east"):
            array = gdal.Open(str(folder / f"{name}.tif")).ReadAsArray()
            gdal.Translate(str(tmp_path / f"{name}.tif"), str(folder / f"{name}.tif"))
            if name == "east":
                dataset = gdal.Open(str(tmp_path / "east.tif"), gdal.GA_Update)
                dataset.GetRasterBand(1).WriteArray(array * gain)
                dataset = None
                declare_scale(tmp_path / "east.tif", scale)
        return [tmp_path / "west.tif", tmp_path / "east.tif"]

    return make


def test_tiles_of_several_scales_are_brought_to_one(folder, tiles):
    whole = fused(folder, "whole.tif", folder / "pan.tif")[0]
    made, _, said = fused(folder, "scaled.tif", tiles(0.25, 4.0))
    np.testing.assert_allclose(made, whole, rtol=1e-4)
    assert not said.warned_of


@pytest.mark.parametrize(("gain", "first"), [(1e-4, 1.0), (0.5, 1.0), (2.0, 1.0), (2.0, 1e-4)])
def test_tiles_of_another_unit_that_is_not_declared_are_warned_of(folder, tiles, gain, first):
    whole = fused(folder, "whole.tif", folder / "pan.tif")[0]
    paths = tiles(gain)
    declare_scale(paths[0], first)
    (warning,) = fused(folder, "units.tif", paths)[2].warned_of
    assert f"east.tif are about {gain:.1g}" in warning
    command = shlex.split(warning.split("brightness: ")[1].split(" (")[0])
    subprocess.run([sys.executable, "-m", "osgeo_utils.gdal_edit", *command[1:]], check=True)
    made, _, said = fused(folder, "units.tif", paths)
    assert not said.warned_of
    assert np.abs(made / whole - 1).max() < 0.2


@pytest.mark.parametrize("lacking", ["west", "east"])
def test_a_tile_that_declares_no_scale_is_taken_in_the_unit_that_fits(folder, tiles, lacking):
    whole = fused(folder, "whole.tif", folder / "pan.tif")[0]
    paths = tiles(1.0)
    declare_scale(paths[lacking == "west"], 1e-4)
    made, _, said = fused(folder, "lacking.tif", paths)
    np.testing.assert_allclose(made, whole, rtol=1e-5)
    assert not said.warned_of
    assert any(f"{lacking}.tif declares no scale" in line for line in said.told)


def test_haze_over_a_dark_tile_is_no_other_unit(folder, tiles, tmp_path):
    """The east of HSI and PAN is ten times as dark, and haze adds to the PAN alone."""
    gdal.Translate(str(tmp_path / "hsi.tif"), str(folder / "hsi.tif"))
    west, east = tiles(0.1)
    haze = gdal.Open(str(west)).ReadAsArray().mean()
    for path, dark, added in ((west, 140, haze), (east, SIZE * RATIO, haze), (tmp_path / "hsi.tif", 140 // RATIO, 0.0)):
        dataset = gdal.Open(str(path), gdal.GA_Update)
        values = dataset.ReadAsArray()
        values[..., dark:] *= 0.1
        dataset.WriteArray(values + added)
        dataset = None
    said = Said()
    classical(tmp_path / "hsi.tif", [west, east], tmp_path / "out.tif", method="mtf-glp", progress=said, **FIXED)
    assert not [text for text in said.warned_of if "bring them to one unit" in text]
