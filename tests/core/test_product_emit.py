"""EMIT: netCDF files of their structure, written by h5py, read by GDAL alone, sharpened in sensor geometry."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from core.io.grid import Window
from core.io.lookup_table import LookupTable
from core.io.positions import to_map
from core.io.reader import RasterReader
from core.products.chunks import ChunkedArray
from core.products.decoded import DecodedChunks
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.training import settings as learning_settings
from core.workflows.classical import classical
from core.workflows.inspect import inspect
from core.workflows.sharpen import sharpen
from tests.core import swaths

h5py = pytest.importorskip("h5py")

RFL = "EMIT_L2A_RFL_001_20220903T163129_2224611_012.nc"
RAD = "EMIT_L1B_RAD_001_20220903T163129_2224611_012.nc"
MASK = "EMIT_L2A_MASK_001_20220903T163129_2224611_012.nc"
BANDS = len(swaths.WAVES)


def values():
    found = swaths.hsi()
    found[swaths.WATER] = -0.01
    found[:, 3, 5:7] = -9999
    return found


def write_location(file, mirrored=False, lon=None, lat=None, table=True):
    here = swaths.places()
    place = file.create_group("location")
    place.create_dataset("lon", data=here[0] if lon is None else lon)
    place.create_dataset("lat", data=here[1] if lat is None else lat)
    if table:
        columns, lines, transform = swaths.lookup_table(mirrored)
        place.create_dataset("glt_x", data=columns)
        place.create_dataset("glt_y", data=lines)
        file.attrs["geotransform"], file.attrs["spatial_ref"] = np.array(transform), swaths.wkt()


def write_emit(path, cube=None, kind="reflectance", good=True, **location):
    cube = values() if cube is None else cube
    with h5py.File(path, "w") as file:
        chunks = {"chunks": (7, 5, 3), "compression": "gzip"}
        file.create_dataset(kind, data=cube.transpose(1, 2, 0), fillvalue=-9999.0, **chunks)
        bands = file.create_group("sensor_band_parameters")
        bands.create_dataset("wavelengths", data=np.array(swaths.WAVES, np.float32))
        bands.create_dataset("fwhm", data=np.full(BANDS, 8.5, np.float32))
        if good:
            flags = np.ones(BANDS, np.float32)
            flags[swaths.WATER] = 0
            bands.create_dataset("good_wavelengths", data=flags)
        file.attrs["time_coverage_start"] = "2022-09-03T16:31:29+0000"
        write_location(file, **location)
    return str(path)


def write_mask(path):
    mask, packed = np.zeros((*swaths.SHAPE, 8), np.float32), np.zeros((*swaths.SHAPE, 1), np.uint8)
    mask[10, :, 0] = 1  # a cloud
    mask[20:, 2, 3] = 1  # the spacecraft
    packed[5, 6, 0] = 0b01000001  # of the bands 1 and 7, from 0
    with h5py.File(path, "w") as file:
        file.create_dataset("mask", data=mask)
        file.create_dataset("band_mask", data=packed)
        write_location(file)
    return mask


@pytest.fixture
def pan(tmp_path, write_raster):
    return write_raster(tmp_path / "pan.tif", swaths.pan(), pixel=10.0)


def test_the_cube_has_what_its_file_says(tmp_path):
    expected = values()
    with open_raster(write_emit(tmp_path / RFL)) as image:
        np.testing.assert_allclose(image.metadata.wavelengths, swaths.WAVES)
        assert image.metadata.fwhm == (8.5,) * BANDS
        assert image.metadata.bbl == (1, 1, 1, 1, 1, 0, 1, 1)
        assert (image.metadata.nodata, image.dtype) == (-9999.0, "float32")
        assert image.origin.product == "EMIT L2A reflectance"
        assert image.origin.acquired.startswith("2022-09-03")
        assert image.notes == ()
        x, y = to_map(image.grid, np.array([0.5, 20.5]), np.array([0.5, 7.5]))
        whole, part = image.read(), image.read(Window(4, 3, 9, 12), [7, 0, 3])
        with pickle.loads(pickle.dumps(image)) as other:
            np.testing.assert_array_equal(other.read().values, whole.values)
            assert other.grid == image.grid
    lon, lat = swaths.places()
    np.testing.assert_allclose(x, lon[[0, 20], [0, 7]], atol=1e-12)
    np.testing.assert_allclose(y, lat[[0, 20], [0, 7]], atol=1e-12)
    np.testing.assert_array_equal(whole.valid, expected != -9999)
    np.testing.assert_array_equal(whole.values, np.where(expected == -9999, 0, expected))
    np.testing.assert_array_equal(part.values, whole.values[[7, 0, 3], 4:13, 3:15])


def test_radiance_has_no_list_of_good_bands(tmp_path):
    with open_raster(write_emit(tmp_path / RAD, kind="radiance", good=False)) as image:
        assert image.metadata.bbl == (1,) * BANDS
        assert "radiance" in image.origin.product


def test_the_file_of_masks_says_which_samples_are_interpolated_and_where_the_spacecraft_is(tmp_path):
    product, mask = write_emit(tmp_path / RFL), write_mask(tmp_path / MASK)
    expected = values() != -9999
    expected[[1, 7], 5, 6] = False
    expected[:, 20:, 2] = False
    with open_raster(product) as image:
        np.testing.assert_array_equal(image.read().valid, expected)
        part = image.read(Window(2, 4, 8, 8), [7, 2]).valid
        np.testing.assert_array_equal(part, expected[[7, 2], 2:10, 4:12])
    with open_raster(tmp_path / MASK, "quality") as quality:
        assert quality.metadata.names[:4] == ("cloud", "cirrus", "water", "spacecraft")
        np.testing.assert_array_equal(quality.read().values, mask.transpose(2, 0, 1))
    with open_raster(product, "quality") as quality:
        assert quality.bands == 8


def test_without_the_file_of_masks_there_is_no_quality_raster(tmp_path):
    with pytest.raises(InputError, match="lacks its masks"):
        open_raster(write_emit(tmp_path / RFL), "quality")


def test_no_chunk_is_decoded_twice_in_a_pass_over_rows(tmp_path, monkeypatch):
    """Neither by strips of rows nor by single bands within a row of chunks."""
    decoded = []
    piece = ChunkedArray._piece
    monkeypatch.setattr(ChunkedArray, "_piece", lambda self, *spans: decoded.append(spans) or piece(self, *spans))
    with open_raster(write_emit(tmp_path / RFL)) as image:
        for row in range(0, 24, 3):
            image.read(Window(row, 0, 3, 26), read_ahead=row % 2 == 0)
        assert sorted(rows for _, rows, _ in decoded) == [(0, 7), (7, 14), (14, 21), (21, 24)]
        image._parts[0].release(24)
        decoded.clear()
        for band in range(BANDS):
            image.read(Window(0, 0, 7, 26), [band])
    assert len(decoded) == 3  # chunks of 3 bands


@pytest.mark.parametrize("packed", [True, False])
def test_a_compressed_cube_is_decoded_once_where_several_passes_are_announced(tmp_path, monkeypatch, packed):
    """Whole rows first, then windows of some bands; what is not compressed is read from its file again."""
    rows, cols, bands = *swaths.SHAPE, 150
    cube = np.zeros((rows, cols, bands), np.float32)
    cube[::5, ::3] = np.arange(bands)
    with h5py.File(tmp_path / RFL, "w") as file:
        file.create_dataset("reflectance", data=cube, chunks=(7, 5, 40), compression="gzip" if packed else None)
        file["sensor_band_parameters/wavelengths"] = np.linspace(400.0, 2400.0, bands, dtype=np.float32)
        write_location(file)
    decoded, piece = [], ChunkedArray._piece
    monkeypatch.setattr(ChunkedArray, "_piece", lambda self, *spans: decoded.append(spans) or piece(self, *spans))
    with open_raster(tmp_path / RFL) as image:
        image.keep_decoded()
        for row in range(0, rows, 4):
            image.read(Window(row, 0, min(4, rows - row), cols))
        first = len(decoded)
        for window, some in ((Window(2, 3, 9, 12), [3, 90, 149]), (Window(0, 0, rows, cols), None)):
            here = cube[window.row : window.row + window.rows, window.col : window.col + window.cols]
            np.testing.assert_array_equal(image.read(window, some).values, here.transpose(2, 0, 1)[some or slice(None)])
    assert (len(decoded) == first) == packed


def test_without_space_for_decoded_chunks_they_are_decoded_again(tmp_path, monkeypatch):
    cube = np.arange(4 * 9 * 10, dtype=np.int16).reshape(4, 9, 10)
    place, some = (slice(0, 4), slice(0, 9), slice(0, 10)), (slice(1, 3), slice(2, 9), slice(7, 9))
    full, kept = (DecodedChunks(cube.shape, (2, 4, 4), cube.dtype) for _ in range(2))
    with monkeypatch.context() as patched:
        patched.setattr("core.products.decoded.shutil.disk_usage", lambda path: type("Usage", (), {"free": 100}))
        full.put(place, cube)
    kept.put(place, cube)
    found = np.zeros((2, 7, 2), np.int16)
    assert not full.take(some, found)
    assert not found.any()
    assert kept.take(some, found)
    np.testing.assert_array_equal(found, cube[1:3, 2:9, 7:9])
    kept.close()
    assert not kept.take(some, found)


def test_a_mirrored_lookup_table_is_turned_back(tmp_path, pan):
    outs = []
    for mirrored in (False, True):
        folder = tmp_path / str(mirrored)
        folder.mkdir()
        product = write_emit(folder / RFL, mirrored=mirrored)
        with open_raster(product) as image:
            assert isinstance(image.grid.frame, LookupTable)
            assert bool(image.notes) == mirrored
            assert not mirrored or "mirrored columns" in image.notes[0]
        outs.append(str(folder / "out.tif"))
        classical(product, pan, outs[-1], mtf=0.3, shift="none")
    with RasterReader(outs[0]) as plain, RasterReader(outs[1]) as turned:
        assert plain.grid == turned.grid
        np.testing.assert_array_equal(plain.read().values, turned.read().values)
        assert plain.grid.dx == pytest.approx(swaths.lookup_table()[2][1] / 3)


def test_a_lookup_table_of_another_image_is_not_used(tmp_path):
    lines = swaths.lookup_table()[1]
    product = write_emit(tmp_path / RFL)
    with h5py.File(product, "a") as file:
        file["location/glt_y"][...] = np.where(lines > 0, np.roll(lines, 9, 1).clip(1), 0)
    with open_raster(product) as image:
        assert not isinstance(image.grid.frame, LookupTable)
        assert "does not agree" in image.notes[0]


def test_exchanged_longitudes_and_latitudes_are_put_right(tmp_path):
    lon, lat = swaths.places()
    with open_raster(write_emit(tmp_path / RFL, lon=lat, lat=lon)) as image:
        x, y = to_map(image.grid, np.array([0.5]), np.array([0.5]))
        assert "exchanged" in image.notes[0]
    assert (x[0], y[0]) == pytest.approx((lon[0, 0], lat[0, 0]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lon": np.full(swaths.SHAPE, 120.0)}, "lie around 120"),
        ({"lon": np.full(swaths.SHAPE, -9999.0)}, "are missing"),
        ({"lat": np.zeros((3, 26))}, "longitudes and latitudes of 24 x 26 and 3 x 26"),
        ({"cube": np.zeros((5, *swaths.SHAPE), np.float32)}, "5 bands and 8 wavelengths"),
        ({"kind": "group_14_band_depth"}, "holds no EMIT reflectance"),
    ],
)
def test_a_product_that_contradicts_itself_is_refused(tmp_path, change, sentence):
    with pytest.raises(InputError, match=sentence):
        open_raster(write_emit(tmp_path / RFL, **change))


def test_classical_and_inspect_take_the_file(tmp_path, pan, run_jobs):
    product = write_emit(tmp_path / RFL)
    said = run_jobs(product, pan, tmp_path / "out.tif", "--mtf", "0.6", "--shift", "none")
    assert "EMIT L2A reflectance" in said
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert fused.metadata.bbl[swaths.WATER] == 0
        block, grid = fused.read(bands=[0]), fused.grid
    rows, cols = np.nonzero(block.valid[0])
    systems = swaths.wkt(), swaths.wkt(32633)
    x, y = to_map(grid, rows + 0.5, cols + 0.5)
    truth = _seen_at(x, y, systems) * 0.3 + 0.02
    assert rows.size > 2000
    assert np.abs(block.values[0][rows, cols] - truth).mean() < 0.25 * np.abs(truth - truth.mean()).mean()
    found = inspect(product, pan, json_path=str(tmp_path / "found.json"))
    assert found["ratio"] == pytest.approx(3.0, abs=0.05)
    assert json.loads((tmp_path / "found.json").read_text())


def _seen_at(lon, lat, systems):
    from osgeo import osr

    made = []
    for text in systems:
        made.append(osr.SpatialReference(text))
        made[-1].SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    found = np.array(osr.CoordinateTransformation(*made).TransformPoints(np.stack([lon, lat], 1).tolist()))
    return swaths.ground(found[:, 0], found[:, 1])


def test_sharpen_learns_in_sensor_geometry_and_puts_the_result_on_the_map(tmp_path, pan, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(learning_settings, "EFFORTS", {"fast": 3, "normal": 30, "thorough": 60})
    out = str(tmp_path / "out.tif")
    made = sharpen(write_emit(tmp_path / RFL), pan, out, effort="fast", mtf=0.3, shift="none")
    with RasterReader(out) as fused:
        assert not fused.grid.in_sensor_geometry
        assert "WGS 84" in fused.grid.crs
        assert fused.bands == BANDS
        assert fused.read(bands=[0]).valid.sum() > 2000
    assert made["ratio"] == pytest.approx(3.0, abs=0.05)


def test_a_file_that_declares_a_huge_cube_is_refused_before_it_is_read(tmp_path):
    product = write_emit(tmp_path / RFL)
    with h5py.File(product, "a") as file:
        del file["reflectance"]
        file.create_dataset("reflectance", (400_000, 300_000, BANDS), np.float32, chunks=(64, 64, 4))  # no byte of it
    with pytest.raises(InputError, match="has 400000 x 300000 pixels, but longitudes and latitudes of 24 x 26"):
        open_raster(product)
    with h5py.File(product, "a") as file:
        for name in ("lon", "lat"):
            del file[f"location/{name}"]
            file.create_dataset(f"location/{name}", (400_000, 300_000), np.float64, chunks=(64, 64))
    with pytest.raises(InputError, match="longitudes and latitudes of none"):
        open_raster(product)


@pytest.mark.parametrize(("name", "kind"), [(RFL, "netCDF"), ("PRS_L1_STD.he5", "HDF5")])
def test_a_gdal_without_the_driver_is_told_which_package_brings_it(tmp_path, monkeypatch, name, kind):
    (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr("core.products.container.gdal.GetDriverByName", lambda driver: None)
    with pytest.raises(InputError, match=rf"no {kind} driver; .*libgdal-{kind.lower()}"):
        open_raster(tmp_path / name)
