"""The text metadata of USGS' products (``..._MTL.txt``): groups of lines ``KEY = value``."""

from __future__ import annotations

import os
import re

from ..io.xml_files import text_of_file
from ..runtime.errors import InputError

_LIMIT = 4 * 1024**2  # bytes; such files have some kB
_LINE = re.compile(r"\s*([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*")


class Mtl:
    """Values by group and key. A key may stand in several groups, with other values: Landsat's Level 2 repeats those of
    its Level 1.

    Args:
        path: of the text, as GDAL opens it.

    Raises:
        InputError: it cannot be read, or is no such text.
    """

    def __init__(self, path: str) -> None:
        self.name = os.path.basename(path)
        self._groups: dict[str, dict[str, str]] = {}
        groups = [""]
        for line in text_of_file(path, _LIMIT).splitlines():
            match = _LINE.fullmatch(line)
            if match is None:
                continue
            key, value = match[1], match[2].strip('"').strip()
            if key == "GROUP":
                groups.append(value)
            elif key == "END_GROUP":
                groups = groups[:-1] or [""]
            else:
                self._groups.setdefault(groups[-1], {}).setdefault(key, value)
        if not self._groups:
            raise InputError(f"{self.name} is no metadata of a product of USGS; get a fresh copy of the product.")

    def text(self, key: str, *groups: str) -> str:
        """A value as it stands there.

        Args:
            key: its name.
            *groups: where it may stand, the first that has it counts; none for anywhere.

        Returns:
            The text; "" where there is none.
        """
        places = [self._groups.get(group, {}) for group in groups] if groups else list(self._groups.values())
        return next((place[key] for place in places if key in place), "")

    def number(self, key: str, *groups: str) -> float | None:
        """A value that is a number.

        Args:
            key: its name.
            *groups: as :meth:`text` takes them.

        Returns:
            The number; None where there is none.

        Raises:
            InputError: it is no number.
        """
        text = self.text(key, *groups)
        try:
            return float(text) if text else None
        except ValueError:
            raise InputError(
                f"{key} in {self.name} is {text!r}, which is no number; get a fresh copy of the product."
            ) from None
