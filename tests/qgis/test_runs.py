"""The algorithms at work on a small scene: from the toolbox's side, in a model, and with Cancel."""

from __future__ import annotations

import json
import os

import numpy as np
import processing
import pytest
from osgeo import gdal
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
)

pytestmark = pytest.mark.usefixtures("ssml_plugin")

RATIO = 3


def shape(path: str) -> tuple[int, int, int]:
    """(bands, rows, cols)."""
    dataset = gdal.Open(path)
    return dataset.RasterCount, dataset.RasterYSize, dataset.RasterXSize


def corner(path: str) -> tuple[float, ...]:
    return gdal.Open(path).GetGeoTransform()


def classical(scene, output, **more):
    return processing.run("ssml:classicalfuse", {"HSI": scene.hsi, "PAN": scene.pan, "OUTPUT": output, **more})


def test_simulate_makes_a_pair(scene, tmp_path):
    given = {"REFERENCE": scene.reference, "RATIO": RATIO, "PAN_RANGE": "480-690"}
    result = processing.run("ssml:simulate", {**given, "HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.dat")})
    assert shape(result["HSI"]) == (12, 24, 24)
    assert shape(result["PAN"]) == (1, 72, 72)
    assert corner(result["HSI"])[:2] == (500000.0, 30.0)


def test_classicalfuse_takes_layers_and_writes_on_the_grid_of_the_pan(scene, tmp_path):
    layers = {"HSI": QgsRasterLayer(scene.hsi, "hsi"), "PAN": QgsRasterLayer(scene.pan, "pan")}
    given = {**layers, "METHOD": "exp", "OUTPUT": str(tmp_path / "o.tif")}
    result = processing.run("ssml:classicalfuse", given)
    assert shape(result["OUTPUT"]) == (12, 72, 72)
    assert corner(result["OUTPUT"]) == corner(scene.pan)


def test_classicalfuse_takes_layers_of_the_project_by_name(scene):
    project = QgsProject.instance()
    project.addMapLayers([QgsRasterLayer(scene.hsi, "the hsi"), QgsRasterLayer(scene.pan, "the pan")])
    try:
        given = {"HSI": "the hsi", "PAN": "the pan", "OUTPUT": "TEMPORARY_OUTPUT"}
        assert shape(processing.run("ssml:classicalfuse", given)["OUTPUT"]) == (12, 72, 72)
    finally:
        project.clear()


def test_extent_clips_the_result(scene, tmp_path):
    result = classical(scene, str(tmp_path / "o.tif"), EXTENT="500090,500390,4599610,4599910 [EPSG:32633]")
    assert shape(result["OUTPUT"]) == (12, 30, 30)
    assert corner(result["OUTPUT"])[0] == 500090.0


def test_assess_finds_mtf_glp_better_than_upsampling(scene, tmp_path):
    scores = {}
    for method in ("exp", "mtf-glp"):
        fused = classical(scene, str(tmp_path / f"{method}.tif"), METHOD=method)["OUTPUT"]
        given = {"FUSED": fused, "REFERENCE": scene.reference, "HSI": scene.hsi, "PAN": scene.pan}
        report, numbers = str(tmp_path / f"{method}.html"), str(tmp_path / f"{method}.json")
        scores[method] = processing.run("ssml:assess", {**given, "REPORT": report, "JSON": numbers})
        with open(numbers, encoding="utf-8") as file:
            assert json.load(file)
        assert os.path.getsize(report) > 0
    assert scores["mtf-glp"]["ERGAS"] < scores["exp"]["ERGAS"]
    assert scores["mtf-glp"]["CC"] > scores["exp"]["CC"]
    assert set(scores["exp"]) >= {"ERGAS", "SAM", "PSNR", "CC", "SSIM", "RMSE", "CONSISTENCY"}


def test_assess_of_the_truth_is_perfect_and_leaves_out_what_was_not_asked(scene):
    given = {"FUSED": scene.reference, "REFERENCE": scene.reference, "RATIO": RATIO}
    result = processing.run("ssml:assess", given)
    assert result["ERGAS"] == 0.0
    assert result["RMSE"] == 0.0
    assert "CONSISTENCY" not in result


