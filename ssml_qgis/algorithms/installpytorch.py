"""``ssml:installpytorch``."""

from __future__ import annotations

import sys
from typing import Any

from qgis.core import (
    QgsNetworkAccessManager,
    QgsProcessingContext,
    QgsProcessingFeedback,
)
from qgis.PyQt.QtNetwork import QNetworkProxy

from .. import settings
from ..core.runtime.progress import Progress
from ..pytorch.index import proxy_environment
from ..setup_jobs import INSTALL
from ..translation import tr
from .arguments import Arguments
from .base import SsmlAlgorithm


class InstallPytorchAlgorithm(SsmlAlgorithm):
    """Puts PyTorch and safetensors into the plugin's own folder of the profile."""

    JOB = INSTALL

    def __init__(self) -> None:
        super().__init__()
        self._proxy: dict[str, str] = {}

    def prepareAlgorithm(
        self, given: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Take QGIS's proxy, which belongs to the thread that this is called in."""
        self._proxy = qgis_proxy()
        return super().prepareAlgorithm(given, context, feedback)

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Install, and use it from now on."""
        from ..pytorch.install import Request, install

        loaded = "torch" in sys.modules
        if self._proxy.get("HTTPS_PROXY", "").startswith("socks"):
            progress.warning(tr("pip needs the package PySocks for a SOCKS proxy, as QGIS's settings name one."))
        request = Request(**self.values(arguments), proxy=self._proxy)
        installed = install(settings.store(), request, progress)
        if installed is None:
            return {}
        if loaded:
            progress.warning(tr("Another PyTorch is loaded: start QGIS again to use the one installed now."))
        else:
            settings.apply_pytorch()
        if settings.pytorch_source() in ("qgis", "folder"):
            progress.warning(
                tr(
                    "The settings (Options, Processing, SSML) say that PyTorch comes from “{source}”: choose “auto” or "
                    "“plugin” there to use what was installed."
                ).format(source=settings.pytorch_source())
            )
        return {"FOLDER": str(installed.folder), "TORCH": installed.versions["torch"]}


def qgis_proxy() -> dict[str, str]:
    """The proxy of QGIS's settings as environment variables; none where QGIS follows the system, as pip does."""
    manager = QgsNetworkAccessManager.instance()
    proxy = manager.fallbackProxy()
    kinds = {
        QNetworkProxy.ProxyType.HttpProxy: "http",
        QNetworkProxy.ProxyType.HttpCachingProxy: "http",
        QNetworkProxy.ProxyType.Socks5Proxy: "socks5h",
    }
    kind = kinds.get(proxy.type())
    if kind is None or not proxy.hostName():
        return {}
    excluded = (*manager.excludeList(), *manager.noProxyList())
    return proxy_environment(kind, proxy.hostName(), proxy.port(), proxy.user(), proxy.password(), excluded)
