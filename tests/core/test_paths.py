"""Every job takes pathlib's paths, and says in one sentence what it is given instead of a path."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

import core
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.models.format import ModelFile, read_model, write_model
from core.operators.response import read_response
from core.products.opening import open_raster
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.runtime.paths import as_path, path_list

HIGH = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
ARRAY = np.zeros((3, 4, 5))
JOBS = (
    *("assess", "classical", "compare", "fuse", "info", "inspect", "openproduct", "sharpen", "simulate"),
    "train",
)
NO_PATHS = {
    *("ratio", "pan_bands", "pan_range", "mtf", "mtf_hsi", "mtf_pan", "method", "methods", "consistency", "extent"),
    *("memory", "bands", "shift", "overviews", "compress", "clip", "progress", "network", "effort", "seed", "device"),
    *("hsi_nodata", "pan_nodata", "assume_crs", "layers", "contradictions", "denoise", "grid", "pan_bands_used"),
    *("snr_hsi", "snr_pan", "detectors", "band_order", "role", "pan_more", "resolution"),
    *("pan_rotation", "pan_crs", "pan_distortion"),
    *("settings", "mode", "steps", "batch", "use", "dask", "crop", "spectral_network", "spatial_network", "options"),
}


@pytest.fixture(scope="module")
def files(make_raster, materials, tmp_path_factory):
    """pathlib's paths of a reference, and of an HSI and a PAN of ratio 4 made of it."""
    folder = tmp_path_factory.mktemp("files")
    truth = folder / "truth.tif"
    make_raster(truth, materials(128, 128, 5).astype(np.float32), HIGH)
    core.simulate(truth, 4, folder / "hsi.tif", folder / "pan.tif", pan_bands="2-4")
    return truth, folder / "hsi.tif", folder / "pan.tif"


def values(path):
    return gdal.Open(os.fspath(path)).ReadAsArray()


def test_classical_assess_and_compare_take_pathlib_and_do_what_they_do_with_text(files, tmp_path):
    truth, hsi, pan = files
    core.classical(hsi, pan, tmp_path / "path.tif")
    core.classical(str(hsi), str(pan), str(tmp_path / "text.tif"))
    np.testing.assert_array_equal(values(tmp_path / "path.tif"), values(tmp_path / "text.tif"))
    outputs = {"json_path": tmp_path / "a.json", "report": tmp_path / "a.html"}
    scores = core.assess(tmp_path / "path.tif", reference=truth, hsi=hsi, pan=pan, **outputs)
    assert scores["files"] == {
        "fused": str(tmp_path / "path.tif"),
        "reference": str(truth),
        "hsi": str(hsi),
        "pan": str(pan),
    }
    outputs = {"csv_path": tmp_path / "c.csv", "json_path": tmp_path / "c.json", "report": tmp_path / "c.html"}
    core.compare(hsi, pan, tmp_path / "best.tif", methods=["mtf-glp"], **outputs)
    assert {path.name for path in tmp_path.iterdir()} == {
        *("path.tif", "text.tif", "a.json", "a.html", "c.csv", "c.json", "c.html", "best.tif"),
    }


def test_learning_jobs_take_pathlib(files, tmp_path):
    pytest.importorskip("torch")
    _, hsi, pan = files
    options = {"device": "cpu", "settings": {"steps": 2}}
    named = {
        "report": tmp_path / "s.html",
        "disagreement": tmp_path / "spread.tif",
        "model": tmp_path / "s.safetensors",
    }
    core.sharpen(hsi, pan, tmp_path / "sharpened.tif", **named, **options)
    core.train([hsi], [pan], tmp_path / "t.safetensors", report=tmp_path / "t.html", steps=2, device="cpu")
    core.fuse(hsi, pan, tmp_path / "t.safetensors", tmp_path / "fused.tif", device="cpu")
    core.info(tmp_path / "t.safetensors", report=tmp_path / "i.html", json_path=tmp_path / "i.json")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("s.html", "spread.tif", "s.safetensors", "sharpened.tif", "t.safetensors", "t.html", "fused.tif"),
        *("i.html", "i.json"),
    }


def path_arguments(job):
    """(arguments that are fine, names of those that are paths)."""
    switches = {"resume"} if job == "sharpen" else set()
    names = [name for name in inspect.signature(getattr(core, job)).parameters if name not in NO_PATHS | switches]
    fine = {name: [f"{name}.tif"] if job == "train" and name in ("hsi", "pan") else f"{name}.tif" for name in names}
    return {**fine, **({"ratio": 4} if job == "simulate" else {})}, names


@pytest.mark.parametrize("wrong", [ARRAY, 3, None], ids=["array", "number", "none"])
@pytest.mark.parametrize("job", JOBS)
def test_what_is_no_path_is_refused_in_one_sentence_that_names_the_argument(job, wrong):
    if job in ("sharpen", "train", "fuse"):
        pytest.importorskip("torch")
    fine, names = path_arguments(job)
    own = inspect.signature(getattr(core, job)).parameters
    refused = [name for name in names if wrong is not None or own[name].default is inspect.Parameter.empty]
    assert refused  # None stands for an optional file that is not given
    for name in refused:
        with pytest.raises(InputError, match=rf"^{name}\b.* not .*path.*\.$") as caught:
            getattr(core, job)(**{**fine, name: wrong})
        assert "\n" not in str(caught.value)


def test_an_array_is_told_its_shape_and_where_arrays_go():
    with pytest.raises(InputError, match=r"^hsi is an array \(ndarray\) of 3 x 4 x 5, not .* classical_arrays"):
        core.classical(ARRAY, "pan.tif", "out.tif")


def test_training_takes_lists_of_paths():
    for given, words in [("a.tif", "single path"), (Path("a.tif"), "single path"), (ARRAY, "not a list")]:
        with pytest.raises(InputError, match=words):
            path_list(given, "hsi")
    with pytest.raises(InputError, match=r"hsi\[1\] is an array"):
        path_list([Path("a"), ARRAY], "hsi")
    assert path_list((Path("a"), "b"), "hsi") == ["a", "b"]


def test_readers_and_writers_take_pathlib_and_refuse_arrays(files, tmp_path):
    _, hsi, pan = files
    with RasterReader(hsi) as reader, open_raster(pan, "pan") as other, open_pair(hsi, pan) as scene:
        assert (reader.path, other.path, scene.ratio) == (str(hsi), str(pan), 4)
    for call in (RasterReader, open_raster, read_response, read_model, as_path):
        with pytest.raises(InputError, match="is an array"):
            call(ARRAY)
    with pytest.raises(InputError, match="is an array"):
        open_pair(hsi, ARRAY)
    with pytest.raises(InputError, match="is an array"):
        RasterWriter(ARRAY, Grid(0, 0, 1, -1, 2, 2), RasterMetadata.plain(1, "float32"))
    with pytest.raises(InputError, match="is an array"):
        write_model(ARRAY, ModelFile({}))


def test_bytes_are_paths_as_the_system_has_them():
    assert as_path("é.tif".encode()) == os.fsdecode("é.tif".encode())
