"""Write docs/algorithms.md, the reference of all Processing algorithms, from the words that the dialogs show.

    python tools/reference.py            write it
    python tools/reference.py --check    end with 1 where the page differs from what would be written

Needs a Python that sees QGIS. Titles and texts come from the declarations of the jobs, keys, types and defaults
from the algorithms themselves, so that the page always agrees with the program.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "algorithms.md"
TYPES = {
    "raster": "raster layer",
    "multilayer": "raster layers",
    "rasterDestination": "raster to write",
    "fileDestination": "file to write",
    "outputString": "text",
}
_qgis: Any = None  # kept, or it would end with the function that starts it


def reference() -> str:
    """The page as Markdown."""
    _reach_qgis()
    from ssml_qgis.algorithms import ALGORITHMS
    from ssml_qgis.package import anchor

    found = [algorithm() for algorithm in ALGORITHMS]
    for algorithm in found:
        algorithm.initAlgorithm()
    lines = [
        "# Algorithms",
        "",
        "All Processing algorithms of the plugin with their parameters. This page is made from the program by",
        "`make docs`. A parameter in *italics* stands under *Advanced parameters* in the dialog.",
        "",
        "| algorithm | what it does |",
        "|---|---|",
        *(
            f"| [`ssml:{a.name()}`](#{anchor(a.displayName(), a.name())}) | {_cell(a.shortDescription())} |"
            for a in found
        ),
    ]
    for algorithm in found:
        lines += ["", *_section(algorithm)]
    return "\n".join(lines) + "\n"


def _section(algorithm: Any) -> list[str]:
    words = algorithm.JOB
    lines = [f"## {words.title} (`ssml:{algorithm.name()}`)", "", _cell(words.summary)]
    for text in words.text:
        lines += ["", _cell(text)]
    lines += ["", "| key | name | type | default | |", "|---|---|---|---|---|"]
    lines += [_row(definition) for definition in algorithm.parameterDefinitions()]
    if words.results:
        lines += ["", "| output | name | |", "|---|---|---|"]
        lines += [f"| `{result.key}` | {_cell(result.label)} | {_cell(result.help)} |" for result in words.results]
    return lines


def _row(definition: Any) -> str:
    from qgis.core import QgsProcessing, QgsProcessingParameterDefinition

    flags = QgsProcessingParameterDefinition.Flag
    name = _cell(definition.description())
    if definition.flags() & flags.FlagAdvanced:
        name = f"*{name}*"
    kind = TYPES.get(definition.type(), definition.type())
    if definition.type() == "multilayer" and definition.layerType() == QgsProcessing.SourceType.TypeFile:
        kind = "files"
    if definition.type() == "enum":
        kind = ("some of " if definition.allowMultiple() else "") + ", ".join(definition.options())
    default = definition.defaultValue()
    if isinstance(default, (list, tuple)):
        default = ", ".join(default)
    if definition.isDestination():
        default = "" if definition.createByDefault() else "not written"
    elif default is None:
        default = "none" if definition.flags() & flags.FlagOptional else "**needed**"
    elif isinstance(default, float) and default == int(default):
        default = int(default)
    return f"| `{definition.name()}` | {name} | {_cell(kind)} | {_cell(str(default))} | {_cell(definition.help())} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _reach_qgis() -> None:
    """Start QGIS without a window, and put the checkout and the plugins that come with it on Python's path."""
    from qgis.core import QgsApplication

    global _qgis
    if QgsApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _qgis = QgsApplication([], False)
        _qgis.initQgis()
    for folder in (str(ROOT), str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins")):
        if folder not in sys.path:
            sys.path.append(folder)


def main() -> None:
    """Do what the command line asks for."""
    page = reference()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
            sys.exit(f"{PAGE.relative_to(ROOT)} is stale: run make docs.")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PAGE.write_text(page, encoding="utf-8", newline="\n")
        print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
