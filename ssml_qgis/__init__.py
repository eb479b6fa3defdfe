"""SSML for QGIS: hyperspectral pansharpening by spectral-spatial mutual learning, as a Processing provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .plugin import SsmlPlugin


def classFactory(iface: Any) -> SsmlPlugin:
    """Make the plugin; QGIS calls this by its name. ``iface`` is not needed: there is no window."""
    from .plugin import SsmlPlugin

    return SsmlPlugin()
