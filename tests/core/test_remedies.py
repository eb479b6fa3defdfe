"""Every command that a refusal prints is run: the next try must be accepted, and the right pixels must come out."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import numpy as np
import pytest
from osgeo import gdal, osr

from core.io.band_remedies import subdatasets_sentence
from core.io.grid import Grid
from core.io.overlap import overlap
from core.io.remedies import Source, crs_code, new_file, number, quoted
from core.products.claims import Claims
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.scene.warp import WarpedReader
from core.workflows.assess import assess

TOOLS = ("gdalwarp", "gdal_translate", "gdal_edit.py", "gdalbuildvrt")
HSI = (500000.0, 30.0, 0.0, 4600000.0, 0.0, -30.0)
SIZE = 48  # HSI pixels
CENTRE = 500720.0, 4599280.0


def system(epsg):
    made = osr.SpatialReference()
    made.ImportFromEPSG(epsg)
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def transformed(x, y, source, target):
    if source == target:
        return x, y
    points = np.stack([x.ravel(), y.ravel()], 1)
    found = osr.CoordinateTransformation(system(source), system(target)).TransformPoints(points.tolist())
    found = np.array(found)[:, :2].T
    return found[0].reshape(x.shape), found[1].reshape(y.shape)


def ground(x, y):
    """The truth at a place in EPSG:32633: waves of 130 m and more."""
    x, y = (x - CENTRE[0]) / 30.0, (y - CENTRE[1]) / 30.0
    return 1000 + 200 * np.sin(x / 2.3 + y / 7) + 200 * np.cos(y / 0.7 - x / 5) + 100 * np.sin((x + y) / 0.9)


def centres(transform, rows, cols):
    row, col = np.mgrid[:rows, :cols] + 0.5
    x0, dx, rx, y0, ry, dy = transform
    return x0 + col * dx + row * rx, y0 + col * ry + row * dy


def image(transform, rows, cols, epsg=32633):
    return ground(*transformed(*centres(transform, rows, cols), epsg, 32633)).astype(np.float32)


def cube(*arguments):
    plane = image(*arguments)
    return np.stack([plane, plane * 2, plane * 3])


def rotated(pixel, degrees, mirrored=False):
    """A geotransform around the centre of the place."""
    angle, sign = np.radians(degrees), -1.0 if mirrored else 1.0
    dx, ry = sign * pixel * np.cos(angle), sign * pixel * np.sin(angle)
    rx, dy = pixel * np.sin(angle), -pixel * np.cos(angle)
    half = SIZE * 30.0 / pixel / 2
    return CENTRE[0] - half * (dx + rx), dx, rx, CENTRE[1] - half * (ry + dy), ry, dy


def plain(step, step_y=None):
    return HSI[0], step, 0.0, HSI[3], 0.0, -(step_y or step)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose name a shell would split, as the working directory."""
    made = tmp_path / "it's my data"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def make(folder, make_raster):
    def write(name, array, transform, epsg=32633, **options):
        return make_raster(folder / name, array, transform, epsg, **options)

    return write


def commands(message):
    """The commands of a refusal, as lists of arguments; each ends before the bracket with QGIS's algorithm."""
    assert message.endswith(".")
    assert "\n" not in message
    found = []
    for start in re.finditer(rf"(?<![\w/])({'|'.join(map(re.escape, TOOLS))}) ", message):
        words = shlex.shlex(message[start.start() :], posix=True, punctuation_chars=False)
        words.whitespace_split, words.commenters = True, ""
        arguments = []
        for word in words:
            if word.startswith("("):
                break
            arguments.append(word)
        found.append(arguments)
    return found


def refusal(hsi, pan):
    with pytest.raises(InputError) as error:
        open_pair(hsi, pan)
    return str(error.value)


def follow(arguments):
    """Run a command; returns the raster to use from now on."""
    if shutil.which(arguments[0]) is None:
        pytest.skip(f"{arguments[0]} is not on the PATH")
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    return arguments[2] if arguments[0] == "gdalbuildvrt" else arguments[-1]


