from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import osr

from core.io.grid import Grid, Window, align, same_crs
from core.io.positions import beside, from_map, refined, to_map
from core.io.reader import RasterReader
from core.runtime.errors import InputError


def utm(zone: int) -> str:
    system = osr.SpatialReference()
    system.ImportFromEPSG(32600 + zone)
    return system.ExportToWkt()


def hsi_grid(rows=20, cols=24, crs=""):
    return Grid(500000.0, 5800000.0, 30.0, -30.0, rows, cols, crs)


def pan_grid(ratio=3, row=0.0, col=0.0, rows=60, cols=72, crs=""):
    """A PAN whose corner lies ``row``, ``col`` PAN pixels from the HSI's."""
    step = 30.0 / ratio
    return Grid(500000.0 + col * step, 5800000.0 - row * step, step, -step, rows, cols, crs)


def test_grids_that_coincide_give_the_whole_pan():
    result = align(hsi_grid(), pan_grid())
    assert result.ratio == 3
    assert result.pan == Window(0, 0, 60, 72)
    assert result.hsi == Window(0, 0, 20, 24)
    assert result.phase == (0.0, 0.0)
    assert result.grid == pan_grid()


def test_landsat8_output_is_1205_rows_by_1253_columns(scenes):
    with RasterReader(scenes / "landsat8" / "B2.tif") as ms, RasterReader(scenes / "landsat8" / "B8.tif") as pan:
        result = align(ms.grid, pan.grid, ms.name, pan.name)
    assert result.ratio == 2
    assert (result.grid.rows, result.grid.cols) == (1205, 1253)
    assert (result.pan.rows, result.pan.cols) == (1205, 1253)


@pytest.mark.parametrize(
    ("folder", "hsi", "pan", "ratio"), [("eo1_paris", "hsi", "pan", 3), ("ikonos", "ms", "pan", 4)]
)
def test_real_pairs_align_without_phase(scenes, folder, hsi, pan, ratio):
    with RasterReader(scenes / folder / f"{hsi}.tif") as low, RasterReader(scenes / folder / f"{pan}.tif") as high:
        result = align(low.grid, high.grid)
        assert result.ratio == ratio
        assert result.phase == (0.0, 0.0)
        assert (result.grid.rows, result.grid.cols) == (high.grid.rows, high.grid.cols)


@given(
    ratio=st.one_of(st.integers(2, 40), st.floats(1.5, 40.0)),
    row=st.floats(-40, 40),
    col=st.floats(-40, 40),
    south_up=st.booleans(),
)
def test_output_pixels_lie_inside_the_hsi_and_phase_says_where(ratio, row, col, south_up):
    hsi, pan = hsi_grid(), pan_grid(ratio, row, col, rows=int(20 * ratio), cols=int(24 * ratio))
    if south_up:
        hsi = Grid(hsi.x, hsi.y, hsi.dx, -hsi.dy, hsi.rows, hsi.cols)
        pan = Grid(pan.x, 2 * hsi.y - pan.y, pan.dx, -pan.dy, pan.rows, pan.cols)
    if max(abs(row) / ratio - 12, abs(col) / ratio - 16) > -0.5:  # less than 8.5 HSI pixels in common
        return
    result = align(hsi, pan)
    step, slack = 30.0 / ratio, 0.011 * 30.0 / ratio
    inside, hull = result.grid.extent, hsi.extent
    assert inside[0] >= hull[0] - slack
    assert inside[1] >= hull[1] - slack
    assert inside[2] <= hull[2] + slack
    assert inside[3] <= hull[3] + slack
    assert all(0 <= phase < ratio for phase in result.phase)
    # Not one more PAN pixel fits on any side where the PAN goes on.
    if result.pan.row > 0:
        assert abs(result.grid.y - hsi.y) < step - slack / 2
    if result.pan.col + result.pan.cols < pan.cols:
        assert hull[2] - inside[2] < step - slack / 2
    # The phase is the distance between the corners of both windows, in PAN pixels.
    corner = hsi.crop(result.hsi)
    assert (result.grid.y - corner.y) / pan.dy == pytest.approx(result.phase[0], abs=0.011)
    assert (result.grid.x - corner.x) / pan.dx == pytest.approx(result.phase[1], abs=0.011)
    # The HSI's window covers the output and is not larger than it must be.
    assert result.hsi.rows * ratio >= result.phase[0] + result.pan.rows - 0.011
    assert (result.hsi.rows - 1) * ratio < result.phase[0] + result.pan.rows + 0.011


