"""Chains of layers a few rows at a time, so that what is computed between them stays in the processor's cache."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

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


def by_rows(
    work: Callable[..., object], radius: int, width: int, images: tuple[Tensor, ...], outs: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """``work(*images, margins, *outs)`` in slabs of rows, one image after the other.

    Args:
        work: takes slabs of an image, how many more rows they have above and below, at most ``radius``, and where to
            put the rows of the slab itself.
        width: most channels in between.
        images, outs: (N, channels, rows, columns) each, the channels last in memory; an image may be among ``outs`` if
            ``radius`` is 0.

    Returns:
        ``outs``.
    """
    count, _, rows, cols = images[0].shape
    for one in (slice(n, n + 1) for n in range(count)):
        for start, stop in slabs(rows, radius, width, cols):
            above, below = min(start, radius), min(rows - stop, radius)
            parts = (image[one, :, start - above : stop + below] for image in images)
            work(*parts, (above, below), *(out[one, :, start:stop] for out in outs))
    return outs


def conv_slab(conv: nn.Conv2d, x: Tensor, margins: tuple[int, int]) -> Tensor:
    """A convolution that keeps the image's size, for a slab: of the rows without ``margins``, beyond which the image
    ends where they are smaller than what the convolution sees.

    Args:
        x: (N, channels, rows, columns), the channels last in memory.
        margins: rows of ``x`` above and below that no result is wanted of.
    """
    if margins == (0, 0):
        return conv(x)
    radius, beside = (step * (size // 2) for step, size in zip(conv.dilation, conv.kernel_size))
    top, bottom = (margin - radius for margin in margins)
    x = x[:, :, max(0, top) : x.shape[2] - max(0, bottom)]
    if min(top, bottom) < 0:
        x = functional.pad(x, (0, 0, max(0, -top), max(0, -bottom)))
    return functional.conv2d(x, conv.weight, conv.bias, 1, (0, beside), conv.dilation, conv.groups)
