"""Paths as callers give them: text or any path-like object; everything else is refused in one sentence."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import Any, Union

from .errors import InputError

StrPath = Union[str, "os.PathLike[str]"]
TEMPORARY = "ssml-"  # how names of our folders among the temporary ones of the system begin


def as_path(path: StrPath, name: str = "The path") -> str:
    """A path as text.

    Args:
        path: text, bytes or an object with ``__fspath__``, as :class:`pathlib.Path`.
        name: what to call it in the error.

    Returns:
        The path as text.

    Raises:
        InputError: it is something else, as an array.
    """
    try:
        return os.fsdecode(path)
    except TypeError:
        raise InputError(f"{name} is {_kind(path)}, not the path of a file; {_ADVICE}.") from None


def paths(**named: StrPath) -> tuple[str, ...]:
    """Paths as text, in the order given; an error calls them by the names of the arguments.

    Args:
        named: the paths, by the names of the caller's arguments.

    Returns:
        Each path as text.

    Raises:
        InputError: one is no path.
    """
    return tuple(as_path(path, name) for name, path in named.items())


def path_list(given: Sequence[StrPath], name: str) -> list[str]:
    """Several paths as text.

    Args:
        given: the paths.
        name: what to call the list in the error.

    Returns:
        Each path as text.

    Raises:
        InputError: it is no list of paths, but a single one or an array.
    """
    if isinstance(given, (str, bytes, os.PathLike)):
        raise InputError(f"{name} is a single path; give a list of paths.")
    if not isinstance(given, Sequence):
        raise InputError(f"{name} is {_kind(given)}, not a list of paths; {_ADVICE}.")
    return [as_path(path, f"{name}[{number}]") for number, path in enumerate(given)]


_ADVICE = "give a path, or use sharpen_arrays, fuse_arrays or classical_arrays for arrays"


def _kind(value: Any) -> str:
    """What it is, for the sentence: "an array (ndarray) of 3 x 4 x 5", "None"."""
    if value is None:
        return "None"
    kind, shape = type(value).__name__, getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"an array ({kind}) of {' x '.join(map(str, shape))}"
    return f"of type {kind}"


def is_temporary(path: str) -> bool:
    """Whether a file lies in a folder of this software that is removed at the end of the job, as those of arrays do: no
    user can do anything with it.

    Args:
        path: the file.

    Returns:
        Whether it does.
    """
    folder, name = os.path.split(os.path.dirname(path))
    if not name.startswith(TEMPORARY):  # asked first: where no temporary folder can be written to, its name is an error
        return False
    return folder == tempfile.gettempdir()
