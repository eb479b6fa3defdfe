"""The files of a product: in a folder, in a zip archive, or beside the file that names it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from osgeo import gdal

from ..io.gdal_errors import gdal_messages
from ..runtime.errors import InputError

_DEPTH = 5  # folders below a product's folder that are looked into
_MOST = 20_000  # files of a folder or an archive
_CUT = 100  # characters: of longer names that a pax archive holds GDAL knows these; of other kinds it knows all
_VIRTUAL = ("/vsizip/", "/vsitar/")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")


@dataclass(frozen=True)
class Members:
    """The files of one product.

    Attributes:
        given: what the user named.
        scene: how the names of the product's files start; "" where a folder is all of it.
        paths: the files, as GDAL opens them, sorted.
        beside: all files in the folder of the key file, those of other products as well.
    """

    given: str
    scene: str
    paths: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of what was named, for sentences."""
        return base_name(self.given)

    def all(self, pattern: str) -> list[str]:
        """The files whose names fit a pattern.

        Args:
            pattern: regular expression of what follows :attr:`scene` in the whole name; case makes no difference.

        Returns:
            Their paths, sorted.
        """
        fits = re.compile(re.escape(self.scene) + f"(?:{pattern})", re.IGNORECASE)
        return [path for path in self.paths if fits.fullmatch(base_name(path))]

    def first(self, *patterns: str) -> str:
        """The first file that fits the first pattern that any fits.

        Args:
            *patterns: as :meth:`all` takes them, the best one first.

        Returns:
            Its path; "" where there is none.
        """
        return next((found[0] for found in map(self.all, patterns) if found), "")

    def need(self, what: str, *patterns: str) -> str:
        """As :meth:`first`, of a file without which the product cannot be read.

        Args:
            what: its name, for the error.
            *patterns: as :meth:`first` takes them.

        Returns:
            Its path.

        Raises:
            InputError: it is not there.
        """
        found = self.first(*patterns)
        if not found:
            raise self.lacks(what)
        return found

    def lacks(self, what: str) -> InputError:
        """The refusal of a product of which files are missing.

        Args:
            what: the files' name.

        Returns:
            The error, to be raised.
        """
        return InputError(f"{self.name} lacks its {what}; get the whole product, and keep its files together.")

    def refuse_classes(self, pattern: str, what: str) -> None:
        """Refuse a file of classes or flags that was named as an image.

        Args:
            pattern: regular expression that a part of its name fits.
            what: such a file shows.

        Raises:
            InputError: the named file is one.
        """
        if re.search(pattern, self.name, re.IGNORECASE):
            raise InputError(
                f"{self.name} shows {what} and no brightness; choose the product's folder, or a band of it."
            )


def base_name(path: str) -> str:
    """The last part of a path, of any system.

    Args:
        path: of a file or folder.

    Returns:
        Its name.
    """
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or path


def is_container(path: str) -> bool:
    """Whether a name is that of a folder or an archive.

    Args:
        path: what the user named.

    Returns:
        Whether it is.
    """
    return os.path.isdir(path) or (path.lower().endswith(ARCHIVES) and os.path.isfile(path))


def files_of(path: str, depth: int = _DEPTH) -> list[str]:
    """The files in a folder or an archive, as GDAL opens them; links to folders are not followed.

    Args:
        path: the folder or archive, or a folder in an archive as GDAL opens it (``/vsizip/...``).
        depth: folders below a folder on disk that are looked into.

    Returns:
        Their paths, sorted; none where it cannot be read.

    Raises:
        InputError: there are too many of them, or GDAL cannot tell their names.
    """
    found: list[str] = []
    if os.path.isdir(path):
        for root, folders, names in os.walk(path):
            level = os.path.relpath(root, path).count(os.sep) + (root != path)
            folders[:] = folders if level < depth else []
            found += [os.path.join(root, name) for name in names]
            _check_count(found, path)
    else:
        folder = _in_archive(path)
        with gdal_messages() as messages:
            listed = (messages.call(gdal.ReadDirRecursive, folder) if folder else None) or []
        if folder.startswith(_VIRTUAL[1]) and max(map(len, listed), default=0) == _CUT:
            raise InputError(
                f"{base_name(path)} holds files of which GDAL reads {_CUT} characters of the name only, as of tar "
                "archives of the kind pax: unpack it and choose the product's folder in it."
            )
        found = [f"{folder}/{name}" for name in listed if not name.endswith("/")]
        _check_count(found, path)
    return sorted(found)


def _in_archive(path: str) -> str:
    """An archive, or a folder in one, as GDAL lists it; "" of anything else."""
    if path.startswith(_VIRTUAL):
        return path
    if not os.path.isfile(path):
        return ""
    return (_VIRTUAL[0] if path.lower().endswith(".zip") else _VIRTUAL[1]) + os.path.abspath(path)


def _check_count(found: Sequence[str], path: str) -> None:
    if len(found) > _MOST:
        raise InputError(f"{base_name(path)} holds more than {_MOST} files; choose the folder or file of one product.")
