"""Several processes that train one model (data parallelism, as PyTorch's DistributedDataParallel does it).

Each process has all areas and its own copy of the networks; of a step's batch each takes a share, and gradients and
held-out sums are all-reduced, so that all copies stay the same and the model is that of one process with the same
batch, up to the last digits. ``torchrun`` starts the processes and gives each its rank in the environment.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..runtime.devices import choose_device, require_torch
from ..runtime.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_TIMEOUT = timedelta(minutes=10)  # of a collective operation, which waits for the slowest: a stuck process ends all
_FAILURES = "ssml/failures"  # key in the store that all processes share: how many have reported their failure
_REPORT_SECONDS = 3.0  # in which a process that failed reports it


class Processes:
    """The processes of a training; by default this one alone, and then nothing is exchanged.

    Args:
        rank: of this process, from 0.
        size: number of processes.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def first(self) -> bool:
        """Whether this is rank 0, the process that writes files and logs."""
        return self.rank == 0

    def share(self, items: Sequence[Any]) -> Sequence[Any]:
        """This process's part of some work; together the processes do each piece once.

        Args:
            items: the pieces, the same in all processes.

        Returns:
            Every ``size``-th piece, from the ``rank``-th on.
        """
        return items[self.rank :: self.size]

    def all_reduce(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by their sums over all processes.

        Args:
            tensors: each of any shape, the same in all processes, and all of the same dtype.
        """
        if self.size == 1:
            return
        import torch
        from torch import distributed

        tensors = list(tensors)
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors])):
            tensor.copy_(part.reshape(tensor.shape))

    def any(self, flag: bool) -> bool:
        """Whether a flag is set in at least one process; exchanged on the CPU.

        Args:
            flag: this process's.

        Returns:
            The same in all processes.
        """
        if self.size == 1:
            return flag
        import torch

        count = torch.tensor([float(flag)])
        self.all_reduce([count])
        return bool(count)

    def check_same(self, text: str, message: str) -> None:
        """Make sure that all processes have the same text.

        Args:
            text: this process's.
            message: of the error.

        Raises:
            InputError: they differ.
        """
        if self.size == 1:
            return
        import zlib

        import torch

        number = torch.zeros(self.size, dtype=torch.float64)
        number[self.rank] = zlib.crc32(text.encode())
        self.all_reduce([number])
        if (number != number[0]).any():
            raise InputError(message)


def launched() -> bool:
    """Whether this is one of several processes that ``torchrun`` has started."""
    named = all(name in os.environ for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"))
    return named and int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextlib.contextmanager
def processes() -> Iterator[Processes]:
    """This process alone, or, under ``torchrun``, all of them together.

    Where one fails, all end: the first error is reported once, and the other processes exit silently (``SystemExit``
    with 0, so that ``torchrun`` names the one that failed).

    Yields:
        The processes.

    Raises:
        InputError: PyTorch was built without what this needs, the processes do not find each other, or another one
            was killed.
    """
    if not launched():
        yield Processes()
        return
    require_torch()
    from torch import distributed

    if not distributed.is_available():
        raise InputError("This PyTorch was built without torch.distributed; train with one process.")
    try:
        store, rank, size = _rendezvous()
        distributed.init_process_group(_backend(), store=store, rank=rank, world_size=size, timeout=_TIMEOUT)
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"The processes of the training do not find each other ({str(error).splitlines()[0][:200]}); see that "
            "MASTER_ADDR and MASTER_PORT can be reached."
        ) from None
    try:
        yield Processes(rank, size)
    except Exception as error:
        raise _reported(error, store) from (None if _is_peer_lost(error) else error)
    finally:
        with contextlib.suppress(Exception):
            distributed.destroy_process_group()


def _rendezvous() -> tuple[Any, int, int]:
    """The store that all processes share, the rank, the world size; PyTorch's other TCP store where it lacks libuv.

    Raises:
        RuntimeError, ValueError: they do not find each other.
    """
    from torch import distributed

    try:
        return next(distributed.rendezvous("env://", timeout=_TIMEOUT))
    except (RuntimeError, ValueError) as error:
        if "without libuv" not in str(error):
            raise
    return next(distributed.rendezvous("env://?use_libuv=0", timeout=_TIMEOUT))


def _backend() -> str:
    from torch import cuda, distributed

    return "cpu:gloo,cuda:nccl" if cuda.is_available() and distributed.is_nccl_available() else "gloo"


def _is_peer_lost(error: BaseException) -> bool:
    """Whether a collective operation failed because another process is gone."""
    from torch import distributed

    kind = getattr(distributed, "DistError", None)
    return (kind is not None and isinstance(error, kind)) or (
        isinstance(error, RuntimeError) and any(word in str(error) for word in ("gloo", "NCCL", "Connection closed"))
    )


def _reported(error: Exception, store: Any) -> BaseException:
    """What this process ends with: its error, if it is the first to report one, else a silent exit."""
    silent = SystemExit(0)
    try:
        if _is_peer_lost(error):
            until = time.monotonic() + _REPORT_SECONDS
            while time.monotonic() < until:
                if store.add(_FAILURES, 0):
                    return silent
                time.sleep(0.1)
            error = InputError(
                "Another process of this training ended without an error, as for lack of memory; go on from the "
                "checkpoint with --resume."
            )
        return error if store.add(_FAILURES, 1) == 1 else silent
    except RuntimeError:  # the store is gone
        return error


def choose_own_device(name: str, group: Processes) -> tuple[torch.device, str]:
    """As :func:`core.runtime.devices.choose_device`; each process of a machine gets a GPU of its own.

    Args:
        name: "auto", "cpu", "cuda" or "mps".
        group: the processes that train together.

    Returns:
        The device, and a sentence for the log.

    Raises:
        InputError: there are more processes than GPUs, or some compute on another kind of device.
    """
    if group.size > 1 and name in ("auto", "cuda"):
        torch = require_torch()
        gpus, own = torch.cuda.device_count() if torch.cuda.is_available() else 0, int(os.environ["LOCAL_RANK"])
        if gpus and own >= gpus:
            raise InputError(
                f"There are more processes than GPUs, {gpus} on this machine; give --nproc-per-node {gpus}, or "
                "--device cpu."
            )
        if gpus:
            torch.cuda.set_device(own)
    device, sentence = choose_device(name)
    group.check_same(device.type, "The processes do not all have a device of one kind; give --device cpu.")
    if group.size > 1:
        sentence += f" {group.size} processes train together."
    return device, sentence
