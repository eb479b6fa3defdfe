"""Which Python packages the learning algorithms miss, and what to do about it."""

from __future__ import annotations

from importlib.util import find_spec

from ..translation import tr

PACKAGES = {"torch": "PyTorch", "safetensors": "safetensors"}


def missing_packages_sentence() -> str:
    """One sentence that says what is missing and how to get it; "" where nothing is missing."""
    missing = [package for package in PACKAGES if not _found(package)]
    if not missing:
        return ""
    return tr(
        "The Python of QGIS lacks {names}: run “python3 -m pip install {packages}” (in the OSGeo4W Shell on Windows, "
        "in a terminal elsewhere) and start QGIS again; “Fuse with a classical method” works without."
    ).format(
        names=" + ".join(PACKAGES[package] for package in missing),
        packages=" ".join(missing),
    )


def _found(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # what is in sys.modules without a spec, such as a package that is hidden on purpose
        return False
