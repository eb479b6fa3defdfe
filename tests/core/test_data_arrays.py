"""DataArrays go through the engine that files go through, and come out as DataArrays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

import core
from core.runtime.errors import InputError
from tests.core import array_pair
from tests.core.array_pair import HIGH, LOW, ROOT, WAVES, values

pair, files, temporary = array_pair.pair, array_pair.files, array_pair.temporary  # fixtures


def wkt(epsg=32633):
    system = osr.SpatialReference()
    system.ImportFromEPSG(epsg)
    return system.ExportToWkt()


def labelled(array, transform, dims=("band", "y", "x"), crs=None):
    """By the conventions of rioxarray, with a time of its own."""
    xarray = pytest.importorskip("xarray")
    array = array if len(dims) == array.ndim else array[None]
    x, dx, _, y, _, dy = transform
    rows, cols = array.shape[-2:]
    text = " ".join(map(str, transform))
    coords = {
        "y": ("y", y + (np.arange(rows) + 0.5) * dy, {"units": "metre"}),
        "x": ("x", x + (np.arange(cols) + 0.5) * dx, {"units": "metre"}),
        "spatial_ref": ((), 0, {"crs_wkt": wkt() if crs is None else crs, "GeoTransform": text}),
    }
    if len(array) == 5:
        nm = np.array([np.nan if wave is None else wave for wave in WAVES])
        coords["wavelength"] = ("band", nm / 1e3, {"units": "um"})
        coords["name"] = ("band", ["blue", "green", "red", "nir", "other"])
        coords["time"] = ((), 20)
    return xarray.DataArray(array, coords, dims, attrs={"sensor": "ours"}, name="radiance")


@pytest.fixture
def arrays(pair):
    return labelled(pair[0], LOW), labelled(pair[1], HIGH, ("y", "x"))


def test_refusals_of_arrays_name_an_option_and_no_file_that_is_gone(arrays, tmp_path):
    hsi, pan = arrays
    with pytest.raises(InputError, match=r"hsi.tif has no CRS, .* say so \(--assume-crs EPSG:32633") as error:
        core.classical_arrays(hsi.drop_vars("spatial_ref"), pan)
    assert str(tmp_path) not in str(error.value)
    fused = core.classical_arrays(hsi.drop_vars("spatial_ref"), pan, assume_crs="EPSG:32633").fused
    np.testing.assert_array_equal(fused.values, core.classical_arrays(hsi, pan).fused.values)


def test_a_data_array_comes_out_as_one_with_the_pixels_of_the_files(arrays, files, tmp_path):
    hsi, pan = arrays
    fused = core.classical_arrays(hsi, pan).fused
    core.classical(*files, tmp_path / "out.tif")
    np.testing.assert_array_equal(fused.values, values(tmp_path / "out.tif"))
    assert (fused.dims, fused.name, fused.dtype) == (hsi.dims, "radiance", np.uint16)
    np.testing.assert_array_equal(fused.x, pan.x)
    np.testing.assert_array_equal(fused.y, pan.y)
    for key in ("wavelength", "name", "time"):
        np.testing.assert_array_equal(fused[key], hsi[key])
    assert fused.wavelength.attrs == {"units": "um"}
    assert fused.x.attrs == {"units": "metre"}
    assert fused.spatial_ref.attrs["crs_wkt"] == wkt()
    assert [float(part) for part in fused.spatial_ref.attrs["GeoTransform"].split()] == list(HIGH)
    assert fused.attrs == {"sensor": "ours"}


def test_rioxarray_reads_the_result_as_gdal_reads_the_file(arrays, files, tmp_path):
    pytest.importorskip("rioxarray")
    core.classical(*files, tmp_path / "out.tif", mtf=0.3)  # a file without wavelengths shows other bands
    code = (
        "import sys, rioxarray\n"
        "from osgeo import gdal\n"
        "import core\n"
        "hsi, pan = (rioxarray.open_rasterio(path) for path in sys.argv[1:3])\n"
        "fused = core.classical_arrays(hsi, pan.squeeze('band', drop=True), mtf=0.3).fused\n"
        "file = rioxarray.open_rasterio(sys.argv[3])\n"
        "assert fused.rio.crs == file.rio.crs and fused.rio.transform() == file.rio.transform()\n"
        "assert fused.rio.transform(recalc=True) == file.rio.transform()\n"
        "assert fused.rio.nodata == file.rio.nodata and (fused.values == file.values).all()\n"
        "fused.rio.to_raster(sys.argv[4])\n"
        "assert (rioxarray.open_rasterio(sys.argv[4]).values == file.values).all()\n"
    )
    arguments = [*files, tmp_path / "out.tif", tmp_path / "written.tif"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_file_that_a_data_array_comes_from_is_not_overwritten(arrays, files):
    hsi, pan = (array.copy() for array in arrays)
    pan.encoding["source"] = files[1]
    before = Path(files[1]).read_bytes()
    with pytest.raises(InputError, match=r"The output pan\.tif is one of the input files"):
        core.sharpen_arrays(hsi, pan, report=files[1])
    assert Path(files[1]).read_bytes() == before


def test_learning_on_data_arrays_gives_its_disagreement_as_one(arrays, files, tmp_path):
    pytest.importorskip("torch")
    hsi, pan = arrays
    options = {"device": "cpu", "settings": {"steps": 2}}
    made = core.sharpen_arrays(hsi, pan, disagreement=True, **options)
    core.sharpen(*files, tmp_path / "out.tif", disagreement=tmp_path / "spread.tif", **options)
    np.testing.assert_array_equal(made.fused.values, values(tmp_path / "out.tif"))
    np.testing.assert_array_equal(made.disagreement.values, values(tmp_path / "spread.tif"))
    assert made.disagreement.dims == ("y", "x")
    np.testing.assert_array_equal(made.disagreement.x, pan.x)


def test_whichever_way_images_run_each_pixel_has_the_same_value_at_the_same_place(arrays):
    hsi, pan = arrays
    expected = core.classical_arrays(hsi, pan).fused
    for low, high in [
        (hsi, pan.isel(y=slice(None, None, -1))),
        (hsi.isel(y=slice(None, None, -1)), pan),
        (hsi.isel(x=slice(None, None, -1)), pan.isel(x=slice(None, None, -1), y=slice(None, None, -1))),
    ]:
        fused = core.classical_arrays(low, high).fused
        np.testing.assert_array_equal(fused.x, high.x)
        np.testing.assert_array_equal(fused.y, high.y)
        np.testing.assert_array_equal(fused.sortby("x").sortby("y", ascending=False), expected)
        steps = [float(part) for part in fused.spatial_ref.attrs["GeoTransform"].split()]
        x, y = fused.x.values, fused.y.values
        assert steps == [x[0] - (x[1] - x[0]) / 2, x[1] - x[0], 0, y[0] - (y[1] - y[0]) / 2, 0, y[1] - y[0]]


def test_other_orders_and_names_of_dimensions_are_understood_and_kept(arrays):
    hsi, pan = arrays
    expected = core.classical_arrays(hsi, pan).fused.values
    turned = core.classical_arrays(hsi.transpose("y", "x", "band"), pan.transpose("x", "y")).fused
    assert turned.dims == ("y", "x", "band")
    np.testing.assert_array_equal(turned.transpose("band", "y", "x"), expected)
    named = {"y": "latitude", "x": "longitude"}
    other = core.classical_arrays(hsi.rename({**named, "band": "wave"}), pan.rename(named).expand_dims("one")).fused
    assert other.dims == ("wave", "latitude", "longitude")
    np.testing.assert_array_equal(other, expected)


def test_a_cut_scene_lies_where_its_coordinates_say_although_its_geotransform_is_stale(arrays):
    hsi, pan = arrays
    cut = hsi.isel(y=slice(2, 14), x=slice(4, 20))
    fused = core.classical_arrays(cut, pan).fused
    np.testing.assert_array_equal(fused.y, pan.y[8:56])
    np.testing.assert_array_equal(fused.x, pan.x[16:80])
    assert [float(part) for part in fused.spatial_ref.attrs["GeoTransform"].split()][::3] == [500160.0, 5799920.0]
    alone = core.classical_arrays(cut, pan.isel(y=slice(8, 56), x=slice(16, 80))).fused
    np.testing.assert_array_equal(fused, alone)


def test_chosen_bands_keep_their_coordinates(arrays):
    fused = core.classical_arrays(*arrays, bands="4,1-2").fused
    assert fused["name"].values.tolist() == ["nir", "blue", "green"]
    np.testing.assert_allclose(fused.wavelength, [0.85, 0.45, 0.55])
    near = core.classical_arrays(*arrays, bands="500-700 nm").fused
    assert near["name"].values.tolist() == ["green", "red"]


def test_a_nodata_value_is_taken_from_attributes_and_given_back(arrays):
    hsi, pan = arrays
    hsi = hsi.copy(data=hsi.values.copy())
    hsi[:, 3, 5] = 7
    hsi.attrs["_FillValue"] = np.uint16(7)
    made = core.classical_arrays(hsi, pan)
    assert made.nodata == 7
    assert made.fused.attrs["_FillValue"] == 7
    assert ((made.fused == 7).all("band")).sum() == 16
    pan = pan.astype("float32")
    pan[40, 50] = np.nan
    del hsi.attrs["_FillValue"]
    made = core.classical_arrays(hsi, pan)
    assert made.fused.attrs["_FillValue"] == 0
    assert ((made.fused == 0).all("band")).sum() == 1


def test_values_replaced_by_nan_when_a_file_was_read_come_out_as_nan(arrays):
    hsi, pan = arrays
    hsi = hsi.astype("float32")
    hsi[:, 3, 5] = np.nan
    hsi.encoding["_FillValue"] = -1.0
    made = core.classical_arrays(hsi, pan)
    assert np.isnan(made.fused).all("band").sum() == 16
    assert "_FillValue" not in made.fused.attrs
    assert made.fused.encoding["_FillValue"] == -1.0


def test_dask_arrays_are_computed(arrays):
    pytest.importorskip("dask")
    hsi, pan = arrays
    chunked = core.classical_arrays(hsi.chunk({"band": 2}), pan.chunk({"y": 16})).fused
    np.testing.assert_array_equal(chunked, core.classical_arrays(hsi, pan).fused)


def test_a_place_may_be_told_by_the_geotransform_alone(arrays):
    hsi, pan = (array.drop_vars(["x", "y"]) for array in arrays)
    fused = core.classical_arrays(hsi, pan).fused
    np.testing.assert_array_equal(fused, core.classical_arrays(*arrays).fused)
    np.testing.assert_array_equal(fused.x, arrays[1].x)


def changed(array, **coords):
    return array.assign_coords(coords)


WRONG_LABELS = {
    "another kind": (lambda hsi, pan: (hsi, pan.values), "give both as DataArrays"),
    "another ratio": (lambda hsi, pan: (hsi, pan, 2), "is 4, not 2"),
    "no coordinates": (
        lambda hsi, pan: (hsi.drop_vars(["x", "spatial_ref"]), pan),
        "hsi has no coordinates x; assign them",
    ),
    "uneven": (
        lambda hsi, pan: (hsi, changed(pan, x=pan.x.values + np.where(np.arange(96) == 7, 1.0, 0.0))),
        "not evenly spaced",
    ),
    "times": (lambda hsi, pan: (hsi, changed(pan, x=pan.x.values.astype("datetime64[s]"))), "no numbers"),
    "no map": (lambda hsi, pan: (hsi.rename(x="column"), pan), "rename those of the map to y and x"),
    "four dimensions": (lambda hsi, pan: (hsi.expand_dims("t"), pan), "give one of bands, y and x"),
    "no bands": (lambda hsi, pan: (hsi[0], pan), "give one of bands, y and x"),
    "elsewhere": (lambda hsi, pan: (hsi, changed(pan, x=pan.x + 1e6)), "do not overlap"),
    "another crs": (lambda hsi, pan: (hsi, labelled(pan.values, HIGH, ("y", "x"), wkt(32634))), "do not overlap"),
    "no crs": (lambda hsi, pan: (hsi, labelled(pan.values, HIGH, ("y", "x"), "planet")), "no WKT"),
    "rotated": (
        lambda hsi, pan: (hsi, labelled(pan.values, (*HIGH[:2], 1.0, *HIGH[3:]), ("y", "x"))),
        "pan lies rotated on the map; give the files instead of arrays, to sharpen, fuse or classical",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_LABELS)
def test_wrong_data_arrays_are_refused_in_one_sentence(arrays, wrong):
    make, words = WRONG_LABELS[wrong]
    with pytest.raises(InputError, match=words):
        core.classical_arrays(*make(*arrays))


def test_rotated_files_are_fused_as_they_are(pair, make_raster, tmp_path):
    """What a rotated array's refusal advises: all pixels, and nodata of one band stays in that band."""
    cosine, sine = np.cos(np.deg2rad(10)), np.sin(np.deg2rad(10))
    hsi = pair[0].copy()
    hsi[1, 6:9, 10:13] = 0
    made = []
    for name, turned in (("upright", False), ("rotated", True)):
        places = [
            (place[0], place[1] * cosine, -place[5] * sine, place[3], place[1] * sine, place[5] * cosine)
            if turned
            else place
            for place in (LOW, HIGH)
        ]
        paths = [
            make_raster(tmp_path / f"{name}-{kind}.tif", image, place)
            for kind, image, place in zip(("hsi", "pan"), (hsi, pair[1]), places)
        ]
        core.classical(*paths, str(tmp_path / f"{name}.tif"), hsi_nodata="0", consistency=0)
        made.append(values(tmp_path / f"{name}.tif"))
        assert gdal.Open(str(tmp_path / f"{name}.tif")).GetGeoTransform() == pytest.approx(places[1])
    np.testing.assert_array_equal(*made)
    assert (made[1][1, 24:36, 40:52] == 0).all()
    assert (np.delete(made[1], 1, 0) > 0).all()


@pytest.mark.parametrize(
    ("attrs", "ratio", "words"),
    [
        ({"scale_factor": "x"}, None, "The attribute scale_factor of hsi is 'x'"),
        ({"_FillValue": [0, 1]}, None, r"The nodata value of hsi is \[0, 1\]"),
        ({}, "four", "The ratio is 'four'"),
    ],
)
def test_what_is_no_number_is_refused_by_its_name(arrays, attrs, ratio, words):
    with pytest.raises(InputError, match=words):
        core.classical_arrays(arrays[0].assign_attrs(attrs), arrays[1], ratio)


def test_a_dataset_is_refused_in_one_sentence(arrays):
    with pytest.raises(InputError, match="hsi is of type Dataset; give a numpy array or a DataArray"):
        core.classical_arrays(arrays[0].to_dataset(), arrays[1])
