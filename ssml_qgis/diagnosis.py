"""A plain-text report of the plugin's environment in this QGIS, to be pasted into an issue."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata as packages
from importlib.util import find_spec

import numpy as np
from osgeo import gdal
from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import QT_VERSION_STR

from . import settings
from .core.runtime.devices import choose_device, torch_available
from .core.runtime.errors import InputError
from .core.runtime.failure_log import without_home
from .core.runtime.memory import free_memory
from .core.runtime.progress import Progress
from .package import FOLDER, metadata
from .pytorch.index import driver_cuda
from .pytorch.process import qgis_python
from .pytorch.store import folder_size


def diagnosis(progress: Progress) -> str:
    """The report: sections of "name: value" lines. Where a fact cannot be had, the line gives the reason."""
    sections: tuple[tuple[str, Callable[[], Iterator[tuple[str, str]]]], ...] = (
        ("Versions", _versions),
        ("PyTorch", _pytorch),
        ("Computing", _devices),
        ("Settings", _settings),
        ("Places", _places),
    )
    lines = [f"SSML {metadata('version')}: diagnosis"]
    for number, (title, facts) in enumerate(sections):
        progress.check()
        progress.set(number / len(sections), title)
        lines += ["", title]
        try:
            lines += [f"  {name}: {value}" for name, value in facts()]
        except Exception as error:  # what is broken is what is asked for
            lines.append(f"  stopped by {type(error).__name__}: {' '.join(str(error).split())}")
    return without_home("\n".join(lines) + "\n")


def _versions() -> Iterator[tuple[str, str]]:
    yield "QGIS", Qgis.QGIS_VERSION
    yield "Qt", QT_VERSION_STR
    yield "Python", f"{sys.version.split()[0]} ({sys.implementation.cache_tag})"
    yield "GDAL", gdal.VersionInfo("RELEASE_NAME")
    drivers = ("GTiff", "ENVI", "HDF5")
    yield "GDAL drivers", ", ".join(f"{d} {'yes' if gdal.GetDriverByName(d) else 'no'}" for d in drivers)
    yield "numpy", f"{np.__version__} ({np.__file__})"
    for name in ("torch", "safetensors", "matplotlib"):
        yield name, _version(name)
    yield "System", platform.platform()
    yield "Processor", f"{platform.machine()}, {os.cpu_count()} cores"


def _version(name: str) -> str:
    if sys.modules.get(name) is not None:
        return f"{getattr(sys.modules[name], '__version__', 'unknown version')} (loaded)"
    spec = find_spec(name) if name not in sys.modules else None
    if spec is None:
        return "not installed"
    folder = os.path.dirname(os.path.dirname(spec.origin or ""))
    found = next((d.version for d in packages.distributions(name=name, path=[folder])), "unknown version")
    return f"{found} (not loaded)"


def _pytorch() -> Iterator[tuple[str, str]]:
    spec = find_spec("torch") if torch_available() else None
    yield "comes from", (spec.origin or "nowhere") if spec else "nowhere: run “Install PyTorch” (ssml:installpytorch)"
    installed = settings.store().installed()
    if installed is None:
        yield "the plugin's folder", f"{settings.store().root} (nothing installed)"
    else:
        yield "the plugin's folder", f"{installed.folder} ({folder_size(installed.folder) / 1e6:.0f} MB)"
        yield "packages in it", ", ".join(f"{name} {version}" for name, version in sorted(installed.versions.items()))
    try:
        yield "Python program", qgis_python()
    except InputError as error:
        yield "Python program", str(error)


def _devices() -> Iterator[tuple[str, str]]:
    cuda = driver_cuda()
    yield "NVIDIA driver", f"supports CUDA {cuda[0]}.{cuda[1]}" if cuda else "none found"
    if not torch_available():
        yield "devices", "unknown without PyTorch"
        return
    for name in ("auto", "cuda", "mps"):
        try:
            yield name, choose_device(name)[1]
        except InputError as error:
            yield name, str(error)
            return
    torch = sys.modules["torch"]
    yield "threads of PyTorch", str(torch.get_num_threads())
    yield "CUDA of this PyTorch", str(torch.version.cuda or "none")


def _settings() -> Iterator[tuple[str, str]]:
    yield "PyTorch from", settings.pytorch_source()
    yield "other folder", settings.pytorch_folder() or "none"
    yield "device in new dialogs", settings.device()
    memory = settings.memory()
    yield "memory at most", f"{memory:g} GB" if memory else "automatic"


def _places() -> Iterator[tuple[str, str]]:
    yield "plugin", str(FOLDER)
    profile = QgsApplication.qgisSettingsDirPath()
    for name, folder in (("profile", profile), ("temporary files", tempfile.gettempdir())):
        yield name, f"{folder} ({shutil.disk_usage(folder).free / 1e9:.1f} GB free)"
    free = free_memory()
    yield "free memory", f"{free / 1e9:.1f} GB" if free is not None else "unknown"
    yield "search path of Python", os.pathsep.join(sys.path)
