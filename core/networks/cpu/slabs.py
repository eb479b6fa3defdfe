"""Chains of layers in slabs of rows, so that intermediate images stay in the processor's cache."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

_BYTES = 1_500_000  # of the widest intermediate image
_thread_local = threading.local()


@contextlib.contextmanager
def interruptible(check: Callable[[], None]) -> Iterator[None]:
    """Calls a function at every slab that this thread computes.

    Args:
        check: may raise to stop the computation.

    Yields:
        None.
    """
    _thread_local.check = check
    try:
        yield
    finally:
        del _thread_local.check


def is_whole_image(*images: Tensor) -> bool:
    """Whether whole images are computed, not slabs: where gradients are computed, and on GPUs.

    Args:
        *images: of any shape and any dtype, all on one device.

    Returns:
        False for inference on the CPU.
    """
    return torch.is_grad_enabled() or images[0].device.type != "cpu"


def slabs(rows: int, radius: int, width: int, cols: int) -> Iterator[tuple[int, int]]:
    """The slabs of an image; at each the function given to :func:`interruptible` is called.

    Args:
        rows: of the image.
        radius: rows above and below a slab that its result depends on.
        width: channels of the widest intermediate image.
        cols: columns of the intermediate image.

    Yields:
        (start, stop) rows of each slab.
    """
    step = max(8 * radius, 4, _BYTES // (4 * width * cols))
    check = getattr(_thread_local, "check", None)
    for start in range(0, rows, step):
        if check is not None:
            check()
        yield start, min(start + step, rows)


def by_rows(
    work: Callable[..., object], radius: int, width: int, images: tuple[Tensor, ...], outs: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """``work(*images, margins, *outs)`` in slabs of rows, one image of the batch after the other.

    Args:
        work: takes slabs of the images with their margins, the number of rows of the margins above and below, and the
            slabs of the outputs, without margins, to write to.
        radius: the largest margin.
        width: channels of the widest intermediate image.
        images, outs: (N, channels, rows, columns) float32 each, the channels last in memory; an image may be among
            ``outs`` if ``radius`` is 0.

    Returns:
        ``outs``, each (N, channels, rows, columns) float32.
    """
    count, _, rows, cols = images[0].shape
    for one in (slice(n, n + 1) for n in range(count)):
        for start, stop in slabs(rows, radius, width, cols):
            above, below = min(start, radius), min(rows - stop, radius)
            parts = (image[one, :, start - above : stop + below] for image in images)
            work(*parts, (above, below), *(out[one, :, start:stop] for out in outs))
    return outs


def conv_slab(conv: nn.Conv2d, x: Tensor, margins: tuple[int, int]) -> Tensor:
    """A convolution that keeps the image's size, of the rows of a slab inside its margins. Where a margin is smaller
    than the radius of the kernel, the image ends, and zeros follow.

    Args:
        conv: whose parameters are used; square kernel of odd size.
        x: (N, channels, rows, columns) float32, the channels last in memory.
        margins: rows of ``x`` above and below the rows of the result.

    Returns:
        (N, outputs, rows without margins, columns) float32.
    """
    if margins == (0, 0):
        return conv(x)
    radius, padding = (step * (size // 2) for step, size in zip(conv.dilation, conv.kernel_size))
    top, bottom = (margin - radius for margin in margins)
    x = x[:, :, max(0, top) : x.shape[2] - max(0, bottom)]
    if min(top, bottom) < 0:
        x = functional.pad(x, (0, 0, max(0, -top), max(0, -bottom)))
    return functional.conv2d(x, conv.weight, conv.bias, 1, (0, padding), conv.dilation, conv.groups)
