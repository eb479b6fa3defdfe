"""What the writer stores: numbers, masks, windows in any order, and how a file is laid out."""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal

from core.io import writer as writing
from core.io.encoding import output_nodata, to_stored
from core.io.geotiff_layout import block_rows
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from tests.core.written import names, raw, write


@pytest.mark.parametrize(
    ("dtype", "value", "stored"),
    [
        ("uint8", -3.0, 0),
        ("uint8", 300.0, 255),
        ("uint8", 254.6, 255),
        ("uint16", 70000.0, 65535),
        ("int16", -40000.0, -32768),
        ("int16", -0.4, 0),
        ("int16", -1.6, -2),
        ("int16", 1.4, 1),
        ("int32", 3e9, 2147483647),
        ("uint32", 5e9, 4294967295),
        ("float32", 1e39, float(np.finfo(np.float32).max)),
        ("float32", 0.25, 0.25),
    ],
)
@pytest.mark.parametrize("suffix", [".tif", ".img"])
def test_numbers_are_rounded_and_limited_never_wrapped(tmp_path, make_grid, dtype, value, stored, suffix):
    path = tmp_path / f"a{suffix}"
    write(path, make_grid(1, 2), [[value, 0]], dtype=dtype)
    assert raw(path, dtype)[0, 0, 0] == stored


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "uint32", "int64", "uint64"])
@given(value=st.floats(-1e20, 1e20), nodata=st.none() | st.sampled_from(["lowest", "highest", "zero"]))
def test_a_valid_number_is_stored_next_to_itself_and_never_as_nodata(dtype, value, nodata):
    limits = np.iinfo(dtype)
    mark = {"lowest": limits.min, "highest": limits.max, "zero": 0, None: None}[nodata]
    stored = int(to_stored(np.array([value]), np.array([True]), dtype, mark)[0])
    nearest = min(max(round(value), limits.min), limits.max)
    assert stored != mark
    assert stored == nearest or (nearest == mark and abs(stored - mark) == 1)


@given(
    value=st.floats(-(2.0**127), 2.0**127, width=32),
    nodata=st.sampled_from([0.0, -9999.0, 1e20, -3.4028234663852886e38]),
)
def test_a_valid_float_moves_by_one_step_at_most(value, nodata):
    stored = to_stored(np.array([value, nodata]), np.ones(2, bool), "float32", nodata)
    assert (stored != np.float32(nodata)).all()
    assert stored[0] == np.float32(value) or np.float32(value) == np.float32(nodata)
    below = np.nextafter(np.float32(abs(nodata)), np.float32(0.0 if nodata else 1.0))
    assert abs(float(stored[1])) == float(below)


@pytest.mark.parametrize(
    ("dtype", "nodata", "value", "stored"),
    [
        ("int16", -32768, -32768.0, -32767),
        ("int16", -32768, -99999.0, -32767),
        ("uint16", 0, 0.3, 1),
        ("uint16", 65535, 65535.0, 65534),
        ("int16", -9999, -9999.2, -9998),
    ],
)
def test_a_valid_result_equal_to_nodata_moves_by_one(tmp_path, make_grid, dtype, nodata, value, stored):
    write(tmp_path / "a.tif", make_grid(1, 2), [[value, 5]], [[True, False]], dtype, nodata)
    assert raw(tmp_path / "a.tif", dtype)[0, 0].tolist() == [stored, nodata]
    with RasterReader(tmp_path / "a.tif") as reader:
        assert reader.read().valid[0, 0].tolist() == [True, False]


