"""Links of a page to files beside it, which work wherever both are moved together, and to parts of itself."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Link:
    """A value of a table, or a fact, that leads somewhere.

    Attributes:
        text: what is read.
        target: address, as a page has it.
    """

    text: str
    target: str

    def markup(self) -> str:
        """The link as HTML."""
        return f'<a href="{html.escape(self.target)}">{html.escape(self.text)}</a>'


def link_to(path: str, folder: str | Path, text: str = "") -> Link:
    """A link to a file.

    Args:
        path: of the file.
        folder: that the page lies in.
        text: what is read; "" for the file's name.

    Returns:
        The link, relative to the folder; absolute where the two are on different drives.
    """
    try:
        target = quote(Path(os.path.relpath(path, folder)).as_posix())
    except ValueError:
        target = Path(path).absolute().as_uri()
    return Link(text or os.path.basename(path), target)
