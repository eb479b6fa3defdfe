from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from osgeo import gdal

from core.fusion import budget, eta, pipeline
from core.fusion.budget import Limits
from core.fusion.classical import ClassicalMethod
from core.fusion.engine import fuse, shares
from core.fusion.prior import RegressionPrior
from core.io.grid import Window
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.runtime.progress import Progress
from core.scene.scene import Scene
from core.scene.statistics import scene_statistics
from core.scene.streams import scene_operators
from core.workflows.classical import classical

NODATA = -9999.0
TINY = 1e-6  # GB: the smallest pieces there are


class BoxFilter:
    """Stands for networks: the mean over a window of every plane, zeros outside the image as convolutions have."""

    bytes_at_work, tile, tile_bytes = 100, 64, 1.0
    alignment, planes_dtype, engine = 1, "float32", ""

    def __init__(self, reach: int) -> None:
        self.receptive_field = reach

    def __call__(self, planes, progress=None, margins=(0, 0)):
        size, reach = 2 * self.receptive_field + 1, self.receptive_field
        padded = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)))
        rows, cols = planes.shape[1:]
        total = sum(padded[:, y : y + rows, x : x + cols] for y in range(size) for x in range(size)) / size**2
        total = total.astype(np.float32)
        total[:, : margins[0]] = total[:, rows - margins[1] :] = (
            np.nan
        )  # of what is not wanted nothing may come through
        return total[:-2] * 0.3 + total[-1:], np.abs(total[0] - planes[0])


@pytest.fixture
def open_scene(tmp_path, make_raster):
    opened = []

    def make(shape, ratio, shift=(0.0, 0.0), bands=4, seed=0, gaps=None, name=""):
        """A random scene; ``shift`` of the PAN's corner in PAN pixels; ``gaps(hsi, pan)`` may mark invalid pixels."""
        rng = np.random.default_rng(seed)
        hsi = (rng.random((bands, *shape)) * 1000).astype(np.float32)
        pan = (rng.random((1, shape[0] * ratio, shape[1] * ratio)) * 500).astype(np.float32)
        if gaps is not None:
            gaps(hsi, pan)
        step = 30.0 / ratio
        transform = (500000.0 + shift[1] * step, step, 0.0, 5800000.0 - shift[0] * step, 0.0, -step)
        paths = (
            make_raster(tmp_path / f"hsi{name}.tif", hsi, nodata=NODATA),
            make_raster(tmp_path / f"pan{name}.tif", pan, transform, nodata=NODATA),
        )
        opened.append(open_pair(*paths))
        return opened[-1]

    yield make
    for scene in opened:
        scene.close()


def collect(scene, method, window=None, memory=None, limits=None):
    """The pieces put together: values, mask, disagreement; every pixel once."""
    window = window or Window(0, 0, *scene.high_shape)
    shape = window.rows, window.cols
    values = np.full((scene.hsi.bands, *shape), np.nan, np.float32)
    valid = np.zeros((scene.hsi.bands, *shape), bool)
    difference, times = np.zeros(shape, np.float32), np.zeros(shape, int)
    for piece in fuse(scene, method.fit(scene, Progress()), window, memory, limits=limits):
        top, left = piece.window.row - window.row, piece.window.col - window.col
        place = slice(top, top + piece.window.rows), slice(left, left + piece.window.cols)
        values[:, place[0], place[1]] = piece.values
        valid[:, place[0], place[1]] = piece.valid
        difference[place] = piece.disagreement
        times[place] += 1
    assert (times == 1).all()
    return values, valid, difference


def method_for(scene, components=2, iterations=2, residual=None):
    return RegressionPrior(scene_statistics(scene, 0.3, components), 0.3, iterations, residual)


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


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -1.25)])
@pytest.mark.parametrize("reach", [0, 3])
def test_strips_and_panels_equal_the_whole(open_scene, shift, reach):
    scene = open_scene((40, 50), 3, shift)
    method = method_for(scene, residual=BoxFilter(reach))
    whole, narrow = collect(scene, method, memory=4.0), Limits(panel_cols=48)
    pieces = [piece.window for piece in fuse(scene, method.fit(scene), memory=TINY, limits=narrow)]
    assert max(window.rows for window in pieces) == budget.BLOCK
    assert {window.col for window in pieces} == {0, 48, 96}
    cut = collect(scene, method, memory=TINY, limits=narrow)
    for one, other in zip(whole, cut):
        np.testing.assert_allclose(other, one, atol=1e-5 * 1000)


def test_a_window_is_cut_out_of_the_whole(open_scene):
    scene = open_scene((40, 50), 3, (0.5, -1.25))
    method = method_for(scene, residual=BoxFilter(2))
    whole = collect(scene, method)
    for window in (Window(37, 41, 23, 70), Window(0, 100, 5, 48), Window(80, 0, 1, 1)):
        for memory in (None, TINY):
            part = collect(scene, method, window, memory, Limits(panel_cols=32))
            place = slice(window.row, window.row + window.rows), slice(window.col, window.col + window.cols)
            np.testing.assert_allclose(part[0], whole[0][:, place[0], place[1]], atol=1e-5 * 1000)
            np.testing.assert_allclose(part[2], whole[2][place], atol=1e-5 * 1000)


