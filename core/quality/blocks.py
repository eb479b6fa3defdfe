"""Moments of two images in square blocks, streamed over rows: the input of UIQI and Q2n."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

BLOCK = 32  # pixels, width and height of a block and the step between blocks
_LANE = 8  # blocks side by side that are computed one after the other; lanes may be side by side
_CONSTANT = 1e-12  # of the mean: a standard deviation below this is rounding


class BlockMoments(NamedTuple):
    """Moments of one block, valid until the next one is asked for; variances and covariances are divided by the number
    of pixels.

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


class Beside(Protocol):
    """Takes all valid pixels of an image, in blocks or not."""

    def update(self, stack: np.ndarray, valid: np.ndarray) -> None:
        """Add pixels as they are.

        Args:
            stack: (B, r, c) of any dtype.
            valid: (r, c) bool.
        """

    def merge(self, count: int, mean: np.ndarray, products: np.ndarray) -> None:
        """Add pixels by their moments.

        Args:
            count: how many.
            mean: (B,) float64 of them.
            products: (B, B) float64, sums of products about those means.
        """


class BlockStream:
    """Cuts rows, handed in from top to bottom in runs of any height, into blocks.

    Blocks stand side by side from the upper-left corner, without overlap. Left out are the incomplete ones at the right
    and at the bottom, and those that hold an invalid pixel: a block that is half there would be judged by other
    pixels than its neighbours, and a filled one by invented ones (own; the papers know no invalid pixels). The numbers
    do not depend on the runs but for rounding: unfinished blocks are kept as sums about the mean of their first rows.

    Args:
        size: width and height of a block in pixels.
        check: called at every block; may raise to stop the work.
        beside: gets all valid pixels of x too, those of blocks as moments that are computed anyway. Only where y is
            None, and complete after :meth:`finish`.

    Attributes:
        used, left_out: how many blocks were handed out, and how many were complete but held an invalid pixel.
    """

    def __init__(
        self, size: int = BLOCK, check: Callable[[], None] | None = None, beside: Beside | None = None
    ) -> None:
        self.size = size
        self.used = self.left_out = 0
        self._check = check or (lambda: None)
        self._beside = beside
        self._row = 0  # of the row of blocks that is being filled
        self._sums: list[_Sums | None] = []
        self._spare: list[_Sums] = []
        self._arrays = _Arrays(size**2)

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
            first, last = self._row == 0, self._row + stop - start == self.size
            if first:
                self._sums = [None] * columns
            for column in range(columns):
                here = np.s_[start:stop, column * self.size : (column + 1) * self.size]
                if first:
                    self._sums[column] = self._spare.pop() if self._spare else _Sums(self._arrays)
                sums = self._add(column, x, y, valid, here)
                if last:
                    if sums is None:
                        self.left_out += 1
                    else:
                        self.used += 1
                        yield sums.result()
                        self._hand_over(column)
            if self._beside is not None and columns * self.size < cols:
                rest = np.s_[start:stop, columns * self.size :]
                self._beside.update(x[:, rest[0], rest[1]], valid[rest])
            self._row = 0 if last else self._row + stop - start
            start = stop

    def count_in(self, other: BlockStream) -> None:
        """Count the blocks of another part of the image as well.

        Args:
            other: of the same size.
        """
        self.used += other.used
        self.left_out += other.left_out

    def finish(self) -> None:
        """Hand over the pixels of blocks that will not be completed, after the last row."""
        for column in range(len(self._sums)):
            self._hand_over(column)

    def _add(
        self, column: int, x: np.ndarray, y: np.ndarray | None, valid: np.ndarray, here: tuple[slice, slice]
    ) -> _Sums | None:
        """Add a part of a block; its sums, None where it is left out."""
        sums = self._sums[column]
        if sums is not None and valid[here].all():
            self._check()
            sums.add(x[:, here[0], here[1]], None if y is None else y[:, here[0], here[1]])
            return sums
        self._hand_over(column)
        if self._beside is not None:
            self._beside.update(x[:, here[0], here[1]], valid[here])
        return None

    def _hand_over(self, column: int) -> None:
        """Give up the sums of a block, as it is complete or left out."""
        sums, self._sums[column] = self._sums[column], None
        if sums is None:
            return
        if self._beside is not None and sums.count:
            self._beside.merge(*sums.moments())
        sums.count = 0
        self._spare.append(sums)


