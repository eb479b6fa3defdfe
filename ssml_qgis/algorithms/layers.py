"""How results look when QGIS loads them: true colours by wavelength, a colour ramp for the disagreement, a name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from qgis.core import (
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
    QgsRasterMinMaxOrigin,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from ..core.report.pictures import COLOUR_STOPS, STRETCH, true_colour_bands

_HIGHEST = 0.98  # of the disagreement: what is higher is shown in the last colour
_SAMPLE = 250_000  # pixels from which the limits of colours are computed

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
    draw = _draw_disagreement if disagreement else _true_colour(path)
    if draw is not None:
        _kept.append(_Style(draw))
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


def _true_colour(path: str) -> Callable[[QgsRasterLayer], None] | None:
    """What draws an image; None for one or two bands, which QGIS draws in grey by itself."""
    from ..core.io.reader import RasterReader

    with RasterReader(path) as reader:
        return partial(_draw_bands, true_colour_bands(reader.metadata)) if reader.bands > 2 else None


def _draw_bands(bands: tuple[int, int, int], layer: QgsRasterLayer) -> None:
    """Show three bands, each stretched between its 2nd and 98th percentile."""
    layer.setRenderer(QgsMultiBandColorRenderer(layer.dataProvider(), *(band + 1 for band in bands)))
    limits = QgsRasterMinMaxOrigin()
    limits.setCumulativeCutLower(STRETCH[0] / 100)
    limits.setCumulativeCutUpper(STRETCH[1] / 100)
    limits.setLimits(QgsRasterMinMaxOrigin.Limits.CumulativeCut)
    layer.renderer().setMinMaxOrigin(limits)
    layer.setContrastEnhancement(
        QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum,
        QgsRasterMinMaxOrigin.Limits.CumulativeCut,
    )


def _draw_disagreement(layer: QgsRasterLayer) -> None:
    """Show one band in the colours of the reports, from 0 on, with a legend."""
    provider = layer.dataProvider()
    high = provider.cumulativeCut(1, 0.0, _HIGHEST, layer.extent(), _SAMPLE)[1] or 1.0
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
