"""What the common base does around a workflow: what it tells, refuses and offers; the workflows here are stand-ins."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass

import processing
import pytest
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback

from tests.qgis import stand_ins
from tests.qgis.stand_ins import run, simulate_parameters

workflow = stand_ins.workflow  # a fixture


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


def test_a_layer_that_is_no_gdal_raster_is_refused(workflow, scene, tmp_path):
    from ssml_qgis.algorithms.arguments import Source

    source = Source("tiles", "type=xyz&url=https://example.org", "wms", None)
    with pytest.raises(QgsProcessingException, match=r"“tiles” comes from the “wms” provider.*GeoTIFF first\.$"):
        source.path()


PAIR = {"HSI": "@hsi", "PAN": "@pan", "OUTPUT": "@"}


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("simulate", {"REFERENCE": "@reference", "RATIO": 3, "HSI": "@", "PAN": "@"}, "PAN_BANDS"),
        ("simulate", {"REFERENCE": "@reference", "RATIO": 1, "PAN_BANDS": "1", "HSI": "@", "PAN": "@"}, "RATIO"),
        ("train", {"HSI": ["@hsi", "@hsi"], "PAN": ["@pan"], "MODEL": "@"}, "2 hyperspectral and 1 sharper"),
        ("assess", {"FUSED": "@reference"}, "nothing to compare with"),
        ("assess", {"FUSED": "@reference", "HSI": "@hsi"}, "go together"),
        ("assess", {"FUSED": "@reference", "HSI_PRODUCT": "@hsi"}, "go together"),
        ("classicalfuse", {"HSI": "@hsi", "PAN": "@pan", "METHOD": "magic", "OUTPUT": "@"}, "METHOD is magic"),
        ("classicalfuse", {"HSI": "@hsi", "PAN": "@pan", "CONSISTENCY": 99, "OUTPUT": "@"}, "number from 0 to 50"),
        ("simulate", {"REFERENCE": "@reference", "RATIO": 1, "HSI": "@", "PAN": "@"}, "RATIO is 1: give a number"),
        ("modelinfo", {"MODEL": "@hsi"}, r"no file as it is needed: SSML model \(\*.safetensors\)"),
        ("compare", {"HSI": "@hsi", "PAN": "@pan", "METHODS": "exp,magic"}, "METHODS is magic, which is none of its"),
        ("inspect", {"HSI": "@hsi", "PAN": "@pan", "PAN_PRODUCT": "@pan"}, "given twice, as a layer .PAN. and as a"),
        ("classicalfuse", {**PAIR, "MEMORY": "0,5"}, "MEMORY is 0,5: give a number from 0 to"),
        ("classicalfuse", {**PAIR, "CONSISTENCY": 2.7}, "CONSISTENCY is 2.7: give a whole number from 0 to 50"),
        ("classicalfuse", {**PAIR, "OVERVIEWS": "no"}, "OVERVIEWS is no: write true or false"),
        ("classicalfuse", {**PAIR, "EXTENT": [0, 1, 0, 1]}, r"EXTENT is a list: write one text, xmin,xmax,ymin,ymax"),
        ("train", {"HSI": ["@hsi", "no.tif"], "PAN": ["@pan", "@pan"], "MODEL": "@"}, "HSI: there is no .* no.tif"),
        ("classicalfuse", {**PAIR, "PAN_MORE": ["no.tif"]}, "PAN_MORE: there is no layer or image no.tif"),
        ("train", {"HSI": ["@hsi"], "PAN": ["@pan"], "MODEL": "m.txt"}, r"MODEL is m.txt: .* end with .safetensors"),
        ("sharpen", {**PAIR, "MODEL": "model"}, r"MODEL is model: let the name end with .safetensors"),
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


def test_a_parameter_that_there_is_none_of_is_warned_of(workflow, scene, tmp_path):
    """As of a typing error in a script, of lower case, of what has gone."""
    workflow("simulate")
    feedback = QgsProcessingFeedback(False)
    run("simulate", simulate_parameters(scene, tmp_path, SNR_HIS=100, pan_range="450-690", LEGACY=1), feedback)
    told = feedback.textLog()
    assert "pan_range is no parameter and does nothing; is it PAN_RANGE?" in told
    assert "LEGACY is no parameter and does nothing." in told
    assert "PAN_BANDS is no parameter" not in told
    plain = QgsProcessingFeedback(False)
    run("simulate", simulate_parameters(scene, tmp_path), plain)
    assert "no parameter" not in plain.textLog()


def test_a_file_that_is_no_layer_is_told_how_to_give_it(provider, tmp_path):
    algorithm = provider.algorithm("classicalfuse")
    (tmp_path / "notes.xyz").write_bytes(b"")
    given = {"HSI": str(tmp_path / "notes.xyz"), "PAN_PRODUCT": "PRS_L2D.he5", "OUTPUT": "o.tif"}
    good, sentence = algorithm.checkParameterValues(given, QgsProcessingContext())
    assert not good
    assert "notes.xyz, and it is no product that is known here: choose a raster, or a product's file" in sentence
    given["HSI"] = str(tmp_path)  # a folder, with one image or several
    good, sentence = algorithm.checkParameterValues(given, QgsProcessingContext())
    assert not good
    assert "HSI_PRODUCT" in sentence
    assert "ssml:openproduct" in sentence


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
