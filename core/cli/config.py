"""Options in a file: TOML, with the names of the command line, as ``effort = "fast"``.

What stands at the top holds for every job; a table with a job's name, as ``[sharpen]``, for that job alone, and counts
instead. Names may be written with dashes or underscores.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from ..runtime.errors import InputError
from ..runtime.near_words import hint
from ..workflows.options import JOBS

_NOT_THERE = ("config", "json", "help", "version")


def words_of(path: str, job: str, flags: Sequence[str]) -> list[str]:
    """The options of a file for a job, as words of the command line.

    Args:
        path: the file.
        job: name of the job.
        flags: options that the job has, as ``--effort``.

    Returns:
        Such as ["--effort", "fast"].

    Raises:
        InputError: the file cannot be read, is no TOML, or has an option that the job does not have.
    """
    values = read(path)
    names = {one.name for one in JOBS}
    general = {key: value for key, value in values.items() if not isinstance(value, dict)}
    for table in (key for key, value in values.items() if isinstance(value, dict) and key not in names):
        near = hint(table, sorted(names), choose=False)
        raise InputError(f"{path} has a table [{table}], but there is no such job{near}")
    chosen = {flag_of(key): value for key, value in {**general, **values.get(job, {})}.items()}
    words: list[str] = []
    for flag, value in chosen.items():
        known_flag(flag, flags, job, f"{path} has an option {flag[2:]!r}")
        words += words_for(path, flag, value)
    return words


def known_flag(flag: str, flags: Iterable[str], job: str, what: str) -> None:
    """Refuse an option that a job does not have.

    Args:
        flag: as ``--effort``.
        flags: options that the job has.
        job: its name.
        what: begins the sentence, as "o.toml has an option 'efort'".

    Raises:
        InputError: the job does not have it, or only on the command line itself.
    """
    known = [each[2:] for each in flags if each.startswith("--") and each[2:] not in _NOT_THERE]
    if flag[2:] not in known:
        raise InputError(f"{what}, which {job} does not have{hint(flag[2:], known, choose=False)}")


def read(path: str) -> Mapping[str, Any]:
    """What a TOML file says.

    Args:
        path: the file.

    Returns:
        Its values by name.

    Raises:
        InputError: it cannot be read, or is no TOML.
    """
    if not os.path.isfile(path):
        raise InputError(f"{path} does not exist: give a TOML file of options.")
    toml = _parser()
    try:
        with open(path, "rb") as file:
            found: Mapping[str, Any] = toml.load(file)
    except (ValueError, OSError) as error:  # TOMLDecodeError is a ValueError, and so are bytes that are no UTF-8
        raise InputError(f"{path} cannot be read as TOML: {str(error).rstrip('.')}.") from None
    return found


def _parser() -> ModuleType:
    """Python's own parser since 3.11, else tomli."""
    for name in ("tomllib", "tomli"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise InputError(
        "Reading a TOML file needs Python 3.11 or newer, or the package tomli (python -m pip install tomli)."
    )


def flag_of(key: str) -> str:
    """The flag of an option.

    Args:
        key: its name, with dashes or underscores.

    Returns:
        Such as "--hsi-nodata".
    """
    return f"--{key.replace('_', '-')}"


def words_for(path: str, flag: str, value: Any) -> list[str]:
    """An option as words of the command line.

    Args:
        path: the file that gives it.
        flag: as ``--effort``.
        value: text, a number, true, false or a list.

    Returns:
        Such as ["--effort=fast"].

    Raises:
        InputError: the value is something else.
    """
    if isinstance(value, bool):
        return [flag] if value else []
    if isinstance(value, list):
        return [flag, *(str(one) for one in value)]
    if not isinstance(value, (str, int, float)):
        raise InputError(f"{path} gives {flag[2:]} a value that is neither text, a number, true, false nor a list.")
    return [f"{flag}={value}"]
