"""The sharper image of a scene: a PAN, or an image of several bands."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..io.band_selection import SelectedBands
from ..io.grid import Window
from ..io.metadata import RasterMetadata
from ..io.reader import Block, RasterReader
from ..io.row_stream import row_strips
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .reader_view import ReaderView

GUIDE_TOLERANCE = 20.0  # nm, between a sharp band and another one that may stand for it
_SAMPLES = 16_000_000  # samples read at once while it is scanned


def in_all_bands(valid: np.ndarray) -> np.ndarray:
    """Where all bands have values.

    Args:
        valid: (M, rows, columns) bool.

    Returns:
        (rows, columns) bool.
    """
    if len(valid) == 1:
        return valid[0]
    everywhere: np.ndarray = valid.all(axis=0)
    return everywhere


def usable_bands(reader: RasterReader, window: Window, progress: Progress) -> RasterReader:
    """The sharper image without bands that are marked as bad or hold no value where the HSI lies.

    Args:
        reader: the sharper image.
        window: the pixels to look at.
        progress: warned of what is left out; asked for cancellation.

    Returns:
        The image itself, or a view of its other bands.
    """
    good = np.array([flag != 0 for flag in reader.metadata.bbl])
    if reader.bands == 1 or (reader.always_valid and good.all()):
        return reader
    seen = np.zeros(reader.bands, bool)
    step = max(1, _SAMPLES // (reader.bands * window.cols))
    for start, stop in row_strips(window.rows, step, progress):
        seen |= reader.read(window.part((start, stop), (0, window.cols))).valid.any(axis=(1, 2))
        if seen[good].all():
            break
    usable = seen & good
    if usable.all() or not usable.any():
        return reader
    left_out = ", ".join(str(reader.band_numbers[band]) for band in np.flatnonzero(~usable))
    progress.warning(
        f"Band {left_out} of {reader.name} is marked as bad or has no values where the HSI lies; the other bands are "
        "used."
    )
    return SelectedBands(reader, np.flatnonzero(usable).tolist())


def scan_pan(reader: RasterReader, window: Window, progress: Progress | None) -> int:
    """How many pixels are not valid.

    Args:
        reader: the sharper image.
        window: the pixels to look at.
        progress: asked for cancellation.

    Returns:
        Their number.

    Raises:
        InputError: all are.
    """
    if reader.always_valid:
        return 0
    missing = 0
    for start, stop in row_strips(window.rows, max(1, _SAMPLES // (reader.bands * window.cols)), progress):
        valid = in_all_bands(reader.read(window.part((start, stop), (0, window.cols))).valid)
        missing += valid.size - int(np.count_nonzero(valid))
    if missing == window.rows * window.cols:
        raise InputError(f"{reader.name} holds no valid values where the HSI lies; choose another image.")
    return missing


class WeightedBand(ReaderView):
    """A weighted sum of an open raster's bands as a raster of one band; closes it with itself.

    Args:
        reader: the open raster.
        weights: one a band; bands of weight 0 are not read.
    """

    def __init__(self, reader: RasterReader, weights: Sequence[float]) -> None:
        super().__init__(reader)
        self._weights = [float(weight) for weight in weights]
        self._chosen = [band for band, weight in enumerate(self._weights) if weight]
        self.bands, self.dtype = 1, "float32"
        self.metadata = RasterMetadata.plain(1, "float32", reader.metadata.nodata)

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self._reader, self._weights)

    @property
    def band_numbers(self) -> list[int]:
        """One: the sum has a number of its own."""
        return [1]

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`; the sum is valid where all bands in it are."""
        block = self._reader.read(window, self._chosen, read_ahead)
        weights = np.array([self._weights[band] for band in self._chosen], np.float32)
        total = np.einsum("m,mrc->rc", weights, block.values)[None]
        valid = block.valid.all(axis=0)[None]
        return Block(np.where(valid, total, np.float32(0)), valid)


def guides_in_order(known: Sequence[float | None], pan: RasterReader) -> str:
    """Which bands of a sharper image have the wavelengths of those of training.

    Args:
        known: wavelengths in training, nm; None where unknown.
        pan: the open sharper image.

    Returns:
        Numbers to choose, as text; "" where not all are there.
    """
    waves, order = [math.nan if wave is None else wave for wave in pan.metadata.wavelengths], []
    for wave in known:
        distances = np.abs(np.array(waves) - (math.nan if wave is None else wave))
        if not np.nanmin(distances, initial=math.inf) <= GUIDE_TOLERANCE:
            return ""
        order.append(int(np.nanargmin(distances)))
    numbers = ",".join(str(pan.band_numbers[band]) for band in order)
    return numbers if order and len(set(order)) == len(order) else ""