def error_of(reader):
    """Relative RMSE of the first band against the truth, over valid pixels."""
    block = reader.read(bands=[0])
    truth, valid = image(reader.grid.geotransform, reader.grid.rows, reader.grid.cols), block.valid[0]
    assert valid.mean() > 0.4
    difference = (block.values[0] - truth)[valid]
    return float(np.sqrt((difference**2).mean()) / truth[valid].std())


BARE = re.sub(r',\s*AUTHORITY\["[^"]*","[^"]*"\]', "", system(32633).ExportToWkt())
CRS = {
    "next zone": 32632,
    "degrees": 4326,
    "Mercator": 3857,
    "equal area": 3035,
}


def pan_in(epsg):
    """A PAN of 7.5 m or so in another reference system, somewhat larger than the place."""
    x, y = transformed(*np.meshgrid([HSI[0] - 40, HSI[0] + 1480], [HSI[3] + 40, HSI[3] - 1480]), 32633, epsg)
    step = np.sqrt((x.max() - x.min()) * (y.max() - y.min())) / 1520 * 7.43
    transform = (x.min(), step, 0.0, y.max(), 0.0, -step)
    rows, cols = int((y.max() - y.min()) / step), int((x.max() - x.min()) / step)
    return image(transform, rows, cols, epsg), transform


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


@pytest.mark.parametrize(("lacking", "known"), [("pan", "hsi"), ("hsi", "pan")])
def test_a_raster_without_crs_is_told_to_get_that_of_the_other(make, lacking, known):
    epsg = {known: 32633, lacking: 0}
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI, epsg["hsi"])
    pan = make("pan.tif", image(plain(7.5), 192, 192), plain(7.5), epsg["pan"])
    said = refusal(hsi, pan)
    assert f"{lacking}.tif has no CRS, {known}.tif has EPSG:32633 (WGS 84 / UTM zone 33N)" in said
    assert "--assume-crs EPSG:32633" in said
    assumed = Claims(assume_crs="EPSG:32633")
    with open_pair(hsi, pan, claims=(assumed, assumed)) as scene:
        assert error_of(scene.pan) == 0.0
    [command] = commands(said)
    assert command[:3] == ["gdal_edit.py", "-a_srs", "EPSG:32633"]
    assert said.endswith("(Assign projection).")
    follow(command)
    with open_pair(hsi, pan) as scene:
        assert error_of(scene.pan) == 0.0


def test_coordinates_in_degrees_are_not_taken_for_metres(make):
    array, transform = pan_in(4326)
    hsi, pan = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI), make("pan.tif", array, transform, 0)
    [command] = commands(refusal(hsi, pan))
    assert command[:3] == ["gdal_edit.py", "-a_srs", "EPSG:4326"]
    follow(command)
    with open_pair(hsi, pan) as scene:
        assert error_of(scene.pan) < 0.03


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


@pytest.mark.parametrize(
    ("pixel", "words"),
    [
        (30.0, "the PAN is not sharper than the HSI, so nothing can be sharpened"),
        (30.0, "is 1 pixel of pan.tif (30 x 30 and 30 x 30 map units)"),
        (25.0, "is 1.2 pixels of pan.tif (30 x 30 and 25 x 25 map units)"),
        (90.0, "is coarser than the HSI hsi.tif (are the two swapped?)"),
    ],
)
def test_a_pan_that_is_not_sharper_is_refused(make, pixel, words):
    size = int(1440 / pixel)
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = make("pan.tif", image(plain(pixel), size, size), plain(pixel))
    assert words in refusal(hsi, pan)


