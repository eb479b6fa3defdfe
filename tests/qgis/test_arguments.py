"""What is chosen in a dialog reaches the workflow as its arguments, and what the workflow wrote comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import QgsRasterLayer, QgsRectangle, QgsReferencedRectangle

from tests.qgis import stand_ins
from tests.qgis.stand_ins import run, simulate_parameters

workflow = stand_ins.workflow  # a fixture


def test_simulate_hands_its_arguments_on(workflow, scene, tmp_path):
    calls = workflow("simulate")
    result = run("simulate", simulate_parameters(scene, tmp_path, MTF=0.25))
    ((args, kwargs),) = calls
    assert args == ()
    assert kwargs.pop("progress") is not None
    assert kwargs == {
        "reference": scene.reference,
        "ratio": 3,
        "hsi_out": str(tmp_path / "h.tif"),
        "pan_out": str(tmp_path / "p.tif"),
        "pan_bands": "2-5",
        "pan_range": "",
        "pan_response": "",
        "mtf_hsi": 0.25,
        "hsi_nodata": "",
    }
    assert result == {"HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.tif")}


def test_sharpen_hands_its_arguments_on(workflow, scene, tmp_path):
    calls = workflow("sharpen")
    output = str(tmp_path / "o.tif")
    result = run(
        "sharpen",
        {"HSI": scene.hsi, "PAN": scene.pan, "EFFORT": "fast", "SEED": 7, "MEMORY": 1.5, "OUTPUT": output},
    )
    ((args, kwargs),) = calls
    assert args == ()
    del kwargs["progress"]
    model = kwargs.pop("model")
    assert model.endswith(".safetensors")
    assert Path(model).parent.is_dir()
    assert kwargs == {
        "hsi": scene.hsi,
        "pan": scene.pan,
        "output": output,
        "report": "",
        "disagreement": "",
        "network": "ssml",
        "effort": "fast",
        "seed": 7,
        "resume": False,
        "mtf": "auto",
        "consistency": 5,
        "device": "auto",
        "memory": 1.5,
        "compress": "deflate",
        "extent": None,
        "bands": "",
        "shift": "auto",
        "hsi_nodata": "",
        "pan_nodata": "",
        "assume_crs": "",
        "detectors": "",
        "band_order": "auto",
        "geolocation": "",
        "pan2": "",
        "grid": "auto",
        "pan_bands_used": "",
        "resolution": None,
        "pan_more": [],
        "mask": "",
        "contradictions": "auto",
        "denoise": "auto",
        "clip": "none",
        "overviews": False,
    }
    assert result == {"OUTPUT": output, "MODEL": model}


def test_train_hands_its_arguments_on(workflow, scene, tmp_path):
    calls = workflow("train")
    model = str(tmp_path / "m.safetensors")
    lists = {"HSI": [scene.hsi, scene.hsi], "PAN": [scene.pan, scene.pan]}
    assert run("train", {**lists, "MODE": "alone", "STEPS": 12, "BANDS": "1-3", "MODEL": model}) == {"MODEL": model}
    ((args, kwargs),) = calls
    assert args == ()
    del kwargs["progress"]
    assert kwargs == {
        "hsi": [scene.hsi] * 2,
        "pan": [scene.pan] * 2,
        "model": model,
        "report": "",
        "network": "ssml",
        "mode": "alone",
        "effort": "normal",
        "steps": 12,
        "seed": 0,
        "mtf": "auto",
        "consistency": 5,
        "device": "auto",
        "bands": "1-3",
        "shift": "auto",
        "hsi_nodata": "",
        "pan_nodata": "",
        "assume_crs": "",
        "detectors": "",
        "band_order": "auto",
        "geolocation": "",
        "pan2": "",
        "grid": "auto",
        "pan_bands_used": "",
        "resolution": None,
        "pan_more": [],
        "mask": "",
        "contradictions": "auto",
        "denoise": "auto",
        "resume": "",
    }
    run("train", {**lists, "MODEL": model})
    assert calls[1][1]["steps"] is None


def test_what_a_job_did_not_write_is_no_result(workflow, scene, tmp_path):
    workflow("fuse", lambda *_, **__: {"network": "s2bnet", "disagreement": ""})
    model, output, difference = (str(tmp_path / name) for name in ("m.safetensors", "o.tif", "d.tif"))
    Path(model).touch()
    given = {"HSI": scene.hsi, "PAN": scene.pan, "MODEL": model, "OUTPUT": output, "DISAGREEMENT": difference}
    assert run("fuse", given) == {"OUTPUT": output}


def test_fuse_hands_its_arguments_on(workflow, scene, tmp_path):
    calls = workflow("fuse", lambda *_, **__: {"network": "ssml"})
    model, output, difference = (str(tmp_path / name) for name in ("m.safetensors", "o.tif", "d.tif"))
    Path(model).touch()
    given = {"HSI": scene.hsi, "PAN": scene.pan, "MODEL": model, "USE": "spatial", "CONSISTENCY": 0}
    result = run("fuse", {**given, "OUTPUT": output, "DISAGREEMENT": difference})
    ((args, kwargs),) = calls
    assert args == ()
    del kwargs["progress"]
    assert kwargs == {
        "hsi": scene.hsi,
        "pan": scene.pan,
        "model": model,
        "output": output,
        "disagreement": difference,
        "mtf": "auto",
        "use": "spatial",
        "consistency": 0,
        "extent": None,
        "bands": "",
        "shift": "auto",
        "hsi_nodata": "",
        "pan_nodata": "",
        "assume_crs": "",
        "detectors": "",
        "band_order": "auto",
        "geolocation": "",
        "pan2": "",
        "grid": "auto",
        "pan_bands_used": "",
        "resolution": None,
        "pan_more": [],
        "mask": "",
        "contradictions": "auto",
        "denoise": "auto",
        "clip": "none",
        "overviews": False,
        "device": "auto",
        "memory": None,
        "compress": "deflate",
    }
    assert result == {"OUTPUT": output, "DISAGREEMENT": difference}
    del given["CONSISTENCY"]
    run("fuse", {**given, "OUTPUT": output})
    assert calls[1][1]["consistency"] is None  # as many as the model learned with


def test_assess_returns_the_numbers_that_were_computed_and_no_others(workflow, scene, tmp_path):
    calls = workflow("assess", lambda *_, **__: {"ergas": 1.5, "sam": 2, "psnr": None, "bands": [1, 2]})
    result = run("assess", {"FUSED": scene.reference, "REFERENCE": scene.reference, "RATIO": 3, "CROP": 2})
    ((args, kwargs),) = calls
    assert args == ()
    del kwargs["progress"]
    assert kwargs == {
        "fused": scene.reference,
        "reference": scene.reference,
        "hsi": "",
        "pan": "",
        "ratio": 3,
        "mtf": "auto",
        "crop": 2,
        "bands": "",
        "shift": "auto",
        "hsi_nodata": "",
        "pan_nodata": "",
        "assume_crs": "",
        "detectors": "",
        "band_order": "auto",
        "geolocation": "",
        "pan2": "",
        "grid": "auto",
        "pan_bands_used": "",
        "resolution": None,
        "pan_more": [],
        "json_path": "",
        "report": "",
    }
    assert result == {"ERGAS": 1.5, "SAM": 2.0}


def test_modelinfo_hands_its_arguments_on(workflow, tmp_path):
    calls = workflow("info")
    model, json = str(tmp_path / "m.safetensors"), str(tmp_path / "m.json")
    assert run("modelinfo", {"MODEL": model, "JSON": json}) == {"JSON": json}
    ((args, kwargs),) = calls
    assert args == ()
    del kwargs["progress"]
    assert kwargs == {"model": model, "report": "", "json_path": json}


@pytest.mark.parametrize("epsg", [32633, 4326])
def test_extent_reaches_the_engine_in_the_crs_of_the_hsi(workflow, scene, tmp_path, epsg):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject

    wanted = QgsRectangle(500100, 4599500, 500400, 4599800)
    utm = QgsCoordinateReferenceSystem("EPSG:32633")
    crs = QgsCoordinateReferenceSystem(f"EPSG:{epsg}")
    box = QgsCoordinateTransform(utm, crs, QgsProject.instance()).transformBoundingBox(wanted)
    calls = workflow("classical")
    output = str(tmp_path / "o.tif")
    given = {"HSI": scene.hsi, "PAN": scene.pan, "EXTENT": QgsReferencedRectangle(box, crs), "OUTPUT": output}
    run("classicalfuse", given)
    assert calls[0][1]["extent"] == pytest.approx((500100, 4599500, 500400, 4599800), abs=0.01 if epsg == 32633 else 10)


def test_extent_reaches_the_engine_in_the_crs_that_is_assumed(workflow, scene, tmp_path):
    """The dialog always names the CRS of what it draws an extent in."""
    bare = gdal.Translate(str(tmp_path / "bare.tif"), scene.hsi)
    bare.SetProjection("")
    bare = None
    calls = workflow("classical")
    given = {"PAN": scene.pan, "EXTENT": "14.99,15.01,41.54,41.56 [EPSG:4326]", "OUTPUT": str(tmp_path / "o.tif")}
    for given["HSI"], assumed in ((scene.hsi, None), (str(tmp_path / "bare.tif"), "EPSG:32633")):
        run("classicalfuse", {**given, "ASSUME_CRS": assumed})
    known, told = (kwargs["extent"] for _, kwargs in calls)
    assert known == pytest.approx(told)
    assert known[0] == pytest.approx(500000, abs=1000)


def test_open_options_are_no_part_of_the_path(workflow, scene, tmp_path):
    calls = workflow("simulate")
    layer = QgsRasterLayer(scene.reference + "|option:NUM_THREADS=2|option:IGNORE_COG_LAYOUT_BREAK=YES", "with options")
    assert layer.isValid()
    run("simulate", simulate_parameters(scene, tmp_path, REFERENCE=layer))
    assert calls[0][1]["reference"] == scene.reference


RANKED = {
    "methods": [{"title": "EXP", "score": 1.0, "reduced": {"ergas": 1.0, "sam": 1.0}}],
    "best": "exp",
    "gain": None,
}


@pytest.mark.parametrize(("given", "methods"), [("gsa; exp", ["gsa", "exp"]), ("gsa, exp", ["gsa", "exp"])])
def test_several_words_may_be_one_text(workflow, scene, given, methods):
    calls = workflow("compare", lambda **_: RANKED)
    run("compare", {"HSI": scene.hsi, "PAN": scene.pan, "METHODS": given})
    assert list(calls[0][1]["methods"]) == methods


@pytest.mark.parametrize("none", ["", None, []])
def test_no_method_means_all_classical_ones(workflow, scene, provider, none):
    calls = workflow("compare", lambda **_: RANKED)
    run("compare", {"HSI": scene.hsi, "PAN": scene.pan, "METHODS": none})
    classical = set(provider.algorithm("compare").parameterDefinition("METHODS").options()) - {"ssml"}
    assert set(calls[0][1]["methods"]) == classical


def test_lists_of_numbers_and_quoted_paths_reach_the_engine(workflow, scene, tmp_path):
    """As JSON has them for qgis_process, and as Windows copies a path."""
    calls = workflow("classical")
    given = {"HSI_PRODUCT": f' "{scene.hsi}"', "PAN": scene.pan, "OUTPUT": str(tmp_path / "o.tif")}
    run("classicalfuse", {**given, "BANDS": [1, 2, 5.0], "MTF": [0.2, 0.35], "HSI_NODATA": [-1, 0]})
    ((args, kwargs),) = calls
    given = {name: kwargs[name] for name in ("bands", "mtf", "hsi_nodata")}
    assert given == {"bands": "1,2,5", "mtf": "0.2,0.35", "hsi_nodata": "-1,0"}
    assert scene.hsi in (*args, kwargs.get("hsi"))
