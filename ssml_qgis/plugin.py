"""The plugin: registers the Processing provider and takes it away again."""

from __future__ import annotations

from qgis.core import QgsApplication

from .provider import SsmlProvider


class SsmlPlugin:
    """Has no window of its own: everything is a Processing algorithm, so it works without ``iface``."""

    def __init__(self) -> None:
        self.provider: SsmlProvider | None = None

    def initProcessing(self) -> None:
        """Register the provider; qgis_process calls this and nothing else."""
        if self.provider is None:
            self.provider = SsmlProvider()
            QgsApplication.processingRegistry().addProvider(self.provider)
            self.provider.refreshAlgorithms()  # now with the models

    def initGui(self) -> None:
        """Start in a QGIS window."""
        self.initProcessing()

    def unload(self) -> None:
        """Take the provider away."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
