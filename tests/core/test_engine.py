"""The engine's result is that of the textbook; nodata, bad bands and planes come through as they must."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from osgeo import gdal

from core.io.grid import Window
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.scene.streams import scene_operators
from core.workflows.classical import classical
from tests.core import engine_scenes
from tests.core.engine_scenes import NODATA, BoxFilter, collect, method_for

open_scene = engine_scenes.open_scene  # a fixture


def literal(scene, method):
    """The fused image by the textbook: whole arrays, double precision, the projection iterated as it is written."""
    operators = scene_operators(scene, method.mtf_gain)
    hsi, pan = scene.hsi_rows(0, scene.low_shape[0]).values, scene.pan_rows(0, scene.high_shape[0]).values
    hsi, pan = hsi.astype(float), pan.astype(float)
    gains = method.statistics.gains.astype(float)[:, :, None]
    fused = operators.up(hsi) + gains * (pan - operators.up(operators.down(pan)))
    weight = scene.low_covered
    for _ in range(method.iterations):
        fused = fused + operators.up(weight * (hsi - operators.down(fused)))
    return fused


@pytest.mark.parametrize("iterations", [0, 1, 5])
@pytest.mark.parametrize(("ratio", "shift"), [(2, (0.0, 0.0)), (3, (-1.5, 2.25)), (4, (3.0, -2.0))])
def test_the_streamed_result_is_that_of_the_textbook(open_scene, iterations, ratio, shift):
    scene = open_scene((14, 12), ratio, shift)
    method = method_for(scene, iterations=iterations)
    values, valid, difference = collect(scene, method)
    np.testing.assert_allclose(values, literal(scene, method), atol=1e-5 * 1000)
    assert valid.all()
    assert not difference.any()


def test_bad_pixels_stay_bad_and_only_they(open_scene):
    def gaps(hsi, pan):
        hsi[2, 5, 6] = NODATA
        hsi[:, 9, 9] = NODATA
        pan[0, 20, 21] = NODATA

    scene = open_scene((14, 12), 3, gaps=gaps)
    assert not scene.complete
    values, valid, _ = collect(scene, method_for(scene))
    expected = np.ones((4, 42, 36), bool)
    expected[2, 15:18, 18:21] = False  # the band that is missing there, and no other
    expected[:, 27:30, 27:30] = False
    expected[:, 20, 21] = False
    np.testing.assert_array_equal(valid, expected)
    assert np.isfinite(values).all()
    assert np.abs(values).max() < 5000  # -9999 has not bled into anything


def test_pixels_beyond_the_support_do_not_notice_nodata(open_scene):
    def gaps(hsi, pan):
        hsi[:, 2:4, 2:4] = NODATA
        pan[0, 9, 0:3] = NODATA

    plain = open_scene((60, 60), 2)
    holed = open_scene((60, 60), 2, gaps=gaps, name="holed")
    method = method_for(plain, iterations=1, residual=BoxFilter(2))
    one, other = collect(plain, method), collect(holed, method)
    far = np.zeros((120, 120), bool)
    far[48:] = far[:, 48:] = True
    np.testing.assert_array_equal(other[0][:, far], one[0][:, far])
    np.testing.assert_array_equal(other[2][far], one[2][far])
    assert (other[0][:, :12, :12] != one[0][:, :12, :12]).any()


def write(path, hsi, valid, **changes):
    """An HSI of 30 m with metadata of its own."""
    from core.io.grid import Grid

    metadata = RasterMetadata.plain(len(hsi), "float32", NODATA).replace(**changes)
    with RasterWriter(path, Grid(500000.0, 5800000.0, 30.0, -30.0, *hsi.shape[1:]), metadata) as writer:
        writer.write(hsi, valid)
    return str(path)


def test_bad_bands_take_no_part_but_come_out(tmp_path, make_raster):
    rng = np.random.default_rng(5)
    hsi, pan = rng.random((4, 14, 12)) * 1000, (rng.random((1, 42, 36)) * 500).astype(np.float32)
    valid = np.ones(hsi.shape, bool)
    valid[1] = False  # holds nothing
    valid[2, 4, 5] = False  # listed as bad, with a gap of its own
    path = write(tmp_path / "hsi.tif", hsi, valid, bbl=(1, 1, 0, 1))
    fine = make_raster(tmp_path / "pan.tif", pan, (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0), epsg=None)
    with open_pair(path, fine) as scene:
        np.testing.assert_array_equal(scene.good, [True, False, False, True])
        np.testing.assert_array_equal(scene.empty, [False, True, False, False])
        assert scene.low_valid.all()
        method = method_for(scene, iterations=2)
        assert method.statistics.gains[2] == 0.0
        values, mask, _ = collect(scene, method)
    gap = np.zeros((42, 36), bool)
    gap[12:15, 15:18] = True
    np.testing.assert_array_equal(mask, [~gap | True, gap & False, ~gap, ~gap | True])
    # Up-sampled and projected only, and the gap has not bled: its neighbours' mean stands in it.
    band = hsi[2].astype(np.float32).astype(float)
    band[4, 5] = (band[3:6, 4:7].sum() - band[4, 5]) / 8
    operators = Operators((14, 12), (42, 36), 3)
    literal_band = operators.up(band)
    for _ in range(2):
        literal_band = literal_band + operators.up(band - operators.down(literal_band))
    np.testing.assert_allclose(values[2], literal_band, atol=1e-2)


@pytest.mark.parametrize("iterations", [0, 5])
def test_a_plane_in_map_coordinates_comes_through_half_a_pixel_off(tmp_path, make_raster, iterations):
    """Grids as Landsat 8 has them: the PAN starts half a PAN pixel off and has a row more than twice the HSI's."""
    rows, cols = 44, 40
    corner = (15.0 * 1000, 15.0 * 2000)

    def plane(transform, shape):
        x = (transform[0] + (np.arange(shape[1]) + 0.5) * transform[1]) / 15 - 1000 - cols
        y = (transform[3] + (np.arange(shape[0]) + 0.5) * transform[5]) / 15 - 2000 + rows
        return np.stack(np.broadcast_arrays(x[None, :], y[:, None])).astype(np.float32)

    coarse = (corner[0], 30.0, 0.0, corner[1], 0.0, -30.0)
    fine = (corner[0] - 7.5, 15.0, 0.0, corner[1] + 7.5, 0.0, -15.0)
    pan = plane(fine, (2 * rows + 1, 2 * cols)).sum(0)
    hsi_path = make_raster(tmp_path / "hsi.tif", plane(coarse, (rows, cols)), coarse)
    pan_path = make_raster(tmp_path / "pan.tif", pan, fine)
    with open_pair(hsi_path, pan_path) as scene:
        assert scene.high_shape == (2 * rows - 1, 2 * cols - 1)
        assert scene.alignment.phase == (0.5, 0.5)
        values, _, _ = collect(scene, method_for(scene, iterations=iterations))
        expected = plane(scene.alignment.grid.geotransform, scene.high_shape)
    edge = 10 + 12 * iterations
    if iterations:  # the edges' share dies out inwards
        np.testing.assert_allclose(values[:, 22:-22, 22:-22], expected[:, 22:-22, 22:-22], atol=2e-3)
    else:
        np.testing.assert_allclose(values[:, edge:-edge, edge:-edge], expected[:, edge:-edge, edge:-edge], atol=1e-4)