@pytest.mark.parametrize("ratio", range(2, 17))
def test_every_whole_phase_is_found_exactly(ratio):
    for phase in range(ratio):
        result = align(hsi_grid(), pan_grid(ratio, phase, ratio - 1 - phase, rows=15 * ratio, cols=15 * ratio))
        assert result.phase == (float(phase), float(ratio - 1 - phase))


@pytest.mark.parametrize(("pixel", "ratios"), [(12.5, (2.4, 2.4)), (12.0, (2.5, 2.5)), (0.75, (40, 40))])
def test_any_ratio_from_one_and_a_half_to_forty_is_taken(pixel, ratios):
    result = align(hsi_grid(), Grid(500000.0, 5800000.0, pixel, -pixel, int(600 / pixel), int(720 / pixel)))
    assert result.ratios == pytest.approx(ratios)
    assert result.ratio == pytest.approx(ratios[0])
    assert result.footprint == -(-ratios[0] // 1)
    assert (result.hsi.rows, result.hsi.cols, result.phase) == (20, 24, (0.0, 0.0))


def test_the_ratio_may_differ_between_the_axes():
    result = align(hsi_grid(), Grid(500000.0, 5800000.0, 5.0, -6.0, 100, 144))
    assert result.ratios == (5, 6)
    assert result.ratio == pytest.approx(30**0.5, abs=1e-6)
    assert result.footprint == 6


def test_a_ratio_that_the_overlap_can_tell_from_a_whole_one_is_not_rounded():
    assert align(hsi_grid(), pan_grid()).ratios == (3, 3)
    assert align(hsi_grid(), Grid(500000.0, 5800000.0, 10.01, -10.01, 59, 71)).ratios == pytest.approx(
        (30 / 10.01,) * 2
    )


def test_grids_that_run_in_opposite_directions_must_be_flipped_first():
    turned = Grid(500000.0, 5799400.0, 10.0, 10.0, 60, 72)
    with pytest.raises(ValueError, match="opposite directions"):
        align(hsi_grid(), turned)
    assert turned.flip() == pan_grid()
    assert align(hsi_grid(), turned.flip()) == align(hsi_grid(), pan_grid())


def test_half_a_pixel_to_the_north_west_loses_the_first_pan_row_and_column():
    result = align(hsi_grid(), pan_grid(2, -0.5, -0.5, rows=40, cols=48))
    assert (result.pan.row, result.pan.col) == (1, 1)
    assert result.phase == (0.5, 0.5)
    assert (result.hsi.row, result.hsi.col) == (0, 0)


def test_coordinates_with_rounding_noise_do_not_cost_a_pixel():
    pan = Grid(500000.0 + 1e-6, 5800000.0 - 1e-6, 10.0 + 1e-9, -10.0 - 1e-9, 60, 72)
    result = align(hsi_grid(), pan)
    assert (result.pan.rows, result.pan.cols) == (60, 72)
    assert result.phase == (0.0, 0.0)


@pytest.mark.parametrize(
    ("pan", "words"),
    [
        (pan_grid(row=1000.0), "do not overlap"),
        (pan_grid(col=-1000.0), "do not overlap"),
        (pan_grid(row=60 - 3 * 7.0), "overlap by only"),
        (Grid(500000.0, 5800000.0, 30.0, -30.0, 20, 24), "is not sharper than the HSI.*smaller \\(ratio 1.5\\)"),
        (Grid(500000.0, 5800000.0, 20.2, -20.2, 29, 35), "is not sharper than the HSI"),
        (Grid(500000.0, 5800000.0, 10.0, -25.0, 24, 72), "is 3 in x but 1.2 in y.*is not sharper"),
        (Grid(500000.0, 5800000.0, 60.0, -60.0, 10, 12), "coarser than the HSI.*swapped"),
        (Grid(500000.0, 5800000.0, 0.7, -0.7, 850, 1000), "42.8571 pixels of pan.tif.*but 40 is the most"),
    ],
)
def test_what_cannot_be_done_is_refused_with_one_sentence(pan, words):
    with pytest.raises(InputError, match=words) as refusal:
        align(hsi_grid(), pan, "scene.tif", "pan.tif")
    assert "scene.tif" in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_different_reference_systems_are_refused():
    with pytest.raises(InputError, match="different coordinate reference systems"):
        align(hsi_grid(crs=utm(33)), pan_grid(crs=utm(32)))
    with pytest.raises(InputError, match="different coordinate reference systems"):
        align(hsi_grid(crs=utm(33)), pan_grid(crs=""))
    turned = Grid.from_geotransform((500000.0, 29.0, 5.0, 5800000.0, 5.0, -29.0), 20, 24, "", "hsi.tif")
    with pytest.raises(InputError, match="rotated against each other"):
        align(turned, pan_grid())


def test_one_reference_system_in_two_spellings_is_the_same():
    system = osr.SpatialReference()
    system.ImportFromEPSG(4326)
    old, new = system.ExportToWkt(["FORMAT=WKT1_GDAL"]), system.ExportToWkt(["FORMAT=WKT2_2018"])
    assert old != new
    assert same_crs(old, new)
    assert same_crs("", "")
    assert not same_crs(old, "")
    assert not same_crs(utm(33), utm(32))


@pytest.mark.parametrize(
    "transform",
    [(0.0, 1.0, 0.0, 0.0, 0.0, 1.0), (500000.0, 30.0, 0.0, 5800000.0, 0.0, 0.0), (5e5, 3.0, 1.0, 58e5, 3.0, 1.0)],
)
def test_grids_that_lie_nowhere_are_refused(transform):
    with pytest.raises(InputError, match="no georeference") as refusal:
        Grid.from_geotransform(transform, 20, 24, "", "scene.tif")
    assert "scene.tif" in str(refusal.value)


@given(
    angle=st.floats(0.0, 360.0),
    shear=st.floats(-20.0, 20.0),
    size=st.tuples(st.floats(1.0, 60.0), st.floats(1.0, 60.0)),
    mirrored=st.booleans(),
    place=st.tuples(st.floats(-5.0, 30.0), st.floats(-5.0, 30.0)),
)
def test_rotated_sheared_and_mirrored_grids_keep_their_geotransform(angle, shear, size, mirrored, place):
    along, against = np.radians(angle), np.radians(angle + shear + (90.0 if mirrored else -90.0))
    dx, ry = size[0] * np.cos(along), size[0] * np.sin(along)
    rx, dy = size[1] * np.cos(against), size[1] * np.sin(against)
    transform = (500000.0, dx, rx, 5800000.0, ry, dy)
    grid = Grid.from_geotransform(transform, 20, 24, "", "scene.tif")
    np.testing.assert_allclose(grid.geotransform, transform, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose((grid.dx, abs(grid.dy)), size, rtol=1e-9)
    row, col = (np.array([value]) for value in place)
    x, y = to_map(grid, row, col)
    np.testing.assert_allclose((x[0], y[0]), (5e5 + dx * col[0] + rx * row[0], 58e5 + ry * col[0] + dy * row[0]))
    np.testing.assert_allclose(from_map(grid, x, y), (row, col), atol=1e-6)
    part = refined(grid.crop(Window(3, 5, 10, 7)), 4)
    np.testing.assert_allclose(to_map(part, np.array([6.0]), np.array([2.0])), to_map(grid, *np.array([[4.5], [5.5]])))


def test_a_grid_along_the_axes_of_another_is_the_same_grid():
    turn = np.radians(20.0)
    low = (5e5, 30 * np.cos(turn), 30 * np.sin(turn), 58e5, -30 * np.sin(turn), -30 * np.cos(turn))
    corner = (low[0] + 2.5 * low[1] + 1.5 * low[2], low[3] + 2.5 * low[4] + 1.5 * low[5])
    high = (corner[0], low[1] / 3, low[2] / 3, corner[1], low[4] / 3, low[5] / 3)
    hsi, pan = (Grid.from_geotransform(one, 40, 40, "", "a.tif") for one in (low, high))
    found = beside(pan, hsi)
    assert (found.x, found.y, found.dx, found.dy) == pytest.approx((75.0, -45.0, 10.0, -10.0), abs=1e-6)
    assert align(hsi, found).phase == pytest.approx((1.5, 1.5), abs=1e-6)
    assert beside(Grid(5e5, 58e5, 10.0, -10.0, 40, 40), hsi) is None
    assert beside(pan_grid(crs=utm(33)), hsi_grid(crs=utm(32))) is None


def test_crop_coarsen_extent_and_geotransform_by_hand():
    grid = Grid(100.0, 200.0, 10.0, -10.0, 9, 7)
    assert grid.extent == (100.0, 110.0, 170.0, 200.0)
    assert grid.geotransform == (100.0, 10.0, 0.0, 200.0, 0.0, -10.0)
    assert grid.crop(Window(2, 3, 4, 2)) == Grid(130.0, 180.0, 10.0, -10.0, 4, 2)
    assert grid.coarsen(4) == Grid(100.0, 200.0, 40.0, -40.0, 2, 1)
    assert grid.coarsen((2.5, 1.5)) == Grid(100.0, 200.0, 15.0, -25.0, 3, 4)
    assert grid.flip() == Grid(100.0, 110.0, 10.0, 10.0, 9, 7)
