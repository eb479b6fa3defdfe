"""How long a fusion still takes."""

from __future__ import annotations

import time

from ..io.grid import Window
from ..runtime.progress import Progress
from ..runtime.time_left import spoken_duration
from .pipeline import Pipeline

_WORTH_SAYING = 5.0  # seconds
_MEASURED_STRIPS = 6  # whose time is representative of all


class Eta:
    """Logs the expected time once, as soon as a few strips were measured.

    The first strips wait for what all need and do not count. Where planes take longest, as networks do, the share of
    them that is there decides, if that gives more. The first strips are finished before the writer has to be waited
    for.

    Args:
        window: the part of the output that is computed.
        progress: logs the ETA.
    """

    def __init__(self, window: Window, progress: Progress) -> None:
        self._window, self._progress = window, progress
        self._started, self._logged = time.monotonic(), False
        self._first: tuple[float, int] | None = None

    def __call__(self, done: int, pipeline: Pipeline) -> None:
        """Take note of finished pixels.

        Args:
            done: how many of the window.
            pipeline: that computes them.
        """
        if self._logged:
            return
        rows, cols, area, heights = self._window.rows, self._window.cols, pipeline.panel, pipeline.heights
        passed = time.monotonic() - self._started
        if self._first is None:
            self._first = passed, done
            return
        measured = min(max(_MEASURED_STRIPS * heights.strip, heights.planes), area.rows) * area.cols
        if done < min(0.2 * rows * cols, measured):
            return
        left = (passed - self._first[0]) / (done - self._first[1]) * (rows * cols - done)
        if pipeline.waited > 0.5 * passed:
            left = max(left, passed * (cols / (pipeline.planes_done * area.cols) - 1.0))
        self._logged = True
        if left >= _WORTH_SAYING:
            self._progress.info(f"Fusing {rows} x {cols} pixels: about {spoken_duration(left)} to go.")
