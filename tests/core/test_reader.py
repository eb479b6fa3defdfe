from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.io import reader as reader_module
from core.io.band_selection import SelectedBands
from core.io.grid import Window
from core.io.reader import RasterReader
from core.runtime.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
LOWEST = float(np.finfo(np.float32).min)


def count(bands, rows, cols, dtype):
    return np.arange(bands * rows * cols).reshape(bands, rows, cols).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"])
@pytest.mark.parametrize("interleave", ["PIXEL", "BAND"])
def test_every_type_and_interleave_reads_as_float32(tmp_path, make_raster, dtype, interleave):
    array = count(3, 4, 5, dtype)
    path = make_raster(tmp_path / "a.tif", array, options=[f"INTERLEAVE={interleave}"])
    with RasterReader(path) as reader:
        block = reader.read()
        assert reader.dtype == dtype
        assert reader.bands == 3
        assert (reader.grid.rows, reader.grid.cols) == (4, 5)
        assert reader.name == "a.tif"
    assert block.values.dtype == np.float32
    np.testing.assert_array_equal(block.values, array.astype(np.float32))
    assert block.valid.dtype == bool
    assert block.valid.all()


def test_signed_bytes_are_signed(tmp_path, make_raster):
    path = make_raster(
        tmp_path / "a.tif",
        np.array([[200, 5]], np.uint8),
        options=["PIXELTYPE=SIGNEDBYTE"] if not hasattr(gdal, "GDT_Int8") else [],
        kind=getattr(gdal, "GDT_Int8", gdal.GDT_Byte),
    )
    with RasterReader(path) as reader:
        assert reader.dtype == "int8"
        np.testing.assert_array_equal(reader.read().values, [[[-56.0, 5.0]]])


def test_window_and_bands_in_the_order_asked_for(tmp_path, make_raster):
    array = count(4, 6, 7, "int16")
    with RasterReader(make_raster(tmp_path / "a.tif", array)) as reader:
        block = reader.read(Window(1, 2, 3, 4), [3, 0, 3])
    np.testing.assert_array_equal(block.values, array[[3, 0, 3], 1:4, 2:6])


@pytest.mark.parametrize(
    ("dtype", "nodata", "complete"), [("int16", None, True), ("int16", 7, False), ("float32", None, False)]
)
def test_samples_are_had_as_they_are_stored_where_none_can_be_invalid(tmp_path, make_raster, dtype, nodata, complete):
    array = count(4, 150, 7, dtype)
    path = make_raster(tmp_path / "a.tif", array, nodata=nodata)
    with RasterReader(path) as reader:
        stored = reader.read_complete(Window(60, 2, 70, 4), [3, 0, 3])
        if not complete:
            assert stored is None
            return
        assert stored.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(stored, array[[3, 0, 3], 60:130, 2:6])
        chosen = SelectedBands(reader, [2, 0])
        np.testing.assert_array_equal(chosen.read_complete(Window(0, 0, 9, 7), [1]), array[[0], :9])
        with pytest.raises(ValueError, match="lies outside"):
            reader.read_complete(Window(100, 0, 51, 7), [0])


@pytest.mark.parametrize("interleave", ["PIXEL", "BAND"])
@pytest.mark.parametrize(("read_ahead", "most"), [(False, None), (True, None), (True, 40 * 20 * 67 * 2), (True, 1)])
def test_rows_from_top_to_bottom_keep_one_row_of_blocks_at_most(
    tmp_path, make_raster, monkeypatch, interleave, read_ahead, most
):
    if most is not None:  # the read-ahead buffer holds some rows of a row of blocks only
        monkeypatch.setattr(reader_module, "_AHEAD_BYTES", most)
    array = count(20, 300, 70, "int16")
    tiles = ["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=128", f"INTERLEAVE={interleave}"]
    before = gdal.GetCacheUsed()
    with RasterReader(make_raster(tmp_path / "a.tif", array, options=tiles)) as reader:
        for bands in (None, [3, 1]):
            for start in range(0, 300, 8):
                top, stop = max(0, start - 3), min(start + 11, 300)  # some rows again, as where pixels are filled
                block = reader.read(Window(top, 3, stop - top, 67), bands, read_ahead=read_ahead)
                np.testing.assert_array_equal(block.values, array[bands or slice(None), top:stop, 3:])
                assert gdal.GetCacheUsed() - before <= 1.02 * 2 * 20 * 2 * 64 * 128
        for row in (290, 280):
            block = reader.read(Window(row, 1, 9, 9), read_ahead=read_ahead)
            np.testing.assert_array_equal(block.values, array[:, row : row + 9, 1:10])
        np.testing.assert_array_equal(reader.read(read_ahead=read_ahead).values, array)


