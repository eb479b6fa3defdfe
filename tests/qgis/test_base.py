"""What the common base does between Processing and a workflow; the workflows here are stand-ins."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import types
from dataclasses import dataclass
from pathlib import Path

import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)


class Recorder(QgsProcessingFeedback):
    """Keeps what is told."""

    def __init__(self) -> None:
        super().__init__(False)
        self.told: list[tuple[str, str]] = []

    def setProgressText(self, text):  # noqa: N802
        self.told.append(("text", text))

    def pushInfo(self, text):  # noqa: N802
        self.told.append(("info", text))

    def pushWarning(self, text):  # noqa: N802
        self.told.append(("warning", text))

    def pushDebugInfo(self, text):  # noqa: N802
        self.told.append(("debug", text))

    def reportError(self, text, fatalError=False):  # noqa: N802
        self.told.append(("error", text))


@pytest.fixture
def workflow(monkeypatch, ssml_plugin):
    """``workflow("fuse", function)`` puts a stand-in in a workflow's place; returns the calls it gets."""

    def put(name, function=None):
        calls = []

        def stand_in(*args, **kwargs):
            calls.append((args, kwargs))
            return function(*args, **kwargs) if function else {}

        module = types.SimpleNamespace(**{name: stand_in})
        monkeypatch.setitem(sys.modules, f"ssml_qgis.core.workflows.{name}", module)
        return calls

    return put


def simulate_parameters(scene, tmp_path, **more):
    outputs = {"HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.tif")}
    return {"REFERENCE": scene.reference, "RATIO": 3, "PAN_BANDS": "2-5", **outputs, **more}


