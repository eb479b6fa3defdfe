"""Progress, messages and cancellation, free of any user interface.

Work that takes time gets a :class:`Progress`; the command line and QGIS each derive from it. A job made of several
steps hands each step a :meth:`Progress.part` of its own, so that no step knows of the others.
"""

from __future__ import annotations

import sys
from typing import TextIO

from .errors import Cancelled
from .time_left import TimeLeft


class Progress:
    """Silent by default: receives progress and messages, and says whether the job is cancelled."""

    def set(self, fraction: float, text: str | None = None) -> None:
        """Report the progress.

        Args:
            fraction: share of the work that is done, 0 to 1.
            text: what is being done; None leaves it as it was.
        """

    def info(self, text: str) -> None:
        """Inform the user.

        Args:
            text: one sentence.
        """

    def warning(self, text: str) -> None:
        """Warn the user.

        Args:
            text: one sentence.
        """

    def warned(self) -> list[str]:
        """What was warned of so far, in a job; empty where that is not kept."""
        return []

    def cancelled(self) -> bool:
        """Whether the user asked to stop."""
        return False

    def check(self) -> None:
        """Raise :class:`Cancelled` if the user asked to stop; to be called at every batch and tile."""
        if self.cancelled():
            raise Cancelled("Stopped by the user.")

    def part(self, start: float, stop: float) -> Progress:
        """The progress of a step that covers a part of this work.

        Args:
            start: share of this work at which the step begins, 0 to 1.
            stop: share at which it ends, 0 to 1.

        Returns:
            A progress whose 0 to 1 is ``start`` to ``stop`` of this one.
        """
        return _Part(self, start, stop)


class Silent(Progress):
    """Says nothing, and is cancelled as another.

    Args:
        outer: what is asked whether to stop.
    """

    def __init__(self, outer: Progress) -> None:
        self._outer = outer

    def cancelled(self) -> bool:
        """As :meth:`Progress.cancelled`."""
        return self._outer.cancelled()


class QuietProgress(Silent):
    """Says nothing but warnings.

    Args:
        outer: what shows them, and is asked whether to stop.
    """

    def warning(self, text: str) -> None:
        """As :meth:`Progress.warning`."""
        self._outer.warning(text)

    def warned(self) -> list[str]:
        """As :meth:`Progress.warned`."""
        return self._outer.warned()


class Forwarded(QuietProgress):
    """Passes all on; base of those that change some of it.

    Args:
        outer: what shows it, and is asked whether to stop.
    """

    def set(self, fraction: float, text: str | None = None) -> None:
        """As :meth:`Progress.set`."""
        self._outer.set(fraction, text)

    def info(self, text: str) -> None:
        """As :meth:`Progress.info`."""
        self._outer.info(text)


class _Part(Forwarded):
    def __init__(self, whole: Progress, start: float, stop: float) -> None:
        super().__init__(whole)
        self._start, self._stop = start, stop

    def set(self, fraction: float, text: str | None = None) -> None:
        fraction = min(max(fraction, 0.0), 1.0)
        self._outer.set(self._start + fraction * (self._stop - self._start), text)


class SaidOnce(Forwarded):
    """The progress of a job: a warning that several of its steps or scenes give in the same words is said once.

    Args:
        outer: what shows it.
    """

    def __init__(self, outer: Progress) -> None:
        super().__init__(outer)
        self._said: list[str] = []

    def warning(self, text: str) -> None:
        """As :meth:`Progress.warning`, the first time."""
        if text not in self._said:
            self._said.append(text)
            self._outer.warning(text)

    def warned(self) -> list[str]:
        """As :meth:`Progress.warned`."""
        return list(self._said)


class ConsoleProgress(Progress):
    """A bar on a terminal; plain lines of text where the stream is none.

    Args:
        stream: where to write; standard error by default.
    """

    WIDTH = 32

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._terminal = self._stream.isatty()
        self._text = ""
        self._drawn = ""
        self._time_left = TimeLeft()

    def set(self, fraction: float, text: str | None = None) -> None:
        """As :meth:`Progress.set`; draws the bar again where something changed."""
        if text is not None:
            self._text = text
        if not self._terminal:
            return
        self._time_left.update(fraction)
        filled = round(min(max(fraction, 0.0), 1.0) * self.WIDTH)
        left = self._time_left.sentence()
        share = f"{fraction:4.0%} {f'({left}) ' if left else ''}"
        line = f"[{'#' * filled}{'.' * (self.WIDTH - filled)}] {share}{self._text}"[:110]
        if line != self._drawn:
            self._stream.write("\r" + line.ljust(len(self._drawn)))
            self._stream.flush()
            self._drawn = line
        if fraction >= 1.0:
            self.finish()

    def info(self, text: str) -> None:
        """As :meth:`Progress.info`: a line of text above the bar."""
        self.finish()
        self._stream.write(text + "\n")
        self._stream.flush()

    def warning(self, text: str) -> None:
        """As :meth:`Progress.warning`: a line of text that is marked."""
        self.info("Warning: " + text)

    def finish(self) -> None:
        """Take the bar away, so that what is written next starts on an empty line."""
        if self._drawn:
            self._stream.write("\r" + " " * len(self._drawn) + "\r")
            self._stream.flush()
            self._drawn = ""
