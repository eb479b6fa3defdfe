"""Images of areas in a file without a name, which vanishes with the process: what a step of learning reads of them
takes a millisecond, and memory holds no more than that."""

from __future__ import annotations

import tempfile
import threading
from typing import IO, Any, Callable, Generic, TypeVar, Union

import numpy as np
import torch
from torch import Tensor


class StoredBands:
    """An image in the file of a :class:`BandStore`; ``image[part]`` reads it.

    Args:
        store: whose file it is.
        start: where it begins in the file, bytes.
        shape: of the image.
    """

    def __init__(self, store: BandStore, start: int, shape: tuple[int, ...]) -> None:
        self._store, self._start, self.shape = store, start, shape

    def __getitem__(self, part: Any) -> Tensor:
        """A part of the image.

        Args:
            part: a slice, or a tuple of slices, as for a tensor.

        Returns:
            (bands, ...) float32, read anew each time.

        Raises:
            OSError: the file cannot be read.
        """
        return self._store.read(self._start, self.shape)[part]


Bands = Union[Tensor, StoredBands]  # (bands, ...), of which parts can be had
Images = TypeVar("Images", bound=tuple)  # a named tuple of images, some of them named tuples again


class StoredImages(Generic[Images]):
    """Several images that belong together, in the file of a :class:`BandStore`.

    Args:
        images: a named tuple, each (bands, ...) float32.
        store: where they are put.

    Attributes:
        bands: the same named tuple, each image where it lies: in the file, or in memory if there is no space for it.
    """

    def __init__(self, images: Images, store: BandStore) -> None:
        self.bands: Any = _each(images, store.keep)


def in_memory(images: Images | StoredImages[Images]) -> Images:
    """Several images that belong together.

    Args:
        images: a named tuple of them, in memory or on disk.

    Returns:
        The named tuple, read anew each time where it is on disk.

    Raises:
        OSError: the file cannot be read.
    """
    return _each(images.bands, lambda image: image[:]) if isinstance(images, StoredImages) else images


def _each(images: Any, change: Callable[[Any], Any]) -> Any:
    """Named tuples with each image changed."""
    return type(images)(*(_each(one, change) if isinstance(one, tuple) else change(one) for one in images))


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
