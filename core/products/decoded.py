"""Decoded chunks of an array, in a file without a name that vanishes with the process: what was inflated once is not
inflated again in a later pass."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO, Optional

import numpy as np

Place = tuple[slice, ...]
_LEAST = 4_000_000  # bytes of what is written and read at once: smaller chunks are put together
_SPARE = 2  # times the array's size that must be free: the system's folder may lie in memory


class DecodedChunks:
    """Blocks of whole chunks.

    Args:
        sizes: bands, rows and columns of the array.
        chunk: the same of a chunk.
        dtype: of its numbers.
    """

    def __init__(self, sizes: tuple[int, ...], chunk: tuple[int, ...], dtype: np.dtype) -> None:
        self._sizes, self._dtype = sizes, dtype
        steps = list(chunk)
        for axis in (2, 0):
            count = int(np.prod(steps)) * dtype.itemsize
            steps[axis] = min(steps[axis] * max(1, -(-_LEAST // count)), -(-sizes[axis] // chunk[axis]) * chunk[axis])
        self._steps = tuple(steps)
        self._file: Optional[IO[bytes]] = None
        self._starts: dict[tuple[int, ...], int] = {}
        self._end, self._full = 0, False

    def take(self, place: Place, values: np.ndarray) -> bool:
        """Read a part of the array.

        Args:
            place: its bands, rows and columns.
            values: (bands, rows, columns) of the type that it is read as, filled with it.

        Returns:
            Whether all of it is there; else nothing is read.
        """
        blocks = list(self._blocks(place))
        if self._file is None or not all(key in self._starts for key, _ in blocks):
            return False
        for key, block in blocks:
            shape = [axis.stop - axis.start for axis in block]
            self._file.seek(self._starts[key])
            count = int(np.prod(shape))
            stored = np.frombuffer(self._file.read(count * self._dtype.itemsize), self._dtype).reshape(shape)
            both = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(place, block)]
            values[_inside(both, place)] = stored[_inside(both, block)]
        return True

    def put(self, place: Place, values: np.ndarray) -> None:
        """Keep the blocks that lie wholly in a part of the array; none where there is no space for them.

        Args:
            place: its bands, rows and columns.
            values: (bands, rows, columns) of the type that it is read as.
        """
        for key, block in self._blocks(place):
            whole = all(have.start <= want.start and want.stop <= have.stop for have, want in zip(place, block))
            if whole and key not in self._starts and not self._full:
                self._append(key, np.ascontiguousarray(values[_inside(block, place)]))

    def close(self) -> None:
        """Let go of the file."""
        self._starts.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, key: tuple[int, ...], block: np.ndarray) -> None:
        try:
            if self._file is None:
                whole = int(np.prod([float(size) for size in self._sizes])) * self._dtype.itemsize
                if shutil.disk_usage(tempfile.gettempdir()).free < _SPARE * whole:
                    self._full = True
                    return
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with the array
            self._file.seek(self._end)
            written = self._file.write(block.data.cast("B"))
        except OSError:  # no folder for it, or no space: it is decoded again when it is needed
            written = -1
        if written != block.nbytes:
            self._full = True
            return
        self._starts[key] = self._end
        self._end += block.nbytes

    def _blocks(self, place: Place) -> Iterator[tuple[tuple[int, ...], Place]]:
        """The blocks that a part of the array touches: the key and the place of each."""
        spans = [range(axis.start // step, -(-axis.stop // step)) for axis, step in zip(place, self._steps)]
        for key in itertools.product(*spans):
            yield (
                key,
                tuple(
                    slice(number * step, min((number + 1) * step, size))
                    for number, step, size in zip(key, self._steps, self._sizes)
                ),
            )


def _inside(part: Place | list[slice], of: Place) -> Place:
    """Slices of the array as slices of one that lies in it."""
    return tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, of))
