"""Which option to set after a warning, under the name that the dialog has for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .declare import Options

_FLAG, _KEY = re.compile(r"--[a-z][a-z0-9-]+"), re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")


def advice(warnings: Sequence[str], kind: type[Options]) -> list[dict[str, Any]]:
    """The options that warnings speak of.

    Args:
        warnings: sentences, in which options stand as ``--shift`` or ``SHIFT``.
        kind: class of the job's options.

    Returns:
        Of each warning ``text`` and ``options``, each with ``flag``, ``key`` and ``label``, its name in the dialog.
    """
    options = [option for option in kind.declared() if option.label]
    found = []
    for text in warnings:
        named = {*_FLAG.findall(text), *_KEY.findall(text)}
        meant = [option for option in options if option.flag in named or option.key in named]
        each = [{"flag": option.flag, "key": option.key, "label": option.label} for option in meant]
        found.append({"text": text, "options": each})
    return found