@pytest.mark.parametrize(
    ("hsi_crs", "pan_crs", "wrong"),
    [
        (32633, 32634, "pan.tif"),
        (32633, 4326, "pan.tif"),
        (4326, 32633, "hsi.tif"),
        (32633, 3857, "pan.tif"),
    ],
)
def test_a_wrong_reference_system_is_corrected_by_the_command(make, hsi_crs, pan_crs, wrong):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI, hsi_crs)
    pan = make("pan.tif", image(plain(7.5), 192, 192), plain(7.5), pan_crs)
    said = refusal(hsi, pan)
    assert "do not overlap" in said
    assert f"but {wrong} is marked as EPSG:" in said
    (edit,) = commands(said)
    assert edit[:3] == ["gdal_edit.py", "-a_srs", "EPSG:32633"]
    assert edit[-1].endswith(wrong)


def test_a_pan_of_another_place_gets_no_command(make):
    far = (700000.0, 7.5, 0.0, 5600000.0, 0.0, -7.5)
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    said = refusal(hsi, make("pan.tif", image(far, 192, 192, 32632), far, 32632))
    assert "do not overlap" in said
    assert commands(said) == []


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


def use(found, hsi, pan):
    """The pair after the commands; of alternatives, the first."""
    made = {}
    for command in found:
        source = command[-2] if command[0] != "gdal_edit.py" else command[-1]
        if source not in made:
            made[source] = follow(command)
    return made.get(hsi, hsi), made.get(pan, pan)


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


def points(path, transform, epsg):
    """Move a raster's georeference into ground control points on a grid of 4 x 4."""
    dataset = gdal.Open(path, gdal.GA_Update)
    col, row = np.meshgrid(np.linspace(0, dataset.RasterXSize, 4), np.linspace(0, dataset.RasterYSize, 4))
    x0, dx, rx, y0, ry, dy = transform
    x, y = transformed(x0 + col * dx + row * rx, y0 + col * ry + row * dy, 32633, epsg)
    made = [gdal.GCP(*place) for place in zip(x.flat, y.flat, np.zeros(16), col.flat, row.flat)]
    dataset.SetGCPs(made, system(epsg).ExportToWkt())
    dataset.FlushCache()
    return path


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


def test_what_has_no_crs_can_be_assumed_to_have_that_of_the_other(make):
    high = rotated(7.5, 11)
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    turned = make("turned.tif", image(high, 192, 192), high, 0)
    pointed = make("pointed.tif", image(high, 192, 192), None, 0)
    points(pointed, high, 32633)
    dataset = gdal.Open(pointed, gdal.GA_Update)
    dataset.SetGCPs(dataset.GetGCPs(), "")
    dataset = None
    assumed = Claims(assume_crs="EPSG:32633")
    for pan in (turned, pointed):
        assert "--assume-crs EPSG:32633" in refusal(hsi, pan)
        with open_pair(hsi, pan, claims=(assumed, assumed)) as scene:
            assert error_of(scene.pan) < 0.04


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_control_points_and_points_on_a_line_place_nothing(make, count):
    pan = make("pan.tif", image(plain(7.5), 192, 192), None, 0)
    dataset = gdal.Open(pan, gdal.GA_Update)
    dataset.SetGCPs([gdal.GCP(5e5 + i, 4.6e6 - i, 0, i, i) for i in range(count)], system(32633).ExportToWkt())
    dataset = None
    said = refusal(make("hsi.tif", cube(HSI, SIZE, SIZE), HSI), pan)
    assert "has no georeference" in said


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
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    for claims in (Claims(), Claims(geolocation="dem.tif")):
        with open_pair(hsi, pan, claims=(claims, claims)) as scene:
            assert scene.ratio == 4
            assert error_of(scene.pan) < 0.05


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


@pytest.mark.parametrize("epsg", [0, 32633])
def test_a_pair_without_georeference_lies_corner_on_corner_after_the_commands(make, epsg):
    low, high = cube(HSI, SIZE, SIZE + 2), image(plain(7.5), 4 * SIZE, 4 * SIZE + 8)
    hsi, pan = make("hsi.tif", low, None, epsg), make("pan.tif", high, None, epsg)
    found = commands(refusal(hsi, pan))
    assert [command[:2] for command in found] == [["gdal_edit.py", "-a_ullr"]] * 2
    use(found, hsi, pan)
    with open_pair(hsi, pan) as scene:
        assert (scene.ratio, scene.alignment.phase, scene.high_shape) == (4, (0.0, 0.0), (192, 200))
        np.testing.assert_array_equal(scene.pan.read().values[0], high)


