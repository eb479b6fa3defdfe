"""The arguments of the command line and the help that explains them, made of the declared jobs."""

from __future__ import annotations

import argparse
import functools
import re
import sys
import textwrap
from typing import Any, NoReturn

from ..runtime.dependencies import require_gdal
from ..runtime.version import __version__
from ..workflows.options import JOBS
from ..workflows.options.declare import Job, Option, number_or_word

PROGRAM = "ssml"
_NUMBERS = re.compile(r"-[\d.]+(e[+-]?\d+|,.*)", re.IGNORECASE)  # negative ones that argparse takes for options


class _ListMethods(argparse.Action):
    """Prints the classical methods, and ends as --help does."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        require_gdal()
        from ..fusion.classical import METHODS

        for name, method in METHODS.items():
            print(f"{name:<14} {method.title}: {method.source}")
        parser.exit(0)


_SWITCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "classical": ("--list", {"help": "say which methods there are, and end", "action": _ListMethods, "nargs": 0}),
    "info": ("--json", {"help": "print everything as JSON", "action": "store_true"}),
}
"""What only the command line has."""


_TYPES: dict[str, Any] = {"whole": int, "number": float, "extent": float, "gain": number_or_word}


_LAYOUT = functools.partial(argparse.RawDescriptionHelpFormatter, max_help_position=28, width=100)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence, and keeps the layout of descriptions."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_LAYOUT, allow_abbrev=False, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, but numbers such as -3.4e38 and -9999,0 after an option are its values, no options."""
        words: list[str] = []
        for word in sys.argv[1:] if args is None else args:
            if words and _NUMBERS.fullmatch(word) and words[-1].startswith("--") and "=" not in words[-1]:
                word = f"{words.pop()}={word}"
            words.append(word)
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; ``job`` of what it returns names the subcommand."""
    parser = _Parser(
        prog=PROGRAM,
        description=textwrap.fill(
            "Hyperspectral pansharpening: brings a hyperspectral image (HSI) to the resolution of a "
            "panchromatic image (PAN) of the same place. `sharpen` does all of it; `train` and `fuse` are its two "
            "halves, for many scenes of one sensor; `simulate` and `assess` measure how good results are.",
            96,
        ),
        epilog=f"{PROGRAM} JOB --help explains each job with an example.",
    )
    parser.add_argument("--version", action="version", version=f"SSML {__version__}")
    jobs = parser.add_subparsers(dest="job", metavar="JOB", required=True)
    for job in JOBS:
        _add_job(jobs, job)
    return parser


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
            several = any(other.name == f"{option.name}_more" for other in job.options.declared())
            _add_option(groups.get(option.one_of, parser), option, several)
    if job.name in _SWITCHES:
        flag, more = _SWITCHES[job.name]
        parser.add_argument(flag, **more)
    parser.add_argument("--debug", action="store_true", help="show where an error comes from (a traceback)")


def _plain(text: str) -> str:
    """With quotation marks that every terminal has."""
    return text.translate({ord("“"): '"', ord("”"): '"'})


def _add_option(parser: Any, option: Option, several: bool = False) -> None:
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
    if option.kind in ("rasters", "choices", "extent") or several:
        more["nargs"] = 4 if option.kind == "extent" else "+"
    parser.add_argument(*flags if flags[0].startswith("-") else [option.name], **more)
