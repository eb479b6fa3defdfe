"""Cloud-optimised GeoTIFFs and Zarr stores: complete or not there, read by this software and by the real packages."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from osgeo import gdal

from core.io import zarr_store
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.compare import compare
from tests.core.swaths import wkt

WAVES, WIDTHS, GOOD = (450.25, 660.5, 1380.0, 2200.75), (8.5, 9.0, 10.0, 12.25), (1, 1, 0, 1)
KINDS = pytest.mark.parametrize("ending", [".cog.tif", ".zarr"])
ALIKE, APART = ((1e-4,) * 4, (0.0,) * 4), ((1e-4, 1e-4, 2e-4, 2e-4), (0.0, 0.0, -0.1, -0.1))


def described(dtype="int16", nodata=-9999.0, scaling=APART):
    names = ("blue", "red", "water", "swir")
    return RasterMetadata(names, WAVES, WIDTHS, GOOD, *scaling, nodata, dtype)


def write(path, metadata=None, rows=40, cols=30, progress=None, crs=32633, seed=0, **options):
    """A raster of random numbers with some invalid samples; values and validity."""
    metadata = metadata or described()
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 200, (metadata.bands, rows, cols)).astype(np.float32)
    valid = np.ones(values.shape, bool)
    if metadata.nodata is not None:
        valid[:, 2, 3] = valid[1, 5] = False
    grid = Grid(500000.0, 5800000.0, 30.0, -30.0, rows, cols, wkt(crs))
    if crs == 4326:
        grid = Grid(11.25, 47.5, 0.001, -0.0005, rows, cols, wkt(crs))
    with RasterWriter(path, grid, metadata, progress=progress, **options) as writer:
        for row in range(0, rows, 16):
            writer.write(values[:, row : row + 16], valid[:, row : row + 16], row)
    return values, valid, grid


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@KINDS
@pytest.mark.parametrize(
    ("dtype", "nodata"), [("int16", -9999.0), ("uint8", 0.0), ("float32", np.nan), ("uint16", None), ("float64", -1e20)]
)
@pytest.mark.parametrize("scaling", [ALIKE, APART])
def test_what_is_written_is_read_again(tmp_path, ending, dtype, nodata, scaling):
    metadata = described(dtype, nodata, scaling)
    values, valid, grid = write(tmp_path / f"a{ending}", metadata)
    with RasterReader(tmp_path / f"a{ending}") as reader:
        block = reader.read()
        assert reader.grid == grid
        np.testing.assert_equal(dataclasses.astuple(reader.metadata), dataclasses.astuple(metadata))  # NaN equals NaN
    np.testing.assert_array_equal(block.valid, valid)
    np.testing.assert_array_equal(block.values, np.where(valid, values, 0))
    assert names(tmp_path) == [f"a{ending}"]


@KINDS
@pytest.mark.parametrize("compress", ["NONE", "DEFLATE"])
def test_rasters_of_several_chunks_and_without_wavelengths(tmp_path, ending, compress):
    path, plain = tmp_path / f"a{ending}", RasterMetadata.plain(21, "uint8")
    values, _, grid = write(path, plain, 300, 530, crs=4326, compress=compress)
    with RasterReader(path) as reader:
        np.testing.assert_array_equal(reader.read().values, values)
        np.testing.assert_allclose(reader.grid.geotransform, grid.geotransform, rtol=1e-12)
        assert reader.metadata == plain


@KINDS
def test_a_stop_leaves_nothing_and_the_former_one_untouched(tmp_path, ending):
    """While strips are written, and while the file is made of them."""
    path = tmp_path / f"a{ending}"

    class Stop(Progress):
        def cancelled(self):
            return True

    def stopped_between():
        with RasterWriter(path, Grid(0.0, 0.0, 1.0, -1.0, 9, 9, wkt(32633)), described()) as writer:
            writer.write(np.ones((4, 9, 9)), np.ones((9, 9), bool))
            raise Cancelled("stop")

    for _ in range(2):
        for stop in (stopped_between, lambda: write(path, progress=Stop(), seed=1)):
            before = content(tmp_path)
            with pytest.raises(Cancelled):
                stop()
            assert content(tmp_path) == before
            assert names(tmp_path) == ([path.name] if before else [])
        write(path)
    assert before


def test_a_full_disk_leaves_nothing_of_a_store(tmp_path, monkeypatch):
    def full(self, name, number, block):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zarr_store._Store, "put", full)
    with pytest.raises(InputError, match=r"a\.zarr could not be written .*No space left.*disk is full"):
        write(tmp_path / "a.zarr")
    assert names(tmp_path) == []


def test_a_store_replaces_a_store_whole_and_no_other_folder(tmp_path):
    write(tmp_path / "a.zarr", RasterMetadata.plain(40, "uint8"))
    write(tmp_path / "a.zarr")
    with RasterReader(tmp_path / "a.zarr") as reader:
        assert reader.bands == 4
    assert not (tmp_path / "a.zarr" / "image" / "2.0.0").exists()
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr" / "mine.txt").write_text("not a store")
    with pytest.raises(InputError, match=r"b\.zarr is no Zarr store"):
        write(tmp_path / "b.zarr")
    assert names(tmp_path / "b.zarr") == ["mine.txt"]


def test_what_a_store_cannot_say_is_refused(tmp_path):
    rotated = Grid.from_geotransform((500000.0, 20.0, 10.0, 5800000.0, 10.0, -20.0), 9, 9, wkt(32633), "a")
    for grid, words in ((rotated, "rotated grid"), (Grid(0.0, 0.0, 1.0, -1.0, 1, 9, wkt(32633)), "one row or column")):
        with pytest.raises(InputError, match=rf"a\.zarr .*{words}.*write a GeoTIFF"):
            RasterWriter(tmp_path / "a.zarr", grid, described())
    with RasterWriter(tmp_path / "a.cog.tif", rotated, described()) as writer:
        writer.write(np.ones((4, 9, 9)), np.ones((9, 9), bool))
    with RasterReader(tmp_path / "a.cog.tif") as reader:
        np.testing.assert_allclose(reader.grid.geotransform, rotated.geotransform)


def test_a_cog_is_one_by_the_validator_of_gdal(tmp_path):
    """Bands one after another, overviews of means, also where blocks are compressed in another way."""
    validate = pytest.importorskip("osgeo_utils.samples.validate_cloud_optimized_geotiff").validate
    cache = gdal.GetCacheMax()
    for compress in ("DEFLATE", "NONE"):
        path = str(tmp_path / f"{compress}.cog.tif")
        values = write(path, described("int16"), 700, 600, compress=compress)[0]
        warnings, errors, _ = validate(path, full_check=True)
        assert (warnings, errors) == ([], [])
        dataset = gdal.Open(path)
        assert dataset.GetMetadataItem("INTERLEAVE", "IMAGE_STRUCTURE") == "BAND"
        band = dataset.GetRasterBand(1)
        rough = band.GetOverview(0).ReadAsArray()
        assert rough.shape == (350, 300)
        assert rough[10, 10] == pytest.approx(values[0, 20:22, 20:22].mean(), abs=1)
    assert gdal.GetCacheMax() == cache


def test_rasterio_and_rioxarray_read_a_cog(tmp_path):
    rasterio, rioxarray = pytest.importorskip("rasterio"), pytest.importorskip("rioxarray")
    values, valid, _ = write(tmp_path / "a.cog.tif", described(scaling=ALIKE))
    stored = np.where(valid, values, -9999)
    with rasterio.open(tmp_path / "a.cog.tif") as file:
        assert (file.scales, file.offsets, file.nodata) == (*ALIKE, -9999)
        assert file.descriptions == ("blue", "red", "water", "swir")
        tags = [file.tags(band) for band in (1, 2, 3, 4)]
        assert [float(tag["wavelength"]) for tag in tags] == list(WAVES)
        assert [float(tag["fwhm"]) for tag in tags] == list(WIDTHS)
        assert [int(tag["bbl"]) for tag in tags] == list(GOOD)
        assert (file.crs.to_epsg(), file.transform.c, file.transform.f) == (32633, 500000.0, 5800000.0)
        np.testing.assert_array_equal(file.read(), stored)
    with rioxarray.open_rasterio(tmp_path / "a.cog.tif") as image:
        assert image.rio.nodata == -9999
        np.testing.assert_array_equal(image.values, stored)


@pytest.mark.parametrize("consolidated", [True, False])
def test_xarray_and_rioxarray_read_a_store(tmp_path, consolidated):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("zarr")
    pytest.importorskip("rioxarray")
    values, valid, grid = write(tmp_path / "a.zarr", described(scaling=ALIKE))
    with xarray.open_zarr(str(tmp_path / "a.zarr"), consolidated=consolidated) as store:
        image = store["image"]
        assert image.dims == ("wavelength", "y", "x")
        np.testing.assert_array_equal(image.wavelength, WAVES)
        np.testing.assert_array_equal(image.fwhm, WIDTHS)
        np.testing.assert_array_equal(image.bbl, GOOD)
        assert image.wavelength.attrs["units"] == "nm"
        assert image.rio.crs.to_epsg() == 32633
        np.testing.assert_allclose(np.array(image.rio.transform())[:6], (30.0, 0, 500000.0, 0, -30.0, 5800000.0))
        np.testing.assert_allclose(image.values, np.where(valid, values * 1e-4, np.nan), rtol=1e-6)
        np.testing.assert_allclose(image.x[[0, -1]], (grid.x + 15, grid.x + 30 * grid.cols - 15))
    with xarray.open_zarr(str(tmp_path / "a.zarr"), mask_and_scale=False, consolidated=consolidated) as store:
        np.testing.assert_array_equal(store["image"].values, np.where(valid, values, -9999))


@pytest.fixture
def pair(tmp_path, write_raster):
    rng = np.random.default_rng(0)
    fine = rng.integers(100, 900, (4, 64, 64)).repeat(2, 1).repeat(2, 2).astype(np.float32)
    hsi = fine.reshape(4, 32, 4, 32, 4).mean((2, 4)).astype(np.uint16)
    return (
        write_raster(tmp_path / "hsi.tif", hsi, 20.0),
        write_raster(tmp_path / "pan.tif", fine.mean(0).astype(np.uint16), 5.0),
    )


@KINDS
def test_jobs_write_them(tmp_path, pair, ending):
    fixed = {"mtf": 0.3, "shift": "none"}
    classical(*pair, tmp_path / "expected.tif", **fixed)
    classical(*pair, tmp_path / f"out{ending}", **fixed)
    compare(*pair, output=tmp_path / f"best{ending}", methods=("mtf-glp",), **fixed)
    with RasterReader(tmp_path / "expected.tif") as expected:
        for name in ("out", "best"):
            with RasterReader(tmp_path / f"{name}{ending}") as made:
                np.testing.assert_array_equal(made.read().values, expected.read().values)
                assert made.grid == expected.grid
    if ending == ".cog.tif":
        assert gdal.Open(str(tmp_path / "best.cog.tif")).GetRasterBand(1).GetBlockSize() == [512, 512]


def test_a_store_that_is_read_is_not_replaced(tmp_path, pair):
    classical(*pair, tmp_path / "a.zarr", mtf=0.3, shift="none")
    before = content(tmp_path / "a.zarr")
    for source in (str(tmp_path / "a.zarr"), f'ZARR:"{tmp_path / "a.zarr"}":/image:0'):
        with pytest.raises(InputError, match="input"):
            classical(source, pair[1], tmp_path / "a.zarr", mtf=0.3, shift="none")
    assert content(tmp_path / "a.zarr") == before
