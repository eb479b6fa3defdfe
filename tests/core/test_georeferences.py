"""However two rasters are georeferenced, they are used as they are: the right pixels come out, without a command."""

from __future__ import annotations

import re

import numpy as np
import pytest
from osgeo import gdal, osr

from core.products.claims import Claims
from core.products.pair import open_pair
from core.scene.warp import WarpedReader
from core.workflows.assess import assess
from core.workflows.classical import classical
from tests.core import one_ground
from tests.core.one_ground import (
    CENTRE,
    HSI,
    SIZE,
    centres,
    cube,
    error_of,
    image,
    pan_in,
    plain,
    points,
    rotated,
    system,
    transformed,
)
from tests.core.said import Said

folder, make = one_ground.folder, one_ground.make  # fixtures

BARE = re.sub(r',\s*AUTHORITY\["[^"]*","[^"]*"\]', "", system(32633).ExportToWkt())
CRS = {
    "next zone": 32632,
    "degrees": 4326,
    "Mercator": 3857,
    "equal area": 3035,
}


@pytest.mark.parametrize("name", CRS)
def test_a_pan_in_another_crs_is_warped_onto_the_hsis_grid(make, name):
    array, transform = pan_in(CRS[name])
    hsi, pan = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI), make("pan.tif", array, transform, CRS[name])
    with open_pair(hsi, pan) as scene:
        assert (scene.ratio, scene.alignment.phase) == (4, (0.0, 0.0))
        assert scene.high_shape == (4 * SIZE, 4 * SIZE)
        assert scene.pan.grid.crs == scene.hsi.grid.crs
        assert error_of(scene.pan) < 0.03  # 0.06 and more with nearest


@pytest.mark.parametrize("epsg", [25833, 0])
def test_one_reference_system_under_two_names_moves_nothing(make, epsg):
    values = image(plain(7.5), 192, 192)
    hsi, pan = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI), make("pan.tif", values, plain(7.5), epsg)
    if not epsg:  # as ENVI's headers have it
        dataset = gdal.Open(pan, gdal.GA_Update)
        dataset.SetProjection(re.sub(r'PROJCS\["[^"]*"', 'PROJCS["UTM Zone 33, Northern Hemisphere"', BARE))
        dataset = None
    with open_pair(hsi, pan) as scene:
        assert not isinstance(scene.pan, WarpedReader)
        np.testing.assert_array_equal(scene.pan.read().values[0], values)


def test_an_hsi_in_degrees_gets_a_pan_in_degrees(make):
    step = pan_in(4326)[1][1] * 4
    lon, lat = transformed(np.array([CENTRE[0]]), np.array([CENTRE[1]]), 32633, 4326)
    low = (lon[0] - 20 * step, step, 0.0, lat[0] + 20 * step, 0.0, -step)
    hsi = make("hsi.tif", cube(low, 40, 40, 4326), low, 4326)
    pan = make("pan.tif", image(plain(7.5), 192, 192), plain(7.5))
    with open_pair(hsi, pan) as scene:
        assert scene.alignment.phase == (0.0, 0.0)
        block = scene.pan.read()
        truth = image(scene.pan.grid.geotransform, scene.pan.grid.rows, scene.pan.grid.cols, 4326)
        difference = (block.values[0] - truth)[block.valid[0]]
        assert block.valid.mean() > 0.8
        assert np.sqrt((difference**2).mean()) < 0.03 * truth.std()


PARALLEL = {  # the HSI's and the PAN's geotransform: these were refused once, with a command to resample the PAN
    "ratio 3.6": (HSI, plain(30 / 3.6)),
    "ratio 2.4": (HSI, plain(12.5)),
    "ratio 1.5": (HSI, plain(20.0)),
    "ratio 2.997": (HSI, plain(10.01)),
    "ratio 2 in x and 4 in y": (HSI, plain(15.0, 7.5)),
    "ratio 20": (HSI, plain(1.5)),
    "south-up PAN": (HSI, (HSI[0], 7.5, 0.0, HSI[3] - 1440, 0.0, 7.5)),
    "south-up HSI": ((HSI[0], 30.0, 0.0, HSI[3] - 1440, 0.0, 30.0), plain(7.5)),
    "both south-up, ratio 3.6": (
        (HSI[0], 30.0, 0.0, HSI[3] - 1440, 0.0, 30.0),
        (HSI[0], 30 / 3.6, 0.0, HSI[3] - 1440, 0.0, 30 / 3.6),
    ),
}


