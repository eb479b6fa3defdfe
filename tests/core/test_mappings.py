"""Mappings between grids: against GDAL and PROJ, there and back, pickled, and whatever is asked for at once."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from osgeo import gdal, osr

from core.io.gdal_geolocation import ControlPoints
from core.io.geolocation_arrays import GeolocationArrays
from core.io.grid import Grid
from core.io.lookup_table import LookupTable
from core.io.positions import refined, rows_and_columns
from core.io.remedies import wkt_of
from core.runtime.errors import InputError
from core.scene.placement import BOUND, AffineMapping, MeshMapping, mapping_between, positions_on

UTM, NEXT, DEGREES = wkt_of("EPSG:32633"), wkt_of("EPSG:32632"), wkt_of("EPSG:4326")
LOW = Grid(415000.0, 5533000.0, 30.0, -30.0, 200, 260, UTM)
TURNED = Grid.from_geotransform((414000.0, 28.0, 11.0, 5534000.0, -11.0, 28.0), 200, 260, UTM, "a.tif")
OTHERS = {
    "moved": Grid(414000.0, 5533900.0, 7.0, -7.0, 900, 1300, UTM),
    "turned": TURNED,
    "next zone": Grid(838000.0, 5545000.0, 5.0, -5.0, 4000, 4000, NEXT),
    "degrees": Grid(13.7, 50.0, 0.0001, -0.00007, 3000, 3000, DEGREES),
    "Lambert": Grid(4587000.0, 2995000.0, 10.0, -10.0, 2000, 2000, wkt_of("EPSG:3035")),
}


def positions(grid, count=500, seed=0):
    made = np.random.default_rng(seed)
    return made.uniform(0, grid.rows, count), made.uniform(0, grid.cols, count)


def by_gdal(target, raster, rows, cols):
    """The same by GDAL's geotransforms and PROJ alone."""
    x0, dx, rx, y0, ry, dy = target.geotransform
    x, y = x0 + cols * dx + rows * rx, y0 + cols * ry + rows * dy
    if target.crs != raster.crs:
        systems = []
        for wkt in (target.crs, raster.crs):
            systems.append(osr.SpatialReference(wkt))
            systems[-1].SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        found = osr.CoordinateTransformation(*systems).TransformPoints(np.stack([x, y], 1).tolist())
        x, y = np.array(found)[:, :2].T
    inverse = gdal.InvGeoTransform(raster.geotransform)
    return inverse[3] + inverse[4] * x + inverse[5] * y, inverse[0] + inverse[1] * x + inverse[2] * y


@pytest.mark.parametrize("target", [LOW, TURNED], ids=["north-up", "turned"])
@pytest.mark.parametrize("name", OTHERS)
def test_positions_are_those_of_gdal(target, name):
    raster = OTHERS[name]
    rows, cols = positions(target)
    expected = by_gdal(target, raster, rows, cols)
    np.testing.assert_allclose(positions_on(target, raster)(rows, cols), expected, atol=1e-5)
    mapping = mapping_between(target, raster)
    assert isinstance(mapping, AffineMapping) == (target.crs == raster.crs)
    found = mapping.positions(rows, cols)
    assert np.hypot(found[0] - expected[0], found[1] - expected[1]).max() < BOUND
    again = pickle.loads(pickle.dumps(mapping)).positions(rows, cols)
    np.testing.assert_array_equal(again, found)


def test_a_position_has_the_same_bits_whatever_is_asked_for_with_it():
    mapping = mapping_between(LOW, OTHERS["next zone"])
    rows, cols = (axis + 0.5 for axis in np.mgrid[:200, :260])
    whole = mapping.positions(rows, cols)
    for part in (np.s_[3:50, 7:9], np.s_[100:101], np.s_[::7, ::3]):
        for axis, expected in zip(mapping.positions(rows[part].copy(), cols[part].copy()), whole):
            np.testing.assert_array_equal(axis, expected[part])


def test_a_mesh_is_refined_where_the_way_bends():
    """Waves of 40 pixels are not followed by meshes of 256."""
    smooth = bent_arrays(200, 260)
    rows, cols = np.mgrid[:200, :260]
    waves = 15.0 * np.sin(rows / 6.4) * np.cos(cols / 6.4)
    rough = GeolocationArrays(smooth.x + waves, smooth.y, UTM)
    raster = OTHERS["moved"]
    steps = {}
    for name, geolocation in (("smooth", smooth), ("rough", rough)):
        target = refined(rows_and_columns(geolocation, 200, 260), 4)
        mapping = mapping_between(target, raster, least=1.0)
        at = positions(target)
        found, exact = mapping.positions(*at), positions_on(target, raster)(*at)
        assert np.hypot(found[0] - exact[0], found[1] - exact[1]).max() < 2 * BOUND
        steps[name] = mapping.step
    assert steps["rough"] < steps["smooth"]


def bent_arrays(rows, cols, crs=UTM):
    """Map coordinates of the centres of a bent image's pixels."""
    row, col = np.mgrid[:rows, :cols] + 0.5
    u, v = col - cols / 2 + 8.0 * ((row - rows / 2) / rows) ** 2, row - rows / 2 + 6.0 * ((col - cols / 2) / cols) ** 2
    x, y = 418000.0 + 29.0 * u + 6.0 * v, 5530000.0 + 6.0 * u - 29.0 * v
    return GeolocationArrays(x, y, crs)