def test_landsat_8_comes_out_on_the_pixels_that_lie_wholly_inside(tmp_path, scenes):
    folder = scenes / "landsat8"
    if not folder.is_dir():
        pytest.skip("no landsat8 among the scenes")
    bands = [str(folder / f"B{number}.tif") for number in range(2, 8)]
    vrt = str(tmp_path / "ms.vrt")
    gdal.BuildVRT(vrt, bands, separate=True).FlushCache()
    classical(vrt, str(folder / "B8.tif"), str(tmp_path / "out.tif"), method="exp", consistency=0, shift="none")
    with RasterReader(tmp_path / "out.tif") as out, RasterReader(vrt) as low, RasterReader(folder / "B8.tif") as pan:
        assert (out.grid.rows, out.grid.cols, out.bands) == (1205, 1253, 6)
        assert out.dtype == "uint16"
        for here, there in ((out.grid.x, pan.grid.x), (out.grid.y, pan.grid.y)):
            assert (here - there) / 15 == pytest.approx(round((here - there) / 15), abs=1e-9)
        xmin, ymin, xmax, ymax = out.grid.extent
        outer = low.grid.extent
        assert outer[0] <= xmin < outer[0] + 15
        assert outer[3] - 15 < ymax <= outer[3]
        assert xmax <= outer[2]
        assert ymin >= outer[1]
        # Four output pixels around an HSI pixel's centre lie symmetrically about it: their mean is near its value.
        window = Window(100, 100, 201, 201)
        fine = out.read(window, [0]).values[0]
        assert abs(fine.mean() / low.read(Window(50, 50, 101, 101), [0]).values.mean() - 1) < 0.01


def test_a_fusion_method_is_immutable(open_scene):
    method = method_for(open_scene((10, 10), 2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        method.mtf_gain = 0.5
