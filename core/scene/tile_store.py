"""Computed tiles of a raster, so that none is computed twice: those used last in memory, the others in a file without a
name, which vanishes with the process."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from typing import IO, Optional

import numpy as np

_IN_MEMORY = 32_000_000  # bytes
_IN_FILE = 2_000_000_000  # bytes; what is more is computed anew

Tile = tuple[np.ndarray, np.ndarray]
_Key = tuple[int, int, int]


class TileStore:
    """Tiles by key: values, (rows, columns) float32, and validity, (rows, columns) bool."""

    def __init__(self) -> None:
        self._tiles: OrderedDict[_Key, Tile] = OrderedDict()
        self._held = 0
        self._file: Optional[IO[bytes]] = None
        self._places: dict[_Key, tuple[int, tuple[int, ...]]] = {}
        self._end = 0

    def __del__(self) -> None:
        """A view that nobody closes has its file closed, too."""
        self.clear()

    def get(self, key: _Key) -> Tile | None:
        """A tile.

        Args:
            key: row, column and band.

        Returns:
            The tile; None where it has not been put, or is not kept.
        """
        if key in self._tiles:
            self._tiles.move_to_end(key)
            return self._tiles[key]
        if key not in self._places or self._file is None:
            return None
        start, shape = self._places[key]
        count = shape[0] * shape[1]
        self._file.seek(start)
        data = self._file.read(5 * count)
        values = np.frombuffer(data, np.float32, count).reshape(shape)
        tile = values, np.frombuffer(data, bool, count, 4 * count).reshape(shape)
        self._put(key, tile)
        return tile

    def put(self, key: _Key, values: np.ndarray, valid: np.ndarray) -> None:
        """Keep a tile.

        Args:
            key: row, column and band.
            values: (rows, columns) float32.
            valid: (rows, columns) bool.
        """
        if key not in self._tiles:
            self._put(key, (values, valid))

    def clear(self) -> None:
        """Forget all tiles."""
        self._tiles.clear()
        self._places.clear()
        self._held = self._end = 0
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, key: _Key, tile: Tile) -> None:
        self._held += sum(part.nbytes for part in tile)
        self._tiles[key] = tile
        while self._held > _IN_MEMORY and len(self._tiles) > 1:
            old, (values, valid) = self._tiles.popitem(last=False)
            self._held -= values.nbytes + valid.nbytes
            self._write(old, values, valid)

    def _write(self, key: _Key, values: np.ndarray, valid: np.ndarray) -> None:
        """To the file, where it is not there yet; without one, where no file can be had or it is full, it is lost."""
        size = values.nbytes + valid.nbytes
        if key in self._places or self._end + size > _IN_FILE:
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the raster
            self._file.seek(self._end)
            self._file.write(np.ascontiguousarray(values, np.float32).tobytes())
            self._file.write(np.ascontiguousarray(valid, bool).tobytes())
        except OSError:  # no folder for it, or no space: the tile is computed anew when it is needed
            return
        self._places[key] = self._end, values.shape
        self._end += size