def test_nan_and_infinity_become_nodata(tmp_path, make_grid, recwarn):
    write(tmp_path / "a.tif", make_grid(1, 3), [[np.nan, np.inf, 3]], dtype="int16", nodata=-32768)
    assert raw(tmp_path / "a.tif", "int16")[0, 0].tolist() == [-32768, -32768, 3]
    assert not [warning for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


def test_a_mask_may_differ_from_band_to_band(tmp_path, make_grid):
    valid = np.array([[[True, False]], [[False, True]]])
    write(tmp_path / "a.tif", make_grid(1, 2), [[[1, 2]], [[3, 4]]], valid, "float32", math.nan)
    np.testing.assert_array_equal(raw(tmp_path / "a.tif", "float32"), [[[1, np.nan]], [[np.nan, 4]]])


def test_invalid_pixels_without_a_nodata_value_are_a_mistake(tmp_path, make_grid):
    with pytest.raises(ValueError, match="no nodata value"):
        write(tmp_path / "a.tif", make_grid(1, 2), [[1, 2]], [[True, False]])
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("dtype", "given", "expected"),
    [
        ("int16", None, -32768.0),
        ("uint16", None, 0.0),
        ("uint8", 255, 255.0),
        ("uint16", -9999.0, 0.0),
        ("int16", math.nan, -32768.0),
        ("float32", -9999.0, -9999.0),
    ],
)
def test_output_nodata(dtype, given, expected):
    assert output_nodata(dtype, given) == expected


def test_output_nodata_of_floats_is_nan():
    assert math.isnan(output_nodata("float32", None))


@pytest.mark.parametrize("suffix", [".tif", ".img", ".bil", ".bip", ".bsq", ".dat"])
def test_windows_in_any_order_make_the_whole(tmp_path, make_grid, suffix):
    array = np.random.default_rng(1).integers(-3000, 3000, (5, 37, 41)).astype(float)
    valid = array[0] > -2500
    path = tmp_path / f"a{suffix}"
    with RasterWriter(path, make_grid(37, 41), RasterMetadata.plain(5, "int16", -9999.0)) as writer:
        for row, col, rows, cols in ((20, 0, 17, 41), (0, 30, 20, 11), (0, 0, 20, 30)):
            window = np.s_[row : row + rows, col : col + cols]
            writer.write(array[(slice(None), *window)], valid[window], row, col)
    with RasterReader(path) as reader:
        block = reader.read()
        assert reader.grid == make_grid(37, 41)
    np.testing.assert_array_equal(block.valid, np.broadcast_to(valid, block.valid.shape))
    np.testing.assert_array_equal(block.values, np.where(valid, array, 0))


def cached_bytes(path) -> int:
    """How much of a file the system has in memory."""
    pages = -(-path.stat().st_size // mmap.PAGESIZE)
    found = (ctypes.c_ubyte * pages)()
    with (
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) as view,
    ):
        place = ctypes.c_char.from_buffer(view)
        try:
            code = ctypes.CDLL(None).mincore(ctypes.byref(place), ctypes.c_size_t(len(view)), found)
        finally:
            del place
    assert code == 0
    return mmap.PAGESIZE * sum(page & 1 for page in found)


def forgets(folder) -> bool:
    """Whether a file in a folder can be on the disk alone."""
    path = folder / "probe"
    with open(path, "wb") as file:
        file.write(bytes(100_000))
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return cached_bytes(path) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system has no such account")
@pytest.mark.parametrize(("name", "large"), [("a.tif", True), ("a.tif", False), ("a.bsq", True)])
def test_a_geotiff_is_forgotten_by_the_systems_memory_once_it_is_large(tmp_path, make_grid, monkeypatch, name, large):
    if not forgets(tmp_path):
        pytest.skip("a disk in memory forgets nothing")
    rows, cols, strip = 512, 512, 64
    monkeypatch.setattr(writing, "_PAGE_CACHE_LIMIT", rows * cols // 2 if large else 10 * rows * cols)
    array = np.random.default_rng(2).integers(-3000, 3000, (4, rows, cols)).astype("int16")
    with RasterWriter(
        tmp_path / name, make_grid(rows, cols), RasterMetadata.plain(4, "int16"), compress="none"
    ) as writer:
        for top in range(0, rows, strip):
            part = array[:, top : top + strip].transpose(1, 0, 2)
            writer.write_stored(np.ascontiguousarray(part), top)
            descriptor = os.open(writer.partial, os.O_RDONLY)
            os.fsync(descriptor)  # what is on disk can be forgotten, which happens after the next strip
            os.close(descriptor)
        cached = cached_bytes(Path(writer.partial))
    assert (cached < array.nbytes / 2) == (large and name == "a.tif")
    np.testing.assert_array_equal(raw(tmp_path / name, "int16"), array)


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="a system that takes no advice")
def test_a_disk_that_takes_no_advice_is_written_to_all_the_same(tmp_path, make_grid, monkeypatch):
    asked = []

    def refuse(*arguments):
        asked.append(arguments)
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(writing, "_PAGE_CACHE_LIMIT", 0)
    monkeypatch.setattr(os, "posix_fadvise", refuse)
    write(tmp_path / "a.tif", make_grid(20, 30), np.full((20, 30), 7.0), compress="none")
    assert asked
    assert (raw(tmp_path / "a.tif", "int16") == 7).all()