def lanes(cols: int, size: int = BLOCK) -> list[slice]:
    """Parts of an image that may be worked through side by side, each with a :class:`BlockStream` of its own: together
    they have the blocks of the whole.

    Args:
        cols: of the image.
        size: width and height of a block in pixels.

    Returns:
        columns of each part, from left to right.
    """
    starts = [count * _LANE * size for count in range(max(1, cols // (_LANE * size)))]
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], cols])]


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


class _Arrays:
    """Float64 arrays of any content that serve one block after the other: new ones would have to be given to the
    process page by page, which takes longer than to fill them."""

    def __init__(self, pixels: int) -> None:
        self._pixels, self._held = pixels, dict[str, np.ndarray]()

    def get(self, name: str, *shape: int) -> np.ndarray:
        """The same one for the same name and shape."""
        held = self._held.get(name)
        if held is None or held.shape != shape:
            held = self._held[name] = np.empty(shape)
        return held

    def samples(self, name: str, stack: np.ndarray) -> np.ndarray:
        """(B, n), a copy of (B, r, c)."""
        held = self.get(name, len(stack) * self._pixels)[: stack.size]
        held.reshape(stack.shape)[...] = np.ascontiguousarray(stack)  # faster than one copy that converts short rows
        return held.reshape(len(stack), -1)


class _Sums:
    """Sums of one block about the means of its first rows."""

    def __init__(self, arrays: _Arrays) -> None:
        self.count, self._arrays, self._own = 0, arrays, _Arrays(0)

    def add(self, x: np.ndarray, y: np.ndarray | None) -> None:
        """Add (A, r, c) and (B, r, c) of any dtype; y None for x itself."""
        first, self.same = not self.count, y is None
        samples = x = self._arrays.samples("x", x)
        if first:
            self.origin_x = self.origin_y = x @ np.full(x.shape[1], 1.0 / x.shape[1])
            self.x = self.y = np.zeros(len(x))
        x -= self.origin_x[:, None]
        if y is not None:
            samples = self._arrays.samples("y", y)
            if first:
                self.origin_y = samples @ np.full(x.shape[1], 1.0 / x.shape[1])
                self.y = np.zeros(len(samples))
                self.xx, self.yy = np.zeros(len(x)), np.zeros(len(samples))
            samples -= self.origin_y[:, None]
            self.xx += np.einsum("bn,bn->b", x, x)
            self.yy += np.einsum("bn,bn->b", samples, samples)
        products = (self._own if first else self._arrays).get("products", len(x), len(samples))
        np.matmul(x, samples.T, out=products)
        self.count += x.shape[1]
        if first:  # about the means of these rows: all sums are 0
            self.xy = products
            return
        self.xy += products
        self.x = self.x + x.sum(axis=1)
        self.y = self.x if y is None else self.y + samples.sum(axis=1)

    def moments(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Number of pixels, (A,) means of x, and (A, B) sums of products about the means."""
        products = self.xy
        if self.x.any():
            products = np.outer(self.x, self.y / -self.count, out=self._arrays.get("products", *self.xy.shape))
            products += self.xy
        return self.count, self.origin_x + self.x / self.count, products

    def result(self) -> BlockMoments:
        count, mean_x, products = self.moments()
        mean_y = mean_x if self.same else self.origin_y + self.y / count
        if self.same:
            variance_x = variance_y = _variance(np.diagonal(products) / count, mean_x)
        else:
            variance_x = _variance(self.xx / count - (self.x / count) ** 2, mean_x)
            variance_y = _variance(self.yy / count - (self.y / count) ** 2, mean_y)
        covariance = np.divide(products, count, out=self._arrays.get("covariance", *products.shape))
        if not variance_x.all():
            covariance[variance_x == 0] = 0.0
        if not variance_y.all():
            covariance[:, variance_y == 0] = 0.0
        return BlockMoments(mean_x, mean_y, variance_x, variance_y, covariance)


def _variance(variance: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return np.where(variance > (_CONSTANT * mean) ** 2, variance, 0.0)
