"""Pairs whose grids are not parallel, from file to file: the right pixels at the right places, and what is said."""

from __future__ import annotations

import json
import pickle
import re

import numpy as np
import pytest
from osgeo import gdal

from benchmarks.pairs_apart import CENTRE, GAIN, PIXEL, RATIO, SIZE, Case, Ground, Image, ergas, write
from core.io.frames import Affine
from core.io.positions import refined
from core.io.reader import RasterReader
from core.products.claims import Claims
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.scene.mask_raster import masked_pixels
from core.scene.placement import AffineMapping
from core.scene.warp import WarpedReader
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from core.workflows.inspect import inspect
from tests.core import made_apart
from tests.core.made_apart import CASES, FIXED
from tests.core.said import Said

made = made_apart.made  # a fixture

MAPS = [name for name in CASES if "on the map" in name]
APART = [name for name in CASES if name not in ("nested", "orthoimage of the swath", *MAPS)]


@pytest.fixture(scope="module")
def nested(made):
    """ERGAS of the nested pair."""
    return ergas(made("nested")[0] / "out.tif", CASES["nested"], Ground())[0]


@pytest.mark.parametrize("name", APART)
def test_the_error_is_about_that_of_a_nested_pair(made, nested, name):
    found, pixels = ergas(made(name)[0] / "out.tif", CASES[name], Ground())
    assert pixels > 25_000
    assert found < 1.15 * nested


@pytest.mark.parametrize("name", MAPS)
def test_a_swath_is_put_on_the_map_by_nearest_neighbour(made, nested, name):
    folder, facts, _, _ = made(name)
    found, pixels = ergas(folder / "out.tif", CASES[name], Ground())
    assert pixels > 25_000
    ortho = ergas(made("orthoimage of the swath")[0] / "out.tif", CASES["orthoimage of the swath"], Ground())[0]
    assert found < 0.35 * ortho  # half a fine pixel off instead of half an HSI pixel
    assert "by nearest neighbour" in facts["placement"]
    dataset = gdal.Open(str(folder / "out.tif"))
    assert dataset.GetMetadataItem("PLACEMENT") == facts["placement"]
    assert (dataset.RasterYSize, dataset.RasterXSize) == (facts["rows"], facts["cols"])
    assert dataset.GetGeoTransform()[1] == PIXEL / RATIO
    fine = made(name.replace(", on the map", ""))[0] / "out.tif"
    spectra = {tuple(spectrum) for spectrum in gdal.Open(str(fine)).ReadAsArray().reshape(12, -1).T}
    values = dataset.ReadAsArray().reshape(12, -1).T
    values = values[np.isfinite(values).all(axis=1)]
    assert all(tuple(spectrum) in spectra for spectrum in values[::97])  # no spectrum is mixed


