"""The versions of what a result was computed with."""

from __future__ import annotations

import platform
import sys

import numpy as np
from osgeo import gdal

from .version import __version__


def versions() -> dict[str, str]:
    """Name -> version, for reports: this software, Python, numpy, GDAL, PyTorch where it is in use, the system."""
    found = {
        "SSML": __version__,
        "Python": platform.python_version(),
        "numpy": np.__version__,
        "GDAL": gdal.VersionInfo("RELEASE_NAME"),
    }
    if "torch" in sys.modules:
        found["PyTorch"] = str(sys.modules["torch"].__version__)
    found["System"] = f"{platform.system()} {platform.machine()}"
    return found