def test_sharpen_then_fuse_and_modelinfo_with_its_model(scene, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from ssml_qgis.core.training.settings import EFFORTS

    monkeypatch.setitem(EFFORTS, "fast", 1)  # what is learned is not the question here
    pair = {"HSI": scene.hsi, "PAN": scene.pan}
    outputs = {key: str(tmp_path / name) for key, name in OUTPUTS_OF_SHARPEN.items()}
    result = processing.run("ssml:sharpen", {**pair, "EFFORT": "fast", "DEVICE": "cpu", **outputs})
    assert (result.pop("MARK") in ("pass", "look", "fail"), bool(result.pop("VERDICT"))) == (True, True)
    assert result == outputs
    assert all(os.path.getsize(path) > 0 for path in outputs.values())
    assert shape(result["OUTPUT"]) == (12, 72, 72)
    assert shape(result["DISAGREEMENT"])[1:] == (72, 72)

    again = str(tmp_path / "again.tif")
    fused = processing.run("ssml:fuse", {**pair, "MODEL": result["MODEL"], "DEVICE": "cpu", "OUTPUT": again})
    assert fused["VERDICT"].startswith("Sharpened with SSML; ")
    difference = gdal.Open(again).ReadAsArray() - gdal.Open(result["OUTPUT"]).ReadAsArray()
    assert abs(difference).max() <= 1e-3 * abs(gdal.Open(again).ReadAsArray()).max()

    feedback = QgsProcessingFeedback(False)
    given = {"MODEL": result["MODEL"], "JSON": str(tmp_path / "model.json")}
    said = processing.run("ssml:modelinfo", given, feedback=feedback)
    assert "A model for 12 bands at ratio 3: network SSML, " in feedback.textLog()
    with open(said["JSON"], encoding="utf-8") as file:
        assert '"ratio": 3' in json.dumps(json.load(file))


OUTPUTS_OF_SHARPEN = {
    "OUTPUT": "sharp.tif",
    "MODEL": "model.safetensors",
    "REPORT": "report.html",
    "DISAGREEMENT": "difference.tif",
}


def test_train_on_two_scenes(scene, tmp_path):
    pytest.importorskip("torch")
    given = {"HSI": [scene.hsi, scene.hsi], "PAN": [scene.pan, scene.pan], "STEPS": 1, "DEVICE": "cpu"}
    result = processing.run("ssml:train", {**given, "MODEL": str(tmp_path / "m.safetensors")})
    assert sorted(os.listdir(tmp_path)) == ["m.safetensors"]
    assert result["MODEL"] == str(tmp_path / "m.safetensors")


def test_wrong_input_is_told_in_one_sentence(scene, tmp_path):
    with pytest.raises(QgsProcessingException) as caught:
        processing.run("ssml:classicalfuse", {"HSI": scene.hsi, "PAN": scene.hsi, "OUTPUT": str(tmp_path / "o.tif")})
    sentence = str(caught.value).removeprefix("Unable to execute algorithm\n")  # QGIS's words, before the run begins
    assert sentence.rstrip().endswith(".")
    assert "Traceback" not in sentence
    assert "defect" not in sentence
    assert "\n" not in sentence
    assert os.listdir(tmp_path) == []


class CancelAtOnce(QgsProcessingFeedback):
    """The user presses Cancel as soon as something moves."""

    def __init__(self) -> None:
        super().__init__(False)
        self.progressChanged.connect(lambda _: self.cancel())


def test_cancel_returns_nothing_and_leaves_nothing(scene, tmp_path):
    from qgis.core import QgsApplication

    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ssml:classicalfuse")
    context, feedback = QgsProcessingContext(), CancelAtOnce()
    given = {"HSI": scene.hsi, "PAN": scene.pan, "OUTPUT": str(tmp_path / "o.tif")}
    result, good = algorithm.run(given, context, feedback)
    assert good
    assert feedback.isCanceled()
    assert result == {}
    assert os.listdir(tmp_path) == []


def test_a_model_simulates_fuses_and_assesses(scene, tmp_path):
    source = QgsProcessingModelChildParameterSource
    model = QgsProcessingModelAlgorithm("chain", "tests")
    model.addModelParameter(
        QgsProcessingParameterRasterLayer("REFERENCE", "Reference"), QgsProcessingModelParameter("REFERENCE")
    )

    def child(name, **sources):
        step = QgsProcessingModelChildAlgorithm(f"ssml:{name}")
        step.setChildId(name)
        for key, value in sources.items():
            step.addParameterSources(key, [value])
        return step

    reference = source.fromModelParameter("REFERENCE")
    model.addChildAlgorithm(
        child("simulate", REFERENCE=reference, RATIO=source.fromStaticValue(3), PAN_BANDS=source.fromStaticValue("2-6"))
    )
    pair = {"HSI": source.fromChildOutput("simulate", "HSI"), "PAN": source.fromChildOutput("simulate", "PAN")}
    fuse = child("classicalfuse", **pair, METHOD=source.fromStaticValue("mtf-glp"))
    output = QgsProcessingModelOutput("fused", "fused")
    output.setChildId("classicalfuse")
    output.setChildOutputName("OUTPUT")
    fuse.setModelOutputs({"fused": output})
    model.addChildAlgorithm(fuse)
    fused = source.fromChildOutput("classicalfuse", "OUTPUT")
    assess = child("assess", FUSED=fused, REFERENCE=reference, **pair)
    number = QgsProcessingModelOutput("ergas", "ergas")
    number.setChildId("assess")
    number.setChildOutputName("ERGAS")
    assess.setModelOutputs({"ergas": number})
    model.addChildAlgorithm(assess)
    model.initAlgorithm()

    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    # Newer QGIS makes the name of an output out of its own name alone, and older of the child's, too.
    (fused,) = (d.name() for d in model.parameterDefinitions() if d.isDestination())
    given = {"REFERENCE": scene.reference, fused: str(tmp_path / "fused.tif")}
    result, good = model.run(given, context, feedback)
    assert good, feedback.textLog()
    assert shape(result[fused]) == (12, 72, 72)
    numbers = result["CHILD_RESULTS"]["assess"]
    assert 0 < numbers["ERGAS"] < 20
    # Newer QGIS gives the numbers of a model's steps with the steps alone.
    assert result.get("assess:ergas", numbers["ERGAS"]) == numbers["ERGAS"]


def test_openproduct_writes_the_images_that_the_product_has(provider, tmp_path):
    h5py = pytest.importorskip("h5py")
    product = tmp_path / "PRS_L2D.he5"
    with h5py.File(product, "w") as file:
        corners = {"UL": (0, 0), "UR": (1, 0), "LL": (0, 1), "LR": (1, 1)}
        for name, (right, down) in corners.items():
            file.attrs[f"Product_{name}corner_easting"] = 500000.0 + 240 * right
            file.attrs[f"Product_{name}corner_northing"] = 4600000.0 - 240 * down
        file.attrs["Epsg_Code"] = 32633
        for cube, waves in (("Vnir", [600.0, 500.0]), ("Swir", [2000.0, 1000.0])):
            file.attrs[f"List_Cw_{cube}"] = waves
            file.attrs[f"List_Fwhm_{cube}"] = [10.0, 10.0]
            file.attrs[f"List_Cw_{cube}_Flags"] = np.ones(2, np.uint8)
        for cube in ("Vnir", "Swir", "Pan"):
            file.attrs[f"L2Scale{cube}Min"], file.attrs[f"L2Scale{cube}Max"] = 0.0, 1.0
        swaths = file.create_group("HDFEOS/SWATHS")
        swaths["PRS_L2D_HCO/Data Fields/VNIR_Cube"] = np.full((8, 2, 8), 7, np.uint16)
        swaths["PRS_L2D_HCO/Data Fields/SWIR_Cube"] = np.full((8, 2, 8), 9, np.uint16)
        swaths["PRS_L2D_PCO/Data Fields/Cube"] = np.full((48, 48), 5, np.uint16)
    outputs = {key: str(tmp_path / f"{key}.tif") for key in ("HSI", "PAN", "QUALITY")}
    asked = {"PRODUCT": str(product), **outputs}
    del outputs["QUALITY"]  # a product of this level has none
    assert processing.run("ssml:openproduct", asked) == outputs
    assert gdal.Open(outputs["HSI"]).ReadAsArray()[:, 0, 0].tolist() == [7, 7, 9, 9]
    assert shape(outputs["PAN"]) == (1, 48, 48)


def test_inspect_says_that_a_simulated_pair_is_fit(scene, tmp_path):
    report, numbers = str(tmp_path / "pair.html"), str(tmp_path / "pair.json")
    found = processing.run("ssml:inspect", {"HSI": scene.hsi, "PAN": scene.pan, "REPORT": report, "JSON": numbers})
    assert found["VERDICT"] == "Fit for sharpening."
    assert (found["RATIO"], found["OVERLAP"]) == (RATIO, 1.0)
    assert max(abs(found["SHIFT_X"]), abs(found["SHIFT_Y"])) < 0.3
    assert found["RESPONSE_R2"] > 0.9
    assert os.path.getsize(report) > 0
    with open(numbers, encoding="utf-8") as file:
        assert json.load(file)["verdict"] == found["VERDICT"]


def test_classicalfuse_takes_a_mask(scene, tmp_path, make_raster):
    from osgeo import gdal

    image = gdal.Open(scene.hsi)
    mask = np.zeros((image.RasterYSize, image.RasterXSize), np.uint8)
    mask[:5, :5] = 1
    system = image.GetSpatialRef()
    path = make_raster(tmp_path / "mask.tif", mask, image.GetGeoTransform(), epsg=None)
    target = gdal.Open(path, gdal.GA_Update)
    target.SetSpatialRef(system)
    target = None
    plain = classical(scene, str(tmp_path / "plain.tif"))["OUTPUT"]
    masked = classical(scene, str(tmp_path / "masked.tif"), MASK=path)["OUTPUT"]
    assert not np.array_equal(*(gdal.Open(made).ReadAsArray() for made in (plain, masked)))


@pytest.mark.parametrize(("text", "count"), [("2-4", 3), ("2–4", 3), ("500-700 nm", 5), ("0.5–0.7 um", 5)])
def test_bands_are_named_by_numbers_or_wavelengths_with_either_dash(scene, tmp_path, text, count):
    given = {"HSI": scene.hsi, "PAN": scene.pan, "METHOD": "exp", "MTF": "0.3", "SHIFT": "none"}
    result = processing.run("ssml:classicalfuse", {**given, "BANDS": text, "OUTPUT": str(tmp_path / "o.tif")})
    assert shape(result["OUTPUT"])[0] == count
    outputs = {"HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.tif")}
    made = processing.run("ssml:simulate", {"REFERENCE": scene.reference, "RATIO": 3, "PAN_BANDS": text, **outputs})
    assert shape(made["PAN"])[0] == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"BANDS": "5"}, r"5 is one band of hsi.tif; choose two or more"),
        ({"BANDS": "red"}, r"'red' does not name bands; write their numbers, .* or wavelengths with their unit"),
        ({"HSI_NODATA": "black"}, r"--hsi-nodata \(HSI_NODATA\) is 'black', but it must be a number"),
    ],
)
def test_texts_that_name_nothing_are_told_with_what_to_write(scene, tmp_path, given, sentence):
    pair = {"HSI": scene.hsi, "PAN": scene.pan, "METHOD": "exp", "OUTPUT": str(tmp_path / "o.tif")}
    with pytest.raises(QgsProcessingException, match=sentence):
        processing.run("ssml:classicalfuse", {**pair, **given})