@pytest.mark.parametrize("window", [Window(0, 0, 7, 1), Window(-1, 0, 2, 2), Window(0, 6, 1, 2)])
def test_a_window_outside_is_a_mistake(tmp_path, make_raster, window):
    with RasterReader(make_raster(tmp_path / "a.tif", count(1, 6, 7, "int16"))) as reader:
        with pytest.raises(ValueError, match="outside"):
            reader.read(window)
        with pytest.raises(ValueError, match="bands 0 to 0"):
            reader.read(bands=[1])


@pytest.mark.parametrize(
    ("dtype", "nodata", "stored", "neighbour"),
    [
        ("int16", -32768, -32768, -32767),
        ("uint16", 65535, 65535, 65534),
        ("int32", 16777217, 16777217, 16777216),  # both are one float32 number
        ("uint32", 4294967295, 4294967295, 4294967294),
        ("float32", LOWEST, LOWEST, -3.4e38),
        ("float32", -3.40282e38, LOWEST, -1e38),  # cut to a few digits
        ("float32", 1e20, 1e20, 1.0000001e20),
        ("float32", 0.1, 0.1, 0.2),
        ("float32", -9999.9, -9999.9, -9999.0),
        ("float64", 1e20, 1e20, 1.0000000000000002e20),
        ("float64", -1.7976931348623157e308, -1.7976931348623157e308, 0.0),
        ("float32", float("nan"), float("nan"), 0.0),
    ],
)
def test_exactly_the_nodata_value_is_masked(tmp_path, make_raster, dtype, nodata, stored, neighbour):
    array = np.array([[stored, neighbour, 7]], dtype)
    with RasterReader(make_raster(tmp_path / "a.tif", array, nodata=nodata)) as reader:
        block = reader.read()
    assert block.valid[0, 0].tolist() == [False, True, True]
    assert block.values[0, 0, 0] == 0.0
    assert block.values[0, 0, 2] == 7.0


def test_a_nodata_value_outside_the_type_masks_nothing(tmp_path, make_raster):
    array = np.array([[55537, 0]], np.uint16)  # -9999 modulo 65536
    with RasterReader(make_raster(tmp_path / "a.tif", array, nodata=-9999)) as reader:
        assert reader.read().valid.all()


