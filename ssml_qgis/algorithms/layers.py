"""How results look when QGIS loads them: true colours by wavelength, colours of maps with legends, names, groups."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    QgsProject,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from ..core.report.pictures import COLOUR_STOPS, STRETCH, true_colour_bands
from ..translation import tr
from .guess import MADE_AS
from .source import Source, is_drawn_plainly

DISAGREEMENT, SHIFT_MAP = "DISAGREEMENT", "SHIFT_MAP"
"""Outputs that are no images."""

_HIGHEST = STRETCH[1]  # percentile of the disagreement: what is higher is shown in the last colour
_SAMPLE = 500  # rows and columns, at most, from which the limits of colours are computed

# QGIS keeps a bare pointer to a post-processor until the layer is loaded, long after the algorithm is gone.
_kept: deque[QgsProcessingLayerPostProcessorInterface] = deque(maxlen=256)


@dataclass(frozen=True)
class Shown:
    """How a result is shown.

    Attributes:
        name: of its layer.
        group: of the layer tree, that it goes to; "" for none.
        key: of the output, that says what it is.
    """

    name: str
    group: str = ""
    key: str = ""


@dataclass(frozen=True)
class InputStyle:
    """A layer of the project that is to be drawn in true colours.

    Attributes:
        layer: its id.
        draw: draws it.
    """

    layer: str
    draw: Callable[[QgsRasterLayer], None]

    def apply(self, project: QgsProject) -> None:
        """Draw it, where it is still there and was not given a style meanwhile."""
        layer = project.mapLayer(self.layer)
        if isinstance(layer, QgsRasterLayer) and is_drawn_plainly(layer):
            self.draw(layer)
            layer.triggerRepaint()


def input_styles(sources: Sequence[Source]) -> list[InputStyle]:
    """True colours for images that were used and are still drawn by their first bands; limits are measured here."""
    return [InputStyle(one.restyled, _drawing(one.path(), "")) for one in sources if one.restyled]


def show(context: QgsProcessingContext, path: str, shown: Shown) -> None:
    """Say how a result is to be called and drawn, where it is going to be loaded at all.

    Args:
        context: of the run.
        path: a raster that is written, as the algorithm's output has it.
        shown: how.
    """
    if not path or not context.willLoadLayerOnCompletion(path):
        return
    details = context.layerToLoadOnCompletionDetails(path)
    details.name = shown.name
    details.forceName = True
    if hasattr(details, "groupName"):  # since QGIS 3.32
        details.groupName = shown.group
    _kept.append(_Style(_drawing(path, shown.key), shown))
    details.setPostProcessor(_kept[-1])


class _Style(QgsProcessingLayerPostProcessorInterface):
    """Draws the layer of a result, and puts it into its group."""

    def __init__(self, draw: Callable[[QgsRasterLayer], None], shown: Shown) -> None:
        super().__init__()
        self._draw, self._shown = draw, shown

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Called by QGIS in its main thread, when the layer is loaded."""
        if not isinstance(layer, QgsRasterLayer):
            return
        self._draw(layer)
        layer.setCustomProperty(MADE_AS, self._shown.key)
        details = QgsProcessingContext.LayerDetails
        project = layer.project()
        if self._shown.group and project is not None and not hasattr(details, "groupName"):
            _put_into_group(layer, self._shown.group, project)


def _put_into_group(layer: QgsMapLayer, name: str, project: QgsProject) -> None:
    """Move a layer of the tree's top into a group, which is made where there is none."""
    root = project.layerTreeRoot()
    node = root.findLayer(layer.id())
    if node is None or node.parent() is not root:
        return
    group = root.findGroup(name) or root.insertGroup(0, name)
    group.insertChildNode(0, node.clone())
    root.removeChildNode(node)


def _drawing(path: str, key: str) -> Callable[[QgsRasterLayer], None]:
    """What draws a raster, its limits measured on a sample of the file, in physical units, as QGIS's provider delivers
    them. Not by QGIS: since 3.44 its histogram of a band with a scale is empty, and limits out of it are NaN."""
    from ..core.io.reader import RasterReader
    from ..core.report.pictures import overview, stretch_limits

    with RasterReader(path) as reader:
        colours = true_colour_bands(reader.metadata) if reader.bands > 2 else (0,)
        bands = (0, 1, 2) if key == SHIFT_MAP else colours
        values, valid = overview(reader, bands, _SAMPLE)
    if key == DISAGREEMENT:
        shown = values[valid]
        return partial(draw_disagreement, float(np.percentile(shown, _HIGHEST)) if shown.size else 0.0)
    if key == SHIFT_MAP:
        moved = np.abs(values[:2][valid[:2]])
        return partial(draw_shift_map, float(np.percentile(moved, _HIGHEST)) if moved.size else 0.0)
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


def draw_disagreement(highest: float, layer: QgsRasterLayer) -> None:
    """Show one band in the colours of the reports, from 0 on, with a legend."""
    high = highest or 1.0
    layer.setRenderer(_coloured(layer, 1, (0.0, high), colour_ramp(), " σ"))


def draw_shift_map(largest: float, layer: QgsRasterLayer) -> None:
    """Give a map of local shifts a style for each band, each with a legend; the shift along columns is shown first."""
    far = largest or 1.0
    manager = layer.styleManager()
    styles = (
        (tr("Shift to the right"), 1, (-far, far), diverging_ramp(), tr(" PAN pixels")),
        (tr("Shift downwards"), 2, (-far, far), diverging_ramp(), tr(" PAN pixels")),
        (tr("Confidence"), 3, (0.0, 1.0), colour_ramp(), ""),
    )
    for name, band, limits, ramp, unit in styles:
        layer.setRenderer(_coloured(layer, band, limits, ramp, unit))
        manager.addStyleFromLayer(name)
    manager.setCurrentStyle(styles[0][0])


def _coloured(
    layer: QgsRasterLayer, band: int, limits: tuple[float, float], ramp: QgsGradientColorRamp, unit: str
) -> QgsSingleBandPseudoColorRenderer:
    """One band in colours between two limits, with a legend in a unit."""
    function = QgsColorRampShader(
        *limits,
        ramp,
        QgsColorRampShader.Type.Interpolated,
        QgsColorRampShader.ClassificationMode.Continuous,
    )
    function.classifyColorRamp(len(COLOUR_STOPS), band)
    legend = QgsColorRampLegendNodeSettings()
    legend.setSuffix(unit)
    function.setLegendSettings(legend)
    shader = QgsRasterShader(*limits)
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band, shader)
    renderer.setClassificationMin(limits[0])
    renderer.setClassificationMax(limits[1])
    return renderer


def diverging_ramp() -> QgsGradientColorRamp:
    """From blue over white, no shift, to orange: distinct with any colour vision."""
    white = QgsGradientStop(0.5, QColor(247, 247, 247))
    return QgsGradientColorRamp(QColor(5, 88, 158), QColor(179, 78, 4), False, [white])


def colour_ramp() -> QgsGradientColorRamp:
    """The colours of the reports' maps."""
    colours = [QColor(*stop) for stop in COLOUR_STOPS]
    last = len(colours) - 1
    stops = [QgsGradientStop(place / last, colour) for place, colour in enumerate(colours[1:last], start=1)]
    return QgsGradientColorRamp(colours[0], colours[last], False, stops)
