"""What a call of the command line asks for: the words of a file of options put in, and a job's values taken out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from ..workflows.options.declare import Job
from .arguments import BATCH, STDOUT, Parser, job_parsers
from .config import words_of

_CONFIG = "--config"


def with_config(words: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    """The words of a call with the options of its file put in front of them, so that what is given there counts less.

    Args:
        words: as typed; the first is the job.
        parser: of the whole command line.

    Returns:
        All words.

    Raises:
        InputError: the file cannot be used.
    """
    path = _file(words)
    job = words[0] if words else ""
    known = job_parsers(parser).get(job)
    if not path or known is None or job == BATCH:  # a batch gives them to each of its calls
        return list(words)
    return [job, *words_of(path, job, known.known_options()), *words[1:]]


def _file(words: Sequence[str]) -> str:
    for place, word in enumerate(words):
        if word.startswith(f"{_CONFIG}="):
            return word.partition("=")[2]
        if word == _CONFIG and place + 1 < len(words):
            return words[place + 1]
    return ""


def values_of(job: Job, options: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    """What a job is given, and whether all that it finds is to be printed.

    Args:
        job: to run.
        options: as parsed.

    Returns:
        (values by name, whether ``--json`` was given without a file).
    """
    values = {option.name: getattr(options, option.name) for option in job.declared() if option.flag}
    to_stdout = getattr(options, "json", False) or values.get("json_path") == STDOUT
    if values.get("json_path") == STDOUT:
        values["json_path"] = ""
    return values, bool(to_stdout)


def parsed(words: Sequence[str], parser: Parser) -> argparse.Namespace:
    """A call that is not the program's own, whose errors are no end of the program.

    Args:
        words: of the call; the first is the job.
        parser: of the whole command line.

    Returns:
        The options.

    Raises:
        InputError: something is wrong with the words.
    """
    with parser.raising():
        return parser.parse_args(list(words))
