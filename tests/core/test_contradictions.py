"""Pixels where the PAN contradicts the HSI, and masked ones: found, kept out of learning, their detail faded."""

from __future__ import annotations

import shlex
import subprocess
import sys

import numpy as np
import pytest
from osgeo import gdal

import core
from core.calibration.contradictions import contradictions
from core.io.reader import RasterReader
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.scene.mask_raster import covered_pixels, masked_pixels
from core.scene.statistics import scene_statistics
from tests.core.said import Said
from tests.core.spoiled import REAL, made_pair, real_pair, write

EDGE = 500000.0, 5800000.0  # of the pairs that are made here


def found_in(pair, folder, shift=(0.0, 0.0)):
    with open_pair(*write(pair, folder, "found")) as scene:
        return contradictions(scene, shift)


def values(path):
    return gdal.Open(str(path)).ReadAsArray()


def box(shape, rows, cols):
    mask = np.zeros(shape, bool)
    mask[slice(*rows), slice(*cols)] = True
    return mask


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fields", [{}, {"bands": 4, "ratio": 2}, {"low": (25, 25)}, {"dtype": "float32", "ratio": 6}])
def test_a_clean_pair_has_no_contradictions(seed, fields, tmp_path):
    assert not found_in(made_pair(seed, **fields), tmp_path).any()


@pytest.mark.parametrize("name", [name for name in REAL if name != "ikonos"])
def test_real_scenes_with_their_truth_have_none(scenes, name, tmp_path):
    assert not found_in(real_pair(scenes, name, 0), tmp_path).any()


@pytest.mark.parametrize("moved", [(0.5, 0.5), (1.0, -1.0), (0.0, 2.0)])
def test_a_shift_is_no_contradiction(moved, tmp_path):
    assert found_in(made_pair(1).changed(moved=moved), tmp_path).mean() < 0.002


@pytest.mark.parametrize("seed", range(4))
def test_a_cloud_in_the_pan_is_found(seed, tmp_path):
    pair = made_pair(seed)
    pan = pair.pan.copy()
    pan[40:72, 48:92] = 1.2 * pan.max()
    found = found_in(pair.changed(pan=pan), tmp_path)
    assert found[10:18, 12:23].all()
    assert not (found & ~box(found.shape, (8, 20), (10, 25))).any()


@pytest.mark.parametrize("seed", range(3))
def test_clouds_with_soft_edges_on_most_parts_of_a_small_scene_are_found(seed, tmp_path):
    pair = made_pair(seed, low=(25, 25))
    y, x = np.mgrid[:100, :100]
    places = ((25, 25), (40, 75), (75, 40))
    opaque = np.maximum.reduce([np.clip(2.2 - np.hypot(y - row, x - col) / 7, 0, 1) for row, col in places])
    pan = pair.pan * (1 - opaque) + 1.5 * pair.pan.max() * opaque
    found = found_in(pair.changed(pan=pan.astype(pair.pan.dtype)), tmp_path)
    assert found[opaque.reshape(25, 4, 25, 4).min(axis=(1, 3)) >= 1].all()
    assert found.mean() < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_a_cloud_in_the_hsi_is_found(seed, tmp_path):
    pair = made_pair(seed)
    hsi = pair.hsi.copy()
    hsi[:, 20:28, 20:32] = hsi.max()
    found = found_in(pair.changed(hsi=hsi), tmp_path)
    np.testing.assert_array_equal(found, box(found.shape, (20, 28), (20, 32)))


@pytest.mark.parametrize("seed", range(4))
def test_a_hot_pixel_of_the_pan_is_found(seed, tmp_path):
    pair = made_pair(seed)
    pan = pair.pan.astype(np.float32)
    pan[81, 83] = 5 * pan.max()
    found = found_in(pair.changed(pan=pan), tmp_path)
    assert found[20, 20]
    assert not (found & ~box(found.shape, (18, 23), (18, 23))).any()


def test_a_hot_pixel_on_a_bright_roof_is_found(scenes):
    folder = scenes / "eo1_paris"
    with open_pair(folder / "hsi.tif", folder / "pan.tif") as scene:
        found = contradictions(scene, (-0.39, 0.54))
    assert found[54, 24]
    assert found.sum() < 10


