"""How results look when QGIS loads them: true colours by wavelength, a colour ramp for the disagreement, a name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from qgis.core import (
    Qgis,
    QgsColorRampLegendNodeSettings,
    QgsColorRampShader,
    QgsContrastEnhancement,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsMapLayer,
    QgsMultiBandColorRenderer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from ..core.report.pictures import COLOUR_STOPS, STRETCH, true_colour_bands

_HIGHEST = STRETCH[1]  # percentile of the disagreement: what is higher is shown in the last colour
_SAMPLE = 500  # rows and columns, at most, from which the limits of colours are computed

# QGIS keeps a bare pointer to a post-processor until the layer is loaded, long after the algorithm is gone.
_kept: deque[QgsProcessingLayerPostProcessorInterface] = deque(maxlen=256)


def show(context: QgsProcessingContext, path: str, name: str, disagreement: bool = False) -> None:
    """Say how a result is to be called and drawn, where it is going to be loaded at all.

    Args:
        path: a raster that is written, as the algorithm's output has it.
        name: of the layer.
        disagreement: whether it is a disagreement of networks, not an image.
    """
    if not path or not context.willLoadLayerOnCompletion(path):
        return
    details = context.layerToLoadOnCompletionDetails(path)
    details.name = name
    details.forceName = True
    _kept.append(_Style(_drawing(path, disagreement)))
    details.setPostProcessor(_kept[-1])


class _Style(QgsProcessingLayerPostProcessorInterface):
    """Draws the layer of a result."""

    def __init__(self, draw: Callable[[QgsRasterLayer], None]) -> None:
        super().__init__()
        self._draw = draw

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Called by QGIS in its main thread, when the layer is loaded."""
        if isinstance(layer, QgsRasterLayer):
            self._draw(layer)


def _drawing(path: str, disagreement: bool) -> Callable[[QgsRasterLayer], None]:
    """What draws a raster, its limits measured on a sample of the file, in physical units, as QGIS's provider delivers
    them. Not by QGIS: since 3.44 its histogram of a band with a scale is empty, and limits out of it are NaN."""
    from ..core.io.reader import RasterReader
    from ..core.report.pictures import overview, stretch_limits

    with RasterReader(path) as reader:
        bands = true_colour_bands(reader.metadata) if reader.bands > 2 else (0,)
        values, valid = overview(reader, bands, _SAMPLE)
    if disagreement:
        shown = values[valid]
        return partial(_draw_disagreement, float(np.percentile(shown, _HIGHEST)) if shown.size else 0.0)
    return partial(_draw_bands, bands, stretch_limits(values, valid).tolist())


def _draw_bands(bands: Sequence[int], limits: Sequence[tuple[float, float]], layer: QgsRasterLayer) -> None:
    """Show three bands, or one in grey, each stretched between its limits."""
    provider = layer.dataProvider()
    stretches = [_stretch(provider.dataType(band + 1), *pair) for band, pair in zip(bands, limits)]
    if len(bands) == 1:
        renderer = QgsSingleBandGrayRenderer(provider, bands[0] + 1)
        renderer.setContrastEnhancement(stretches[0])
    else:
        renderer = QgsMultiBandColorRenderer(provider, *(band + 1 for band in bands))
        renderer.setRedContrastEnhancement(stretches[0])
        renderer.setGreenContrastEnhancement(stretches[1])
        renderer.setBlueContrastEnhancement(stretches[2])
    layer.setRenderer(renderer)


def _stretch(data_type: Qgis.DataType, low: float, high: float) -> QgsContrastEnhancement:
    stretch = QgsContrastEnhancement(data_type)
    stretch.setMinimumValue(low, False)
    stretch.setMaximumValue(high, False)
    stretch.setContrastEnhancementAlgorithm(
        QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum, True
    )
    return stretch


def _draw_disagreement(highest: float, layer: QgsRasterLayer) -> None:
    """Show one band in the colours of the reports, from 0 on, with a legend."""
    provider = layer.dataProvider()
    high = highest or 1.0
    function = QgsColorRampShader(
        0.0,
        high,
        colour_ramp(),
        QgsColorRampShader.Type.Interpolated,
        QgsColorRampShader.ClassificationMode.Continuous,
    )
    function.classifyColorRamp(len(COLOUR_STOPS), 1)
    legend = QgsColorRampLegendNodeSettings()
    legend.setSuffix(" σ")
    function.setLegendSettings(legend)
    shader = QgsRasterShader(0.0, high)
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(provider, 1, shader)
    renderer.setClassificationMin(0.0)
    renderer.setClassificationMax(high)
    layer.setRenderer(renderer)


def colour_ramp() -> QgsGradientColorRamp:
    """The colours of the reports' maps."""
    colours = [QColor(*stop) for stop in COLOUR_STOPS]
    last = len(colours) - 1
    stops = [QgsGradientStop(place / last, colour) for place, colour in enumerate(colours[1:last], start=1)]
    return QgsGradientColorRamp(colours[0], colours[last], False, stops)
