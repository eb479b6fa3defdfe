"""The arguments of the command line and the help that explains them, made of the declared jobs."""

from __future__ import annotations

import argparse
import contextlib
import functools
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from ..runtime.dependencies import require_gdal
from ..runtime.errors import InputError
from ..runtime.near_words import hint
from ..runtime.version import __version__
from ..workflows.options import JOBS
from ..workflows.options.declare import Job, Option
from ..workflows.options.given import number_or_word
from .completion import SHELLS

PROGRAM = "ssml"
_CHOICE = re.compile(r"(?:argument (\S+): )?invalid choice: '?([^']*?)'? \(choose from (.*)\)", re.DOTALL)
_NUMBERS = re.compile(r"-[\d.]+(e[+-]?\d+|,.*)", re.IGNORECASE)  # negative ones that argparse takes for options


class _ListMethods(argparse.Action):
    """Prints the classical methods, and ends as --help does."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        require_gdal()
        from ..fusion.classical import METHODS

        for name, method in METHODS.items():
            print(f"{name:<14} {method.title}: {method.source}")
        parser.exit(0)


_JSON = "print one JSON object on standard output, with all that the job found"
_OF_ALL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--config", {"metavar": "TOML", "help": "a file of options; what is given here counts instead of it"}),
    ("--quiet", {"action": "store_true", "help": "say nothing but warnings and errors"}),
    ("--debug", {"action": "store_true", "help": "show where an error comes from (a traceback)"}),
)
"""What only the command line has, and every job."""
BATCH, COMPLETION = "batch", "completion"
"""What is no job of the engine."""
_BATCH_JOBS = ("sharpen", "fuse", "classical", "compare", "inspect")
STDOUT = "-"
"""What ``--json`` without a file stands for."""


_TYPES: dict[str, Any] = {"whole": int, "number": float, "extent": float, "gain": number_or_word}


_LAYOUT = functools.partial(argparse.RawDescriptionHelpFormatter, max_help_position=28, width=100)


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence, and what may have been meant; keeps the layout of
    descriptions.

    Args:
        options: of argparse's.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_LAYOUT, allow_abbrev=False, **options)
        self.passes_on = False  # whether unknown words are for another parser
        self._raises = False

    @contextlib.contextmanager
    def raising(self) -> Iterator[None]:
        """In it, an error is an InputError and does not end the program."""
        parsers = [self, *job_parsers(self).values()]
        try:
            for parser in parsers:
                parser._raises = True
            yield
        finally:
            for parser in parsers:
                parser._raises = False

    def known_options(self) -> list[str]:
        """The flags of this parser's options."""
        return [flag for action in self._actions for flag in action.option_strings]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but numbers such as -3.4e38 and -9999,0 after an option are its values, no options.

        Args:
            args: words; those of the program by default.
            namespace: that takes the values; a new one by default.

        Returns:
            (the values, words that are not understood: none, as they are an error or kept in ``more``).
        """
        words: list[str] = []
        for word in sys.argv[1:] if args is None else args:
            if words and _NUMBERS.fullmatch(word) and words[-1].startswith("--") and "=" not in words[-1]:
                word = f"{words.pop()}={word}"
            words.append(word)
        found, unknown = super().parse_known_args(words, namespace)
        if self.passes_on:
            found.more = unknown
            return found, []
        if unknown:  # said by the job's own parser, which knows what may have been meant
            if not unknown[0].startswith("-"):
                self.error(self._too_many(words, unknown))
            hints = [hint(word.partition("=")[0], self.known_options(), choose=False) for word in unknown]
            near = max(hints, key=len)
            self.error(f"unrecognized arguments: {' '.join(unknown)}{near.rstrip('.')}")
        return found, unknown

    def _too_many(self, words: Sequence[str], unknown: Sequence[str]) -> str:
        """What is said of words that no option takes: a second file, a blank in a name or between numbers."""
        before = [word for word in words[: words.index(unknown[0])] if word.startswith("--")]
        flag = before[-1].partition("=")[0] if before else ""
        switch = any(flag in action.option_strings and action.nargs == 0 for action in self._actions)
        start = f"{flag} takes {'no' if switch else 'one'} value, and" if flag else "it is not said what is meant by"
        end = ": quotation marks stand around names with blanks, commas between numbers" if flag and not switch else ""
        if flag == "--hsi" and self.prog.split()[-1] in _BATCH_JOBS:
            end = f": many pairs are for {PROGRAM} {BATCH}"
        return f"{start} {' '.join(unknown)}{' is left over' if flag else ''}{end}"

    def error(self, message: str) -> NoReturn:
        """End with one sentence, or raise it in :meth:`raising`.

        Args:
            message: argparse's.

        Raises:
            InputError: in :meth:`raising`.
        """
        choice = _CHOICE.fullmatch(message)
        if choice:
            what, given, words = choice[1] or "word", choice[2], re.findall(r"[^\s',]+", choice[3])
            message = f"there is no {what} {given!r}{hint(given, words).rstrip('.')}"
        end = " See" if message.endswith("?") else "; see"
        sentence = f"{message[:1].upper()}{message[1:]}{end} {self.prog} --help."
        if self._raises:
            raise InputError(sentence)
        self.exit(2, f"{sentence}\n")


def job_parsers(parser: argparse.ArgumentParser) -> dict[str, Parser]:
    """The parsers of the jobs.

    Args:
        parser: of the whole command line.

    Returns:
        Each by the job's name.
    """
    found: dict[str, Parser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found.update(action.choices)
    return found


def build_parser() -> Parser:
    """The parser of the whole command line; ``job`` of what it returns names the subcommand."""
    parser = Parser(
        prog=PROGRAM,
        description=textwrap.fill(
            "Hyperspectral sharpening: brings a hyperspectral image (HSI) to the resolution of a sharper image of "
            "the same place, panchromatic (PAN) or of several bands. `sharpen` does all of it; `train` and `fuse` are "
            "its two halves, for many scenes of one sensor; `simulate` and `assess` measure how good results are.",
            96,
        ),
        epilog=f"{PROGRAM} JOB --help explains each job with an example.",
    )
    parser.add_argument("--version", action="version", version=f"SSML {__version__}")
    jobs = parser.add_subparsers(dest="job", metavar="JOB", required=True)
    for job in JOBS:
        _add_job(jobs, job)
    _add_batch(jobs)
    _add_completion(jobs)
    return parser


def _add_batch(jobs: Any) -> None:
    summary = "Does a job for each pair of a table, and writes one page about all of them."
    text = (
        f"{summary} A pair that fails does not stop the others.",
        "The table is a CSV file whose first line names its columns: hsi and pan, files beside the table; name, which "
        "the results are called by; and any options of the job, as mtf. Options after the table are for all pairs, "
        "and so is a TOML file of options: what the table says of a pair counts most, the file least.",
        "Semicolons stand between several files in a cell, quotation marks around a cell that has the table's "
        "separator in it. Files to write go to the folder of results; one that is named for all pairs "
        "(--model m.safetensors) is written for each, as NAME-m.safetensors.",
    )
    description = "\n\n".join(textwrap.fill(paragraph, 96) for paragraph in text)
    example = f"example:\n  {PROGRAM} {BATCH} pairs.csv --out results --effort fast"
    parser = jobs.add_parser(BATCH, help=summary, description=description, epilog=example)
    parser.passes_on = True
    parser.add_argument("pairs", metavar="CSV", help="the table of pairs")
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where the results and overview.html go")
    parser.add_argument("--job", dest="of", default="sharpen", choices=_BATCH_JOBS, help="(default sharpen)")
    skip = "leave out pairs whose result and report are there already, as after an interruption"
    parser.add_argument("--skip-existing", action="store_true", help=skip)
    parser.add_argument("--json", action="store_true", help=_JSON)
    for flag, more in _OF_ALL:
        parser.add_argument(flag, **more)


def _add_completion(jobs: Any) -> None:
    summary = "Prints what lets a shell complete jobs, options and their words."
    where = "bash: add it to ~/.bashrc as: source <(ssml completion bash)"
    parser = jobs.add_parser(COMPLETION, help=summary, description=summary, epilog=where)
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def _add_job(jobs: Any, job: Job) -> None:
    paragraphs = [" ".join((job.summary, job.terminal)).strip(), *job.text]
    text = "\n\n".join(textwrap.fill(_plain(paragraph), 96) for paragraph in paragraphs)
    epilog = f"example:\n  {PROGRAM} {job.name} {job.example}"
    parser = jobs.add_parser(job.name, help=_plain(job.summary), description=text, epilog=epilog)
    groups: dict[str, Any] = {}
    for option in job.declared():
        if option.one_of and option.one_of not in groups:
            groups[option.one_of] = parser.add_mutually_exclusive_group(required=True)
        if option.flag:
            _add_option(groups.get(option.one_of, parser), option, job.several(option))
    if job.name == "classical":
        parser.add_argument("--list", help="say which methods there are, and end", action=_ListMethods, nargs=0)
    if not any(option.flag == "--json" for option in job.declared()):
        parser.add_argument("--json", action="store_true", help=_JSON)
    for flag, more in _OF_ALL:
        parser.add_argument(flag, **more)


def _plain(text: str) -> str:
    """With quotation marks that every terminal has."""
    return text.translate({ord("“"): '"', ord("”"): '"'})


def _add_option(parser: Any, option: Option, several: bool) -> None:
    flags = (option.flag or "").split()
    more: dict[str, Any] = {"default": option.default, "help": _plain(option.help).replace("%", "%%")}
    if option.default not in (None, "", ()) and option.default is not False:
        more["help"] += f" (default {option.default})"
    if flags[0].startswith("-"):
        more.update(dest=option.name, required=option.needed)
    if option.kind == "switch":
        parser.add_argument(*flags, dest=option.name, action="store_true", help=more["help"])
        return
    if option.kind == "choice" and isinstance(option.choices, tuple) and not option.open:
        more["choices"] = option.choices
    else:
        more["metavar"] = option.metavar or ("N" if option.bounds else "F")
    more["type"] = _TYPES.get(option.kind)
    if flags == ["--json"]:  # a file, or standard output
        more.update(nargs="?", const=STDOUT, help=f"{more['help']} Without a file: on standard output.")
    if several:
        more["nargs"] = 4 if option.kind == "extent" else "+"
    parser.add_argument(*flags if flags[0].startswith("-") else [option.name], **more)
