"""Bring the translations in ``ssml_qgis/i18n`` up to date with the texts of the plugin.

    python3 tools/translations.py            add new texts as unfinished, drop those that are gone
    python3 tools/translations.py --check    end with 1 where that would change a file
    python3 tools/translations.py --new fr   begin a language: a file with all texts, to be translated

The files are Qt's (.ts), one a language: Qt Linguist opens them. The plugin reads them as they are, so nothing is
compiled. Texts are the arguments of ``tr``, and what is declared of all jobs, titles and the graphical models, which
Qt's own tool would not find. Standard library only.
"""

from __future__ import annotations

import ast
import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "ssml_qgis"
FOLDER = PLUGIN / "i18n"
CONTEXT = "SSML"
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")  # as QGIS names it: fr, pt_BR


def texts() -> list[str]:
    """All texts to translate, each once, in a fixed order."""
    found = dict.fromkeys(_of_jobs())
    for path in sorted(PLUGIN.rglob("*.py")):
        if not path.is_relative_to(PLUGIN / "core"):
            found.update(dict.fromkeys(_of_source(path.read_text(encoding="utf-8"))))
    for path in sorted(PLUGIN.glob("models/*.model3")):
        found.update(dict.fromkeys(_of_model(ElementTree.parse(path).getroot())))
    return [text for text in found if text]


def _of_model(model: ElementTree.Element) -> Iterator[str]:
    """What the dialog of a graphical model shows."""
    for option in model.iterfind("./Option[@name='help']/Option"):
        yield option.get("value", "")
    for definition in model.iterfind("./Option[@name='parameterDefinitions']/Option"):
        yield from (
            o.get("value", "") for o in definition.iterfind("Option") if o.get("name") in ("description", "help")
        )


def _of_jobs() -> Iterator[str]:
    """What is declared of all jobs."""
    sys.path.insert(0, str(ROOT))
    from ssml_qgis.core.workflows.options import JOBS
    from ssml_qgis.setup_jobs import DIAGNOSE, INSTALL

    for job in (*JOBS, INSTALL, DIAGNOSE):
        yield from job.texts()


def _of_source(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "tr" and isinstance(node.args[0].value, str):
                yield node.args[0].value
        table = node.value if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) else None
        if table and any(isinstance(target, ast.Name) and target.id == "TITLES" for target in node.targets):
            yield from (value.value for value in table.values if isinstance(value, ast.Constant))


def read(path: Path) -> dict[str, str]:
    """Translations of a file: text to translation, "" where there is none yet."""
    if not path.is_file():
        return {}
    messages = ElementTree.parse(path).getroot().iter("message")
    return {message.findtext("source") or "": message.findtext("translation") or "" for message in messages}


def written(language: str, translated: dict[str, str]) -> str:
    """The file of a language, with the texts as they are now."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<!DOCTYPE TS>"]
    lines += [f'<TS version="2.1" sourcelanguage="en" language="{language}">', "<context>", f"<name>{CONTEXT}</name>"]
    for text in texts():
        translation = translated.get(text, "")
        mark = "" if translation else ' type="unfinished"'
        lines.append(f"<message><source>{escape(text)}</source>")
        lines.append(f"<translation{mark}>{escape(translation)}</translation></message>")
    return "\n".join([*lines, "</context>", "</TS>", ""])


def _begin(language: str) -> None:
    """Write the file of a language that has none yet."""
    path = FOLDER / f"ssml_{language}.ts"
    if path.exists():
        sys.exit(f"{path.relative_to(ROOT)} is there already.")
    path.write_text(written(language, {}), encoding="utf-8", newline="\n")
    print(f"{path.relative_to(ROOT)}: {len(texts())} texts to translate, with Qt Linguist or a text editor")


def main() -> None:
    """Do what the command line asks for."""
    if len(sys.argv) == 3 and sys.argv[1] == "--new" and _LANGUAGE.fullmatch(sys.argv[2]):
        _begin(sys.argv[2])
        return
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    for path in sorted(FOLDER.glob("ssml_*.ts")):
        translated = read(path)
        now = written(path.stem.partition("_")[2], translated)
        if sys.argv[1:]:
            if path.read_text(encoding="utf-8") != now:
                sys.exit(f"{path.relative_to(ROOT)} is stale: run make translations.")
        else:
            path.write_text(now, encoding="utf-8", newline="\n")
            left = sum(not translated.get(text) for text in texts())
            print(f"{path.relative_to(ROOT)}: {left} of {len(texts())} texts are not translated")


if __name__ == "__main__":
    main()
