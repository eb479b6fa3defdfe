"""What the plugin knows of itself: its folder, version and icons. ``metadata.txt`` is the one source of the version."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

FOLDER = Path(__file__).parent


def metadata(key: str) -> str:
    """A value of the ``[general]`` section of metadata.txt."""
    parser = ConfigParser(interpolation=None)
    parser.read(FOLDER / "metadata.txt", encoding="utf-8")
    return parser.get("general", key)


def anchor(title: str, name: str) -> str:
    """Where the reference (docs/algorithms.md) speaks of an algorithm, as web pages make it of the heading."""
    heading = f"{title} (ssml:{name})".lower()
    return "".join(letter for letter in heading if letter.isalnum() or letter in " -").replace(" ", "-")


def icon_path(name: str) -> str:
    """The SVG file of an icon; the provider's own where ``name`` has none."""
    path = FOLDER / "icons" / f"{name}.svg"
    return str(path if path.is_file() else FOLDER / "icons" / "ssml.svg")
