"""Images of many bands in a file without a name, which vanishes with the process: what a step of learning reads of them
takes a millisecond, and memory holds no more than that."""

from __future__ import annotations

import tempfile
import threading
from typing import IO, Union

import numpy as np
import torch
from torch import Tensor


class StoredBands:
    """An image in the file of a :class:`BandStore`; ``image[some]`` reads bands of it.

    Args:
        store: whose file it is.
        start: where it begins in the file, bytes.
        shape: of the image.
    """

    def __init__(self, store: BandStore, start: int, shape: tuple[int, ...]) -> None:
        self._store, self._start, self._shape = store, start, shape

    def __getitem__(self, some: slice) -> Tensor:
        """Some of the bands.

        Args:
            some: which.

        Returns:
            (bands, ...) float32, read anew each time.
        """
        return self._store.read(self._start, self._shape)[some]


Bands = Union[Tensor, StoredBands]  # (bands, ...), of which slices of bands can be had


class BandStore:
    """A file for images on the CPU, which several threads may read from."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with the store
        self._end, self._lock = 0, threading.Lock()

    def __del__(self) -> None:
        """The file is closed with the last image of it."""
        self._file.close()

    def keep(self, image: Tensor) -> Bands:
        """Write an image.

        Args:
            image: (bands, ...) float32.

        Returns:
            The image on disk; itself where there is no space for it.
        """
        rest = image.contiguous().numpy().reshape(-1).view(np.uint8).data
        with self._lock:
            start, self._end = self._end, self._end + len(rest)
            try:
                self._file.seek(start)
                while len(rest):  # a write may take a part
                    rest = rest[self._file.write(rest) :]
            except OSError:
                return image
        return StoredBands(self, start, tuple(image.shape))

    def read(self, start: int, shape: tuple[int, ...]) -> Tensor:
        """Read an image.

        Args:
            start: where it begins in the file, bytes.
            shape: of the image.

        Returns:
            (bands, ...) float32, of that shape.

        Raises:
            OSError: the file cannot be read.
        """
        image = np.empty(shape, np.float32)
        rest = image.reshape(-1).view(np.uint8).data
        with self._lock:
            self._file.seek(start)
            while len(rest):  # a read may take a part
                count = self._file.readinto(rest)  # type: ignore[attr-defined]  # a file without a buffer has it
                if not count:
                    raise OSError("a temporary file was cut off")
                rest = rest[count:]
        return torch.from_numpy(image)
