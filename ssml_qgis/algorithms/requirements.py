"""Which Python packages the learning algorithms miss, and what to do about it."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from .. import settings
from ..core.runtime.devices import torch_available
from ..translation import tr


def missing_packages_sentence() -> str:
    """One sentence that says what is missing and how to get it; "" where nothing is missing."""
    if "torch" not in sys.modules:  # installed, or chosen in the settings, since QGIS started
        settings.apply_pytorch()
    missing = {}
    if not torch_available():
        missing["torch"] = "PyTorch"
    if not _safetensors_available():
        missing["safetensors"] = "safetensors"
    if not missing:
        return ""
    return tr(
        "The Python of QGIS lacks {names}: run “Install PyTorch” (ssml:installpytorch, in the group Set-up) once, or "
        "“python3 -m pip install {packages}” with that Python; “Fuse with a classical method” works without."
    ).format(names=" + ".join(missing.values()), packages=" ".join(missing))


def _safetensors_available() -> bool:
    try:
        return find_spec("safetensors") is not None
    except ValueError:  # an import that was blocked or went wrong half-way
        return False
