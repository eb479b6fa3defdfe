"""Rasters as they come: other formats, containers, archives, tiles, other spellings of a reference system. Each pair
gives the pixels that it gives as two GeoTIFFs."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from osgeo import gdal, osr

from benchmarks.pairs_apart import Ground, Image, write
from core.io.reader import RasterReader
from core.runtime.errors import InputError
from core.workflows.arrays import classical_arrays
from core.workflows.classical import classical

FIXED = {"mtf": 0.3, "shift": "none", "contradictions": "off"}
LOW, HIGH = Image.affine(30.0, size=16 * 30.0), Image.affine(7.5, size=16 * 30.0)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A folder with hsi.tif, pan.tif and what they give, expected.tif."""
    folder, ground = tmp_path_factory.mktemp("pair"), Ground(0, 4)
    write(folder / "hsi.tif", ground.at(*LOW.centres(), LOW.axes()), LOW)
    write(folder / "pan.tif", ground.at(*HIGH.centres())[:1], HIGH)
    classical(folder / "hsi.tif", folder / "pan.tif", folder / "expected.tif", **FIXED)
    return folder


def same(pair, tmp_path, hsi, pan, **more):
    """Assert that a pair gives the expected pixels at the same place."""
    classical(hsi, pan, tmp_path / "out.tif", **FIXED, **more)
    made, expected = (gdal.Open(str(path)) for path in (tmp_path / "out.tif", pair / "expected.tif"))
    assert made.GetGeoTransform() == pytest.approx(expected.GetGeoTransform(), abs=1e-6)
    np.testing.assert_array_equal(made.ReadAsArray(), expected.ReadAsArray())


@pytest.mark.parametrize(
    ("kind", "ending"),
    [("COG", "tif"), ("netCDF", "nc"), ("Zarr", "zarr"), ("ENVI", "img"), ("HFA", "img"), ("PCIDSK", "pix")],
)
def test_both_in_another_format(pair, tmp_path, kind, ending):
    if gdal.GetDriverByName(kind) is None:
        pytest.skip(f"this GDAL has no {kind}")
    for name in ("hsi", "pan"):
        gdal.Translate(str(tmp_path / f"{name}.{ending}"), str(pair / f"{name}.tif"), format=kind)
    # GDAL 3.8 and newer lose the reference system of several bands as Zarr (findings/gdal-zarr-bands-crs.sh).
    lost = kind == "Zarr" and not RasterReader(tmp_path / f"hsi.{ending}").grid.crs
    more = {"assume_crs": "EPSG:32633"} if lost else {}
    same(pair, tmp_path, tmp_path / f"hsi.{ending}", tmp_path / f"pan.{ending}", **more)


def test_a_subdataset_by_its_name(pair, tmp_path):
    if gdal.GetDriverByName("netCDF") is None:
        pytest.skip("this GDAL has no netCDF")
    gdal.Translate(str(tmp_path / "pan.nc"), str(pair / "pan.tif"), format="netCDF")
    same(pair, tmp_path, pair / "hsi.tif", f'NETCDF:"{tmp_path / "pan.nc"}":Band1')


def test_a_vrt_of_a_file_for_each_band(pair, tmp_path):
    for band in range(1, 5):
        gdal.Translate(str(tmp_path / f"band{band}.tif"), str(pair / "hsi.tif"), bandList=[band])
    files = [str(tmp_path / f"band{band}.tif") for band in range(1, 5)]
    gdal.BuildVRT(str(tmp_path / "hsi.vrt"), files, separate=True).FlushCache()
    same(pair, tmp_path, tmp_path / "hsi.vrt", pair / "pan.tif")


