"""Values of options as callers give them."""

from __future__ import annotations

from typing import Any


def is_extent(value: Any) -> bool:
    """Whether a value is four numbers.

    Args:
        value: of an extent.

    Returns:
        Whether it is.
    """
    try:
        return len([float(side) for side in value]) == 4 and not isinstance(value, str)
    except (TypeError, ValueError):
        return False


def number_or_word(text: str) -> float | str:
    """What a "gain" is given as.

    Args:
        text: as typed.

    Returns:
        The number; the text itself where it is none.
    """
    try:
        return float(text)
    except ValueError:
        return text


def as_text(value: Any) -> Any:
    """Numbers and words of a text, which may be given as a sequence.

    Args:
        value: a text, a number, or a list, tuple, range or array of them.

    Returns:
        The text, as "1,2,3"; anything else as it is.
    """
    if hasattr(value, "tolist"):  # of numpy
        value = value.tolist()
    if isinstance(value, (list, tuple, range)):
        return ",".join(str(one) for one in value)
    return str(value) if isinstance(value, (int, float)) else value
