"""Two networks at work at the same time, on two threads of the CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

import torch

Each = Callable[[Callable[[int], Any]], list]  # runs work(0) and work(1), returns both results


def one_after_the_other(work: Callable[[int], Any]) -> list:
    """The results of ``work(0)`` and ``work(1)``."""
    return [work(0), work(1)]


@contextlib.contextmanager
def side_by_side(device: torch.device) -> Iterator[Each]:
    """Gives a function that runs a piece of work for both networks, each on a thread with half of PyTorch's threads.

    Two cores are used better than by splitting every small operation between them, and a core that is busy with
    something else holds up one network, not each operation of both. On a GPU, or where PyTorch has a single thread,
    the two run one after the other.
    """
    threads = torch.get_num_threads()
    if threads < 2 or device.type != "cpu":
        yield one_after_the_other
        return
    try:
        with ThreadPoolExecutor(2, initializer=torch.set_num_threads, initargs=(threads // 2,)) as pool:
            yield lambda work: list(pool.map(work, (0, 1)))
    finally:
        torch.set_num_threads(threads)
