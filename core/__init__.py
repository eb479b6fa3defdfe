"""SSML: hyperspectral pansharpening by spectral-spatial mutual learning.

The public names are here: functions on files (``sharpen``, ``train``, ``fuse``, ``classical``, ``simulate``,
``inspect``, ``assess``, ``compare``, ``info``, ``openproduct``), functions on arrays (``sharpen_arrays``,
``fuse_arrays``, ``classical_arrays``), what notebooks draw (``plot_images``, ``plot_spectra``, ``progress_bar``), and
what they raise and report to. Each is loaded when it is first asked for:
importing this package loads neither numpy nor GDAL nor PyTorch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .report.plots import plot_images, plot_spectra
    from .runtime.errors import Cancelled, InputError, MissingDependencyError
    from .runtime.progress import ConsoleProgress, Progress
    from .runtime.progress_bar import progress_bar
    from .runtime.version import __version__
    from .workflows.arrays import FusedArrays, classical_arrays, fuse_arrays, sharpen_arrays
    from .workflows.assess import assess
    from .workflows.classical import classical
    from .workflows.compare import compare
    from .workflows.fuse import fuse
    from .workflows.info import info
    from .workflows.inspect import inspect
    from .workflows.openproduct import openproduct
    from .workflows.sharpen import sharpen
    from .workflows.simulate import simulate
    from .workflows.train import train

__all__ = [
    "Cancelled",
    "ConsoleProgress",
    "FusedArrays",
    "InputError",
    "MissingDependencyError",
    "Progress",
    "__version__",
    "assess",
    "classical",
    "classical_arrays",
    "compare",
    "fuse",
    "fuse_arrays",
    "info",
    "inspect",
    "openproduct",
    "plot_images",
    "plot_spectra",
    "progress_bar",
    "sharpen",
    "sharpen_arrays",
    "simulate",
    "train",
]

_MODULES = {
    "Cancelled": "runtime.errors",
    "ConsoleProgress": "runtime.progress",
    "FusedArrays": "workflows.arrays",
    "InputError": "runtime.errors",
    "MissingDependencyError": "runtime.errors",
    "Progress": "runtime.progress",
    "__version__": "runtime.version",
    "plot_images": "report.plots",
    "plot_spectra": "report.plots",
    "progress_bar": "runtime.progress_bar",
    "classical_arrays": "workflows.arrays",
    "fuse_arrays": "workflows.arrays",
    "sharpen_arrays": "workflows.arrays",
    **{
        job: f"workflows.{job}"
        for job in (
            *("assess", "classical", "compare", "fuse", "info", "inspect", "openproduct", "sharpen", "simulate"),
            "train",
        )
    },
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _MODULES[name].startswith(("workflows.", "report.")):
        from .runtime.dependencies import require_gdal

        require_gdal()
    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
