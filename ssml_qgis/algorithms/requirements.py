"""Which Python packages the learning algorithms miss, and what to do about it."""

from __future__ import annotations

import sys

from .. import settings
from ..pytorch.search_path import is_found
from ..translation import tr

_LEARNING = {"torch": "PyTorch", "safetensors": "safetensors"}


def missing_packages_sentence() -> str:
    """One sentence that says what is missing and how to get it; "" where nothing is missing."""
    if "torch" not in sys.modules:  # installed, or chosen in the settings, since QGIS started
        settings.apply_pytorch()
    missing = {name: title for name, title in _LEARNING.items() if not is_found(name)}
    if not missing:
        return ""
    return tr(
        "The Python of QGIS lacks {names}: run “Install PyTorch” (ssml:installpytorch, in the group Set-up) once, or "
        "“python3 -m pip install {packages}” with that Python; “Fuse with a classical method” works without."
    ).format(names=" + ".join(missing.values()), packages=" ".join(missing))
