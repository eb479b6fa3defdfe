"""Chains of layers a few rows at a time, so that what is computed between them stays in the processor's cache."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Callable

import torch
from torch import Tensor

_BYTES = 1_500_000  # of the widest image in between
_of_thread = threading.local()


@contextlib.contextmanager
def interruptible(check: Callable[[], None]) -> Iterator[None]:
    """Has ``check``, which may raise, called at every slab that this thread works on."""
    _of_thread.check = check
    try:
        yield
    finally:
        del _of_thread.check


def whole(*images: Tensor) -> bool:
    """Whether images are worked on as a whole: where gradients are wanted, and on GPUs."""
    return torch.is_grad_enabled() or images[0].device.type != "cpu"


def slabs(rows: int, radius: int, width: int, cols: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of slabs of rows that have ``width`` channels of ``cols`` columns in between; see :func:`by_rows`.
    Asks at each whether the work shall end."""
    step = max(8 * radius, 4, _BYTES // (4 * width * cols))
    check = getattr(_of_thread, "check", None)
    for start in range(0, rows, step):
        if check is not None:
            check()
        yield start, min(start + step, rows)


def by_rows(work: Callable[..., Tensor], radius: int, width: int, images: tuple[Tensor, ...], out: Tensor) -> Tensor:
    """``work(*images)`` in slabs of rows.

    Args:
        work: takes slabs of the images, gives as many rows; sees nothing but ``radius`` rows on each side.
        width: most channels in between.
        images: (N, channels, rows, columns) each, the channels last in memory.
        out: where the result is put, (N, channels, rows, columns); an image only if ``radius`` is 0.

    Returns:
        ``out``.
    """
    count, _, rows, cols = images[0].shape
    for start, stop in slabs(rows, radius, width, cols * count):
        low, high = max(0, start - radius), min(rows, stop + radius)
        part = work(*(image[:, :, low:high] for image in images))
        part, place = part[:, :, start - low : start - low + stop - start], out[:, :, start:stop]
        if part.data_ptr() != place.data_ptr():  # else it was worked on in place
            place.copy_(part)
    return out
