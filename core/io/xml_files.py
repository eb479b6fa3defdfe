"""XML files of products, refused before they are parsed where they could cost time or memory without limit.

What is looked at first, in one pass over the text: its size, the number and the depth of its elements, and whether it
declares anything (``<!DOCTYPE``, ``<!ENTITY``), which no product's metadata does. Only what passed is given to GDAL's
parser, which knows no entities but those of XML itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from osgeo import gdal

from ..runtime.errors import InputError
from .gdal_errors import gdal_messages

MAX_BYTES = 32 * 1024**2  # that an XML file may have; products' metadata has a few MB at most
MAX_TAGS = 400_000  # in it
MAX_DEPTH = 64  # of elements inside each other


class Element:
    """An element of an XML document; names are without the prefix of a namespace.

    Args:
        node: as GDAL's parser gives it: type, name, children.
    """

    def __init__(self, node: list[Any]) -> None:
        self._node = node
        self.name = str(node[1]).rpartition(":")[2]

    def __iter__(self) -> Iterator[Element]:
        return (Element(node) for node in self._node[2:] if node[0] == gdal.CXT_Element)

    @property
    def text(self) -> str:
        """The text that stands directly in the element, without blanks around it."""
        return "".join(node[1] for node in self._node[2:] if node[0] == gdal.CXT_Text).strip()

    def attribute(self, name: str) -> str:
        """The value of an attribute.

        Args:
            name: of the attribute.

        Returns:
            Its value, "" where there is none.
        """
        found = (node for node in self._node[2:] if node[0] == gdal.CXT_Attribute and node[1] == name)
        return next(("".join(child[1] for child in node[2:]) for node in found), "")

    def all(self, path: str) -> list[Element]:
        """The elements of a path below this one.

        Args:
            path: names, as ``specific/bandCharacterisation/bandID``.

        Returns:
            All such elements, in the order of the document.
        """
        found = [self]
        for name in path.split("/"):
            found = [child for element in found for child in element if child.name == name]
        return found

    def texts(self, path: str) -> list[str]:
        """The texts of the elements of a path.

        Args:
            path: as :meth:`all` takes it.

        Returns:
            One text an element.
        """
        return [element.text for element in self.all(path)]

    def text_of(self, path: str) -> str:
        """The text of the first element of a path.

        Args:
            path: as :meth:`all` takes it.

        Returns:
            The text; "" where there is no such element.
        """
        return next(iter(self.texts(path)), "")

    def anywhere(self, name: str) -> Iterator[Element]:
        """All elements of a name below this one, at any depth.

        Args:
            name: of the elements.

        Yields:
            Each of them, in the order of the document.
        """
        for child in self:
            if child.name == name:
                yield child
            yield from child.anywhere(name)


def read_text(path: str, limit: int = MAX_BYTES) -> str:
    """A text file, also one inside an archive.

    Args:
        path: as GDAL opens it.
        limit: bytes that it may have.

    Returns:
        The text, of UTF-8; bytes that are none are replaced.

    Raises:
        InputError: it cannot be read, or is too long.
    """
    name = os.path.basename(path)
    with gdal_messages() as messages:
        file = messages.call(gdal.VSIFOpenL, path, "rb")
        if file is None:
            raise InputError(f"{name} cannot be read ({path}); get a fresh copy of the product.")
        try:
            data = bytes(messages.call(gdal.VSIFReadL, 1, limit + 1, file) or b"")
        finally:
            gdal.VSIFCloseL(file)
    if len(data) > limit:
        raise InputError(
            f"{name} has more than {limit // 1024**2} MB, which no product's metadata has; it is not read."
        )
    return data.decode("utf-8-sig", "replace")


def read_xml(path: str) -> Element:
    """The root element of an XML file.

    Args:
        path: as GDAL opens it.

    Returns:
        The root.

    Raises:
        InputError: it cannot be read, is no XML, declares a document type or entities, or is too long or too deep.
    """
    name = os.path.basename(path)
    checked = "".join(_checked(read_text(path), name))
    with gdal_messages() as messages:
        node = messages.call(gdal.ParseXMLString, checked)
    if not isinstance(node, list) or len(node) < 2 or node[0] != gdal.CXT_Element:
        raise _damaged(name)
    return Element(node)


def _damaged(name: str) -> InputError:
    return InputError(f"{name} is no complete XML file; get a fresh copy of the product.")


def _checked(text: str, name: str) -> Iterator[str]:
    """The text without comments and processing instructions, in pieces. One pass: the time is that of the length."""
    if "\0" in text or text.count("<") > MAX_TAGS:
        raise InputError(f"{name} is not the metadata of a product ({MAX_TAGS} elements at most); it is not read.")
    place, depth = 0, 0
    while (start := text.find("<", place)) >= 0:
        yield text[place:start]
        ending = _ending(text, start, name)
        stop = text.find(ending, start)
        if stop < 0:
            raise _damaged(name)
        place = stop + len(ending)
        if ending in ("-->", "?>"):
            continue
        yield text[start:place]
        if ending == ">" and text[stop - 1] != "/":
            depth += -1 if text[start + 1] == "/" else 1
        if not 0 <= depth <= MAX_DEPTH:
            raise InputError(f"{name} has elements more than {MAX_DEPTH} deep, or none where one ends; it is not read.")
    if depth != 0:
        raise _damaged(name)


def _ending(text: str, start: int, name: str) -> str:
    """What ends the markup that starts there."""
    if text.startswith("<!--", start):
        return "-->"
    if text.startswith("<?", start):
        return "?>"
    if text.startswith("<![CDATA[", start):
        return "]]>"
    if text.startswith("<!", start):
        raise InputError(
            f"{name} declares a document type or entities, which no product's metadata does; it is not read: get the "
            "product from its archive."
        )
    return ">"
