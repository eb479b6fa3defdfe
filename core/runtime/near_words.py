"""What a user may have meant by a word that is not known: one way to say it, everywhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_AS_NEAR = 0.1  # of similarity: words that are farther from the given one than the nearest by more are not named


def hint(word: str, words: Iterable[str], choose: bool = True) -> str:
    """The end of a sentence about a word that is not known.

    Args:
        word: what was given.
        words: those that are known.
        choose: whether all are listed where none is near.

    Returns:
        "; is it gsa?", "; is it mode or model?" where several are about as near, or "; choose one of exp, gsa." where
        none is, or "." where these are not to be listed.
    """
    known = list(words)
    near = nearest(word, known)
    if near:
        return f"; is it {' or '.join(near)}?"
    return f"; choose one of {', '.join(known)}." if choose else "."


def nearest(word: str, words: Iterable[str]) -> list[str]:
    """The known words that may have been meant.

    Args:
        word: what was given.
        words: those that are known.

    Returns:
        At most three, about as near as the nearest, which comes first.
    """
    near = difflib.get_close_matches(word, list(words), 3)
    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(word)

    def likeness(one: str) -> float:
        matcher.set_seq1(one)
        return matcher.ratio()

    return [one for one in near if likeness(one) >= likeness(near[0]) - _AS_NEAR]
