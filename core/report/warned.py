"""Warnings in a report, each with the option to set, under the name that its dialog has for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .html import Item, Text


def warning_items(advice: Sequence[Mapping[str, Any]]) -> list[Item]:
    """One paragraph a warning.

    Args:
        advice: warnings with options, as jobs return them.

    Returns:
        The paragraphs; one that says so where there is none.
    """
    items: list[Item] = []
    for one in advice:
        labels = "; ".join(f"“{option['label']}”" for option in one["options"])
        items.append(Text(one["text"] + (f" In the dialog: {labels}." if labels else ""), warning=True))
    return items or [Text("Nothing was warned of.")]
