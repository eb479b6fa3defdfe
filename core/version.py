"""The version of this software."""

from __future__ import annotations

import re
from pathlib import Path


def _version() -> str:
    """What metadata.txt, beside this package in a checkout and in the plugin, says; "unknown" where it is not there."""
    try:
        text = (Path(__file__).parent.parent / "metadata.txt").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    found = re.search(r"^version=(\S+)", text, re.MULTILINE)
    return found.group(1) if found else "unknown"


__version__ = _version()
