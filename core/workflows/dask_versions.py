"""Whether a Dask cluster has the version of Dask in use here: between versions, anything may fail, and in any way."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..runtime.errors import InputError

if TYPE_CHECKING:
    from distributed import Client


def check_scheduler(address: str, timeout: float) -> None:
    """Ask a scheduler for its version, before a client connects to it.

    Args:
        address: of the scheduler.
        timeout: seconds to wait for it.

    Raises:
        InputError: it has another version.
        OSError: nothing answers there.
        ValueError: it is no address.
    """
    import asyncio  # here, as few jobs need it and it takes long to load

    from distributed import Security
    from distributed.core import rpc

    async def ask() -> Mapping[str, Any]:
        arguments = Security().get_connection_args("client")
        async with rpc(address, timeout=timeout, connection_args=arguments) as scheduler:
            return await asyncio.wait_for(scheduler.versions(), timeout)

    try:
        with ThreadPoolExecutor(1) as thread:  # this thread may run an event loop, as in a notebook
            answer = thread.submit(lambda: asyncio.run(ask())).result()
    except asyncio.TimeoutError:
        raise TimeoutError(f"no answer within {timeout} s") from None  # an OSError, in each version of Python
    _compare(f"The Dask scheduler at {address}", answer)


def check_workers(client: Client) -> None:
    """Compare the versions of the workers that answer.

    Args:
        client: of the cluster.

    Raises:
        InputError: a worker has another version.
    """
    found: Any = client.get_versions()
    for worker, answer in found["workers"].items():
        if isinstance(answer, dict):
            _compare(f"The Dask worker at {worker}", answer)


def _compare(who: str, answer: Mapping[str, Any]) -> None:
    from distributed import __version__

    theirs = answer["packages"]["distributed"]
    if theirs != __version__:
        raise InputError(
            f"{who} runs Dask {theirs}, but this program runs Dask {__version__}; install the same version for the "
            f"scheduler, its workers and this program (python -m pip install dask[distributed]=={__version__})."
        )
