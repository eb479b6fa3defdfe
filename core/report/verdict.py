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
_HEADS = {PASS: "All is well", LOOK: "Look before you use it", FAIL: "Do not use it as it is"}


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
        rows = "".join(
            f'<tr class="{check.mark}"><td>{_sign(check.mark)}</td><th scope="row">{html.escape(check.name)}</th>'
            f"<td>{html.escape(check.text)}</td></tr>\n"
            for check in self.checks
        )
        head = f'<p class="mark">{_sign(self.mark)} {html.escape(head_of(self.facts()))}</p>'
        return (
            f'<div class="verdict {self.mark}">\n{head}\n<p>{html.escape(self.sentence)}</p>\n'
            f"<table><tbody>\n{rows}</tbody></table></div>\n"
        )


def head_of(facts: Mapping[str, Any]) -> str:
    """What a verdict is to be called: what its mark means, and which checks gave it.

    Args:
        facts: as :meth:`Verdict.facts`.

    Returns:
        As "Look before you use it: Blur of the HSI".
    """
    mark = facts["mark"]
    causes = [check["name"] for check in facts["checks"] if check["mark"] == mark != PASS]
    return f"{_HEADS[mark]}: {', '.join(causes)}" if causes else _HEADS[mark]


def _sign(mark: str) -> str:
    return f'<span class="sign" role="img" aria-label="{_WORDS[mark]}" title="{_WORDS[mark]}">{SIGNS[mark]}</span>'
