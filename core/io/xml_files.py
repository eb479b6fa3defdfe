"""XML files of products, refused where they could cost time or memory without limit.

Product metadata is plain: elements, attributes, texts. So it is read in one pass over the text, with limits of its
size and of the number and the depth of its elements; whatever declares something (``<!DOCTYPE``, ``<!ENTITY``) is
refused, which no product's metadata does. Parsers of whole XML know more, and some of them spend minutes or gigabytes
on it.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator

from osgeo import gdal

from ..runtime.errors import InputError
from .gdal_errors import gdal_messages

MAX_BYTES = 32 * 1024**2  # that an XML file may have; products' metadata has a few MB at most
MAX_TAGS = 400_000  # in it
MAX_DEPTH = 64  # of elements inside each other
_ATTRIBUTE = re.compile(r"\s*([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")  # at a place, never searched for


class Element:
    """An element of an XML document; names are without the prefix of a namespace.

    Args:
        name: as in the document.
        attributes: their values by name.
    """

    __slots__ = ("_attributes", "children", "full_name", "name", "pieces")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.full_name, self._attributes = name, attributes
        self.name = name.rpartition(":")[2]
        self.pieces: list[str] = []
        self.children: list[Element] = []

    def __iter__(self) -> Iterator[Element]:
        return iter(self.children)

    @property
    def text(self) -> str:
        """The text that stands directly in the element, without blanks around it."""
        return "".join(self.pieces).strip()

    def attribute(self, name: str) -> str:
        """The value of an attribute.

        Args:
            name: of the attribute.

        Returns:
            Its value, "" where there is none.
        """
        return self._attributes.get(name, "")

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


def text_of_file(path: str, limit: int = MAX_BYTES) -> str:
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
    return _parsed(text_of_file(path), os.path.basename(path))


def _damaged(name: str) -> InputError:
    return InputError(f"{name} is no complete XML file; get a fresh copy of the product.")


def _parsed(text: str, name: str) -> Element:
    """The root element. One pass over the text: the time is that of its length."""
    if "\0" in text or text.count("<") > MAX_TAGS:
        raise InputError(f"{name} is not the metadata of a product ({MAX_TAGS} elements at most); it is not read.")
    place, document = 0, Element("", {})
    inside = [document]
    while (start := text.find("<", place)) >= 0:
        inside[-1].pieces.append(html.unescape(text[place:start]))
        ending = _ending(text, start, name)
        stop = text.find(ending, start)
        if stop < 0:
            raise _damaged(name)
        place = stop + len(ending)
        if ending == "]]>":
            inside[-1].pieces.append(text[start + len("<![CDATA[") : stop])
        elif ending == ">" and text[start + 1] == "/":
            if inside.pop().full_name != text[start + 2 : stop].strip() or not inside:
                raise _damaged(name)
        elif ending == ">":
            empty = text[stop - 1] == "/"
            element = _opened(text[start + 1 : stop - empty], name)
            inside[-1].children.append(element)
            inside += [] if empty else [element]
        if len(inside) > MAX_DEPTH + 1:
            raise InputError(f"{name} has elements more than {MAX_DEPTH} deep; it is not read.")
    if len(inside) != 1 or len(document.children) != 1 or document.text or text[place:].strip():
        raise _damaged(name)
    return document.children[0]


def _opened(tag: str, name: str) -> Element:
    """The element of what stands between < and >."""
    words = tag.split(None, 1)
    if not words or tag[0].isspace():
        raise _damaged(name)
    attributes, rest = {}, words[1].strip() if len(words) > 1 else ""
    place = 0
    while place < len(rest):
        match = _ATTRIBUTE.match(rest, place)
        if match is None:
            raise _damaged(name)
        attributes[match[1]] = html.unescape(match[2] if match[2] is not None else match[3])
        place = match.end()
    return Element(words[0], attributes)


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
