"""The plugin's own folder of packages in the user's QGIS profile.

One folder for each Python, so that a QGIS with another Python never meets packages that were made for the former one::

    <profile>/ssml/cpython-311-x86_64/
        installed.json      which of the folders is in use, and what is in it
        p1a2b3c4/           packages, as pip puts them there
        wheels/             what a cancelled installation has downloaded so far
        tmp/                pip's temporary files

An installation never changes the folder that is in use, whose libraries a running QGIS may hold: it makes another one
and then replaces ``installed.json``. The former folder is removed when QGIS starts the next time.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_POINTER = "installed.json"
_STALE = 24 * 3600.0
"""Seconds after which an unused folder no longer counts as an installation in progress."""


@dataclass(frozen=True)
class Installed:
    """Packages that are in use.

    Attributes:
        folder: where they lie.
        versions: package -> version.
    """

    folder: Path
    versions: dict[str, str]


@dataclass(frozen=True)
class Store:
    """The packages for one Python; ``root`` is made when something is installed."""

    root: Path

    @classmethod
    def of_profile(cls, profile: str | os.PathLike) -> Store:
        """The store of this Python in a profile's folder."""
        return cls(Path(profile) / "ssml" / f"{sys.implementation.cache_tag}-{platform.machine() or 'any'}")

    @property
    def wheels(self) -> Path:
        """What has been downloaded and not yet been installed."""
        return self.root / "wheels"

    @property
    def temporary(self) -> Path:
        """Where pip puts what it needs for the moment."""
        return self.root / "tmp"

    def installed(self) -> Installed | None:
        """What is in use; None if nothing was installed, or it has been deleted since."""
        try:
            stored = json.loads((self.root / _POINTER).read_text(encoding="utf-8"))
            found = Installed(self.root / Path(stored["folder"]).name, dict(stored["versions"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.folder.name not in ("", "..") and found.folder.is_dir() else None

    def new_folder(self) -> Path:
        """A folder for an installation; short, because paths inside PyTorch are long and Windows counts them."""
        folder = self.root / f"p{secrets.token_hex(3)}"
        folder.mkdir(parents=True)
        return folder

    def put_in_use(self, folder: Path, versions: dict[str, str]) -> Installed:
        """Make a folder the one in use, atomically."""
        former = self.installed()
        names = [*self._former(), *([former.folder.name] if former else [])]
        partial = self.root / f"{_POINTER}.partial"
        content = {"folder": folder.name, "versions": versions, "former": names}
        partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
        os.replace(partial, self.root / _POINTER)
        return Installed(folder, versions)

    def remove_former(self) -> None:
        """Remove the folders that were in use before."""
        for name in self._former():
            shutil.rmtree(self.root / Path(name).name, ignore_errors=True)

    def remove_stale(self) -> None:
        """Remove what an installation that was ended by force has left; what was downloaded stays."""
        used = self.installed()
        for entry in self.root.glob("p*"):
            stale = entry.is_dir() and time.time() - entry.stat().st_mtime > _STALE
            if stale and (used is None or entry != used.folder):
                shutil.rmtree(entry, ignore_errors=True)
        shutil.rmtree(self.temporary, ignore_errors=True)

    def remove_downloads(self) -> None:
        """Remove the temporary files and what was downloaded."""
        for folder in (self.wheels, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)

    def _former(self) -> list[str]:
        try:
            stored = json.loads((self.root / _POINTER).read_text(encoding="utf-8"))
            return [str(name) for name in stored.get("former", []) if (self.root / Path(name).name).is_dir()]
        except (OSError, ValueError, AttributeError, TypeError):
            return []


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
