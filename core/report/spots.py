"""The places of a result that deserve most doubt, with why, where they lie, and how they look."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

MOST = 10
_APART = 4  # HSI pixels between two places, at least


@dataclass(frozen=True)
class Doubt:
    """One reason for doubt, as a map.

    Attributes:
        plane: (HSI rows, HSI columns) float32, how much there is to doubt; 0 or NaN for nothing.
        reason: a sentence in which ``{value}`` stands for the number.
    """

    plane: np.ndarray
    reason: str


@dataclass(frozen=True)
class Spot:
    """A place.

    Attributes:
        row, col: HSI pixel, counted from 0.
        reason: why it is doubtful.
    """

    row: int
    col: int
    reason: str


@dataclass(frozen=True)
class Card:
    """A place in a page.

    Attributes:
        name: its number.
        where: its coordinates, for reading.
        reason: why it is doubtful.
        thumbs: (caption, PNG) of the images there.
    """

    name: str
    where: str
    reason: str
    thumbs: Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Spots:
    """Places with pictures.

    Attributes:
        cards: of the places, in order.
    """

    cards: Sequence[Card]

    def markup(self) -> str:
        """The places as HTML."""
        return f'<div class="spots">\n{"".join(map(_card, self.cards))}</div>\n'


def _card(card: Card) -> str:
    figures = "".join(
        f'<figure><img src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}" '
        f'alt="{html.escape(caption)} at place {html.escape(card.name)}"><figcaption>{html.escape(caption)}'
        "</figcaption></figure>"
        for caption, png in card.thumbs
    )
    return (
        f'<div id="spot-{html.escape(card.name)}"><p><strong>{html.escape(card.name)}</strong> '
        f"{html.escape(card.where)}. {html.escape(card.reason)}</p>"
        f'<div class="thumbs">{figures}</div></div>\n'
    )


def most_doubtful(doubts: Sequence[Doubt], most: int = MOST) -> list[Spot]:
    """The most doubtful places, by turns of each reason, none close to another.

    Args:
        doubts: the reasons, the gravest first.
        most: how many places at most.

    Returns:
        The places.
    """
    found: list[Spot] = []
    queues = [_ordered(doubt) for doubt in doubts]
    while queues and len(found) < most:
        for queue in list(queues):
            spot = next((each for each in queue if _far(each, found)), None)
            if spot is None:
                queues.remove(queue)
            elif len(found) < most:
                found.append(spot)
    return found


def _ordered(doubt: Doubt) -> Iterable[Spot]:
    plane = doubt.plane
    places = np.flatnonzero(plane > 0)  # few, on large scenes: pixels that are not shown are 0
    order = places[np.argsort(plane.flat[places], kind="stable")[::-1][: 400 * MOST]]
    rows, cols = np.unravel_index(order, plane.shape)
    for row, col in zip(rows, cols):
        yield Spot(int(row), int(col), doubt.reason.format(value=_short(float(plane[row, col]))))


def _short(value: float) -> str:
    """Two digits, or all of a number from 100 on."""
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def _far(spot: Spot, found: Sequence[Spot]) -> bool:
    return all(max(abs(spot.row - each.row), abs(spot.col - each.col)) >= _APART for each in found)
