"""What QGIS shows of results: names, colours, legend."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import processing
import pytest
from osgeo import gdal
from qgis.core import (
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsMultiBandColorRenderer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QImage

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


@pytest.fixture(scope="module")
def sharpened(scene, tmp_path_factory):
    """The layers of a result and of its disagreement; the HSI has a scale."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("sharpened")
    outputs = {"OUTPUT": str(folder / "o.tif"), "DISAGREEMENT": str(folder / "d.tif")}
    hsi = scaled(scene.hsi, folder, 1e-4, 0.0)
    given = {"HSI": hsi, "PAN": scene.pan, "EFFORT": "fast", "DEVICE": "cpu", **outputs}
    return loaded("ssml:sharpen", given, list(outputs))


def test_a_disagreement_has_a_colour_ramp_with_a_legend(sharpened):
    assert sharpened["OUTPUT"].name() == "SSML: scaled_hsi"
    layer = sharpened["DISAGREEMENT"]
    assert layer.name() == "Disagreement: scaled_hsi"
    renderer = layer.renderer()
    assert isinstance(renderer, QgsSingleBandPseudoColorRenderer)
    assert renderer.classificationMin() == 0.0
    assert isinstance(renderer.shader(), QgsRasterShader)
    function = renderer.shader().rasterShaderFunction()
    assert len(function.colorRampItemList()) >= 2
    assert function.legendSettings().suffix() == " σ"
    statistics = layer.dataProvider().bandStatistics(1)
    assert 0 < renderer.classificationMax() <= statistics.maximumValue


def test_a_map_of_local_shifts_is_named_after_the_hsi(scene, tmp_path):
    given = {"HSI": scene.hsi, "PAN": scene.pan, "SHIFT_MAP": str(tmp_path / "s.tif")}
    assert loaded("ssml:inspect", given, ["SHIFT_MAP"])["SHIFT_MAP"].name() == "Local shift: hsi"


def test_simulated_images_are_named_after_the_reference(scene, tmp_path):
    given = {"REFERENCE": scene.reference, "RATIO": 3, "PAN_RANGE": "480-690"}
    given |= {"HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.tif")}
    layers = loaded("ssml:simulate", given, ["HSI", "PAN"])
    assert layers["HSI"].name() == "Simulated HSI: reference"
    assert isinstance(layers["HSI"].renderer(), QgsMultiBandColorRenderer)
    assert layers["PAN"].name() == "Simulated PAN: reference"


SCALES = [(1.0, 0.0), (1e-4, 0.0), (2e-4, -0.1), (0.1, 5.0)]


def scaled(path: str, folder: Path, scale: float, offset: float) -> str:
    """A copy of a raster that declares a scale and an offset for all bands."""
    copy = str(folder / f"scaled_{Path(path).name}")
    shutil.copyfile(path, copy)
    dataset = gdal.Open(copy, gdal.GA_Update)
    for number in range(1, dataset.RasterCount + 1):
        dataset.GetRasterBand(number).SetScale(scale)
        dataset.GetRasterBand(number).SetOffset(offset)
    dataset = None
    return copy


