"""Moments of two images in square blocks, streamed over rows: the input of UIQI and Q2n."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

BLOCK = 32  # pixels, width and height of a block and the step between blocks
_CONSTANT = 1e-12  # of the mean: a standard deviation below this is rounding


class BlockMoments(NamedTuple):
    """Moments of one block; variances and covariances are divided by the number of pixels.

    Attributes:
        mean_x: (A,) float64.
        mean_y: (B,) float64.
        variance_x: (A,) float64, exactly 0 where a band is constant.
        variance_y: (B,) float64.
        covariance: (A, B) float64, exactly 0 where either band is constant.
    """

    mean_x: np.ndarray
    mean_y: np.ndarray
    variance_x: np.ndarray
    variance_y: np.ndarray
    covariance: np.ndarray


class BlockStream:
    """Cuts rows, handed in from top to bottom in runs of any height, into blocks.

    Blocks stand side by side from the upper-left corner, without overlap. Left out are the incomplete ones at the right
    and at the bottom, and those that hold an invalid pixel: a block that is half there would be judged by other
    pixels than its neighbours, and a filled one by invented ones (own; the papers know no invalid pixels). The numbers
    do not depend on the runs but for rounding: unfinished blocks are kept as sums about the mean of their first rows.

    Args:
        size: width and height of a block in pixels.
        check: called at every block; may raise to stop the work.

    Attributes:
        used, left_out: how many blocks were handed out, and how many were complete but held an invalid pixel.
    """

    def __init__(self, size: int = BLOCK, check: Callable[[], None] | None = None) -> None:
        self.size = size
        self.used = self.left_out = 0
        self._check = check or (lambda: None)
        self._row = 0  # of the row of blocks that is being filled
        self._sums: list[_Sums | None] = []

    def update(self, x: np.ndarray, y: np.ndarray | None, valid: np.ndarray) -> Iterator[BlockMoments]:
        """Add the next rows; the iterator has to be run to its end.

        Args:
            x: (A, r, c) of any dtype.
            y: (B, r, c) of any dtype; None for x itself.
            valid: (r, c) bool; where it is False the values may be anything, NaN too.

        Yields:
            the blocks that these rows complete, from left to right and top to bottom.
        """
        rows, cols = valid.shape
        columns = cols // self.size
        start = 0
        while start < rows:
            stop = min(rows, start + self.size - self._row)
            if self._row == 0:
                self._sums = [_Sums() for _ in range(columns)]
            last = self._row + stop - start == self.size
            for column in range(columns):
                sums = self._sums[column]
                if sums is not None:
                    here = np.s_[start:stop, column * self.size : (column + 1) * self.size]
                    if valid[here].all():
                        self._check()
                        sums.add(_samples(x, here), None if y is None else _samples(y, here))
                    else:
                        self._sums[column] = sums = None
                if last:
                    if sums is None:
                        self.left_out += 1
                    else:
                        self.used += 1
                        yield sums.result()
            self._row = 0 if last else self._row + stop - start
            start = stop


def block_notes(blocks: BlockStream, names: str, where: str = "pixels") -> list[str]:
    """Sentences for the user about blocks that took no part.

    Args:
        blocks: after the last row.
        names: the indices that are computed from them.
        where: which pixels the blocks consist of.

    Returns:
        one sentence, or none where all complete blocks were used.
    """
    size = f"{blocks.size} x {blocks.size}"
    if not blocks.used:
        return [f"{names} cannot be computed: there is no block of {size} valid {where}."]
    if blocks.left_out:
        count = blocks.used + blocks.left_out
        return [f"{names} leave out {blocks.left_out} of {count} blocks of {size} {where}, which hold invalid pixels."]
    return []


class _Sums:
    """Sums of one block about the means of its first rows."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Add (A, n) and (B, n) float64, which are overwritten; y None for x itself."""
        if not self.count:
            self.same = y is None
            self.origin_x = x.mean(axis=1)
            self.origin_y = self.origin_x if y is None else y.mean(axis=1)
            self.x, self.xx = np.zeros(len(x)), np.zeros(len(x))
            self.y, self.yy = (self.x, self.xx) if y is None else (np.zeros(len(y)), np.zeros(len(y)))
            self.xy = np.zeros((len(self.x), len(self.y)))
        x -= self.origin_x[:, None]
        self.count += x.shape[1]
        self.x += x.sum(axis=1)
        self.xx += np.einsum("bn,bn->b", x, x)
        if y is None:
            self.xy += x @ x.T
            return
        y -= self.origin_y[:, None]
        self.y += y.sum(axis=1)
        self.yy += np.einsum("bn,bn->b", y, y)
        self.xy += x @ y.T

    def result(self) -> BlockMoments:
        x, y = self.x / self.count, self.y / self.count
        mean_x, mean_y = self.origin_x + x, self.origin_y + y
        variance_x = _variance(self.xx / self.count - x * x, mean_x)
        variance_y = variance_x if self.same else _variance(self.yy / self.count - y * y, mean_y)
        covariance = self.xy / self.count - np.outer(x, y)
        covariance[variance_x == 0] = 0.0
        covariance[:, variance_y == 0] = 0.0
        return BlockMoments(mean_x, mean_y, variance_x, variance_y, covariance)


def _samples(stack: np.ndarray, here: tuple[slice, slice]) -> np.ndarray:
    """(B, n) float64, a copy."""
    rows, cols = here
    return np.array(stack[:, rows, cols], dtype=np.float64).reshape(len(stack), -1)


def _variance(variance: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return np.where(variance > (_CONSTANT * mean) ** 2, variance, 0.0)
