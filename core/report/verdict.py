"""The first box of a page: what the result is worth, in a sentence and in checks that are passed, or not."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

PASS, LOOK, FAIL = "pass", "look", "fail"
_ORDER = (PASS, LOOK, FAIL)
SIGNS = {PASS: "✓", LOOK: "!", FAIL: "✗"}
_WORDS = {PASS: "Pass", LOOK: "Look", FAIL: "Fail"}
HEADS = {PASS: "All is well", LOOK: "Look before you use it", FAIL: "Do not use it as it is"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it is about, in a few words.
        mark: "pass", "look" (a person should look at it) or "fail".
        text: what was found, and what to do where it is no pass.
    """

    name: str
    mark: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """What a result, or a pair, is worth.

    Attributes:
        sentence: one or two sentences.
        checks: what that rests on.
    """

    sentence: str
    checks: Sequence[Check]

    @property
    def mark(self) -> str:
        """The worst of all checks."""
        return max((check.mark for check in self.checks), key=_ORDER.index, default=PASS)

    def facts(self) -> dict[str, Any]:
        """As JSON has it: ``mark`` and ``checks``, each with ``name``, ``mark`` and ``text``."""
        return {"mark": self.mark, "checks": [asdict(check) for check in self.checks]}

    def markup(self) -> str:
        """The box as HTML."""
        return box(self.sentence, self.facts())


def box(sentence: str, facts: Mapping[str, Any], head: str = "") -> str:
    """The box of a verdict as HTML.

    Args:
        sentence: what it says.
        facts: as :meth:`Verdict.facts`.
        head: in the place of the usual words for its mark.

    Returns:
        an element.
    """
    rows = "".join(
        f'<tr class="{check["mark"]}"><td>{_sign(check["mark"])}</td><th scope="row">{html.escape(check["name"])}</th>'
        f"<td>{html.escape(check['text'])}</td></tr>\n"
        for check in facts["checks"]
    )
    mark = facts["mark"]
    return (
        f'<div class="verdict {mark}">\n<p class="mark">{_sign(mark)} {html.escape(head or HEADS[mark])}</p>\n'
        f"<p>{html.escape(sentence)}</p>\n<table><tbody>\n{rows}</tbody></table></div>\n"
    )


def _sign(mark: str) -> str:
    return f'<span class="sign" role="img" aria-label="{_WORDS[mark]}" title="{_WORDS[mark]}">{SIGNS[mark]}</span>'