@pytest.mark.parametrize("shift", ["none", "auto"])
def test_its_glare_does_not_come_out_brighter_than_the_hsi_is(scenes, shift, tmp_path):
    files = [str(scenes / "eo1_paris" / name) for name in ("hsi.tif", "pan.tif")]
    core.classical(*files, tmp_path / "out.tif", shift=shift)
    assert values(tmp_path / "out.tif").max() < 1.5 * values(files[0]).max()


def test_images_that_are_not_alike_do_not_contradict_each_other(tmp_path):
    assert not found_in(made_pair(0).changed(pan=made_pair(50).pan), tmp_path).any()


@pytest.fixture
def spoiled(tmp_path):
    """A pair whose PAN has one hot pixel, and its files."""
    pair = made_pair(2, dtype="float32")
    pan = pair.pan.copy()
    pan[81, 83] = 8 * pan.max()
    pair = pair.changed(pan=pan)
    return pair, write(pair, tmp_path, "hot")


@pytest.mark.parametrize("method", ["mtf-glp", "mtf-glp-hpm", "sfim", "brovey", "cnmf"])
def test_detail_of_contradictions_is_faded_and_the_rest_is_as_good(spoiled, tmp_path, method):
    pair, files = spoiled
    said, errors = Said(), {}
    for way in ("auto", "off"):
        core.classical(*files, tmp_path / f"{way}.tif", contradictions=way, mtf=0.3, method=method, progress=said)
        errors[way] = np.abs(values(tmp_path / f"{way}.tif") - pair.truth).max(axis=0)
    assert errors["auto"][76:88, 76:88].max() < 0.3 * errors["off"][76:88, 76:88].max()
    far = np.ones(errors["auto"].shape, bool)
    far[60:104, 60:104] = False
    assert errors["auto"][far].mean() <= 1.001 * errors["off"][far].mean()
    (text,) = [text for text in said.infos if "contradicts" in text]
    assert "CONTRADICTIONS" in text


def test_a_clean_pair_is_sharpened_as_if_nothing_were_looked_for(tmp_path):
    files, said = write(made_pair(4), tmp_path, "clean"), Said()
    for way in ("auto", "off"):
        core.classical(*files, tmp_path / f"{way}.tif", contradictions=way, progress=said)
    np.testing.assert_array_equal(values(tmp_path / "auto.tif"), values(tmp_path / "off.tif"))
    assert said.warnings == []
    assert not any("contradict" in text for text in said.infos)


def test_many_contradictions_are_warned_of_and_shown_on_the_page(tmp_path):
    pair = made_pair(0)
    pan = pair.pan.copy()
    pan[40:72, 48:92] = 1.2 * pan.max()
    page = tmp_path / "page.html"
    found = core.inspect(*write(pair.changed(pan=pan), tmp_path, "cloud"), report=page)
    assert found["contradictions"] >= 88
    assert any("contradicts" in warning and "CONTRADICTIONS" in warning for warning in found["warnings"])
    assert "HSI pixels that the PAN contradicts, in yellow" in page.read_text(encoding="utf-8")


def masked(scene, path):
    with RasterReader(path) as mask:
        return masked_pixels(scene, mask)


def mask_file(make_raster, path, mask, step, corner=EDGE, **fields):
    transform = (corner[0], step, 0.0, corner[1], 0.0, -step)
    return make_raster(path, mask.astype(np.uint8), transform, **fields)


