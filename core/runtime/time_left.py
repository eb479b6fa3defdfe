"""How long a job still takes, from the progress that it has reported so far, and how to say so."""

from __future__ import annotations

import time
from collections import deque
from typing import Callable

_FIRST = 3.0  # seconds before anything is said
_SPAN, _SHARE = 5.0, 0.3  # the speed is that of the last seconds, or of this share of the time so far if that is more
_LEAST = 0.01  # of the work that must be done in them
_OPENING = 0.06  # of the work: opening and preparing, whose speed tells nothing of the rest
_EVERY = 0.25  # seconds between what is remembered


def spoken_duration(seconds: float) -> str:
    """A time as a person would say it: "40 s", "3 min", "2.5 h".

    Args:
        seconds: a duration in s.

    Returns:
        The text.
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class TimeLeft:
    """Takes the progress of a job and says how long it still takes.

    Args:
        clock: seconds; a monotonic one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: float | None = None
        self._seen: deque[tuple[float, float]] = deque(maxlen=20_000)
        self._left: tuple[float, float] | None = None  # seconds, and when that was so

    def update(self, fraction: float) -> None:
        """Take note of progress.

        Args:
            fraction: share of the work that is done, 0 to 1.
        """
        now = self._clock()
        if fraction < _OPENING or fraction >= 1.0:
            self._started, self._left = None, None
            self._seen.clear()
            return
        if self._started is None or (self._seen and fraction < self._seen[-1][1]):  # a new job
            self._started, self._left = now, None
            self._seen.clear()
        if not self._seen or now - self._seen[-1][0] >= _EVERY:
            self._seen.append((now, fraction))
        passed = now - self._started
        while len(self._seen) > 2 and now - self._seen[1][0] > max(_SPAN, _SHARE * passed):
            self._seen.popleft()
        then, before = self._seen[0]
        if passed >= _FIRST and now > then and fraction - before >= _LEAST:
            self._left = (1.0 - fraction) * (now - then) / (fraction - before), now

    def seconds(self) -> float | None:
        """Seconds that are left, counted down since the last progress; None where that is not known yet."""
        if self._left is None:
            return None
        seconds, since = self._left
        return max(0.0, seconds - (self._clock() - since))

    def sentence(self) -> str:
        """As "about 40 s left"; "" where that is not known."""
        seconds = self.seconds()
        return "" if seconds is None else f"about {spoken_duration(seconds)} left"
