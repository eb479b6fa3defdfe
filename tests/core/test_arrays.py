"""Arrays go through the engine that files go through."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

import core
from core.operators.pair import Operators
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
RATIO = 4
LOW = (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)
HIGH = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
WAVES = [450.0, 550.0, 650.0, 850.0, None]


@pytest.fixture(scope="module")
def pair(materials):
    """(hsi uint16 (5, 16, 24), pan uint16 (64, 96))."""
    truth = materials(64, 96, 5)
    hsi = Operators((16, 24), (64, 96), RATIO).down(truth.astype(np.float32))
    return np.rint(hsi).astype(np.uint16), np.rint(truth[1:4].mean(0)).astype(np.uint16)


@pytest.fixture(scope="module")
def files(pair, make_raster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    hsi, pan = make_raster(folder / "hsi.tif", pair[0], LOW), make_raster(folder / "pan.tif", pair[1], HIGH)
    dataset = gdal.Open(hsi, gdal.GA_Update)
    for number, wave in enumerate(WAVES, 1):
        if wave is not None:
            dataset.GetRasterBand(number).SetMetadata({"wavelength": str(wave), "wavelength_units": "Nanometers"})
    dataset = None
    return hsi, pan


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files, which must be empty at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    # Of ours: PyTorch may make folders of its own there.
    left = [path.name for path in folder.iterdir() if path.name.startswith("ssml") and path.suffix != ".log"]
    assert left == []


def values(path):
    return gdal.Open(os.fspath(path)).ReadAsArray()


def test_the_pixels_of_classical_arrays_are_those_of_files(pair, files, tmp_path):
    made = core.classical_arrays(*pair, RATIO, method="gsa", wavelengths=WAVES, mtf=0.3)
    core.classical(*files, tmp_path / "out.tif", method="gsa", mtf=0.3)
    np.testing.assert_array_equal(made.fused, values(tmp_path / "out.tif"))
    assert made.fused.dtype == np.uint16
    assert made.fused.flags.writeable
    assert (made.nodata, made.disagreement) == (None, None)
    told = ("look", "pan_correlation", "mtf_gain", "range", "verdict", "mark", "checks", "advice")
    seen = {name: made.facts[name] for name in told}
    seen["moved"] = {"rows": 0.0, "columns": 0.0, "local": 0.0}
    known = {"method": "gsa", "ratio": RATIO, "bands": 5, "rows": 64, "cols": 96, "placement": "", "warnings": []}
    assert made.facts == {**known, "result": "Gram-Schmidt, adaptive (GSA)", **seen}
    assert set(seen["look"]) == {"residual", "band", "band_residual", "outside", "samples", "denoised"}
    assert set(seen["pan_correlation"]) == {"level", "detail"}
    assert set(seen["mtf_gain"]) == {"rows", "columns", "source", "sensor", "said", "measured"}


def test_the_pixels_of_sharpened_and_fused_arrays_are_those_of_files(pair, files, tmp_path):
    pytest.importorskip("torch")
    options = {"device": "cpu", "seed": 3, "settings": {"steps": 4}}
    model = tmp_path / "m.safetensors"
    made = core.sharpen_arrays(*pair, RATIO, wavelengths=WAVES, disagreement=True, model=model, **options)
    core.sharpen(*files, tmp_path / "out.tif", disagreement=tmp_path / "spread.tif", **options)
    np.testing.assert_array_equal(made.fused, values(tmp_path / "out.tif"))
    np.testing.assert_array_equal(made.disagreement, values(tmp_path / "spread.tif"))
    assert {"mean", "prior"} <= set(made.facts["scores"])
    assert "output" not in made.facts
    again = core.fuse_arrays(*pair, model, RATIO, wavelengths=WAVES, disagreement=True, device="cpu")
    core.fuse(*files, model, tmp_path / "again.tif", device="cpu")
    np.testing.assert_array_equal(again.fused, values(tmp_path / "again.tif"))
    assert again.disagreement.shape == (64, 96)
    assert core.info(model)["wavelengths"] == WAVES


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64", ">f4", ">i2"])
def test_the_type_is_kept_and_any_layout_of_memory_gives_the_same(pair, dtype):
    hsi, pan = (np.minimum(array // 16, 255).astype(dtype) for array in pair)
    made = core.classical_arrays(hsi, pan[None], RATIO)
    assert made.fused.dtype == np.dtype(dtype).newbyteorder("=")
    turned = np.asfortranarray(hsi), np.repeat(pan, 2, axis=0)[::2]
    np.testing.assert_array_equal(core.classical_arrays(*turned, RATIO).fused, made.fused)


def test_what_has_no_value_stays_so(pair):
    hsi, pan = pair[0].astype(np.int16), pair[1].astype(np.float32)
    hsi[:, 3, 5], pan[40, 50] = -1, np.nan
    made = core.classical_arrays(hsi, pan, RATIO, nodata=-1)
    assert made.nodata == -1
    lost = (made.fused == -1).all(axis=0)
    assert lost[12:16, 20:24].all()
    assert lost[40, 50]
    assert lost.sum() == 17


def test_an_extent_of_arrays_counts_pan_pixels_from_the_lower_left_corner(pair):
    whole = core.classical_arrays(*pair, RATIO)
    part = core.classical_arrays(*pair, RATIO, extent=(8, 4, 48, 24))
    np.testing.assert_array_equal(part.fused, whole.fused[:, 40:60, 8:48])


WRONG = {
    "no ratio": (lambda hsi, pan: (hsi, pan), "give the ratio"),
    "a fraction": (lambda hsi, pan: (hsi, pan, 2.5), r"ratio 2\.5 it must be \(40, 60\)"),
    "too coarse": (lambda hsi, pan: (hsi, pan, 41), "must be a number from 1.5 to 40"),
    "a word": (lambda hsi, pan: (hsi, pan, "4"), "must be a number"),
    "another ratio": (lambda hsi, pan: (hsi, pan, 2), r"it must be \(32, 48\)"),
    "two dimensions": (lambda hsi, pan: (hsi[0], pan, 4), "bands, rows, columns"),
    "several bands": (lambda hsi, pan: (hsi, np.stack([pan, pan])[:, :-1], 4), r"pan has the shape \(2, 63, 96\)"),
    "complex numbers": (lambda hsi, pan: (hsi.astype(complex), pan, 4), "complex128"),
    "truth values": (lambda hsi, pan: (hsi > 0, pan, 4), "bool"),
    "text": (lambda hsi, pan: (hsi.astype(str), pan, 4), "convert it to float32"),
    "a mask": (lambda hsi, pan: (np.ma.masked_less(hsi, 9), pan, 4), "masked array"),
    "a path": (lambda hsi, pan: ("hsi.tif", pan, 4), "hsi is of type str"),
    "a list": (lambda hsi, pan: (hsi, pan.tolist(), 4), "pan is of type list"),
    "one band": (lambda hsi, pan: (hsi[:1], pan, 4), "has one band"),
    "small": (lambda hsi, pan: (hsi[:, :2, :2], pan[:8, :8], 4), "at least 8 are needed"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_arrays_are_refused_in_one_sentence(pair, wrong):
    make, words = WRONG[wrong]
    with pytest.raises(InputError, match=words) as caught:
        core.classical_arrays(*make(*pair))
    assert str(caught.value).count("\n") == 0


def test_wrong_facts_are_refused_in_one_sentence(pair):
    for options, words in [
        ({"nodata": -9999}, "no nodata value -9999"),
        ({"nodata": np.nan}, "no nodata value nan"),
        ({"wavelengths": [450.0]}, "1 wavelengths for 5 bands"),
        ({"method": "magic"}, "no classical method"),
    ]:
        with pytest.raises(InputError, match=words):
            core.classical_arrays(*pair, RATIO, **options)


def test_nothing_is_left_when_the_user_stops(pair):
    class Stopped(Progress):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        core.classical_arrays(*pair, RATIO, progress=Stopped())


def test_numpy_arrays_do_not_load_xarray():
    code = (
        "import sys, numpy as np, core; rng = np.random.default_rng(0);"
        "core.classical_arrays(rng.random((3, 8, 8)), rng.random((16, 16)), 2); sys.exit('xarray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


# DataArrays


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


def test_a_dataset_is_refused_in_one_sentence(arrays):
    with pytest.raises(InputError, match="hsi is of type Dataset; give a numpy array or a DataArray"):
        core.classical_arrays(arrays[0].to_dataset(), arrays[1])