def run(name, parameters, feedback=None):
    """Run it as the toolbox does: check, prepare, process; Processing's own wrapping of errors left out."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ssml:{name}")
    context, feedback = QgsProcessingContext(), feedback or QgsProcessingFeedback(False)
    context.setFeedback(feedback)
    good, sentence = algorithm.checkParameterValues(parameters, context)
    if not good:
        raise ValueError(sentence)
    assert algorithm.prepare(parameters, context, feedback)
    return algorithm.processAlgorithm(parameters, context, feedback)


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


def test_progress_and_messages_reach_the_log(workflow, scene, tmp_path):
    def simulate(*_, progress, **__):
        half = progress.part(0.0, 0.5)
        half.set(0.5, "Degrading")
        half.set(1.0, "Degrading")
        progress.info("a fact")
        progress.warning("a worry")

    workflow("simulate", simulate)
    feedback = Recorder()
    run("simulate", simulate_parameters(scene, tmp_path), feedback)
    assert feedback.progress() == 50.0
    assert feedback.told == [("text", "Degrading"), ("info", "a fact"), ("warning", "a worry")]


def test_cancel_ends_without_a_result(workflow, scene, tmp_path):
    def simulate(*_, progress, **__):
        feedback.cancel()
        progress.check()

    workflow("simulate", simulate)
    feedback = Recorder()
    assert run("simulate", simulate_parameters(scene, tmp_path), feedback) == {}
    assert feedback.told == [("info", "Cancelled; nothing was written.")]


def test_an_input_error_is_told_in_its_own_sentence(workflow, scene, tmp_path):
    from ssml_qgis.core.runtime.errors import InputError

    def simulate(*_, **__):
        raise InputError("hsi.tif has no bands: choose another file.")

    workflow("simulate", simulate)
    with pytest.raises(QgsProcessingException) as caught:
        run("simulate", simulate_parameters(scene, tmp_path))
    assert str(caught.value) == "hsi.tif has no bands: choose another file."
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_defect_is_told_in_one_sentence_and_its_traceback_goes_to_a_file_and_the_message_log(
    workflow, scene, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def simulate(*_, **__):
        raise KeyError("of\nthe engine")

    messages = []
    log = QgsApplication.messageLog()
    log.messageReceived[str, str, type(qgis_critical())].connect(lambda *message: messages.append(message))
    workflow("simulate", simulate)
    feedback = Recorder()
    with pytest.raises(QgsProcessingException) as caught:
        run("simulate", simulate_parameters(scene, tmp_path), feedback)
    assert "defect" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(feedback.told)
    assert any("Traceback" in text and tag == "SSML" for text, tag, _ in messages)
    (log,) = tmp_path.glob("ssml-failure-*.log")
    assert str(log) in str(caught.value)
    text = log.read_text(encoding="utf-8")
    for words in ("Traceback", "KeyError", "QGIS: ", "Qt: ", "numpy: ", "PAN_BANDS: '2-5'"):
        assert words in text


@pytest.mark.parametrize("words", ["", "CUDA out of memory. Tried to allocate 2.00 GiB", "can't allocate memory"])
def test_a_lack_of_memory_is_no_defect(workflow, scene, tmp_path, words):
    def simulate(*_, **__):
        raise RuntimeError(words) if words else MemoryError

    workflow("simulate", simulate)
    with pytest.raises(QgsProcessingException, match=r"^There is not enough memory for this run.*\.$"):
        run("simulate", simulate_parameters(scene, tmp_path))


def qgis_critical():
    from qgis.core import Qgis

    return Qgis.MessageLevel.Critical


def test_processing_run_raises_the_sentence_and_no_traceback(workflow, scene, tmp_path):
    from ssml_qgis.core.runtime.errors import InputError

    def simulate(*_, **__):
        raise InputError("The ratio is odd: take another.")

    workflow("simulate", simulate)
    feedback = Recorder()
    with pytest.raises(QgsProcessingException, match="The ratio is odd: take another"):
        processing.run("ssml:simulate", simulate_parameters(scene, tmp_path), feedback=feedback)
    assert "Traceback" not in str(feedback.told)


def test_open_options_are_no_part_of_the_path(workflow, scene, tmp_path):
    calls = workflow("simulate")
    layer = QgsRasterLayer(scene.reference + "|option:NUM_THREADS=2|option:IGNORE_COG_LAYOUT_BREAK=YES", "with options")
    assert layer.isValid()
    run("simulate", simulate_parameters(scene, tmp_path, REFERENCE=layer))
    assert calls[0][1]["reference"] == scene.reference


def test_a_layer_that_is_no_gdal_raster_is_refused(workflow, scene, tmp_path):
    from ssml_qgis.algorithms.arguments import Source

    source = Source("tiles", "type=xyz&url=https://example.org", "wms", None)
    with pytest.raises(QgsProcessingException, match=r"“tiles” comes from the “wms” provider.*GeoTIFF first\.$"):
        source.path()


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("simulate", {"REFERENCE": "@reference", "RATIO": 3, "HSI": "@", "PAN": "@"}, "PAN_BANDS"),
        ("simulate", {"REFERENCE": "@reference", "RATIO": 1, "PAN_BANDS": "1", "HSI": "@", "PAN": "@"}, "RATIO"),
        ("train", {"HSI": ["@hsi", "@hsi"], "PAN": ["@pan"], "MODEL": "@"}, "2 hyperspectral and 1 sharper"),
        ("assess", {"FUSED": "@reference"}, "nothing to compare with"),
        ("assess", {"FUSED": "@reference", "HSI": "@hsi"}, "go together"),
        ("classicalfuse", {"HSI": "@hsi", "PAN": "@pan", "METHOD": "magic", "OUTPUT": "@"}, "METHOD"),
    ],
)
def test_wrong_combinations_are_refused_before_anything_is_read(ssml_plugin, scene, tmp_path, name, given, sentence):
    def filled(value):
        if isinstance(value, list):
            return [filled(one) for one in value]
        if value == "@":
            return str(tmp_path / "out.tif")
        return getattr(scene, value[1:]) if str(value).startswith("@") else value

    with pytest.raises(ValueError, match=sentence):
        run(name, {key: filled(value) for key, value in given.items()})


def test_a_file_that_is_no_layer_is_told_how_to_give_it(provider, tmp_path):
    algorithm = provider.algorithm("classicalfuse")
    (tmp_path / "notes.xyz").write_bytes(b"")
    given = {"HSI": str(tmp_path / "notes.xyz"), "PAN_PRODUCT": "PRS_L2D.he5", "OUTPUT": "o.tif"}
    good, sentence = algorithm.checkParameterValues(given, QgsProcessingContext())
    assert not good
    assert "HSI_PRODUCT" in sentence
    assert "ssml:openproduct" in sentence


def test_a_product_in_the_place_of_a_layer_is_taken_as_one(workflow, scene, tmp_path):
    calls = workflow("classical")
    product, output = tmp_path / "PRS_L2D_STD_1.he5", str(tmp_path / "o.tif")
    product.write_bytes(b"")
    run("classicalfuse", {"HSI": str(product), "PAN": scene.pan, "OUTPUT": output})
    ((_, kwargs),) = calls
    assert (kwargs["hsi"], kwargs["pan"]) == (str(product), scene.pan)


def test_a_product_stands_in_for_a_layer(workflow, scene, tmp_path):
    calls = workflow("classical")
    output = str(tmp_path / "o.tif")
    run("classicalfuse", {"HSI_PRODUCT": "/data/ENMAP-METADATA.XML", "PAN": scene.pan, "OUTPUT": output})
    ((_, kwargs),) = calls
    assert (kwargs["hsi"], kwargs["pan"]) == ("/data/ENMAP-METADATA.XML", scene.pan)
    assert "hsi_product" not in kwargs
    with pytest.raises(ValueError, match=r"is missing: choose a layer \(PAN\) or a product \(PAN_PRODUCT\)"):
        run("classicalfuse", {"HSI": scene.hsi, "OUTPUT": output})


def test_products_are_learned_from_beside_layers(workflow, scene, tmp_path):
    """In the order of the lists: layers first; a list that QGIS cannot open as layers is told where to go."""
    calls = workflow("train")
    products = {"HSI_PRODUCT": ["/data/ENMAP-METADATA.XML"], "PAN_PRODUCT": ["/data/MTD_MSIL2A.xml"]}
    model = str(tmp_path / "m.safetensors")
    run("train", {"HSI": [scene.hsi], "PAN": [scene.pan], "MODEL": model, **products})
    run("train", {**products, "MODEL": model})
    both, alone = (kwargs for _, kwargs in calls)
    assert both["hsi"] == [scene.hsi, "/data/ENMAP-METADATA.XML"]
    assert both["pan"] == [scene.pan, "/data/MTD_MSIL2A.xml"]
    assert (alone["hsi"], alone["pan"]) == (["/data/ENMAP-METADATA.XML"], ["/data/MTD_MSIL2A.xml"])
    with pytest.raises(ValueError, match=r"is missing: choose a layer \(PAN\) or a product \(PAN_PRODUCT\)"):
        run("train", {"HSI": [scene.hsi], "MODEL": model})


def test_an_option_that_is_declared_is_in_the_dialog():
    from ssml_qgis.algorithms.jobs import ClassicalFuseAlgorithm
    from ssml_qgis.core.workflows.options.declare import Option
    from ssml_qgis.core.workflows.options.fusion import CLASSICAL, ClassicalOptions

    @dataclass(frozen=True)
    class WithRadius(ClassicalOptions):
        radius: int = Option("Radius of the filter in HSI pixels.", "Radius", 3, bounds=(1, 20), advanced=True).field()

    class Filtered(ClassicalFuseAlgorithm):
        JOB = dataclasses.replace(CLASSICAL, options=WithRadius)

    algorithm = Filtered()
    algorithm.initAlgorithm()
    radius = algorithm.parameterDefinition("RADIUS")
    assert (radius.defaultValue(), radius.minimum(), radius.maximum()) == (3, 1, 20)
    assert radius.description() == "Radius"
    assert radius.help() == "Radius of the filter in HSI pixels."
    assert radius.flags() & radius.Flag.FlagAdvanced
