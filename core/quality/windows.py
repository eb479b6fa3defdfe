"""Sliding windows that hold valid pixels only, streamed over blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

Run = Callable[[Callable[[Any], None], Iterable[Any]], Iterable[None]]
"""Calls a function with each of some items, as ``map``, or side by side."""


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

    def keep(self, mask: np.ndarray, *stacks: np.ndarray) -> None:
        """Carry the last rows over to the next block.

        Args:
            mask: (..., up to size - 1 + r, c) bool, what :meth:`mask` returned.
            *stacks: (B, r, c) of any dtype, the rows of each image.
        """
        if self._stacks and stacks[0].shape[1] < self._keep:
            stacks = tuple(np.concatenate(both, axis=1) for both in zip(self._stacks, stacks))
        self._stacks = [stack[:, -self._keep :].copy() for stack in stacks]
        self._valid = mask[..., -self._keep :, :].copy()


def window_sums(plane: np.ndarray, size: int) -> np.ndarray:
    """Sums over sliding windows, by doubling, so that no running sum loses digits; along rows as one array from end to
    end, which is several times faster than row by row.

    Args:
        plane: (r, c) float64.
        size: width and height of the windows in pixels.

    Returns:
        (r - size + 1, c) float64; the windows of the last size - 1 columns reach over the right edge, and their sums
        mean nothing (they are finite where the plane is).

    Raises:
        ValueError: the size is not positive.
    """
    if size < 1:
        raise ValueError(f"a window has at least one row, not {size}")
    rows = _run_sums(plane, size)
    sums = np.empty(rows.shape)
    flat = sums.reshape(-1)
    inside = max(0, flat.size - size + 1)
    if inside:
        _run_sums(rows.reshape(-1), size, flat[:inside])
    flat[inside:] = 0.0
    return sums


def _run_sums(values: np.ndarray, size: int, out: np.ndarray | None = None) -> np.ndarray:
    """Sums of ``size`` neighbours along the first axis, in ``out`` if given (a copy less)."""
    outputs = len(values) - size + 1
    covered, width = 0, 1
    total: np.ndarray | None = None
    while True:
        if size & width:
            part = values[covered : covered + outputs]
            covered += width
            if total is not None:
                total = np.add(total, part, out=out if covered == size else None)
            elif covered < size or out is None:
                total = part
            else:
                out[...] = total = part
            if covered == size:
                return total
        values = values[: len(values) - width] + values[width:]
        width *= 2