def test_sizes_without_a_whole_ratio_tell_no_corners(make):
    hsi, pan = cube(HSI, SIZE, SIZE), make("pan.tif", image(plain(7.5), 190, 192), None, 0)
    for transform in (HSI, None):
        said = refusal(make("hsi.tif", hsi, transform, 32633 if transform else 0), pan)
        assert "no whole ratio" in said
        assert "Georeferencer" in said
        assert commands(said) == []


@pytest.mark.parametrize("driver", ["GTiff", "PNG"])
def test_a_pan_without_georeference_gets_the_corners_and_crs_of_the_hsi(make, driver):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = make("pan.tif", image(plain(7.5), 192, 192).astype(np.uint16), None, 0)
    if driver == "PNG":
        gdal.Translate("pan.png", pan, format="PNG")
        pan = "pan.png"
    [command] = commands(refusal(hsi, pan))
    follow(command)
    with open_pair(hsi, pan) as scene:
        assert (scene.ratio, scene.alignment.phase) == (4, (0.0, 0.0))
        assert error_of(scene.pan) < 0.01


def test_swapped_inputs_are_recognised_by_their_bands(make):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = make("pan.tif", image(plain(7.5), 192, 192), plain(7.5))
    assert "are HSI and PAN swapped?" in refusal(pan, hsi)


def test_files_of_one_band_each_become_an_hsi_in_the_order_of_their_numbers(make):
    plane = image(HSI, SIZE, SIZE)
    paths = {n: make(f"scene B{n}.tif", plane + n, HSI) for n in (1, 2, 10)}
    pan = make("scene B8.tif", image(plain(7.5), 192, 192), plain(7.5))
    said = refusal(paths[2], pan)
    assert "Build virtual raster" in said
    [command] = commands(said)
    assert command[:2] == ["gdalbuildvrt", "-separate"]
    assert command[3:] == [paths[1], paths[2], paths[10]]
    with open_pair(follow(command), pan) as scene:
        np.testing.assert_array_equal(scene.hsi.read().values, plane + np.float32([1, 2, 10])[:, None, None])


@pytest.mark.skipif(gdal.GetDriverByName("netCDF") is None, reason="this GDAL has no netCDF driver")
def test_subdatasets_are_listed_as_gdal_opens_them(folder):
    box = gdal.GetDriverByName("netCDF").CreateMultiDimensional("box.nc")
    root = box.GetRootGroup()
    kind = gdal.ExtendedDataType.Create(gdal.GDT_Float64)
    bands = root.CreateDimension("band", None, None, 3)
    for name, values in (("hsi", cube(HSI, SIZE, SIZE)), ("pan", image(plain(7.5), 192, 192))):
        axes = [root.CreateDimension(axis + name, None, None, values.shape[-1]) for axis in "yx"]
        root.CreateMDArray(name, [bands, *axes] if name == "hsi" else axes, kind).WriteArray(values.astype(float))
    del box, root, axes, bands
    said = refusal("box.nc", "box.nc")
    listed = [shlex.split(name)[0] for name in re.findall(r"'NETCDF:[^']*'", said)]
    assert listed == ['NETCDF:"box.nc":hsi', 'NETCDF:"box.nc":pan']
    assert "[192x192] pan (64-bit floating-point)" in said
    found = commands(refusal(*listed))  # these arrays have no coordinates
    assert [command[:2] for command in found] == [["gdal_translate", "-a_ullr"]] * 2
    with open_pair(*use(found, *listed)) as scene:
        assert scene.high_shape == (192, 192)


