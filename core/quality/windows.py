"""Sliding windows that hold valid pixels only, streamed over blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

Run = Callable[[Callable[[Any], None], Iterable[Any]], Iterable[None]]
"""Calls a function with each of some items, as ``map``, or side by side."""

# Of a tile of windows, at most: some planes of them in double precision fit into a processor's cache; the products are
# so small that OpenBLAS does not split them between threads.
_TILE_ROWS, _TILE_COLS, _TILE_PRODUCT = 12, 1200, 262_144


def whole_windows(valid: np.ndarray, size: int) -> np.ndarray:
    """Where windows hold valid pixels only.

    Args:
        valid: (r, c) bool.
        size: width and height of the windows in pixels.

    Returns:
        (r - size + 1, c - size + 1) bool, by the windows' upper left pixels; empty where no window fits.
    """
    count = np.zeros((valid.shape[0] + 1, valid.shape[1] + 1), dtype=np.int64)
    count[1:, 1:] = np.cumsum(np.cumsum(valid, axis=0, dtype=np.int64), axis=1)
    held = count[size:, size:] - count[:-size, size:] - count[size:, :-size] + count[:-size, :-size]
    return held == size * size


class CarriedRows:
    """The last rows of images and of their mask, which windows of the rows that follow reach into.

    Args:
        size: height of the windows in pixels.
    """

    def __init__(self, size: int) -> None:
        self._keep = size - 1
        self._stacks: Sequence[np.ndarray] = ()
        self._valid = np.zeros((0, 0), bool)

    def mask(self, valid: np.ndarray) -> np.ndarray:
        """The mask with the rows carried over above it.

        Args:
            valid: (r, c) bool of the next rows, or (B, r, c).

        Returns:
            (up to size - 1 + r, c) bool; (B, up to size - 1 + r, c) where either part has bands.
        """
        if not self._stacks:
            return valid
        lead = np.broadcast_shapes(self._valid.shape[:-2], valid.shape[:-2])
        parts = [np.broadcast_to(part, (*lead, *part.shape[-2:])) for part in (self._valid, valid)]
        return np.concatenate(parts, axis=-2)

    def plane(self, stack: np.ndarray, band: int, image: int = 0) -> np.ndarray:
        """One band with the rows carried over above it.

        Args:
            stack: (B, r, c) of any dtype, the next rows of an image.
            band: which band.
            image: which of the images that are kept.

        Returns:
            (up to size - 1 + r, c) of the same dtype.
        """
        return np.concatenate([self._stacks[image][band], stack[band]]) if self._stacks else stack[band]

    def keep(self, mask: np.ndarray, *stacks: np.ndarray, rows: int | None = None) -> None:
        """Carry the last rows over to the next block.

        Args:
            mask: (..., up to size - 1 + r, c) bool, what :meth:`mask` returned.
            *stacks: (B, r, c) of any dtype, the rows of each image.
            rows: how many; those that windows of the next rows reach into where not given.
        """
        keep = self._keep if rows is None else rows
        if self._stacks and stacks[0].shape[1] < keep:
            stacks = tuple(np.concatenate(both, axis=1) for both in zip(self._stacks, stacks))
        self._stacks = [stack[:, -keep:].copy() for stack in stacks]
        self._valid = mask[..., -keep:, :].copy()

    def rest(self) -> tuple[np.ndarray, ...] | None:
        """The rows that are carried over to the next ones.

        Returns:
            the mask of them, (r, c) bool, and those of each image, of the shape and dtype that it was given with; None
            before any were carried.
        """
        return (self._valid, *self._stacks) if self._stacks else None


def _run_sums(values: np.ndarray, size: int, out: np.ndarray, spare: Sequence[np.ndarray]) -> None:
    """Sums of ``size`` neighbours of a long row, in ``out``, with an array to work in for each doubling."""
    outputs, covered, width, level = len(out), 0, 1, 0
    total = out
    while True:
        if size & width:
            part = values[covered : covered + outputs]
            total = np.add(total, part, out=out) if covered else part
            covered += width
        if covered == size:
            break
        place = out if 2 * width == size else spare[level][: len(values) - width]
        values = np.add(values[:-width], values[width:], out=place)
        width, level = 2 * width, level + 1
    if size == 1:
        np.copyto(out, total)


class Tile(NamedTuple):
    """Some windows.

    Attributes:
        rows, cols: of their upper left pixels.
        windows: slices of those pixels.
        under: slices of all pixels that they hold.
    """

    rows: int
    cols: int
    windows: tuple[slice, slice]
    under: tuple[slice, slice]

    @property
    def shape(self) -> tuple[int, int]:
        """Of the windows' upper left pixels."""
        return self.rows, self.cols


class WindowMeans:
    """Means over the sliding windows of a tile, which stay in a processor's cache: along columns as a product with a
    banded matrix, along rows as one array from end to end, by doubling, so that no running sum loses digits. One thread
    uses it at a time.

    Args:
        size: width and height of the windows in pixels.
        tile: the windows, or others in as many rows and columns.
        count: how many planes of means are held at once.

    Attributes:
        inputs: (3, rows + size - 1, cols + size - 1) float64, planes for the caller to fill.

    Raises:
        ValueError: the size is not positive.
    """

    def __init__(self, size: int, tile: Tile, count: int) -> None:
        if size < 1:
            raise ValueError(f"a window has at least one row, not {size}")
        rows, margin = tile.rows, size - 1
        self._size, wide = size, tile.cols + margin
        self.inputs = np.empty((3, rows + margin, wide))
        self._matrix = np.zeros((rows, rows + margin))
        for row in range(rows):
            self._matrix[row, row : row + size] = 1.0 / size**2
        # A row of zeros below: windows that reach over the right edge reach into numbers.
        self._down = np.zeros((rows + 1, wide))
        self._means = np.zeros((count, *self._down.shape))
        self._spare = [np.empty(self._down.size) for _ in range(size.bit_length() - 1)]

    def of(self, plane: np.ndarray, place: int) -> np.ndarray:
        """The means of one plane.

        Args:
            plane: (rows + size - 1, cols + size - 1) float64.
            place: where they are held, until the next call with this place.

        Returns:
            (rows, cols + size - 1) float64, by the windows' upper left pixels, which may be changed; the last size - 1
            columns mean nothing, but are finite where the plane is.
        """
        np.matmul(self._matrix, plane, out=self._down[:-1])
        flat = self._means[place].reshape(-1)
        _run_sums(self._down.reshape(-1), self._size, flat[: flat.size - self._size + 1], self._spare)
        return self._means[place, :-1]


def tiles(rows: int, cols: int, size: int) -> list[Tile]:
    """Tiles of windows for :class:`WindowMeans`.

    Args:
        rows, cols: of the windows' upper left pixels.
        size: width and height of the windows in pixels.

    Returns:
        The tiles, side by side and one below the other.
    """
    margin = size - 1
    most = max(1, _TILE_PRODUCT // (_TILE_ROWS * (_TILE_ROWS + margin)) - margin)
    made = []
    for top, bottom in _spans(rows, _TILE_ROWS):
        for left, right in _spans(cols, min(_TILE_COLS, most)):
            under = np.s_[top : bottom + margin, left : right + margin]
            made.append(Tile(bottom - top, right - left, np.s_[top:bottom, left:right], under))
    return made


def _spans(count: int, most: int) -> list[tuple[int, int]]:
    """Runs of about the same length, ``most`` at most."""
    parts = -(-count // most)
    return [(count * part // parts, count * (part + 1) // parts) for part in range(parts)]
