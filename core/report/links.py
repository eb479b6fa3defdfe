"""Links of a page to files beside it, which work wherever both are moved together."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Links:
    """Files and parts of the page.

    Attributes:
        files: what it is -> path of the file.
        page: path of the page.
        parts: what it is -> id of a part of the page.
    """

    files: Mapping[str, str]
    page: str
    parts: Mapping[str, str]

    def markup(self) -> str:
        """The links as HTML."""
        entries = [(name, _address(path, self.page), os.path.basename(path)) for name, path in self.files.items()]
        entries += [(name, f"#{part}", "further down") for name, part in self.parts.items()]
        lines = "".join(
            f'<dt>{html.escape(name)}</dt><dd><a href="{html.escape(address)}">{html.escape(text)}</a></dd>\n'
            for name, address, text in entries
        )
        return f"<dl>\n{lines}</dl>\n"


def _address(path: str, page: str) -> str:
    """Relative to the page; absolute where the two are on different drives."""
    try:
        return quote(Path(os.path.relpath(path, os.path.dirname(os.path.abspath(page)))).as_posix())
    except ValueError:
        return Path(path).absolute().as_uri()
