"""Two networks computed concurrently, on two threads of the CPU."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

import torch

Each = Callable[[Callable[[int], Any]], list]  # runs work(0), work(1), ... and returns their results


def one_after_the_other(count: int = 2) -> Each:
    """The sequential counterpart of :func:`side_by_side`.

    Args:
        count: of networks.

    Returns:
        A function that takes ``work`` and returns the results of ``work(0)``, ``work(1)``, ...
    """
    return lambda work: [work(index) for index in range(count)]


@contextlib.contextmanager
def side_by_side(device: torch.device, count: int = 2) -> Iterator[Each]:
    """Runs a function for each of ``count`` networks, each on a thread with its share of PyTorch's threads.

    This uses two cores better than splitting every small operation between them, and a core that other programs keep
    busy delays one network, not each operation of both. On a GPU, where PyTorch has a single thread, or with a single
    network, they run one after the other.

    Args:
        device: of the networks.
        count: of networks.

    Yields:
        A function that takes ``work`` and returns the results of ``work(0)``, ``work(1)``, ...
    """
    threads = torch.get_num_threads()
    if threads < 2 or device.type != "cpu" or count < 2:
        yield one_after_the_other(count)
        return
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(max(1, threads // count),)) as pool:
            yield lambda work: list(pool.map(work, range(count)))
    finally:
        torch.set_num_threads(threads)