def test_a_mask_on_any_grid_covers_the_pixels_that_it_overlaps(make_raster, tmp_path):
    pair = made_pair(0)  # 44 x 52 pixels of 20 m
    with open_pair(*write(pair, tmp_path, "pair")) as scene:
        own = box((44, 52), (3, 9), (10, 20))
        same = mask_file(make_raster, tmp_path / "same.tif", own, 20.0)
        np.testing.assert_array_equal(masked(scene, same), own)
        fine = mask_file(make_raster, tmp_path / "fine.tif", own.repeat(4, 0).repeat(4, 1), 5.0)
        np.testing.assert_array_equal(masked(scene, fine), own)
        coarse = mask_file(make_raster, tmp_path / "coarse.tif", box((22, 26), (2, 3), (5, 6)), 40.0)
        np.testing.assert_array_equal(masked(scene, coarse), box((44, 52), (4, 6), (10, 12)))
        odd = mask_file(make_raster, tmp_path / "odd.tif", box((9, 9), (1, 2), (1, 2)), 30.0)
        np.testing.assert_array_equal(masked(scene, odd), box((44, 52), (1, 3), (1, 3)))
        part = mask_file(make_raster, tmp_path / "part.tif", np.ones((4, 4)), 20.0, (EDGE[0] + 100, EDGE[1] - 60))
        np.testing.assert_array_equal(masked(scene, part), box((44, 52), (3, 7), (5, 9)))
        nodata = mask_file(make_raster, tmp_path / "nodata.tif", 255 * own, 20.0, nodata=255)
        assert not masked(scene, nodata).any()


def test_a_mask_that_does_not_fit_is_refused(make_raster, tmp_path):
    files = write(made_pair(0), tmp_path, "pair")
    other = mask_file(make_raster, tmp_path / "other.tif", np.ones((44, 52)), 20.0, epsg=0)
    with pytest.raises(InputError, match=r"other\.tif has no CRS.*--assume-crs EPSG"):
        core.classical(*files, tmp_path / "out.tif", mask=other)
    several = make_raster(tmp_path / "several.tif", np.ones((2, 4, 4), np.uint8), (EDGE[0], 20, 0, EDGE[1], 0, -20))
    with pytest.raises(InputError, match=r"several\.tif has 2 bands"):
        core.classical(*files, tmp_path / "out.tif", mask=several)
    whole = mask_file(make_raster, tmp_path / "whole.tif", np.ones((44, 52)), 20.0)
    with pytest.raises(InputError, match=r"No pixel of .* is left to learn from"):
        core.classical(*files, tmp_path / "out.tif", mask=whole)
    with pytest.raises(InputError, match="whole"):
        core.classical(*files, whole, mask=whole)
    beside = mask_file(make_raster, tmp_path / "b.tif", np.ones((4, 4)), 20.0, (EDGE[0] + 9e4, EDGE[1]))
    with pytest.raises(InputError, match=r"and b\.tif do not overlap"):
        core.classical(*files, tmp_path / "out.tif", mask=beside)


@pytest.mark.parametrize(("rows", "words"), [(44, []), (22, ["clear.tif covers 50% of the HSI pixels only"])])
def test_a_mask_that_covers_a_part_of_the_image_is_warned_of(make_raster, tmp_path, rows, words):
    files, said = write(made_pair(0), tmp_path, "pair"), Said()
    clear = mask_file(make_raster, tmp_path / "clear.tif", np.zeros((rows, 52)), 20.0)
    core.classical(*files, tmp_path / "out.tif", mask=clear, mtf=0.3, progress=said)
    told = [warning for warning in said.warnings if "clear.tif" in warning]
    expected = ["clear.tif keeps 0 of 2288 HSI pixels", *words]
    assert [warning[: len(word)] for warning, word in zip(told, expected)] == expected
    assert len(told) == len(expected)


def test_classes_that_are_given_as_a_mask_are_made_one_by_the_command(make_raster, tmp_path):
    files, classes = write(made_pair(0), tmp_path, "pair"), np.full((44, 52), 4)
    classes[3:9, 10:20] = 9
    path = mask_file(make_raster, tmp_path / "classes.tif", classes, 20.0)
    with pytest.raises(InputError, match=r"No pixel of .* is left to learn from; .* Classes are none") as refused:
        core.classical(*files, tmp_path / "out.tif", mask=path)
    command = shlex.split(str(refused.value).split("make one: ", 1)[1].split(" (Raster")[0])
    subprocess.run([sys.executable, "-m", "osgeo_utils.gdal_calc", "--quiet", *command[1:]], check=True)
    with open_pair(*files) as scene:
        np.testing.assert_array_equal(masked(scene, command[-1]), classes == 9)


