"""How Python finds the packages of a folder without replacing any of QGIS's own.

The folder goes to the *end* of ``sys.path``: whatever QGIS's Python has, above all numpy, stays what every plugin gets.
A finder in front gives the few packages that must come from the folder (PyTorch and what QGIS's Python has not, or has
too old for it) to those who ask for them by name. Standard library only: the check after an installation uses it, too.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import cast

LEARNING = frozenset({"torch", "torchgen", "functorch", "safetensors", "triton", "nvidia"})
"""PyTorch and what is of no use without it."""
NEVER = frozenset({"numpy", "osgeo", "gdal", "qgis", "PyQt5", "PyQt6", "sip"})
"""What QGIS's own libraries are compiled for: another one of these would bring them down."""


class PreferredFinder(MetaPathFinder):
    """Finds some top-level modules in one folder, before any other place."""

    def __init__(self, folder: str, modules: frozenset[str]) -> None:
        self.folder, self.modules = folder, modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by Python for every import."""
        if path is None and fullname in self.modules:
            return PathFinder.find_spec(fullname, [self.folder])
        return None


def top_level_modules(folder: str) -> frozenset[str]:
    """The modules and packages that lie in a folder; none that Python itself or QGIS's libraries bring along."""
    names = set()
    for entry in Path(folder).iterdir():
        name = entry.name.split(".")[0]
        is_module = entry.suffix in (".py", ".so", ".pyd") or (entry.is_dir() and "." not in entry.name)
        if is_module and name.isidentifier() and name not in ("bin", "share", "include", "__pycache__"):
            names.add(name)
    return frozenset(names) - NEVER - frozenset(getattr(sys, "stdlib_module_names", sys.builtin_module_names))


def prefer(folder: str, modules: frozenset[str] | None = None) -> None:
    """Make a folder's modules importable, before those of the same name elsewhere; whatever was preferred is forgotten.

    Args:
        folder: as pip makes it with ``--target``, or any ``site-packages``.
        modules: those that shall come from there; all that lie there by default.
    """
    forget()
    sys.meta_path.insert(0, PreferredFinder(folder, top_level_modules(folder) if modules is None else modules))
    sys.path.append(folder)
    importlib.invalidate_caches()


def use(source: str, own: str, other: str) -> None:
    """Set up where PyTorch comes from.

    Args:
        source: "auto" (what QGIS's Python has, and from the plugin's folder what it has not), "plugin" (the plugin's
            folder first), "qgis" (QGIS's Python alone) or "folder" (another folder first).
        own: the plugin's folder of packages, "" if there is none.
        other: the other folder, "" if there is none.
    """
    forget()
    if source == "folder" and other and Path(other).is_dir():
        prefer(other, LEARNING)
    elif source == "plugin" and own:
        prefer(own)
    elif source == "auto" and own:
        prefer(own, top_level_modules(own) - {name for name in LEARNING if is_found(name)})


def is_found(name: str) -> bool:
    """Whether a module is installed; does not load it."""
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # an import that was blocked or went wrong half-way
        return False


def forget() -> None:
    """Undo :func:`prefer`; modules that are loaded stay."""
    for finder in _ours():
        sys.meta_path.remove(finder)
        if finder.folder in sys.path:
            from_the_end = sys.path[::-1].index(finder.folder)
            del sys.path[-1 - from_the_end]


def _ours() -> list[PreferredFinder]:
    # By name: the check runs this file under another module name than the plugin does.
    ours = [finder for finder in sys.meta_path if type(finder).__name__ == PreferredFinder.__name__]
    return cast("list[PreferredFinder]", ours)