@pytest.mark.parametrize("name", PARALLEL)
def test_pairs_with_parallel_axes_are_taken_as_they_are(make, name):
    low, high = PARALLEL[name]
    hsi = make("hsi.tif", cube(low, SIZE, SIZE), low)
    pan = make("pan.tif", image(high, int(1440 / abs(high[5])), int(1440 / high[1])), high)
    with open_pair(hsi, pan) as scene:
        assert scene.ratios == pytest.approx((abs(low[5] / high[5]), low[1] / high[1]))
        assert error_of(scene.hsi) < 1e-6
        assert error_of(scene.pan) < 1e-6
        assert scene.alignment.hsi.rows == SIZE
        grid = scene.alignment.grid
        rows = scene.pan_rows(0, grid.rows).values[0]
        np.testing.assert_allclose(rows, image(grid.geotransform, grid.rows, grid.cols), rtol=1e-6)


TURNED = {  # the HSI's and the PAN's geotransform
    "rotated PAN": (HSI, rotated(7.5, 14)),
    "PAN rotated by 45 degrees": (HSI, rotated(7.5, 45)),
    "mirrored PAN": (HSI, rotated(7.5, 0, mirrored=True)),
    "mirrored HSI": (rotated(30.0, 0, mirrored=True), plain(7.5)),
    "rotated HSI": (rotated(30.0, 14), plain(7.5)),
    "both rotated": (rotated(30.0, 14), rotated(7.5, 14)),
    "both rotated, differently": (rotated(30.0, 14), rotated(7.2, -8)),
    "HSI of 29.7 m rotated": (rotated(29.7, -25), plain(7.5)),
}


@pytest.mark.parametrize("epsg", [32633, 0])
@pytest.mark.parametrize("name", TURNED)
def test_rotated_rasters_are_used_and_the_hsi_stays(make, name, epsg):
    low, high = TURNED[name]
    size = round(1440 / np.hypot(high[1], high[4]))
    values = cube(low, SIZE, SIZE)
    hsi, pan = make("hsi.tif", values, low, epsg), make("pan.tif", image(high, size, size), high, epsg)
    with open_pair(hsi, pan) as scene:
        assert scene.ratio == 4
        np.testing.assert_array_equal(scene.hsi.read().values, values)
        np.testing.assert_allclose(scene.hsi.grid.geotransform, low, rtol=1e-12, atol=1e-9)
        assert error_of(scene.pan) == 0.0 if name == "both rotated" else error_of(scene.pan) < 0.04


@pytest.mark.parametrize("epsg", [32633, 4326])
@pytest.mark.parametrize("which", ["hsi", "pan", "both"])
def test_control_points_are_used(make, which, epsg):
    low, high = (rotated(30.0, 11) if which != "pan" else HSI), (rotated(7.5, 11) if which != "hsi" else plain(7.5))
    gone = {"hsi": which != "pan", "pan": which != "hsi"}
    hsi = make("hsi.tif", cube(low, SIZE, SIZE), None if gone["hsi"] else low, 0 if gone["hsi"] else 32633)
    pan = make("pan.tif", image(high, 192, 192), None if gone["pan"] else high, 0 if gone["pan"] else 32633)
    for path, transform in ((hsi, low), (pan, high)):
        if gone[path[-7:-4]]:
            points(path, transform, epsg)
    with open_pair(hsi, pan) as scene:
        assert scene.ratio == 4
        assert error_in_frame(scene.pan, low) < 0.04


def error_in_frame(reader, low):
    """As :func:`error_of`, of an image on an HSI's grid that is refined by 4, even where control points place that."""
    if not reader.grid.in_sensor_geometry:
        return error_of(reader)
    (x0, dx, rx, y0, ry, dy), col, row = low, reader.grid.x, reader.grid.y
    fine = (x0 + col * dx + row * rx, dx / 4, rx / 4, y0 + col * ry + row * dy, ry / 4, dy / 4)
    block = reader.read(bands=[0])
    truth, valid = image(fine, reader.grid.rows, reader.grid.cols), block.valid[0]
    assert valid.mean() > 0.4
    return float(np.sqrt(((block.values[0] - truth)[valid] ** 2).mean()) / truth[valid].std())


def test_a_crs_without_a_code_is_used(make):
    made = osr.SpatialReference()
    made.ImportFromProj4("+proj=tmerc +lat_0=0 +lon_0=15.001 +k=0.9996 +x_0=500084 +y_0=0 +datum=WGS84 +units=m")
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI, 0)
    dataset = gdal.Open(hsi, gdal.GA_Update)
    dataset.SetProjection(made.ExportToWkt())
    dataset = None
    pan = make("pan.tif", image(plain(7.5), 192, 192), plain(7.5))
    with open_pair(hsi, pan) as scene:
        assert scene.ratio == 4
        assert error_of(scene.pan) < 0.05  # both systems are the same but for a turn of a few centimetres


