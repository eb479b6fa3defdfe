"""What a user may have meant by a word that is not known: one way to say it, everywhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def hint(word: str, words: Iterable[str], choose: bool = True) -> str:
    """The end of a sentence about a word that is not known.

    Args:
        word: what was given.
        words: those that are known.
        choose: whether all are listed where none is near.

    Returns:
        "; is it gsa?", or "; choose one of exp, gsa." where none is near, or "." where these are not to be listed.
    """
    known = list(words)
    near = difflib.get_close_matches(word, known, 1)
    if near:
        return f"; is it {near[0]}?"
    return f"; choose one of {', '.join(known)}." if choose else "."