@pytest.mark.parametrize("networks", [0, 30])
def test_the_time_that_a_fusion_will_take_is_said_once_and_is_that_of_the_pixels_to_come(
    open_scene, monkeypatch, networks
):
    """Whoever takes the pixels needs a second a row; that the first planes took longer does not hide it."""
    clock, said = [0.0], []
    for module in (eta, pipeline):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    class Listener(Progress):
        def info(self, text):
            said.append((text, clock[0]))

    wait_for = pipeline.wait_for

    def wait(planes, progress):
        clock[0] = max(clock[0], networks)
        return wait_for(planes, progress)

    monkeypatch.setattr(pipeline, "wait_for", wait)
    scene = open_scene((40, 20), 3)
    method = method_for(scene, residual=BoxFilter(1) if networks else None)
    for piece in fuse(scene, method.fit(scene), memory=TINY, progress=Listener()):
        clock[0] += piece.window.rows
    ((text, when),) = said
    assert when <= networks + 48
    assert text == f"Fusing 120 x 60 pixels: about {networks + 120 - when:.0f} s to go."


def some_gaps(hsi, pan):
    rng = np.random.default_rng(9)
    hsi[:, rng.random(hsi.shape[1:]) < 0.02] = NODATA
    pan[rng.random(pan.shape) < 0.01] = NODATA


@pytest.mark.parametrize(
    ("ratio", "shift", "iterations", "window", "rows", "gaps", "what"),
    [
        (3, (0.0, 0.0), 5, None, 1, None, 3),
        (3, (0.5, -1.25), 2, None, 64, some_gaps, 0),
        (2, (-3.0, 0.5), 1, None, 32, None, 5),
        (4, (0.0, 0.0), 0, None, 16, None, 2),
        (3, (0.5, 0.25), 3, Window(37, 21, 123, 70), 40, some_gaps, 4),
        (3, (0.5, 0.25), 3, Window(5, 0, 170, 90), 1, None, "gsa"),
        (2, (0.0, 0.25), 2, None, 30, some_gaps, "sfim"),
    ],
)
@pytest.mark.parametrize("memory", [1.0, TINY])
def test_a_share_done_alone_has_the_very_bits_of_the_whole(
    open_scene, ratio, shift, iterations, window, rows, gaps, what, memory
):
    """With the networks' part of real convolutions, and methods that are not linear; strips and panels of all sizes."""
    limits = Limits(panel_cols=48, plane_rows=16)
    scene = open_scene((60, 32), ratio, shift, gaps=gaps)
    if isinstance(what, str):
        method = ClassicalMethod(what, 0.3, iterations).fit(scene)
    else:
        method = method_for(scene, iterations=iterations, residual=BoxFilter(what) if what else None).fit(scene)
    window = window or Window(0, 0, *scene.high_shape)
    stored = RasterMetadata.plain(4, "float32", NODATA)
    whole = np.full((window.rows, 4, window.cols), np.nan, np.float32)
    for piece in fuse(scene, method, window, memory, stored=stored, limits=limits):
        place = piece.window.row - window.row, piece.window.col - window.col
        whole[place[0] : place[0] + piece.window.rows, :, place[1] : place[1] + piece.window.cols] = (
            piece.values.transpose(1, 0, 2)
        )
    parts = shares(scene, method, window, rows, memory, stored, limits)
    assert len(parts) > 1
    assert parts[0].rows[0] == window.row
    assert parts[-1].rows[1] == window.row + window.rows
    assert all(one.rows[1] == other.rows[0] for one, other in zip(parts, parts[1:]))
    for share in (parts[-1], parts[len(parts) // 2], parts[0]):
        done = 0
        for piece in fuse(scene, method, window, stored=stored, share=share):
            assert share.rows[0] <= piece.window.row <= piece.window.row + piece.window.rows <= share.rows[1]
            top, left = piece.window.row - window.row, piece.window.col - window.col
            np.testing.assert_array_equal(
                piece.values.transpose(1, 0, 2),
                whole[top : top + piece.window.rows, :, left : left + piece.window.cols],
            )
            done += piece.window.rows * piece.window.cols
        assert done == (share.rows[1] - share.rows[0]) * window.cols


def test_a_share_reads_no_more_than_it_depends_on(open_scene, monkeypatch):
    scene = open_scene((400, 30), 2)
    method = method_for(scene, iterations=1, residual=BoxFilter(1)).fit(scene)
    parts = shares(scene, method, Window(0, 0, 800, 60), 160, limits=Limits(plane_rows=48))
    read = []
    pan_rows = Scene.pan_rows
    monkeypatch.setattr(
        Scene,
        "pan_rows",
        lambda self, start, stop, *cols: read.append(stop - start) or pan_rows(self, start, stop, *cols),
    )
    list(fuse(scene, method, share=parts[2]))
    assert sum(read) <= (4 + 2 * 3) * 48  # its own runs of 48 rows, and those that its margins touch


def test_strips_that_do_not_fit_in_memory_are_halved(open_scene):
    scene = open_scene((40, 20), 3)

    class Hungry(BoxFilter):
        refused = 0

        def __call__(self, planes, progress=None, margins=(0, 0)):
            if planes.shape[1] > 60:
                Hungry.refused += 1
                raise MemoryError
            return super().__call__(planes, progress, margins)

    plain = collect(scene, method_for(scene, residual=BoxFilter(1)))
    careful = collect(scene, method_for(scene, residual=Hungry(1)))
    assert Hungry.refused
    np.testing.assert_allclose(careful[0], plain[0], atol=1e-5 * 1000)


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


@pytest.mark.parametrize(("free", "expected"), [(None, 1.0), (20e9, 1.0), (1.5e9, 0.5), (0.9e9, 0.25), (1e6, 0.125)])
def test_the_usual_budget_is_at_most_half_of_what_is_free(open_scene, monkeypatch, free, expected):
    asked = []

    def spy(*arguments):
        asked.append(arguments[3])
        return budget.choose_cut(*arguments)

    monkeypatch.setattr("core.fusion.engine.free_memory", lambda: free)
    monkeypatch.setattr("core.fusion.engine.choose_cut", spy)
    scene = open_scene((10, 10), 2)
    collect(scene, method_for(scene))
    assert asked == [expected * 1e9]
