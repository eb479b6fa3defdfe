"""A progress bar for notebooks and scripts: tqdm's, which notebooks show as a widget, where it is installed."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from .progress import ConsoleProgress, Progress


class TqdmProgress(Progress):
    """A bar of tqdm, with messages above it.

    Args:
        bar: made by ``tqdm.auto.tqdm`` or the like, of 100 steps.
    """

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def set(self, fraction: float, text: str | None = None) -> None:
        """As :meth:`.progress.Progress.set`; at 1 the bar is closed."""
        if text is not None:
            self._bar.set_description(text, refresh=False)
        self._bar.n = round(100 * min(max(fraction, 0.0), 1.0), 1)
        self._bar.refresh()
        if fraction >= 1.0:
            self._bar.close()

    def info(self, text: str) -> None:
        """As :meth:`.progress.Progress.info`."""
        self._bar.write(text)

    def warning(self, text: str) -> None:
        """As :meth:`.progress.Progress.warning`."""
        self._bar.write(f"Warning: {text}")


def progress_bar() -> Progress:
    """What to give to a job as ``progress``.

    Returns:
        A bar of tqdm, as a widget in a notebook; where tqdm is not installed, a bar of text on standard error.
    """
    try:
        made = importlib.import_module("tqdm.auto").tqdm
    except ImportError:
        return ConsoleProgress(sys.stderr)
    bar = made(total=100, bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left")
    return TqdmProgress(bar)
