"""Rows of an image computed on demand and buffered until they are released.

Work on a raster that is larger than memory is a chain of such streams: each knows how to compute a run of its rows
from rows of others. The caller that drives the chain gets rows from top to bottom and releases those it has used.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Callable

import numpy as np

from ..runtime.progress import Progress


def row_strips(rows: int, step: int, progress: Progress | None = None) -> Iterator[tuple[int, int]]:
    """Runs of rows, from the first to the last.

    Args:
        rows: number of rows.
        step: rows of a run, 1 or more; the last may have fewer.
        progress: asked for cancellation before each run.

    Yields:
        (start, stop) of each run.

    Raises:
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()
    for start in range(0, rows, step):
        progress.check()
        yield start, min(start + step, rows)


class RowStream:
    """Rows of a (..., rows, columns) image.

    Args:
        rows: number of rows of the image.
        produce: computes rows ``start`` to ``stop``.
        step: rows to compute at once, where fewer are asked for.
        first: the first row that will ever be asked for.

    Attributes:
        rows, step, first: as given; the step may be changed.
    """

    def __init__(self, rows: int, produce: Callable[[int, int], Any], step: int, first: int = 0) -> None:
        self.rows, self._produce, self.step, self.first = rows, produce, step, first
        self._start = self._stop = first
        self._pieces: deque[Any] = deque()

    @property
    def next(self) -> int:
        """The first row that has not been computed."""
        return self._stop

    def runs(self, start: int, stop: int) -> tuple[int, int]:
        """The rows, start and stop, that are computed where ``start`` to ``stop`` are asked for: whole runs of ``step``
        rows from the first on.

        Args:
            start: first row asked for.
            stop: the row after the last.

        Returns:
            First row of the runs, and the row after their last.
        """
        whole = -(-(stop - self.first) // self.step) * self.step
        return start - (start - self.first) % self.step, min(self.first + whole, self.rows)

    def skip(self, before: int) -> None:
        """Never compute the runs that lie above ``before``; to be called before any row is asked for. The others are
        those that there would have been without it.

        Args:
            before: the first row that will be asked for.
        """
        self._start = self._stop = self.runs(before, before)[0]

    def get(self, start: int, stop: int) -> Any:
        """Rows ``start`` to ``stop``; none of them may have been forgotten.

        Args:
            start: first row.
            stop: the row after the last.

        Returns:
            (..., rows, columns), as ``produce`` returns them.

        Raises:
            ValueError: rows were forgotten already, or there are no such rows.
        """
        if start < self._start or stop > self.rows:
            raise ValueError(f"rows {start} to {stop} were asked for, {self._start} to {self.rows} can be had")
        while self._stop < stop:
            end = min(self._stop + self.step, self.rows)
            self._pieces.append(self._produce(self._stop, end))
            self._stop = end
        parts, position = [], self._start
        for piece in self._pieces:
            count = piece.shape[-2]
            if position < stop and position + count > start:
                parts.append(piece[..., max(start - position, 0) : stop - position, :])
            position += count
        return joined(parts, -2)

    def forget(self, before: int) -> None:
        """Free the rows above ``before``.

        Args:
            before: the first row to keep.
        """
        while self._pieces and self._start + self._pieces[0].shape[-2] <= before:
            self._start += self._pieces.popleft().shape[-2]


def joined(parts: list[Any], axis: int) -> Any:
    """Arrays or tensors joined along an axis; one alone is returned as it is.

    Args:
        parts: of one kind and dtype, which agree in all other axes.
        axis: the axis.

    Returns:
        The whole, same kind and dtype.
    """
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts, axis)
    import torch

    return torch.cat(parts, axis)