@pytest.mark.parametrize("step", [20.0, 5.0, 7.0])
def test_what_a_mask_covers_are_the_pixels_whose_centres_it_lies_on(make_raster, tmp_path, step):
    files, count = write(made_pair(0), tmp_path, "pair"), round(400 / step)
    path = mask_file(make_raster, tmp_path / "m.tif", np.zeros((count, count)), step, (EDGE[0] + 100, EDGE[1] - 60))
    with open_pair(*files) as scene, RasterReader(path) as mask:
        np.testing.assert_array_equal(covered_pixels(scene, mask), box((44, 52), (3, 23), (5, 25)))


def test_a_mask_without_georeference_is_put_on_the_hsi_as_its_remedy_says(make_raster, tmp_path):
    files, own = write(made_pair(0), tmp_path, "pair"), box((44, 52), (3, 9), (10, 20))
    mask = make_raster(tmp_path / "mask.tif", own.astype(np.uint8), None, epsg=0)
    with pytest.raises(InputError, match="has no georeference") as refused:
        core.classical(*files, tmp_path / "out.tif", mask=mask)
    command = shlex.split(str(refused.value).split(": ", 1)[1].split(" (")[0])
    subprocess.run([sys.executable, "-m", "osgeo_utils.gdal_edit", *command[1:]], check=True)
    with open_pair(*files) as scene:
        np.testing.assert_array_equal(masked(scene, mask), own)


def test_what_is_said_of_a_mask_besides_its_file_counts(make_raster, tmp_path):
    files, own = write(made_pair(0), tmp_path, "pair"), box((44, 52), (3, 9), (10, 20))
    placed = mask_file(make_raster, tmp_path / "placed.tif", own, 20.0)
    bare = mask_file(make_raster, tmp_path / "bare.tif", np.where(own, 1, 9), 20.0, epsg=0)
    system = gdal.Open(placed).GetProjection()
    found = []
    for mask, more in (
        (placed, {}),
        (bare, {"layers": {str(bare): ("9", system)}}),
        (mask_file(make_raster, tmp_path / "none.tif", own, 20.0, epsg=0), {"assume_crs": system}),
    ):
        said = Said()
        core.classical(*files, tmp_path / "out.tif", mask=mask, progress=said, **more)
        found.append(next(text for text in said.infos if "out of learning" in text).split(" keeps ")[1])
    assert found == [f"{own.sum()} of {own.size} HSI pixels out of learning."] * 3


def test_masked_pixels_take_no_part_in_statistics_but_are_sharpened(make_raster, tmp_path):
    pair, mask = made_pair(3, dtype="float32"), box((44, 52), (0, 20), (0, 20))
    path = mask_file(make_raster, tmp_path / "mask.tif", mask, 20.0)
    files, said = write(pair, tmp_path, "pair"), Said()
    with open_pair(*files) as scene:
        view = scene.without(masked(scene, path))
        assert int(view.low_valid.sum()) == 44 * 52 - 400
        assert view.low_present.all()
        numbers = scene_statistics(view, 0.3, 4)
        expected = pair.hsi[:, ~mask].mean(axis=1)
    np.testing.assert_allclose(numbers.mean, expected, rtol=1e-5)
    core.classical(*files, tmp_path / "out.tif", mask=path, progress=said)
    result = values(tmp_path / "out.tif")
    assert np.isfinite(result).all()
    assert np.abs(result - pair.truth)[:, :80, :80].mean() < 0.1 * pair.truth.mean()
    assert any("mask.tif keeps 400 of 2288 HSI pixels out of learning" in text for text in said.infos)


def test_compare_leaves_them_out_at_both_resolutions(spoiled, make_raster, tmp_path):
    _, files = spoiled
    mask = mask_file(make_raster, tmp_path / "mask.tif", box((44, 52), (0, 8), (0, 8)), 20.0)
    given = {"methods": ["mtf-glp"], "contradictions": "off"}
    plain, masked = (core.compare(*files, mask=path, **given) for path in ("", mask))
    assert plain["methods"][0]["reduced"]["ergas"] != masked["methods"][0]["reduced"]["ergas"]