def test_complex_numbers_become_amplitudes(make):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    plane = image(plain(7.5), 192, 192)
    pan = make("pan.tif", (plane * np.exp(1j)).astype(np.complex64), plain(7.5))
    [command] = commands(refusal(hsi, pan))
    with open_pair(hsi, follow(command)) as scene:
        assert error_of(scene.pan) < 1e-6


@pytest.mark.parametrize("name", ["a b.tif", "it's.tif", 'the "best".tif', "$HOME;x&.tif", "-pan.tif", "größe.tif"])
def test_names_are_quoted_as_a_shell_reads_them(make, folder, name):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    make(name, image(plain(7.5), 192, 192), plain(7.5), 0)
    [command] = commands(refusal(hsi, name))
    follow(command)
    with open_pair(hsi, name) as scene:
        assert scene.ratio == 4


def test_no_file_that_is_there_is_named_as_the_new_one(folder):
    assert new_file("pan.tif", "warped") == "pan_warped.tif"
    (folder / "pan_warped.tif").touch()
    assert new_file("pan.tif", "warped") == "pan_warped_2.tif"
    assert new_file("-pan.tif", "warped") == "./-pan_warped.tif"


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


def test_a_result_on_another_grid_is_compared_after_one_command(make, folder):
    reference = make("truth.tif", cube(plain(7.5), 96, 96), plain(7.5))
    transform = (HSI[0] + 3, 7.2, 0.0, HSI[3] - 3, 0.0, -7.2)
    fused = make("fused.tif", cube(transform, 98, 98), transform)
    with pytest.raises(InputError) as error:
        assess(fused, reference=reference, json_path=str(folder / "o.json"))
    [command] = commands(str(error.value))
    made = assess(fused, reference=follow(command), json_path=str(folder / "o.json"))
    assert made is not None


def test_without_a_file_the_grid_is_told_in_words():
    hsi, pan = Grid(0.0, 600.0, 30.0, -30.0, 20, 20), Grid(0.0, 600.0, 8.0, -8.0, 75, 75)
    with pytest.raises(InputError) as error:
        overlap(hsi, pan, "first", "second")
    said = str(error.value)
    assert "resample second with cubic interpolation to pixels of 30 x 30, from x 0 to 600 and y 0 to 600" in said
    assert "gdalwarp" not in said


@pytest.mark.parametrize("epsg", [32633, 4326, 3035])
def test_a_code_that_a_file_does_not_state_is_found(epsg):
    made = system(epsg)
    bare = re.sub(r',\s*AUTHORITY\["[^"]*","[^"]*"\]', "", made.ExportToWkt())
    assert "EPSG" not in bare
    assert crs_code(bare) == f"EPSG:{epsg}"


@pytest.mark.parametrize(
    ("value", "text"), [(7.5, "7.5"), (4600000.0, "4600000"), (30 / 7, "4.28571428571"), (7.95e-05, "0.0000795")]
)
def test_numbers_have_twelve_digits_and_no_exponent(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        (r"C:\data\pan.tif", r"C:\data\pan.tif"),
        (r"C:\my data\pan.tif", r'"C:\my data\pan.tif"'),
        ("a&b.tif", '"a&b.tif"'),
        ('NETCDF:"x.nc":v', r'"NETCDF:\"x.nc\":v"'),
        ("-tr", "-tr"),
    ],
)
def test_windows_has_other_quotes(argument, text):
    assert quoted(argument, windows=True) == text


def test_many_subdatasets_are_not_all_listed():
    source = Source("a.nc", "a.nc")
    said = subdatasets_sentence(source, [(f"NETCDF:a.nc:v{n}", f"[9x9] v{n}") for n in range(20)])
    assert "NETCDF:a.nc:v11 [9x9] v11, and 8 more that gdalinfo a.nc lists." in said
    assert "NETCDF:a.nc:v12 " not in said
    assert (
        subdatasets_sentence(source, [])
        == "a.nc holds no bands itself, and no subdatasets (layers); choose another file."
    )
