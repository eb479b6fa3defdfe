"""Products known by what a file holds: one that was renamed, and one of its arrays by GDAL's name, as QGIS offers it in
place of the file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Callable

from osgeo import gdal

from ..io.gdal_errors import gdal_messages
from ..runtime.errors import InputError
from .container import Container
from .members import base_name

Holds = Callable[[Container], bool]
"""What a product of one HDF5 file offers to the table: whether an open file is one, whatever its name."""

_ARRAY = re.compile(r'(?:NETCDF|HDF5):"?(.+?)"?:/*([^:"]+)$', re.IGNORECASE)
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def array_named(path: str) -> tuple[str, str]:
    """The file and the array that GDAL's name of a subdataset is of.

    Args:
        path: what the user named, as ``NETCDF:"/data/a.nc":reflectance``.

    Returns:
        Both; the path itself and "" where it is no such name.
    """
    match = _ARRAY.match(path)
    return (match[1], match[2]) if match is not None else (path, "")


def same_array(name: str, path: str) -> bool:
    """Whether GDAL's name of a subdataset is that of an array.

    Args:
        name: of the subdataset, where GDAL writes ``_`` for spaces.
        path: of the array in its file.

    Returns:
        Whether it is.
    """
    plain, other = (re.sub(r"\W", "_", each.strip("/")) for each in (name, path))
    return plain.lower() == other.lower()


def what_holds(path: str, holders: Sequence[Holds]) -> int | None:
    """The product that an HDF5 file is, by what it holds.

    Args:
        path: of any file.
        holders: one a product.

    Returns:
        The place of the first that knows the file; None where it is no HDF5 file, or none of them.
    """
    with gdal_messages() as messages:
        file = messages.call(gdal.VSIFOpenL, path, "rb")
        if file is None:
            return None
        head = bytes(messages.call(gdal.VSIFReadL, 1, len(_SIGNATURE), file) or b"")
        gdal.VSIFCloseL(file)
    if head != _SIGNATURE:
        return None
    try:
        opened = Container(path, base_name(path))
    except InputError:  # its reader says what is wrong
        return None
    try:
        return next((place for place, holds in enumerate(holders) if holds(opened)), None)
    finally:
        opened.close()