def test_the_way_back_through_arrays_ends_where_it_began():
    geolocation = bent_arrays(90, 120)
    made = np.random.default_rng(0)
    rows, cols = made.uniform(-3, 93, 400), made.uniform(-3, 123, 400)
    x, y = geolocation.to_map(cols, rows)
    found = geolocation.from_map(x, y)
    np.testing.assert_allclose(found, (cols, rows), atol=2e-3)
    far = geolocation.from_map(np.array([900000.0]), np.array([5530000.0]))
    assert np.isnan(far).all()
    again = pickle.loads(pickle.dumps(geolocation))
    assert again == geolocation
    np.testing.assert_array_equal(again.from_map(x, y), found)


def test_arrays_pass_through_their_nodes_and_go_on_beyond_them():
    geolocation = bent_arrays(30, 40)
    x, y = geolocation.to_map(np.array([7.5, 8.0, 0.0]), np.array([3.5, 3.5, 3.5]))
    assert (x[0], y[0]) == (geolocation.x[3, 7], geolocation.y[3, 7])
    assert x[1] == pytest.approx((geolocation.x[3, 7] + geolocation.x[3, 8]) / 2)
    assert x[2] == pytest.approx(1.5 * geolocation.x[3, 0] - 0.5 * geolocation.x[3, 1])


def test_an_image_may_cross_the_180th_meridian():
    row, col = np.mgrid[:40, :50] + 0.5
    longitude = 179.9 + 0.004 * col
    arrays = GeolocationArrays((longitude + 180) % 360 - 180, 10.0 - 0.004 * row, DEGREES)
    x, y = arrays.to_map(np.array([30.0]), np.array([12.0]))
    assert x[0] % 360 == pytest.approx(179.9 + 0.12)
    for turn in (0.0, -360.0):
        np.testing.assert_allclose(arrays.from_map(x + turn, y), [[30.0], [12.0]], atol=2e-3)


def test_control_points_go_there_and_back():
    row, col = (axis.ravel() for axis in np.mgrid[0:200:6j, 0:260:6j])
    x, y = bent_arrays(200, 260).to_map(col, row)
    points = ControlPoints(np.stack([col, row, x, y], 1), UTM)
    np.testing.assert_allclose(points.to_map(col, row), (x, y), atol=1e-3)
    np.testing.assert_allclose(points.from_map(x, y), (col, row), atol=1e-3)
    again = pickle.loads(pickle.dumps(points))
    assert again == points
    np.testing.assert_allclose(again.to_map(col + 3, row), points.to_map(col + 3, row))


def lookup_table(geolocation, rows, cols, grid):
    """By nearest neighbour, as products have it."""
    down, across = np.mgrid[: grid.rows, : grid.cols] + 0.5
    x, y = grid.x + across * grid.dx, grid.y + down * grid.dy
    col, row = (np.floor(axis) for axis in geolocation.from_map(x, y))
    with np.errstate(invalid="ignore"):
        inside = (col >= 0) & (col < cols) & (row >= 0) & (row < rows)
    return [np.where(inside, np.nan_to_num(axis) + 1, 0).astype(np.int32) for axis in (col, row)]


def test_a_lookup_table_places_pixels_far_more_closely_than_its_own_pixels():
    geolocation = bent_arrays(100, 120)
    grid = Grid(415500.0, 5532500.0, 30.0, -30.0, 170, 180, UTM)
    columns, lines = lookup_table(geolocation, 100, 120, grid)
    table = LookupTable(columns, lines, grid, (100, 120))
    off = np.hypot(table.x - geolocation.x, table.y - geolocation.y) / 30.0
    assert off[12:-12, 12:-12].max() < 0.05  # single entries are off by up to 0.7
    assert off.max() < 0.1
    assert table.filled.sum() == np.count_nonzero(columns)
    filled = np.where((columns == 0) & (np.roll(columns, 1, 1) > 0), -np.roll(columns, 1, 1), columns)
    more = LookupTable(filled, np.where(filled < 0, -np.roll(lines, 1, 1), lines), grid, (100, 120))
    np.testing.assert_array_equal(more.x, table.x)  # filled gaps say nothing of places
    assert more.filled.sum() > table.filled.sum()


def test_the_table_of_another_image_is_refused():
    grid = Grid(415500.0, 5532500.0, 30.0, -30.0, 170, 180, UTM)
    columns, lines = lookup_table(bent_arrays(100, 120), 100, 120, grid)
    with pytest.raises(InputError, match=r"glt\.tif names row 100 and column 120, but the image has 90 rows"):
        LookupTable(columns, lines, grid, (90, 120), "glt.tif")
    with pytest.raises(InputError, match="too few to place it"):
        LookupTable(columns, lines, grid, (1000, 1200), "glt.tif")


def test_what_has_no_position_stays_without_one():
    rows, cols = np.array([[1.0, np.nan], [3.0, 4.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    mapping = MeshMapping(rows, cols, (0.0, 0.0), 10.0)
    row, _ = mapping.positions(np.array([0.0, 5.0]), np.array([0.0, 5.0]))
    assert np.isnan(row[1])
