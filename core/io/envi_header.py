"""The header of an ENVI file as text: keys and values, whatever GDAL makes of them."""

from __future__ import annotations

import os

from ..runtime.errors import InputError
from .xml_files import text_of_file

_LIMIT = 8 * 1024**2  # bytes; headers have some kB
_BRACES = {"{": "}", "[": "]"}


def read_envi_header(path: str) -> dict[str, str]:
    """The entries of a header, in one pass over its text.

    Args:
        path: of the header, as GDAL opens it.

    Returns:
        Values by lower-case key with single blanks; lists without their braces, whether { } or [ ], and over one line
        or many.

    Raises:
        InputError: it cannot be read, or is no header.
    """
    lines = text_of_file(path, _LIMIT).splitlines()
    if not lines or lines[0].strip() != "ENVI":
        raise InputError(f"{os.path.basename(path)} is no ENVI header; get a fresh copy of the product.")
    found: dict[str, str] = {}
    key, parts, closing = "", [], ""
    for line in lines[1:]:
        begins = line.strip()[:1]
        if closing:
            parts.append(line)
        elif key and not found.get(key) and begins in _BRACES and not "".join(parts).strip():  # a list on the next line
            parts, closing = [line], _BRACES[begins]
            found.pop(key, None)
        elif "=" in line:
            key, _, value = line.partition("=")
            key, parts = " ".join(key.lower().split()), [value]
            closing = _BRACES.get(value.strip()[:1], "")
        else:
            continue
        if not closing or closing in line:
            text = " ".join(" ".join(parts).split())
            found.setdefault(key, text[1 : text.rindex(closing)].strip() if closing else text)
            closing = ""
    return found


def header_list(header: dict[str, str], *keys: str) -> list[str]:
    """The entries of a list.

    Args:
        header: of :func:`read_envi_header`.
        *keys: spellings of its key, the first that is there counts.

    Returns:
        The entries; none where it is not there.
    """
    text = next((header[key] for key in keys if key in header), "")
    return [entry.strip() for entry in text.split(",") if entry.strip()]
