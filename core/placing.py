"""Putting finished files in their place: written beside it under a hidden name, moved there at the end."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence

from .errors import InputError


def check_output(path: str | os.PathLike, inputs: Iterable[str | os.PathLike] = ()) -> None:
    """Make sure that a file can be written at ``path``, before hours of work go into it; nothing is left there.

    Args:
        path: where a result shall lie.
        inputs: files that are read; none may be overwritten. Names that are no files are passed over.

    Raises:
        InputError: no name, a folder, the folder is missing or not writable, or the file is one of the inputs.
    """
    path = os.fspath(path)
    name = os.path.basename(path)
    if not name or os.path.isdir(path):
        raise InputError(f"The output {path!r} is a folder, not a file; add a file name.")
    folder = folder_of(path)
    if not os.path.isdir(folder):
        raise InputError(f"The folder {folder} for {name} does not exist; create it or choose another one.")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{name} cannot be written to {folder} ({reason}); choose another folder.") from None
    for source in map(os.fspath, inputs):
        if os.path.exists(source) and os.path.exists(path) and os.path.samefile(source, path):
            raise InputError(f"The output {name} is one of the input files; choose another name for it.")


def folder_of(path: str) -> str:
    """The folder in which a file lies."""
    return os.path.dirname(os.path.abspath(path))


def partial_path(path: str) -> str:
    """A new hidden name beside ``path``, with its suffix, for the time while it is being written."""
    stem, suffix = os.path.splitext(os.path.basename(path))
    return os.path.join(folder_of(path), f".{stem[:80]}.{secrets.token_hex(4)}.partial{suffix}")


def discard(partial: str) -> None:
    """Remove a partial file and whatever was written beside it under the same name."""
    folder, name = os.path.split(partial)
    stem = os.path.splitext(name)[0]
    with contextlib.suppress(OSError):
        for entry in os.listdir(folder):
            if entry.startswith(stem):
                with contextlib.suppress(OSError):
                    os.remove(os.path.join(folder, entry))


def move_into_place(moves: Sequence[tuple[str, str]], stale: Iterable[str] = ()) -> None:
    """Rename finished files to their final names, in order, replacing what is there.

    Args:
        moves: (partial file, final name); the main file first.
        stale: files that described the replaced file; removed unless they are new ones.

    Raises:
        InputError: a file in place is held by another program (as QGIS does on Windows); says where the finished one
            was kept beside it.
    """
    for done, (partial, final) in enumerate(moves):
        try:
            os.replace(partial, final)
        except OSError as error:
            kept = _keep_beside(moves[done:])
            raise InputError(
                f"{os.path.basename(final)} could not be replaced ({error.strerror or error}): another program, or a "
                f"layer in QGIS, may hold it; the finished result was kept as {kept}."
            ) from None
    finals = {os.path.normcase(os.path.abspath(final)) for _, final in moves}
    for path in stale:
        if os.path.normcase(os.path.abspath(path)) in finals:
            continue
        try:
            os.remove(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InputError(
                f"{moves[0][1]} is finished, but {os.path.basename(path)} beside it describes the former file and "
                f"could not be removed ({error.strerror or error}); delete it."
            ) from None


def _keep_beside(moves: Sequence[tuple[str, str]]) -> str:
    """Give finished files that cannot take their place visible names beside it; the name of the first of them."""
    number = 1
    while True:
        names = [f"{stem}-new{number}{suffix}" for stem, suffix in (os.path.splitext(final) for _, final in moves)]
        if not any(os.path.exists(name) for name in names):
            break
        number += 1
    for (partial, _), name in zip(moves, names):
        try:
            os.rename(partial, name)
        except OSError:
            # Neither place nor name can be taken: a copy under a name that discard() does not know remains possible.
            with contextlib.suppress(OSError):
                _copy(partial, name)
    return names[0]


def _copy(source: str, target: str) -> None:
    with open(source, "rb") as reading, open(target, "xb") as writing:
        while chunk := reading.read(1 << 20):
            writing.write(chunk)
