"""The log of an unexpected failure: a text file to attach to an issue."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping

_LONGEST = 500  # characters of a fact


def write_failure_log(error: BaseException, job: str, facts: Mapping[str, object] | None = None) -> str:
    """Write versions and the traceback of ``error`` to a new file among the temporary ones.

    Args:
        error: the exception, with its traceback.
        job: what was being done. facts: what else may help, such as parameters, by name.

    Returns:
        The file's path; "" where it cannot be written.
    """
    lines = [f"{time.strftime('%Y-%m-%d %H:%M:%S')}: {job} stopped unexpectedly", "", "Versions"]
    lines += [f"  {name}: {value}" for name, value in {**_versions(), "Platform": platform.platform()}.items()]
    if facts:
        lines += ["", "Facts"]
        lines += [f"  {name}: {_short(value)}" for name, value in facts.items()]
    lines += ["", "".join(traceback.format_exception(type(error), error, error.__traceback__))]
    try:
        handle, path = tempfile.mkstemp(prefix=time.strftime("ssml-failure-%Y%m%d-%H%M%S-"), suffix=".log")
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(without_home("\n".join(lines)))
    except OSError:
        return ""
    return path


def _versions() -> Mapping[str, str]:
    try:
        from .versions import versions

        return versions()
    except Exception as error:  # what is broken may be just that
        return {"Python": sys.version.split()[0], "others": f"unknown ({type(error).__name__}: {error})"}


def _short(value: object) -> str:
    try:
        text = " ".join(repr(value).split())
    except Exception as error:
        text = f"({type(error).__name__} in its repr)"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ... ({len(text)} characters)"


def without_home(text: str) -> str:
    """Text without the user's name, which many paths hold.

    Args:
        text: any text.

    Returns:
        The text with "~" for the home folder.
    """
    home = os.path.expanduser("~")
    return text.replace(home, "~") if len(home) > 1 else text
