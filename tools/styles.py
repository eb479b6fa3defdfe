"""Write the styles of ssml_qgis/styles, which QGIS loads for maps that were made without it, as on a server.

    python tools/styles.py

They are what the plugin draws its own results with: one definition (``algorithms/layers.py``), with round limits. Needs
a Python that sees QGIS.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STYLES = ROOT / "ssml_qgis" / "styles"
sys.path[:0] = [str(ROOT), "/usr/share/qgis/python/plugins"]
LIMIT = 1.0
"""Standard deviations, and PAN pixels."""


def styles() -> dict[str, str]:
    """The styles by name: QGIS's XML."""
    from ssml_qgis.algorithms.layers import draw_disagreement, draw_shift_map

    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, bands, draw in (("disagreement", 1, draw_disagreement), ("shift", 3, draw_shift_map)):
            layer = _layer(os.path.join(folder, f"{name}.tif"), bands)
            draw(LIMIT, layer)
            made[name] = _symbology(layer)
            del layer  # before its file
    return made


def _layer(path: str, bands: int) -> Any:
    from osgeo import gdal
    from qgis.core import QgsRasterLayer

    gdal.GetDriverByName("GTiff").Create(path, 2, 2, bands, gdal.GDT_Float32).FlushCache()
    return QgsRasterLayer(path, "style")


def _symbology(layer: Any) -> str:
    """The symbology alone."""
    from qgis.core import QgsMapLayer
    from qgis.PyQt.QtXml import QDomDocument

    document = QDomDocument()
    layer.exportNamedStyle(document, categories=QgsMapLayer.StyleCategory.Symbology)
    text = document.toString(1)
    return re.sub(r' version="[^"]*"', "", text, count=1)


def main() -> None:
    """Write them."""
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    STYLES.mkdir(exist_ok=True)
    for name, text in styles().items():
        (STYLES / f"{name}.qml").write_text(text, encoding="utf-8", newline="\n")
        print(f"{name}.qml: {len(text)} bytes")
    os._exit(0)  # QGIS takes layers and bindings down in no safe order


if __name__ == "__main__":
    main()