def test_files_in_archives(pair, tmp_path):
    for name in ("hsi", "pan"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.write(pair / f"{name}.tif", f"in/{name}.tif")
            archive.writestr("in/read me.txt", "nothing to see here")
    same(pair, tmp_path, tmp_path / "hsi.zip", f"/vsizip/{tmp_path}/pan.zip/in/pan.tif")
    same(pair, tmp_path, tmp_path / "hsi.zip", tmp_path / "pan.zip")


def test_an_archive_of_several_images_is_refused_with_their_names(pair, tmp_path):
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name in ("hsi", "pan"):
            archive.write(pair / f"{name}.tif", f"{name}.tif")
    with pytest.raises(InputError, match=r"2 images: /vsizip/.*/both\.zip/hsi\.tif, /vsizip/.*pan\.tif; choose"):
        classical(tmp_path / "both.zip", pair / "pan.tif", tmp_path / "out.tif", **FIXED)


def test_tiles_of_a_til_file(pair, tmp_path):
    """As DigitalGlobe and Maxar deliver them: the place stands in the .IMD file."""
    if gdal.GetDriverByName("TIL") is None:
        pytest.skip("this GDAL has no TIL")
    half, rows = HIGH.cols // 2, HIGH.rows
    text = f'bandId = "P";\nnumTiles = 2;\ntileSize = {half};\ntileUnits = "Pixels";\ntileOverlap = 0;\n'
    for number, first in ((1, 0), (2, half)):
        name = f"pan_R1C{number}.TIF"
        gdal.Translate(str(tmp_path / name), str(pair / "pan.tif"), srcWin=[first, 0, half, rows])
        offsets = {"UL": (first, 0), "UR": (first + half - 1, 0)}
        offsets |= {"LR": (first + half - 1, rows - 1), "LL": (first, rows - 1)}
        text += f'BEGIN_GROUP = TILE_{number}\n\tfilename = "{name}";\n'
        text += "".join(f"\t{at}ColOffset = {x};\n\t{at}RowOffset = {y};\n" for at, (x, y) in offsets.items())
        text += f"END_GROUP = TILE_{number}\n"
    (tmp_path / "pan.TIL").write_text(f"{text}END;\n")
    x0, dx, _, y0, _, dy = HIGH.transform
    group = "GROUP = MAP_PROJECTED_PRODUCT\n"
    place = f"BEGIN_{group}\tULX = {x0 + dx / 2};\n\tULY = {y0 + dy / 2};\nEND_{group}"
    size = f"numRows = {rows};\nnumColumns = {HIGH.cols};\nbitsPerPixel = 32;\n"
    (tmp_path / "pan.IMD").write_text(f'version = "R";\n{size}bandId = "P";\n{place}END;\n')
    same(pair, tmp_path, pair / "hsi.tif", tmp_path / "pan.TIL")


@pytest.mark.parametrize("which", ["hsi", "pan"])
def test_one_without_a_reference_system(pair, tmp_path, which):
    """Refused with what to say; taken as is said."""
    files = {name: pair / f"{name}.tif" for name in ("hsi", "pan")}
    image = {"hsi": LOW, "pan": HIGH}[which]
    bare = Image(image.rows, image.cols, image.places)
    write(tmp_path / "bare.tif", gdal.Open(str(files[which])).ReadAsArray(), bare)
    placed = gdal.Open(str(tmp_path / "bare.tif"), gdal.GA_Update)
    placed.SetGeoTransform(image.transform)
    placed = None
    files[which] = tmp_path / "bare.tif"
    with pytest.raises(InputError, match=r"bare\.tif has no CRS.*--assume-crs EPSG:32633") as refusal:
        classical(*files.values(), tmp_path / "out.tif", **FIXED)
    assert str(refusal.value).endswith(".")
    same(pair, tmp_path, *files.values(), assume_crs="EPSG:32633")


SPELLINGS = {
    "PROJ": "+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs",
    "transverse Mercator": "+proj=tmerc +lon_0=15 +k=0.9996 +x_0=500000 +ellps=WGS84 +units=m +no_defs",
    "another datum of the same coordinates": "EPSG:25833",
    "ESRI": "",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_same_reference_system_in_other_words(pair, tmp_path, name):
    words = SPELLINGS[name]
    if name == "ESRI":
        system = osr.SpatialReference()
        system.ImportFromEPSG(32633)
        system.MorphToESRI()
        words = system.ExportToWkt()
    gdal.Translate(str(tmp_path / "pan.tif"), str(pair / "pan.tif"), outputSRS=words)
    same(pair, tmp_path, pair / "hsi.tif", tmp_path / "pan.tif")


def data_array(path):
    """As rioxarray makes it."""
    xarray = pytest.importorskip("xarray")
    dataset = gdal.Open(str(path))
    values = np.asarray(dataset.ReadAsArray()).reshape(dataset.RasterCount, dataset.RasterYSize, dataset.RasterXSize)
    x0, dx, _, y0, _, dy = dataset.GetGeoTransform()
    coords = {
        "band": np.arange(1, len(values) + 1),
        "y": y0 + dy * (np.arange(values.shape[1]) + 0.5),
        "x": x0 + dx * (np.arange(values.shape[2]) + 0.5),
        "spatial_ref": ((), 0, {"crs_wkt": dataset.GetProjection()}),
    }
    return xarray.DataArray(values, coords, ("band", "y", "x"))


@pytest.mark.parametrize("grid", ["auto", "pan"])
def test_data_arrays_in_two_reference_systems(pair, tmp_path, grid):
    """They give the pixels of the files, with coordinates of the grid on which these lie."""
    wide = Image.affine(7.5, 0.0, 32632, 20 * 30.0)
    write(tmp_path / "pan.tif", Ground(0, 4).at(*wide.centres())[:1], wide)
    classical(pair / "hsi.tif", tmp_path / "pan.tif", tmp_path / "out.tif", grid=grid, **FIXED)
    made = classical_arrays(data_array(pair / "hsi.tif"), data_array(tmp_path / "pan.tif"), grid=grid, **FIXED).fused
    expected = data_array(tmp_path / "out.tif")
    np.testing.assert_array_equal(made.values, expected.values)
    for axis in "xy":
        np.testing.assert_allclose(made[axis].values, expected[axis].values, rtol=0, atol=1e-6)
    systems = [osr.SpatialReference(one.spatial_ref.attrs["crs_wkt"]) for one in (made, expected)]
    assert systems[0].IsSame(systems[1])