def test_the_outline_on_the_map_is_that_of_the_lookup_table(made):
    folder = made("swath with a GLT, on the map")[0]
    table, result = (RasterReader(folder / name) for name in ("glt.tif", "out.tif"))
    filled = table.read().values[0] != 0
    grid = result.grid
    row, col = round((table.grid.y - grid.y) / PIXEL), round((grid.x - table.grid.x) / PIXEL)
    valid = result.read(bands=[0]).valid[0].reshape(grid.rows // RATIO, RATIO, grid.cols // RATIO, RATIO)
    there = filled[row : row + grid.rows // RATIO, col : col + grid.cols // RATIO]
    assert not valid[~there.repeat(1, axis=0)[:, None, :, None].repeat(RATIO, 1).repeat(RATIO, 3)].any()
    assert valid.any(axis=(1, 3))[there].mean() > 0.97


@pytest.mark.parametrize("name", ["HSI rotated by 20 degrees", "PAN in another UTM zone", "HSI in degrees"])
def test_the_result_lies_on_the_hsis_grid_refined(made, name):
    folder, facts, said, _ = made(name)
    with RasterReader(folder / "hsi.tif") as hsi, RasterReader(folder / "out.tif") as result:
        fine = refined(hsi.grid, RATIO)
        np.testing.assert_allclose(result.grid.geotransform, fine.geotransform, rtol=1e-9)
        assert (result.grid.rows, result.grid.cols, result.grid.crs) == (fine.rows, fine.cols, hsi.grid.crs)
        if "rotated" in name:  # else QGIS shows black corners around it
            assert result.metadata.nodata is not None
    assert sum(facts["placement"] in text for text in said) == 1
    assert "refined by 4" in facts["placement"]
    assert "not resampled" in facts["placement"]


def test_a_nested_pair_is_as_it_was(made):
    _, facts, _, _ = made("nested")
    assert facts["placement"] == ""
    with open_pair(*(made("nested")[0] / name for name in ("hsi.tif", "pan.tif"))) as scene:
        assert type(scene.pan) is RasterReader


@pytest.mark.parametrize("name", ["PAN in another UTM zone", "PAN rotated by 45 degrees"])
def test_grid_pan_puts_the_result_on_the_pans_grid(made, nested, name):
    folder, _, _, more = made(name)
    out = folder / "on_pan.tif"
    facts = classical(folder / "hsi.tif", folder / "pan.tif", out, grid="pan", **FIXED, **more)
    assert "by one B-spline interpolation" in facts["placement"]
    with RasterReader(folder / "pan.tif") as pan, RasterReader(out) as result:
        x0, dx, rx, y0, ry, dy = pan.grid.geotransform
        corner = np.linalg.solve([[dx, rx], [ry, dy]], np.array(result.grid.geotransform)[[0, 3]] - [x0, y0])
        np.testing.assert_allclose(corner, np.rint(corner), atol=1e-4)
        np.testing.assert_allclose(np.array(result.grid.geotransform)[[1, 2, 4, 5]], (dx, rx, ry, dy))
        assert result.grid.crs == pan.grid.crs
    assert ergas(out, CASES[name], Ground())[0] < 1.6 * nested  # twice interpolated


def test_grid_hsi_of_a_parallel_pair(made, nested):
    folder, _, _, _ = made("nested")
    moved = Image.affine(PIXEL / RATIO)
    corner = np.add(moved.transform, [1.7, 0, 0, -2.4, 0, 0])

    def places(col, row):
        return corner[0] + corner[1] * col, corner[3] + corner[5] * row

    case = Case("moved", CASES["nested"].hsi, Image(moved.rows, moved.cols, places, 32633, tuple(corner)))
    hsi, pan, _ = case.files(folder, Ground())
    facts = classical(hsi, pan, folder / "on_hsi.tif", grid="hsi", **FIXED)
    assert "asks for" in facts["placement"]
    with RasterReader(hsi) as low, RasterReader(folder / "on_hsi.tif") as result:
        assert result.grid.geotransform == refined(low.grid, RATIO).geotransform
    assert ergas(folder / "on_hsi.tif", case, Ground())[0] < 1.15 * nested


def test_a_swath_in_its_rows_and_columns_has_control_points(made):
    folder, _, _, _ = made("swath with longitudes and latitudes")
    dataset = gdal.Open(str(folder / "out.tif"))
    assert (dataset.RasterYSize, dataset.RasterXSize) == (RATIO * SIZE, RATIO * SIZE)
    points = dataset.GetGCPs()
    col, row = (np.array([getattr(point, name) for point in points]) for name in ("GCPPixel", "GCPLine"))
    x, y = CASES["swath with longitudes and latitudes"].hsi.places(col / RATIO, row / RATIO)
    near = [abs(np.array([getattr(p, n) for p in points]) - v).max() for n, v in (("GCPX", x), ("GCPY", y))]
    assert max(near) < 2e-6  # degrees


def test_scenes_that_are_warped_travel(made):
    folder, _, _, more = made("swath with a GLT")
    claims = Claims(geolocation=more["geolocation"])
    with (
        open_pair(folder / "hsi.tif", folder / "pan.tif", claims=(claims, claims)) as scene,
        pickle.loads(pickle.dumps(scene)) as again,
    ):
        for found, expected in zip(again.pan_rows(100, 120), scene.pan_rows(100, 120)):
            np.testing.assert_array_equal(found, expected)


def test_a_warped_pan_that_is_moved_again_is_resampled_once(made):
    folder, _, _, _ = made("PAN rotated by 45 degrees")
    with open_pair(folder / "hsi.tif", folder / "pan.tif") as scene:
        moved = AffineMapping(Affine(0.4, 1.0, 0.0, -0.3, 0.0, 1.0))
        again = scene.pan.through(moved, scene.pan.grid)
        assert again.raster is scene.pan.raster
        assert again.sentence == scene.pan.sentence != ""
        rows, cols = np.mgrid[60:190, 60:190] + 0.5
        x, y = Image.affine(PIXEL / RATIO).ground(rows - 0.3, cols + 0.4)
        truth = Ground().at(x, y)[2:7].mean(axis=0)
        once, twice = again.read().values[0, 60:190, 60:190], WarpedReader(scene.pan, moved, scene.pan.grid).read()
        errors = [np.sqrt(((found - truth) ** 2).mean()) for found in (once, twice.values[0, 60:190, 60:190])]
        assert errors[0] < 0.8 * errors[1]


def test_parts_of_a_rotated_scene_are_parts_of_the_whole(made):
    folder, _, _, _ = made("HSI rotated by 20 degrees")
    with RasterReader(folder / "out.tif") as whole:
        x0, dx, rx, y0, ry, dy = whole.grid.geotransform
        x, y = x0 + 120 * dx + 130 * rx, y0 + 120 * ry + 130 * dy
        extent = (x - 300, y - 200, x + 300, y + 200)
        classical(folder / "hsi.tif", folder / "pan.tif", folder / "part.tif", extent=extent, **FIXED)
        with RasterReader(folder / "part.tif") as part:
            corner = np.linalg.solve([[dx, rx], [ry, dy]], np.array(part.grid.geotransform)[[0, 3]] - [x0, y0])
            col, row = np.rint(corner).astype(int)
            np.testing.assert_allclose(corner, (col, row), atol=1e-6)
            assert 70 < part.grid.rows < 120
            expected = whole.read().values[:, row : row + part.grid.rows, col : col + part.grid.cols]
            np.testing.assert_allclose(part.read().values, expected, atol=0.05)


@pytest.mark.parametrize("name", ["HSI rotated by 20 degrees", "PAN in another UTM zone"])
def test_results_are_assessed_and_pairs_inspected(made, tmp_path, name):
    folder, facts, _, more = made(name)
    files = {"hsi": folder / "hsi.tif", "pan": folder / "pan.tif"}
    scores = assess(folder / "out.tif", **files, mtf=GAIN, shift="none", **more)
    assert scores["hqnr"] > 0.9
    assert scores["consistency"] < 0.01
    found = inspect(*files.values(), report=tmp_path / "r.html", json_path=tmp_path / "r.json", **more)
    assert found["placement"] == facts["placement"] == json.loads((tmp_path / "r.json").read_text())["placement"]
    assert "refined by 4" in (tmp_path / "r.html").read_text()
    assert abs(found["shift_x"]) < 0.1
    assert abs(found["shift_y"]) < 0.1


@pytest.mark.parametrize(
    ("name", "how", "most"),
    [
        ("swath with a GLT", "", 0.001),
        ("swath with longitudes and latitudes", "", 0.001),
        ("swath with a GLT, on the map", "by nearest neighbour", 0.003),
        ("swath with longitudes and latitudes, on the map", "by nearest neighbour", 0.003),
    ],
)
def test_results_of_a_swath_are_assessed_in_its_rows_and_columns(made, name, how, most):
    folder, _, _, more = made(name)
    scores = assess(folder / "out.tif", hsi=folder / "hsi.tif", pan=folder / "pan.tif", mtf=GAIN, shift="none", **more)
    assert scores["ratio"] == RATIO
    assert scores["consistency"] < most
    assert how in " ".join(scores["notes"])
    assert bool(scores["notes"]) == bool(how)


def test_a_result_on_the_pans_grid_is_assessed_on_the_hsis(made, tmp_path):
    folder, _, _, _ = made("HSI rotated by 20 degrees")
    files = {"hsi": folder / "hsi.tif", "pan": folder / "pan.tif"}
    classical(*files.values(), tmp_path / "out.tif", grid="pan", **FIXED)
    scores = assess(tmp_path / "out.tif", **files, mtf=GAIN, shift="none")
    assert scores["consistency"] < 0.001
    assert any("brought there by B-splines" in note for note in scores["notes"])
    with pytest.raises(InputError, match="assess it once against the reference"):
        assess(tmp_path / "out.tif", reference=tmp_path / "out.tif", **files, mtf=GAIN, shift="none")


def test_methods_are_compared_on_a_swath_and_the_best_is_put_on_the_map(made, tmp_path):
    folder, _, _, more = made("swath with a GLT, on the map")
    best = tmp_path / "best.tif"
    found = compare(folder / "hsi.tif", folder / "pan.tif", best, methods=("mtf-glp", "gsa"), mtf=GAIN, **more)
    assert "rows and columns of hsi.tif" in found["placement"]
    score, pixels = ergas(best, CASES["swath with a GLT, on the map"], Ground())
    assert pixels > 25_000
    assert score < 0.8


@pytest.mark.parametrize("name", ["HSI rotated by 20 degrees", "HSI in degrees", "PAN in another UTM zone"])
def test_a_mask_may_lie_on_any_grid(made, tmp_path, name):
    """A disc, on the grid of the PAN."""
    folder, _, _, _ = made(name)
    pan, hsi = CASES[name].pan, CASES[name].hsi

    def inside(x, y, radius):
        return np.hypot(x - CENTRE[0] - 150, y - CENTRE[1] + 90) < radius

    mask = write(tmp_path / "mask.tif", inside(*pan.centres(), 400.0).astype(np.int32), pan)
    with open_pair(folder / "hsi.tif", folder / "pan.tif") as scene, RasterReader(mask) as opened:
        found = masked_pixels(scene, opened)
    x, y = hsi.centres()
    assert found[inside(x, y, 395.0)].all()
    assert not found[~inside(x, y, 400.0 + PIXEL)].any()


@pytest.mark.parametrize("name", ["HSI rotated by 20 degrees", "swath with a GLT, on the map"])
def test_networks_learn_on_pairs_apart(made, tmp_path, name):
    pytest.importorskip("torch")
    from core.workflows.fuse import fuse
    from core.workflows.sharpen import sharpen

    folder, _, _, more = made(name)
    files = folder / "hsi.tif", folder / "pan.tif"
    paths = {key: tmp_path / f"{key}.{end}" for key, end in (("model", "safetensors"), ("report", "html"))}
    paths["disagreement"] = tmp_path / "spread.tif"
    facts = sharpen(*files, tmp_path / "out.tif", settings={"steps": 4}, device="cpu", **paths, **FIXED, **more)
    page = paths["report"].read_text()
    assert "refined by 4" in page
    with RasterReader(tmp_path / "out.tif") as result, RasterReader(paths["disagreement"]) as spread:
        assert result.grid == spread.grid
        assert (result.grid.rows, result.grid.cols) == (facts["rows"], facts["cols"])
        np.testing.assert_array_equal(result.read(bands=[0]).valid, spread.read().valid)
        expected = result.read().values
    found = ergas(tmp_path / "out.tif", CASES[name], Ground())[0]
    assert found < 1.05 * ergas(folder / "out.tif", CASES[name], Ground())[0]
    fixed = {key: value for key, value in FIXED.items() if key != "mtf"}
    fuse(*files, paths["model"], tmp_path / "again.tif", device="cpu", **fixed, **more)
    with RasterReader(tmp_path / "again.tif") as again:
        np.testing.assert_allclose(again.read().values, expected, atol=0.05)


def test_a_partner_that_covers_a_part_leaves_the_rest_without_values(tmp_path):
    low = Image.affine(PIXEL)
    part = Image.affine(PIXEL / RATIO, 30.0, 32633, 30 * PIXEL)
    hsi, pan, _ = Case("part", low, part).files(tmp_path, Ground())
    with open_pair(hsi, pan) as scene:
        assert scene.low_shape[0] < SIZE - 15
    said = Said()
    facts = classical(hsi, pan, tmp_path / "out.tif", progress=said, **FIXED)
    with RasterReader(tmp_path / "out.tif") as result:
        valid = result.read().valid
        count = np.count_nonzero(~valid[0])
        assert any(f"pan.tif has no values at {count} PAN pixels" in text for text in said.infos)
        share = int(re.search(r"it covers (\d+)%", facts["placement"])[1]) / 100
        assert valid[0].mean() == pytest.approx(share, abs=0.03)
        assert 0.4 < valid.mean() < 0.75
        assert result.metadata.nodata is not None


@pytest.mark.parametrize("name", ["HSI rotated by 20 degrees", "swath with a GLT, on the map"])
def test_envi_files_lie_where_they_should(made, tmp_path, name):
    folder, _, _, more = made(name)
    out = tmp_path / "out.bsq"
    classical(folder / "hsi.tif", folder / "pan.tif", out, **FIXED, **more)
    with RasterReader(out) as found, RasterReader(folder / "out.tif") as expected:
        np.testing.assert_allclose(found.grid.geotransform, expected.grid.geotransform, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(found.read().values, expected.read().values)
    assert "placement" in (tmp_path / "out.hdr").read_text()
