"""Which bands and which samples of a raster are valid, found in one pass over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..io.grid import Window
from ..io.reader import RasterReader
from ..io.row_stream import row_strips
from ..operators.gaps import BandRegressions, band_regressions
from ..runtime.errors import InputError
from ..runtime.progress import Progress

MISSING = 0.1  # share of the good bands that a pixel may miss and still be learned from
_SPARSE = 0.5  # share of the pixels that a band may miss and still be good where there are few to learn from
_FEW = 0.1  # of the pixels: fewer to learn from are few
_SAMPLES = 16_000_000  # read at once


@dataclass(frozen=True, eq=False)
class BandScan:
    """What a raster holds.

    Attributes:
        good: (bands,) bool, the bands that take part in statistics and learning.
        empty: (bands,) bool, the bands that hold no value.
        valid: (rows, columns) bool, the pixels that take part: they miss a tenth of the good bands at most.
        present: (rows, columns) bool, the pixels at which some good band is valid.
        missing: (bands,) int, how many of those each good band misses; 0 for others.
        regressions: estimate missing samples; None where every good band is valid wherever one is.
        complete: whether every sample of all bands is valid, those of bad ones included.
    """

    good: np.ndarray
    empty: np.ndarray
    valid: np.ndarray
    present: np.ndarray
    missing: np.ndarray
    regressions: BandRegressions | None
    complete: bool


class ValidCount:
    """How many samples are valid, counted row by row.

    Args:
        bands: (bands,) bool, those that are counted at each pixel.
        shape: (rows, columns) of what is counted.

    Attributes:
        filled: (bands,) int64, valid samples of each band.
        at: (rows, columns) int, how many of the chosen bands are valid at each pixel.
        complete: whether every sample of all bands is.
    """

    def __init__(self, bands: np.ndarray, shape: tuple[int, int]) -> None:
        self._bands, self.complete = bands, True
        self.filled = np.zeros(len(bands), np.int64)
        self.at = np.zeros(shape, np.int16 if len(bands) < 2**15 else np.int32)

    def add(self, valid: np.ndarray | None, start: int, stop: int) -> None:
        """Count some rows.

        Args:
            valid: (bands, rows, columns) bool; None where all are.
            start, stop: the rows.
        """
        if valid is None:
            self.filled += (stop - start) * self.at.shape[1]
            self.at[start:stop] = np.count_nonzero(self._bands)
        else:
            self.complete = False
            self.filled += np.count_nonzero(valid, axis=(1, 2))
            self.at[start:stop] = valid[self._bands].sum(axis=0)


def scan_bands(
    reader: RasterReader,
    window: Window,
    progress: Progress | None = None,
    where: str = "",
    counted: ValidCount | None = None,
) -> BandScan:
    """Scan a raster once for empty bands and invalid samples.

    Where hardly a pixel holds nine tenths of the good bands, those that miss more than half of the pixels count as bad,
    so that the others can be learned; then it is scanned again.

    Args:
        reader: the raster.
        window: the pixels to scan.
        progress: asked for cancellation.
        where: for the sentence that refuses a raster without any value.
        counted: of the bands that are listed as good, where a pass over the same samples has counted them already.

    Returns:
        What it holds.

    Raises:
        InputError: no good band holds a value, or there is no pixel at which nearly all do.
    """
    listed = np.array([flag != 0 for flag in reader.metadata.bbl])
    if reader.always_valid and listed.any():
        none, everywhere = np.zeros(reader.bands, bool), np.ones((window.rows, window.cols), bool)
        return BandScan(listed, none, everywhere, everywhere, none.astype(np.int64), None, True)
    found = counted or _counted(reader, window, listed, progress)
    empty, good = found.filled == 0, listed & (found.filled > 0)
    if not good.any():
        raise InputError(f"{reader.name} holds no valid values{where}; choose another image.")
    present, valid = _shared_pixels(found.at, good)
    if np.count_nonzero(valid) < _FEW * np.count_nonzero(present):
        dense = good & (found.filled >= _SPARSE * np.count_nonzero(present))
        if dense.any() and not dense[good].all():
            good = dense
            found = _counted(reader, window, good, progress)
            present, valid = _shared_pixels(found.at, good)
    if not valid.any():
        raise InputError(
            f"{reader.name} has no pixel at which nine of ten good bands hold values; mark its bad bands in the "
            "bad-band list (bbl)."
        )
    missing = np.where(good, np.count_nonzero(present) - found.filled, 0)
    regressions = band_regressions(reader, window, good, progress) if missing.any() else None
    return BandScan(good, empty, valid, present, missing, regressions, found.complete)


def _counted(reader: RasterReader, window: Window, bands: np.ndarray, progress: Progress | None) -> ValidCount:
    found = ValidCount(bands, (window.rows, window.cols))
    step = max(1, _SAMPLES // (reader.bands * window.cols))
    for start, stop in row_strips(window.rows, step, progress):
        found.add(reader.read_valid(window.part((start, stop), (0, window.cols))), start, stop)
    return found


def _shared_pixels(count: np.ndarray, good: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels at which some good band is valid, and those that miss few of them; one array where they are the
    same."""
    bands = int(np.count_nonzero(good))
    present = count > 0
    valid = present & (bands - count <= MISSING * bands)
    return (present, present) if np.array_equal(present, valid) else (present, valid)
