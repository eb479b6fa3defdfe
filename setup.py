"""What pyproject.toml cannot say: the version is the one in metadata.txt, and the folder `core` is `ssml_core`."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent
PACKAGE = "ssml_core"

found = re.search(r"^version=(\S+)", (ROOT / "metadata.txt").read_text(encoding="utf-8"), re.MULTILINE)
if found is None:
    raise SystemExit("metadata.txt has no version.")

setup(
    version=found.group(1),
    packages=[PACKAGE, *(f"{PACKAGE}.{name}" for name in find_packages(str(ROOT / "core")))],
    package_dir={PACKAGE: "core"},
)
