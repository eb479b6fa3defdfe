"""Values of parameters as users write them: which ways of writing are understood, and what is said of the others.

Processing takes some of them without a word for something else: a list for an empty text, letters for the number 0.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from qgis.core import QgsFileUtils

from ..core.workflows.options.declare import Option
from ..translation import tr
from .arguments import is_given

_BETWEEN_WORDS = re.compile("[,;]")
_SWITCHES = ("true", "false", "yes", "1", "0")  # texts that QGIS takes for what they say: any other one is true


def as_declared(parameters: dict[str, Any], options: Iterable[Option]) -> dict[str, Any]:
    """The parameters, with several words as a list, lists of numbers (JSON) as texts, and paths without the quotes that
    Windows copies with them.

    Args:
        parameters: as Processing has them.
        options: of the job.
    """
    made = dict(parameters)
    for option in options:
        key, given = option.key or "", parameters.get(option.key or "")
        if option.kind == "choices" and isinstance(given, str):
            made[key] = [word.strip() for word in _BETWEEN_WORDS.split(given) if word.strip()]
        elif option.kind in ("text", "gain") and isinstance(given, (list, tuple)):
            made[key] = ",".join(f"{one:.15g}" if isinstance(one, float) else str(one) for one in given)
        elif option.kind in ("file", "folder") and isinstance(given, str):
            made[key] = given.strip().strip('"')
    return made


def unknown_keys(parameters: dict[str, Any], known: Iterable[str]) -> list[str]:
    """Sentences about parameters that there are none of, as of a typing error in a script: Processing passes them over.

    Args:
        parameters: as Processing has them.
        known: keys of the algorithm's parameters, which are written in upper case.
    """
    keys = list(known)
    said = []
    for given in parameters:
        near = difflib.get_close_matches(str(given).upper(), keys, 1) if given not in keys else []
        if near:
            said.append(
                tr("{given} is no parameter and does nothing; is it {known}?").format(given=given, known=near[0])
            )
        elif given not in keys:
            said.append(tr("{given} is no parameter and does nothing.").format(given=given))
    return said


def no_value(parameters: dict[str, Any], options: Iterable[Option]) -> str:
    """A sentence about a value that its option cannot have, where QGIS says nothing, or only that it is incorrect; ""
    where there is none.

    Args:
        parameters: as :func:`as_declared` returns them.
        options: of the job.
    """
    for option in options:
        given = parameters.get(option.key or "")
        sentence = _no_value(option, given) if is_given(given) else ""
        if sentence:
            return sentence
    return ""


def _no_value(option: Option, given: Any) -> str:
    if option.kind in ("choice", "choices"):
        return _no_word(option, given)
    if option.kind in ("whole", "number") and option.bounds:
        return _no_number(option, given, option.bounds)
    if option.kind == "switch" and isinstance(given, str) and given.strip().lower() not in _SWITCHES:
        return tr("{key} is {value}: write true or false.").format(key=option.key, value=given)
    if option.kind == "extent" and isinstance(given, (list, tuple)):
        text = tr("{key} is a list: write one text, xmin,xmax,ymin,ymax [EPSG:...].")
        return text.format(key=option.key)
    named = isinstance(given, str) and option.kind == "file" and option.filter
    if named and not QgsFileUtils.fileMatchesFilter(given, tr(option.filter)):
        text = tr("{key} is {value}, which is no file as it is needed: {filter}.")
        return text.format(key=option.key, value=given, filter=tr(option.filter))
    return ""


def _no_word(option: Option, given: Any) -> str:
    """Of what is neither a text, a number nor a list of such, as an expression, nothing is said."""
    words = given if isinstance(given, (list, tuple)) else [given]
    unknown = [word for word in words if isinstance(word, (str, int, float)) and str(word) not in option.words()]
    text = tr("{key} is {word}, which is none of its words: {words}.")
    return text.format(key=option.key, word=unknown[0], words=", ".join(option.words())) if unknown else ""


def _no_number(option: Option, given: Any, bounds: tuple[float, float]) -> str:
    """Of what is neither a number nor a text, as an expression, nothing is said."""
    if not isinstance(given, (int, float, str)):
        return ""
    whole = option.kind == "whole"
    try:
        number = float(given)
        good = bounds[0] <= number <= bounds[1] and (not whole or number.is_integer())
    except ValueError:
        good = False
    text = tr("{key} is {value}: give a whole number from {low} to {high}.") if whole else ""
    text = text or tr("{key} is {value}: give a number from {low} to {high}.")
    low, high = (f"{bound:.10g}" for bound in bounds)
    return "" if good else text.format(key=option.key, value=given, low=low, high=high)