def test_rpcs_are_used_with_a_constant_height_and_with_an_elevation_model(make):
    """Rows and columns that are linear in latitude and longitude: 7.5 m or so."""
    lon, lat = transformed(np.array([CENTRE[0]]), np.array([CENTRE[1]]), 32633, 4326)
    step_x, step_y = 7.5 / (111320 * np.cos(np.radians(lat[0]))), 7.5 / 111080
    exact = (lon[0] - 96 * step_x, step_x, 0.0, lat[0] + 96 * step_y, 0.0, -step_y)
    pan = make("pan.tif", image(exact, 192, 192, 4326), None, 0)
    rest = " 0" * 17
    # RPCs count pixels from the centre of the first.
    items = {"LINE_OFF": 95.5, "SAMP_OFF": 95.5, "LAT_OFF": lat[0], "LONG_OFF": lon[0], "HEIGHT_OFF": 0}
    items |= {"LINE_SCALE": 96, "SAMP_SCALE": 96, "LAT_SCALE": 96 * step_y, "LONG_SCALE": 96 * step_x}
    items |= {"HEIGHT_SCALE": 500, "LINE_NUM_COEFF": "0 0 -1" + rest, "LINE_DEN_COEFF": "1 0 0" + rest}
    items |= {"SAMP_NUM_COEFF": "0 1 0" + rest, "SAMP_DEN_COEFF": "1 0 0" + rest}
    dataset = gdal.Open(pan, gdal.GA_Update)
    dataset.SetMetadata({key: str(value) for key, value in items.items()}, "RPC")
    dataset = None
    make("dem.tif", np.zeros((20, 20), np.float32), (lon[0] - 0.1, 0.01, 0.0, lat[0] + 0.1, 0.0, -0.01), 4326)
    make("west.tif", np.zeros((20, 20), np.float32), (lon[0] - 0.2, 0.01, 0.0, lat[0] + 0.1, 0.0, -0.01), 4326)
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    make("west-hsi.tif", cube(HSI, SIZE, SIZE // 3), HSI)
    partial = "west.tif covers 53 % of pan.tif"
    for low, model, words in (
        (hsi, "", ""),
        (hsi, "dem.tif", ""),
        (hsi, "west.tif", partial),
        ("west-hsi.tif", "west.tif", ""),
    ):
        claims, said = Claims(geolocation=model), Said()
        with open_pair(low, pan, said, claims=(claims, claims)) as scene:
            assert scene.ratio == 4
            assert error_of(scene.pan) < 0.05
        assert [words in text for text in said.warnings] == [True] * bool(words)


def test_an_elevation_model_that_is_not_used_is_warned_of(make):
    hsi, pan = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI), make("pan.tif", image(plain(7.5), 192, 192), plain(7.5))
    make("dem.tif", np.zeros((60, 60), np.float32), HSI)
    out, said = "out.tif", Said()
    classical(hsi, pan, out, geolocation="dem.tif", mtf=0.3, shift="none", progress=said)
    assess(out, hsi=hsi, pan=pan, geolocation="dem.tif", mtf=0.3, shift="none", progress=said)
    found = [text for text in said.warnings if text.startswith("dem.tif is an elevation model")]
    assert len(found) == 2
    assert all("none of hsi.tif and pan.tif is" in text for text in found)


def test_geolocation_arrays_are_used(make):
    transform = rotated(7.5, 11)
    pan = make("pan.tif", image(transform, 192, 192), None, 0)
    places = transformed(*centres(transform, 192, 192), 32633, 4326)
    for name, values in zip(("lon.tif", "lat.tif"), places):
        make(name, values, None, 0)
    dataset = gdal.Open(pan, gdal.GA_Update)
    items = {
        "X_DATASET": "lon.tif",
        "Y_DATASET": "lat.tif",
        "X_BAND": "1",
        "Y_BAND": "1",
        "SRS": system(4326).ExportToWkt(),
    }
    items |= {"PIXEL_OFFSET": "0", "LINE_OFFSET": "0", "PIXEL_STEP": "1", "LINE_STEP": "1"}
    items["SRS"] = system(4326).ExportToWkt()
    dataset.SetMetadata({**items, "GEOREFERENCING_CONVENTION": "PIXEL_CENTER"}, "GEOLOCATION")
    dataset = None
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    with open_pair(hsi, pan) as scene:
        assert scene.ratio == 4
        assert error_of(scene.pan) < 0.04


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
def test_what_a_warped_pan_does_not_cover_is_not_valid(make, dtype):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = make("pan.tif", image(rotated(7.5, 14), 192, 192).astype(dtype), rotated(7.5, 14))
    with open_pair(hsi, pan) as scene:
        valid = scene.pan.read().valid[0]
        assert 0.7 < valid.mean() < 0.99
        assert error_of(scene.pan) < 0.04


def test_a_nodata_value_of_the_pan_stays(make):
    array, transform = pan_in(32632)
    array[40:90, 50:110] = -1
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = make("pan.tif", array, transform, 32632, nodata=-1)
    with open_pair(hsi, pan) as scene:
        assert 0.8 < scene.pan.read().valid.mean() < 0.95
        assert error_of(scene.pan) < 0.04
