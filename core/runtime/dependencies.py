"""GDAL's Python bindings, which pip cannot choose: they must be those of the system's GDAL."""

from __future__ import annotations

from .errors import MissingDependencyError


def require_gdal() -> None:
    """Make sure that GDAL's Python bindings are there.

    Raises:
        MissingDependencyError: they are not installed, or cannot be loaded.
    """
    try:
        from osgeo import gdal  # noqa: F401
    except ImportError as error:
        reason = "are not installed" if error.name == "osgeo" else f"cannot be loaded ({error})"
        raise MissingDependencyError(
            f"GDAL's Python bindings {reason}; install those of your system's GDAL (Debian, Ubuntu: python3-gdal, and "
            "a virtual environment with --system-site-packages; else: pip install gdal==$(gdal-config --version))."
        ) from None
