"""Build the plugin's zip file, or put the plugin into a QGIS profile.

    python3 tools/package.py zip         dist/ssml_qgis-<version>.zip, the same bytes for the same sources
    python3 tools/package.py install     the user's QGIS profile (QGIS_CUSTOM_CONFIG_PATH is respected)

The folder ``ssml_qgis`` links the engine, the metadata and the licence; here the links are followed, so that what comes
out stands alone. Standard library only: runs with any Python, without setting anything up.
"""

from __future__ import annotations

import configparser
import os
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = "ssml_qgis"
LEFT_OUT = (".pyc", ".pyo", ".sh", ".bat", ".orig", ".rej")
REQUIRED = ("__init__.py", "metadata.txt", "LICENSE", "core/__init__.py")
LARGEST = 25 * 1024 * 1024
"""What the official plugin repository accepts, bytes."""


def plugin_files(folder: Path = ROOT / PLUGIN) -> Iterator[tuple[str, Path]]:
    """The files that make the plugin, as (path inside the plugin, file), in a fixed order."""
    found = {}
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        for name in names:
            if not name.startswith(".") and not name.endswith(LEFT_OUT):
                path = Path(parent, name)
                found[path.relative_to(folder).as_posix()] = path
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        sys.exit(f"{folder} lacks {', '.join(missing)}: is the checkout complete, and does it have its links?")
    return iter(sorted(found.items()))


def version(metadata: Path = ROOT / "metadata.txt") -> str:
    """The version that QGIS reads."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(metadata.read_text(encoding="utf-8"))
    return parser["general"]["version"].strip()


def build_zip(folder: Path = ROOT / "dist", root: Path = ROOT) -> Path:
    """Write the zip of a checkout into a folder and return its path. No clock and no user's rights go into it."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{PLUGIN}-{version(root / 'metadata.txt')}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in plugin_files(root / PLUGIN):
            entry = zipfile.ZipInfo(f"{PLUGIN}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    if target.stat().st_size > LARGEST:
        sys.exit(f"{target} has {target.stat().st_size} bytes; the plugin repository takes {LARGEST} at most.")
    return target


def profile() -> Path:
    """The folder of the user's default QGIS profile."""
    custom = os.environ.get("QGIS_CUSTOM_CONFIG_PATH")
    if custom:
        return Path(custom) / "profiles" / "default"
    home = Path.home()
    if sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        data = Path(os.environ.get("APPDATA", home / "AppData" / "Roaming"))
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    # A user of QGIS 4 alone has no folder of QGIS 3.
    name = "QGIS4" if (data / "QGIS" / "QGIS4").is_dir() and not (data / "QGIS" / "QGIS3").is_dir() else "QGIS3"
    return data / "QGIS" / name / "profiles" / "default"


def install() -> Path:
    """Copy the plugin into the profile, in the place of an earlier one, and return its folder."""
    target = profile() / "python" / "plugins" / PLUGIN
    files = list(plugin_files())
    if target.is_symlink():
        sys.exit(f"{target} is a link (to {target.resolve()}), so it is left as it is: remove it to install a copy.")
    if target.exists():
        shutil.rmtree(target)
    for name, path in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / name)
    return target


def main() -> None:
    """Do what the command line asks for."""
    if sys.argv[1:] == ["zip"]:
        path = build_zip()
        print(f"{path} ({path.stat().st_size / 1024:.0f} kB)")
    elif sys.argv[1:] == ["install"]:
        print(f"Installed in {install()}")
        print("Start QGIS again and enable 'SSML' under Plugins > Manage and Install Plugins > Installed.")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
