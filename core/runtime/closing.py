"""Files that are closed where the work on them fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import clear_frames
from typing import Protocol


class Closable(Protocol):
    """What holds a file open."""

    def close(self) -> None:
        """Close the file."""


@contextmanager
def closed_on_error(opened: Closable) -> Iterator[None]:
    """Close a file if the block fails; else it stays open.

    An error holds the frames that it passed through, and these the file, for as long as it is kept, as notebooks and
    debuggers keep it: their variables are forgotten, so that the file can be replaced.

    Args:
        opened: the file.
    """
    try:
        yield
    except BaseException as error:
        opened.close()
        clear_frames(error.__traceback__)
        raise