def test_four_bands_of_bytes_have_no_transparency(tmp_path, make_grid):
    write(tmp_path / "a.tif", make_grid(1, 2), np.ones((4, 1, 2)), dtype="uint8")
    with RasterReader(tmp_path / "a.tif") as reader:
        assert reader.bands == 4


def test_geotiff_is_tiled_and_compressed(tmp_path, make_grid):
    write(tmp_path / "a.tif", make_grid(64, 700), np.zeros((2, 64, 700)), dtype="float32")
    dataset = gdal.Open(str(tmp_path / "a.tif"))
    structure = dataset.GetMetadata("IMAGE_STRUCTURE")
    assert structure["COMPRESSION"] == "DEFLATE"
    assert structure["INTERLEAVE"] == "BAND"
    assert dataset.GetRasterBand(1).GetBlockSize() == [352, 64]
    assert (tmp_path / "a.tif").stat().st_size < 20000


def test_blocks_are_lower_where_many_bands_are_wide_and_none_is_compressed_twice(tmp_path, make_grid):
    """Compressed again, a block would leave a gap in the file."""
    assert [block_rows(row_bytes) for row_bytes in (1, 500_000, 500_001, 1_000_000, 1_000_001, 10**9)] == [
        *(64, 64, 32, 32),
        *(16, 16),
    ]
    values = np.random.default_rng(3).integers(0, 99, (150, 3, 70)).astype(np.int16)
    sizes = []
    for step in (150, 64, 48, 16):
        path = tmp_path / f"{step}.tif"
        with RasterWriter(path, make_grid(150, 70), RasterMetadata.plain(3, "int16")) as writer:
            for row in range(0, 150, step):
                writer.write_stored(values[row : row + step], row)
        sizes.append(path.stat().st_size)
        assert (raw(path, "int16") == values.transpose(1, 0, 2)).all()
    assert sizes == sizes[:1] * 4


@pytest.mark.parametrize(("suffix", "stored"), [(".img", "int16"), (".tif", None)])
def test_a_type_that_the_format_lacks_is_widened(tmp_path, make_grid, suffix, stored):
    write(tmp_path / f"a{suffix}", make_grid(1, 2), [[-5, 200]], dtype="int8", nodata=-128)
    stored = stored or ("int8" if hasattr(gdal, "GDT_Int8") else "int16")
    with RasterReader(tmp_path / f"a{suffix}") as reader:
        assert reader.dtype == stored
        assert reader.read().values[0, 0].tolist() == [-5.0, 127.0 if stored == "int8" else 200.0]
        assert reader.metadata.nodata == -128.0


def test_a_south_up_grid_survives(tmp_path, make_grid):
    north = make_grid(2, 3)
    south = type(north)(north.x, north.y, 30.0, 30.0, 2, 3)
    for name in ("a.tif", "b.img"):
        write(tmp_path / name, south, np.ones((2, 3)))
        with RasterReader(tmp_path / name) as reader:
            assert reader.grid == south


def test_wrong_shapes_are_mistakes(tmp_path, make_grid):
    with RasterWriter(tmp_path / "a.tif", make_grid(4, 4), RasterMetadata.plain(2, "int16")) as writer:
        with pytest.raises(ValueError, match="Expected values"):
            writer.write(np.zeros((3, 4, 4)), np.ones((4, 4), bool))
        with pytest.raises(ValueError, match="Expected values"):
            writer.write(np.zeros((2, 4, 4)), np.ones((3, 4), bool))
        with pytest.raises(ValueError, match="lies outside"):
            writer.write(np.zeros((2, 4, 4)), np.ones((4, 4), bool), row=1)
    with pytest.raises(ValueError, match="with block"):
        writer.write(np.zeros((2, 4, 4)), np.ones((4, 4), bool))