def test_each_band_is_masked_by_its_own_nodata_value(tmp_path, make_raster):
    path = str(tmp_path / "stack.vrt")
    sources = [
        make_raster(tmp_path / f"{value}.tif", np.array([[1, 2, 3]], np.int16), nodata=value) for value in (1, 2)
    ]
    gdal.BuildVRT(path, sources, separate=True).FlushCache()
    with RasterReader(path) as reader:
        valid = reader.read().valid
    assert valid[:, 0].tolist() == [[False, True, True], [True, False, True]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_not_valid(tmp_path, make_raster, bad):
    with RasterReader(make_raster(tmp_path / "a.tif", np.array([[bad, 1.0]], np.float32))) as reader:
        block = reader.read()
    assert block.valid[0, 0].tolist() == [False, True]
    assert block.values[0, 0].tolist() == [0.0, 1.0]


def test_a_mask_band_masks_all_bands(tmp_path, make_raster):
    path = make_raster(tmp_path / "a.tif", count(2, 1, 3, "int16") + 1)
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    dataset.GetRasterBand(1).GetMaskBand().WriteRaster(0, 0, 3, 1, bytes([255, 0, 255]))
    dataset = None
    with RasterReader(path) as reader:
        block = reader.read()
        second = reader.read(Window(0, 1, 1, 2), [1])
    assert block.valid[:, 0].tolist() == [[True, False, True]] * 2
    assert block.values[:, 0].tolist() == [[1.0, 0.0, 3.0], [4.0, 0.0, 6.0]]
    assert second.valid[0, 0].tolist() == [False, True]


def test_an_alpha_band_is_a_mask_and_no_band(tmp_path, make_raster):
    array = np.array([[[10, 20, 30]], [[0, 128, 255]]], np.uint8)
    path = make_raster(tmp_path / "a.tif", array, options=["ALPHA=YES"])
    with RasterReader(path) as reader:
        block = reader.read()
        assert reader.bands == 1
        assert reader.metadata.bands == 1
    assert block.valid[0, 0].tolist() == [False, True, True]


def test_bands_of_different_types_are_read_together(tmp_path, make_raster):
    path = str(tmp_path / "stack.vrt")
    sources = [
        make_raster(tmp_path / f"{dtype}.tif", np.array([[1, 200]], dtype), nodata=1) for dtype in ("uint8", "float32")
    ]
    gdal.BuildVRT(path, sources, separate=True).FlushCache()
    with RasterReader(path) as reader:
        block = reader.read(bands=[1, 0])
        assert reader.dtype == "float32"
    np.testing.assert_array_equal(block.values, [[[0.0, 200.0]]] * 2)


def test_names_that_only_gdal_understands_are_opened(tmp_path, make_raster):
    make_raster("/vsimem/reader/a.tif", count(1, 2, 2, "int16"))
    with RasterReader("/vsimem/reader/a.tif") as reader:
        assert reader.name == "a.tif"
        np.testing.assert_array_equal(reader.read().values, [[[0, 1], [2, 3]]])
    gdal.Unlink("/vsimem/reader/a.tif")


def test_subdatasets_and_virtual_rasters_have_names_that_can_be_read(tmp_path, make_raster):
    path = make_raster(tmp_path / "a.tif", count(2, 2, 2, "int16"))
    gdal.Translate(str(tmp_path / "a.nc"), path, format="netCDF")
    with RasterReader(f'NETCDF:"{tmp_path / "a.nc"}":Band2') as reader:
        assert reader.name == "a.nc:Band2"
    with RasterReader(gdal.BuildVRT("", [path]).GetMetadata("xml:VRT")[0]) as reader:
        assert reader.name == "virtual raster"


def test_envi_without_a_reference_system_has_none(tmp_path, make_raster):
    path = make_raster(tmp_path / "a.img", count(1, 2, 2, "int16"), epsg=None, driver="ENVI")
    with RasterReader(path) as reader:
        assert reader.grid.crs == ""


def refusal(path) -> str:
    with pytest.raises(InputError) as caught:
        RasterReader(path)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_what_cannot_be_opened_is_refused_with_its_name(tmp_path, make_raster, capfd):
    (tmp_path / "notes.txt").write_text("no raster")
    (tmp_path / "empty.tif").write_bytes(b"")
    assert "does not exist" in refusal(tmp_path / "missing.tif")
    assert "notes.txt cannot be read as a raster" in refusal(tmp_path / "notes.txt")
    assert "empty.tif cannot be read as a raster" in refusal(tmp_path / "empty.tif")
    assert "cannot be read as a raster" in refusal("/vsizip/nowhere.zip/a.tif")
    assert "No raster file is named" in refusal(" ")
    array = count(1, 20, 20, "int16")
    assert "a.tif has no georeference" in refusal(make_raster(tmp_path / "a.tif", array, geotransform=None, epsg=0))
    flat = (500000.0, 30.0, 3.0, 5800000.0, 30.0, 3.0)
    assert "b.tif has no georeference" in refusal(make_raster(tmp_path / "b.tif", array, geotransform=flat))
    complex_numbers = np.ones((2, 2), np.complex64)
    assert "c.tif has CFloat32 values" in refusal(make_raster(tmp_path / "c.tif", complex_numbers))
    assert capfd.readouterr() == ("", "")


def test_a_cut_off_file_is_refused_when_it_is_read(tmp_path, make_raster, capfd):
    noise = np.random.default_rng(0).integers(0, 30000, (4, 200, 200)).astype(np.int16)
    path = make_raster(tmp_path / "a.tif", noise, options=["COMPRESS=DEFLATE", "INTERLEAVE=BAND", "BLOCKYSIZE=200"])
    capfd.readouterr()  # with Turkish capitals GDAL warns of options that it takes all the same
    with RasterReader(path) as reader:
        size = (tmp_path / "a.tif").stat().st_size
        with open(path, "r+b") as file:
            file.truncate(size // 2)
        with pytest.raises(InputError, match=r"a\.tif cannot be read in rows 1 to 200"):
            reader.read()
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def turkish(tmp_path_factory):
    """The environment of a process in which i and I are no pair of letters."""
    folder = tmp_path_factory.mktemp("locales")
    made = folder / "tr_TR.UTF-8"
    program = shutil.which("localedef")
    if program is not None:
        subprocess.run([program, "-i", "tr_TR", "-f", "UTF-8", str(made)], capture_output=True, check=False)
    if not made.is_dir():
        pytest.skip("the Turkish locale cannot be made here")
    return {**os.environ, "LOCPATH": str(folder), "LC_ALL": "tr_TR.UTF-8"}


@pytest.mark.parametrize(("suffix", "interleave"), [("bip", "BIP"), ("bil", "BIL"), ("bsq", "BSQ"), ("tif", "PIXEL")])
def test_an_order_of_samples_that_gdal_misreads_in_turkish_is_refused(
    tmp_path, make_raster, turkish, suffix, interleave
):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    driver = "GTiff" if suffix == "tif" else "ENVI"
    path = make_raster(tmp_path / f"a.{suffix}", array, driver=driver, options=[f"INTERLEAVE={interleave}"])
    code = "import sys; from core.io.reader import RasterReader as R; print(R(sys.argv[1]).read().values.tolist())"
    command = [sys.executable, "-c", code, path]
    done = subprocess.run(command, cwd=ROOT, env=turkish, capture_output=True, text=True, timeout=120)
    # Another GDAL may do it right, but none may give other numbers.
    assert done.stdout.strip() == str(array.astype(float).tolist()) or f"is interleaved as {suffix}" in done.stderr
    if suffix in ("bsq", "tif"):
        assert done.returncode == 0, done.stderr


def test_reading_leaves_gdal_as_it_was(tmp_path, make_raster):
    before = gdal.GetUseExceptions()
    seen = []
    gdal.PushErrorHandler(lambda *message: seen.append(message))
    try:
        with pytest.raises(InputError):
            RasterReader(tmp_path / "missing.tif")
        assert seen == []
        gdal.Error(gdal.CE_Warning, 1, "still mine")
        assert len(seen) == 1
    finally:
        gdal.PopErrorHandler()
    assert gdal.GetUseExceptions() == before


@pytest.mark.parametrize("exceptions", [True, False])
def test_refusals_do_not_depend_on_gdals_exceptions(tmp_path, exceptions):
    before = gdal.GetUseExceptions()
    gdal.UseExceptions() if exceptions else gdal.DontUseExceptions()
    try:
        (tmp_path / "notes.txt").write_text("no raster")
        said = refusal(tmp_path / "notes.txt")
        assert re.search("notes.txt' not recognized as (being in )?a supported file format", said), said
    finally:
        gdal.UseExceptions() if before else gdal.DontUseExceptions()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are not listed here")
def test_a_refused_raster_is_not_held_open_while_its_error_is_kept(tmp_path, make_raster):
    path = make_raster(tmp_path / "a.tif", np.ones((1, 40, 40), np.complex64))
    with pytest.raises(InputError, match="CFloat32") as kept:
        RasterReader(path)
    opened = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    assert os.path.realpath(path) not in opened
    assert kept.traceback


def test_a_closed_reader_reads_no_more(tmp_path, make_raster):
    reader = RasterReader(make_raster(tmp_path / "a.tif", count(1, 2, 2, "int16")))
    reader.close()
    with pytest.raises(ValueError, match="closed"):
        reader.read()


def test_enmap_values_agree_with_gdal(scenes):
    path = scenes / "enmap_potsdam" / "hsi.tif"
    dataset = gdal.Open(str(path))
    raw = np.frombuffer(dataset.ReadRaster(), np.int16).reshape(224, 64, 128)
    with RasterReader(path) as reader:
        block = reader.read()
    np.testing.assert_array_equal(block.valid, raw != -32768)
    np.testing.assert_array_equal(block.values, np.where(raw == -32768, 0, raw))
    assert not block.valid[130:135].any()
