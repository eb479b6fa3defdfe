"""What QGIS shows of results: names, colours, legend."""

from __future__ import annotations

import processing
import pytest
from qgis.core import (
    QgsMultiBandColorRenderer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)

from ssml_qgis.algorithms.layers import show

pytestmark = pytest.mark.usefixtures("ssml_plugin")


def loaded(algorithm: str, given: dict, outputs: list[str]) -> dict[str, QgsRasterLayer]:
    """Run an algorithm as a dialog does, with its results loaded: layer by output."""
    context, feedback, project = QgsProcessingContext(), QgsProcessingFeedback(), QgsProject()
    context.setProject(project)
    context.setFeedback(feedback)
    for key in outputs:
        details = QgsProcessingContext.LayerDetails(key, project, key)
        context.addLayerToLoadOnCompletion(given[key], details)
    results = processing.run(algorithm, given, context=context, feedback=feedback)
    layers = {}
    for key in outputs:
        layer = QgsRasterLayer(results[key], key)
        details = context.layerToLoadOnCompletionDetails(results[key])
        details.setOutputLayerName(layer)
        if details.postProcessor() is not None:
            details.postProcessor().postProcessLayer(layer, context, feedback)
        layers[key] = layer
    return layers


def test_an_image_is_shown_in_true_colours_and_named_after_its_method(scene, tmp_path):
    given = {"HSI": scene.hsi, "PAN": scene.pan, "METHOD": "gsa", "OUTPUT": str(tmp_path / "o.tif")}
    layer = loaded("ssml:classicalfuse", given, ["OUTPUT"])["OUTPUT"]
    assert layer.name() == "Gram-Schmidt, adaptive (GSA): hsi"
    renderer = layer.renderer()
    assert isinstance(renderer, QgsMultiBandColorRenderer)
    # Bands of the scene: 400 nm, then one each 50 nm.
    assert (renderer.redBand(), renderer.greenBand(), renderer.blueBand()) == (6, 4, 2)
    stretch = renderer.redContrastEnhancement()
    statistics = layer.dataProvider().bandStatistics(6)
    assert statistics.minimumValue < stretch.minimumValue() < stretch.maximumValue() < statistics.maximumValue
    assert renderer.minMaxOrigin().cumulativeCutLower() == pytest.approx(0.02)


def test_a_disagreement_has_a_colour_ramp_with_a_legend(scene, tmp_path):
    pytest.importorskip("torch")
    outputs = {"OUTPUT": str(tmp_path / "o.tif"), "DISAGREEMENT": str(tmp_path / "d.tif")}
    given = {"HSI": scene.hsi, "PAN": scene.pan, "EFFORT": "fast", "DEVICE": "cpu", **outputs}
    layers = loaded("ssml:sharpen", given, list(outputs))
    assert layers["OUTPUT"].name() == "SSML: hsi"
    layer = layers["DISAGREEMENT"]
    assert layer.name() == "Disagreement: hsi"
    renderer = layer.renderer()
    assert isinstance(renderer, QgsSingleBandPseudoColorRenderer)
    assert renderer.classificationMin() == 0.0
    assert isinstance(renderer.shader(), QgsRasterShader)
    function = renderer.shader().rasterShaderFunction()
    assert len(function.colorRampItemList()) >= 2
    assert function.legendSettings().suffix() == " σ"
    statistics = layer.dataProvider().bandStatistics(1)
    assert 0 < renderer.classificationMax() <= statistics.maximumValue


def test_simulated_images_are_named_after_the_reference(scene, tmp_path):
    given = {"REFERENCE": scene.reference, "RATIO": 3, "PAN_RANGE": "480-690"}
    given |= {"HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.tif")}
    layers = loaded("ssml:simulate", given, ["HSI", "PAN"])
    assert layers["HSI"].name() == "Simulated HSI: reference"
    assert isinstance(layers["HSI"].renderer(), QgsMultiBandColorRenderer)
    assert layers["PAN"].name() == "Simulated PAN: reference"


def test_what_is_not_loaded_is_left_alone(scene):
    show(QgsProcessingContext(), scene.hsi, "no layer")
    show(QgsProcessingContext(), "", "no output")
