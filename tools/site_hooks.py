"""Hooks of mkdocs: pages and files outside ``docs`` join the site, and links to them are turned to where they are."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "findings/README.md": "findings.md",
    "examples/indian_pines/README.md": "indian_pines.md",
}
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")


def on_config(config: Any) -> Any:
    """The package under the name that pip gives it, for the API reference."""
    link = ROOT / "build" / "api" / "ssml_core"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT / "core")
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages outside ``docs``, and the files that pages link to."""
    outside = {source: ROOT / source for source in PAGES}
    for page in [*outside.values(), *(ROOT / "docs").rglob("*.md")]:
        for _, target, _ in LINK.findall(page.read_text(encoding="utf-8")):
            path = _repository_path(page, target)
            if not path or path.startswith("docs/") or path in PAGES or not (ROOT / path).is_file():
                continue
            if not files.get_file_from_path(_asset(path)):
                files.append(File.generated(config, _asset(path), abs_src_path=str(ROOT / path)))
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between files of the repository into links of the site."""
    origin = next((ROOT / s for s, p in PAGES.items() if p == page.file.src_uri), ROOT / "docs" / page.file.src_uri)

    def turned(match: re.Match[str]) -> str:
        path = _repository_path(origin, match[2])
        if path is None:
            return match[0]
        inside = PAGES.get(path) or (path[5:] if path.startswith("docs/") else _asset(path))
        start = PurePosixPath(page.file.src_uri).parent
        return match[1] + os.path.relpath(inside, start).replace(os.sep, "/") + match[3]

    return LINK.sub(turned, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Docstrings name things by Sphinx's roles; the site shows the names."""
    return re.sub(r":(?:class|mod|func|meth|data|attr):<code>[.~]*([^<]*)</code>", r"<code>\1</code>", html)


def _repository_path(page: Path, target: str) -> str | None:
    """A link's target from the repository's root; None where it leads elsewhere."""
    if re.match(r"[a-z]+:", target):
        return None
    path = os.path.relpath(os.path.join(page.parent, target), ROOT)
    return path if (ROOT / path).exists() else None


def _asset(path: str) -> str:
    """Where a source file lies in the site: as text, which browsers show."""
    return f"source/{path}" if path.endswith((".png", ".ipynb", ".txt")) else f"source/{path}.txt"