def picture(layer: QgsRasterLayer, path: Path) -> np.ndarray:
    """(rows, columns, 3) uint8: red, green and blue of the layer, as the map shows it; kept as a PNG."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(layer.extent())
    settings.setOutputSize(QSize(240, 240))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(path))
    image = job.renderedImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = image.constBits()
    pixels.setsize(240 * 240 * 4)
    return np.frombuffer(pixels, np.uint8).reshape(240, 240, 4)[..., 2::-1].copy()


def assert_contrast(image: np.ndarray) -> None:
    """Many levels in each channel, from dark to bright, and none that fills the picture."""
    for channel in np.moveaxis(image, -1, 0):
        counts = np.bincount(channel.ravel(), minlength=256)
        assert np.count_nonzero(counts) > 60
        assert counts.max() < 0.2 * channel.size
        assert np.percentile(channel, 90) - np.percentile(channel, 10) > 80


@pytest.mark.parametrize(("scale", "offset"), SCALES)
def test_results_with_a_scale_are_drawn_with_contrast(scene, tmp_path, scale, offset):
    hsi = scaled(scene.hsi, tmp_path, scale, offset)
    given = {"HSI": hsi, "PAN": scene.pan, "METHOD": "gsa", "OUTPUT": str(tmp_path / "o.tif")}
    layer = loaded("ssml:classicalfuse", given, ["OUTPUT"])["OUTPUT"]
    assert layer.dataProvider().bandScale(1) == pytest.approx(scale)
    image = picture(layer, tmp_path / f"result_{scale:g}.png")
    assert_contrast(image)
    plain = loaded("ssml:classicalfuse", {**given, "HSI": scene.hsi, "OUTPUT": str(tmp_path / "p.tif")}, ["OUTPUT"])
    expected = picture(plain["OUTPUT"], tmp_path / "plain.png")
    assert np.abs(image.astype(int) - expected).max() <= 2, "a scale is of units: the picture is the same"


@pytest.mark.parametrize(("scale", "offset"), SCALES[1:])
def test_simulated_images_with_a_scale_are_drawn_with_contrast(scene, tmp_path, scale, offset):
    reference = scaled(scene.reference, tmp_path, scale, offset)
    given = {"REFERENCE": reference, "RATIO": 3, "PAN_RANGE": "480-690"}
    given |= {"HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.tif")}
    layers = loaded("ssml:simulate", given, ["HSI", "PAN"])
    assert isinstance(layers["PAN"].renderer(), QgsSingleBandGrayRenderer)
    for key, layer in layers.items():
        assert layer.dataProvider().bandScale(1) == pytest.approx(scale)
        assert_contrast(picture(layer, tmp_path / f"{key}.png"))


def test_a_disagreement_is_drawn_with_contrast(sharpened, tmp_path):
    assert_contrast(picture(sharpened["OUTPUT"], tmp_path / "o.png"))
    image = picture(sharpened["DISAGREEMENT"], tmp_path / "d.png")
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 60


def test_what_is_not_loaded_is_left_alone(scene):
    show(QgsProcessingContext(), scene.hsi, "no layer")
    show(QgsProcessingContext(), "", "no output")


def test_a_cog_is_shown_as_any_geotiff(scene, tmp_path):
    given = {"HSI": scene.hsi, "PAN": scene.pan, "METHOD": "gsa", "OUTPUT": str(tmp_path / "o.cog.tif")}
    layer = loaded("ssml:classicalfuse", given, ["OUTPUT"])["OUTPUT"]
    assert layer.isValid()
    assert gdal.Open(given["OUTPUT"]).GetRasterBand(1).GetBlockSize() == [512, 512]
    assert isinstance(layer.renderer(), QgsMultiBandColorRenderer)


def test_a_zarr_store_is_written_and_loaded_only_where_qgis_shows_its_bands(scene, tmp_path):
    store = str(tmp_path / "o.zarr")
    given = {"HSI": scene.hsi, "PAN": scene.pan, "METHOD": "gsa", "OUTPUT": store}
    context, feedback, project = QgsProcessingContext(), QgsProcessingFeedback(), QgsProject()
    context.setProject(project)
    context.addLayerToLoadOnCompletion(store, QgsProcessingContext.LayerDetails("OUTPUT", project, "OUTPUT"))
    results = processing.run("ssml:classicalfuse", given, context=context, feedback=feedback)
    assert results["OUTPUT"] == store
    assert (Path(store) / ".zmetadata").is_file()
    shown = gdal.OpenEx(store).RasterCount > 0
    assert context.willLoadLayerOnCompletion(store) == shown
    assert ("shows no bands of a Zarr store" in feedback.textLog()) != shown
