"""Putting finished files in their place: written beside it under a hidden name, moved there at the end."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import platform
import re
import secrets
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from .errors import InputError
from .paths import TEMPORARY, StrPath, as_path


def check_output(
    path: StrPath, inputs: Iterable[StrPath] = (), replaced: Iterable[str] = (), folder: bool = False
) -> None:
    """Make sure that a file can be written at ``path``, before hours of work go into it; nothing is left there. What
    a run that was killed left of the same file under a hidden name is removed.

    Args:
        path: where a result shall lie.
        inputs: files that are read; none may be overwritten. Names that are no files are passed over. A mapping says
            which input each file is a part of, "" for the input itself.
        replaced: files beside it that are written or removed with it.
        folder: whether the result is a folder, which may take the place of another one.

    Raises:
        InputError: no name, a folder, the folder is missing or not writable, or a file is one of the inputs.
    """
    path = as_path(path)
    name = os.path.basename(path)
    if not name or (os.path.isdir(path) and not folder):
        raise InputError(f"The output {path!r} is a folder, not a file; add a file name.")
    place = folder_of(path)
    if not os.path.isdir(place):
        raise InputError(f"The folder {place} for {name} does not exist; create it or choose another one.")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{name} cannot be written to {place} ({reason}); choose another folder.") from None
    _check_not_read(path, inputs if isinstance(inputs, Mapping) else dict.fromkeys(inputs, ""), replaced)
    _remove_stale_partials(path)


def _check_not_read(path: str, inputs: Mapping[StrPath, str], replaced: Iterable[str]) -> None:
    """Make sure that nothing which is read is overwritten or removed, whatever name it has: links are followed, and
    the file system says whether names that differ in case are one."""
    for written in (path, *replaced):
        if not os.path.exists(written):
            continue
        for source, whole in inputs.items():
            if os.path.exists(source) and (os.path.samefile(source, written) or _lies_in(source, written)):
                part = f" ({whole} is made of it)" if whole else ""
                other = "it" if written == path else f"{os.path.basename(path)}, which replaces it"
                raise InputError(
                    f"The output {os.path.basename(written)} is one of the input files{part}; choose another name for "
                    f"{other}."
                )


def _lies_in(source: StrPath, written: str) -> bool:
    """Whether a file lies in a folder that is replaced."""
    if not os.path.isdir(written):
        return False
    folder = os.path.join(os.path.realpath(written), "")
    return os.path.normcase(os.path.realpath(source)).startswith(os.path.normcase(folder))


def folder_of(path: str) -> str:
    """The folder in which a file lies.

    Args:
        path: a file's path.

    Returns:
        The folder's absolute path.
    """
    return os.path.dirname(os.path.abspath(path))


def partial_path(path: str) -> str:
    """A new hidden name beside ``path`` for the file while it is being written. It holds the id of the process that
    writes.

    Args:
        path: the final path.

    Returns:
        A path in the same folder with the same suffix; nothing is created.
    """
    suffix = os.path.splitext(path)[1]
    return os.path.join(
        folder_of(path), f"{_hidden_prefix(path)}{os.getpid()}-{_system_id()}-{secrets.token_hex(4)}.partial{suffix}"
    )


def discard(partial: str) -> None:
    """Remove a partial file and whatever was written beside it under the same name.

    Args:
        partial: a path of :func:`partial_path`.
    """
    folder, name = os.path.split(partial)
    stem = os.path.splitext(name)[0]
    with contextlib.suppress(OSError):
        for entry in os.listdir(folder):
            if entry.startswith(stem):
                _remove(os.path.join(folder, entry))


@contextlib.contextmanager
def placed(path: StrPath, mode: str = "w", newline: str | None = "\n") -> Iterator[IO[Any]]:
    """Open a new file for writing; it takes its place when the block ends well, and is removed when it does not.

    Args:
        path: the file to write.
        mode: "w" for text in UTF-8, "wb" for bytes.
        newline: line ending of text, as in :func:`open`.

    Yields:
        The open file.

    Raises:
        InputError: it cannot be written, as when the disk is full.
    """
    path = as_path(path)
    partial = partial_path(path)
    encoding, ending = (None, None) if "b" in mode else ("utf-8", newline)
    try:
        with open(partial, mode, encoding=encoding, newline=ending) as file:
            yield file
        move_into_place([(partial, path)])
    except OSError as error:
        raise _write_error(path, error) from None
    finally:
        discard(partial)


@contextlib.contextmanager
def working_folder(path: str = "") -> Iterator[str]:
    """A folder for files that are needed on the way to ``path``, hidden beside it; a temporary one for "".

    Args:
        path: the final file; "" for a folder among the system's temporary ones.

    Yields:
        The folder's path; it is removed at the end.

    Raises:
        InputError: it cannot be made.
    """
    folder = os.path.splitext(partial_path(path))[0] if path else None
    try:
        if folder:
            os.mkdir(folder)
        else:
            folder = tempfile.mkdtemp(prefix=TEMPORARY)
    except OSError as error:
        if not path:
            raise InputError(
                f"A temporary folder could not be written ({error.strerror or error}); make room."
            ) from None
        raise _write_error(path, error) from None
    try:
        yield folder
    finally:
        _remove(folder)


def _hidden_prefix(path: str) -> str:
    """What the hidden names of a file begin with: short enough for a name that is as long as it may be."""
    stem = os.fsencode(os.path.splitext(os.path.basename(path))[0])[:80]
    return f".{stem.decode('utf-8', 'ignore')}."


def _system_id() -> str:
    """An id of this system, where several may write to one folder: a process id is unique on one system only."""
    name = platform.node()
    with contextlib.suppress(OSError):  # containers of one name
        name += os.readlink("/proc/self/ns/pid")
    return f"{zlib.crc32(name.encode()):08x}"


def _remove_stale_partials(path: str) -> None:
    """Remove partial files of ``path`` whose process, on this system, is no more."""
    pattern = re.compile(re.escape(_hidden_prefix(path)) + rf"(\d+)-{_system_id()}-[0-9a-f]{{8}}\.partial")
    with contextlib.suppress(OSError):
        for entry in os.listdir(folder_of(path)):
            match = pattern.match(entry)
            if match and not _process_exists(int(match.group(1))):
                _remove(os.path.join(folder_of(path), entry))


def _process_exists(process: int) -> bool:
    """Whether there is a process of that number."""
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return ctypes.get_last_error() != 87  # ERROR_INVALID_PARAMETER: there is none
        code = ctypes.c_ulong(259)
        kernel.GetExitCodeProcess(ctypes.c_void_p(handle), ctypes.byref(code))
        kernel.CloseHandle(ctypes.c_void_p(handle))
        return code.value == 259  # STILL_ACTIVE
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.remove(path)


def _write_error(path: str, error: OSError) -> InputError:
    folder = folder_of(path)
    if not os.path.isdir(folder):
        return folder_removed_error(path)
    return InputError(
        f"{os.path.basename(path)} could not be written to {folder} ({error.strerror or error}); make room or choose "
        "another folder."
    )


def folder_removed_error(path: str) -> InputError:
    """The error where the folder of a file being written no longer exists.

    Args:
        path: the file.

    Returns:
        The error, to be raised.
    """
    folder = folder_of(path)
    while not os.path.isdir(os.path.dirname(folder)) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return InputError(
        f"The folder {folder} was removed while {os.path.basename(path)} was being written to it; create it "
        "and start again."
    )


def move_into_place(moves: Sequence[tuple[str, str]], stale: Iterable[str] = ()) -> None:
    """Rename finished files to their final names, in order, replacing what is there.

    Args:
        moves: (partial file, final name); the main file first.
        stale: files that described the replaced file; removed unless they are new ones.

    Two runs that write the same files take turns, so that what is there in the end is of one of them.

    Raises:
        InputError: a file in place is held by another program (as QGIS does on Windows); says where the finished one
            was kept beside it. Or the folder was removed.
    """
    with _folder_lock(folder_of(moves[0][1])):
        _move(moves, stale)


def _move(moves: Sequence[tuple[str, str]], stale: Iterable[str]) -> None:
    for done, (partial, final) in enumerate(moves):
        try:
            if os.path.isdir(partial) and os.path.isdir(final):
                _replace_folder(partial, final)
            else:
                os.replace(partial, final)
        except OSError as error:
            if not os.path.isdir(folder_of(final)):
                raise folder_removed_error(final) from None
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


def _replace_folder(partial: str, final: str) -> None:
    """Move a folder to where another one is, which :func:`discard` removes with what else has the hidden name."""
    former = f"{partial}.former"
    os.rename(final, former)
    try:
        os.rename(partial, final)
    except OSError:
        os.rename(former, final)
        raise


@contextlib.contextmanager
def _folder_lock(folder: str) -> Iterator[None]:
    """Keep other runs from moving files into a folder meanwhile; where the system cannot, go on all the same."""
    with contextlib.ExitStack() as stack:
        if sys.platform != "win32":
            import fcntl

            with contextlib.suppress(OSError):
                handle = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _keep_beside(moves: Sequence[tuple[str, str]]) -> str:
    """Give finished files that cannot take their place visible names beside it; the name of the first of them."""
    for number in itertools.count(1):
        names = [f"{stem}-new{number}{suffix}" for stem, suffix in (os.path.splitext(final) for _, final in moves)]
        if not any(os.path.exists(name) for name in names):
            break
    for (partial, _), name in zip(moves, names):
        try:
            os.rename(partial, name)
        except OSError:
            # Neither place nor name can be taken: a copy under a name that discard() does not know remains possible.
            with contextlib.suppress(OSError), open(partial, "rb") as source, open(name, "xb") as copy:
                shutil.copyfileobj(source, copy)
    return names[0]
