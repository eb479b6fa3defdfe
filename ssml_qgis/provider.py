"""The Processing provider ``ssml``."""

from __future__ import annotations

from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from . import settings
from .algorithms import ALGORITHMS
from .graphical import shipped_models
from .package import icon_path, metadata
from .translation import tr


class SsmlProvider(QgsProcessingProvider):
    """Gathers the algorithms; loads without PyTorch, which only the learning algorithms ask for."""

    def id(self) -> str:
        """Prefix of the algorithms' ids, as in ``ssml:sharpen``."""
        return "ssml"

    def name(self) -> str:
        """Name in the toolbox."""
        return "SSML"

    def longName(self) -> str:
        """Name where there is room."""
        return tr("SSML Hyperspectral Pansharpening")

    def versionInfo(self) -> str:
        """Version of the plugin, which Processing writes into its logs."""
        return metadata("version")

    def icon(self) -> QIcon:
        """Icon in the toolbox."""
        return QIcon(icon_path("ssml"))

    def svgIconPath(self) -> str:
        """Icon where QGIS wants a file."""
        return icon_path("ssml")

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        """Suffixes that the dialog offers for rasters; the first is the default where the user's own is not here."""
        return ["tif", "tiff", "dat", "img", "bsq", "bil", "bip", "cog.tif", "zarr"]  # GeoTIFF, ENVI, COG, Zarr

    def load(self) -> bool:
        """Called by QGIS when the provider is registered: the settings first, which the algorithms' defaults follow."""
        settings.add(self.name())
        settings.apply_pytorch()
        settings.store().remove_former()
        return super().load()

    def unload(self) -> None:
        """Called by QGIS when the provider is taken away."""
        settings.remove()
        super().unload()

    def loadAlgorithms(self) -> None:
        """Called by QGIS when the provider is registered or refreshed."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
        # A model finds the algorithms that it chains by their names, so they must be in the registry.
        if QgsApplication.processingRegistry().providerById(self.id()) is not None:
            for model in shipped_models():
                self.addAlgorithm(model)
